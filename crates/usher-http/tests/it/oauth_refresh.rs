//! Refreshing: each token once, a lost answer again for who can show the same key, and the end of a family whose token
//! comes back late.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tokio::task::JoinSet;

use crate::{
    oauth_support::{Desk, HOUR_MS, OIDC_REFRESH, V2, V3, json_ask, refresh_fields, secret, text},
    support::{Answer, Ask, CLIENT},
};

const WINDOW_MS: i64 = usher_http::oauth::refresh_grant::REPEAT_WINDOW_MS;
const USED: i64 = 20_073;
const REVOKED: i64 = 20_064;

fn ask(path: &str, refresh_token: &str, key: Option<&str>) -> Ask {
    let secret = secret();
    let mut fields = refresh_fields(refresh_token);
    fields.extend([("client_id", CLIENT), ("client_secret", secret.as_str())]);
    let ask = json_ask(path, &fields);
    match key {
        Some(key) => ask.header("idempotency-key", key),
        None => ask,
    }
}

async fn refresh(desk: &Desk, refresh_token: &str, key: Option<&str>) -> Answer {
    desk.house.ask_at_once(ask(V3, refresh_token, key)).await
}

fn tokens(answer: &Answer) -> (String, String) {
    let json = answer.json();
    assert_eq!(answer.status, 200, "{answer}");
    (text(&json["access_token"]), text(&json["refresh_token"]))
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_leaves_the_old_access_token_alone() {
    let desk = Desk::open().await;
    let first = desk.tokens(V3).await;
    let (access, refresh_token) = tokens(&refresh(&desk, &text(&first["refresh_token"]), None).await);
    assert_ne!(refresh_token, text(&first["refresh_token"]));
    assert_ne!(access, text(&first["access_token"]));
    for token in [access, text(&first["access_token"])] {
        assert_eq!(desk.seat_call(&token).await, 0);
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_to_who_shows_the_same_key() {
    let desk = Desk::open().await;
    let first = desk.refresh_token(V3).await;
    let given = tokens(&refresh(&desk, &first, Some("key-1")).await);
    desk.house.clock.advance(WINDOW_MS - 1);
    let again = refresh(&desk, &first, Some("key-1")).await;
    assert_eq!(tokens(&again), given);
    assert_eq!(again.json()["expires_in"], 7_190, "what is left of it");
    assert_eq!(desk.kept(&given.1).await.spent_at_ms, None);

    // With another key, or none, it is only a spent token; the family lives.
    for key in [Some("key-2"), None] {
        assert_eq!(refresh(&desk, &first, key).await.code(), USED, "{key:?}");
    }
    // The same key for something else is another call.
    let fields = [("scope", "b"), ("client_id", CLIENT)];
    let mut narrowed = refresh_fields(&first);
    narrowed.extend(fields);
    let secret = secret();
    narrowed.push(("client_secret", &secret));
    let narrowed = json_ask(V3, &narrowed).header("idempotency-key", "key-1");
    assert_eq!(desk.house.ask_at_once(narrowed).await.code(), USED);

    // Once the successor was used, nothing is given again.
    let next = tokens(&refresh(&desk, &given.1, None).await);
    assert_eq!(refresh(&desk, &first, Some("key-1")).await.code(), USED);
    assert_eq!(desk.kept(&next.1).await.spent_at_ms, None);

    desk.house.clock.advance(1);
    assert_eq!(refresh(&desk, &first, Some("key-1")).await.code(), USED);
    assert_eq!(refresh(&desk, &next.1, None).await.code(), REVOKED);
}

#[tokio::test]
async fn a_key_must_be_one_short_visible_text() {
    let desk = Desk::open().await;
    let first = desk.refresh_token(V3).await;
    for key in ["", "\u{e9}", &"k".repeat(256)] {
        assert_eq!(refresh(&desk, &first, Some(key)).await.code(), 20_063, "{key:?}");
    }
    let twice = ask(V3, &first, Some("a")).header("idempotency-key", "a");
    assert_eq!(desk.house.ask_at_once(twice).await.code(), 20_063);
    assert_eq!(refresh(&desk, &first, Some(&"k".repeat(255))).await.status, 200);
}

#[tokio::test]
async fn a_late_repeat_ends_everything_of_the_family_at_once() {
    for path in [V2, V3] {
        let desk = Desk::open().await;
        let other_family = desk.tokens(path).await;
        let first = desk.tokens(path).await;
        let second = desk.refresh(path, &text(&first["refresh_token"])).await.json();
        let third = desk.refresh(path, &text(&second["refresh_token"])).await.json();
        desk.house.clock.advance(WINDOW_MS);
        assert_eq!(
            desk.refresh(path, &text(&first["refresh_token"])).await.code(),
            USED
        );
        for tokens in [&first, &second, &third] {
            assert_eq!(desk.seat_call(&text(&tokens["access_token"])).await, 99_991_668);
            let refresh_token = text(&tokens["refresh_token"]);
            assert_eq!(desk.refresh(path, &refresh_token).await.code(), REVOKED);
        }
        assert_eq!(desk.seat_call(&text(&other_family["access_token"])).await, 0);
        assert_eq!(
            desk.refresh(path, &text(&other_family["refresh_token"]))
                .await
                .status,
            200
        );
    }
}

/// A clock that was set back makes nobody a thief, and a thief nobody honest.
#[tokio::test]
async fn the_window_holds_when_the_clock_steps_back() {
    let desk = Desk::open().await;
    let first = desk.refresh_token(V3).await;
    let given = tokens(&refresh(&desk, &first, Some("key")).await);
    desk.house.clock.advance(-WINDOW_MS + 1);
    assert_eq!(tokens(&refresh(&desk, &first, Some("key")).await), given);
    desk.house.clock.advance(-1);
    assert_eq!(refresh(&desk, &first, Some("key")).await.code(), USED);
    assert_eq!(refresh(&desk, &given.1, None).await.code(), REVOKED);
}

#[tokio::test]
async fn a_replayed_code_ends_its_family_at_once() {
    for path in [V2, V3] {
        let desk = Desk::open().await;
        let code = desk.code().await;
        let fields = crate::oauth_support::code_fields(&code);
        let first = desk.post(path, &fields).await.json();
        let second = desk.refresh(path, &text(&first["refresh_token"])).await.json();
        assert_eq!(desk.post(path, &fields).await.code(), 20_065);
        for tokens in [&first, &second] {
            assert_eq!(desk.seat_call(&text(&tokens["access_token"])).await, 99_991_668);
            assert_eq!(
                desk.refresh(path, &text(&tokens["refresh_token"])).await.code(),
                REVOKED
            );
        }
    }
}

/// Asks all at once, each from a task of its own, over several threads.
async fn at_once(desk: &Arc<Desk>, asks: Vec<Ask>) -> Vec<Answer> {
    let barrier = Arc::new(tokio::sync::Barrier::new(asks.len()));
    let mut tasks = JoinSet::new();
    for ask in asks {
        let (desk, barrier) = (Arc::clone(desk), Arc::clone(&barrier));
        tasks.spawn(async move {
            barrier.wait().await;
            desk.house.ask_at_once(ask).await
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_refreshes_exactly_one_wins() {
    let desk = Arc::new(Desk::open().await);
    for _ in 0..10 {
        let first = desk.refresh_token(V3).await;
        let answers = at_once(&desk, vec![ask(V3, &first, None); 16]).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|answer| answer.code() == USED));
        // The family lives, with one refresh token in it.
        let (access, refresh_token) = tokens(won[0]);
        assert_eq!(desk.seat_call(&access).await, 0);
        assert_eq!(refresh(&desk, &refresh_token, None).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_under_one_key_all_get_the_same_pair() {
    let desk = Arc::new(Desk::open().await);
    let first = desk.refresh_token(V3).await;
    let answers = at_once(&desk, vec![ask(V3, &first, Some("key")); 16]).await;
    let pairs: Vec<_> = answers.iter().map(tokens).collect();
    assert!(pairs.iter().all(|pair| *pair == pairs[0]));
    assert_eq!(refresh(&desk, &pairs[0].1, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_at_most_one_wins_and_then_its_family_ends() {
    let desk = Arc::new(Desk::open().await);
    let code = desk.code().await;
    let secret = secret();
    let mut fields = crate::oauth_support::code_fields(&code);
    fields.extend([("client_id", CLIENT), ("client_secret", secret.as_str())]);
    let answers = at_once(&desk, vec![json_ask(V3, &fields); 16]).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| answer.code() == 20_065));
    assert_eq!(desk.seat_call(&tokens(won[0]).0).await, 99_991_668);
}

/// One thing that may happen to a family.
#[derive(Debug, Clone)]
enum Step {
    /// Some token that was ever given is tried, under some key or none.
    Refresh { which: usize, key: Option<u8> },
    /// Time passes.
    Wait { milliseconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let refresh = (any::<usize>(), proptest::option::of(0_u8..3));
    prop_oneof![
        4 => refresh.prop_map(|(which, key)| Step::Refresh { which, key }),
        1 => prop_oneof![Just(1), Just(WINDOW_MS - 1), Just(WINDOW_MS), Just(HOUR_MS)]
            .prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

async fn two_never_live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let desk = Desk::open().await;
    let mut given = vec![desk.refresh_token(V3).await];
    for step in steps {
        match step {
            Step::Wait { milliseconds } => desk.house.clock.advance(milliseconds),
            Step::Refresh { which, key } => {
                let token = given[which % given.len()].clone();
                let key = key.map(|key| key.to_string());
                let answer = refresh(&desk, &token, key.as_deref()).await;
                if answer.status == 200 {
                    let (_, new) = tokens(&answer);
                    if !given.contains(&new) {
                        given.push(new);
                    }
                }
            }
        }
        let mut live = 0;
        for token in &given {
            let kept = desk.kept(token).await;
            live += usize::from(!kept.revoked && kept.spent_at_ms.is_none());
        }
        prop_assert!(live <= 1, "{live} live refresh tokens in one family");
    }
    Ok(())
}

#[test]
fn no_sequence_of_refreshes_leaves_two_live_refresh_tokens() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 1..24), |steps| {
            runtime.block_on(two_never_live(steps))
        })
        .unwrap();
}

/// Its tokens are those of v2.
#[tokio::test]
async fn the_older_endpoint_refreshes_by_the_same_rules() {
    let desk = Desk::open().await;
    let app_token = desk.tenant_token().await;
    let first = desk.refresh_token(V2).await;
    let oidc = async |refresh_token: &str| {
        let ask = json_ask(OIDC_REFRESH, &refresh_fields(refresh_token)).bearer(&app_token);
        desk.house.ask_at_once(ask).await
    };
    let answer = oidc(&first).await;
    let second = text(&answer.json()["data"]["refresh_token"]);
    assert_eq!(oidc(&first).await.code(), 20_026);
    assert_eq!(desk.refresh(V2, &second).await.status, 200);
    desk.house.clock.advance(WINDOW_MS);
    assert_eq!(oidc(&second).await.code(), 20_026);
    assert_eq!(
        desk.seat_call(&text(&answer.json()["data"]["access_token"]))
            .await,
        99_991_668
    );
    // A token of the third generation is none for it.
    assert_eq!(oidc(&desk.refresh_token(V3).await).await.code(), 20_026);
}
