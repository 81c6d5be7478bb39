//! Which of the hosts of an address takes writes.
//!
//! Of a failover pair one server takes writes, and which one changes without a word to us. So all hosts are asked at the same
//! time and the first that takes writes is it: a host that hangs (stopped, or cut off without a word) then costs nothing,
//! where asking in turn would wait for it at every connection. The price is a short conversation with a standby
//! whenever a connection is made, which is seldom.

use std::{pin::Pin, time::Duration};

use deadpool_postgres::Connect;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::{
    Client, Config, Connection, Error, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

/// How long the other hosts are still waited for once one has said no. A standby says no at once, and a server that takes
/// writes is not slower than that; what takes longer hangs, and the next attempt should begin.
const OTHERS_TIMEOUT: Duration = Duration::from_secs(2);

type Reached = Result<(Client, JoinHandle<()>), Error>;

/// Connects to whichever host takes writes.
pub(crate) struct Hosts<Tls> {
    tls: Tls,
}

impl<Tls> Hosts<Tls> {
    /// Reaches hosts with this TLS.
    pub(crate) fn new(tls: Tls) -> Self {
        Self { tls }
    }
}

impl<Tls> Connect for Hosts<Tls>
where
    Tls: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    Tls::Stream: Sync + Send,
    Tls::TlsConnect: Sync + Send,
    <Tls::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Reached> + Send + '_>> {
        let alone = each_alone(config);
        let whole = config.clone();
        Box::pin(async move {
            let (client, connection) = if alone.len() < 2 {
                whole.connect(self.tls.clone()).await?
            } else {
                first(alone, &self.tls).await?
            };
            let served = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection to the database ended");
                }
            });
            Ok((client, served))
        })
    }
}

/// Asks all at once; the first that takes writes is it, and the others are let go.
async fn first<Tls>(alone: Vec<Config>, tls: &Tls) -> Result<(Client, Connection<Socket, Tls::Stream>), Error>
where
    Tls: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    Tls::Stream: Sync + Send,
    Tls::TlsConnect: Sync + Send,
    <Tls::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let mut attempts = JoinSet::new();
    for config in alone {
        let tls = tls.clone();
        attempts.spawn(async move { config.connect(tls).await });
    }
    let mut said_no: Option<Error> = None;
    loop {
        let answer = match &said_no {
            None => attempts.join_next().await,
            Some(_) => tokio::time::timeout(OTHERS_TIMEOUT, attempts.join_next())
                .await
                .unwrap_or(None),
        };
        match (answer, said_no.take()) {
            (Some(Ok(Ok(reached))), _) => return Ok(reached),
            (Some(Ok(Err(error))), _) => said_no = Some(error),
            // An attempt that panicked is one that failed.
            (Some(Err(_)), before) => said_no = before,
            (None, Some(error)) => return Err(error),
            // Nobody is left to say anything: ask for the whole address, which says why in its own words.
            (None, None) => return Config::new().connect(tls.clone()).await,
        }
    }
}

/// The address once per host, each with that host alone.
fn each_alone(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    (0..count)
        .map(|place| {
            let mut alone = without_hosts(config);
            match hosts.get(place) {
                Some(tokio_postgres::config::Host::Tcp(name)) => {
                    alone.host(name);
                }
                Some(tokio_postgres::config::Host::Unix(path)) => {
                    alone.host_path(path);
                }
                None => {}
            }
            if let Some(address) = addresses.get(place) {
                alone.hostaddr(*address);
            }
            if let Some(port) = ports.get(place).or_else(|| ports.first()) {
                alone.port(*port);
            }
            alone
        })
        .collect()
}

/// Everything that an address says but the hosts; the driver has no way to take hosts away.
fn without_hosts(config: &Config) -> Config {
    let mut bare = Config::new();
    bare.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    if let Some(interval) = config.get_keepalives_interval() {
        bare.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        bare.keepalives_retries(retries);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        bare.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        bare.tcp_user_timeout(*timeout);
    }
    if let Some(user) = config.get_user() {
        bare.user(user);
    }
    if let Some(password) = config.get_password() {
        bare.password(password);
    }
    if let Some(database) = config.get_dbname() {
        bare.dbname(database);
    }
    if let Some(options) = config.get_options() {
        bare.options(options);
    }
    if let Some(name) = config.get_application_name() {
        bare.application_name(name);
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_alone_keeps_everything_else_of_the_address() {
        let whole: Config = "host=one,two port=5433,5434 user=usher password=geheim dbname=ledger \
             sslmode=require connect_timeout=3 keepalives_idle=7 target_session_attrs=read-write"
            .parse()
            .unwrap();
        let alone = each_alone(&whole);
        assert_eq!(alone.len(), 2);
        for (config, port) in alone.iter().zip([5433, 5434]) {
            assert_eq!(config.get_hosts().len(), 1);
            assert_eq!(config.get_ports(), [port]);
            assert_eq!(config.get_password(), Some("geheim".as_bytes()));
            assert_eq!(config.get_dbname(), Some("ledger"));
            assert_eq!(config.get_ssl_mode(), whole.get_ssl_mode());
            assert_eq!(
                config.get_target_session_attrs(),
                whole.get_target_session_attrs()
            );
            assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
            assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        }
    }
}
