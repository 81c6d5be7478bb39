//! The plan, carried out through the store and the real door.

use usher_seats::{LanguageTag, LocalizedNames, TenantId, UserId};
use usher_store::{Access, App, AppRoute, Change, User};

use super::{
    Highlights,
    plan::{APPS, DAY_MS, HISTORY_DAYS, Plan, PlannedAccess, PlannedSeat},
};
use crate::{failure::Failure, identifiers, ledger::Ledger, words};

/// The host under which a gateway would serve the apps.
const HOST: &str = "apps.demo.example";
/// Accesses per pass; well below the door's queue.
const ACCESSES_AT_ONCE: usize = 1_000;
/// How many days before the start the organisation began.
const FOUNDED_DAYS: i64 = HISTORY_DAYS + 10;

/// Fills a fresh ledger with the sample organisation, as of now.
///
/// # Errors
/// As the store and the door.
pub(crate) async fn play(ledger: &Ledger) -> Result<Highlights, Failure> {
    let plan = Plan::make();
    let start_ms = ledger.clock.now_ms();
    let tenant_key = identifiers::tenant_key(None)?;
    let tenant = ledger.store.tenant(&tenant_key).await?;
    let Some(tenant) = tenant else {
        return Err(incomplete());
    };
    let tenant_id = tenant.tenant_id;
    let founded_ms = start_ms - FOUNDED_DAYS * DAY_MS;
    change(ledger, directory(&plan, tenant_id)?, founded_ms).await?;
    let seats = plan
        .seats
        .iter()
        .map(|seat| assign(seat, tenant_id, start_ms))
        .collect();
    change(ledger, seats, founded_ms).await?;
    let (past, now): (Vec<_>, Vec<_>) = plan
        .accesses
        .iter()
        .partition(|access| access.before_ms.is_some());
    for some in past.chunks(ACCESSES_AT_ONCE) {
        let accesses = some
            .iter()
            .map(|planned| access(planned, tenant_id, start_ms))
            .collect();
        let passed = ledger.door.pass(accesses).await;
        passed?;
    }
    let released = plan.seats.iter().filter(|seat| seat.released);
    let releases = released.clone().map(|seat| release(seat, tenant_id)).collect();
    change(ledger, releases, start_ms).await?;
    let accesses = now
        .into_iter()
        .map(|planned| access(planned, tenant_id, start_ms))
        .collect();
    let clock = &ledger.clock;
    let passed = ledger.door.pass_now(accesses, || clock.now_ms()).await;
    passed?;
    highlights(&plan)
}

fn highlights(plan: &Plan) -> Result<Highlights, Failure> {
    let user = |released: bool| -> Option<UserId> {
        let seat = plan.seats.iter().find(|seat| seat.released == released);
        seat.map(|seat| seat.user_id)
    };
    let ((_, _, _, path), namespace) = APPS.iter().zip(&plan.apps).next().ok_or_else(incomplete)?;
    Ok(Highlights {
        platform_user: user(false).ok_or_else(incomplete)?,
        released_user: user(true).ok_or_else(incomplete)?,
        namespace: namespace.clone(),
        host: HOST,
        path: (*path).to_owned(),
    })
}

fn directory(plan: &Plan, tenant_id: TenantId) -> Result<Vec<Change>, Failure> {
    let chinese: LanguageTag = identifiers::parse("zh-CN")?;
    let users = plan.people.iter().map(|person| {
        Change::PutUser(User {
            tenant_id,
            user_id: person.user_id,
            name: person.name.clone(),
            enabled: true,
            system_administrator: false,
            external_id: None,
        })
    });
    let mut changes: Vec<Change> = users.collect();
    for (namespace, (_, name, name_chinese, path)) in plan.apps.iter().zip(APPS) {
        let names = LocalizedNames::new([(chinese.clone(), name_chinese.to_owned())])
            .map_err(|error| Failure::failed(identifiers::words_of(&error)))?;
        changes.push(Change::PutApp(App {
            tenant_id,
            namespace: namespace.clone(),
            name: name.to_owned(),
            names,
            enabled: true,
        }));
        changes.push(Change::PutAppRoute(AppRoute {
            host: HOST.to_owned(),
            path_prefix: path.to_owned(),
            tenant_id,
            namespace: namespace.clone(),
        }));
    }
    Ok(changes)
}

fn assign(seat: &PlannedSeat, tenant_id: TenantId, start_ms: i64) -> Change {
    Change::AssignSeat {
        tenant_id,
        seat_type: seat.seat_type,
        user_id: seat.user_id,
        namespace: seat.namespace.clone(),
        expires_at_ms: seat.expired_days.map(|days| start_ms - days * DAY_MS),
    }
}

fn release(seat: &PlannedSeat, tenant_id: TenantId) -> Change {
    Change::ReleaseSeat {
        tenant_id,
        seat_type: seat.seat_type,
        user_id: seat.user_id,
        namespace: seat.namespace.clone(),
    }
}

fn access(planned: &PlannedAccess, tenant_id: TenantId, start_ms: i64) -> Access {
    Access {
        tenant_id,
        user_id: planned.user_id,
        namespace: planned.namespace.clone(),
        accessed_at_ms: start_ms - planned.before_ms.unwrap_or(0),
    }
}

async fn change(ledger: &Ledger, changes: Vec<Change>, at_ms: i64) -> Result<(), Failure> {
    ledger.store.change(changes, at_ms).await?;
    Ok(())
}

fn incomplete() -> Failure {
    Failure::failed(words!("the sample organisation is incomplete", "示例组织不完整"))
}
