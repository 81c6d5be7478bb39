//! Where a person goes after signing in or out.
//!
//! The text travels in a form and comes back from the browser, so it is read as narrowly as if a stranger had written it:
//! it names one of a few pages of this server or it is the account page. There is no way to name another server.

use super::{
    account::ACCOUNT_PATH,
    authorize_request::{AuthorizeRequest, Entry},
};

/// The first page of the console.
pub(crate) const CONSOLE_PATH: &str = "/console";
/// How the addresses of its other pages begin.
const CONSOLE_PAGES: &str = "/console/";

/// A page of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The person's own account.
    Account,
    /// A page of the console, with its query; visible ASCII.
    Console(String),
    /// A client's request.
    Authorize {
        /// At which of the two addresses.
        entry: Entry,
        /// With which query; visible ASCII.
        query: String,
    },
}

impl Destination {
    /// Reads a text.
    pub(crate) fn read(text: &str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let entry = Entry::ALL.into_iter().find(|entry| entry.path() == path);
        let within = path == CONSOLE_PATH || path.starts_with(CONSOLE_PAGES);
        match entry {
            _ if within && text.bytes().all(|byte| byte.is_ascii_graphic()) => Self::Console(text.to_owned()),
            Some(entry) if query.bytes().all(|byte| byte.is_ascii_graphic()) => Self::Authorize {
                entry,
                query: query.to_owned(),
            },
            _ => Self::Account,
        }
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Account => ACCOUNT_PATH.to_owned(),
            Self::Console(address) => address.clone(),
            Self::Authorize { entry, query } => format!("{}?{query}", entry.path()),
        }
    }

    /// The client's request, if it is one that can be read.
    pub(crate) fn request(&self) -> Option<AuthorizeRequest> {
        match self {
            Self::Account | Self::Console(_) => None,
            Self::Authorize { entry, query } => AuthorizeRequest::read(*entry, query).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_our_own_pages_can_be_named() {
        for text in [
            "",
            "/",
            "https://evil.example/",
            "//evil.example/open-apis/authen/v1/authorize",
            "/open-apis/authen/v1/authorize/../../../x",
            "/open-apis/authen/v1/authorize?a=\r\nSet-Cookie: x",
            "/open-apis/authen/v1/authorize?a= b",
            "javascript:alert(1)",
            "/account",
            "/consoles",
            "/console/\r\nSet-Cookie: x",
            "//evil.example/console/",
        ] {
            assert_eq!(Destination::read(text), Destination::Account, "{text}");
        }
        let console = "/console/seats?idle=90&app=a%20b";
        assert_eq!(Destination::read(console).address(), console);
        let ours = "/open-apis/authen/v1/index?app_id=cli_1&state=%0a";
        assert_eq!(Destination::read(ours).address(), ours);
    }
}
