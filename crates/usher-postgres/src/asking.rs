//! How a statement reaches the server: prepared under a name where a connection is a server's own, otherwise without one.
//!
//! A pooler such as PgBouncer in transaction mode gives every transaction some connection to the server, perhaps another one
//! each time. Whatever outlives a transaction is lost there or, worse, met by somebody else: names of prepared statements, and
//! settings of a connection. So behind a pooler
//!
//! - a statement is described once per process, under a name that is given back within the very transaction that brought it;
//!   from then on its text travels with the types of its values, without a name ([`Prepared::Unnamed`]). The server plans it
//!   anew each time, which is the price;
//! - time-outs are set at the beginning of each transaction, and for it alone. A read is no transaction of ours, so whoever
//!   wants the server to end long reads sets `statement_timeout` for the role;
//! - nothing is asked for when connecting but a name, because a pooler refuses the rest. That is also how one is recognized
//!   ([`refuses_settings`]); one that hides it is named in the address (`pooler=transaction`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use deadpool_postgres::{Client, PoolError};
use tokio_postgres::{
    Error, Row, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

/// How transactions begin where nothing is between us and the server.
const BEGIN: &str = "BEGIN";

/// What is asked how, by all connections of an engine.
#[derive(Debug)]
pub(crate) struct Asking {
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// A connection is a server's own.
    Named,
    /// A pooler is in between.
    Unnamed {
        begin: String,
        described: Mutex<HashMap<String, Arc<Described>>>,
    },
}

/// A statement as the server understood it.
#[derive(Debug)]
pub(crate) struct Described {
    text: String,
    values: Vec<Type>,
    columns: Vec<Type>,
}

/// A statement that can be asked.
#[derive(Debug, Clone)]
pub(crate) enum Prepared {
    /// Known to the server by a name.
    Named(Statement),
    /// Sent anew each time.
    Unnamed(Arc<Described>),
}

impl Asking {
    /// On connections of the server's own.
    pub(crate) fn named() -> Self {
        Self { way: Way::Named }
    }

    /// Through a pooler; every transaction of ours has these limits, in milliseconds.
    pub(crate) fn unnamed(statement_timeout_ms: u32, lock_timeout_ms: u32) -> Self {
        Self {
            way: Way::Unnamed {
                begin: format!(
                    "{BEGIN}; SET LOCAL statement_timeout = {statement_timeout_ms}; SET LOCAL lock_timeout = {lock_timeout_ms}"
                ),
                described: Mutex::default(),
            },
        }
    }

    /// How a transaction begins.
    pub(crate) fn begin(&self) -> &str {
        match &self.way {
            Way::Named => BEGIN,
            Way::Unnamed { begin, .. } => begin,
        }
    }

    /// Makes a statement ready on a connection; `begun` says whether a transaction is under way there.
    pub(crate) async fn prepare(&self, client: &Client, text: &str, begun: bool) -> Result<Prepared, Error> {
        let Way::Unnamed { described, .. } = &self.way else {
            return client.prepare_cached(text).await.map(Prepared::Named);
        };
        let known = described
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(text)
            .cloned();
        if let Some(known) = known {
            return Ok(Prepared::Unnamed(known));
        }
        let found = Arc::new(describe(client, text, begun).await?);
        described
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(text.to_owned(), Arc::clone(&found));
        Ok(Prepared::Unnamed(found))
    }
}

/// Lets the server describe a statement within a transaction, in which the name is given back before anybody else comes.
async fn describe(client: &Client, text: &str, begun: bool) -> Result<Described, Error> {
    if !begun {
        client.batch_execute(BEGIN).await?;
    }
    let prepared = tokio_postgres::Client::prepare(client, text).await;
    let described = prepared.map(|statement| Described {
        text: text.to_owned(),
        values: statement.params().to_vec(),
        columns: statement
            .columns()
            .iter()
            .map(|column| column.type_().clone())
            .collect(),
    });
    if !begun {
        client.batch_execute("ROLLBACK").await?;
    }
    described
}

impl Prepared {
    /// Asks for rows.
    pub(crate) async fn query(
        &self,
        client: &Client,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        match self {
            Self::Named(statement) => client.query(statement, values).await,
            Self::Unnamed(described) => {
                client
                    .query_typed(&described.text, &described.typed(values))
                    .await
            }
        }
    }

    /// Asks for something to be done; gives the number of rows touched.
    pub(crate) async fn execute(
        &self,
        client: &Client,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Error> {
        match self {
            Self::Named(statement) => client.execute(statement, values).await,
            Self::Unnamed(described) => {
                client
                    .execute_typed(&described.text, &described.typed(values))
                    .await
            }
        }
    }

    /// The types of the columns of its rows.
    pub(crate) fn column_types(&self) -> Vec<Type> {
        match self {
            Self::Named(statement) => {
                let columns = statement.columns().iter();
                columns.map(|column| column.type_().clone()).collect()
            }
            Self::Unnamed(described) => described.columns.clone(),
        }
    }
}

impl Described {
    fn typed<'a>(&self, values: &[&'a (dyn ToSql + Sync)]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
        values.iter().copied().zip(self.values.iter().cloned()).collect()
    }
}

/// True for the answer of a pooler to whom asks for settings when connecting.
pub(crate) fn refuses_settings(error: &PoolError) -> bool {
    let PoolError::Backend(error) = error else {
        return false;
    };
    error.as_db_error().is_some_and(|said| {
        *said.code() == SqlState::PROTOCOL_VIOLATION && said.message().contains("startup parameter")
    })
}
