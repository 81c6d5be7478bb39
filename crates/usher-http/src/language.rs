//! Which language a person prefers.

use axum::http::{HeaderMap, header};

pub(crate) use usher_console::Language;

/// The language `Accept-Language` ranks higher; at equal rank the one named first, and English when neither is.
pub(crate) fn preferred_language(headers: &HeaderMap) -> Language {
    let text = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let ranges = text.unwrap_or_default().split(',');
    let mut best = (0, Language::English);
    for (rank, language) in ranges.filter_map(read_range) {
        if rank > best.0 {
            best = (rank, language);
        }
    }
    best.1
}

/// One range such as `zh-CN;q=0.8`: its rank in thousandths, and which language it is if it is one of ours.
fn read_range(range: &str) -> Option<(u16, Language)> {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
    let language = Language::of_tag(tag.trim())?;
    let rank = parameters.trim().strip_prefix("q=").and_then(read_rank)?;
    Some((rank, language))
}

/// `1`, `0.8`, `0.123` (RFC 9110, section 12.4.2), in thousandths.
fn read_rank(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1")
        || fraction.len() > 3
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_higher_rank_wins_and_english_is_the_rest() {
        for (text, expected) in [
            ("", Language::English),
            ("fr-FR,de;q=0.9", Language::English),
            ("zh", Language::Chinese),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Language::English),
            ("en;q=0.2, ZH-Hant;q=0.25", Language::Chinese),
            ("en,zh", Language::English),
            ("zh,en", Language::Chinese),
            ("zh;q=0", Language::English),
            ("zh;q=9", Language::English),
            ("zh;quality=1", Language::English),
            (";;,=,zh;q=", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(text).unwrap());
            assert_eq!(preferred_language(&headers), expected, "{text:?}");
        }
        assert_eq!(preferred_language(&HeaderMap::new()), Language::English);
    }
}
