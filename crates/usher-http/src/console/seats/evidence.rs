//! What a seat's verdict rests on.

use usher_console::{Block, Calendar, Cell, Fact, texts::Seats};
use usher_seats::{DaySpan, IdlePolicy, IdleVerdict, Leave, UserId};
use usher_store::{ActiveDaysQuery, HistoryScope, IdleOrder, IdleQuery, IdleRow, SeatName, SeatRow};

use super::list::held_badge;
use crate::{
    console::{desk::Desk, words},
    sign_in::problem::Problem,
};

/// Days of the calendar: a year, so that who comes once a quarter is seen to.
const CALENDAR_DAYS: i32 = 365;

/// One seat as the idle report has it; none when it is not in use.
pub(super) async fn judged(desk: &Desk, seat: &SeatName) -> Result<Option<IdleRow>, Problem> {
    let query = IdleQuery {
        tenant_id: desk.tenant_id(),
        now_ms: desk.now_ms(),
        policy: IdlePolicy::default(),
        idle_days_min: 0,
        never_used: false,
        seat_type: Some(seat.pool.seat_type),
        namespace: seat.pool.namespace.clone(),
        group_key: None,
        user_id: Some(seat.user_id),
        verdicts: Vec::new(),
        order: IdleOrder::User,
        after: None,
        rows_max: 1,
    };
    let page = desk.store().idle_seats(query).await?;
    Ok(page.rows.into_iter().next())
}

/// Everything that is kept of a seat, and what is thought of it.
pub(super) async fn blocks(
    desk: &Desk,
    seat: &SeatRow,
    judged: Option<&IdleRow>,
) -> Result<Vec<Block>, Problem> {
    let mut blocks = Vec::new();
    if let Some(row) = judged {
        let verdict = row.idleness.verdict;
        blocks.push(Block::Text(words::verdict_reason(
            desk.words(),
            verdict,
            IdlePolicy::default(),
        )));
    }
    blocks.push(Block::Facts(facts(desk, seat, judged)));
    blocks.extend(leaves(desk, seat.seat.user_id).await?);
    blocks.push(calendar(desk, &seat.seat).await?);
    Ok(blocks)
}

fn facts(desk: &Desk, seat: &SeatRow, judged: Option<&IdleRow>) -> Vec<Fact> {
    let (seats, ledger) = (desk.seats(), desk.words());
    let moment = |time_ms: i64| Cell::moment(desk.moment(time_ms));
    let mut facts = vec![Fact::new(seats.column_status, held_badge(desk, seat))];
    if let Some(row) = judged {
        let idleness = &row.idleness;
        facts.push(Fact::new(
            seats.column_verdict,
            words::verdict_badge(ledger, idleness.verdict),
        ));
        facts.push(Fact::new(seats.days_idle, Cell::count(idleness.days_idle.into())));
        facts.push(Fact::new(seats.idle_since, moment(idleness.idle_since_ms)));
        facts.push(Fact::new(
            seats.column_last,
            row.last_admitted_ms
                .map_or_else(|| Cell::quiet(seats.never), moment),
        ));
        facts.push(Fact::new(seats.refused, Cell::count(row.refused_attempts)));
        if let Some(next_ms) = idleness.next_ms {
            facts.push(Fact::new(next_name(seats, idleness.verdict), moment(next_ms)));
        }
    }
    facts.push(Fact::new(seats.column_given, moment(seat.assigned_at_ms)));
    let how = if seat.given_directly {
        seats.given_directly
    } else {
        seats.given_by_group
    };
    facts.push(Fact::new(seats.given_how, Cell::text(how)));
    if let Some(released_ms) = seat.released_at_ms {
        facts.push(Fact::new(seats.column_released, moment(released_ms)));
    }
    if let Some(until_ms) = kept_until_ms(desk, seat) {
        facts.push(Fact::new(seats.kept_until, moment(until_ms)));
    }
    let end = seat
        .expires_at_ms
        .map_or_else(|| Cell::quiet(seats.no_end), moment);
    facts.push(Fact::new(seats.column_expires, end));
    if let Some(reason) = &seat.protected_reason {
        facts.push(Fact::new(seats.protected_reason, Cell::text(reason)));
    }
    facts
}

/// What the end of a verdict is called: only a seat in use becomes idle by itself; what comes after a leave depends.
fn next_name(seats: &Seats, verdict: IdleVerdict) -> &'static str {
    match verdict {
        IdleVerdict::OnLeave => seats.next_on_leave,
        IdleVerdict::New => seats.next_new,
        _ => seats.next_idle,
    }
}

/// Until when a seat is kept for whoever had it; none when it is not, or no longer.
pub(super) fn kept_until_ms(desk: &Desk, seat: &SeatRow) -> Option<i64> {
    seat.kept_until_ms.filter(|until_ms| desk.now_ms() < *until_ms)
}

async fn leaves(desk: &Desk, user_id: UserId) -> Result<Option<Block>, Problem> {
    let leaves = desk.store().leaves(desk.tenant_id(), user_id).await?;
    let shown: Vec<Cell> = leaves.iter().map(|leave| Cell::text(span(desk, leave))).collect();
    let fact = Fact::new(desk.seats().leaves, Cell::Several(shown));
    Ok((!leaves.is_empty()).then(|| Block::Facts(vec![fact])))
}

/// A leave as its first and last day.
pub(crate) fn span(desk: &Desk, leave: &Leave) -> String {
    let first = desk.day(leave.from_ms);
    let last = desk.day(leave.until_ms.saturating_sub(1));
    format!("{first} – {last}")
}

async fn calendar(desk: &Desk, seat: &SeatName) -> Result<Block, Problem> {
    let seats = desk.seats();
    let last = desk.day(desk.now_ms());
    let first = last.plus(-(CALENDAR_DAYS - 1));
    let query = ActiveDaysQuery {
        scope: HistoryScope {
            tenant_id: desk.tenant_id(),
            seat_type: Some(seat.pool.seat_type),
            namespace: seat.pool.namespace.clone(),
        },
        user_id: seat.user_id,
        days: DaySpan { first, last },
    };
    Ok(Block::Calendar(Calendar {
        title: seats.calendar.to_owned(),
        first,
        last,
        active: desk.store().active_days(query).await?,
        active_word: seats.calendar_active.to_owned(),
        quiet_word: seats.calendar_quiet.to_owned(),
        as_list: seats.calendar_list.to_owned(),
    }))
}
