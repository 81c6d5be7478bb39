//! How often one may ask.

use crate::support::{
    ACTIVITIES, ACTIVITIES_SCOPE, ASSIGNMENTS, ASSIGNMENTS_SCOPE, Answer, Ask, House, TokenOrder,
};

fn ask(path: &str, token: &str) -> Ask {
    Ask::get(format!("{path}?seat_type=per_user&page_size=1")).bearer(token)
}

async fn statuses(house: &House, path: &str, token: &str, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(house.ask_at_once(ask(path, token)).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn ten_activities_and_one_assignments_call_pass_in_a_second() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for (path, limit) in [(ACTIVITIES, 10), (ASSIGNMENTS, 1)] {
        for _ in 0..2 {
            let mut expected = vec![200; limit];
            expected.extend([429; 5]);
            assert_eq!(
                statuses(&house, path, &token, limit + 5).await,
                expected,
                "{path}"
            );
            // The window is the second of the clock, not the second since the first call.
            house.clock.advance(1_000);
        }
    }
}

#[tokio::test]
async fn the_answer_says_how_many_and_when_again() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for (path, limit) in [(ACTIVITIES, 10), (ASSIGNMENTS, 1)] {
        statuses(&house, path, &token, limit).await;
        let answer: Answer = house.ask_at_once(ask(path, &token)).await;
        answer.assert_common();
        assert_eq!((answer.status.as_u16(), answer.code()), (429, 99_991_400));
        assert_eq!(answer.json()["msg"], "request trigger frequency limit");
        assert_eq!(answer.header("x-ogw-ratelimit-limit"), limit.to_string());
        assert_eq!(answer.header("x-ogw-ratelimit-reset"), "1");
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn each_call_client_and_tenant_has_a_window_of_its_own() {
    let mut house = House::open().await;
    let second = "cli_00000000000000bb";
    let scopes = [ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE];
    house.change(vec![house.client(second, &scopes, true)]).await;
    let token = house.administrator_token().await;
    let same_client = house.administrator_token().await;
    let other_client = TokenOrder {
        client: Some(second),
        ..house.order()
    };
    let other_client = house.token(other_client).await;
    house.tenant_id = house.tenant("elsewhere").await;
    house
        .change(vec![house.user(crate::support::ADMINISTRATOR, true, true)])
        .await;
    let other_tenant = house.token(house.order()).await;

    assert_eq!(statuses(&house, ASSIGNMENTS, &token, 1).await, [200]);
    assert_eq!(statuses(&house, ASSIGNMENTS, &same_client, 1).await, [429]);
    assert_eq!(statuses(&house, ACTIVITIES, &token, 1).await, [200]);
    assert_eq!(statuses(&house, ASSIGNMENTS, &other_client, 1).await, [200]);
    assert_eq!(statuses(&house, ASSIGNMENTS, &other_tenant, 1).await, [200]);
}

#[tokio::test]
async fn refusals_before_the_limit_do_not_count_and_refusals_after_it_do() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let ungranted = house
        .token(TokenOrder {
            scopes: vec![],
            ..house.order()
        })
        .await;
    assert_eq!(statuses(&house, ASSIGNMENTS, &ungranted, 20).await, [400; 20]);
    assert_eq!(statuses(&house, ASSIGNMENTS, &token, 2).await, [200, 429]);
    house.clock.advance(1_000);
    let wrong = Ask::get(ASSIGNMENTS).bearer(&token);
    assert_eq!(house.ask_at_once(wrong).await.status, 400);
    assert_eq!(statuses(&house, ASSIGNMENTS, &token, 1).await, [429]);
}
