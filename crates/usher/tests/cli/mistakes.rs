//! Command lines that are wrong, and the numbers with which commands end.

use crate::program::{Site, usher};

#[test]
fn a_wrong_command_line_is_a_usage_mistake() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["serve", "--frobnicate"],
        &["serve", "--listen"],
        &["import"],
        &["import", "accesses"],
        &["export", "activities"],
        &["export", "activities", "--format", "xml"],
        &["completions", "cobol"],
        &["serve", "--listen", "nowhere", "--data", "/nowhere/at/all"],
        &["serve", "--log-level", "loud", "--data", "/nowhere/at/all"],
        &["import", "accesses", "x.csv", "--seat-type", "per_user"],
        &[
            "import",
            "accesses",
            "x.csv",
            "--create-missing",
            "--seat-type",
            "golden",
        ],
        &["--language", "fr", "serve"],
    ] {
        let ended = usher(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_a_failure() {
    let site = Site::alone();
    for arguments in [
        &["import", "accesses", "/nowhere/x.csv"][..],
        &["apply", "/nowhere/x.jsonl"],
        &["apply", "/"],
    ] {
        let ended = site.usher(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}");
        assert!(ended.stderr.contains("cannot read /"), "{}", ended.stderr);
    }
    assert!(!site.data().exists());
}

#[test]
fn help_and_version_are_answers() {
    assert_eq!(
        usher(&["--version"]).done(),
        format!("usher {}\n", env!("CARGO_PKG_VERSION"))
    );
    for arguments in [&["--help"][..], &["serve", "--help"], &["token", "issue", "-h"]] {
        let help = usher(arguments).done();
        assert!(
            help.contains("Usage: usher") && help.contains("Examples:"),
            "{help}"
        );
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(
            usher(&["completions", shell]).done().contains("create-missing"),
            "{shell}"
        );
    }
}
