//! The parser's complaints in the reader's language.
//!
//! The parser builds its complaints in English only, but it also tells their parts. From the parts the Chinese text
//! is made here; the English one is the parser's own.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{failure::Failure, language::Words};

/// Turns a complaint of the parser into a failure.
pub(crate) fn explained(error: &clap::Error) -> Failure {
    let english = error.render().to_string();
    let english = english
        .trim_end()
        .strip_prefix("error: ")
        .unwrap_or(&english)
        .trim_end()
        .to_owned();
    let mut chinese = chinese_sentence(error);
    if let Some(usage) = part(error, ContextKind::Usage) {
        let usage = usage.trim_start_matches("Usage:").trim();
        chinese.push_str(&format!("\n\n用法：{usage}"));
    }
    chinese.push_str("\n\n更多信息请使用 --help。");
    Failure::usage(Words::new(english, chinese))
}

fn chinese_sentence(error: &clap::Error) -> String {
    let argument = part(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = part(error, ContextKind::InvalidValue).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => format!("无法识别的参数“{argument}”。"),
        ErrorKind::InvalidSubcommand => {
            let command = part(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("没有名为“{command}”的命令。")
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "缺少命令。".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("缺少必填参数：{argument}。"),
        ErrorKind::ArgumentConflict => {
            let prior = part(error, ContextKind::PriorArg).unwrap_or_default();
            format!("参数“{argument}”不能与“{prior}”同时使用。")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("参数“{argument}”缺少值。"),
        ErrorKind::InvalidValue => {
            let allowed = part(error, ContextKind::ValidValue).unwrap_or_default();
            format!("参数“{argument}”的值“{value}”无效，可选值：{allowed}。")
        }
        _ if value.is_empty() => format!("命令行有误：{argument}。"),
        _ => format!("参数“{argument}”的值“{value}”无效。"),
    }
}

fn part(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join("、")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arguments::localize, language::Language};

    fn complaint(words: &[&str], language: Language) -> String {
        let error = localize::parser(language)
            .try_get_matches_from(words)
            .unwrap_err();
        explained(&error).words.text(language).to_owned()
    }

    #[test]
    fn mistakes_are_explained_in_chinese() {
        for (words, expected) in [
            (
                &["usher", "serve", "--frobnicate"][..],
                "无法识别的参数“--frobnicate”",
            ),
            (&["usher", "sevre"], "没有名为“sevre”的命令"),
            (&["usher", "token", "issue"], "缺少必填参数"),
            (&["usher", "import", "accesses"], "缺少必填参数：<FILE>"),
            (
                &["usher", "completions", "cobol"],
                "的值“cobol”无效，可选值：bash",
            ),
            (&["usher", "serve", "--data"], "缺少值"),
            (
                &["usher", "token", "issue", "--administrator", "--service"],
                "不能与",
            ),
        ] {
            let text = complaint(words, Language::Chinese);
            assert!(text.contains(expected), "{words:?}:\n{text}");
            assert!(!text.contains("Usage"), "{words:?}:\n{text}");
        }
    }

    #[test]
    fn mistakes_are_explained_in_english() {
        let text = complaint(&["usher", "serve", "--frobnicate"], Language::English);
        assert!(
            text.starts_with("unexpected argument '--frobnicate' found"),
            "{text}"
        );
    }
}
