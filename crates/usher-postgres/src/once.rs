//! What is repeated when nobody knows whether it was done, so that it is done once.
//!
//! A line may break after `COMMIT` was sent and before its answer came. Then the server has kept the transaction or has not, and
//! after a failover the new server knows, too. What is done about it depends on what it was:
//!
//! - **A batch of accesses** may be repeated as it is: times are maxima and days are sets.
//! - **A request for changes** may not: a seat given twice is two records in the audit log, and a thing made twice is refused as
//!   taken. So every such transaction begins by writing a mark, a token that the database draws. A repeat writes the same mark,
//!   and then there are two cases. Either the mark is there: the transaction was kept, and what it did is still known here.
//!   Or it can be written: then the first transaction is over and was not kept, and never will be, for of two that write
//!   the same mark one waits for the other. (The server's own record of transactions, `pg_xact_status`, would cost no
//!   table; but a standby that was promoted may give the same number to another transaction.)
//!
//! Nobody waits for ever. Where nothing was sent to be kept, the caller hears at once that the database is away. Where
//! something was, it is worth a few seconds to tell the truth; after that the caller hears that there is no answer, which is
//! what they would have heard from a line that broke further out.

use std::time::Duration;

use usher_store::{ChangeOutcome, ChangeRequest};

use crate::{
    change_request::{self, ChangeFailure},
    locks,
    reach::{Connections, Reach},
    sql::{Answered, Failure, Sql},
};

/// How often something is repeated: once for a line that broke alone, once more for the next one.
const REPEATS_MAX: u32 = 2;
/// How long an answer is looked for that was lost: a standby is promoted within seconds, and callers hang up after more.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);
/// Repeats of a request whose outcome is unknown; more lines than that do not break by chance.
const SETTLE_REPEATS_MAX: u32 = 5;

/// What marks a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The log that leads the row, so that it lies where the changes do.
    log: i64,
    /// None until the database has drawn it.
    token: Option<String>,
}

impl Mark {
    /// The same with its token.
    pub(crate) fn drawn(self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }
}

/// Begins a marked transaction in one round trip; gives the token.
pub(crate) async fn begin(sql: &Sql, mark: &Mark) -> Answered<String> {
    let statement = sql
        .prepared(
            "INSERT INTO change_marks (tenant_id, token) VALUES ($1, coalesce($2, gen_random_uuid()::text))
             ON CONFLICT DO NOTHING RETURNING token",
        )
        .await?;
    let client = sql.client()?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&mark.log, &mark.token];
    let rows = sql
        .answered(async {
            let (begun, rows) = tokio::join!(
                biased;
                client.batch_execute(sql.opening()),
                statement.query(client, &values),
            );
            begun?;
            rows
        })
        .await?;
    match rows.first() {
        Some(row) => row.try_get(0).map_err(Failure::damaged),
        None => Err(Failure::MadeBefore),
    }
}

/// Carries out a request for changes once, whatever breaks.
pub(crate) async fn make(
    connections: &Connections,
    request: &ChangeRequest,
) -> Result<ChangeOutcome, ChangeFailure> {
    let mut mark = Mark {
        log: locks::first_log(request),
        token: None,
    };
    for _ in 0..=REPEATS_MAX {
        let (outcome, known) = attempt(connections, request, mark).await;
        match outcome {
            Err(ChangeFailure::Unsettled(outcome, failure)) => {
                let settling = settle(connections, request, (outcome, failure), known);
                return settling.await;
            }
            Err(ChangeFailure::Failed(Failure::Lost(detail))) => {
                if !connections.reach().look().await {
                    return Err(Failure::Lost(detail).into());
                }
                mark = known;
            }
            outcome => return outcome,
        }
    }
    Err(Failure::Lost("line after line broke".to_owned()).into())
}

/// One attempt; gives the mark with its token, as far as it came.
async fn attempt(
    connections: &Connections,
    request: &ChangeRequest,
    mark: Mark,
) -> (Result<ChangeOutcome, ChangeFailure>, Mark) {
    let sql = match connections.sql().await {
        Ok(sql) => sql,
        Err(failure) => return (Err(failure.into()), mark),
    };
    // A rehearsal is never kept, so nobody asks whether it was.
    if !request.rehearsal {
        sql.mark(mark.clone());
    }
    let outcome = change_request::make(&sql, request).await;
    (outcome, sql.marked().unwrap_or(mark))
}

/// Finds out whether a transaction was kept, and carries the request out if it was not.
async fn settle(
    connections: &Connections,
    request: &ChangeRequest,
    (mut outcome, mut failure): (ChangeOutcome, Failure),
    mut mark: Mark,
) -> Result<ChangeOutcome, ChangeFailure> {
    let settled = async {
        for _ in 0..SETTLE_REPEATS_MAX {
            if !connections.reach().look().await {
                connections.reach().until_here().await;
            }
            let (again, known) = attempt(connections, request, mark).await;
            mark = known;
            match again {
                Err(ChangeFailure::Failed(Failure::MadeBefore)) => return Ok(outcome),
                Err(ChangeFailure::Unsettled(later, why)) => (outcome, failure) = (later, why),
                Err(ChangeFailure::Failed(Failure::Lost(_))) => {}
                settled => return settled,
            }
        }
        Err(ChangeFailure::Failed(failure))
    };
    tokio::time::timeout(SETTLE_TIMEOUT, settled)
        .await
        .unwrap_or_else(|_| {
            Err(Failure::Lost("whether the changes were kept is not known".to_owned()).into())
        })
}

/// Does what may be done twice again when a line broke and the database is there.
pub(crate) async fn repeated<T, Doing>(reach: &Reach, mut again: impl FnMut() -> Doing) -> Answered<T>
where
    Doing: Future<Output = Answered<T>>,
{
    for _ in 0..REPEATS_MAX {
        match again().await {
            Err(Failure::Lost(detail)) => {
                if !reach.look().await {
                    return Err(Failure::Lost(detail));
                }
            }
            outcome => return outcome,
        }
    }
    again().await
}

/// Takes marks away that nobody looks for any more.
pub(crate) async fn sweep(sql: &Sql) -> Answered<()> {
    sql.execute(
        "DELETE FROM change_marks WHERE made_at < now() - make_interval(mins => $1)",
        [MARK_KEPT_MINUTES],
    )
    .await
    .map(|_| ())
}

/// How long a mark is kept: many times as long as anybody repeats.
const MARK_KEPT_MINUTES: i32 = 60;
