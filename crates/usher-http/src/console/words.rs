//! Words of the ledger as people read them.

use usher_console::{
    Cell, Choice, Tone, grouped,
    texts::{Words, fill},
};
use usher_seats::{Cost, IdlePolicy, IdleVerdict, Namespace, PricePeriod, SeatType};
use usher_store::{AuditObject, PoolName, SeatName};

use super::desk::Desk;

/// A kind of seat.
pub(super) fn seat_type(words: &Words, seat_type: SeatType) -> &'static str {
    match seat_type {
        SeatType::PerUser => words.platform_seat,
        SeatType::PerUserPerApp => words.app_seat,
    }
}

/// A kind of seat, and for an app seat the name of its app.
pub(super) fn seat(words: &Words, kind: SeatType, app: Option<&str>) -> String {
    let kind = seat_type(words, kind);
    app.map_or_else(|| kind.to_owned(), |app| format!("{kind} · {app}"))
}

/// The name of a seat within its organisation, as addresses have it.
pub(super) fn seat_name(
    kind: SeatType,
    user_id: usher_seats::UserId,
    namespace: Option<&Namespace>,
) -> String {
    let pool = PoolName {
        // A seat's name does not tell the tenant.
        tenant_id: usher_seats::TenantId(0),
        seat_type: kind,
        namespace: namespace.cloned(),
    };
    SeatName { pool, user_id }.to_string()
}

/// A kind of thing in the audit log.
pub(super) fn audit_object(words: &Words, object: AuditObject) -> &'static str {
    match object {
        AuditObject::Tenant => words.object_tenant,
        AuditObject::User => words.object_user,
        AuditObject::App => words.object_app,
        AuditObject::Client => words.object_client,
        AuditObject::Token => words.object_token,
        AuditObject::SignIn => words.object_sign_in,
        AuditObject::Seat => words.object_seat,
        AuditObject::Pool => words.object_pool,
        AuditObject::WaitingPlace => words.object_waiting_place,
        AuditObject::Group => words.object_group,
        AuditObject::Setting => words.object_setting,
    }
}

/// A verdict.
pub(super) fn verdict(words: &Words, verdict: IdleVerdict) -> &'static str {
    match verdict {
        IdleVerdict::Protected => words.protected,
        IdleVerdict::OnLeave => words.on_leave,
        IdleVerdict::New => words.new,
        IdleVerdict::Redundant => words.redundant,
        IdleVerdict::NeverUsed => words.never_used,
        IdleVerdict::Idle => words.idle,
        IdleVerdict::InUse => words.in_use,
    }
}

/// Whether somebody should look at a seat with this verdict.
fn tone(verdict: IdleVerdict) -> Tone {
    match verdict {
        IdleVerdict::Protected | IdleVerdict::OnLeave | IdleVerdict::New => Tone::Plain,
        IdleVerdict::Redundant | IdleVerdict::NeverUsed => Tone::Attention,
        IdleVerdict::Idle => Tone::Bad,
        IdleVerdict::InUse => Tone::Good,
    }
}

/// A verdict as a badge.
pub(super) fn verdict_badge(words: &Words, of: IdleVerdict) -> Cell {
    Cell::badge(tone(of), verdict(words, of))
}

/// Why a seat is called so.
pub(super) fn verdict_reason(words: &Words, verdict: IdleVerdict, policy: IdlePolicy) -> String {
    match verdict {
        IdleVerdict::Protected => words.protected_why.to_owned(),
        IdleVerdict::OnLeave => words.on_leave_why.to_owned(),
        IdleVerdict::New => fill(words.new_why, &[&policy.new_for_days]),
        IdleVerdict::Redundant => words.redundant_why.to_owned(),
        IdleVerdict::NeverUsed => words.never_used_why.to_owned(),
        IdleVerdict::Idle => fill(words.idle_why, &[&policy.idle_after_days]),
        IdleVerdict::InUse => fill(words.in_use_why, &[&policy.idle_after_days]),
    }
}

/// Kinds of seats to choose from.
pub(super) fn seat_type_choices(words: &Words) -> Vec<Choice> {
    let kinds = SeatType::ALL.into_iter();
    kinds
        .map(|kind| Choice::new(kind.wire_name(), seat_type(words, kind)))
        .collect()
}

/// An amount for people, its thousands set apart.
pub(super) fn amount(cost: &Cost) -> String {
    let written = cost.amount();
    let (whole, rest) = written.split_once('.').unwrap_or((&written, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    if rest.is_empty() {
        whole
    } else {
        format!("{whole}.{rest}")
    }
}

/// For how long something is paid.
pub(super) fn period(desk: &Desk, period: PricePeriod) -> &'static str {
    match period {
        PricePeriod::Month => desk.words().a_month,
        PricePeriod::Year => desk.words().a_year,
    }
}

/// A price or what many seats cost: amount, currency and for how long.
pub(super) fn cost(desk: &Desk, cost: &Cost) -> String {
    format!("{} {} {}", amount(cost), cost.currency, period(desk, cost.period))
}
