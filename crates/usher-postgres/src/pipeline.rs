//! Sending statements without waiting in between.
//!
//! A change writes several things and looks at none of the answers. So what is written is kept here until the next
//! question, and then all of it travels together and is answered together: a change costs as many journeys as it has questions.
//! The server carries everything out in order, so a question sees what was told before it; where something told fails, everything
//! after it in the transaction fails too, and the first failure is the one that is heard.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Mutex, PoisonError},
    task::Poll,
};

use deadpool_postgres::Client;
use tokio_postgres::{Error, types::ToSql};

use crate::asking::Prepared;

/// A value of a statement that is sent later.
pub(crate) type OwnedValue = Box<dyn ToSql + Sync + Send>;

/// Something that is told, without waiting for an answer.
pub(crate) enum Told {
    /// Statements without values.
    Batch(&'static str),
    /// A statement with its values.
    Statement(&'static str, Vec<OwnedValue>),
}

/// What is sent with the next question. A plain lock, held for a push or a take.
#[derive(Default)]
pub(crate) struct Queue {
    told: Mutex<Vec<Told>>,
}

impl Queue {
    pub(crate) fn push(&self, told: Told) {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(told);
    }

    pub(crate) fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Makes ready what was told; it is sent when it is polled for the first time.
pub(crate) fn sending<'a>(client: &'a Client, told: &'a Told, prepared: Option<&'a Prepared>) -> Sending<'a> {
    match (told, prepared) {
        (Told::Statement(_, values), Some(prepared)) => Box::pin(async move {
            let values: Vec<&(dyn ToSql + Sync)> = values
                .iter()
                .map(|value| value.as_ref() as &(dyn ToSql + Sync))
                .collect();
            prepared.execute(client, &values).await.map(|_| ())
        }),
        (Told::Statement(text, _) | Told::Batch(text), _) => Box::pin(client.batch_execute(text)),
    }
}

/// Sends what was told and then the question, and waits for all of it; gives the question's answer, or the first failure.
pub(crate) async fn together<T>(
    told: Vec<Sending<'_>>,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut told: Vec<Option<Sending<'_>>> = told.into_iter().map(Some).collect();
    let mut question = pin!(question);
    let (mut failure, mut answer) = (None, None);
    let outcome = poll_fn(|context| {
        // In this order: each is sent when it is polled for the first time.
        for slot in &mut told {
            if let Some(sending) = slot
                && let Poll::Ready(outcome) = sending.as_mut().poll(context)
            {
                *slot = None;
                failure = failure.take().or(outcome.err());
            }
        }
        if answer.is_none()
            && let Poll::Ready(outcome) = question.as_mut().poll(context)
        {
            answer = Some(outcome);
        }
        match answer.take() {
            Some(outcome) if told.iter().all(Option::is_none) => Poll::Ready(outcome),
            waiting => {
                answer = waiting;
                Poll::Pending
            }
        }
    })
    .await;
    failure.map_or(outcome, Err)
}

#[cfg(test)]
mod tests {
    use usher_testbed::postgres::Server;

    use crate::{
        connection::{self, PostgresOptions},
        sql::{Answered, Failure, Sql},
    };

    async fn words(sql: &Sql) -> Answered<i64> {
        sql.one("SELECT count(*) FROM words", [0_i64; 0], |row| row.get(0))
            .await
    }

    fn tell(sql: &Sql, word: &str) {
        sql.later("INSERT INTO words VALUES ($1)", owned![word.to_owned()]);
    }

    #[tokio::test]
    async fn what_was_told_is_done_before_the_next_question_and_a_failure_is_heard_there() {
        Server::shared().run("CREATE DATABASE usher_pipeline").await;
        let address = Server::shared().address("usher_pipeline").parse().unwrap();
        let (_connections, sql) = connection::reached(&address, &PostgresOptions::default())
            .await
            .unwrap();
        sql.batch("CREATE TABLE words (word text PRIMARY KEY)")
            .await
            .unwrap();

        sql.begin().await.unwrap();
        tell(&sql, "one");
        tell(&sql, "two");
        assert_eq!(words(&sql).await.unwrap(), 2);
        tell(&sql, "three");
        sql.commit().await.unwrap();
        assert_eq!(words(&sql).await.unwrap(), 3);

        sql.begin().await.unwrap();
        tell(&sql, "four");
        tell(&sql, "one");
        tell(&sql, "five");
        let heard = words(&sql).await.unwrap_err();
        assert!(
            matches!(&heard, Failure::Broken(detail) if detail.contains("words_pkey")),
            "the first failure, not that the transaction is over: {heard}"
        );
        sql.roll_back().await.unwrap();
        assert_eq!(words(&sql).await.unwrap(), 3);

        sql.begin().await.unwrap();
        tell(&sql, "six");
        sql.roll_back().await.unwrap();
        assert_eq!(words(&sql).await.unwrap(), 3, "what was not sent is forgotten");
    }
}
