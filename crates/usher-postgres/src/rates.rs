//! Counting calls over all instances: one statement, one round trip.
//!
//! A row per (tenant, API, client) has the present second and minute, and how many calls passed in each. Whoever counts locks the
//! row for the moment of its statement, so no two calls are the tenth. The condition is part of the upsert: a refused call
//! changes nothing, however many there are, and leaves no old row behind.
//!
//! **Waiting.** A statement knows its time before it has the row. Another may have begun the next second meanwhile; then this one
//! counts there, which is where it is by now. A row that is further ahead than anybody waits for a row can only come from a clock that
//! was set back, and is begun anew.

use usher_store::{
    RateExceeded, RateKey, RateLimit,
    rate::{Counted, MINUTE_MS, SECOND_MS},
};

use crate::{
    shared_clock::now_ms,
    sql::{Answered, Sql},
};

/// $1 tenant, $2 API, $3 client, $4 and $5 the limits, $6 the time where it is given. Ten seconds and one minute are what a row may
/// be ahead: nobody waits longer for a lock.
const COUNT: &str = concat!(
    "WITH counted AS (
        INSERT INTO rate_windows AS kept (tenant_id, api, client_id, second, second_calls, minute, minute_calls)
        VALUES ($1, $2, $3, ",
    now_ms!("$6"),
    " / 1000, 1, ",
    now_ms!("$6"),
    " / 60000, 1)
        ON CONFLICT (tenant_id, api, client_id) DO UPDATE SET
            second = CASE WHEN kept.second - excluded.second BETWEEN 0 AND 10 THEN kept.second ELSE excluded.second END,
            second_calls = CASE WHEN kept.second - excluded.second BETWEEN 0 AND 10 THEN kept.second_calls ELSE 0 END + 1,
            minute = CASE WHEN kept.minute - excluded.minute BETWEEN 0 AND 1 THEN kept.minute ELSE excluded.minute END,
            minute_calls = CASE WHEN kept.minute - excluded.minute BETWEEN 0 AND 1 THEN kept.minute_calls ELSE 0 END + 1
        WHERE (kept.second - excluded.second NOT BETWEEN 0 AND 10 OR kept.second_calls < $4)
          AND ($5::int8 IS NULL OR kept.minute - excluded.minute NOT BETWEEN 0 AND 1 OR kept.minute_calls < $5)
        RETURNING 1
    )
    SELECT ",
    now_ms!("$6"),
    ", EXISTS (SELECT FROM counted), coalesce((
        SELECT minute_calls >= $5 AND minute - ",
    now_ms!("$6"),
    " / 60000 BETWEEN 0 AND 1 FROM rate_windows WHERE tenant_id = $1 AND api = $2 AND client_id = $3
    ), FALSE)"
);

/// Takes away rows of windows that are over; $1 the time where it is given.
const SWEEP: &str = concat!(
    "DELETE FROM rate_windows WHERE minute < ",
    now_ms!("$1"),
    " / 60000 - 10"
);

/// Counts a call if it fits. When it does not, the longer window is named where it is used up, as it was when the statement
/// began.
pub(crate) async fn count(
    sql: &Sql,
    key: &RateKey,
    limit: RateLimit,
    given_ms: Option<i64>,
) -> Answered<Counted> {
    let values = (
        key.tenant_id.0,
        key.api,
        key.client_id.as_str(),
        i64::from(limit.per_second),
        limit.per_minute.map(i64::from),
        given_ms,
    );
    let (now_ms, passed, minute_is_used_up): (i64, bool, bool) = sql
        .one(COUNT, values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .await?;
    if passed {
        return Ok(Ok(()));
    }
    Ok(Err(match limit.per_minute.filter(|_| minute_is_used_up) {
        Some(per_minute) => RateExceeded::at(per_minute, MINUTE_MS, now_ms),
        None => RateExceeded::at(limit.per_second, SECOND_MS, now_ms),
    }))
}

/// Takes away what nobody counts in any more.
pub(crate) async fn sweep(sql: &Sql, given_ms: Option<i64>) -> Answered<u64> {
    sql.execute(SWEEP, [given_ms]).await
}
