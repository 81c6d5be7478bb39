//! Where a person goes after signing in or out.
//!
//! The text travels in a form and comes back from the browser, so it is read as narrowly as if a stranger had written it:
//! it names one of a few pages of this server or it is the account page. There is no way to name another server.

use super::{
    account::ACCOUNT_PATH,
    authorize_request::{AuthorizeRequest, Entry},
};

/// A page of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// The person's own account.
    Account,
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
    pub(super) fn read(text: &str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let entry = Entry::ALL.into_iter().find(|entry| entry.path() == path);
        match entry {
            Some(entry) if query.bytes().all(|byte| byte.is_ascii_graphic()) => Self::Authorize {
                entry,
                query: query.to_owned(),
            },
            _ => Self::Account,
        }
    }

    /// Its address.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Account => ACCOUNT_PATH.to_owned(),
            Self::Authorize { entry, query } => format!("{}?{query}", entry.path()),
        }
    }

    /// The client's request, if it is one that can be read.
    pub(super) fn request(&self) -> Option<AuthorizeRequest> {
        match self {
            Self::Account => None,
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
        ] {
            assert_eq!(Destination::read(text), Destination::Account, "{text}");
        }
        let ours = "/open-apis/authen/v1/index?app_id=cli_1&state=%0a";
        assert_eq!(Destination::read(ours).address(), ours);
    }
}
