//! What works once works once over three servers; who is signed in at one is signed in at all.

use std::thread;

use serde_json::{Value, json};

use crate::{
    house::{House, INSTANCES},
    http::{self, Answer},
    person::{CALLBACK, CLIENT, Person, VERIFIER},
};

/// Tries at each server.
const TRIES: usize = 4;

/// Does something at all servers at once, several times.
fn everywhere(act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let act = &act;
        let running: Vec<_> = (0..INSTANCES * TRIES)
            .map(|number| scope.spawn(move || act(number % INSTANCES)))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn exchange(address: &str, fields: &Value) -> Answer {
    let headers = ["Content-Type: application/json"];
    http::post(
        address,
        "/open-apis/authen/v2/oauth/token",
        &headers,
        &fields.to_string(),
    )
}

fn good(answers: &[Answer]) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status == 200).collect()
}

#[test]
fn codes_refresh_tokens_links_and_keys_work_once_and_sessions_everywhere() {
    let house = House::open();
    let address = |instance: usize| house.instances[instance].address.as_str();

    // A link, made by a command, tried at all servers by several browsers.
    let made: Value = serde_json::from_str(&house.command(&["user", "link", "1", "--json"])).unwrap();
    let link = made["path"].as_str().unwrap();
    let browsers = [0, 1, 2].map(|instance| {
        let mut person = Person::default();
        let page = person.get(address(instance), link);
        assert_eq!(page.status, 200, "the link is good everywhere: {page:?}");
        (person, page)
    });
    let chosen = everywhere(|instance| {
        let (person, page) = &browsers[instance];
        person.clone().chooses(address(instance), link, page)
    });
    let worked = chosen.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(worked, 1, "{chosen:?}");

    // Who signs in at one is signed in at all, until they sign out at one.
    let mut person = Person::default();
    person.signs_in(address(0));
    for instance in 0..INSTANCES {
        assert!(person.is_known(address(instance)), "instance {instance}");
    }

    // A code given by one server is good at any, once.
    let code = person.allows(address(1));
    let redeem = json!({"grant_type": "authorization_code", "client_id": CLIENT, "code": code,
                        "redirect_uri": CALLBACK, "code_verifier": VERIFIER});
    let redeemed = everywhere(|instance| exchange(address(instance), &redeem));
    assert_eq!(good(&redeemed).len(), 1, "{redeemed:?}");

    // Its replay has revoked what came from it; a new one is not replayed.
    let code = person.allows(address(2));
    let redeem = json!({"grant_type": "authorization_code", "client_id": CLIENT, "code": code,
                        "redirect_uri": CALLBACK, "code_verifier": VERIFIER});
    let tokens = exchange(address(0), &redeem).json();
    let refresh = json!({"grant_type": "refresh_token", "client_id": CLIENT,
                         "refresh_token": tokens["refresh_token"]});
    let rotated = everywhere(|instance| exchange(address(instance), &refresh));
    assert_eq!(good(&rotated).len(), 1, "{rotated:?}");

    // Under one idempotency key one thing is made, and everybody hears of that one.
    let new = json!({"name": "Somebody"});
    let key = ["Idempotency-Key: once-and-for-all"];
    let made = everywhere(|instance| house.manage_with(instance, "POST", "/usher/v1/users", &new, &key));
    let answers: Vec<Value> = made.iter().map(Answer::json).collect();
    let first: Vec<&Value> = answers
        .iter()
        .filter(|answer| answer["data"]["replayed"] == false)
        .collect();
    assert_eq!(first.len(), 1, "{answers:?}");
    for answer in &answers {
        assert_eq!(answer["data"]["user_id"], first[0]["data"]["user_id"], "{answer}");
    }

    let page = person.get(address(2), "/account");
    let left = person.post(address(2), "/sign-out", &page, &[]);
    assert_eq!(left.status, 303, "{left:?}");
}
