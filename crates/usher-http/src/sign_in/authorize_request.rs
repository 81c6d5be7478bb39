//! What a client asks for when it sends a person here (feishu-open-platform.md, section 5.1).
//!
//! | Parameter | |
//! | --- | --- |
//! | `client_id` (old form: `app_id`) | required |
//! | `response_type` | `code`; the old form may leave it out |
//! | `redirect_uri` | required |
//! | `scope` | separated by spaces, each once, at most 50 |
//! | `state` | given back byte for byte |
//! | `code_challenge`, `code_challenge_method` | PKCE; `S256` or `plain`, which is the default |
//! | `prompt` | `consent` asks the person even if nothing is new |
//!
//! Whatever is wrong is told to the person on a page here and never to the client's address: the documents know one
//! answer to the client besides the code, the person's refusal; and an address that hears of every malformed request can
//! be made to do so by anybody.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use usher_identity::{
    RedirectUri, pkce,
    scope_list::{ScopeListError, parse_scope_list},
};
use usher_seats::ClientId;
use usher_store::identity::ChallengeMethod;

use super::{fields::Fields, problem::Problem};

/// Longest state in bytes: the longest signed ones are a quarter of it, and the address that carries it back, with
/// every byte percent-encoded, stays within what proxies pass on.
const STATE_BYTES_MAX: usize = 2_048;
/// Everything but the unreserved characters of RFC 3986: no reader takes `%20` for anything but a space.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Which of the two addresses a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The one of today.
    Authorize,
    /// The one of before.
    Index,
}

impl Entry {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Authorize, Self::Index];

    /// Its path.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/open-apis/authen/v1/authorize",
            Self::Index => "/open-apis/authen/v1/index",
        }
    }

    /// Its name in a form.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Index => "index",
        }
    }

    /// The entry with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entry| entry.name() == name)
    }
}

/// What a client asks for, well formed; whether it may is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizeRequest {
    /// Who asks.
    pub(super) client_id: ClientId,
    /// Where the person is to be sent.
    pub(super) redirect_uri: RedirectUri,
    /// What for.
    pub(super) scopes: Vec<String>,
    /// What the client wants back.
    state: Option<Vec<u8>>,
    /// PKCE.
    pub(super) challenge: Option<(String, ChallengeMethod)>,
    /// True when the person is to be asked even if nothing is new.
    pub(super) consent_forced: bool,
}

impl AuthorizeRequest {
    /// Reads a query.
    ///
    /// # Errors
    /// A [`Problem`] for the first defect. An id or an address that cannot be one is as an unknown one.
    pub(super) fn read(entry: Entry, query: &str) -> Result<Self, Problem> {
        let fields = Fields::read(query);
        let client_name = match entry {
            Entry::Authorize => "client_id",
            Entry::Index => "app_id",
        };
        let client_id = fields.required(client_name)?;
        let offered = fields.required("redirect_uri")?;
        let unknown = || Problem::RedirectUnknown {
            offered: offered.to_owned(),
        };
        Ok(Self {
            client_id: client_id.parse().map_err(|_| unknown())?,
            redirect_uri: RedirectUri::parse(offered).map_err(|_| unknown())?,
            scopes: {
                response_type(entry, &fields)?;
                scopes(&fields)?
            },
            state: state(&fields)?,
            challenge: challenge(&fields)?,
            consent_forced: prompt(&fields)?,
        })
    }

    /// The client's address with the code.
    pub(super) fn accepted(&self, code: &str) -> String {
        self.answered("code", code)
    }

    /// The client's address with the person's refusal.
    pub(super) fn denied(&self) -> String {
        self.answered("error", "access_denied")
    }

    fn answered(&self, name: &str, value: &str) -> String {
        let mut added = format!("{name}={}", utf8_percent_encode(value, ESCAPED));
        if let Some(state) = &self.state {
            added.push_str("&state=");
            added.extend(percent_encoding::percent_encode(state, ESCAPED));
        }
        self.redirect_uri.with_query(&added)
    }
}

fn response_type(entry: Entry, fields: &Fields) -> Result<(), Problem> {
    match (fields.text("response_type")?, entry) {
        (Some("code"), _) | (None, Entry::Index) => Ok(()),
        (None, Entry::Authorize) => Err(Problem::ParameterMissing {
            name: "response_type",
        }),
        (Some(_), _) => Err(Problem::malformed("response_type must be code")),
    }
}

fn scopes(fields: &Fields) -> Result<Vec<String>, Problem> {
    parse_scope_list(fields.text("scope")?.unwrap_or_default()).map_err(|error| match error {
        ScopeListError::Duplicate => Problem::ScopeDuplicate,
        ScopeListError::Malformed => Problem::malformed(format!("scope: {error}")),
    })
}

fn state(fields: &Fields) -> Result<Option<Vec<u8>>, Problem> {
    let state = fields.bytes("state")?;
    if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Err(Problem::malformed(format!(
            "state must have at most {STATE_BYTES_MAX} bytes"
        )));
    }
    Ok(state.map(<[u8]>::to_vec))
}

fn challenge(fields: &Fields) -> Result<Option<(String, ChallengeMethod)>, Problem> {
    let method = match fields.text("code_challenge_method")? {
        None => None,
        Some("S256") => Some(ChallengeMethod::S256),
        Some("plain") => Some(ChallengeMethod::Plain),
        Some(_) => return Err(Problem::malformed("code_challenge_method must be S256 or plain")),
    };
    match (fields.text("code_challenge")?, method) {
        (None, None) => Ok(None),
        // A method without a challenge is a client that believes itself protected and is not.
        (None, Some(_)) => Err(Problem::ParameterMissing {
            name: "code_challenge",
        }),
        (Some(challenge), _) if !pkce::is_well_formed(challenge) => Err(Problem::malformed(
            "code_challenge must be 43 to 128 characters from A-Z, a-z, 0-9, '-', '.', '_', '~'",
        )),
        (Some(challenge), method) => Ok(Some((
            challenge.to_owned(),
            method.unwrap_or(ChallengeMethod::Plain),
        ))),
    }
}

/// Other values than `consent` are for servers that know them; here they change nothing.
fn prompt(fields: &Fields) -> Result<bool, Problem> {
    let prompt = fields.text("prompt")?.unwrap_or_default();
    Ok(prompt.split(' ').any(|value| value == "consent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "client_id=cli_1&response_type=code&redirect_uri=https%3A%2F%2Fa.example%2Fcb";

    fn read(added: &str) -> Result<AuthorizeRequest, Problem> {
        AuthorizeRequest::read(Entry::Authorize, &format!("{BASE}&{added}"))
    }

    #[test]
    fn a_state_comes_back_byte_for_byte_whatever_it_is() {
        for (state, expected) in [
            ("abc", "abc"),
            ("a+b%20c", "a%20b%20c"),
            ("%2B%26%3D%23%0D%0A", "%2B%26%3D%23%0D%0A"),
            ("%ff%00", "%FF%00"),
            ("%E5%B8%AD", "%E5%B8%AD"),
            ("a=b", "a%3Db"),
            ("", ""),
        ] {
            let request = read(&format!("state={state}")).unwrap();
            assert_eq!(
                request.accepted("c-_1"),
                format!("https://a.example/cb?code=c-_1&state={expected}")
            );
            assert_eq!(
                request.denied(),
                format!("https://a.example/cb?error=access_denied&state={expected}")
            );
        }
        assert_eq!(read("").unwrap().accepted("c"), "https://a.example/cb?code=c");
    }

    #[test]
    fn the_old_form_names_the_client_otherwise_and_needs_no_response_type() {
        let query = "app_id=cli_1&redirect_uri=https%3A%2F%2Fa.example%2Fcb";
        assert_eq!(
            AuthorizeRequest::read(Entry::Index, query)
                .unwrap()
                .client_id
                .as_str(),
            "cli_1"
        );
        assert_eq!(
            AuthorizeRequest::read(Entry::Authorize, query),
            Err(Problem::ParameterMissing { name: "client_id" })
        );
    }

    #[test]
    fn pkce_is_taken_in_both_forms_and_never_half() {
        let text = "a".repeat(43);
        let of = |added: &str| read(added).map(|request| request.challenge);
        assert_eq!(of(""), Ok(None));
        assert_eq!(
            of(&format!("code_challenge={text}")),
            Ok(Some((text.clone(), ChallengeMethod::Plain)))
        );
        assert_eq!(
            of(&format!("code_challenge={text}&code_challenge_method=S256")),
            Ok(Some((text.clone(), ChallengeMethod::S256)))
        );
        for added in [
            "code_challenge_method=S256".to_owned(),
            "code_challenge=short".to_owned(),
            format!("code_challenge={text}&code_challenge_method=s256"),
            format!("code_challenge={text}&code_challenge_method=none"),
            format!("code_challenge={text}&code_challenge={text}"),
        ] {
            assert!(of(&added).is_err(), "{added}");
        }
    }

    #[test]
    fn prompt_is_a_list() {
        for (added, expected) in [
            ("", false),
            ("prompt=consent", true),
            ("prompt=login+consent", true),
            ("prompt=login", false),
            ("prompt=Consent", false),
        ] {
            assert_eq!(read(added).unwrap().consent_forced, expected, "{added}");
        }
    }

    #[test]
    fn every_parameter_twice_is_refused() {
        for name in ["client_id", "response_type", "redirect_uri"] {
            assert!(
                matches!(read(&format!("{name}=x")), Err(Problem::Malformed { .. })),
                "{name}"
            );
        }
        for name in [
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "prompt",
        ] {
            let added = format!("{name}=x&{name}=x");
            assert!(matches!(read(&added), Err(Problem::Malformed { .. })), "{name}");
        }
        assert!(read("other=1&other=2").is_ok());
    }

    #[test]
    fn an_endless_state_is_refused() {
        assert!(read(&format!("state={}", "a".repeat(STATE_BYTES_MAX))).is_ok());
        assert!(read(&format!("state={}", "a".repeat(STATE_BYTES_MAX + 1))).is_err());
    }
}
