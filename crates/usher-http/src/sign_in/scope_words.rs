//! What a scope lets a program do, in plain words.
//!
//! A scope without words here is shown by its name: better a strange word than a soothing one.

use crate::language::Language;

#[rustfmt::skip]
const WORDS: [(&str, &str, &str); 10] = [
    ("app_engine:seat_activities:read", "see who uses which application and when they last opened it", "查看成员使用哪些应用以及最近一次打开的时间"),
    ("app_engine:seat_assignments:read", "see who holds which seat", "查看席位分配情况"),
    ("app_engine:apps:read", "see the applications of your organisation", "查看企业的应用"),
    ("usher:management", "manage people, applications, seats and programs of your organisation", "管理企业的成员、应用、席位和程序"),
    ("offline_access", "keep this access while you are away", "在您离线时保持访问"),
    ("contact:user.email:readonly", "see your e-mail address", "查看您的邮箱"),
    ("contact:user.phone:readonly", "see your telephone number", "查看您的手机号"),
    ("contact:user.employee:readonly", "see your employee number", "查看您的工号"),
    ("contact:user.employee_id:readonly", "see your user number", "查看您的用户编号"),
    ("contact:user.base:readonly", "see your name", "查看您的姓名"),
];

/// A scope as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownScope {
    /// What it lets a program do; none when only its name is known.
    pub(super) words: Option<&'static str>,
    /// Its name.
    pub(super) name: String,
}

/// Scopes as a person reads them.
pub(super) fn shown(scopes: &[String], language: Language) -> Vec<ShownScope> {
    let words = |scope: &str| {
        let row = WORDS.iter().find(|(name, ..)| *name == scope)?;
        Some(match language {
            Language::English => row.1,
            Language::Chinese => row.2,
        })
    };
    scopes
        .iter()
        .map(|scope| ShownScope {
            words: words(scope),
            name: scope.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_apis::Call;

    #[test]
    fn the_scopes_of_every_call_have_words_in_both_languages() {
        for call in Call::ALL {
            for language in [Language::English, Language::Chinese] {
                let scopes = shown(&[call.scope().to_owned()], language);
                assert!(scopes[0].words.is_some(), "{call:?}");
            }
        }
        assert_eq!(shown(&["x:y".to_owned()], Language::English)[0].words, None);
    }
}
