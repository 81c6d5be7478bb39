//! Walks over whole lists while the lists change.

use std::collections::BTreeSet;

use usher_seats::SeatType;

use crate::support::{ACTIVITIES, ASSIGNMENTS, Ask, House};

const USERS: i64 = 40;
const APPS: [&str; 4] = ["a", "b.two", "b_one", "package_35f605__c"];

/// (`user_id`, `namespace`); an absent namespace is the empty text.
type Row = (i64, String);

/// A house where even users hold platform seats and odd ones a seat for each app, and everybody opened everything.
async fn busy_house() -> House {
    let house = House::open().await;
    let mut changes: Vec<_> = APPS.iter().map(|app| house.app(app)).collect();
    for user in people() {
        changes.push(house.user(user, true, false));
        if user % 2 == 0 {
            changes.push(house.seat(user, None));
        } else {
            changes.extend(APPS.iter().map(|app| house.seat(user, Some(app))));
        }
    }
    house.change(changes).await;
    let all: Vec<_> = people().flat_map(|user| APPS.map(|app| (user, app))).collect();
    house.access(&all).await;
    house
}

/// User numbers with gaps between them, and of different lengths.
fn people() -> impl Iterator<Item = i64> {
    (1..=USERS).map(|number| number * number * 1_000 + number)
}

/// Reads a list to its end, holding each page to the rules of paging; `between` is called after each page with its
/// number.
async fn walk(
    house: &House,
    path: &str,
    seat_type: SeatType,
    page_size: usize,
    mut between: impl AsyncFnMut(&House, usize),
) -> Vec<Row> {
    let token = house.administrator_token().await;
    let mut rows = Vec::new();
    let mut page_token = None;
    let mut page = 0;
    loop {
        page += 1;
        let mut uri = format!("{path}?seat_type={}&page_size={page_size}", seat_type.wire_name());
        if let Some(token) = &page_token {
            uri = format!("{uri}&page_token={token}");
        }
        let answer = house.ask(Ask::get(uri).bearer(&token)).await;
        answer.assert_common();
        let data = &answer.json()["data"];
        let items = data["items"].as_array().unwrap();
        assert!(items.len() <= page_size);
        rows.extend(items.iter().map(row));
        match data["has_more"].as_bool().unwrap() {
            true => {
                assert_eq!(items.len(), page_size, "a page with more to come is full");
                page_token = Some(data["page_token"].as_str().unwrap().to_owned());
            }
            false => {
                assert!(data.get("page_token").is_none(), "{answer}");
                return rows;
            }
        }
        between(house, page).await;
    }
}

fn row(item: &serde_json::Value) -> Row {
    let user_id = item["user_id"].as_i64().unwrap();
    let namespace = item.get("namespace").map_or("", |text| text.as_str().unwrap());
    (user_id, namespace.to_owned())
}

/// The rows of a seat type as `busy_house` made them, in the order of the wire.
fn expected(path: &str, seat_type: SeatType) -> Vec<Row> {
    let parity = i64::from(seat_type == SeatType::PerUserPerApp);
    people()
        .filter(|user| user % 2 == parity)
        .flat_map(|user| match (path, seat_type) {
            (ASSIGNMENTS, SeatType::PerUser) => vec![(user, String::new())],
            _ => APPS.map(|app| (user, app.to_owned())).to_vec(),
        })
        .collect()
}

#[tokio::test]
async fn every_page_size_gives_the_same_rows_in_order() {
    let house = busy_house().await;
    for path in [ACTIVITIES, ASSIGNMENTS] {
        for seat_type in SeatType::ALL {
            for page_size in [1, 7, 500] {
                let rows = walk(&house, path, seat_type, page_size, async |_, _| ()).await;
                assert_eq!(
                    rows,
                    expected(path, seat_type),
                    "{path} {seat_type:?} {page_size}"
                );
                assert!(rows.is_sorted());
            }
        }
    }
}

/// While the walk goes on, everything that can happen to a list happens to it: rows change, rows appear before and after
/// the place of the walk, seats are given back. Every row that was there throughout comes exactly once.
#[tokio::test]
async fn a_walk_is_whole_whatever_is_written_meanwhile() {
    for path in [ACTIVITIES, ASSIGNMENTS] {
        for page_size in [1, 7] {
            let house = busy_house().await;
            let rows = walk(&house, path, SeatType::PerUserPerApp, page_size, stir).await;
            let unique: BTreeSet<_> = rows.iter().cloned().collect();
            assert_eq!(unique.len(), rows.len(), "no row comes twice");
            assert!(rows.is_sorted());
            let missing: Vec<_> = expected(path, SeatType::PerUserPerApp)
                .into_iter()
                .filter(|row| !unique.contains(row))
                .collect();
            assert_eq!(missing, [], "{path} {page_size}");
            assert!(
                rows.len() > expected(path, SeatType::PerUserPerApp).len(),
                "new rows ahead were seen"
            );
        }
    }
}

/// One more thing happens to the lists, for the first fifty pages: a newcomer ahead of every page would be a walk without
/// end.
async fn stir(house: &House, page: usize) {
    if page > 50 {
        return;
    }
    let newcomer = i64::try_from(page).unwrap() * 100_003 + 500;
    let regular = people().nth(page % 20 * 2).unwrap();
    house
        .change(vec![
            house.user(newcomer, true, false),
            house.seat(newcomer, Some("a")),
            house.release(regular, Some("b_one")),
        ])
        .await;
    house.access(&[(newcomer, "a"), (regular, "a")]).await;
}

#[tokio::test]
async fn the_page_size_may_change_from_page_to_page() {
    let house = busy_house().await;
    let token = house.administrator_token().await;
    let mut rows = Vec::new();
    let mut page_token = String::new();
    for page_size in [3, 1, 5, 500] {
        let uri = format!("{ACTIVITIES}?seat_type=per_user&page_size={page_size}&page_token={page_token}");
        let json = house.ask(Ask::get(uri).bearer(&token)).await.json();
        rows.extend(json["data"]["items"].as_array().unwrap().iter().map(row));
        page_token = json["data"]["page_token"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(rows, expected(ACTIVITIES, SeatType::PerUser));
    assert_eq!(page_token, "");
}

/// Rows of one tenant do not show in another's walk, though users and apps have the same names there.
#[tokio::test]
async fn another_tenant_sees_nothing() {
    let mut house = busy_house().await;
    house.tenant_id = house.tenant("elsewhere").await;
    house
        .change(vec![house.user(crate::support::ADMINISTRATOR, true, true)])
        .await;
    for path in [ACTIVITIES, ASSIGNMENTS] {
        for seat_type in SeatType::ALL {
            assert_eq!(walk(&house, path, seat_type, 500, async |_, _| ()).await, []);
        }
    }
}
