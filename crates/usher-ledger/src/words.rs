//! How kinds of things are written in every engine's tables.

use usher_store::{
    ClientKind, TokenKind,
    identity::{ChallengeMethod, LinkPurpose},
};

/// A kind of token as its column has it.
#[must_use]
pub fn token_kind(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::User => "user",
        TokenKind::Tenant => "tenant",
        TokenKind::Service => "service",
        TokenKind::Operator => "operator",
    }
}

/// Reads a kind of token; none for a word that is none.
#[must_use]
pub fn token_kind_of(word: &str) -> Option<TokenKind> {
    [
        TokenKind::User,
        TokenKind::Tenant,
        TokenKind::Service,
        TokenKind::Operator,
    ]
    .into_iter()
    .find(|kind| token_kind(*kind) == word)
}

/// A kind of client as its column has it.
#[must_use]
pub fn client_kind(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::SelfBuilt => "self_built",
        ClientKind::Store => "store",
    }
}

/// Reads a kind of client; none for a word that is none.
#[must_use]
pub fn client_kind_of(word: &str) -> Option<ClientKind> {
    [ClientKind::SelfBuilt, ClientKind::Store]
        .into_iter()
        .find(|kind| client_kind(*kind) == word)
}

/// How a challenge was made, as its column has it.
#[must_use]
pub fn challenge_method(method: ChallengeMethod) -> &'static str {
    match method {
        ChallengeMethod::Plain => "plain",
        ChallengeMethod::S256 => "S256",
    }
}

/// Reads how a challenge was made; none for a word that is none.
#[must_use]
pub fn challenge_method_of(word: &str) -> Option<ChallengeMethod> {
    [ChallengeMethod::Plain, ChallengeMethod::S256]
        .into_iter()
        .find(|method| challenge_method(*method) == word)
}

/// What a link is for, as its column has it.
#[must_use]
pub fn link_purpose(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::ChoosePassword => "choose_password",
    }
}

/// Scopes as their column has them: separated by one space.
#[must_use]
pub fn joined_scopes(scopes: &[String]) -> String {
    scopes.join(" ")
}

/// Reads scopes from their column.
#[must_use]
pub fn split_scopes(scopes: &str) -> Vec<String> {
    scopes
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written_and_no_other() {
        for kind in [
            TokenKind::User,
            TokenKind::Tenant,
            TokenKind::Service,
            TokenKind::Operator,
        ] {
            assert_eq!(token_kind_of(token_kind(kind)), Some(kind));
        }
        for kind in [ClientKind::SelfBuilt, ClientKind::Store] {
            assert_eq!(client_kind_of(client_kind(kind)), Some(kind));
        }
        for method in [ChallengeMethod::Plain, ChallengeMethod::S256] {
            assert_eq!(challenge_method_of(challenge_method(method)), Some(method));
        }
        assert_eq!(token_kind_of("User"), None);
        assert_eq!(client_kind_of(""), None);
        assert_eq!(challenge_method_of("s256"), None);
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let scopes = vec![
            "contact:user.base:readonly".to_owned(),
            "offline_access".to_owned(),
        ];
        assert_eq!(split_scopes(&joined_scopes(&scopes)), scopes);
        assert!(split_scopes("").is_empty());
    }
}
