//! What is asked of a server, step by step, and what may be read afterwards.
//!
//! A step that is not answered, or answered with "not now", is asked again until it is answered: service returns. All that was asked
//! and answered goes into a history, with how far the log of the layer was at that moment, and `usher-checker` judges it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use usher_checker::{
    Access, ActivityRow, AssignAnswer, Change, ChangeKind, Checker, Kind, Load, Quiet, ReleaseAnswer, Seat,
    SeatRow, Verdict, Walk, Window,
};

use crate::{
    layer::Layer,
    program::{Server, ended, run},
};

/// Apps.
const APPS: u32 = 2;
/// Seats that are bought for the first app.
const SEATS_OF_FIRST_APP: u64 = 2;
/// How often a step is asked at most before service counts as gone for good.
const TRIES_MAX: u32 = 1_000;
/// How long a caller waits before coming back. `Retry-After` says a second; this only finds out sooner that service is back.
const PAUSE: Duration = Duration::from_millis(20);

/// A step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// These people open these apps, in one call.
    Open(&'static [(u64, u32)]),
    /// Somebody gets a seat: a platform seat without an app.
    Assign(u64, Option<u32>),
    /// Somebody loses one.
    Release(u64, Option<u32>),
}

/// Few steps of every kind, with folds and a full pool among them.
pub(crate) const SCRIPT: &[Step] = &[
    Step::Open(&[(2, 0), (3, 1)]),
    Step::Assign(2, None),
    Step::Assign(3, Some(0)),
    Step::Open(&[(2, 0), (2, 1), (3, 0), (3, 1)]),
    Step::Assign(4, Some(0)),
    Step::Assign(5, Some(0)),
    Step::Open(&[(3, 0), (4, 0), (5, 0)]),
    Step::Release(4, Some(0)),
    Step::Assign(5, Some(0)),
    Step::Open(&[(2, 1), (3, 0), (4, 0), (5, 0)]),
    Step::Release(2, None),
    Step::Open(&[(2, 0), (5, 0)]),
    Step::Assign(2, Some(1)),
    Step::Open(&[(2, 1), (3, 0), (5, 0)]),
    Step::Open(&[(2, 1), (3, 0), (5, 0)]),
];

/// A ledger with people, apps and a pool, from which each test has a copy.
pub(crate) struct Template {
    folder: TempDir,
    pub(crate) service: String,
    pub(crate) operator: String,
}

impl Template {
    /// The one of this process.
    pub(crate) fn get() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let folder = home();
        let data = folder.path();
        let mut lines = String::new();
        for app in 0..APPS {
            lines.push_str(&format!(
                "{}\n",
                json!({"change": "app", "namespace": namespace(app), "name": "App"})
            ));
        }
        for user in 2..=5 {
            lines.push_str(&format!(
                "{}\n",
                json!({"change": "user", "user_id": user, "name": "Person"})
            ));
        }
        run(&["apply", "-"], data, &lines);
        let token = |who: &str| {
            run(&["token", "issue", "--expires-in", "30d", who], data, "")
                .trim()
                .to_owned()
        };
        let (service, operator) = (token("--service"), token("--operator"));
        let server = Server::started(data, None);
        let pool = format!(
            "/usher/v1/pools/per_user_per_app:{}?tenant_key=default",
            namespace(0)
        );
        let bought = server.ask("PUT", &pool, &operator, &json!({"bought": SEATS_OF_FIRST_APP}));
        assert_eq!(bought.unwrap().0, 200);
        server.stop();
        Self {
            folder,
            service,
            operator,
        }
    }

    /// Puts a copy of the ledger into a new folder.
    pub(crate) fn copy_into(&self, data: &Path) {
        put_into(data, self.files());
    }

    /// The files of the ledger.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        files_in(self.folder.path())
    }
}

/// Every file of a ledger that nobody serves.
pub(crate) fn files_in(data: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(data).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            let name = entry.file_name().into_string().unwrap();
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    files
}

/// Makes a folder with these files.
pub(crate) fn put_into(data: &Path, files: Vec<(String, Vec<u8>)>) {
    std::fs::create_dir_all(data).unwrap();
    for (name, bytes) in files {
        std::fs::write(data.join(name), bytes).unwrap();
    }
}

/// A new folder on the disk of the build directory.
pub(crate) fn home() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A copy of the template and the layer over it.
pub(crate) fn copied_under_layer(home: &TempDir) -> (PathBuf, Layer) {
    let data = home.path().join("data");
    Template::get().copy_into(&data);
    let layer = Layer::over(&data, home.path());
    (data, layer)
}

/// What was asked and answered; windows are lengths of the log of the layer where one writes, so that a history can be cut like it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) load: Load,
    ticks: u64,
    /// For every tick, the length of the log at that moment.
    logged: Vec<u64>,
    /// Steps that were answered at once or later, and answers that asked to come back.
    pub(crate) refusals: u32,
}

impl History {
    fn tick(&mut self, layer: &Layer) -> u64 {
        self.logged.push(layer.log_bytes());
        self.ticks += 1;
        self.ticks - 1
    }

    /// What was known when the log had this length: later calls had not been made, later answers had not come.
    pub(crate) fn cut(&self, log_bytes: u64) -> Load {
        let mut load = self.load.clone();
        let begun = |window: Window| self.logged[window.begin as usize] <= log_bytes;
        let answered = |window: Window| self.logged[window.end as usize] <= log_bytes;
        load.accesses.retain(|access| begun(access.window));
        load.changes.retain(|change| begun(change.window));
        for access in load.accesses.iter_mut().filter(|access| !answered(access.window)) {
            access.answer = None;
        }
        for change in load.changes.iter_mut().filter(|change| !answered(change.window)) {
            change.kind = match change.kind {
                ChangeKind::Assign(_) => ChangeKind::Assign(None),
                ChangeKind::Release(_) => ChangeKind::Release(None),
            };
        }
        load
    }
}

/// Does a step until it is answered, and writes down all of it.
pub(crate) fn perform(server: &mut Server, step: Step, layer: &Layer, history: &mut History) {
    for _ in 0..TRIES_MAX {
        if attempt(server, step, layer, history) {
            return;
        }
        assert!(server.lives(), "the server ended at {step:?}");
        history.refusals += 1;
        pause();
    }
    panic!("service does not return: {step:?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a caller that is told to come back comes back later"
)]
fn pause() {
    thread::sleep(PAUSE);
}

/// Asks once; true when it was answered.
pub(crate) fn attempt(server: &Server, step: Step, layer: &Layer, history: &mut History) -> bool {
    match step {
        Step::Open(opened) => open(server, opened, layer, history),
        Step::Assign(user, app) => change(server, Seat { user, app }, true, layer, history),
        Step::Release(user, app) => change(server, Seat { user, app }, false, layer, history),
    }
}

fn open(server: &Server, opened: &[(u64, u32)], layer: &Layer, history: &mut History) -> bool {
    let line = |(user, app): &(u64, u32)| json!({"user_id": user, "namespace": namespace(*app)});
    let body = Value::from_iter(opened.iter().map(line));
    let begin = history.tick(layer);
    let answer = server.ask("POST", "/usher/v1/accesses", &Template::get().service, &body);
    let end = history.tick(layer);
    let latest_ms = now_ms();
    let items = settled(answer);
    for (index, (user, app)) in opened.iter().enumerate() {
        history.load.accesses.push(Access {
            window: Window { begin, end },
            user: *user,
            app: *app,
            answer: items.as_ref().map(|items| verdict(&items[index])),
            latest_ms,
        });
    }
    items.is_some()
}

fn change(server: &Server, seat: Seat, gives: bool, layer: &Layer, history: &mut History) -> bool {
    let item = match seat.app {
        None => json!({"user_id": seat.user, "seat_type": "per_user"}),
        Some(app) => {
            json!({"user_id": seat.user, "seat_type": "per_user_per_app", "namespace": namespace(app)})
        }
    };
    let body = json!({"manner": "partial", "items": [item]});
    let action = if gives { "assign" } else { "release" };
    let target = format!("/usher/v1/seats/{action}?tenant_key=default");
    let begin = history.tick(layer);
    let answer = server.ask("POST", &target, &Template::get().operator, &body);
    let end = history.tick(layer);
    let items = settled(answer);
    let effect = items
        .as_ref()
        .map(|items| items[0]["effect"].as_str().unwrap().to_owned());
    let kind = match (gives, effect.as_deref()) {
        (true, None) => ChangeKind::Assign(None),
        (true, Some("created" | "updated")) => ChangeKind::Assign(Some(AssignAnswer::Given)),
        (true, Some("unchanged")) => ChangeKind::Assign(Some(AssignAnswer::Had)),
        (true, Some("rejected")) => ChangeKind::Assign(Some(AssignAnswer::Exhausted)),
        (false, None) => ChangeKind::Release(None),
        (false, Some("updated")) => ChangeKind::Release(Some(ReleaseAnswer::Taken)),
        (false, Some("unchanged")) => ChangeKind::Release(Some(ReleaseAnswer::HadNone)),
        (_, Some(other)) => panic!("{other}"),
    };
    history.load.changes.push(Change {
        window: Window { begin, end },
        seat,
        kind,
    });
    items.is_some()
}

/// The lines of an answer; none when there was no answer, or one that says "not now". Nothing else may be said.
fn settled(answer: Option<(u16, Value)>) -> Option<Vec<Value>> {
    match answer? {
        (200, answer) => Some(answer["data"]["items"].as_array().unwrap().clone()),
        (503, _) => None,
        (status, answer) => panic!("neither an answer nor 503: {status} {answer}"),
    }
}

fn verdict(item: &Value) -> Verdict {
    match item["verdict"].as_str().unwrap() {
        "refused" => {
            let reason = item["reason"].as_str().unwrap();
            assert!(["no_seat", "seat_released"].contains(&reason), "{reason}");
            Verdict::Refused
        }
        _ => Verdict::Admitted {
            through: kind(item["seat_type"].as_str().unwrap()),
            active_time_ms: item["active_time"].as_i64().unwrap(),
        },
    }
}

/// Judges what was told, and what the ledger in a folder (through its server, if one runs) shows now.
pub(crate) fn judge(load: &Load, data: &Path, moment: &str) {
    let mut checker = Checker::new(HashMap::from([(Some(0), SEATS_OF_FIRST_APP)]));
    assert_eq!(checker.load(load), [], "{moment}: what was told");
    let shown = shown(data).unwrap_or_else(|complaint| panic!("{moment}: {complaint}"));
    assert_eq!(
        checker.quiet(&shown),
        [],
        "{moment}: what is shown\n{load:#?}\n{shown:#?}"
    );
}

/// Everything that a ledger shows, or what it complains about.
fn shown(data: &Path) -> Result<Quiet, String> {
    let printed = |words: &[&str]| {
        let output = ended(words, data, "");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    let activities = printed(&["export", "activities", "--format", "jsonl"])?;
    Ok(parsed(&activities, &printed(&["export", "seats"])?))
}

fn parsed(activities: &str, seats: &str) -> Quiet {
    let mut quiet = Quiet::default();
    for kind in [Kind::Platform, Kind::App] {
        quiet.activities.push(Walk {
            window: Window { begin: 0, end: 0 },
            kind,
            rows: activities
                .lines()
                .filter_map(|line| activity(line, kind))
                .collect(),
        });
        quiet.seats.push(Walk {
            window: Window { begin: 0, end: 0 },
            kind,
            rows: seats
                .lines()
                .skip(1)
                .filter_map(|line| seat(line, kind))
                .collect(),
        });
    }
    quiet
}

fn activity(line: &str, wanted: Kind) -> Option<ActivityRow> {
    let row: Value = serde_json::from_str(line).unwrap();
    (kind(row["seat_type"].as_str().unwrap()) == wanted).then(|| ActivityRow {
        user: row["user_id"].as_u64().unwrap(),
        app: app_number(row["namespace"].as_str().unwrap()),
        in_use: row["status"] == "in_use",
        active_time_ms: row["active_time_ms"].as_i64().unwrap(),
    })
}

/// `seat_type,user_id,external_id,name,namespace,status,...`
fn seat(line: &str, wanted: Kind) -> Option<SeatRow> {
    let cells: Vec<&str> = line.split(',').collect();
    (kind(cells[0]) == wanted).then(|| SeatRow {
        seat: Seat {
            user: cells[1].parse().unwrap(),
            app: (wanted == Kind::App).then(|| app_number(cells[4])),
        },
        in_use: cells[5] == "in_use",
    })
}

fn kind(seat_type: &str) -> Kind {
    match seat_type {
        "per_user" => Kind::Platform,
        _ => Kind::App,
    }
}

fn namespace(app: u32) -> String {
    format!("app{app}")
}

fn app_number(namespace: &str) -> u32 {
    namespace.strip_prefix("app").unwrap().parse().unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at the same clock as the server"
)]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_millis() as i64
}
