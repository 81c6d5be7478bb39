//! What somebody does who wants harm: names, forms of their own, tables for spreadsheets.

use axum::http::StatusCode;
use usher_store::{Change, User};

use super::{PAGES, organisation, read};
use crate::{
    sign_in_support::{Browser, form_urlencoded},
    support::{Ask, House, user_id},
};

/// What spreadsheets and pages have been attacked with; a form takes each of these as a name.
const NAMES: [&str; 6] = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "</td></table><img src=x><form action=/>",
    "\u{202e}\u{2066}👩\u{200d}👩\u{200d}👧 \"quoted\", 'so' & so",
];

/// Every table for spreadsheets.
const TABLES: [&str; 9] = [
    "/console?format=csv",
    "/console?format=csv-days",
    "/console/seats?format=csv&sort=user",
    "/console/seats?format=csv&state=all",
    "/console/pools?format=csv",
    "/console/people?format=csv",
    "/console/groups?format=csv",
    "/console/apps?format=csv",
    "/console/audit?format=csv",
];

async fn with_hostile_people() -> House {
    let house = organisation().await;
    for (number, name) in (100..).zip(NAMES) {
        let user = User {
            tenant_id: house.tenant_id,
            user_id: user_id(number),
            name: name.to_owned(),
            external_id: Some(format!("=x{number}")),
            enabled: true,
            system_administrator: false,
        };
        house
            .change(vec![Change::PutUser(user), house.seat(number, None)])
            .await;
    }
    house
}

/// The cells of a table as RFC 4180 has them.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' | '\n' | '\r' if !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(character),
        }
    }
    cells.push(cell);
    cells
}

#[tokio::test]
async fn no_cell_of_any_table_is_a_formula() {
    let house = with_hostile_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let mut hostile_seen = 0;
    for table in TABLES {
        let answer = browser.get(table).await;
        assert_eq!(
            answer.header("content-type"),
            "text/csv; charset=utf-8",
            "{table}"
        );
        assert!(
            answer.header("content-disposition").starts_with("attachment"),
            "{table}"
        );
        for cell in cells(&answer.text) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{table}: {cell:?}");
            hostile_seen += usize::from(cell.starts_with("'=cmd"));
        }
    }
    assert!(hostile_seen >= 2, "the names were in the tables");
}

#[tokio::test]
async fn hostile_people_are_harmless_on_their_pages_and_in_searches() {
    let house = with_hostile_people().await;
    for language in ["en", "zh-CN"] {
        let mut browser = Browser::new(&house)
            .signed_in()
            .await
            .header("accept-language", language);
        for (number, name) in (100..).zip(NAMES) {
            for page in ["people/", "seats/per_user%3A"] {
                let page = format!("/console/{page}{number}");
                let answer = browser.get(&page).await;
                assert_eq!(answer.status, StatusCode::OK, "{page}");
                assert!(read(&answer).contains(name), "{page}: {answer}");
            }
            for list in ["people", "seats"] {
                let query = form_urlencoded(&[("q".to_owned(), name.to_owned())]);
                let answer = browser.get(&format!("/console/{list}?{query}")).await;
                assert_eq!(answer.status, StatusCode::OK, "{list} {name}");
            }
        }
    }
}

#[tokio::test]
async fn no_form_of_any_page_is_believed_that_another_site_made() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let before = house.store.audit_head(Some(house.tenant_id)).await.unwrap();
    let mut looked_at = 0;
    for page in PAGES {
        for form in browser.get(page).await.posted_forms() {
            for token in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
                let refused = browser.submit(&form.clone().with("form_token", token)).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page} {}", form.action);
            }
            let elsewhere = Ask::get(&form.action)
                .method("POST")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "cross-site")
                .body(form_urlencoded(&form.fields));
            let refused = browser.send(elsewhere).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page} {}", form.action);
            looked_at += 1;
        }
    }
    assert!(looked_at > 20, "{looked_at} forms");
    assert_eq!(
        house.store.audit_head(Some(house.tenant_id)).await.unwrap(),
        before
    );
}

#[tokio::test]
async fn names_that_are_too_long_are_refused_and_long_searches_find_nobody() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let before = house.store.audit_head(Some(house.tenant_id)).await.unwrap();
    for characters in [257, 20_000, 65_536] {
        let long = "k".repeat(characters);
        for (page, field) in [
            ("/console/people", "name"),
            ("/console/groups", "name"),
            ("/console/apps", "name"),
            ("/console/settings", "name"),
        ] {
            let form = browser.get(page).await.posted(page);
            let form = form.with("key", "k").with("namespace", "k").with(field, &long);
            let refused = browser.submit(&form).await;
            assert!(
                refused.status.is_client_error(),
                "{page} {characters}: {}",
                refused.status
            );
        }
    }
    for page in ["/console/people", "/console/seats", "/console/audit"] {
        for field in ["q", "person", "app", "group", "name", "after"] {
            let answer = browser
                .get(&format!("{page}?{field}={}", "x".repeat(6_000)))
                .await;
            assert!(
                !answer.status.is_server_error(),
                "{page} {field}: {}",
                answer.status
            );
        }
    }
    assert_eq!(
        house.store.audit_head(Some(house.tenant_id)).await.unwrap(),
        before
    );
}
