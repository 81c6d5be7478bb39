//! The rows by which instances know of each other; what they mean is said in `usher_store::instances`.
//!
//! A row belongs to the process that entered last under its name: it has the term, and an older process that still speaks is
//! told that the name is taken. Its term stands there a second time, which says that it keeps what tallies are made of
//! (`tallies::standing`). A row that was taken away while its instance was silent comes back with the next word.

use usher_store::{Heard, Instance, InstanceName, InstanceWord, Retirement, instances::SILENT_AFTER_MS};

use crate::{
    numbers::Parsed,
    shared_clock::now_ms,
    sql::{Answered, Sql},
};

/// How long an instance that is gone is still listed, in milliseconds: a day, in which somebody looks.
const GONE_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// This instance, as it entered.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) name: InstanceName,
    pub(crate) since_ms: i64,
    /// Told from earlier processes of the name.
    pub(crate) term: i64,
}

/// $1 name, $2 since, $3 watermark, $4 whether it may spool, $5 the time where it is given. Whoever held the watermark back still
/// does until the next word, which knows of the spool.
const ENTER: &str = concat!(
    "INSERT INTO instances AS kept (tenant_id, name, term, tallies_term, since_ms, heard_at_ms, watermark_ms, may_spool)
     SELECT 0, $1, drawn.term, drawn.term, $2, ",
    now_ms!("$5"),
    ", $3, $4 FROM (SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::int8 AS term) AS drawn
     ON CONFLICT (tenant_id, name) DO UPDATE
     SET term = GREATEST(kept.term + 1, excluded.term), tallies_term = GREATEST(kept.term + 1, excluded.term), since_ms = excluded.since_ms,
         heard_at_ms = excluded.heard_at_ms, may_spool = excluded.may_spool OR kept.may_spool,
         watermark_ms = CASE WHEN kept.may_spool THEN LEAST(kept.watermark_ms, excluded.watermark_ms)
                             ELSE excluded.watermark_ms END
     RETURNING term"
);

/// $1 name, $2 since, $3 watermark, $4 whether it may spool, $5 the time where it is given, $6 term.
const SAY: &str = concat!(
    "INSERT INTO instances AS kept (tenant_id, name, term, tallies_term, since_ms, heard_at_ms, watermark_ms, may_spool)
     VALUES (0, $1, $6, $6, $2, ",
    now_ms!("$5"),
    ", $3, $4)
     ON CONFLICT (tenant_id, name) DO UPDATE
     SET tallies_term = excluded.tallies_term, heard_at_ms = excluded.heard_at_ms, watermark_ms = excluded.watermark_ms, may_spool = excluded.may_spool
     WHERE kept.term = excluded.term"
);

const LIST: &str = concat!(
    "SELECT name, since_ms, GREATEST(",
    now_ms!("$1"),
    " - heard_at_ms, 0), watermark_ms, may_spool, term FROM instances WHERE tenant_id = 0 ORDER BY name"
);

const RETIRE: &str = concat!(
    "DELETE FROM instances WHERE tenant_id = 0 AND name = $1 AND ",
    now_ms!("$3"),
    " - heard_at_ms >= $2"
);

const SWEEP: &str = concat!(
    "DELETE FROM instances WHERE tenant_id = 0 AND NOT may_spool AND ",
    now_ms!("$2"),
    " - heard_at_ms >= $1"
);

/// Lets others know of an instance.
pub(crate) async fn enter(
    sql: &Sql,
    name: InstanceName,
    word: InstanceWord,
    (since_ms, given_ms): (i64, Option<i64>),
) -> Answered<Entered> {
    let values = (
        name.as_str(),
        since_ms,
        word.watermark_ms,
        word.may_spool,
        given_ms,
    );
    let term = sql.one(ENTER, values, |row| row.get(0)).await?;
    Ok(Entered { name, since_ms, term })
}

/// Says how an instance is.
pub(crate) async fn say(
    sql: &Sql,
    entered: &Entered,
    word: InstanceWord,
    given_ms: Option<i64>,
) -> Answered<Heard> {
    let Entered { name, since_ms, term } = entered;
    let values = (
        name.as_str(),
        *since_ms,
        word.watermark_ms,
        word.may_spool,
        given_ms,
        *term,
    );
    Ok(match sql.execute(SAY, values).await? {
        0 => Heard::NameTaken,
        _ => Heard::Kept,
    })
}

/// Takes the row of an instance away that has nothing left to settle.
pub(crate) async fn leave(sql: &Sql, entered: &Entered) -> Answered<()> {
    sql.execute(
        "DELETE FROM instances WHERE tenant_id = 0 AND name = $1 AND term = $2",
        (entered.name.as_str(), entered.term),
    )
    .await
    .map(|_| ())
}

/// Lists all of them.
pub(crate) async fn list(sql: &Sql, own: Option<&Entered>, given_ms: Option<i64>) -> Answered<Vec<Instance>> {
    sql.rows(LIST, [given_ms], |row| {
        let Parsed(name) = row.get::<Parsed<InstanceName>>(0)?;
        let term: i64 = row.get(5)?;
        Ok(Instance {
            own: own.is_some_and(|own| own.name == name && own.term == term),
            name,
            since_ms: row.get(1)?,
            silent_ms: row.get(2)?,
            word: InstanceWord {
                watermark_ms: row.get(3)?,
                may_spool: row.get(4)?,
            },
        })
    })
    .await
}

/// Takes the row of a silent instance away.
pub(crate) async fn retire(sql: &Sql, name: &InstanceName, given_ms: Option<i64>) -> Answered<Retirement> {
    let retired = sql
        .execute(RETIRE, (name.as_str(), SILENT_AFTER_MS, given_ms))
        .await?;
    if retired > 0 {
        return Ok(Retirement::Retired);
    }
    let is_known = sql
        .exists(
            "SELECT 1 FROM instances WHERE tenant_id = 0 AND name = $1",
            [name.as_str()],
        )
        .await?;
    Ok(if is_known {
        Retirement::Living
    } else {
        Retirement::Unknown
    })
}

/// Takes away who has been gone for long.
pub(crate) async fn sweep(sql: &Sql, given_ms: Option<i64>) -> Answered<u64> {
    sql.execute(SWEEP, (GONE_KEPT_MS, given_ms)).await
}
