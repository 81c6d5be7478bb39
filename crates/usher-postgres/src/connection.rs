//! Reaching the database: a bounded number of connections, and why there are none.
//!
//! The address may name several servers (`postgres://usher@one,two/usher`); the one that takes writes is used, so a failover
//! pair is one address.

use std::{error::Error, io, sync::Arc, time::Duration};

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio_postgres::{
    config::{ChannelBinding, TargetSessionAttrs},
    error::SqlState,
};
use tokio_rustls::rustls;

use crate::{
    address::{AddressError, DatabaseAddress},
    asking::{self, Asking},
    hosts::Hosts,
    reach::{Connections, Dialer, Jitter, Shared},
    remembered::PEOPLE_REMEMBERED,
    shared_clock::SharedClock,
    sql::Sql,
    tls::{self, TlsError},
};

/// How much longer than a statement may take at the server its answer is waited for: the server ends what takes too long and
/// says so, and one that does not say so is not there.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);
/// How long what was sent may stay without a sign that it arrived, before the system gives a connection up.
const UNHEARD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent before the system asks whether the other end is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// Pause between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// Questions without an answer after which the connection is given up.
const KEEPALIVE_RETRIES: u32 = 3;

/// How an engine uses its database.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Most connections. A few per core of the database serve best; more only wait for each other there.
    pub connections_max: usize,
    /// How long one server of the address may take to answer, in milliseconds, unless the address says `connect_timeout`.
    pub connect_timeout_ms: u32,
    /// How long somebody waits for a free connection, in milliseconds, before they hear that the store is unavailable.
    pub wait_timeout_ms: u32,
    /// How long a statement may take, in milliseconds, before the server ends it.
    pub statement_timeout_ms: u32,
    /// How long a statement may wait for a lock, in milliseconds, before the server ends it.
    pub lock_timeout_ms: u32,
    /// How many people an instance remembers, so that their accesses need no look-up; each takes some 200 bytes.
    pub people_remembered: usize,
    /// How Usher is called in the server's list of connections.
    pub application_name: String,
    /// By whose clock instances agree.
    pub clock: SharedClock,
    /// Spreads the attempts of many instances to find a database that was away.
    pub jitter: Jitter,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections_max: 16,
            // Longer than a loaded server needs, and short enough that the next server of the address has its turn.
            connect_timeout_ms: 3_000,
            wait_timeout_ms: 5_000,
            statement_timeout_ms: 30_000,
            lock_timeout_ms: 10_000,
            people_remembered: PEOPLE_REMEMBERED,
            application_name: "usher".to_owned(),
            clock: SharedClock::default(),
            jitter: Jitter::default(),
        }
    }
}

/// Why no database could be opened. No message shows a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be used.
    #[error("not an address of a PostgreSQL database: {0}")]
    Address(#[from] AddressError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] TlsError),
    /// The connections cannot be set up.
    #[error("connections cannot be set up: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// No server answers.
    #[error("no server answers: {0}")]
    Unreachable(String),
    /// The server answers and lets nobody in under this name, with this password, from here.
    #[error("the server refuses the user: {0}")]
    LoginRefused(String),
    /// The server has no such database.
    #[error("the server has no such database: {0}")]
    DatabaseMissing(String),
    /// The server speaks no TLS, and the address wants it.
    #[error("the server offers no TLS")]
    TlsNotOffered,
    /// Nobody who is believed vouches for the server, or not under this name.
    #[error("the server's certificate is not accepted: {0}")]
    CertificateRefused(String),
    /// The database holds no ledger, and none was to be made.
    #[error("the database holds no ledger")]
    NotAStore,
    /// The ledger in the database is a copy that has not ended.
    #[error("the database holds the beginning of a copy of {source_address}; let the copy end first")]
    BeingCopied {
        /// Of what.
        source_address: String,
    },
    /// An instance of Usher works on the database, or may still have something for it.
    #[error("the instance {instance} works on the database; stop it")]
    InUse {
        /// Its name.
        instance: String,
    },
    /// The database does not do what it should.
    #[error("{0}")]
    Database(String),
}

impl From<PoolError> for OpenError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::from(error),
            PoolError::Timeout(TimeoutType::Create) => Self::Unreachable("it takes too long".to_owned()),
            error => Self::Database(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            let detail = said.message().to_owned();
            return match said.code() {
                code if *code == SqlState::INVALID_CATALOG_NAME => Self::DatabaseMissing(detail),
                code if code.code().starts_with("28") => Self::LoginRefused(detail),
                _ => Self::Database(detail),
            };
        }
        if let Some(refused) = within::<rustls::Error>(&error) {
            return Self::CertificateRefused(refused.to_string());
        }
        let detail = last(&error);
        match error.to_string() {
            text if text.starts_with("error performing TLS") && detail.contains("not support TLS") => {
                Self::TlsNotOffered
            }
            text if text.starts_with("invalid configuration") => Self::LoginRefused(detail),
            text if within::<io::Error>(&error).is_some() => Self::Unreachable(format!("{text}: {detail}")),
            text => Self::Database(format!("{text}: {detail}")),
        }
    }
}

/// The cause of a kind behind an error; input and output errors hide theirs within themselves.
fn within<'a, Cause: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a Cause> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<Cause>() {
            return Some(cause);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The last cause in words.
fn last(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// Opens the first connection. Where the address does not say whether a pooler is in between, its refusal says so.
pub(crate) async fn reached(
    address: &DatabaseAddress,
    options: &PostgresOptions,
) -> Result<(Connections, Sql), OpenError> {
    let connections = open(address, options, address.pooled().unwrap_or(false))?;
    let refused = match connections.first().await {
        Ok(sql) => return Ok((connections, sql)),
        Err(refused) => refused,
    };
    connections.close();
    if address.pooled().is_some() || !asking::refuses_settings(&refused) {
        return Err(refused.into());
    }
    tracing::info!("a pooler is between here and the database; statements are sent without names");
    let connections = open(address, options, true)?;
    let sql = connections.first().await?;
    Ok((connections, sql))
}

/// Makes the connections' keeper; none is opened yet.
fn open(
    address: &DatabaseAddress,
    options: &PostgresOptions,
    pooled: bool,
) -> Result<Connections, OpenError> {
    let connect_timeout = Duration::from_millis(options.connect_timeout_ms.into());
    let mut config = address.config().clone();
    config
        .application_name(&options.application_name)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNHEARD_TIMEOUT);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(connect_timeout);
    }
    if config.get_target_session_attrs() == TargetSessionAttrs::Any {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if config.get_options().is_none() && !pooled {
        config.options(limits(options));
    }
    if address.tls_mode() == crate::address::TlsMode::Disable {
        config.channel_binding(ChannelBinding::Disable);
    }
    // Each server of the address has its turn, and then there is the password to be checked.
    let servers = u32::try_from(config.get_hosts().len() + 1).unwrap_or(u32::MAX);
    let create_timeout = config
        .get_connect_timeout()
        .copied()
        .unwrap_or(connect_timeout)
        .saturating_mul(servers);
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let connect: Arc<dyn Connect> = Arc::new(Hosts::new(tls::prepare(address)?));
    let manager = Manager::from_connect(config.clone(), Shared(Arc::clone(&connect)), recycling);
    let pool = Pool::builder(manager)
        .max_size(options.connections_max)
        .wait_timeout(Some(Duration::from_millis(options.wait_timeout_ms.into())))
        .create_timeout(Some(create_timeout))
        .runtime(Runtime::Tokio1)
        .build()?;
    let dialer = Dialer {
        connect,
        config,
        jitter: options.jitter.clone(),
    };
    let answer_timeout = Duration::from_millis(options.statement_timeout_ms.into()) + ANSWER_MARGIN;
    let asking = if pooled {
        Asking::unnamed(options.statement_timeout_ms, options.lock_timeout_ms)
    } else {
        Asking::named()
    };
    Ok(Connections::new(pool, dialer, asking, answer_timeout))
}

/// What the server is told about how long anything may take.
fn limits(options: &PostgresOptions) -> String {
    let PostgresOptions {
        statement_timeout_ms,
        lock_timeout_ms,
        ..
    } = options;
    format!("-c statement_timeout={statement_timeout_ms} -c lock_timeout={lock_timeout_ms}")
}
