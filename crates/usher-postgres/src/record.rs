//! A batch of accesses: one round trip, one statement, one commit.
//!
//! There are two statements, and a batch usually needs one of them. `judging` looks up the facts behind every access, admits by
//! them, brings the rows of what it admitted up to date and writes history. `known` is for accesses whose standing this instance
//! has looked up before (`remembered`), which is nearly all of them on a working day: it makes sure that their tenant is as it
//! was, which is a number to compare, and moves their rows. That costs half. When something of the tenant has changed, or
//! a row is the first of its day, `known` leaves it alone, and it is looked up in a second round trip.
//!
//! **Order.** Rows are written in order of their key, so that two batches that meet wait for each other and never in a ring.
//! That is why the two statements are two transactions, even where they travel together. A time only grows, so it does not
//! matter which instance comes first. Should the database ever find a ring all the same, the batch is recorded again.
//!
//! **The day.** Every activity row knows the last day that was noted of it. An access on that day has nothing to note; any
//! other appends a row to `active_days`. That is one row per person, app and day; the rest of the day costs one rewritten row
//! within its page.
//!
//! **The door of a tenant.** Whoever takes a seat back *unless it was used meanwhile* must not miss an access that is on its
//! way. So a batch holds, for as long as it lasts, a shared lock of each of its tenants' doors (in the memory of the server, no
//! row is touched), and such a release holds it alone. The lock is asked for by a statement of its own before the batch's, for
//! a statement sees what was committed before it began. All of them travel together, so this costs no further round trip.

mod judging;
mod known;

use deadpool_postgres::Object;
use tokio_postgres::{Error, error::SqlState, types::ToSql};
use usher_seats::decide;
use usher_store::{Access, Recorded};

use crate::{
    asking::Prepared,
    remembered::Remembered,
    sql::{Answered, Failure, Row, Sql},
};
use known::Known;

/// Which kind of advisory lock the doors are; any number that nothing else here uses.
pub(crate) const DOOR_LOCK: i32 = 0x5553_4845;

pub(crate) const HOLD_DOORS: &str = "SELECT pg_advisory_xact_lock_shared($1, (tenant_id % 2147483647)::int4)
    FROM (SELECT DISTINCT unnest($2::int8[]) AS tenant_id ORDER BY 1) AS doors";

/// Plans that were made for any batch serve every batch; planning each of the first ones anew costs more than it finds.
const PLAN_ONCE: &str = "SET LOCAL plan_cache_mode = force_generic_plan";

/// How often a batch is recorded again that the database has chosen to end a ring; more rings than that are no accident.
const GIVEN_WAY_MAX: u32 = 3;

/// An access and its place in the batch.
#[derive(Clone, Copy)]
struct Asked<'a> {
    access: &'a Access,
    /// In its tenant's time zone.
    day: i32,
    place: usize,
}

impl Asked<'_> {
    fn pair(&self) -> impl Ord {
        (self.access.tenant_id, self.access.user_id, &self.access.namespace)
    }
}

/// What a batch came to.
pub(crate) struct Batch {
    /// One per access, in order.
    pub(crate) recorded: Vec<Recorded>,
    /// False for a batch that moved and noted nothing, and so wrote nothing.
    pub(crate) written: bool,
}

/// Decides the accesses and makes the admitted ones durable; `days` has the day of each in its tenant's time zone.
pub(crate) async fn record(
    sql: &Sql,
    accesses: &[Access],
    days: &[i32],
    remembered: &Remembered,
) -> Answered<Batch> {
    let asked = accesses.iter().zip(days).enumerate();
    let asked = asked.map(|(place, (access, day))| Asked {
        access,
        day: *day,
        place,
    });
    let (known, unknown) = told_apart(asked.collect(), remembered);
    let mut under_way = UnderWay {
        sql,
        remembered,
        answers: vec![None; accesses.len()],
        written: false,
    };
    let changed = under_way.round_trip(known, unknown).await?;
    under_way.round_trip(Vec::new(), changed).await?;
    let UnderWay { answers, written, .. } = under_way;
    let recorded = answers.into_iter().collect::<Option<_>>();
    let recorded = recorded.ok_or_else(|| Failure::damaged("as many verdicts as accesses"))?;
    Ok(Batch { recorded, written })
}

/// Tells the accesses that a remembered standing admits, in order of their key, from all others, in order of their place. Accesses
/// of one person to one app are looked up together, so that they are answered in their order.
fn told_apart<'a>(mut asked: Vec<Asked<'a>>, remembered: &Remembered) -> (Vec<Known<'a>>, Vec<Asked<'a>>) {
    asked.sort_by(|one, other| one.pair().cmp(&other.pair()));
    let (mut known, mut unknown) = (Vec::with_capacity(asked.len()), Vec::new());
    for pair in asked.chunk_by(|one, other| one.pair() == other.pair()) {
        match pair {
            [lone] => match admitted(*lone, remembered) {
                Some(admitted) => known.push(admitted),
                None => unknown.push(*lone),
            },
            several => unknown.extend_from_slice(several),
        }
    }
    known.sort_by(|one, other| one.key().cmp(&other.key()));
    unknown.sort_by_key(|asked| asked.place);
    (known, unknown)
}

fn admitted<'a>(asked: Asked<'a>, remembered: &Remembered) -> Option<Known<'a>> {
    let (standing, version) = remembered.standing(asked.access)?;
    let seat_type = decide(&standing, asked.access.accessed_at_ms).ok()?;
    Some(Known {
        asked,
        seat_type,
        version,
        until_ms: standing.until_ms(seat_type),
    })
}

/// A batch that is being recorded.
struct UnderWay<'a> {
    sql: &'a Sql,
    remembered: &'a Remembered,
    answers: Vec<Option<Recorded>>,
    written: bool,
}

impl UnderWay<'_> {
    /// Sends what there is at once; gives the accesses that turned out not to be known.
    async fn round_trip<'a>(
        &mut self,
        known: Vec<Known<'a>>,
        unknown: Vec<Asked<'a>>,
    ) -> Answered<Vec<Asked<'a>>> {
        let (moved, judged) = sent(self.sql, &known, &unknown).await?;
        self.written |= judging::written(&judged)?;
        for (asked, judged) in unknown.iter().zip(judging::judged(&unknown, &judged)?) {
            self.answer(*asked, judged.recorded);
            if let Some(version) = judged.version {
                self.remembered.learn(asked.access, judged.standing, version);
            }
        }
        let (moved, others) = known::sorted_out(known, &moved)?;
        self.written |= !moved.is_empty();
        for known in moved {
            self.answer(known.asked, known.recorded());
        }
        Ok(others)
    }

    fn answer(&mut self, asked: Asked<'_>, recorded: Recorded) {
        if let Some(answer) = self.answers.get_mut(asked.place) {
            *answer = Some(recorded);
        }
    }
}

/// Sends a transaction for each kind of access that there is, without waiting in between; gives the rows of both answers.
async fn sent(sql: &Sql, known: &[Known<'_>], unknown: &[Asked<'_>]) -> Answered<(Vec<Row>, Vec<Row>)> {
    let hold_doors = sql.prepared(HOLD_DOORS).await?;
    let (known_columns, unknown_columns) = (known::Columns::of(known), judging::Columns::of(unknown));
    let (known_values, unknown_values) = (known_columns.values(), unknown_columns.values());
    let begin = format!("{}; {PLAN_ONCE}", sql.opening());
    let moving = Transaction {
        begin: &begin,
        hold_doors: &hold_doors,
        tenant_ids: &known_columns.tenant_ids,
        statement: prepared_for(sql, known, known::MOVE).await?,
        values: &known_values,
    };
    let judging = Transaction {
        begin: &begin,
        hold_doors: &hold_doors,
        tenant_ids: &unknown_columns.tenant_ids,
        statement: prepared_for(sql, unknown, judging::JUDGE).await?,
        values: &unknown_values,
    };
    let client = sql.client()?;
    sql.within(true);
    let both = async {
        // In this order: each is sent when it is polled for the first time.
        let (moved, judged) = tokio::join!(biased; moving.carried_out(client), judging.carried_out(client));
        Ok((moved?, judged?))
    };
    let (moved, judged) = sql.answered(both).await?;
    sql.within(false);
    Ok((
        moved.into_iter().map(Row::from).collect(),
        judged.into_iter().map(Row::from).collect(),
    ))
}

/// Prepares a statement if there is anything to ask it.
async fn prepared_for<T>(sql: &Sql, accesses: &[T], statement: &str) -> Answered<Option<Prepared>> {
    match accesses {
        [] => Ok(None),
        _ => sql.prepared(statement).await.map(Some),
    }
}

/// A statement within the doors of its tenants.
struct Transaction<'a> {
    begin: &'a str,
    hold_doors: &'a Prepared,
    tenant_ids: &'a Vec<i64>,
    /// None where there is nothing to ask.
    statement: Option<Prepared>,
    values: &'a [&'a (dyn ToSql + Sync)],
}

impl Transaction<'_> {
    /// Gives the rows of the answer once they are durable.
    async fn carried_out(&self, client: &Object) -> Result<Vec<tokio_postgres::Row>, Error> {
        let Some(statement) = &self.statement else {
            return Ok(Vec::new());
        };
        for _ in 0..GIVEN_WAY_MAX {
            match self.attempt(client, statement).await {
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
                outcome => return outcome,
            }
        }
        self.attempt(client, statement).await
    }

    /// Sends everything at once and hears the commit before anything is believed. Whatever fails, the commit that follows ends
    /// the transaction.
    async fn attempt(
        &self,
        client: &Object,
        statement: &Prepared,
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let doors: [&(dyn ToSql + Sync); 2] = [&DOOR_LOCK, self.tenant_ids];
        // In this order: each is sent when it is polled for the first time.
        let (begun, held, rows, committed) = tokio::join!(
            biased;
            client.batch_execute(self.begin),
            self.hold_doors.query(client, &doors),
            statement.query(client, self.values),
            client.batch_execute("COMMIT"),
        );
        begun?;
        held?;
        let rows = rows?;
        committed?;
        Ok(rows)
    }
}
