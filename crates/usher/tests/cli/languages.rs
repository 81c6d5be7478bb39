//! English and Chinese.

use crate::program::{Site, command, ended, usher};

fn has_chinese(text: &str) -> bool {
    text.chars()
        .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

#[test]
fn the_locale_the_variable_and_the_flag_choose() {
    let help = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = command(arguments);
        command.envs(variables.iter().copied());
        ended(&mut command).done()
    };
    let chinese = ("LANG", "zh_CN.UTF-8");
    assert!(!has_chinese(&help(&[], &["--help"])));
    assert!(has_chinese(&help(&[chinese], &["--help"])));
    assert!(!has_chinese(&help(
        &[chinese, ("LC_ALL", "C.UTF-8")],
        &["--help"]
    )));
    assert!(!has_chinese(&help(
        &[chinese, ("USHER_LANGUAGE", "en")],
        &["--help"]
    )));
    assert!(has_chinese(&help(
        &[("USHER_LANGUAGE", "zh")],
        &["serve", "--help"]
    )));
    assert!(!has_chinese(&help(
        &[chinese],
        &["serve", "--help", "--language", "en"]
    )));
}

#[test]
fn a_whole_day_in_chinese() {
    let site = Site::served();
    let say = |arguments: &[&str]| {
        let mut all = vec!["--language", "zh"];
        all.extend(arguments);
        site.usher(&all)
    };
    let file = site.file("accesses.csv", "time_ms,user_id,namespace\n1000,7,crm\nx\n");
    let import = say(&["import", "accesses", &file, "--create-missing"]);
    assert!(
        import.stdout.contains("读取 2 行，获准 1 行"),
        "{}",
        import.stdout
    );
    assert!(
        import.stderr.contains("第 3 行：该行有 1 列，应为 3 列"),
        "{}",
        import.stderr
    );
    let export = say(&["export", "activities", "--format", "csv"]);
    assert!(export.stderr.contains("1 行，截至"), "{}", export.stderr);
    assert!(export.stdout.starts_with("seat_type,"), "data has no language");
    let token = say(&[
        "token",
        "issue",
        "--user",
        "88",
        "--scope",
        "app_engine:seat_activities:read",
    ]);
    assert!(
        token.stderr.contains("错误：租户“default”没有用户 88"),
        "{}",
        token.stderr
    );
    assert!(token.stderr.contains("下一步：echo"), "{}", token.stderr);
    let mistake = say(&["export", "activities", "--format", "xml"]);
    assert!(
        mistake.stderr.contains("--format 应为 csv 或 jsonl"),
        "{}",
        mistake.stderr
    );
}

#[test]
fn no_colour_reaches_a_pipe() {
    for arguments in [
        &["serve", "--frobnicate"][..],
        &["--help"],
        &["token", "list", "--data", "/nowhere"],
    ] {
        let ended = usher(arguments);
        assert!(
            !ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'),
            "{arguments:?}"
        );
    }
}
