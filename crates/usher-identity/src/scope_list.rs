//! Lists of scopes as they travel: separated by one space, each once, at most fifty.

/// Most scopes in one list (feishu-open-platform.md, section 5.1).
pub const SCOPES_MAX: usize = 50;
/// Longest scope in bytes: four times the longest known one.
pub const SCOPE_BYTES_MAX: usize = 256;
/// The scope that a refresh token needs.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Why a text is not a list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeListError {
    /// A scope is there twice.
    #[error("the scope list contains duplicate scopes")]
    Duplicate,
    /// More than [`SCOPES_MAX`], or a scope with a character that no scope has.
    #[error("the scope list is malformed or longer than 50 scopes")]
    Malformed,
}

/// Reads a list; spaces at its ends and between scopes do not count, and nothing at all is an empty list.
///
/// # Errors
/// [`ScopeListError`].
pub fn parse_scope_list(text: &str) -> Result<Vec<String>, ScopeListError> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if scopes.len() == SCOPES_MAX || !is_scope(scope) {
            return Err(ScopeListError::Malformed);
        }
        if scopes.iter().any(|known| known == scope) {
            return Err(ScopeListError::Duplicate);
        }
        scopes.push(scope.to_owned());
    }
    Ok(scopes)
}

/// RFC 6749, section 3.3: visible ASCII without `"` and `\`.
fn is_scope(text: &str) -> bool {
    text.len() <= SCOPE_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_spaces_do_not_count() {
        assert_eq!(
            parse_scope_list(" b:c:read  a:b:read offline_access "),
            Ok(["b:c:read", "a:b:read", "offline_access"]
                .map(str::to_owned)
                .to_vec())
        );
        assert_eq!(parse_scope_list(""), Ok(Vec::new()));
        assert_eq!(parse_scope_list("   "), Ok(Vec::new()));
    }

    #[test]
    fn each_defect_is_told_from_the_other() {
        let numbered = |count: usize| {
            let scopes: Vec<_> = (0..count).map(|number| format!("scope:{number}")).collect();
            scopes.join(" ")
        };
        assert_eq!(parse_scope_list(&numbered(50)).map(|scopes| scopes.len()), Ok(50));
        for (text, error) in [
            ("a b a", ScopeListError::Duplicate),
            ("a a", ScopeListError::Duplicate),
            (&numbered(51), ScopeListError::Malformed),
            ("a\tb", ScopeListError::Malformed),
            ("a\"b", ScopeListError::Malformed),
            ("a\\b", ScopeListError::Malformed),
            ("席位", ScopeListError::Malformed),
            (&"a".repeat(257), ScopeListError::Malformed),
        ] {
            assert_eq!(parse_scope_list(text), Err(error), "{text:?}");
        }
        // Scopes are told apart by case.
        assert!(parse_scope_list("a A").is_ok());
    }
}
