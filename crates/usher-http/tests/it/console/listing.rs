//! Lists of seats: which are idle, what a filter says, and in which order they stand.

use axum::http::StatusCode;

use super::{organisation, read};
use crate::sign_in_support::Browser;

#[tokio::test]
async fn idle_seats_are_listed_and_a_filter_stays_in_the_address() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90").await;
    for number in [7, 8] {
        assert!(
            page.text.contains(&format!("/console/seats/per_user%3A{number}")),
            "{page}"
        );
    }
    assert!(
        !page.text.contains("per_user%3A9"),
        "who came today is not idle: {page}"
    );
    let person = browser.get("/console/seats?person=9").await;
    assert!(
        person.text.contains("per_user%3A9") && !person.text.contains("per_user%3A8"),
        "{person}"
    );
    let csv = browser.get("/console/seats?idle=90&format=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.text.lines().count(), 3, "{csv}");
    let nonsense = browser
        .get("/console/seats?idle=x&type=y&app=/&after=%00&person=-1")
        .await;
    assert_eq!(nonsense.status, StatusCode::OK, "{nonsense}");
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_named() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser
        .get("/console/seats?idle=many&group=The+sales&app=crm")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.alert().contains("Idle for at least (days) · Group."),
        "{}",
        page.alert()
    );
    assert!(
        page.text.contains("value=\"many\"") && page.text.contains("value=\"The sales\""),
        "what was typed stays where it can be mended: {page}"
    );
    assert!(
        !page.text.contains("action=\"/console/seats/bulk\""),
        "nobody acts on more seats than they asked for: {page}"
    );
    let page = browser.get("/console/seats?idle=90&group=sales&person=").await;
    assert!(!read(&page).contains("could not be read"), "{page}");
}

#[tokio::test]
async fn the_list_of_seats_says_in_which_order_it_stands() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    for (address, column, choices) in [
        ("/console/seats", "Idle since (UTC)", 2),
        ("/console/seats?sort=user", "User number", 2),
        ("/console/seats?q=exe", "User number", 1),
        ("/console/seats?person=7", "User number", 1),
        ("/console/seats?state=all", "User number", 1),
    ] {
        let page = browser.get(address).await;
        let sorted: Vec<&str> = page.text.split("aria-sort=\"ascending\">").skip(1).collect();
        assert_eq!(sorted.len(), 1, "{address}: {page}");
        assert!(
            sorted[0].contains(&format!(">{column}&nbsp;")),
            "{address}: {page}"
        );
        let orders = page.text.split("name=\"sort\"").nth(1).unwrap();
        let orders = orders.split("</select>").next().unwrap();
        assert_eq!(orders.matches("<option").count(), choices, "{address}: {orders}");
    }
    let file = browser.get("/console/seats?idle=90&format=csv").await;
    let head = file.text.lines().next().unwrap();
    assert!(
        head.contains("Days idle,Idle since (UTC),Last used,Given,Ends"),
        "{head}"
    );
}
