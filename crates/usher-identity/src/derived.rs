//! Tokens that are derived instead of drawn.
//!
//! Some tokens must be the same for everybody who asks: a tenant token within its window (feishu-open-platform.md,
//! section 5.5), an app ticket within its hour, both tokens of a refresh whose answer was lost. Keeping them so that
//! they could be given again would mean keeping secrets. So they are HMACs under a key from the key file, and the store
//! sees their hashes like any other. What is derived is as hard to guess as what is drawn, for who lacks the key file.
//!
//! An app token (`a-`) goes one step further and is not kept at all: it carries its client and its end, sealed by an
//! HMAC. It gives up being taken back one by one; it ends with its client, and after two hours at most.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;
use usher_seats::{ClientId, TenantId};

use crate::{
    keys::{KEY_BYTES, KeyRing, Purpose},
    refresh_token::{RefreshGeneration, make_refresh_token},
    secret::Secret,
    token::{BEARER_BYTES_MAX, TokenForm, make_token},
};

/// How long a tenant or app token is good, in milliseconds: two hours (feishu-open-platform.md, section 5.5).
pub const SHARED_TOKEN_LIFE_MS: i64 = 2 * HOUR_MS;
/// How long the same one is given, in milliseconds: until 30 minutes are left.
pub const SHARED_TOKEN_WINDOW_MS: i64 = 90 * 60 * 1_000;
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// What an app token begins with.
const APP_TOKEN_PREFIX: &str = "a-";

/// The time during which everybody who asks gets the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenWindow {
    /// When it began, in milliseconds.
    pub begins_at_ms: i64,
}

impl TokenWindow {
    /// The window that `now_ms` lies in.
    #[must_use]
    pub fn at(now_ms: i64) -> Self {
        Self {
            begins_at_ms: now_ms.saturating_sub(now_ms.rem_euclid(SHARED_TOKEN_WINDOW_MS)),
        }
    }

    /// The end of its tokens, in milliseconds.
    #[must_use]
    pub fn tokens_expire_at_ms(self) -> i64 {
        self.begins_at_ms.saturating_add(SHARED_TOKEN_LIFE_MS)
    }
}

/// The tenant token of a client in a window. `epoch` changes when the client gets a new secret; `attempt` counts up
/// while earlier ones of the same window were taken back.
#[must_use]
pub fn tenant_token(
    keys: &KeyRing,
    (tenant_id, client_id): (TenantId, &ClientId),
    epoch: &[u8],
    window: TokenWindow,
    attempt: u32,
) -> Secret {
    let parts = [
        client_id.as_str().as_bytes(),
        &tenant_id.0.to_be_bytes(),
        epoch,
        &window.begins_at_ms.to_be_bytes(),
        &attempt.to_be_bytes(),
    ];
    make_token(TokenForm::Tenant, &keys.mac(Purpose::TenantToken, &parts))
}

/// The access token and the refresh token that a refresh yields when it may have to be answered twice: the same for
/// the same spent token and the same idempotency key.
#[must_use]
pub fn refreshed_pair(
    keys: &KeyRing,
    spent_refresh_token: &str,
    idempotency_key: &str,
    generation: RefreshGeneration,
) -> (Secret, Secret) {
    let mac = |which: &[u8]| {
        let parts = [which, spent_refresh_token.as_bytes(), idempotency_key.as_bytes()];
        keys.mac(Purpose::RefreshPair, &parts)
    };
    (
        make_token(TokenForm::User, &mac(b"access")),
        make_refresh_token(generation, &mac(b"refresh")),
    )
}

/// The ticket of a client in the hour that `now_ms` lies in.
#[must_use]
pub fn app_ticket(keys: &KeyRing, client_id: &ClientId, now_ms: i64) -> Secret {
    ticket_of_hour(keys, client_id, now_ms.div_euclid(HOUR_MS))
}

/// True when `offered` is the client's ticket of this hour or of the one before: a ticket is delivered once an hour, and
/// the next may be late.
#[must_use]
pub fn app_ticket_matches(keys: &KeyRing, client_id: &ClientId, offered: &str, now_ms: i64) -> bool {
    let hour = now_ms.div_euclid(HOUR_MS);
    let matches = |hour| {
        let ticket = ticket_of_hour(keys, client_id, hour);
        ticket.expose().as_bytes().ct_eq(offered.as_bytes())
    };
    (matches(hour) | matches(hour.saturating_sub(1))).into()
}

fn ticket_of_hour(keys: &KeyRing, client_id: &ClientId, hour: i64) -> Secret {
    let parts = [client_id.as_str().as_bytes(), &hour.to_be_bytes()[..]];
    Secret::new(URL_SAFE_NO_PAD.encode(keys.mac(Purpose::AppTicket, &parts)))
}

/// What a store client puts into its SDK so that it can tell our events from others'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKeys {
    /// Stands in `token` of every event: Feishu's Verification Token.
    pub verification_token: Secret,
    /// Signs every event: Feishu's Encrypt Key, though we do not encrypt.
    pub signing_key: Secret,
}

/// The event keys of a client. The client's own secret cannot sign: only its hash is kept.
#[must_use]
pub fn event_keys(keys: &KeyRing, client_id: &ClientId) -> EventKeys {
    let key = |which: &[u8]| {
        let parts = [which, client_id.as_str().as_bytes()];
        Secret::new(URL_SAFE_NO_PAD.encode(keys.mac(Purpose::TicketSignature, &parts)))
    };
    EventKeys {
        verification_token: key(b"verification token"),
        signing_key: key(b"signing key"),
    }
}

/// What an app token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppToken {
    /// Which store client it was given to.
    pub client_id: ClientId,
    /// The first moment at which it is no longer good, in milliseconds.
    pub expires_at_ms: i64,
}

impl AppToken {
    /// The token's text: `a-` and base64url of end, HMAC and client.
    #[must_use]
    pub fn seal(&self, keys: &KeyRing) -> Secret {
        let client_id = self.client_id.as_str().as_bytes();
        let end = self.expires_at_ms.to_be_bytes();
        let mac = keys.mac(Purpose::AppToken, &[&end, client_id]);
        let bytes = [&end[..], &mac, client_id].concat();
        Secret::new(format!("{APP_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens a text offered at `now_ms`; none whatever is wrong with it.
    #[must_use]
    pub fn open(keys: &KeyRing, offered: &str, now_ms: i64) -> Option<Self> {
        if offered.len() > BEARER_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(offered.strip_prefix(APP_TOKEN_PREFIX)?)
            .ok()?;
        let (end, bytes) = bytes.split_first_chunk::<8>()?;
        let (mac, client_id) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let expires_at_ms = i64::from_be_bytes(*end);
        let good = keys.mac_matches(Purpose::AppToken, &[end, client_id], mac) && now_ms < expires_at_ms;
        let client_id = std::str::from_utf8(client_id).ok()?.parse().ok()?;
        good.then_some(Self {
            client_id,
            expires_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{kept_secret::hash_secret, refresh_token::read_refresh_token, token::Bearer};

    const NOW_MS: i64 = 1_767_323_045_000;

    fn keys() -> KeyRing {
        KeyRing::from_key_file(&[1; 32])
    }

    fn client(text: &str) -> ClientId {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_asks_in_a_window_has_30_minutes_to_two_hours_left() {
        let window = TokenWindow::at(NOW_MS);
        for now_ms in [
            window.begins_at_ms,
            NOW_MS,
            window.begins_at_ms + SHARED_TOKEN_WINDOW_MS - 1,
        ] {
            assert_eq!(TokenWindow::at(now_ms), window);
            let left_ms = window.tokens_expire_at_ms() - now_ms;
            assert!(
                (30 * 60 * 1_000..=SHARED_TOKEN_LIFE_MS).contains(&left_ms),
                "{left_ms}"
            );
        }
        let next = TokenWindow::at(window.begins_at_ms + SHARED_TOKEN_WINDOW_MS);
        assert_ne!(next, window);
        assert!(TokenWindow::at(-1).begins_at_ms < 0);
    }

    #[test]
    fn a_tenant_token_is_the_same_for_the_same_and_another_for_anything_else() {
        let (one, two) = (client("cli_1"), client("cli_2"));
        let window = TokenWindow::at(NOW_MS);
        let next = TokenWindow::at(NOW_MS + SHARED_TOKEN_WINDOW_MS);
        let of = |tenant, client, epoch: &[u8], window, attempt| {
            let token = tenant_token(&keys(), (TenantId(tenant), client), epoch, window, attempt);
            token.expose().to_owned()
        };
        let first = of(1, &one, b"e", window, 0);
        assert_eq!(first, of(1, &one, b"e", window, 0));
        assert!(Bearer::read(first.as_bytes()).hash.is_some(), "{first}");
        let tokens = HashSet::from([
            first,
            of(2, &one, b"e", window, 0),
            of(1, &two, b"e", window, 0),
            of(1, &one, b"f", window, 0),
            of(1, &one, b"e", next, 0),
            of(1, &one, b"e", window, 1),
        ]);
        assert_eq!(tokens.len(), 6);
    }

    #[test]
    fn a_refresh_under_the_same_key_yields_the_same_pair() {
        use RefreshGeneration::{Second, Third};
        let (access, refresh) = refreshed_pair(&keys(), "ur-old", "key", Third);
        assert_eq!(
            refreshed_pair(&keys(), "ur-old", "key", Third),
            (access.clone(), refresh.clone())
        );
        assert!(Bearer::read(access.expose().as_bytes()).hash.is_some());
        assert_eq!(
            read_refresh_token(refresh.expose()).map(|(read, _)| read),
            Some(Third)
        );
        assert_ne!(
            access.expose().strip_prefix("u-"),
            refresh.expose().strip_prefix("ur-3-")
        );
        for (token, key, generation) in [
            ("ur-old", "other", Third),
            ("ur-new", "key", Third),
            ("ur-old", "key", Second),
        ] {
            assert_ne!(refreshed_pair(&keys(), token, key, generation).1, refresh);
        }
    }

    #[test]
    fn a_ticket_is_good_in_its_hour_and_the_next() {
        let (one, two) = (client("cli_1"), client("cli_2"));
        let ticket = app_ticket(&keys(), &one, NOW_MS);
        let hour_begins_ms = NOW_MS - NOW_MS.rem_euclid(HOUR_MS);
        for (client, now_ms, expected) in [
            (&one, hour_begins_ms, true),
            (&one, hour_begins_ms + 2 * HOUR_MS - 1, true),
            (&one, hour_begins_ms + 2 * HOUR_MS, false),
            (&one, hour_begins_ms - 1, false),
            (&two, NOW_MS, false),
        ] {
            assert_eq!(
                app_ticket_matches(&keys(), client, ticket.expose(), now_ms),
                expected,
                "{client} at {now_ms}"
            );
        }
        assert!(!app_ticket_matches(&keys(), &one, "", NOW_MS));
        assert!(hash_secret(ticket.expose()).is_some(), "as long as any secret");
    }

    #[test]
    fn event_keys_differ_from_each_other_and_between_clients() {
        let [one, two] = ["cli_1", "cli_2"].map(|text| event_keys(&keys(), &client(text)));
        assert_ne!(one.verification_token, one.signing_key);
        assert_ne!(one.signing_key, two.signing_key);
        assert_ne!(one.verification_token, two.verification_token);
    }

    #[test]
    fn an_app_token_opens_as_it_was_sealed_until_its_end() {
        let token = AppToken {
            client_id: client("cli_a1b2c3d4e5f60718"),
            expires_at_ms: NOW_MS,
        };
        let text = token.seal(&keys());
        assert_eq!(AppToken::open(&keys(), text.expose(), NOW_MS - 1), Some(token));
        assert_eq!(AppToken::open(&keys(), text.expose(), NOW_MS), None);
        let other_keys = KeyRing::from_key_file(&[2; 32]);
        assert_eq!(AppToken::open(&other_keys, text.expose(), NOW_MS - 1), None);
        for other in [
            "",
            "a-",
            "a-abc",
            text.expose().split_at(2).1,
            &"a-A".repeat(2_000),
        ] {
            assert_eq!(AppToken::open(&keys(), other, NOW_MS - 1), None, "{other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_changed_app_token_does_not_open(place in 2_usize..80, flip in 1_u8..64) {
            let token = AppToken { client_id: client("cli_a1b2c3d4e5f60718"), expires_at_ms: NOW_MS };
            let mut text = token.seal(&keys()).expose().as_bytes().to_vec();
            if let Some(byte) = text.get_mut(place) {
                const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let value = LETTERS.iter().position(|letter| letter == byte).unwrap();
                *byte = LETTERS[value ^ usize::from(flip)];
            }
            let text = String::from_utf8(text).unwrap();
            proptest::prop_assert_eq!(AppToken::open(&keys(), &text, NOW_MS - 1), None);
        }
    }
}
