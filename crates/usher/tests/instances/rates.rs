//! Ten calls a second, over three servers that nginx asks in turn.
//!
//! What passed is told three times: by the callers; by the database, where a trigger of the test's own writes down each call that
//! is counted and in which second; and by the moments between which a caller sent and heard, which are of the same machine and so
//! of the same clock. Nothing depends on speed: a second counts when somebody was refused in it, for only then was it used up.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use usher_testbed::postgres::Server;

use crate::{
    house::{House, INSTANCES, bearer},
    http,
};

/// Seconds that must have been used up.
const WINDOWS: usize = 60;
/// Who calls at the same time.
const CALLERS: usize = 6;
/// Pause of a caller between two calls. It paces the load, and nothing depends on it.
const PAUSE: Duration = Duration::from_millis(40);
/// Looks at what has happened so far before the test gives up; one a second.
const LOOKS_MAX: usize = 600;

/// A call, as the caller saw it.
struct Call {
    passed: bool,
    instance: String,
    /// The second in which it was sent and answered; none when that was not one.
    second: Option<i64>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "windows are of real time, and so must be what judges them"
)]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn call(site: &str, token: &str) -> Call {
    let sent_ms = now_ms();
    let target = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10";
    let answer = http::get(site, target, &[&bearer(token)]);
    let heard_ms = now_ms();
    let header = |name: &str| {
        let mut lines = answer.head.lines();
        let found = lines.find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned));
        found.unwrap_or_default()
    };
    if answer.status == 429 {
        assert_eq!(header("x-ogw-ratelimit-limit: "), "10", "{answer:?}");
        assert_eq!(header("x-ogw-ratelimit-reset: "), "1", "{answer:?}");
        assert_eq!(answer.json()["code"], 99_991_400);
    } else {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    Call {
        passed: answer.status == 200,
        instance: header("x-instance: "),
        second: (sent_ms / 1_000 == heard_ms / 1_000).then_some(sent_ms / 1_000),
    }
}

fn seconds_with(calls: &[Call], passed: bool) -> BTreeMap<i64, i64> {
    let mut seconds = BTreeMap::new();
    for call in calls.iter().filter(|call| call.passed == passed) {
        if let Some(second) = call.second {
            *seconds.entry(second).or_insert(0) += 1;
        }
    }
    seconds
}

/// Every server has let somebody through and refused somebody.
fn everybody_answered(calls: &[Call]) {
    for passed in [true, false] {
        let mut instances: Vec<&String> = calls
            .iter()
            .filter(|call| call.passed == passed)
            .map(|call| &call.instance)
            .collect();
        instances.sort_unstable();
        instances.dedup();
        assert_eq!(instances.len(), INSTANCES, "{instances:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_calls_pass_in_every_second_that_is_used_up() {
    let house = tokio::task::spawn_blocking(House::open).await.unwrap();
    let scope = "app_engine:seat_activities:read";
    let token = house.command(&["token", "issue", "--administrator", "--scope", scope]);
    let token = token.trim();
    let watcher = Server::shared().connect(house.database.name()).await;
    watcher
        .batch_execute(
            "CREATE TABLE counted (second bigint, nth bigint);
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO counted VALUES (NEW.second, NEW.second_calls); RETURN NEW; END $$;
             CREATE TRIGGER note AFTER INSERT OR UPDATE ON rate_windows FOR EACH ROW
             WHEN (NEW.api = 'seat_activities') EXECUTE FUNCTION note();",
        )
        .await
        .unwrap();
    let (stop, calls) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let call = call(&house.site, token);
                    calls.lock().unwrap().push(call);
                    thread::park_timeout(PAUSE);
                }
            });
        }
        for _ in 0..LOOKS_MAX {
            thread::park_timeout(Duration::from_secs(1));
            if seconds_with(&calls.lock().unwrap(), false).len() >= WINDOWS {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let calls = calls.into_inner().unwrap();
    // How many calls were counted in each second, by the database's word.
    let rows = watcher
        .query(
            "SELECT second, count(*), count(DISTINCT nth) FROM counted GROUP BY second",
            &[],
        )
        .await
        .unwrap();
    for row in &rows {
        assert_eq!(
            row.get::<_, i64>(1),
            row.get::<_, i64>(2),
            "each call has a number of its own"
        );
    }
    let counted: BTreeMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let passed = calls.iter().filter(|call| call.passed).count();
    assert_eq!(counted.values().sum::<i64>(), i64::try_from(passed).unwrap());
    for (second, count) in &counted {
        assert!(*count <= 10, "{count} calls passed in second {second}");
    }
    for (second, count) in seconds_with(&calls, true) {
        assert!(count <= 10, "{count} callers heard yes within second {second}");
    }
    let used_up = seconds_with(&calls, false);
    assert!(used_up.len() >= WINDOWS, "{} seconds were used up", used_up.len());
    for second in used_up.keys() {
        assert_eq!(counted.get(second), Some(&10), "second {second} refused somebody");
    }
    everybody_answered(&calls);
    let (calls, seconds) = (calls.len(), used_up.len());
    eprintln!("{calls} calls, {passed} passed, {seconds} seconds used up with 10 each");
}
