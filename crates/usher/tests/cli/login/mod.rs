//! `usher login`, `usher whoami` and `usher logout`: a real server, and a person with a browser of forms and cookies.
//!
//! - [`person`]: the browser
//! - [`command`]: the command while it waits, and the home folder
//! - [`renewal`]: tokens that are spent, and answers that get lost
//! - [`tls`]: nginx with a certificate in front

mod command;
mod person;
mod renewal;
mod tls;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
};

use command::{Home, Waiting, mode};
use person::Person;

use crate::{
    http,
    program::{Running, Site, command},
};

/// A server with an administrator who has a password, and the home folder of somebody at a terminal.
struct Tale {
    site: Site,
    home: Home,
    person: Person,
    server: String,
}

impl Tale {
    fn begin() -> Self {
        let site = Site::served();
        let address = site.server.as_ref().unwrap().address().to_owned();
        Self {
            person: Person::with_password(&site, &address, "default", "1"),
            home: Home::new(),
            server: format!("http://{address}"),
            site,
        }
    }

    /// Signs in, at the server or where else it is reached.
    fn signed_in(&mut self, server: &str) {
        let waiting = Waiting::begin(&self.home, server, &[]);
        let back = self.person.decides(&waiting.link, "allow");
        assert_eq!(waiting.comes_back(&back).status, 200);
        waiting.ended().done();
    }

    fn address(&self) -> &str {
        self.server.strip_prefix("http://").unwrap()
    }

    /// What the server says to a token.
    fn me(&self, access_token: &str) -> u16 {
        let authorization = format!("Authorization: Bearer {access_token}");
        http::get(self.address(), "/usher/v1/me", &[&authorization]).status
    }
}

#[test]
fn somebody_signs_in_and_is_known() {
    let mut tale = Tale::begin();
    let waiting = Waiting::begin(&tale.home, &tale.server, &[]);
    assert!(
        waiting
            .link
            .starts_with(&format!("{}/open-apis/authen/v1/authorize?", tale.server)),
        "{}",
        waiting.link
    );
    assert_eq!(waiting.parameter("code_challenge_method"), "S256");
    let back = tale.person.decides(&waiting.link, "allow");
    let page = waiting.comes_back(&back);
    assert_eq!(page.status, 200);
    for expected in ["You can close this window", "您可以关闭此窗口"] {
        assert!(page.body.contains(expected), "{page:?}");
    }
    for header in [
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Frame-Options: DENY",
    ] {
        assert!(page.head.contains(header), "{header}: {}", page.head);
    }
    assert!(!page.body.contains("<script") && !page.body.contains("src="));
    let me = waiting.ended().json();
    assert_eq!(
        (&me["user_id"], &me["tenant_key"], &me["server"]),
        (&1.into(), &"default".into(), &tale.server.as_str().into())
    );
    assert_eq!(me["roles"], serde_json::json!(["system_administrator"]));

    let file = tale.home.file(&tale.server);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&tale.home.folder()), 0o700);
    let told = tale.home.usher(&["whoami", "--json"]).json();
    assert_eq!(told, me, "whoami says the same");
    let words = tale.home.usher(&["whoami"]).done();
    for expected in [
        "user 1",
        "tenant default",
        &tale.server,
        "system administrator",
        "app_engine:seat_activities:read",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    let chinese = tale.home.usher(&["whoami", "--language", "zh"]).done();
    assert!(
        chinese.contains("系统管理员") && chinese.contains("令牌有效期至"),
        "{chinese}"
    );
    let secret = tale.home.kept(&tale.server)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!words.contains(&secret) && !told.to_string().contains(&secret));
}

#[test]
fn who_says_no_is_not_signed_in() {
    let mut tale = Tale::begin();
    let waiting = Waiting::begin(&tale.home, &tale.server, &[]);
    let back = tale.person.decides(&waiting.link, "deny");
    assert!(back.contains("error=access_denied"), "{back}");
    let page = waiting.comes_back(&back);
    assert!(page.body.contains("Nothing was allowed") && page.body.contains("未授予任何权限"));
    let ended = waiting.ended();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_eq!(ended.complaint()["next"], "usher login");
    assert!(!tale.home.file(&tale.server).exists());
}

#[test]
fn nobody_is_waited_for_without_end() {
    let tale = Tale::begin();
    let ended = Waiting::begin(&tale.home, &tale.server, &["--wait", "1s"]).ended();
    assert_eq!(ended.code, 1);
    let message = ended.complaint()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("within 1 seconds"), "{message}");
    for wrong in ["0s", "2h", "soon"] {
        let refused = tale
            .home
            .usher(&["login", "--server", &tale.server, "--wait", wrong]);
        assert_eq!(refused.code, 2, "{wrong}");
    }
}

#[test]
fn whoever_else_knocks_at_the_port_changes_nothing() {
    let mut tale = Tale::begin();
    let waiting = Waiting::begin(&tale.home, &tale.server, &[]);
    let (port, state) = (waiting.port(), waiting.parameter("state"));
    // Somebody who connects and says nothing, and somebody who says nonsense.
    let silent = TcpStream::connect(&port).unwrap();
    for nonsense in ["\0\0\0\0", "HELO me\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(&port).unwrap();
        stream.write_all(nonsense.as_bytes()).unwrap();
        // Whatever comes back, if anything.
        let _ = stream.read(&mut [0; 16]);
    }
    for (target, status) in [
        ("/", 404),
        ("/favicon.ico", 404),
        ("/callback", 400),
        ("/callback?code=stolen", 400),
        ("/callback?code=stolen&state=guessed", 400),
        ("/callback?error=access_denied", 400),
        ("/callback?error=access_denied&state=", 400),
        (&format!("/callback?state={state}"), 400),
        (&format!("/callback?code=a&code=b&state={state}"), 400),
    ] {
        assert_eq!(http::get(&port, target, &[]).status, status, "{target}");
    }
    let good = format!("/callback?code=guessed&state={state}");
    assert_eq!(http::post(&port, &good, &[], "").status, 405);
    // A page of the web whose own name points at this machine.
    let mut foreign = TcpStream::connect(&port).unwrap();
    write!(
        foreign,
        "GET {good} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    foreign.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");

    let back = tale.person.decides(&waiting.link, "allow");
    assert_eq!(waiting.comes_back(&back).status, 200);
    waiting.ended().done();
    drop(silent);
}

#[test]
fn a_code_that_is_not_ours_yields_nothing() {
    let tale = Tale::begin();
    let waiting = Waiting::begin(&tale.home, &tale.server, &[]);
    let back = format!(
        "{}?code=guessed&state={}",
        waiting.parameter("redirect_uri"),
        waiting.parameter("state")
    );
    assert_eq!(waiting.comes_back(&back).status, 200);
    let ended = waiting.ended();
    assert_eq!(ended.code, 1);
    assert!(
        ended.complaint()["message"]
            .as_str()
            .unwrap()
            .contains("invalid_grant"),
        "{ended:?}"
    );
    assert!(!tale.home.file(&tale.server).exists());
}

#[test]
fn the_link_is_opened_in_the_browser_of_the_desktop() {
    let mut tale = Tale::begin();
    let folder = tempfile::tempdir().unwrap();
    let (opener, pipe) = (folder.path().join("xdg-open"), folder.path().join("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(
        &opener,
        format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", pipe.display()),
    )
    .unwrap();
    assert!(
        Command::new("chmod")
            .arg("755")
            .arg(&opener)
            .status()
            .unwrap()
            .success()
    );
    let mut login = tale.home.command(&["login", "--json", "--server", &tale.server]);
    login
        .env("DISPLAY", ":0")
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
    let waiting = Waiting::spawn(login);
    let opened = std::fs::read_to_string(&pipe).unwrap();
    assert_eq!(opened, waiting.link);
    let back = tale.person.decides(&opened, "allow");
    waiting.comes_back(&back);
    waiting.ended().done();
}

#[test]
fn who_signs_out_has_no_token_any_more_here_or_there() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    let kept = tale.home.kept(&server);
    let access_token = kept["access_token"].as_str().unwrap();
    assert_eq!(tale.me(access_token), 200);
    let told = tale.home.usher(&["logout", "--json"]).json();
    assert_eq!(told["revoked"], true);
    assert_eq!(tale.me(access_token), 400);
    assert!(!tale.home.file(&server).exists());
    for command in ["whoami", "logout"] {
        let ended = tale.home.usher(&[command, "--json"]);
        assert_eq!(
            (ended.code, &ended.complaint()["next"]),
            (1, &"usher login".into()),
            "{command}"
        );
    }
}

#[test]
fn who_signs_out_of_a_server_that_is_away_is_told_so() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    tale.site.server.take().unwrap().stop("TERM");
    let away = tale.home.usher(&["whoami", "--json"]);
    assert_eq!(away.code, 5, "{away:?}");
    let ended = tale.home.usher(&["logout", "--json"]);
    assert!(ended.stderr.contains("not_revoked"), "{ended:?}");
    assert_eq!(ended.json()["revoked"], false);
    assert!(!tale.home.file(&server).exists());
}

#[test]
fn who_signs_in_again_is_asked_again_and_gives_the_old_tokens_back() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    let first = tale.home.kept(&server)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    // What was allowed before is asked again: any program could have opened the link.
    tale.signed_in(&server);
    let second = tale.home.kept(&server)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!((tale.me(&first), tale.me(&second)), (400, 200));
}

#[test]
fn several_servers_are_told_apart() {
    let (mut one, mut other) = (Tale::begin(), Tale::begin());
    other.home = Home::new();
    let (first, second) = (one.server.clone(), other.server.clone());
    one.signed_in(&first);
    std::mem::swap(&mut one.home, &mut other.home);
    other.signed_in(&second);
    let unclear = other.home.usher(&["whoami", "--json"]);
    assert_eq!(unclear.code, 2, "{unclear:?}");
    for server in [&first, &second] {
        let told = other.home.usher(&["whoami", "--json", "--server", server]).json();
        assert_eq!(told["server"], server.as_str());
        let mut by_variable = other.home.command(&["whoami", "--json"]);
        let told = crate::program::ended(by_variable.env("USHER_SERVER", server)).json();
        assert_eq!(told["server"], server.as_str());
    }
}

#[test]
fn people_of_another_tenant_may_once_it_is_installed_there() {
    let tale = Tale::begin();
    tale.site.usher(&["tenant", "create", "acme"]).done();
    tale.site
        .usher_reading(
            &["apply", "-", "--tenant", "acme"],
            r#"{"change":"user","user_id":7,"name":"Li Lei"}"#,
        )
        .done();
    let mut person = Person::with_password(&tale.site, tale.address(), "acme", "7");
    let waiting = Waiting::begin(&tale.home, &tale.server, &["--wait", "5m"]);
    let page = person.is_stopped(&waiting.link);
    assert!(page.status != 302 && page.body.contains("20009"), "{page:?}");
    tale.site
        .usher(&["client", "install", "cli_usher_login", "--tenant", "acme"])
        .done();
    let back = person.decides(&waiting.link, "allow");
    waiting.comes_back(&back);
    let me = waiting.ended().json();
    assert_eq!((&me["tenant_key"], &me["user_id"]), (&"acme".into(), &7.into()));
    assert_eq!(me["roles"], serde_json::json!([]));
}

#[test]
fn another_client_may_be_named_and_other_scopes_asked() {
    let mut tale = Tale::begin();
    let scope = "usher:management";
    let waiting = Waiting::begin(&tale.home, &tale.server, &["--scope", scope]);
    let back = tale.person.decides(&waiting.link, "allow");
    waiting.comes_back(&back);
    let me = waiting.ended().json();
    assert_eq!(me["scopes"], serde_json::json!([scope]));
    assert_eq!(me["renewable_until_ms"], serde_json::Value::Null);
    for wrong in [["--scope", "everything"], ["--client-id", "nobody"]] {
        let mut arguments = vec!["login", "--server", &tale.server];
        arguments.extend(wrong);
        assert_eq!(tale.home.usher(&arguments).code, 2, "{wrong:?}");
    }
}

#[test]
fn what_is_no_usher_and_what_is_not_safe_is_refused() {
    let home = Home::new();
    for (server, code) in [
        ("http://usher.example.com", 2),
        ("ftp://127.0.0.1", 2),
        ("127.0.0.1:8787", 2),
        ("http://127.0.0.1:1", 5),
    ] {
        let ended = home.usher(&["login", "--json", "--no-browser", "--server", server]);
        assert_eq!(ended.code, code, "{server}: {ended:?}");
    }
    assert!(!home.folder().exists());
}

#[test]
fn a_server_that_is_found_elsewhere_says_where() {
    let site = Site::alone();
    let data = site.data();
    let origin = "https://usher.example.com";
    let server = Running::start(command(&[
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--public-origin",
        "https://Usher.Example.com:443/",
        "--data",
        data.to_str().unwrap(),
    ]));
    assert_eq!(server.announced["found_at"], origin);
    let link = server.announced["first_password_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{origin}/link/")), "{link}");
    let made = site.usher(&["user", "link"]).done();
    assert!(made.starts_with(&format!("{origin}/link/")), "{made}");
    let metadata = http::get(server.address(), "/.well-known/oauth-authorization-server", &[]).json();
    assert_eq!(metadata["issuer"], origin);
    let page = http::get(server.address(), "/sign-in", &[]);
    assert!(
        page.head.contains("__Host-usher_form=") && page.head.contains("Secure"),
        "{}",
        page.head
    );

    let address = format!("http://{}", server.address());
    let ended = Home::new().usher(&["login", "--json", "--no-browser", "--server", &address]);
    assert_eq!(ended.code, 1);
    assert_eq!(
        ended.complaint()["next"],
        format!("usher login --server {origin}")
    );
}
