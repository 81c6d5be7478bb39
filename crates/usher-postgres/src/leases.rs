//! Jobs that one instance does at a time.
//!
//! A row per job has the term of its holder and until when nobody else may have it. Taking and renewing are one statement each.
//!
//! **A stalled holder.** Whatever is done under a lease begins, in its own transaction, by locking the row as long as it has the
//! holder's term ([`hold`]). Somebody else's term cannot be written before that transaction ends; if it was written
//! before, the transaction does nothing. No clock takes part in this, so it holds however long the holder was stalled, and where.

use usher_store::{Job, Lease, LeaseTerms};

use crate::{
    shared_clock::now_ms,
    sql::{Answered, Failure, Sql},
};

/// $1 job, $2 how long it lasts, $3 how often it is due, $4 the time where it is given. A time further ahead than the lease
/// lasts, or a deed in the future, comes from a clock that was set back.
const TAKE: &str = concat!(
    "INSERT INTO leases AS kept (tenant_id, job, term, lasts_ms, until_ms)
     VALUES (0, $1, 1, $2, ",
    now_ms!("$4"),
    " + $2)
     ON CONFLICT (tenant_id, job) DO UPDATE
     SET term = kept.term + 1, lasts_ms = excluded.lasts_ms, until_ms = excluded.until_ms
     WHERE (kept.until_ms <= ",
    now_ms!("$4"),
    " OR kept.until_ms > ",
    now_ms!("$4"),
    " + kept.lasts_ms)
       AND (kept.done_ms IS NULL OR kept.done_ms > ",
    now_ms!("$4"),
    " OR kept.done_ms <= ",
    now_ms!("$4"),
    " - $3)
     RETURNING term"
);

const RENEW: &str = concat!(
    "UPDATE leases SET until_ms = ",
    now_ms!("$3"),
    " + lasts_ms WHERE tenant_id = 0 AND job = $1 AND term = $2"
);

const END: &str = concat!(
    "UPDATE leases SET until_ms = ",
    now_ms!("$3"),
    ", done_ms = ",
    now_ms!("$3"),
    " WHERE tenant_id = 0 AND job = $1 AND term = $2"
);

/// Takes a lease, if it is free and its job is due.
pub(crate) async fn take(
    sql: &Sql,
    job: Job,
    terms: LeaseTerms,
    given_ms: Option<i64>,
) -> Answered<Option<Lease>> {
    let values = (job.as_str(), terms.lasts_ms, terms.every_ms, given_ms);
    let read = |row: &crate::sql::Row| {
        Ok(Lease {
            job,
            term: row.get(0)?,
        })
    };
    sql.optional(TAKE, values, read).await
}

/// Lets a lease last anew; false when it was lost.
pub(crate) async fn renew(sql: &Sql, lease: Lease, given_ms: Option<i64>) -> Answered<bool> {
    let touched = sql
        .execute(RENEW, (lease.job.as_str(), lease.term, given_ms))
        .await?;
    Ok(touched > 0)
}

/// Gives a lease back.
pub(crate) async fn end(sql: &Sql, lease: Lease, given_ms: Option<i64>) -> Answered<()> {
    sql.execute(END, (lease.job.as_str(), lease.term, given_ms))
        .await
        .map(|_| ())
}

/// Makes sure that a lease is its holder's to the end of the transaction.
pub(crate) async fn hold(sql: &Sql, lease: Lease) -> Answered<()> {
    let is_held = sql
        .exists(
            "SELECT 1 FROM leases WHERE tenant_id = 0 AND job = $1 AND term = $2 FOR SHARE",
            (lease.job.as_str(), lease.term),
        )
        .await?;
    if is_held {
        Ok(())
    } else {
        Err(Failure::Unavailable(lease.lost().to_string()))
    }
}
