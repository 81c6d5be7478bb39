//! A server on a folder that does not exist yet, and what is there when it comes back.

use std::{os::unix::fs::PermissionsExt, path::Path};

use crate::{
    http,
    program::{Running, Site},
};

const SCOPES: &str = "app_engine:seat_activities:read,app_engine:seat_assignments:read";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn token(site: &Site) -> String {
    let issued = site.usher(&["token", "issue", "--administrator", "--scope", SCOPES]);
    issued.done().trim_end().to_owned()
}

#[test]
fn nothing_needs_to_be_configured() {
    let site = Site::served();
    let server = site.server.as_ref().unwrap();
    let data = http::page(
        server.address(),
        &token(&site),
        "seat_activities",
        "seat_type=per_user&page_size=10",
    );
    assert_eq!(data, serde_json::json!({"items": [], "has_more": false}));
    assert_eq!(http::get(server.address(), "/livez", &[]).status, 200);
    assert_eq!(http::get(server.address(), "/readyz", &[]).status, 200);
}

#[test]
fn the_folder_and_what_is_in_it_are_closed_to_others() {
    let site = Site::served();
    assert_eq!(mode(&site.data()), 0o700);
    for name in ["usher.db", "usher.key", "usher.sock"] {
        assert_eq!(mode(&site.data().join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_stop_is_orderly_and_a_restart_finds_everything() {
    let mut site = Site::served();
    let token = token(&site);
    let key = std::fs::read(site.data().join("usher.key")).unwrap();
    for signal in ["TERM", "INT"] {
        let status = site.server.take().unwrap().stop(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(!site.data().join("usher.sock").exists(), "{signal}");
        let server = Running::serve(&site.data());
        http::page(
            server.address(),
            &token,
            "seat_activities",
            "seat_type=per_user&page_size=10",
        );
        site.server = Some(server);
    }
    assert_eq!(std::fs::read(site.data().join("usher.key")).unwrap(), key);
    assert_eq!(site.usher(&["token", "list"]).done().lines().count(), 1);
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let mut site = Site::served();
    let token = token(&site);
    site.server.take().unwrap().stop("KILL");
    assert!(
        site.data().join("usher.sock").exists(),
        "a killed server cannot tidy up"
    );
    assert_eq!(
        site.usher(&["token", "list"]).done().lines().count(),
        1,
        "a command works on what is left"
    );
    let server = Running::serve(&site.data());
    http::page(
        server.address(),
        &token,
        "seat_activities",
        "seat_type=per_user&page_size=10",
    );
}

#[test]
fn a_folder_with_a_very_long_path_is_served_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder
        .path()
        .join("a-name-of-fifty-letters-and-more-for-a-folder-of-data")
        .join("b".repeat(120));
    let _server = Running::serve(&data);
    let data = data.to_str().unwrap();
    let issued = crate::program::usher(&[
        "token",
        "issue",
        "--administrator",
        "--scope",
        SCOPES,
        "--data",
        data,
    ]);
    assert!(issued.done().starts_with("u-"));
}
