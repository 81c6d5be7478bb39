//! The first administrator's password: the link a server prints, and the command that makes another.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::{
    http,
    program::{Running, Site, both_ways, command},
};

const PASSWORD: &str = "four+unrelated+words+here";

/// The part of a link after the address.
fn path(link: &str) -> &str {
    let begin = link.find("/link/").unwrap();
    link.get(begin..).unwrap().trim()
}

/// Chooses the password with a link as a browser would; gives the status of the answer.
fn choose(address: &str, path: &str) -> u16 {
    let page = http::get(address, path, &[]);
    assert_eq!(page.status, 200, "{page:?}");
    let cookie = page
        .head
        .split("Set-Cookie: ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let form = format!("form_token={token}&password={PASSWORD}&again={PASSWORD}");
    let headers = [
        &format!("Cookie: {cookie}"),
        "Content-Type: application/x-www-form-urlencoded",
    ];
    http::post(address, path, &headers, &form).status
}

#[test]
fn a_server_prints_a_link_as_long_as_nobody_has_a_password() {
    let site = Site::alone();
    let first = Running::serve(&site.data());
    let link = first.announced["first_password_link"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        link.starts_with(&format!("http://{}/link/", first.address())),
        "{link}"
    );
    first.stop("TERM");

    let second = Running::serve(&site.data());
    let other = second.announced["first_password_link"].as_str().unwrap();
    assert_ne!(other, link, "each start makes its own");
    assert_eq!(choose(second.address(), path(other)), 303);
    assert_eq!(
        http::get(second.address(), path(other), &[]).status,
        404,
        "it works once"
    );
    second.stop("TERM");

    let third = Running::serve(&site.data());
    assert_eq!(third.announced["first_password_link"], Value::Null);
}

#[test]
fn the_log_knows_neither_link_nor_password() {
    let site = Site::alone();
    let log = site.beside("log");
    let data = site.data();
    let mut child = command(&[
        "serve",
        "--json",
        "--log-level",
        "trace",
        "--listen",
        "127.0.0.1:0",
    ])
    .args(["--data", data.to_str().unwrap()])
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(File::create(&log).unwrap())
    .spawn()
    .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let announced: Value = serde_json::from_str(&line).unwrap();
    let link = announced["first_password_link"].as_str().unwrap();
    let address = announced["listening"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    assert_eq!(choose(address, path(link)), 303);
    child.kill().unwrap();
    child.wait().unwrap();
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("/link/{secret}"), "the route is logged: {logged}");
    let secret = path(link).strip_prefix("/link/").unwrap();
    for secret in [secret, PASSWORD, "four unrelated words here"] {
        assert!(!logged.contains(secret), "{secret}");
    }
}

#[test]
fn the_command_makes_another_link_with_a_server_or_without() {
    let kept = both_ways(|site| {
        let made = site.usher(&["user", "link"]);
        assert!(made.stderr.contains("works once"), "{made:?}");
        let link = made.done();
        let site_has_server = site.server.is_some();
        let address = match &site.server {
            Some(server) => server.address().to_owned(),
            None => "127.0.0.1:8787".to_owned(),
        };
        assert!(link.starts_with(&format!("http://{address}/link/")), "{link}");
        if !site_has_server {
            return path(&link).len();
        }
        assert_eq!(choose(&address, path(&link)), 303);
        path(&link).len()
    });
    assert_eq!(kept, "/link/".len() + 43);
}

#[test]
fn a_link_is_for_somebody_who_is_there() {
    let site = Site::alone();
    site.usher_reading(
        &["apply", "-"],
        r#"{"change":"user","user_id":7,"name":"Li Lei","external_id":"lilei"}"#,
    )
    .done();
    for login in ["7", "lilei"] {
        let made = site.usher(&["user", "link", login, "--json"]).json();
        assert_eq!(made["user_id"], 7, "{made}");
    }
    let refused = site.usher(&["user", "link", "nobody", "--json"]);
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.complaint()["message"],
        "tenant \"default\" has no user \"nobody\""
    );
    let refused = site.usher(&["user", "link", "--tenant", "nowhere", "--json"]);
    assert_eq!(refused.code, 1);
}
