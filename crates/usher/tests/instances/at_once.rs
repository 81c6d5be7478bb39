//! What one server is told, the others know: seats at the very next access, everything else within a second.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    house::{House, INSTANCES, bearer},
    http,
};

/// What the promise is: within a second. Longer than that is waited, and then nobody may be let in.
const A_SECOND: Duration = Duration::from_millis(1_100);

fn seats(house: &House, instance: usize, deed: &str, user_id: u64) {
    let body = json!({"items": [{"user_id": user_id, "seat_type": "per_user"}], "reason": "a test"});
    let path = format!("/usher/v1/seats/{deed}");
    let answer = house.manage(instance, "POST", &path, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn patch(house: &House, instance: usize, path: &str, body: &Value) {
    let answer = house.manage(instance, "PATCH", path, body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_release_at_one_denies_at_the_others_at_once() {
    let house = House::open();
    for round in 0..30 {
        let (desk, other) = (round % INSTANCES, (round + 1) % INSTANCES);
        for instance in 0..INSTANCES {
            assert_eq!(house.opens(instance, 7)["verdict"], "admitted", "round {round}");
        }
        seats(&house, desk, "release", 7);
        // No pause: the very next access at each.
        for instance in 0..INSTANCES {
            let verdict = house.opens((other + instance) % INSTANCES, 7);
            assert_eq!(verdict["reason"], "seat_released", "round {round}: {verdict}");
        }
        seats(&house, other, "assign", 7);
        assert_eq!(house.opens(desk, 7)["verdict"], "admitted", "round {round}");
    }
}

#[test]
fn what_is_switched_off_at_one_is_off_at_all_within_a_second() {
    let house = House::open();
    let scope = "app_engine:seat_activities:read";
    let issued = house.command(&["token", "issue", "--administrator", "--scope", scope, "--json"]);
    let issued: Value = serde_json::from_str(&issued).unwrap();
    let token = issued["token"].as_str().unwrap_or_else(|| panic!("{issued}"));
    let asks = |instance: usize| {
        let target = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10";
        let answer = http::get(&house.instances[instance].address, target, &[&bearer(token)]);
        assert_ne!(answer.status, 429, "fewer calls than pass in a second");
        (answer.status, answer.body)
    };
    let everywhere = |what: &str, expected: &dyn Fn(usize) -> bool| {
        for instance in 0..INSTANCES {
            assert!(expected(instance), "{what} at instance {instance}");
        }
    };
    // Everything that is remembered is remembered everywhere.
    for user_id in 7..=9 {
        everywhere("the door", &|instance| {
            house.opens(instance, user_id)["verdict"] == "admitted"
        });
    }
    for instance in 0..INSTANCES {
        let (status, body) = asks(instance);
        assert_eq!(status, 200, "{body}");
    }

    patch(&house, 0, "/usher/v1/users/8", &json!({"enabled": false}));
    thread::park_timeout(A_SECOND);
    everywhere("user", &|instance| {
        house.opens(instance, 8)["reason"] == "user_disabled"
    });
    patch(&house, 1, "/usher/v1/apps/crm", &json!({"enabled": false}));
    thread::park_timeout(A_SECOND);
    everywhere("app", &|instance| {
        house.opens(instance, 9)["reason"] == "app_disabled"
    });
    patch(&house, 1, "/usher/v1/apps/crm", &json!({"enabled": true}));
    thread::park_timeout(A_SECOND);
    everywhere("app again", &|instance| {
        house.opens(instance, 9)["verdict"] == "admitted"
    });

    let listed = house.manage(0, "GET", "/usher/v1/clients", &Value::Null).json();
    let clients = listed["data"]["items"].as_array().unwrap();
    for client in clients {
        let path = format!("/usher/v1/clients/{}", client["client_id"].as_str().unwrap());
        patch(&house, 2, &path, &json!({"enabled": false}));
    }
    thread::park_timeout(A_SECOND);
    everywhere("client", &|instance| asks(instance).0 != 200);

    let tokens = house
        .manage(0, "GET", "/usher/v1/service-tokens", &Value::Null)
        .json();
    let service = tokens["data"]["items"][0]["token_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/usher/v1/service-tokens/{service}");
    assert_eq!(house.manage(1, "DELETE", &path, &Value::Null).status, 200);
    thread::park_timeout(A_SECOND);
    everywhere("service token", &|instance| {
        house.reports(instance, 9).status != 200
    });
}

#[test]
fn a_tenant_switched_off_at_one_is_off_at_all() {
    let house = House::open();
    for instance in 0..INSTANCES {
        assert_eq!(house.opens(instance, 7)["verdict"], "admitted");
    }
    patch(&house, 2, "/usher/v1/tenants/default", &json!({"enabled": false}));
    thread::park_timeout(A_SECOND);
    for instance in 0..INSTANCES {
        assert_ne!(
            house.opens(instance, 7)["verdict"],
            "admitted",
            "instance {instance}"
        );
    }
}
