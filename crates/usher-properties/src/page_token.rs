//! Page tokens: only what we sealed opens, only where it belongs, and only as long as it is good.

use usher_identity::{PageBinding, PagePlace, PageSealer, page_token::PAGE_TOKEN_LIFE_MS};
use usher_seats::{ClientId, Namespace, SeatType, TenantId, UserId};

const KEY: [u8; 32] = [7; 32];
const OTHER_KEY: [u8; 32] = [8; 32];
const NOW_MS: i64 = 1_727_199_298_656;
const ENDPOINT: &str = "seat_activities";
/// Longest token any client has to carry: a token travels in a URL.
const TOKEN_BYTES_MAX: usize = 256;

/// Inputs worth starting from: bytes for a place, then for an alteration; and texts that others have sent as tokens.
pub const SEEDS: &[&str] = &[
    "12345678package_35f605__c\u{1}\u{2}",
    "00000000\u{0}",
    "bm90LWEtdG9rZW4=+/ x",
    "eVQrYzJBNDNONlk4VFZBZVlSdzlKdFJ4bVVHVExENDNKVHoxaVdiVnViQT0",
    "None",
    "",
];

/// Asserts what must hold for any place, any text offered as a token, and any alteration of a token.
pub fn page_token(bytes: &[u8]) {
    let sealer = PageSealer::from_key_file(&KEY);
    let Some(client_id) = client("cli_a1b2c3d4e5f60718") else {
        return;
    };
    let binding = binding_of(TenantId(1), &client_id, ENDPOINT, SeatType::PerUser);
    assert!(
        sealer
            .open(&String::from_utf8_lossy(bytes), &binding, NOW_MS)
            .is_err(),
        "nobody can forge a token"
    );
    let place = place_from(bytes);
    let nonce = nonce_from(bytes);
    let sealed = sealer.seal(&place, &binding, NOW_MS, nonce);
    assert!(sealed.is_ok(), "every place can be sealed");
    let Ok(token) = sealed else { return };
    assert!(token.len() <= TOKEN_BYTES_MAX, "{} bytes", token.len());
    assert!(
        token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        "{token}"
    );
    assert!(!readable(&token, &place), "a token shows nothing of its place");
    it_opens_as_long_as_it_is_good(&sealer, &token, &binding, &place);
    it_opens_nowhere_else(&sealer, &token, &client_id);
    an_altered_one_does_not_open(&sealer, &token, &binding, bytes);
}

fn it_opens_as_long_as_it_is_good(
    sealer: &PageSealer,
    token: &str,
    binding: &PageBinding<'_>,
    place: &PagePlace,
) {
    for age_ms in [0, 1, PAGE_TOKEN_LIFE_MS - 1] {
        assert_eq!(
            sealer.open(token, binding, NOW_MS + age_ms).as_ref(),
            Ok(place),
            "after {age_ms} ms"
        );
    }
    for now_ms in [
        NOW_MS + PAGE_TOKEN_LIFE_MS,
        i64::MAX,
        i64::MIN,
        NOW_MS - PAGE_TOKEN_LIFE_MS,
    ] {
        assert!(sealer.open(token, binding, now_ms).is_err(), "at {now_ms}");
    }
    assert!(
        PageSealer::from_key_file(&OTHER_KEY)
            .open(token, binding, NOW_MS)
            .is_err(),
        "under another key"
    );
}

fn it_opens_nowhere_else(sealer: &PageSealer, token: &str, client_id: &ClientId) {
    let Some(other_client) = client("cli_a1b2c3d4e5f60719") else {
        return;
    };
    for foreign in [
        binding_of(TenantId(2), client_id, ENDPOINT, SeatType::PerUser),
        binding_of(TenantId(1), &other_client, ENDPOINT, SeatType::PerUser),
        binding_of(TenantId(1), client_id, "seat_assignments", SeatType::PerUser),
        binding_of(TenantId(1), client_id, ENDPOINT, SeatType::PerUserPerApp),
    ] {
        assert!(sealer.open(token, &foreign, NOW_MS).is_err(), "{foreign:?}");
    }
}

/// Changes one character, cuts the token, and adds to it, where the bytes say.
fn an_altered_one_does_not_open(sealer: &PageSealer, token: &str, binding: &PageBinding<'_>, bytes: &[u8]) {
    let byte = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let position = usize::from(u16::from_be_bytes([byte(0), byte(1)])) % token.len();
    let (head, tail) = token.split_at_checked(position).unwrap_or((token, ""));
    let rest = tail.get(1..).unwrap_or_default();
    let character = char::from(byte(2));
    for altered in [
        format!("{head}{character}{rest}"),
        format!("{head}{rest}"),
        format!("{head}{character}{tail}"),
        head.to_owned(),
        format!("{token}="),
        format!("{token}{head}"),
    ] {
        assert!(
            altered == token || sealer.open(&altered, binding, NOW_MS).is_err(),
            "{altered} for {token}"
        );
    }
}

fn binding_of<'a>(
    tenant_id: TenantId,
    client_id: &'a ClientId,
    endpoint: &'a str,
    seat_type: SeatType,
) -> PageBinding<'a> {
    PageBinding {
        tenant_id,
        client_id,
        endpoint,
        seat_type,
    }
}

fn client(text: &str) -> Option<ClientId> {
    text.parse().ok()
}

/// A place whose user comes from the first eight bytes and whose namespace from the rest, if they make one.
fn place_from(bytes: &[u8]) -> PagePlace {
    let (number, rest) = bytes
        .split_first_chunk::<8>()
        .map_or(([1; 8], bytes), |(number, rest)| (*number, rest));
    let within = i64::from_be_bytes(number).unsigned_abs() % (1 << 53);
    let user_id = i64::try_from(within)
        .ok()
        .and_then(|within| UserId::new(within.max(1)).ok());
    let namespace = std::str::from_utf8(rest)
        .ok()
        .and_then(|text| text.parse::<Namespace>().ok());
    PagePlace {
        user_id: user_id.unwrap_or_else(least_user),
        namespace,
    }
}

#[expect(clippy::expect_used, reason = "1 is the smallest user number there is")]
fn least_user() -> UserId {
    UserId::new(1).expect("1 is in range")
}

fn nonce_from<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0))
}

/// True when the place can be read from the token's text.
fn readable(token: &str, place: &PagePlace) -> bool {
    let namespace = place
        .namespace
        .as_ref()
        .map(Namespace::as_str)
        .filter(|text| text.len() > 8);
    namespace.is_some_and(|text| token.contains(text))
        || token.contains(&format!("{:016}", place.user_id.get()))
}
