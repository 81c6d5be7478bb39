//! One tale through the whole program in which every field that may hold a secret holds one that is found again, used
//! rightly and wrongly; and then a look at everything that is left behind.
//!
//! | What is searched | Where it comes from |
//! | --- | --- |
//! | answers | every answer to every request, without the one secret that this answer gives out |
//! | logs | standard error of servers that log at the level `trace`, in both forms |
//! | metrics | `/metrics` |
//! | exports | `usher export`, and every other command that lists or shows |
//! | the operator's view | every `GET` of the OpenAPI document, asked with an operator's token |
//! | files | everything in the data folder, or in the database (`USHER_TEST_STORE=postgres`), with the write-ahead log, while the server runs and after |
//! | process arguments | `/proc/.../cmdline` of the server |
//!
//! Each secret is looked for as it is and as programs write bytes down: base64 and base64url at every alignment,
//! hexadecimal, percent-encoded, as in a form, in JSON, and as a list of numbers; of our own tokens also the bytes that
//! they encode. `vault` says which; a test beside it shows that each would be found.
//!
//! There are no recovery codes: who loses a telephone asks an administrator. What a panic says is told in
//! `crates/usher-http/tests/it/panics.rs`, because nothing here is known to make this program panic.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may stop at the first surprise"
)]

mod look;
mod outside;
mod people;
mod place;
mod programs;
mod vault;
mod world;

use std::time::{SystemTime, UNIX_EPOCH};

use outside::Outside;
use place::Place;
use programs::GATEWAY_SECRET;
use world::World;

/// The time, for a telephone and an identity provider, which live in the same world as the server.
#[expect(
    clippy::disallowed_methods,
    reason = "the server reads the real clock, and so do these"
)]
fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[test]
fn no_secret_is_left_anywhere() {
    let mut place = Place::new();
    let secret_file = place.file("gateway-secret", GATEWAY_SECRET);
    fill(&place);
    let server = place.serve("human", &secret_file);
    let mut world = World::new(server.address());
    world.vault.hide("gateway secret", GATEWAY_SECRET);
    world.vault.hide("store password", place::STORE_PASSWORD);
    world.hears("announcement", &server.announced.to_string());
    let link = server.announced["first_password_link"].as_str().unwrap();
    let link = link[link.find("/link/").unwrap()..].to_owned();
    world.shown("first link", link.strip_prefix("/link/").unwrap());

    let (operator, given) = live(&mut world, &place, &link);
    let mut sights = look::around(&mut world, &place, &server, &operator);
    server.stop();
    break_file(&place);
    let server = place.serve("json", &secret_file);
    world.address = server.address();
    fail(&mut world, &given);
    sights.extend(look::at_files(&mut world, &place));
    server.stop();
    sights.extend(look::at_files(&mut world, &place));
    sights.push(look::at_log(&place));
    sights.extend(look::at_heard(&world));
    let leaks = look::leaks(&world.vault, &sights);
    assert!(leaks.is_empty(), "{leaks:#?}");
    look::assert_able_to_see(&world.vault, &sights);
}

/// People with seats who opened an app, and a route by which a gateway asks for it.
fn fill(place: &Place) {
    let accesses =
        "time_ms,user_id,namespace\n1727199298656,7,crm\n1727199298657,8,crm\n1727199298658,9,crm\n";
    place.usher(&["import", "accesses", "-", "--create-missing"], accesses);
    place.usher(&["app", "update", "crm", "--route", "crm.example.com"], "");
}

/// Uses every field rightly and wrongly; gives the operator's token and every token that clients got.
fn live(world: &mut World, place: &Place, link: &str) -> (String, Vec<String>) {
    let outside = Outside::open(now_seconds());
    people::choose_password(world, link, people::PASSWORD);
    assert_eq!(people::sign_in(world, "1", people::PASSWORD).status, 303);
    people::second_factor(world, now_seconds());
    let (operator, service) = programs::command_line_tokens(world, place);
    let (own, store, ann_link) = programs::manage(world, &operator, &outside);
    programs::show_strays(world, &own.id);
    let mut given = programs::tokens(world, &own);
    programs::managed_pages(world, &operator);
    programs::store(world, &store, &outside);
    programs::gateway(world);
    programs::report(world, &service);
    people::provider(world, place, &outside, &ann_link);
    given.push(service);
    (operator, given)
}

/// Writes nonsense beside every secret in what is kept, so that whoever reads it has something to complain about.
fn break_file(place: &Place) {
    place.vandalize(
        "UPDATE tokens SET client_id = '' WHERE client_id IS NOT NULL;
         UPDATE refresh_tokens SET client_id = '';
         UPDATE credentials SET totp_sealed = NONSENSE WHERE totp_sealed IS NOT NULL;
         UPDATE identity_providers SET client_secret_sealed = NONSENSE;",
    );
}

/// Everything that reads the nonsense is our fault now, and says so in the log.
fn fail(world: &mut World, given: &[String]) {
    let mut failures = 0;
    for token in given {
        let target = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=1";
        let answer = world.get(target, &[world::bearer(token)]);
        failures += usize::from(answer.status == 500);
    }
    assert!(failures > 0, "nothing failed");
    world.cookies.clear();
    assert_eq!(people::sign_in(world, "1", people::PASSWORD).status, 200);
    let page = world.get("/sign-in/provider/start?organisation=default", &[]);
    assert_eq!(page.status, 302, "{page:?}");
}

#[test]
fn a_secret_that_is_left_somewhere_is_found() {
    let mut vault = vault::Vault::default();
    vault.hide("token", "u--_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
    vault.hide("password", people::PASSWORD);
    let clean = look::Sight::new("log", b"u- and a wild lantern".to_vec(), false);
    assert_eq!(look::leaks(&vault, std::slice::from_ref(&clean)), [""; 0]);
    look::assert_able_to_see(&vault, &[clean]);
    for left in [
        "wild%20%2Bplum%2F%208%20%26%20lantern%25%3Dtrousers",
        "password=wild+%2Bplum%2F+8+%26+lantern%25%3Dtrousers&again=",
        "Basic Y2xpX3g6d2lsZCArcGx1bS8gOCAmIGxhbnRlcm4lPXRyb3VzZXJz",
        "token --_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s",
    ] {
        let sight = look::Sight::new("log", format!("before {left} after").into_bytes(), false);
        assert!(!look::leaks(&vault, &[sight]).is_empty(), "{left}");
    }
}
