//! Many callers at once, each remembering what it was told.
//!
//! Everybody opens apps for everybody, but a seat is given and taken by one caller only (the person's number says which), so
//! that what it may be is known without a search. Pools belong to nobody: there all callers race.

use std::{collections::HashSet, net::SocketAddr};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use usher_checker::{Access, AssignAnswer, Change, ChangeKind, Kind, Load, ReleaseAnswer, Seat, Verdict};

use super::{
    connection::{Answer, Connection},
    plan::{ACCESSES_PER_CALL_MAX, CALLERS, Dice, FIRST_PERSON, SEATS_PER_CALL_MAX, namespace},
    recorder::Recorder,
    world::Tokens,
};
use crate::clock::SystemClock;

/// Of a hundred calls, so many open apps; of the others more give than take, so that pools are full.
const ACCESSES_OF_HUNDRED: u64 = 60;
const ASSIGNMENTS_OF_HUNDRED: u64 = 22;

/// What came of a caller.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) load: Load,
    /// Answers that nobody should get; empty when all is well.
    pub(super) surprises: Vec<String>,
    pub(super) calls_answered: u64,
    pub(super) calls_unanswered: u64,
}

/// A caller.
pub(super) struct Caller {
    pub(super) number: u64,
    /// People who take part so far.
    pub(super) people: u64,
    pub(super) dice: Dice,
    pub(super) tokens: Tokens,
    pub(super) recorder: Recorder,
}

impl Caller {
    /// Asks until the other end is gone.
    pub(super) async fn call(mut self, address: SocketAddr) -> Told {
        let mut told = Told::default();
        let Ok(mut connection) = Connection::open(address).await else {
            return told;
        };
        loop {
            let drawn = self.dice.below(100);
            let answered = if drawn < ACCESSES_OF_HUNDRED {
                self.open_apps(&mut connection, &mut told).await
            } else {
                let gives = drawn < ACCESSES_OF_HUNDRED + ASSIGNMENTS_OF_HUNDRED;
                self.change_seats(&mut connection, gives, &mut told).await
            };
            if !answered {
                told.calls_unanswered += 1;
                return told;
            }
            told.calls_answered += 1;
            self.recorder.answered();
        }
    }

    /// One call of `POST /usher/v1/accesses`; false when nobody answered.
    async fn open_apps(&mut self, connection: &mut Connection, told: &mut Told) -> bool {
        let count = 1 + self.dice.below(ACCESSES_PER_CALL_MAX);
        let opened: Vec<(u64, u32)> = (0..count)
            .map(|_| (FIRST_PERSON + self.dice.below(self.people), self.dice.app()))
            .collect();
        let lines = opened
            .iter()
            .map(|(user, app)| json!({"user_id": user, "namespace": namespace(*app)}));
        let body = Value::from_iter(lines).to_string();
        let begin = self.recorder.tick();
        let answer = connection
            .ask(Method::POST, "/usher/v1/accesses", &self.tokens.service, body)
            .await;
        let window = self.recorder.since(begin);
        let latest_ms = SystemClock.now_ms();
        let verdicts = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => read_verdicts(answer, opened.len()),
            _ => None,
        };
        if let Ok(answer) = &answer
            && verdicts.is_none()
        {
            surprise(answer, told);
        }
        for (index, (user, app)) in opened.into_iter().enumerate() {
            told.load.accesses.push(Access {
                window,
                user,
                app,
                answer: verdicts
                    .as_ref()
                    .and_then(|verdicts| verdicts.get(index).copied()),
                latest_ms,
            });
        }
        answer.is_ok()
    }

    /// One call that gives or takes seats; false when nobody answered.
    async fn change_seats(&mut self, connection: &mut Connection, gives: bool, told: &mut Told) -> bool {
        let seats = self.own_seats();
        if seats.is_empty() {
            return true;
        }
        let items: Vec<Value> = seats.iter().map(|seat| line(*seat)).collect();
        let body = json!({"manner": "partial", "items": items}).to_string();
        let action = if gives { "assign" } else { "release" };
        let target = format!("/usher/v1/seats/{action}?tenant_key=default");
        let begin = self.recorder.tick();
        let answer = connection
            .ask(Method::POST, &target, &self.tokens.operator, body)
            .await;
        let window = self.recorder.since(begin);
        let effects = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => read_effects(answer, gives, seats.len()),
            _ => None,
        };
        if let Ok(answer) = &answer
            && effects.is_none()
        {
            surprise(answer, told);
        }
        for (index, seat) in seats.into_iter().enumerate() {
            let known = effects
                .as_ref()
                .and_then(|effects: &Vec<ChangeKind>| effects.get(index).copied());
            told.load.changes.push(Change {
                window,
                seat,
                kind: known.unwrap_or(unanswered(gives)),
            });
        }
        answer.is_ok()
    }

    /// Some seats of people whose seats this caller alone changes, each once.
    fn own_seats(&mut self) -> Vec<Seat> {
        let own = self.people.saturating_sub(self.number).div_ceil(CALLERS);
        if own == 0 {
            return Vec::new();
        }
        let count = 1 + self.dice.below(SEATS_PER_CALL_MAX);
        let mut drawn = HashSet::new();
        let mut seats = Vec::new();
        for _ in 0..count {
            let user = FIRST_PERSON + self.number + CALLERS * self.dice.below(own);
            let app = match self.dice.below(3) {
                0 => None,
                _ => Some(self.dice.app()),
            };
            let seat = Seat { user, app };
            if drawn.insert(seat) {
                seats.push(seat);
            }
        }
        seats
    }
}

fn line(seat: Seat) -> Value {
    match seat.app {
        None => json!({"user_id": seat.user, "seat_type": "per_user"}),
        Some(app) => {
            json!({"user_id": seat.user, "seat_type": "per_user_per_app", "namespace": namespace(app)})
        }
    }
}

fn unanswered(gives: bool) -> ChangeKind {
    if gives {
        ChangeKind::Assign(None)
    } else {
        ChangeKind::Release(None)
    }
}

fn read_verdicts(answer: &Answer, expected: usize) -> Option<Vec<Verdict>> {
    let verdicts: Option<Vec<Verdict>> = answer.items().iter().map(read_verdict).collect();
    verdicts.filter(|verdicts| verdicts.len() == expected)
}

fn read_verdict(item: &Value) -> Option<Verdict> {
    let text = |field| item.get(field).and_then(Value::as_str);
    match (text("verdict")?, text("reason")) {
        ("refused", Some("no_seat" | "seat_released")) => Some(Verdict::Refused),
        ("admitted", None) => Some(Verdict::Admitted {
            through: kind(text("seat_type")?)?,
            active_time_ms: item.get("active_time")?.as_i64()?,
        }),
        _ => None,
    }
}

/// The kind of seat with a name of the wire.
pub(super) fn kind(seat_type: &str) -> Option<Kind> {
    match seat_type {
        "per_user" => Some(Kind::Platform),
        "per_user_per_app" => Some(Kind::App),
        _ => None,
    }
}

fn read_effects(answer: &Answer, gives: bool, expected: usize) -> Option<Vec<ChangeKind>> {
    let effects: Option<Vec<ChangeKind>> = answer
        .items()
        .iter()
        .map(|item| read_effect(item, gives))
        .collect();
    effects.filter(|effects| effects.len() == expected)
}

fn read_effect(item: &Value, gives: bool) -> Option<ChangeKind> {
    let text = |field| item.get(field).and_then(Value::as_str);
    match (gives, text("effect")?, text("reason")) {
        (true, "created" | "updated", _) => Some(ChangeKind::Assign(Some(AssignAnswer::Given))),
        (true, "unchanged", _) => Some(ChangeKind::Assign(Some(AssignAnswer::Had))),
        (true, "rejected", Some("pool_exhausted")) => Some(ChangeKind::Assign(Some(AssignAnswer::Exhausted))),
        (false, "updated", _) => Some(ChangeKind::Release(Some(ReleaseAnswer::Taken))),
        (false, "unchanged", _) => Some(ChangeKind::Release(Some(ReleaseAnswer::HadNone))),
        _ => None,
    }
}

/// An answer that is neither what was asked for nor an honest "not now".
fn surprise(answer: &Answer, told: &mut Told) {
    if answer.status != StatusCode::SERVICE_UNAVAILABLE {
        told.surprises.push(format!("{} {}", answer.status, answer.body));
    }
}

/// Joins what callers were told.
pub(super) fn joined(all: Vec<Told>) -> Told {
    let mut joined = Told::default();
    for told in all {
        joined.load.accesses.extend(told.load.accesses);
        joined.load.changes.extend(told.load.changes);
        joined.load.activities.extend(told.load.activities);
        joined.load.seats.extend(told.load.seats);
        joined.surprises.extend(told.surprises);
        joined.calls_answered += told.calls_answered;
        joined.calls_unanswered += told.calls_unanswered;
    }
    joined
}

/// Whoever was not answered may have been recorded until the server was gone, and not later.
pub(super) fn close(load: &mut Load, gone_ms: i64) {
    for access in load.accesses.iter_mut().filter(|access| access.answer.is_none()) {
        access.latest_ms = gone_ms;
    }
}
