//! The console: who may open it, what a form must show, and what people do there.

mod hostile;
mod importing;
mod keeping;
mod listing;
mod managing;
mod operators;

use axum::http::StatusCode;
use usher_seats::{GroupKey, SeatType, TenantId};
use usher_store::{App, AppRoute, AuditQuery, Change, LedgerChange, PoolName, SeatName, User};

use crate::{
    sign_in_support::{Browser, Form, PASSWORD, unescaped},
    support::{ADMINISTRATOR, Answer, Ask, House, namespace, user_id},
};

/// A hundred days, in milliseconds.
const HUNDRED_DAYS_MS: i64 = 100 * 24 * 60 * 60 * 1_000;
/// Everything that somebody may have stored to do harm.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}exe.txt =cmd|' /C calc'!A0";

/// Every page that has an address of its own, with things of [`organisation`] in it.
const PAGES: [&str; 17] = [
    "/console",
    "/console/seats",
    "/console/seats?state=all",
    "/console/seats/per_user:7",
    "/console/pools",
    "/console/pools/per_user",
    "/console/people",
    "/console/people/7",
    "/console/groups",
    "/console/groups/sales",
    "/console/apps",
    "/console/apps/crm",
    "/console/gateway",
    "/console/import",
    "/console/clients",
    "/console/audit",
    "/console/settings",
];

/// An organisation in which three people hold platform seats for a hundred days; 7 and 8 never came, 9 came today.
async fn organisation() -> House {
    let house = House::for_people().await;
    organisation_in(&house, house.tenant_id).await;
    house.clock.advance(HUNDRED_DAYS_MS);
    house.access(&[(9, "crm")]).await;
    house
}

async fn organisation_in(house: &House, tenant_id: TenantId) {
    let mut changes = vec![
        Change::PutApp(App {
            tenant_id,
            namespace: namespace("crm"),
            name: HOSTILE.to_owned(),
            names: usher_seats::LocalizedNames::NONE,
            enabled: true,
        }),
        LedgerChange::CreateGroup {
            tenant_id,
            group_key: "sales".parse::<GroupKey>().unwrap(),
            name: HOSTILE.to_owned(),
        }
        .into(),
    ];
    for number in [7, 8, 9] {
        changes.push(Change::PutUser(User {
            tenant_id,
            user_id: user_id(number),
            name: format!("{HOSTILE} {number}"),
            external_id: None,
            enabled: true,
            system_administrator: false,
        }));
        changes.push(Change::AssignSeat {
            tenant_id,
            seat_type: SeatType::PerUser,
            user_id: user_id(number),
            namespace: None,
            expires_at_ms: None,
        });
    }
    house.change(changes).await;
}

fn seat(house: &House, number: i64) -> SeatName {
    SeatName {
        pool: PoolName {
            tenant_id: house.tenant_id,
            seat_type: SeatType::PerUser,
            namespace: None,
        },
        user_id: user_id(number),
    }
}

async fn is_held(house: &House, number: i64) -> bool {
    house.store.seat(seat(house, number)).await.unwrap().unwrap().held
}

/// A page as a reader sees its text.
fn read(answer: &Answer) -> String {
    unescaped(&answer.text)
}

fn bulk(page: &Answer, action: &str) -> Form {
    page.form("/console/seats/bulk").with("action", action)
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_shown_the_way_and_comes_back_to_the_page() {
    let house = organisation().await;
    let mut browser = Browser::new(&house);
    let answer = browser
        .sign_in("/console/seats?idle=90", &ADMINISTRATOR.to_string(), PASSWORD)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/console/seats?idle=90");
    let page = browser.get("/console/seats?idle=90").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(read(&page).contains("Held seats"));
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_address_leads_to_the_console() {
    let house = House::for_people().await;
    let answer = Browser::new(&house).get("/console/").await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/console")
    );
}

#[tokio::test]
async fn only_system_administrators_may_open_it() {
    let house = organisation().await;
    house.person(house.tenant_id, 50, None).await;
    let mut browser = Browser::new(&house);
    let answer = browser.sign_in("/console", "50", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer}");
    for page in PAGES {
        let answer = browser.get(page).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{page}");
        assert!(!answer.text.contains("class=\"menu\""), "{page}: {answer}");
    }
    let refused = browser.get("/console/seats?idle=90").await;
    let out = browser.submit(&refused.form("/sign-out")).await;
    assert_eq!(out.location(), "/console/seats?idle=90", "{out}");
    let page = browser.get("/console/seats?idle=90").await;
    assert!(
        page.text.contains("type=\"password\""),
        "whoever signs out there is asked who they are: {page}"
    );
}

#[tokio::test]
async fn hostile_names_are_harmless_on_every_page_in_both_languages() {
    let house = organisation().await;
    for language in ["en", "zh-CN"] {
        let mut browser = Browser::new(&house)
            .signed_in()
            .await
            .header("accept-language", language);
        for page in PAGES {
            // The browser of the tests refuses every page with a script, a style or an open frame.
            let answer = browser.get(page).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}: {answer}");
            assert!(
                answer.text.contains(&format!("<html lang=\"{language}\">")),
                "{page}"
            );
        }
    }
}

#[tokio::test]
async fn the_language_is_switched_and_remembered() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90&language=zh-CN").await;
    assert!(page.text.contains("<html lang=\"zh-CN\">"), "{page}");
    assert!(
        page.text.contains("/console/seats?idle=90&#38;language=en"),
        "{page}"
    );
    assert!(read(&browser.get("/console").await).contains("概览"));
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats/per_user:7").await;
    let form = page
        .form_with("/console/seats/per_user%3A7", "action", "release")
        .with("step", "go");
    let account = browser.get("/account").await.form("/sign-out");
    for token in ["", "x", account.field("form_token")] {
        let answer = browser.submit(&form.clone().with("form_token", token)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token:?}: {answer}");
    }
    let mut other = Browser::new(&house).signed_in().await;
    assert_eq!(
        other.submit(&form).await.status,
        StatusCode::FORBIDDEN,
        "another session"
    );
    assert_eq!(
        Browser::new(&house).submit(&form).await.status,
        StatusCode::FORBIDDEN
    );
    let elsewhere = Ask::get("/console/seats/per_user:7")
        .method("POST")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(crate::sign_in_support::form_urlencoded(&form.fields));
    assert_eq!(browser.send(elsewhere).await.status, StatusCode::FORBIDDEN);
    assert!(is_held(&house, 7).await);
    assert_eq!(
        browser.submit(&form).await.status,
        StatusCode::SEE_OTHER,
        "the form itself fits"
    );
    assert!(!is_held(&house, 7).await);
}

#[tokio::test]
async fn a_seat_is_released_after_a_confirmation_and_given_back() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let path = "/console/seats/per_user%3A7";
    let page = browser.get(path).await;
    assert!(read(&page).contains("Never used"), "{page}");
    let asked = browser.submit(&page.form_with(path, "action", "release")).await;
    assert!(is_held(&house, 7).await, "a preview changes nothing");
    let confirmed = browser.submit(&asked.form_with(path, "step", "go")).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{confirmed}");
    assert!(!is_held(&house, 7).await);
    let page = browser.get(confirmed.location()).await;
    let back = browser.submit(&page.form_with(path, "action", "assign")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{back}");
    assert!(is_held(&house, 7).await);
}

#[tokio::test]
async fn a_seat_that_was_used_after_the_preview_stays() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let path = "/console/seats/per_user%3A7";
    let page = browser.get(path).await;
    let asked = browser.submit(&page.form_with(path, "action", "release")).await;
    house.clock.advance(1_000);
    house.access(&[(7, "crm")]).await;
    let refused = browser.submit(&asked.form_with(path, "step", "go")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused}");
    assert!(is_held(&house, 7).await);
}

#[tokio::test]
async fn a_whole_list_is_released_after_a_preview_that_names_the_exceptions_and_undone() {
    let house = organisation().await;
    let protect = LedgerChange::Protect {
        seat: seat(&house, 8),
        reason: Some("on a long project".to_owned()),
    };
    house.change(vec![protect.into()]).await;
    let began_ms = house
        .store
        .seat(seat(&house, 7))
        .await
        .unwrap()
        .unwrap()
        .assigned_at_ms;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90").await;
    let preview = browser
        .submit(&bulk(&page, "release").with("reason", "spring cleaning"))
        .await;
    let text = read(&preview);
    assert!(text.contains("1 seat would be released."), "{text}");
    assert!(text.contains("The seat is protected."), "{text}");
    let named = text.split("would be released").last().unwrap();
    assert!(
        named.contains(" 7</bdi>") && !named.contains(" 8</bdi>"),
        "seats that would stay are none of those that would be released: {text}"
    );
    assert!(is_held(&house, 7).await, "a preview changes nothing");
    let done = browser.submit(&preview.form("/console/seats/bulk")).await;
    assert!(read(&done).contains("1 seat was released."), "{done}");
    assert!(!is_held(&house, 7).await && is_held(&house, 8).await && is_held(&house, 9).await);
    let records = house
        .store
        .audit_records(AuditQuery::of(Some(house.tenant_id)))
        .await
        .unwrap();
    let reason = records[0].record.author.reason.clone().unwrap();
    assert!(reason.starts_with("spring cleaning "), "{reason}");
    house.clock.advance(29 * 24 * 60 * 60 * 1_000);
    let mut browser = Browser::new(&house).signed_in().await;
    let token = browser.get("/console/settings").await.form("/console/settings");
    let undo = done
        .form("/console/seats/undo")
        .with("form_token", token.field("form_token"));
    let undone = browser.submit(&undo).await;
    assert!(read(&undone).contains("1 seat was restored"), "{undone}");
    let again = house.store.seat(seat(&house, 7)).await.unwrap().unwrap();
    assert!(again.held);
    assert_eq!(
        again.assigned_at_ms, began_ms,
        "it is judged as if nothing had happened"
    );
}

#[tokio::test]
async fn a_second_undo_and_one_after_thirty_days_change_nothing() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90").await;
    let preview = browser.submit(&bulk(&page, "release")).await;
    let done = browser.submit(&preview.form("/console/seats/bulk")).await;
    let undo = done.form("/console/seats/undo");
    assert!(read(&browser.submit(&undo).await).contains("2 seats were restored"));
    assert!(read(&browser.submit(&undo).await).contains("0 seats were restored"));
    house.change(vec![house.release(7, None)]).await;
    house.clock.advance(31 * 24 * 60 * 60 * 1_000);
    let mut browser = Browser::new(&house).signed_in().await;
    let token = browser.get("/console/settings").await.form("/console/settings");
    let late = undo.with("form_token", token.field("form_token"));
    assert!(read(&browser.submit(&late).await).contains("0 seats were restored"));
    assert!(!is_held(&house, 7).await);
}

#[tokio::test]
async fn nothing_of_another_organisation_is_there() {
    let house = organisation().await;
    // Signed in while there is one organisation, so that the page need not ask for its key.
    let mut browser = Browser::new(&house).signed_in().await;
    let other = house.tenant("other").await;
    organisation_in(&house, other).await;
    house
        .change(vec![
            Change::PutUser(User {
                tenant_id: other,
                user_id: user_id(700),
                name: "Foreigner".to_owned(),
                external_id: None,
                enabled: true,
                system_administrator: false,
            }),
            Change::PutApp(App {
                tenant_id: other,
                namespace: namespace("theirs"),
                name: "Theirs".to_owned(),
                names: usher_seats::LocalizedNames::NONE,
                enabled: true,
            }),
            Change::PutAppRoute(AppRoute {
                host: "theirs.example.com".to_owned(),
                path_prefix: "/".to_owned(),
                tenant_id: other,
                namespace: namespace("theirs"),
            }),
        ])
        .await;
    for (foreign, missing) in [
        ("/console/people/700", "/console/people/701"),
        ("/console/seats/per_user:700", "/console/seats/per_user:701"),
        ("/console/apps/theirs", "/console/apps/nobodys"),
        (
            "/console/clients/cli_0000000000000001",
            "/console/clients/cli_0000000000000002",
        ),
    ] {
        let (foreign, missing) = (browser.get(foreign).await, browser.get(missing).await);
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{foreign}");
        let same = |answer: &Answer| read(answer).replace("700", "701").replace("theirs", "nobodys");
        let cut = |text: String| text.split("<main").nth(1).unwrap().to_owned();
        assert_eq!(cut(same(&foreign)), cut(same(&missing)));
    }
    for page in PAGES {
        let answer = browser.get(page).await;
        assert!(
            !answer.text.contains("theirs") && !answer.text.contains("Foreigner"),
            "{page}"
        );
    }
    // A route bears no organisation in its name, so somebody may try to take a foreign one away.
    let path = "/console/apps/crm";
    let page = browser.get(path).await;
    let form = page
        .form_with(path, "action", "route")
        .with("action", "no-route")
        .with("route", "theirs.example.com /");
    let refused = browser.submit(&form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused}");
    assert_eq!(house.store.app_routes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_is_made_and_its_token_reads_the_seats() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/clients").await;
    let form = page
        .form_with("/console/clients", "action", "client")
        .with("name", "Report")
        .with("app_engine:seat_activities:read", "yes");
    let made = browser.submit(&form).await;
    assert!(read(&made).contains("shown this once"), "{made}");
    let client_id: String = made.text.split("cli_").nth(1).unwrap().chars().take(16).collect();
    let path = format!("/console/clients/cli_{client_id}");
    let page = browser.get(&path).await;
    let shown = browser.submit(&page.form_with(&path, "action", "token")).await;
    let token: String = shown
        .text
        .split("<code>u-")
        .nth(1)
        .unwrap()
        .chars()
        .take_while(|character| *character != '<')
        .collect();
    let ask = Ask::get("/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=5");
    let answer = house.ask(ask.bearer(&format!("u-{token}"))).await;
    assert_eq!(answer.code(), 0, "{answer}");
    assert_eq!(answer.json()["data"]["items"].as_array().unwrap().len(), 1);
    assert!(
        !browser.get(&path).await.text.contains(&token),
        "it is shown once"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_said_and_changes_nothing() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let before = house.store.audit_head(Some(house.tenant_id)).await.unwrap();
    for (page, name, fields) in [
        ("/console/pools", "bought", vec![("bought", "-1")]),
        ("/console/pools/per_user", "bought", vec![("bought", "2")]),
        ("/console/people", "name", vec![("name", "")]),
        ("/console/people", "name", vec![("name", "X"), ("number", "7")]),
        ("/console/groups", "key", vec![("key", "a/b"), ("name", "X")]),
        ("/console/groups", "key", vec![("key", "sales"), ("name", "X")]),
        (
            "/console/apps",
            "namespace",
            vec![("namespace", "crm"), ("name", "X")],
        ),
        ("/console/settings", "name", vec![("time_zone", "Mars/Olympus")]),
        ("/console/settings", "name", vec![("history_days", "3")]),
        (
            "/console/clients",
            "name",
            vec![("name", "X"), ("redirects", "javascript:alert(1)")],
        ),
    ] {
        let shown = browser.get(page).await;
        let mut form = shown.posted(page);
        for (field, value) in &fields {
            form = form.with(field, value);
        }
        let refused = browser.submit(&form).await;
        assert!(
            refused.status.is_client_error(),
            "{page} {name} {fields:?}: {refused}"
        );
        assert!(!refused.alert().is_empty(), "{page} {fields:?}");
    }
    assert_eq!(
        house.store.audit_head(Some(house.tenant_id)).await.unwrap(),
        before
    );
}
