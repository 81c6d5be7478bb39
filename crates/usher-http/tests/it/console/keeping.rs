//! What was taken back is kept for whoever had it; what nobody needs costs something; a name finds seats.

use axum::http::StatusCode;
use usher_seats::{Price, PricePeriod};
use usher_store::LedgerChange;

use super::{bulk, is_held, organisation, read, seat};
use crate::sign_in_support::Browser;

const SEAT: &str = "/console/seats/per_user%3A7";

#[tokio::test]
async fn a_seat_that_was_taken_back_is_shown_as_kept_and_given_back_as_it_was() {
    let house = organisation().await;
    let protect = LedgerChange::Protect {
        seat: seat(&house, 7),
        reason: Some("on a long project".to_owned()),
    };
    house.change(vec![protect.into()]).await;
    let before = house.store.seat(seat(&house, 7)).await.unwrap().unwrap();
    house.change(vec![house.release(7, None)]).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(SEAT).await;
    assert!(read(&page).contains("Kept for its former holder"), "{page}");
    let pool = browser.get("/console/pools/per_user").await;
    assert!(
        pool.text.contains(SEAT) && read(&pool).contains("Kept until"),
        "{pool}"
    );
    let back = browser.submit(&page.form_with(SEAT, "action", "restore")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{back}");
    assert_eq!(house.store.seat(seat(&house, 7)).await.unwrap().unwrap(), before);
    let pool = browser.get("/console/pools/per_user").await;
    assert!(!pool.text.contains(SEAT), "{pool}");
}

#[tokio::test]
async fn a_kept_seat_that_somebody_else_needed_is_not_given_back() {
    let house = organisation().await;
    house.change(vec![house.release(7, None)]).await;
    let two = LedgerChange::PutPool {
        pool: seat(&house, 7).pool,
        bought: Some(2),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: false,
    };
    house.change(vec![two.into()]).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(SEAT).await;
    let refused = browser.submit(&page.form_with(SEAT, "action", "restore")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused}");
    assert!(refused.alert().contains("No seat is free"), "{refused}");
    assert!(!is_held(&house, 7).await);
}

#[tokio::test]
async fn the_log_leads_to_undoing_what_was_released_together() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90").await;
    let preview = browser.submit(&bulk(&page, "release")).await;
    browser.submit(&preview.form("/console/seats/bulk")).await;
    assert!(!is_held(&house, 7).await && !is_held(&house, 8).await);
    let log = browser.get("/console/audit").await;
    let address = log.text.split("href=\"/console/seats/undo?").nth(1);
    let address = address.and_then(|rest| rest.split('"').next());
    let address = format!(
        "/console/seats/undo?{}",
        address.unwrap_or_else(|| panic!("{log}"))
    )
    .replace("&#38;", "&");
    let asked = browser.get(&address).await;
    assert!(!is_held(&house, 7).await, "an address changes nothing");
    let undone = browser.submit(&asked.form("/console/seats/undo")).await;
    assert!(read(&undone).contains("2 seats were restored"), "{undone}");
    assert!(is_held(&house, 7).await && is_held(&house, 8).await);
    house.clock.advance(31 * 24 * 60 * 60 * 1_000);
    let mut browser = Browser::new(&house).signed_in().await;
    let log = browser.get("/console/audit").await;
    assert!(!log.text.contains("/console/seats/undo"), "no longer: {log}");
}

#[tokio::test]
async fn a_release_that_took_days_is_undone_whole() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/seats?idle=90").await;
    let preview = browser.submit(&bulk(&page, "release")).await;
    house.clock.advance(3 * 24 * 60 * 60 * 1_000);
    let mut browser = Browser::new(&house).signed_in().await;
    let token = browser.get("/console/settings").await.form("/console/settings");
    let go = preview
        .form("/console/seats/bulk")
        .with("form_token", token.field("form_token"));
    let done = browser.submit(&go).await;
    assert!(!is_held(&house, 7).await, "{done}");
    let log = browser.get("/console/audit").await;
    let address = log.text.split("href=\"/console/seats/undo?").nth(1);
    let address = address.and_then(|rest| rest.split('"').next()).unwrap();
    let address = format!("/console/seats/undo?{address}").replace("&#38;", "&");
    let asked = browser.get(&address).await;
    let undone = browser.submit(&asked.form("/console/seats/undo")).await;
    assert!(read(&undone).contains("2 seats were restored"), "{undone}");
}

#[tokio::test]
async fn kept_seats_are_listed_page_by_page() {
    let house = organisation().await;
    let numbers: Vec<i64> = (1_000..1_060).collect();
    for number in &numbers {
        house
            .change(vec![house.user(*number, true, false), house.seat(*number, None)])
            .await;
        house.change(vec![house.release(*number, None)]).await;
    }
    let mut browser = Browser::new(&house).signed_in().await;
    let mut seen = Vec::new();
    let mut address = "/console/pools/per_user".to_owned();
    for _ in 0..2 {
        let page = browser.get(&address).await;
        let shown = numbers
            .iter()
            .filter(|number| page.text.contains(&format!("per_user%3A{number}\"")));
        seen.extend(shown.copied());
        let next = page
            .text
            .split("href=\"/console/pools/per_user?kept_after=")
            .nth(1);
        let Some(next) = next.and_then(|rest| rest.split('"').next()) else {
            break;
        };
        address = format!("/console/pools/per_user?kept_after={next}");
    }
    seen.sort_unstable();
    assert_eq!(seen, numbers, "each once, over two pages");
}

#[tokio::test]
async fn an_app_is_called_by_its_name_and_its_namespace_stands_beside() {
    let house = organisation().await;
    house.change(vec![house.seat(7, Some("crm"))]).await;
    let mut browser = Browser::new(&house).signed_in().await;
    for address in [
        "/console",
        "/console/pools",
        "/console/seats?sort=user",
        "/console/people/7",
    ] {
        let page = browser.get(address).await;
        assert!(page.text.contains(" title=\"crm\"><bdi>"), "{address}: {page}");
        assert!(read(&page).contains(super::HOSTILE), "{address}: {page}");
    }
    let file = browser.get("/console/pools?format=csv").await;
    assert!(file.text.contains("(crm)"), "{file}");
}

#[tokio::test]
async fn what_nobody_needs_is_shown_with_what_it_costs_once_there_is_a_price() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let overview = browser.get("/console").await;
    assert!(
        !read(&overview).contains("Cost"),
        "nobody has said what a seat costs: {overview}"
    );
    let path = "/console/pools/per_user";
    let form = browser.get(path).await.posted(path);
    let wrong = form.clone().with("amount", "29,90").with("currency", "CNY");
    assert_eq!(browser.submit(&wrong).await.status, StatusCode::BAD_REQUEST);
    let form = form
        .with("amount", "1299.90")
        .with("currency", "cny")
        .with("per", "month");
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    let price = Price::parse("1299.90", "CNY".parse().unwrap(), PricePeriod::Month).ok();
    let pool = house.store.pool(seat(&house, 7).pool, 0).await.unwrap().unwrap();
    assert_eq!(pool.price, price);
    // Seats are judged as of the beginning of the day; 7 and 8 never came.
    let overview = read(&browser.get("/console").await);
    assert!(overview.contains("2,599.80 CNY"), "{overview}");
    let csv = browser.get("/console?format=csv").await;
    assert!(csv.text.contains("2599.80 CNY a month"), "{csv}");
    let form = browser.get(path).await.posted(path).with("amount", "");
    browser.submit(&form).await;
    assert!(!read(&browser.get("/console").await).contains("Cost"));
}

#[tokio::test]
async fn a_name_finds_the_seats_of_whoever_bears_it() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let rows = |text: &str| [7, 8, 9].map(|number| text.contains(&format!("per_user%3A{number}\"")));
    for (address, expected) in [
        ("/console/seats?q=8", [false, true, false]),
        ("/console/seats?q=nobody", [false; 3]),
        ("/console/seats?q=exe", [true; 3]),
        ("/console/seats?q=exe&idle=90", [true, true, false]),
        ("/console/seats?q=%25", [false; 3]),
        ("/console/seats?q=exe&person=9", [false, false, true]),
    ] {
        let page = browser.get(address).await;
        assert_eq!(rows(&page.text), expected, "{address}: {page}");
    }
    // A change over the whole list is of those whom the search finds.
    let page = browser.get("/console/seats?q=8&idle=90").await;
    let preview = browser.submit(&bulk(&page, "release")).await;
    assert!(read(&preview).contains("1 seat would be released."), "{preview}");
    browser.submit(&preview.form("/console/seats/bulk")).await;
    assert!(is_held(&house, 7).await && !is_held(&house, 8).await);
}

/// The figure of a tile.
fn tile(page: &str, name: &str) -> u64 {
    let tile = page
        .split("<li class=\"tile")
        .find(|tile| tile.contains(&format!(">{name}</a>")));
    let figure = tile.unwrap().split("class=\"figure\">").nth(1).unwrap();
    figure.split('<').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_protected_seat_that_nobody_ever_used_is_in_no_figure_of_what_nobody_needs() {
    let house = organisation().await;
    let protect = LedgerChange::Protect {
        seat: seat(&house, 8),
        reason: Some("for the auditor".to_owned()),
    };
    house.change(vec![protect.into()]).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let path = "/console/pools/per_user";
    let form = browser.get(path).await.posted(path);
    let form = form
        .with("amount", "10")
        .with("currency", "CNY")
        .with("per", "month");
    browser.submit(&form).await;
    // 7 never came; neither did 8, whose seat is to stay; 9 came today.
    let page = read(&browser.get("/console").await);
    assert_eq!(tile(&page, "Never used"), 1, "{page}");
    let file = browser.get("/console?format=csv").await;
    let table: Vec<Vec<&str>> = file.text.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| {
        let place = table[0].iter().position(|column| *column == name).unwrap();
        table[1..]
            .iter()
            .map(|row| row[place].parse::<u64>().unwrap())
            .sum::<u64>()
    };
    for name in ["Never used", "Redundant"] {
        assert_eq!(column(name), tile(&page, name), "{name}: {file}");
    }
    assert_eq!(column("Idle"), tile(&page, "Idle for 90 days or more"));
    let wasted = ["Never used", "Idle", "Redundant"]
        .map(column)
        .iter()
        .sum::<u64>();
    assert_eq!(
        table[1].last().unwrap(),
        &format!("{}.00 CNY a month", 10 * wasted),
        "{file}"
    );
    assert!(page.contains(&format!("{}.00 CNY", 10 * wasted)), "{page}");
}
