//! The report, worked out by hand from exported facts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::TestCaseError;
use usher_seats::{IdleVerdict, Leave, SeatType};
use usher_store::{IdleOrder, IdleQuery, IdleRow, SeatRow};

use super::question;
use crate::ledger::Ledger;

/// The grain of time: everything in an organisation happens on a quarter of a day.
pub(super) const QUARTER_MS: i64 = 6 * 60 * 60 * 1_000;
/// Rows asked for at once; no organisation has as many.
const MANY: usize = 500;

/// What a row must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    user: i64,
    app: String,
    assigned_at_ms: i64,
    last_ms: Option<i64>,
    protected_reason: Option<String>,
    since_ms: i64,
    days_idle: i64,
    verdict: IdleVerdict,
    flags: [bool; 5],
    next_ms: Option<i64>,
}

/// Everything an administrator could export, and nothing more.
struct Facts {
    seats: Vec<SeatRow>,
    /// By kind of seat, user and app, where a platform seat has none.
    last_ms: BTreeMap<(SeatType, i64, String), i64>,
    leaves: BTreeMap<i64, Vec<Leave>>,
    members: BTreeSet<i64>,
}

/// The rows that the report must have, in order.
pub(super) async fn answer(ledger: &Ledger, query: &IdleQuery) -> Vec<Line> {
    let facts = export(ledger, query).await;
    let mut lines: Vec<Line> = facts
        .seats
        .iter()
        .filter_map(|seat| line(&facts, seat, query))
        .collect();
    let day = |line: &Line| match query.order {
        IdleOrder::LongestIdleFirst => line.since_ms.div_euclid(4 * QUARTER_MS),
        IdleOrder::User => 0,
    };
    lines.sort_by_key(|line| (day(line), line.user, line.app.clone()));
    lines
}

/// The figures of one pool, worked out by hand: held, used, never used, steps of idle days, verdicts.
type Figures = (u64, [u64; 4], u64, [u64; 9], [u64; 7]);

/// Says where the overview differs from a count of every seat at the last midnight of UTC.
pub(super) async fn check_overview(ledger: &Ledger, now_ms: i64) -> Result<(), TestCaseError> {
    let midnight_ms = now_ms - now_ms.rem_euclid(4 * QUARTER_MS);
    let facts = export(ledger, &question(ledger, 0, midnight_ms)).await;
    let mut expected: BTreeMap<(SeatType, String), Figures> = BTreeMap::new();
    for seat in facts.seats.iter().filter(|seat| in_use(seat, now_ms)) {
        let figures = expected
            .entry((seat.seat.pool.seat_type, app_of(seat)))
            .or_default();
        count(figures, &counted(&facts, seat, midnight_ms), midnight_ms);
    }
    let pools = ledger
        .store
        .pools(ledger.tenant_id, None, MANY, now_ms)
        .await
        .unwrap();
    let overview = ledger.overview(now_ms).await;
    if overview.judged_at_ms != midnight_ms || pools.len() != overview.pools.len() {
        return Err(TestCaseError::fail(format!(
            "{overview:#?}, but pools are {pools:#?}"
        )));
    }
    for (pool, figures) in pools.iter().zip(overview.pools) {
        let app = pool
            .namespace
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let by_hand = expected.remove(&(pool.seat_type, app)).unwrap_or_default();
        let seats = figures.seats;
        let verdicts = seats.verdicts.map(|known| known.unwrap_or(u64::MAX));
        let found = (
            seats.held,
            seats.used,
            seats.never_used,
            seats.idle_days,
            verdicts,
        );
        if found != by_hand || *pool != figures.pool || pool.pool.in_use != seats.held {
            return Err(TestCaseError::fail(format!(
                "{pool:?} at {now_ms}\nthe overview says {found:?} of {:?}\nby hand it is {by_hand:?}",
                figures.pool
            )));
        }
    }
    if expected.is_empty() {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("pools are missing: {expected:?}")))
}

fn count(figures: &mut Figures, line: &Line, midnight_ms: i64) {
    let day_ms = 4 * QUARTER_MS;
    let (held, used, never_used, idle_days, verdicts) = figures;
    *held += 1;
    *never_used += u64::from(line.last_ms.is_none());
    for (index, days) in [1, 7, 30, 90].into_iter().enumerate() {
        let first_ms = midnight_ms - (days - 1) * day_ms;
        used[index] += u64::from(line.last_ms.is_some_and(|last_ms| last_ms >= first_ms));
    }
    let whole_days = (midnight_ms - line.since_ms).max(0) / day_ms;
    let step = match whole_days {
        0 => 0,
        1..7 => 1,
        7..14 => 2,
        14..30 => 3,
        30..60 => 4,
        60..90 => 5,
        90..180 => 6,
        180..365 => 7,
        _ => 8,
    };
    idle_days[step] += 1;
    let place = IdleVerdict::ALL
        .iter()
        .position(|verdict| *verdict == line.verdict);
    verdicts[place.unwrap()] += 1;
}

/// Says where the report differs.
pub(super) fn compare(found: &[IdleRow], expected: &[Line], query: &IdleQuery) -> Result<(), TestCaseError> {
    let found: Vec<Line> = found.iter().map(shown).collect();
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!(
        "{query:?}\nthe report says {found:#?}\nby hand it is {expected:#?}"
    )))
}

fn shown(row: &IdleRow) -> Line {
    let idleness = row.idleness;
    Line {
        user: row.user_id.get(),
        app: row
            .namespace
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        assigned_at_ms: row.assigned_at_ms,
        last_ms: row.last_admitted_ms,
        protected_reason: row.protected_reason.clone(),
        since_ms: idleness.idle_since_ms,
        days_idle: i64::from(idleness.days_idle),
        verdict: idleness.verdict,
        flags: [
            idleness.protected,
            idleness.on_leave,
            idleness.new,
            idleness.redundant,
            idleness.never_used,
        ],
        next_ms: idleness.next_ms,
    }
}

async fn export(ledger: &Ledger, query: &IdleQuery) -> Facts {
    let store = &ledger.store;
    let mut facts = Facts {
        seats: Vec::new(),
        last_ms: BTreeMap::new(),
        leaves: BTreeMap::new(),
        members: BTreeSet::new(),
    };
    for seat_type in SeatType::ALL {
        let seats = store
            .seats(ledger.tenant_id, seat_type, None, MANY)
            .await
            .unwrap();
        facts.seats.extend(seats);
        for row in ledger.activities(seat_type, MANY, query.now_ms).await {
            let app = match seat_type {
                SeatType::PerUser => String::new(),
                SeatType::PerUserPerApp => row.namespace.to_string(),
            };
            let last_ms = facts
                .last_ms
                .entry((seat_type, row.user_id.get(), app))
                .or_insert(row.active_time_ms);
            *last_ms = row.active_time_ms.max(*last_ms);
        }
    }
    for user in store.users(ledger.tenant_id, None, MANY).await.unwrap() {
        let leaves = store.leaves(ledger.tenant_id, user.user_id).await.unwrap();
        facts.leaves.insert(user.user_id.get(), leaves);
    }
    if let Some(group_key) = &query.group_key {
        let members = store.group_members(ledger.tenant_id, group_key, None, MANY).await;
        facts.members = members.unwrap().iter().map(|user_id| user_id.get()).collect();
    }
    facts
}

fn in_use(seat: &SeatRow, now_ms: i64) -> bool {
    seat.held && seat.expires_at_ms.is_none_or(|end_ms| end_ms > now_ms)
}

fn line(facts: &Facts, seat: &SeatRow, query: &IdleQuery) -> Option<Line> {
    let pool = &seat.seat.pool;
    let user = seat.seat.user_id.get();
    let app = app_of(seat);
    if !in_use(seat, query.now_ms)
        || query.seat_type.is_some_and(|wanted| wanted != pool.seat_type)
        || query
            .namespace
            .as_ref()
            .is_some_and(|wanted| wanted.to_string() != app)
        || query.user_id.is_some_and(|user_id| user_id.get() != user)
        || (query.group_key.is_some() && !facts.members.contains(&user))
    {
        return None;
    }
    let line = counted(facts, seat, query.now_ms);
    let asked_days = match query.order {
        IdleOrder::LongestIdleFirst if !query.never_used => query.idle_days_min.max(1),
        _ => query.idle_days_min,
    };
    let fits = line.days_idle >= i64::from(asked_days)
        && (!query.never_used || line.last_ms.is_none())
        && (query.verdicts.is_empty() || query.verdicts.contains(&line.verdict));
    fits.then_some(line)
}

fn app_of(seat: &SeatRow) -> String {
    let app = seat.seat.pool.namespace.as_ref();
    app.map(ToString::to_string).unwrap_or_default()
}

impl Facts {
    fn away(&self, user: i64, time_ms: i64) -> bool {
        let covers = |leave: &Leave| time_ms >= leave.from_ms && time_ms < leave.until_ms;
        self.leaves
            .get(&user)
            .is_some_and(|leaves| leaves.iter().any(covers))
    }

    /// Whole days of presence between two moments, quarter by quarter.
    fn days_present(&self, user: i64, since_ms: i64, until_ms: i64) -> i64 {
        let (mut quarters, mut time_ms) = (0, since_ms);
        while time_ms < until_ms {
            quarters += i64::from(!self.away(user, time_ms));
            time_ms += QUARTER_MS;
        }
        quarters / 4
    }

    fn platform_seat_in_use(&self, seat: &SeatRow, now_ms: i64) -> bool {
        self.seats.iter().any(|other| {
            other.seat.pool.seat_type == SeatType::PerUser
                && other.seat.user_id == seat.seat.user_id
                && in_use(other, now_ms)
        })
    }
}

fn first_from(mut time_ms: i64, holds: impl Fn(i64) -> bool) -> Option<i64> {
    while !holds(time_ms) {
        time_ms += QUARTER_MS;
    }
    Some(time_ms)
}

fn counted(facts: &Facts, seat: &SeatRow, now_ms: i64) -> Line {
    let (user, app) = (seat.seat.user_id.get(), app_of(seat));
    let kind = seat.seat.pool.seat_type;
    let last_ms = facts.last_ms.get(&(kind, user, app.clone())).copied();
    let since_ms = seat.assigned_at_ms.max(last_ms.unwrap_or(i64::MIN));
    let days_idle = facts.days_present(user, since_ms, now_ms);
    let new_until_ms = seat.assigned_at_ms + 30 * 4 * QUARTER_MS;
    let flags = [
        seat.protected_reason.is_some(),
        facts.away(user, now_ms),
        now_ms < new_until_ms,
        !app.is_empty() && facts.platform_seat_in_use(seat, now_ms),
        last_ms.is_none(),
    ];
    let (verdict, next_ms) = match flags {
        [true, ..] => (IdleVerdict::Protected, None),
        [_, true, ..] => (
            IdleVerdict::OnLeave,
            first_from(now_ms, |time_ms| !facts.away(user, time_ms)),
        ),
        [_, _, true, ..] => (IdleVerdict::New, Some(new_until_ms)),
        [_, _, _, true, _] => (IdleVerdict::Redundant, None),
        [.., true] => (IdleVerdict::NeverUsed, None),
        _ if days_idle >= 90 => (IdleVerdict::Idle, None),
        // Not before ninety days after the last visit, leave or no leave.
        _ => {
            let soonest_ms = since_ms + 90 * 4 * QUARTER_MS;
            let becomes_idle = |time_ms| facts.days_present(user, since_ms, time_ms) >= 90;
            (IdleVerdict::InUse, first_from(soonest_ms, becomes_idle))
        }
    };
    Line {
        user,
        app,
        assigned_at_ms: seat.assigned_at_ms,
        last_ms,
        protected_reason: seat.protected_reason.clone(),
        since_ms,
        days_idle,
        verdict,
        flags,
        next_ms,
    }
}
