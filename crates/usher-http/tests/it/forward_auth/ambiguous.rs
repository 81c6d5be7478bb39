//! Requests that can be read in two ways, or in none.

use super::{ANNA, GATEWAY, PATH, assert_denied, nameless, open, question};
use crate::support::Ask;

#[tokio::test]
async fn aliases_duplicates_and_lists_are_ambiguous() {
    let house = open().await;
    for (name, value) in [
        ("x_forwarded_host", "crm.example.com"),
        ("x-forwarded_host", "crm.example.com"),
        ("x.forwarded.host", "crm.example.com"),
        ("x_forwarded_uri", "/"),
        ("x.forwarded.uri", "/"),
        ("x_forwarded_user", "2"),
        ("x-forwarded.user", "2"),
        ("x_forwarded_proto", "https"),
        ("x_forwarded_method", "GET"),
        ("x_forwarded_for", "127.0.0.1"),
        ("x_usher_gateway_secret", "s"),
        ("x-forwarded-host", "crm.example.com"),
        ("x-forwarded-uri", "/deals"),
        ("x-forwarded-user", "2"),
        ("x-forwarded-user", "1803710089388154"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-method", "POST"),
        ("x-forwarded-for", "192.0.2.1"),
    ] {
        let ask = question("crm.example.com", "/deals", ANNA).header(name, value);
        assert_denied(&house, name, ask, 403, "request_ambiguous").await;
    }
    for user in [
        "1803710089388154,2",
        "1803710089388154, 2",
        "1803710089388154 2",
        "1803710089388154;2",
    ] {
        let ask = nameless("crm.example.com", "/").header("x-forwarded-user", user);
        assert_denied(&house, user, ask, 403, "request_ambiguous").await;
    }
    let bytes = nameless("crm.example.com", "/").header("x-forwarded-user", b"\xff1".to_vec());
    assert_denied(&house, "no text", bytes, 403, "request_ambiguous").await;
}

#[tokio::test]
async fn a_host_that_can_be_read_in_two_ways_is_ambiguous() {
    let house = open().await;
    let long = format!("{}.example.com", "a".repeat(250));
    for host in [
        "",
        "crm.example.com, apps.example.com",
        "crm.example.com,",
        "anna@crm.example.com",
        "crm.example.com/",
        "crm.example.com\\",
        "crm.example.com?x",
        "crm.example.com#x",
        "crm.example.com:x",
        "crm.example.com:99999",
        "crm.example.com:",
        "crm.example.com..",
        ".crm.example.com",
        "crm..example.com",
        "crm.example.com%00",
        "crm example.com",
        "http://crm.example.com",
        "127.1",
        "0x7f.0.0.1",
        "[::1",
        "席.example.com",
        &long,
    ] {
        assert_denied(&house, host, question(host, "/", ANNA), 403, "request_ambiguous").await;
    }
    let none = Ask::get(PATH)
        .from(GATEWAY)
        .header("x-forwarded-user", ANNA.to_string());
    assert_denied(&house, "none", none, 403, "request_ambiguous").await;
}

#[tokio::test]
async fn a_path_that_can_be_read_in_two_ways_is_ambiguous_where_apps_share_a_host() {
    let house = open().await;
    for uri in [
        "/hr/../docs",
        "/docs/..",
        "/docs/%2e%2e/hr",
        "/docs/.%2E/hr",
        "/docs/%252e%252e/hr",
        "/docs/..;/hr",
        "/docs/..%2fhr",
        "/docs/..%5chr",
        "/docs\\..\\hr",
        "/./hr",
        "//hr",
        "/hr//admin",
        "/hr%2fadmin",
        "/hr%2Fadmin",
        "/hr%5cadmin",
        "/hr\\admin",
        "/hr;x/admin",
        "/hr/admin;x",
        "/hr/%2561dmin",
        "/hr/Admin",
        "/HR",
        "/%c0%ae%c0%ae/hr",
        "/%ff",
    ] {
        assert_denied(
            &house,
            uri,
            question("apps.example.com", uri, ANNA),
            403,
            "request_ambiguous",
        )
        .await;
    }
    let pathless = Ask::get(PATH)
        .from(GATEWAY)
        .header("x-forwarded-host", "apps.example.com")
        .header("x-forwarded-user", ANNA.to_string());
    assert_denied(&house, "no path", pathless, 403, "request_ambiguous").await;
}

#[tokio::test]
async fn what_is_no_path_is_denied_on_every_host() {
    let house = open().await;
    let long = format!("/{}", "a".repeat(8 * 1024));
    for host in ["crm.example.com", "apps.example.com"] {
        for uri in [
            "hr",
            "*",
            "?",
            "http://crm.example.com/",
            "/%00",
            "/%0a",
            "/%7f",
            "/%",
            "/%zz",
            "/%u002e",
            "/a#b",
            "/a b",
            "/席",
            &long,
        ] {
            assert_denied(&house, uri, question(host, uri, ANNA), 403, "request_ambiguous").await;
        }
    }
}
