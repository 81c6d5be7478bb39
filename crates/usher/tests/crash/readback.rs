//! What is there after a crash, and whether anything acknowledged is missing.

use std::{collections::HashMap, net::SocketAddr, path::Path};

use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, body::Bytes};
use serde_json::Value;

use crate::{
    load::{Acknowledged, connect},
    program::run,
};

/// The rows of `seat_activities`, as far as these tests compare them.
pub(crate) type Activities = HashMap<(u64, String), i64>;

/// Reads the rows with `usher export`, which opens the data folder itself when no server runs.
pub(crate) fn exported(data: &Path) -> Activities {
    let text = run(
        &[
            "export",
            "activities",
            "--format",
            "jsonl",
            "--data",
            data.to_str().unwrap(),
        ],
        "",
    );
    text.lines()
        .map(|line| row(&serde_json::from_str(line).unwrap(), "active_time_ms"))
        .collect()
}

/// Reads the rows from a running server, page by page.
pub(crate) async fn listed(address: SocketAddr, token: &str) -> Activities {
    let mut sender = connect(address).await.unwrap();
    let mut rows = Activities::new();
    let mut page_token = String::new();
    loop {
        let path = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=500&page_token=";
        let request = Request::get(format!("{path}{page_token}"))
            .header("host", "127.0.0.1")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::new(Bytes::new()))
            .unwrap();
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let status = answer.status();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        if status == StatusCode::TOO_MANY_REQUESTS {
            continue; // The limit counts by the second; the next one comes by itself.
        }
        let page: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(status, StatusCode::OK, "{page}");
        rows.extend(
            page["data"]["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|value| row(value, "active_time")),
        );
        match page["data"]["page_token"].as_str() {
            Some(next) => next.clone_into(&mut page_token),
            None => return rows,
        }
    }
}

fn row(value: &Value, time_field: &str) -> ((u64, String), i64) {
    let user_id = value["user_id"].as_u64().unwrap();
    let namespace = value["namespace"].as_str().unwrap().to_owned();
    ((user_id, namespace), value[time_field].as_i64().unwrap())
}

/// Fails when an acknowledged access is missing, or lower than it was acknowledged.
pub(crate) fn assert_kept(acknowledged: &Acknowledged, present: &Activities, moment: &str) {
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|(key, active_time)| present.get(*key).is_none_or(|kept| kept < active_time))
        .map(|(key, active_time)| (key, active_time, present.get(key)))
        .collect();
    assert!(
        lost.is_empty(),
        "{moment}: {} acknowledged accesses are lost or lower: {:?}",
        lost.len(),
        &lost[..1]
    );
}
