//! Flags over environment over file over defaults.

use serde_json::Value;

use crate::program::{Site, command, ended};

fn shown(site: &Site, variables: &[(&str, &str)], flags: &[&str]) -> Vec<Value> {
    let data = site.data();
    let mut arguments = vec!["config", "show", "--json", "--data", data.to_str().unwrap()];
    arguments.extend(flags);
    let mut command = command(&arguments);
    command.envs(variables.iter().copied());
    ended(&mut command).json()["settings"].as_array().unwrap().clone()
}

fn setting(settings: &[Value], name: &str) -> (Value, Value, Value) {
    let setting = settings.iter().find(|setting| setting["name"] == name).unwrap();
    (
        setting["value"].clone(),
        setting["origin"].clone(),
        setting["place"].clone(),
    )
}

#[test]
fn config_show_says_where_each_value_came_from() {
    let site = Site::alone();
    std::fs::create_dir(site.data()).unwrap();
    let file = site.data().join("usher.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\nlog_level = \"debug\"\nlog_format = \"json\"\n",
    )
    .unwrap();
    let variables = [("USHER_LISTEN", "127.0.0.1:2"), ("USHER_LOG_LEVEL", "warn")];
    let settings = shown(&site, &variables, &["--listen", "127.0.0.1:3"]);
    assert_eq!(
        setting(&settings, "listen"),
        ("127.0.0.1:3".into(), "flag".into(), "--listen".into())
    );
    assert_eq!(
        setting(&settings, "log_level"),
        ("warn".into(), "environment".into(), "USHER_LOG_LEVEL".into())
    );
    let place = file.to_str().unwrap().into();
    assert_eq!(
        setting(&settings, "log_format"),
        ("json".into(), "file".into(), place)
    );
    assert_eq!(
        setting(&settings, "user_header"),
        ("X-Forwarded-User".into(), "default".into(), Value::Null)
    );
}

#[test]
fn a_secret_is_never_shown() {
    let site = Site::alone();
    let data = site.data();
    for more in [&[][..], &["--json"]] {
        let mut arguments = vec!["config", "show", "--data", data.to_str().unwrap()];
        arguments.extend(more);
        let mut command = command(&arguments);
        command.env("USHER_GATEWAY_SECRET", "correct-horse-battery-staple");
        let text = ended(&mut command).done();
        assert!(!text.contains("horse"), "{text}");
        assert!(text.contains("(set)") || text.contains("\"set\":true"), "{text}");
    }
}

#[test]
fn another_file_may_be_named() {
    let site = Site::alone();
    let file = site.file("other.toml", "listen = \"127.0.0.1:4\"\n");
    let settings = shown(&site, &[], &["--config", &file]);
    assert_eq!(setting(&settings, "listen").0, "127.0.0.1:4");
    let settings = shown(&site, &[("USHER_CONFIG", &file)], &[]);
    assert_eq!(setting(&settings, "listen").0, "127.0.0.1:4");
    let missing = site.usher(&["config", "show", "--config", &site.beside("missing.toml")]);
    assert_eq!(missing.code, 2);
}

#[test]
fn a_server_starts_with_what_config_show_showed() {
    let site = Site::alone();
    let file = site.file(
        "usher.toml",
        "listen = \"127.0.0.1:0\"\nuser_header = \"X-Person\"\n",
    );
    let data = site.data();
    let server = crate::program::Running::start(command(&[
        "serve",
        "--json",
        "--config",
        &file,
        "--data",
        data.to_str().unwrap(),
    ]));
    let headers = [
        "X-Forwarded-Host: nobody.example",
        "X-Forwarded-Uri: /",
        "X-Person: 7",
    ];
    let answer = crate::http::get(server.address(), "/usher/v1/forward-auth", &headers);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(!answer.head.contains("user_missing"), "{answer:?}");
}

#[test]
fn a_file_with_a_misspelt_setting_is_refused() {
    let site = Site::alone();
    let file = site.file("usher.toml", "lisen = \"127.0.0.1:0\"\n");
    let refused = site.usher(&["serve", "--config", &file]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("no setting is called `lisen`"),
        "{}",
        refused.stderr
    );
    assert!(!site.data().exists());
}
