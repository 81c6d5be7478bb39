//! Every row of the table of refusals (feishu-open-platform.md, section 5.2), on both endpoints, to the letter.

use usher_identity::make_secret;
use usher_store::{Change, ClientKind, IdentityChange, User, identity::ChallengeMethod};

use crate::{
    oauth_rows::{
        CHALLENGE_FAILED, CLIENT_DISABLED, CLIENT_MISMATCH, CLIENT_UNKNOWN, CODE_EXPIRED, CODE_UNKNOWN,
        CODE_USED, GRANT_TYPE, MALFORMED, NOT_INSTALLED, PARAMETER_MISSING, REDIRECT_MISMATCH,
        REFRESH_EXPIRED, REFRESH_INVALID, REFRESH_NOT_ALLOWED, REFRESH_REVOKED, REFRESH_USED,
        SCOPE_DUPLICATE, SCOPE_NOT_PERMITTED, SECRET_INVALID, SERVER_ERROR, TWO_SECRETS, UNAVAILABLE,
        USER_DISABLED, USER_NOT_PERMITTED, USER_UNKNOWN, assert_row, with,
    },
    oauth_support::{
        CHALLENGE, CodeOrder, DAY_MS, Desk, REDIRECT, STORE_CLIENT, V2, V3, VERIFIER, code_fields, id,
        json_ask, refresh_fields, secret, stray_refresh_token,
    },
    support::{ADMINISTRATOR, Ask, CLIENT, user_id},
};

const BOTH: [&str; 2] = [V2, V3];

fn person(desk: &Desk, number: i64, enabled: bool) -> Change {
    let Change::PutUser(user) = desk.house.user(number, enabled, false) else {
        panic!("a user")
    };
    Change::PutUser(User { ..user })
}

#[tokio::test]
async fn a_request_must_be_a_post_that_can_be_read() {
    let desk = Desk::open().await;
    for path in BOTH {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = desk.house.ask(Ask::get(path).method(method)).await;
            assert_row(&answer, MALFORMED);
        }
        for body in ["{", "[1]", r#"{"grant_type":7}"#, "grant_type=a&grant_type=b"] {
            let answer = desk.house.ask(Ask::get(path).method("POST").body(body)).await;
            assert_row(&answer, MALFORMED);
        }
        let long = "x".repeat(usher_http::body::BODY_BYTES_MAX + 1);
        assert_row(
            &desk.house.ask(Ask::get(path).method("POST").body(long)).await,
            MALFORMED,
        );
    }
}

#[tokio::test]
async fn what_is_required_is_missed() {
    let desk = Desk::open().await;
    let secret = secret();
    let id = ("client_id", CLIENT);
    let proof = ("client_secret", secret.as_str());
    for path in BOTH {
        for fields in [
            vec![],
            vec![id, proof],
            vec![("grant_type", ""), id, proof],
            vec![("grant_type", "authorization_code"), ("code", "x")],
            vec![("grant_type", "authorization_code"), ("code", "x"), id],
            vec![("grant_type", "authorization_code"), ("code", "x"), proof],
            vec![("grant_type", "authorization_code"), id, proof],
            vec![("grant_type", "authorization_code"), id, proof, ("code", "")],
            vec![("grant_type", "refresh_token"), id, proof],
        ] {
            assert_row(&desk.post_bare(path, &fields).await, PARAMETER_MISSING);
        }
        for grant_type in [
            "password",
            "AUTHORIZATION_CODE",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ] {
            assert_row(
                &desk.post(path, &vec![("grant_type", grant_type)]).await,
                GRANT_TYPE,
            );
        }
    }
    assert_row(
        &desk.post(V2, &vec![("grant_type", "client_credentials")]).await,
        GRANT_TYPE,
    );
}

#[tokio::test]
async fn a_client_must_be_known_proven_and_enabled() {
    let desk = Desk::open().await;
    let (good, wrong) = (secret(), make_secret(&[1; 32]).expose().to_owned());
    for path in BOTH {
        let ask = async |client_id: &str, secret: &str| {
            let own = [("client_id", client_id), ("client_secret", secret)];
            desk.post_bare(path, &with(code_fields("x"), &own)).await
        };
        for unknown in ["cli_unknown", "nonsense", "cli_"] {
            assert_row(&ask(unknown, &good).await, CLIENT_UNKNOWN);
        }
        for secret in [&wrong, "short", &good.to_uppercase()] {
            assert_row(&ask(CLIENT, secret).await, SECRET_INVALID);
        }
        desk.set_client_enabled(CLIENT, false).await;
        assert_row(&ask(CLIENT, &wrong).await, SECRET_INVALID);
        assert_row(&ask(CLIENT, &good).await, CLIENT_DISABLED);
        desk.set_client_enabled(CLIENT, true).await;
        let switch = |enabled| Change::SetTenantEnabled {
            tenant_id: desk.house.tenant_id,
            enabled,
        };
        desk.house.change(vec![switch(false)]).await;
        assert_row(&ask(CLIENT, &good).await, CLIENT_DISABLED);
        desk.house.change(vec![switch(true)]).await;

        let basic = (
            "authorization",
            format!("Basic {}", encoded(&format!("{CLIENT}:{good}"))),
        );
        let two = with(code_fields("x"), &[("client_secret", &good)]);
        assert_row(
            &desk
                .house
                .ask(json_ask(path, &two).header(basic.0, basic.1.clone()))
                .await,
            TWO_SECRETS,
        );
        let other = with(code_fields("x"), &[("client_id", STORE_CLIENT)]);
        assert_row(
            &desk
                .house
                .ask(json_ask(path, &other).header(basic.0, basic.1.clone()))
                .await,
            MALFORMED,
        );
        for broken in ["Basic", "Basic ?", "Basic bm9jb2xvbg==", "Basic /////w=="] {
            let ask = json_ask(path, &code_fields("x")).header("authorization", broken);
            let expected = if broken == "Basic" {
                PARAMETER_MISSING
            } else {
                MALFORMED
            };
            assert_row(&desk.house.ask(ask).await, expected);
        }
        let twice = json_ask(path, &code_fields("x"))
            .header(basic.0, basic.1.clone())
            .header(basic.0, basic.1);
        assert_row(&desk.house.ask(twice).await, MALFORMED);
    }
}

fn encoded(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

#[tokio::test]
async fn a_code_must_be_known_unspent_in_time_and_the_clients_own() {
    for path in BOTH {
        let desk = Desk::open().await;
        for unknown in ["not-a-code", make_secret(&[0xAA; 32]).expose()] {
            assert_row(&desk.post(path, &code_fields(unknown)).await, CODE_UNKNOWN);
        }
        let code = desk.code().await;
        let secret = secret();
        let own = [("client_id", STORE_CLIENT), ("client_secret", secret.as_str())];
        assert_row(
            &desk.post_bare(path, &with(code_fields(&code), &own)).await,
            CLIENT_MISMATCH,
        );

        for redirect in [
            "https://client.example/callback",
            "https://client.example/callback?from=else",
            "x",
        ] {
            let fields = with(code_fields(&code), &[("redirect_uri", redirect)]);
            assert_row(&desk.post(path, &fields).await, REDIRECT_MISMATCH);
        }
        for (scope, row) in [
            ("b b", SCOPE_DUPLICATE),
            ("b c", SCOPE_NOT_PERMITTED),
            ("B", SCOPE_NOT_PERMITTED),
            ("b \u{7f}", MALFORMED),
        ] {
            let fields = with(code_fields(&code), &[("scope", scope)]);
            assert_row(&desk.post(path, &fields).await, row);
        }
        let many: Vec<String> = (0..51).map(|number| format!("scope:{number}")).collect();
        let many = many.join(" ");
        assert_row(
            &desk
                .post(path, &with(code_fields(&code), &[("scope", &many)]))
                .await,
            MALFORMED,
        );

        // None of these spent it.
        let good = with(code_fields(&code), &[("redirect_uri", REDIRECT)]);
        assert_eq!(desk.post(path, &good).await.status, 200);
        assert_row(&desk.post(path, &good).await, CODE_USED);
        desk.house.clock.advance(5 * 60_000);
        assert_row(&desk.post(path, &good).await, CODE_USED);

        let late = desk.code().await;
        desk.house.clock.advance(5 * 60_000);
        assert_row(&desk.post(path, &code_fields(&late)).await, CODE_EXPIRED);
    }
}

#[tokio::test]
async fn a_verifier_must_answer_the_challenge() {
    let other = "a".repeat(43);
    for path in BOTH {
        let desk = Desk::open().await;
        for (challenge, method) in [
            (CHALLENGE, ChallengeMethod::S256),
            (VERIFIER, ChallengeMethod::Plain),
        ] {
            let order = CodeOrder {
                challenge: Some((challenge, method)),
                ..desk.order()
            };
            let code = desk.put_code(order).await;
            assert_row(&desk.post(path, &code_fields(&code)).await, CHALLENGE_FAILED);
            let too_short = &VERIFIER[..42];
            let swapped = if method == ChallengeMethod::S256 {
                CHALLENGE
            } else {
                "x"
            };
            for verifier in [other.as_str(), too_short, swapped, "", "with space"] {
                let fields = with(code_fields(&code), &[("code_verifier", verifier)]);
                assert_row(&desk.post(path, &fields).await, CHALLENGE_FAILED);
            }
            let fields = with(code_fields(&code), &[("code_verifier", VERIFIER)]);
            assert_eq!(desk.post(path, &fields).await.status, 200, "{method:?}");
        }
    }
}

/// A verifier without a challenge: somebody may have taken the challenge away.
#[tokio::test]
async fn only_v3_refuses_a_verifier_that_answers_nothing() {
    let desk = Desk::open().await;
    let code = desk.code().await;
    let fields = with(code_fields(&code), &[("code_verifier", VERIFIER)]);
    assert_row(&desk.post(V3, &fields).await, CHALLENGE_FAILED);
    assert_eq!(desk.post(V2, &fields).await.status, 200);
}

#[tokio::test]
async fn people_and_their_tenants_must_be_there_and_enabled() {
    for path in BOTH {
        let desk = Desk::open().await;
        desk.house.change(vec![person(&desk, 7, true)]).await;
        desk.grant(CLIENT, 7).await;
        let order = || CodeOrder {
            user: 7,
            ..desk.order()
        };
        let used = desk.put_code(order()).await;
        let tokens = desk.post(path, &code_fields(&used)).await.json();
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let code = desk.put_code(order()).await;

        desk.house.change(vec![person(&desk, 7, false)]).await;
        assert_row(&desk.post(path, &code_fields(&code)).await, USER_DISABLED);
        assert_row(&desk.refresh(path, refresh_token).await, USER_DISABLED);

        let delete = Change::DeleteUser {
            tenant_id: desk.house.tenant_id,
            user_id: user_id(7),
        };
        desk.house.change(vec![delete]).await;
        assert_row(&desk.post(path, &code_fields(&code)).await, USER_UNKNOWN);
        assert_row(&desk.refresh(path, refresh_token).await, USER_UNKNOWN);
    }
}

#[tokio::test]
async fn a_client_acts_only_where_it_may() {
    for path in BOTH {
        let desk = Desk::open().await;
        let other = desk.house.tenant("other").await;
        let Change::PutUser(user) = desk.house.user(8, true, false) else {
            panic!("a user")
        };
        desk.house
            .change(vec![Change::PutUser(User {
                tenant_id: other,
                ..user
            })])
            .await;
        let secret = secret();
        let own = [("client_id", STORE_CLIENT), ("client_secret", secret.as_str())];
        let order = |client| CodeOrder {
            client,
            tenant_id: other,
            user: 8,
            ..desk.order()
        };
        let code = desk.put_code(order(CLIENT)).await;
        assert_row(&desk.post(path, &code_fields(&code)).await, USER_NOT_PERMITTED);

        let code = desk.put_code(order(STORE_CLIENT)).await;
        assert_row(
            &desk.post_bare(path, &with(code_fields(&code), &own)).await,
            NOT_INSTALLED,
        );
        let install = IdentityChange::InstallClient {
            tenant_id: other,
            client_id: id(STORE_CLIENT),
        };
        desk.identity(install).await;
        desk.grant_in(other, STORE_CLIENT, 8).await;
        let tokens = desk.post_bare(path, &with(code_fields(&code), &own)).await.json();
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let disable = |enabled| Change::SetTenantEnabled {
            tenant_id: other,
            enabled,
        };
        desk.house.change(vec![disable(false)]).await;
        assert_row(
            &desk
                .post_bare(path, &with(refresh_fields(refresh_token), &own))
                .await,
            USER_DISABLED,
        );
        desk.house.change(vec![disable(true)]).await;
        let uninstall = IdentityChange::UninstallClient {
            tenant_id: other,
            client_id: id(STORE_CLIENT),
        };
        desk.identity(uninstall).await;
        assert_row(
            &desk
                .post_bare(path, &with(refresh_fields(refresh_token), &own))
                .await,
            NOT_INSTALLED,
        );
    }
}

#[tokio::test]
async fn a_refresh_token_must_be_known_and_of_a_generation_the_endpoint_takes() {
    let desk = Desk::open().await;
    for path in BOTH {
        for unknown in [
            "nonsense",
            "ur-",
            "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
            &stray_refresh_token(false),
            &stray_refresh_token(true),
        ] {
            assert_row(&desk.refresh(path, unknown).await, REFRESH_INVALID);
        }
    }
    let third = desk.refresh_token(V3).await;
    assert_row(&desk.refresh(V2, &third).await, REFRESH_INVALID);
    let second = desk.refresh_token(V2).await;
    let answer = desk.refresh(V3, &second).await;
    assert_eq!(answer.status, 200, "{answer}");
    let successor = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_row(&desk.refresh(V2, &successor).await, REFRESH_INVALID);
    assert_eq!(desk.refresh(V3, &successor).await.status, 200);
    assert_eq!(desk.refresh(V3, &third).await.status, 200, "it was not spent");
}

#[tokio::test]
async fn a_refresh_token_must_be_the_clients_own_and_allowed() {
    for path in BOTH {
        let desk = Desk::open().await;
        let refresh_token = desk.refresh_token(path).await;
        let secret = secret();
        let own = [("client_id", STORE_CLIENT), ("client_secret", secret.as_str())];
        assert_row(
            &desk
                .post_bare(path, &with(refresh_fields(&refresh_token), &own))
                .await,
            CLIENT_MISMATCH,
        );
        desk.register(CLIENT, false, None).await;
        assert_row(&desk.refresh(path, &refresh_token).await, REFRESH_NOT_ALLOWED);
        desk.register(CLIENT, true, None).await;
        for (scope, row) in [
            ("b b", SCOPE_DUPLICATE),
            ("b c", SCOPE_NOT_PERMITTED),
            ("\u{e9}", MALFORMED),
        ] {
            let fields = with(refresh_fields(&refresh_token), &[("scope", scope)]);
            assert_row(&desk.post(path, &fields).await, row);
        }
        assert_eq!(desk.refresh(path, &refresh_token).await.status, 200);
        assert_row(&desk.refresh(path, &refresh_token).await, REFRESH_USED);
    }
}

#[tokio::test]
async fn a_refresh_token_ends_after_its_week_and_refreshing_a_year_after_the_grant() {
    for path in BOTH {
        let desk = Desk::open().await;
        let first = desk.refresh_token(path).await;
        desk.house.clock.advance(7 * DAY_MS);
        assert_row(&desk.refresh(path, &first).await, REFRESH_EXPIRED);

        let granted_ago_ms = 7 * DAY_MS;
        let mut refresh_token = desk.refresh_token(path).await;
        for _ in 0..59 {
            desk.house.clock.advance(6 * DAY_MS);
            let answer = desk.refresh(path, &refresh_token).await;
            assert_eq!(answer.status, 200, "{answer}");
            refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        }
        // The last one was cut to the end of the year.
        let left_ms = 365 * DAY_MS - granted_ago_ms - 59 * 6 * DAY_MS;
        let answer = desk.refresh(path, &refresh_token).await;
        assert_eq!(
            answer.json()["refresh_token_expires_in"],
            left_ms / 1_000,
            "{answer}"
        );
        refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        desk.house.clock.advance(left_ms - 1);
        let answer = desk.refresh(path, &refresh_token).await;
        assert_eq!(answer.status, 200, "{answer}");
        refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        desk.house.clock.advance(1);
        assert_row(&desk.refresh(path, &refresh_token).await, REFRESH_EXPIRED);

        // Having said yes again, the person is asked for nothing for another year.
        desk.grant(CLIENT, ADMINISTRATOR).await;
        let answer = desk.refresh(path, &desk.refresh_token(path).await).await;
        assert_eq!(answer.json()["refresh_token_expires_in"], 604_800, "{answer}");
    }
}

#[tokio::test]
async fn a_revoked_family_is_named() {
    for path in BOTH {
        let desk = Desk::open().await;
        let first = desk.refresh_token(path).await;
        let second = desk.refresh(path, &first).await.json();
        desk.house.clock.advance(10_000);
        assert_row(&desk.refresh(path, &first).await, REFRESH_USED);
        for refresh_token in [&first, second["refresh_token"].as_str().unwrap()] {
            assert_row(&desk.refresh(path, refresh_token).await, REFRESH_REVOKED);
        }
    }
}

/// The real engine with nonsense in its file, and closed.
#[tokio::test]
async fn a_broken_store_is_our_fault_and_a_closed_one_passes() {
    for path in BOTH {
        let desk = Desk::open().await;
        let code = desk.code().await;
        let refresh_token = desk.refresh_token(path).await;
        desk.house
            .engine
            .vandalize(
                "UPDATE authorization_codes SET client_id = ''; UPDATE refresh_tokens SET client_id = ''",
            )
            .await;
        assert_row(&desk.post(path, &code_fields(&code)).await, SERVER_ERROR);
        assert_row(&desk.refresh(path, &refresh_token).await, SERVER_ERROR);
        desk.house.store.close().await;
        let answer = desk.post(path, &code_fields(&code)).await;
        assert_row(&answer, UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn a_public_client_proves_itself_by_s256_and_nothing_less() {
    let desk = Desk::open().await;
    desk.add_client("cli_public", ClientKind::SelfBuilt).await;
    desk.register("cli_public", true, None).await;
    desk.grant("cli_public", ADMINISTRATOR).await;
    let public = [("client_id", "cli_public")];
    let order = |challenge| CodeOrder {
        client: "cli_public",
        challenge,
        ..desk.order()
    };
    for challenge in [None, Some((VERIFIER, ChallengeMethod::Plain))] {
        let code = desk.put_code(order(challenge)).await;
        for more in [&[][..], &[("code_verifier", VERIFIER)]] {
            let fields = with(with(code_fields(&code), &public), more);
            for path in BOTH {
                assert_row(&desk.post_bare(path, &fields).await, CHALLENGE_FAILED);
            }
        }
    }
    let code = desk
        .put_code(order(Some((CHALLENGE, ChallengeMethod::S256))))
        .await;
    let fields = with(with(code_fields(&code), &public), &[("code_verifier", VERIFIER)]);
    let answer = desk.post_bare(V3, &fields).await;
    assert_eq!(answer.status, 200, "{answer}");
    let refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let fields = with(refresh_fields(&refresh_token), &public);
    assert_eq!(desk.post_bare(V3, &fields).await.status, 200);
    let fields = with(vec![("grant_type", "client_credentials")], &public);
    assert_row(&desk.post_bare(V3, &fields).await, PARAMETER_MISSING);
    // A secret it does not have is a wrong one.
    let secret = secret();
    let fields = with(fields, &[("client_secret", secret.as_str())]);
    assert_row(&desk.post_bare(V3, &fields).await, SECRET_INVALID);
}
