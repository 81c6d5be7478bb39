//! Puts the language of the reader and the examples onto the parser.

use clap::{Arg, Command, CommandFactory};

use super::{Arguments, texts};
use crate::language::Language;

/// The parser with its help in one language.
pub(crate) fn parser(language: Language) -> Command {
    localized(Arguments::command(), "", language)
}

fn localized(command: Command, path: &str, language: Language) -> Command {
    let command = with_examples(command, path, language);
    let command = match language {
        Language::English => command,
        Language::Chinese => in_chinese(command, path),
    };
    command.mut_subcommands(|subcommand| {
        let path = format!("{path} {}", subcommand.get_name());
        localized(subcommand, path.trim_start(), language)
    })
}

fn with_examples(command: Command, path: &str, language: Language) -> Command {
    let Some(texts) = texts::command(path) else {
        return command;
    };
    let mut section = match language {
        Language::English => "Examples:".to_owned(),
        Language::Chinese => "示例：".to_owned(),
    };
    for example in texts.examples {
        section.push_str("\n  ");
        section.push_str(example);
    }
    command.after_help(section)
}

fn in_chinese(command: Command, path: &str) -> Command {
    let about = texts::command(path).map_or("", |texts| texts.chinese);
    command
        .about(about)
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
        .mut_args(|argument| argument_in_chinese(argument, path))
}

fn argument_in_chinese(argument: Arg, path: &str) -> Arg {
    let heading = if argument.is_positional() {
        "参数"
    } else {
        "选项"
    };
    let mut help = texts::argument(path, argument.get_id().as_str())
        .unwrap_or_default()
        .to_owned();
    let possible: Vec<_> = argument
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    let takes_values = argument.get_action().takes_values();
    if takes_values && !possible.is_empty() {
        help.push_str(&format!(" [可选值：{}]", possible.join("、")));
    }
    let argument = argument.help(help).help_heading(heading);
    if takes_values {
        argument.hide_possible_values(true)
    } else {
        argument
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks every command below `usher`, with its path.
    fn each(command: &Command, path: &str, visit: &mut impl FnMut(&Command, &str)) {
        visit(command, path);
        for subcommand in command.get_subcommands() {
            let path = format!("{path} {}", subcommand.get_name());
            each(subcommand, path.trim_start(), visit);
        }
    }

    fn has_chinese(text: &str) -> bool {
        text.chars()
            .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
    }

    #[test]
    fn every_command_and_argument_speaks_both_languages() {
        for language in Language::ALL {
            let mut parser = parser(language);
            parser.build();
            each(&parser, "", &mut |command, path| {
                let chinese = language == Language::Chinese;
                let about = command.get_about().map(ToString::to_string).unwrap_or_default();
                assert!(!about.is_empty(), "{path:?} says nothing of itself");
                assert_eq!(has_chinese(&about), chinese, "{path:?}: {about}");
                for argument in command.get_arguments() {
                    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                    let id = argument.get_id();
                    assert!(!help.is_empty(), "{path:?} {id} says nothing of itself");
                    assert_eq!(has_chinese(&help), chinese, "{path:?} {id}: {help}");
                }
            });
        }
    }

    #[test]
    fn every_command_has_examples_that_parse() {
        let mut paths = Vec::new();
        each(&parser(Language::English), "", &mut |_, path| {
            paths.push(path.to_owned());
        });
        for path in paths {
            let texts = texts::command(&path).unwrap_or_else(|| panic!("no texts for {path:?}"));
            assert!(!texts.examples.is_empty(), "{path:?} has no example");
            for example in texts.examples.iter().filter(|example| !example.contains("echo")) {
                let words: Vec<_> = example
                    .split_whitespace()
                    .skip_while(|word| *word != "usher")
                    .take_while(|word| !matches!(*word, ">" | "<"))
                    .collect();
                let parsed = parser(Language::English).try_get_matches_from(&words);
                assert!(
                    parsed
                        .as_ref()
                        .map_or_else(|error| error.exit_code() == 0, |_| true),
                    "{example}: {parsed:?}"
                );
            }
        }
    }

    #[test]
    fn the_manual_has_every_command() {
        for manual in [
            include_str!("../../../../docs/commands.md"),
            include_str!("../../../../docs/commands.zh-CN.md"),
        ] {
            let mut parser = parser(Language::English);
            parser.build();
            each(&parser, "", &mut |command, path| {
                let known =
                    command.get_subcommands().count() > 0 || manual.contains(&format!("usher {path}"));
                assert!(known, "{path}");
            });
        }
    }

    #[test]
    fn no_text_is_left_over() {
        let mut paths = Vec::new();
        let mut keys = Vec::new();
        let mut parser = parser(Language::English);
        parser.build();
        each(&parser, "", &mut |command, path| {
            paths.push(path.to_owned());
            for argument in command.get_arguments() {
                keys.push(argument.get_id().to_string());
                keys.push(format!("{path}/{}", argument.get_id()));
            }
        });
        for texts in texts::commands() {
            assert!(paths.iter().any(|path| path == texts.path), "{}", texts.path);
        }
        for (key, _) in texts::arguments() {
            assert!(keys.iter().any(|known| known == key), "{key}");
        }
    }

    #[test]
    fn the_chinese_help_has_chinese_headings_only() {
        let asked = parser(Language::Chinese).try_get_matches_from(["usher", "completions", "--help"]);
        let help = asked.unwrap_err().to_string();
        for heading in ["用法：", "参数:", "选项:", "示例：", "可选值："] {
            assert!(help.contains(heading), "{heading} is missing in:\n{help}");
        }
        for heading in ["Usage:", "Options:", "Arguments:", "possible values"] {
            assert!(!help.contains(heading), "{heading} is left in:\n{help}");
        }
    }
}
