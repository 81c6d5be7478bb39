//! A ledger in a real PostgreSQL: shared by servers and commands, with its key, and with a password that nobody sees.

use std::{os::unix::fs::PermissionsExt, process::Command};

use usher_testbed::postgres::{Database, Server};

use crate::{
    http::page,
    program::{Ended, Running, Site, command, ended},
};

/// Is shown nowhere.
const PASSWORD: &str = "swordfish-4711";
/// Both lists.
const SCOPES: &str = "app_engine:seat_activities:read,app_engine:seat_assignments:read";

/// A command on a database, in an empty environment.
fn on(address: &str, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("USHER_STORE", address);
    command
}

fn run(address: &str, arguments: &[&str]) -> Ended {
    ended(&mut on(address, arguments))
}

fn serve(address: &str) -> Running {
    Running::start(on(address, &["serve", "--json", "--listen", "127.0.0.1:0"]))
}

#[test]
fn servers_and_commands_share_a_ledger_and_its_key() {
    let database = Database::empty();
    let site = Site::alone();
    let lines: Vec<String> = (1..=5)
        .map(|user| format!("17000000000{user:02},{user},crm"))
        .collect();
    let file = site.file(
        "accesses.csv",
        &format!("time_ms,user_id,namespace\n{}\n", lines.join("\n")),
    );
    let (one, other) = (serve(&database.address()), serve(&database.address()));
    assert!(one.announced["data"].is_null() && one.announced["store"].is_string());
    run(
        &database.address(),
        &["import", "accesses", &file, "--create-missing"],
    )
    .done();
    let issue = ["token", "issue", "--administrator", "--scope", SCOPES];
    let token = run(&database.address(), &issue).done().trim().to_owned();
    let first = "seat_type=per_user&page_size=2";
    let begun = page(one.address(), &token, "seat_activities", first);
    let page_token = begun["page_token"].as_str().unwrap();
    let next = page(
        other.address(),
        &token,
        "seat_activities",
        &format!("{first}&page_token={page_token}"),
    );
    assert_eq!(
        next["items"][0]["user_id"], 3,
        "what one seals the other opens: {next}"
    );
    let clients = run(&database.address(), &["client", "list", "--json"]).done();
    assert_eq!(clients.matches("Usher command line").count(), 1, "{clients}");
    let export = ["export", "activities", "--format", "csv"];
    assert_eq!(run(&database.address(), &export).done().lines().count(), 6);
    assert!(one.stop("TERM").success() && other.stop("TERM").success());
}

#[test]
fn servers_that_start_together_on_an_empty_database_make_it_once() {
    let database = Database::empty();
    let commands: Vec<_> = (0..6)
        .map(|_| {
            let address = database.address();
            std::thread::spawn(move || run(&address, &["user", "list", "--json"]).done())
        })
        .collect();
    for command in commands {
        command.join().unwrap();
    }
    let clients = run(&database.address(), &["client", "list", "--json"]).done();
    assert_eq!(clients.matches("Usher command line").count(), 1, "{clients}");
}

#[test]
fn a_key_in_a_file_belongs_to_its_ledger_and_leaves_the_database() {
    let (database, site) = (Database::empty(), Site::alone());
    let address = database.address();
    let key = |name: &str, letter: &str| {
        let path = site.file(name, &letter.repeat(32));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let (ours, theirs) = (key("ours", "a"), key("theirs", "b"));
    let with = |path: &str| ended(on(&address, &["token", "list"]).env("USHER_KEY_FILE", path));
    with(&ours).done();
    let without = run(&address, &["token", "list"]);
    assert!(
        without.code != 0 && without.stderr.contains("--key-file"),
        "{without:?}"
    );
    let other = with(&theirs);
    assert!(
        other.code != 0 && other.stderr.contains("another key"),
        "{other:?}"
    );
    std::fs::set_permissions(&ours, PermissionsExt::from_mode(0o644)).unwrap();
    let open = with(&ours);
    assert!(
        open.code == 2 && open.stderr.contains("chmod 600"),
        "a key that others may read: {open:?}"
    );
    let beside = ended(command(&["token", "list"]).env("USHER_KEY_FILE", &theirs));
    assert_eq!(beside.code, 2, "a file has its key beside it: {beside:?}");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do_and_without_the_password() {
    let port = Server::shared().port();
    let address = |rest: &str| format!("postgres://postgres:{PASSWORD}@127.0.0.1:{rest}");
    for (address, english, chinese) in [
        (address("1/usher"), "start PostgreSQL", "请启动 PostgreSQL"),
        (address(&format!("{port}/not_there")), "make it first", "请先创建"),
        (
            address(&format!("{port}/postgres?sslmode=require")),
            "offers no TLS",
            "不提供 TLS",
        ),
        (
            address(&format!("{port}/postgres?sslcert=x")),
            "sslcert",
            "sslcert",
        ),
        (
            address(&format!(
                "{port}/postgres?sslmode=verify-full&sslrootcert=/nowhere"
            )),
            "/nowhere",
            "/nowhere",
        ),
        (
            format!("postgres://stranger:{PASSWORD}@127.0.0.1:{port}/postgres"),
            "does not let Usher in",
            "拒绝 Usher 登录",
        ),
        (
            format!("postgres://postgres:{PASSWORD}@x@127.0.0.1:{port}/postgres"),
            "%40",
            "%40",
        ),
    ] {
        for (language, part) in [("en", english), ("zh", chinese)] {
            let refused = run(&address, &["--language", language, "token", "list"]);
            let said = format!("{}{}", refused.stdout, refused.stderr);
            assert!(refused.code != 0 && said.contains(part), "{part}: {refused:?}");
            assert!(!said.contains(PASSWORD), "{said}");
        }
        let settings = run(&address, &["config", "show"]).done();
        assert!(
            !settings.contains(PASSWORD) && settings.contains("***"),
            "{settings}"
        );
    }
    let flag = command(&["token", "list", "--store", &address("1/usher")]);
    let refused = ended(&mut { flag });
    assert!(
        refused.code == 2 && refused.stderr.contains("USHER_STORE_PASSWORD"),
        "{refused:?}"
    );
}

#[test]
fn a_file_may_be_named_like_a_database() {
    let site = Site::alone();
    let store = format!("sqlite:{}", site.beside("elsewhere/ledger.db"));
    ended(&mut command(&["user", "list", "--store", &store])).done();
    for name in ["ledger.db", "usher.key", "usher.lock"] {
        let path = format!("{}/{name}", site.beside("elsewhere"));
        assert!(std::path::Path::new(&path).is_file(), "{path}");
    }
}
