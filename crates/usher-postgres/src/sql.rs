//! How a statement is asked: prepared once per connection, with values as they are, and rows read by a function.
//!
//! A [`Sql`] is one connection for as long as somebody needs it. Whoever begins a transaction on it ends it; a connection that
//! is dropped in between is closed and never given to anybody else, so that nobody inherits half a transaction.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Object;
use tokio_postgres::{
    error::SqlState,
    types::{FromSql, ToSql},
};
use usher_store::{StoreError, TokenHash, identity::FamilyId};

use crate::{
    asking::{Asking, Prepared},
    once::{self, Mark},
    pipeline::{self, OwnedValue, Queue, Told},
    reach::Reach,
};

/// Why a statement was not carried out.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// It may be carried out later: the database is away, restarts, or gave way to somebody else.
    Unavailable(String),
    /// The line broke, or nobody answered: what was under way may have been carried out or not.
    Lost(String),
    /// Waiting does not mend it.
    Broken(String),
    /// A request for changes that was repeated had been carried out the first time.
    MadeBefore,
}

/// What a statement gives.
pub(crate) type Answered<T> = Result<T, Failure>;

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Unavailable(detail) | Self::Lost(detail) | Self::Broken(detail) => detail,
            Self::MadeBefore => "the changes were made before",
        })
    }
}

impl Failure {
    /// A row that says what Usher never writes.
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Broken(format!("a row holds what Usher never writes: {what}"))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let detail = error
            .as_db_error()
            .map_or_else(|| error.to_string(), |database| format!("{error}: {database}"));
        match error.code() {
            Some(code) if ends_the_line(code) => Self::Lost(detail),
            Some(code) if !passes(code) => Self::Broken(detail),
            None if error.as_db_error().is_none() && !error.is_closed() && is_conversion(&error) => {
                Self::Broken(detail)
            }
            None => Self::Lost(detail),
            Some(_) => Self::Unavailable(detail),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Failure {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        use deadpool_postgres::{PoolError, TimeoutType};
        match error {
            PoolError::Backend(error) => match Self::from(error) {
                // A server that lets nobody in may do so again; what we asked of it was nothing.
                Self::Broken(detail) => Self::Unavailable(detail),
                failure => failure,
            },
            PoolError::Timeout(TimeoutType::Create) => Self::Lost(error.to_string()),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(detail) | Failure::Lost(detail) => Self::Unavailable { detail },
            Failure::Broken(detail) => Self::Broken { detail },
            Failure::MadeBefore => Self::Broken {
                detail: failure.to_string(),
            },
        }
    }
}

/// True for what a repeat may find mended: transactions that gave way (40), a lack of resources (53), an operator's
/// intervention (57).
fn passes(code: &SqlState) -> bool {
    ["40", "53", "57"]
        .iter()
        .any(|class| code.code().starts_with(class))
        || *code == SqlState::LOCK_NOT_AVAILABLE
}

/// True when this server is of no use to us any more: lost connections (08), a server that stops, crashed or starts, and one
/// that takes no writes because it is a standby.
fn ends_the_line(code: &SqlState) -> bool {
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

/// True for a value that does not fit its column or its type here.
fn is_conversion(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("error serializing") || text.starts_with("error deserializing")
}

/// Values of a statement, in order.
pub(crate) trait Values: Send + Sync {
    fn list(&self) -> Vec<&(dyn ToSql + Sync)>;
}

macro_rules! values_of_tuples {
    ($(($($name:ident $place:tt),*))*) => {
        $(impl<$($name: ToSql + Sync + Send),*> Values for ($($name,)*) {
            fn list(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$place),*]
            }
        })*
    };
}
values_of_tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}

impl<T: ToSql + Sync + Send, const N: usize> Values for [T; N] {
    fn list(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
    }
}

/// Values of several kinds whose number is known only at run time.
pub(crate) struct Listed<'a>(pub(crate) &'a [&'a (dyn ToSql + Sync)]);

impl Values for Listed<'_> {
    fn list(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.to_vec()
    }
}

/// A row of an answer.
pub(crate) struct Row(tokio_postgres::Row);

impl From<tokio_postgres::Row> for Row {
    fn from(row: tokio_postgres::Row) -> Self {
        Self(row)
    }
}

impl Row {
    /// Reads a column.
    pub(crate) fn get<'a, T: FromSql<'a>>(&'a self, column: usize) -> Answered<T> {
        self.0.try_get(column).map_err(Failure::damaged)
    }

    /// Reads a column of so many bytes.
    pub(crate) fn bytes<const N: usize>(&self, column: usize) -> Answered<[u8; N]> {
        let bytes: &[u8] = self.get(column)?;
        bytes
            .try_into()
            .map_err(|_| Failure::damaged(format_args!("{} bytes in place of {N}", bytes.len())))
    }

    /// Reads a hash.
    pub(crate) fn hash(&self, column: usize) -> Answered<TokenHash> {
        self.bytes(column).map(TokenHash)
    }

    /// Reads the name of a family.
    pub(crate) fn family(&self, column: usize) -> Answered<FamilyId> {
        self.bytes(column).map(FamilyId)
    }
}

/// One connection.
pub(crate) struct Sql {
    client: Option<Object>,
    within_transaction: AtomicBool,
    /// Set while the server knows of a transaction that [`Self::begin`] began.
    begun: AtomicBool,
    /// Set once the line broke or nobody answered in time: nobody else may be given this connection.
    broken: AtomicBool,
    reach: Arc<Reach>,
    asking: Arc<Asking>,
    answer_timeout: Duration,
    mark: Mutex<Option<Mark>>,
    queue: Queue,
}

impl Sql {
    /// Takes a connection over; whoever waits longer than `answer_timeout` for an answer waits for nobody.
    pub(crate) fn new(
        client: Object,
        reach: Arc<Reach>,
        asking: Arc<Asking>,
        answer_timeout: Duration,
    ) -> Self {
        Self {
            client: Some(client),
            within_transaction: AtomicBool::new(false),
            begun: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            reach,
            asking,
            answer_timeout,
            mark: Mutex::new(None),
            queue: Queue::default(),
        }
    }

    /// Waits for an answer, but neither for ever nor for a database that is away.
    pub(crate) async fn answered<T>(
        &self,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Answered<T> {
        let answer = tokio::select! {
            biased;
            answer = asked => answer.map_err(Failure::from),
            () = self.reach.until_away() => Err(Failure::Lost("the database went away".to_owned())),
            () = tokio::time::sleep(self.answer_timeout) => Err(Failure::Lost("no answer in time".to_owned())),
        };
        if let Err(Failure::Lost(_)) = answer {
            self.broken.store(true, Ordering::Relaxed);
            self.reach.doubt();
        }
        answer
    }

    /// Marks the next transaction, so that whether it was kept can be found out afterwards.
    pub(crate) fn mark(&self, mark: Mark) {
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(mark);
    }

    /// The mark of the transaction, with its token once the database has drawn one.
    pub(crate) fn marked(&self) -> Option<Mark> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The driver's own connection.
    pub(crate) fn client(&self) -> Answered<&Object> {
        self.client
            .as_ref()
            .ok_or_else(|| Failure::Unavailable("the connection was given back".to_owned()))
    }

    /// Prepares a statement, or finds it prepared.
    pub(crate) async fn prepared(&self, statement: &str) -> Answered<Prepared> {
        tracing::trace!(target: crate::STATEMENTS_TARGET, statement);
        let begun = self.begun.load(Ordering::Relaxed);
        self.answered(self.asking.prepare(self.client()?, statement, begun))
            .await
    }

    /// Carries statements out as they stand, without values.
    pub(crate) async fn batch(&self, statements: &str) -> Answered<()> {
        self.after_told(self.client()?.batch_execute(statements)).await
    }

    /// Tells something within a transaction whose answer nobody needs: it is sent together with the next question, or with
    /// the end of the transaction. A failure is that question's.
    pub(crate) fn later(&self, statement: &'static str, values: Vec<OwnedValue>) {
        self.queue.push(Told::Statement(statement, values));
    }

    /// The same for statements without values.
    pub(crate) fn batch_later(&self, statements: &'static str) {
        self.queue.push(Told::Batch(statements));
    }

    /// Sends what was told and then the question, without waiting in between.
    async fn after_told<T>(
        &self,
        question: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Answered<T> {
        let told = self.queue.take();
        if told.is_empty() {
            return self.answered(question).await;
        }
        let mut prepared = Vec::with_capacity(told.len());
        for told in &told {
            prepared.push(match told {
                Told::Statement(statement, _) => Some(self.prepared(statement).await?),
                Told::Batch(_) => None,
            });
        }
        let client = self.client()?;
        let sending = told
            .iter()
            .zip(&prepared)
            .map(|(told, prepared)| pipeline::sending(client, told, prepared.as_ref()));
        self.answered(pipeline::together(sending.collect(), question))
            .await
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Answered<()> {
        self.within_transaction.store(true, Ordering::Relaxed);
        match self.marked() {
            None => self.batch(self.opening()).await?,
            Some(mark) => {
                let token = once::begin(self, &mark).await?;
                self.mark(mark.drawn(token));
            }
        }
        self.begun.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The statements with which a transaction begins.
    pub(crate) fn opening(&self) -> &str {
        self.asking.begin()
    }

    /// Ends it and keeps what it did.
    pub(crate) async fn commit(&self) -> Answered<()> {
        self.batch("COMMIT").await?;
        self.begun.store(false, Ordering::Relaxed);
        self.within_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Ends it and undoes what it did.
    pub(crate) async fn roll_back(&self) -> Answered<()> {
        drop(self.queue.take());
        self.batch("ROLLBACK").await?;
        self.begun.store(false, Ordering::Relaxed);
        self.within_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Says that a transaction is under way that somebody else begins and ends.
    pub(crate) fn within(&self, transaction: bool) {
        self.within_transaction.store(transaction, Ordering::Relaxed);
    }

    /// Carries a statement out; tells how many rows it touched.
    pub(crate) async fn execute(&self, statement: &str, values: impl Values) -> Answered<u64> {
        let prepared = self.prepared(statement).await?;
        let values = values.list();
        self.after_told(prepared.execute(self.client()?, &values)).await
    }

    /// Carries a statement out; tells whether it touched a row.
    pub(crate) async fn touched(&self, statement: &str, values: impl Values) -> Answered<bool> {
        Ok(self.execute(statement, values).await? > 0)
    }

    /// Whether a statement finds a row.
    pub(crate) async fn exists(&self, statement: &str, values: impl Values) -> Answered<bool> {
        let prepared = self.prepared(statement).await?;
        let values = values.list();
        let rows = self.after_told(prepared.query(self.client()?, &values)).await?;
        Ok(!rows.is_empty())
    }

    /// Reads every row.
    pub(crate) async fn rows<T>(
        &self,
        statement: &str,
        values: impl Values,
        mut read: impl FnMut(&Row) -> Answered<T> + Send,
    ) -> Answered<Vec<T>> {
        let prepared = self.prepared(statement).await?;
        let values = values.list();
        let rows = self.after_told(prepared.query(self.client()?, &values)).await?;
        rows.into_iter().map(|row| read(&Row(row))).collect()
    }

    /// Reads the first row, if there is one.
    pub(crate) async fn optional<T>(
        &self,
        statement: &str,
        values: impl Values,
        read: impl FnMut(&Row) -> Answered<T> + Send,
    ) -> Answered<Option<T>> {
        Ok(self.rows(statement, values, read).await?.into_iter().next())
    }

    /// Reads the row that is always there.
    pub(crate) async fn one<T>(
        &self,
        statement: &str,
        values: impl Values,
        read: impl FnMut(&Row) -> Answered<T> + Send,
    ) -> Answered<T> {
        self.optional(statement, values, read)
            .await?
            .ok_or_else(|| Failure::damaged("a statement that always gives a row gave none"))
    }
}

impl Drop for Sql {
    fn drop(&mut self) {
        if (*self.within_transaction.get_mut() || *self.broken.get_mut())
            && let Some(client) = self.client.take()
        {
            // Closed with it, and rolled back by the server.
            drop(Object::take(client));
        }
    }
}
