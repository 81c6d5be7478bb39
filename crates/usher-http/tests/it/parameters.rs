//! What may be asked: DESIGN section 5, row by row, for both calls.

use usher_seats::SeatType;

use crate::support::{ACTIVITIES, ASSIGNMENTS, Ask, House, TokenOrder};

const PATHS: [&str; 2] = [ACTIVITIES, ASSIGNMENTS];

async fn assert_fields(house: &House, token: &str, query: &str, fields: &[&str]) {
    for path in PATHS {
        let answer = house.ask(Ask::get(format!("{path}?{query}")).bearer(token)).await;
        answer.assert_common();
        assert_eq!(answer.status, 400, "{query}: {answer}");
        assert_eq!(answer.code(), 2_320_006, "{query}");
        assert_eq!(answer.json()["msg"], "bad request or invalid parameter");
        assert_eq!(answer.violated_fields(), fields, "{query}");
        for violation in answer.json()["error"]["field_violations"].as_array().unwrap() {
            assert!(!violation["description"].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn wrong_parameters_are_named_all_at_once() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for (query, fields) in [
        ("", &["seat_type", "page_size"][..]),
        ("seat_type=per_user", &["page_size"]),
        ("page_size=10", &["seat_type"]),
        ("seat_type=&page_size=", &["seat_type", "page_size"]),
        ("seat_type=platform&page_size=501", &["seat_type", "page_size"]),
        ("seat_type=PER_USER&page_size=10", &["seat_type"]),
        ("seat_type=per_user,per_user_per_app&page_size=10", &["seat_type"]),
        (
            "seat_type=per_user&seat_type=per_user&page_size=10",
            &["seat_type"],
        ),
        ("seat_type=per_user&page_size=10&page_size=10", &["page_size"]),
        ("seat_type=per_user&page_size=10&page_size=", &["page_size"]),
        (
            "seat_type=per_user&page_size=10&page_token=&page_token=",
            &["page_token"],
        ),
        ("seat_type=per_user&page_size=10&page_token=None", &["page_token"]),
        ("seat_type=per_user&page_size=10&page_token=%00", &["page_token"]),
        (
            "seat_type=x&page_size=x&page_token=x",
            &["seat_type", "page_size", "page_token"],
        ),
        ("Seat_Type=per_user&page_size=10", &["seat_type"]),
        ("seat_type=per_user;page_size=10", &["seat_type", "page_size"]),
    ] {
        assert_fields(&house, &token, query, fields).await;
    }
}

#[tokio::test]
async fn a_page_size_is_decimal_digits_from_0_to_500() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for size in [
        "+5",
        "%2B5",
        "-1",
        "%205",
        "5%20",
        "5.0",
        "5e0",
        "501",
        "1000",
        "0x10",
        "%D9%A5",
        "%EF%BC%95",
        "1_0",
        "1,0",
        "18446744073709551617",
        "NaN",
        "None",
        "null",
        "[5]",
        "%FF",
        "5%00",
    ] {
        let query = format!("seat_type=per_user&page_size={size}");
        assert_fields(&house, &token, &query, &["page_size"]).await;
    }
    for size in ["0", "1", "10", "499", "500", "%35%30"] {
        for path in PATHS {
            let uri = format!("{path}?seat_type=per_user&page_size={size}");
            let answer = house.ask(Ask::get(uri).bearer(&token)).await;
            assert_eq!(answer.code(), 0, "{size}: {answer}");
        }
    }
}

#[tokio::test]
async fn page_size_0_means_10() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let mut changes = vec![house.app("crm")];
    for user in 1..=12 {
        changes.extend([house.user(user, true, false), house.seat(user, None)]);
    }
    house.change(changes).await;
    let opened: Vec<_> = (1..=12).map(|user| (user, "crm")).collect();
    house.access(&opened).await;
    for path in PATHS {
        let uri = format!("{path}?seat_type=per_user&page_size=0");
        let json = house.ask(Ask::get(uri).bearer(&token)).await.json();
        assert_eq!(json["data"]["items"].as_array().unwrap().len(), 10);
        assert_eq!(json["data"]["has_more"], true);
    }
}

/// As real clients ask: any order, any encoding, things we do not know, a body on GET (client-behaviour.md, section 2).
#[tokio::test]
async fn real_clients_are_understood() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for path in PATHS {
        for query in [
            "page_size=10&seat_type=per_user",
            "page_token=&page_size=10&seat_type=per_user_per_app",
            "page=1&start_time=1&end_time=2&page_size=10&seat_type=per_user",
            "seat%5Ftype=per%5Fuser&page_size=%31%30",
            "&&seat_type=per_user&&page_size=10&",
        ] {
            let ask = Ask::get(format!("{path}?{query}")).bearer(&token);
            let plain = house.ask(ask.clone()).await;
            assert_eq!(plain.code(), 0, "{query}: {plain}");
            for body in ["{}", "not JSON", &"x".repeat(100_000)] {
                let ask = ask.clone().header("content-type", "application/json").body(body);
                let answer = house.ask(ask).await;
                assert_eq!(answer.text, plain.text, "{query}");
            }
        }
    }
}

/// A page token opens in its own walk and nowhere else, and nobody is told why.
#[tokio::test]
async fn a_page_token_is_of_one_tenant_client_call_and_kind_of_seat_for_24_hours() {
    let mut house = House::open().await;
    let other_client = "cli_00000000000000aa";
    let all = [
        crate::support::ACTIVITIES_SCOPE,
        crate::support::ASSIGNMENTS_SCOPE,
    ];
    let mut changes = vec![house.app("crm"), house.client(other_client, &all, true)];
    for user in 1..=3 {
        changes.extend([
            house.user(user, true, false),
            house.seat(user, None),
            house.seat(user, Some("crm")),
        ]);
    }
    house.change(changes).await;
    house.access(&[(1, "crm"), (2, "crm"), (3, "crm")]).await;
    let day_long = |house: &House| TokenOrder {
        life_ms: 200_000_000,
        ..house.order()
    };
    let token = house.token(day_long(&house)).await;
    let others = TokenOrder {
        client: Some(other_client),
        ..day_long(&house)
    };
    let other_client = house.token(others).await;

    let uri =
        |path: &str, seat_type: SeatType| format!("{path}?seat_type={}&page_size=1", seat_type.wire_name());
    let first = house
        .ask(Ask::get(uri(ACTIVITIES, SeatType::PerUser)).bearer(&token))
        .await
        .json();
    let page_token = first["data"]["page_token"].as_str().unwrap().to_owned();
    let next = |path: &str, seat_type| Ask::get(format!("{}&page_token={page_token}", uri(path, seat_type)));
    let home = next(ACTIVITIES, SeatType::PerUser);

    assert_eq!(house.ask(home.clone().bearer(&token)).await.code(), 0);
    let mut refusals = Vec::new();
    refusals.push(house.ask(home.clone().bearer(&other_client)).await);
    refusals.push(
        house
            .ask(next(ASSIGNMENTS, SeatType::PerUser).bearer(&token))
            .await,
    );
    refusals.push(
        house
            .ask(next(ACTIVITIES, SeatType::PerUserPerApp).bearer(&token))
            .await,
    );
    // Another tenant's administrator, whose list would begin at the same place.
    house.tenant_id = house.tenant("elsewhere").await;
    house
        .change(vec![house.user(crate::support::ADMINISTRATOR, true, true)])
        .await;
    let foreign = house.token(house.order()).await;
    refusals.push(house.ask(home.clone().bearer(&foreign)).await);
    house.clock.advance(24 * 60 * 60 * 1_000);
    refusals.push(house.ask(home.clone().bearer(&token)).await);
    for answer in refusals {
        answer.assert_common();
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, 2_320_006),
            "{answer}"
        );
        assert_eq!(answer.violated_fields(), ["page_token"]);
    }
}
