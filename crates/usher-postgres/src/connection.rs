//! Reaching the database: the address, TLS, and a bounded number of connections.
//!
//! The address is one of PostgreSQL's own (`postgres://user@one,two/usher?target_session_attrs=read-write`), so a failover pair
//! is one address. With `sslmode=require` the server must prove itself to the authorities that the operating system trusts.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Config, config::TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto::ring};

/// How long an attempt to connect may take: longer than a loaded server needs, shorter than a caller waits.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long somebody waits for a free connection before they hear that the store is unavailable.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// How an engine uses its database.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Most connections. A few per core of the database serve best; more only wait for each other there.
    pub connections_max: usize,
    /// How long a statement may take, in milliseconds, before the server ends it.
    pub statement_timeout_ms: u32,
    /// How Usher is called in the server's list of connections.
    pub application_name: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections_max: 16,
            statement_timeout_ms: 30_000,
            application_name: "usher".to_owned(),
        }
    }
}

/// Why no database could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be read.
    #[error("not an address of a PostgreSQL database: {0}")]
    Address(tokio_postgres::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The connections cannot be set up.
    #[error("connections cannot be set up: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// The database does not answer, or not as it should.
    #[error("the database cannot be used: {0}")]
    Database(String),
}

/// Makes the connections' keeper; none is opened yet.
pub(crate) fn pool(address: &str, options: &PostgresOptions) -> Result<Pool, OpenError> {
    let mut config: Config = address.parse().map_err(OpenError::Address)?;
    config
        .application_name(&options.application_name)
        .connect_timeout(CONNECT_TIMEOUT)
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_options().is_none() {
        config.options(format!("-c statement_timeout={}", options.statement_timeout_ms));
    }
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config, tls()?, recycling);
    let pool = Pool::builder(manager)
        .max_size(options.connections_max)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .runtime(Runtime::Tokio1)
        .build()?;
    Ok(pool)
}

fn tls() -> Result<MakeRustlsConnect, OpenError> {
    let mut roots = RootCertStore::empty();
    let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
