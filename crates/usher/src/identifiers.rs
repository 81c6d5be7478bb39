//! Identifiers from the command line and from files, with complaints in both languages.
//!
//! What is allowed is decided in `usher-seats`; only the Chinese words for it are here.

use std::str::FromStr;

use usher_seats::{
    ClientId, Day, GroupKey, IdentifierError, LanguageTag, Namespace, SeatType, TenantKey, TimeZoneName,
    UserId, localized_names::LOCALIZED_NAMES_ALLOWED, names,
};

use usher_store::{PoolName, SeatName};

use crate::{failure::Failure, language::Words, words};

/// The tenant of a fresh store, and of every command that names none.
pub(crate) const DEFAULT_TENANT: &str = "default";

/// Reads an identifier.
///
/// # Errors
/// A usage failure naming the identifier and what is allowed.
pub(crate) fn parse<Identifier>(text: &str) -> Result<Identifier, Failure>
where
    Identifier: FromStr<Err = IdentifierError>,
{
    text.parse()
        .map_err(|error: IdentifierError| Failure::usage(words_of(&error)))
}

/// The complaint about an identifier in both languages.
pub(crate) fn words_of(error: &IdentifierError) -> Words {
    let IdentifierError { field, allowed } = error;
    let allowed_chinese = match *allowed {
        UserId::ALLOWED => "1 至 9007199254740991 的整数",
        Namespace::ALLOWED => "1 至 128 个字符，可用 A-Z、a-z、0-9、“_”、“-”、“.”，以字母、数字或“_”开头",
        TenantKey::ALLOWED => "1 至 64 个字符，可用 A-Z、a-z、0-9、“_”、“-”",
        GroupKey::ALLOWED => "1 至 64 个字符，可用 A-Z、a-z、0-9、“_”、“-”、“.”",
        PoolName::ALLOWED => "per_user，或 per_user_per_app: 后接应用的命名空间",
        SeatName::ALLOWED => "per_user:编号，或 per_user_per_app:编号: 后接应用的命名空间",
        ClientId::ALLOWED => "“cli_” 后接 1 至 60 个字符，可用 A-Z、a-z、0-9、“_”",
        LanguageTag::ALLOWED => "语言标签，例如 zh-CN 或 en（BCP 47，最长 35 个字符，不含扩展）",
        Day::ALLOWED => "日期，例如 2026-11-22",
        TimeZoneName::ALLOWED => "IANA 时区数据库中的时区名称，例如 Asia/Shanghai 或 UTC",
        LOCALIZED_NAMES_ALLOWED => {
            "按语言标签给出的至多 32 个名称，每个 1 至 256 个字符且不含控制字符，每种语言一次"
        }
        names::NAME_ALLOWED => "1 至 256 个字符，不含控制字符",
        names::EXTERNAL_ID_ALLOWED => "1 至 129 个字符，不含控制字符与空白",
        other => other,
    };
    Words::new(
        format!("{field} must be {allowed}"),
        format!("{field} 应为{allowed_chinese}"),
    )
}

/// Reads a tenant key; none means the default tenant.
///
/// # Errors
/// As [`parse`].
pub(crate) fn tenant_key(text: Option<&str>) -> Result<TenantKey, Failure> {
    parse(text.unwrap_or(DEFAULT_TENANT))
}

/// Reads a seat type by its wire name.
///
/// # Errors
/// A usage failure naming both.
pub(crate) fn seat_type(text: &str) -> Result<SeatType, Failure> {
    SeatType::from_wire_name(text).ok_or_else(|| {
        Failure::usage(words!(
            "seat_type must be per_user or per_user_per_app, not \"{text}\"",
            "seat_type 应为 per_user 或 per_user_per_app，而不是“{text}”"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_refusal_has_chinese_words() {
        for failure in [
            parse::<UserId>("x").unwrap_err(),
            parse::<Namespace>("").unwrap_err(),
            parse::<TenantKey>("").unwrap_err(),
            parse::<ClientId>("x").unwrap_err(),
            parse::<GroupKey>("").unwrap_err(),
            parse::<LanguageTag>("x").unwrap_err(),
            parse::<TimeZoneName>("x").unwrap_err(),
        ] {
            let chinese = failure.words.text(Language::Chinese);
            assert!(
                !["characters", "whole number", "the tag", "the name"]
                    .iter()
                    .any(|words| chinese.contains(words)),
                "{chinese}"
            );
        }
    }

    #[test]
    fn no_tenant_means_the_default_one() {
        assert_eq!(tenant_key(None).unwrap().as_str(), "default");
        assert!(tenant_key(Some("a b")).is_err());
        assert!(seat_type("per_user").is_ok() && seat_type("platform").is_err());
    }
}
