//! Page tokens open where they belong, and nowhere else.

use proptest::prelude::*;

use super::*;

const NOW_MS: i64 = 1_750_000_000_000;

fn client(text: &str) -> ClientId {
    text.parse().unwrap()
}

fn sealer() -> PageSealer {
    PageSealer::from_key_file(&[9; 32])
}

fn binding(client_id: &ClientId) -> PageBinding<'_> {
    PageBinding {
        tenant_id: TenantId(7),
        client_id,
        endpoint: "seat_activities",
        seat_type: SeatType::PerUser,
    }
}

fn sample_place() -> PagePlace {
    PagePlace {
        user_id: UserId::new(1_803_710_089_388_154).unwrap(),
        namespace: Some("package_35f605__c".parse().unwrap()),
    }
}

fn sample_token(client_id: &ClientId) -> String {
    sealer()
        .seal(&sample_place(), &binding(client_id), NOW_MS, [5; NONCE_BYTES])
        .unwrap()
}

#[test]
fn a_token_is_url_safe_and_shows_nothing() {
    let client_id = client("cli_a");
    let token = sample_token(&client_id);
    assert!(
        token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    );
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"package"));
    assert!(
        !bytes
            .windows(8)
            .any(|window| window == 1_803_710_089_388_154_i64.to_be_bytes())
    );
}

#[test]
fn the_longest_place_fits_the_limit() {
    let client_id = client("cli_a");
    let place = PagePlace {
        user_id: UserId::new(usher_seats::identifiers::USER_ID_MAX).unwrap(),
        namespace: Some("n".repeat(128).parse().unwrap()),
    };
    let token = sealer()
        .seal(&place, &binding(&client_id), NOW_MS, [5; NONCE_BYTES])
        .unwrap();
    assert!(token.len() <= PAGE_TOKEN_BYTES_MAX, "{}", token.len());
    assert_eq!(sealer().open(&token, &binding(&client_id), NOW_MS), Ok(place));
}

#[test]
fn a_token_is_bound_to_tenant_client_endpoint_seat_type_and_key() {
    let (client_id, other_client) = (client("cli_a"), client("cli_b"));
    let token = sample_token(&client_id);
    let home = binding(&client_id);
    assert_eq!(sealer().open(&token, &home, NOW_MS), Ok(sample_place()));
    for foreign in [
        PageBinding {
            tenant_id: TenantId(8),
            ..home
        },
        PageBinding {
            client_id: &other_client,
            ..home
        },
        PageBinding {
            endpoint: "seat_assignments",
            ..home
        },
        PageBinding {
            seat_type: SeatType::PerUserPerApp,
            ..home
        },
    ] {
        assert_eq!(
            sealer().open(&token, &foreign, NOW_MS),
            Err(PageTokenError),
            "{foreign:?}"
        );
    }
    let other_key = PageSealer::from_key_file(&[8; 32]);
    assert_eq!(other_key.open(&token, &home, NOW_MS), Err(PageTokenError));
}

#[test]
fn parts_of_a_binding_do_not_run_together() {
    let (short, long) = (client("cli_a"), client("cli_ab"));
    let one = PageBinding {
        endpoint: "bx",
        ..binding(&short)
    };
    let other = PageBinding {
        endpoint: "x",
        ..binding(&long)
    };
    assert_ne!(one.associated_data(), other.associated_data());
}

#[test]
fn a_token_is_good_for_24_hours() {
    let client_id = client("cli_a");
    let token = sample_token(&client_id);
    let open_at = |now_ms| sealer().open(&token, &binding(&client_id), now_ms).is_ok();
    assert!(open_at(NOW_MS + PAGE_TOKEN_LIFE_MS - 1));
    assert!(!open_at(NOW_MS + PAGE_TOKEN_LIFE_MS));
    assert!(open_at(NOW_MS - CLOCK_SKEW_MS_MAX));
    assert!(!open_at(NOW_MS - CLOCK_SKEW_MS_MAX - 1));
    assert!(!open_at(i64::MIN));
    assert!(!open_at(i64::MAX));
}

#[test]
fn every_flipped_bit_is_refused() {
    let client_id = client("cli_a");
    let bytes = URL_SAFE_NO_PAD.decode(sample_token(&client_id)).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let token = URL_SAFE_NO_PAD.encode(flipped);
        assert_eq!(
            sealer().open(&token, &binding(&client_id), NOW_MS),
            Err(PageTokenError),
            "bit {bit}"
        );
    }
}

#[test]
fn every_other_spelling_is_refused() {
    let client_id = client("cli_a");
    let token = sample_token(&client_id);
    for spelling in [
        format!("{token}="),
        format!("{token}A"),
        format!(" {token}"),
        token.chars().skip(1).collect(),
        token.chars().take(token.len() - 1).collect(),
        token.replace(['-', '_'], "+"),
        "A".repeat(PAGE_TOKEN_BYTES_MAX + 1),
        "None".to_owned(),
        String::new(),
    ] {
        if spelling != token {
            assert_eq!(
                sealer().open(&spelling, &binding(&client_id), NOW_MS),
                Err(PageTokenError),
                "{spelling:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again(
        user_id in 1..=usher_seats::identifiers::USER_ID_MAX,
        namespace in proptest::option::of("[a-z0-9_][A-Za-z0-9_.-]{0,127}"),
        tenant in any::<i64>(),
        client_id in "cli_[A-Za-z0-9_]{1,60}",
        nonce in any::<[u8; NONCE_BYTES]>(),
        key in any::<[u8; 32]>(),
        now_ms in 0..9_999_999_999_999_i64,
    ) {
        let client_id = client(&client_id);
        let place = PagePlace {
            user_id: UserId::new(user_id).unwrap(),
            namespace: namespace.map(|text| text.parse().unwrap()),
        };
        let binding = PageBinding { tenant_id: TenantId(tenant), ..binding(&client_id) };
        let sealer = PageSealer::from_key_file(&key);
        let token = sealer.seal(&place, &binding, now_ms, nonce).unwrap();
        prop_assert_eq!(sealer.open(&token, &binding, now_ms), Ok(place));
    }

    #[test]
    fn no_other_text_opens(text in "\\PC{0,300}") {
        let client_id = client("cli_a");
        prop_assert_eq!(sealer().open(&text, &binding(&client_id), NOW_MS), Err(PageTokenError));
    }
}
