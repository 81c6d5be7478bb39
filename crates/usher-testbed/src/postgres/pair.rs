//! A primary with a streaming standby that confirms every commit, again and again: the primary dies, the standby takes its
//! place, and a new standby is made from it on the dead one's port.
//!
//! `synchronous_standby_names` is asked for only while a standby follows: a lone primary would wait for one at every commit.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{ACCOUNT, Server, free_port, keeper, own_folder, program, programs::run};

/// Processes die in these tests, and no machine loses its memory; so nothing is forced to a disk.
const SETTINGS: [&str; 4] = [
    "max_connections=100",
    "fsync=off",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
];
/// Pause between two looks at what a server does by itself.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A primary, and a standby where one follows.
#[derive(Debug)]
pub struct Pair {
    place: PathBuf,
    ports: [u16; 2],
    primary: Server,
    standby: Option<Server>,
}

impl Pair {
    /// Starts both; returns when the standby confirms commits.
    pub async fn start(place: &Path) -> Self {
        let primary = Server::start(place, &SETTINGS);
        let mut pair = Self {
            place: place.to_owned(),
            ports: [primary.port(), free_port()],
            primary,
            standby: None,
        };
        pair.rebuild().await;
        pair
    }

    /// The address of a database on whichever server takes writes.
    pub fn address(&self, database: &str) -> String {
        let [one, other] = self.ports;
        format!("postgres://{ACCOUNT}@127.0.0.1:{one},127.0.0.1:{other}/{database}")
    }

    /// The server that takes writes, as far as the pair knows.
    pub fn primary(&self) -> &Server {
        &self.primary
    }

    /// Promotes the standby after the primary was killed; returns when it takes writes.
    pub fn promote(&mut self) {
        let standby = self.standby.take().unwrap();
        standby.control(&["-w", "promote"]);
        self.primary = standby;
    }

    /// Makes a new standby of the primary, on the port that is free; returns when it confirms commits.
    pub async fn rebuild(&mut self) {
        let [one, other] = self.ports;
        let port = if self.primary.port() == one { other } else { one };
        self.standby = Some(self.primary.followed(&self.place, port));
        let client = self.primary.connect("postgres").await;
        client
            .batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            .await
            .unwrap();
        client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        let confirmed = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'";
        while client.query(confirmed, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Server {
    /// A server that follows this one.
    fn followed(&self, place: &Path, port: u16) -> Self {
        let (folder, account) = own_folder(place);
        let data = folder.path().join("data");
        let source = format!("host=127.0.0.1 port={} user={ACCOUNT}", self.port);
        run(
            account,
            &[
                program("pg_basebackup").to_str().unwrap(),
                "--no-sync",
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
                "-d",
                &source,
                "-D",
                data.to_str().unwrap(),
            ],
        );
        // Once promoted it must not wait for a standby of its own that is not there.
        let settings = data.join("postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&settings).unwrap();
        text.push_str("synchronous_standby_names = ''\n");
        std::fs::write(&settings, text).unwrap();
        let server = Self {
            port,
            settings: self.settings.clone(),
            account,
            keeper: keeper(account, &data),
            data,
            _folder: folder,
        };
        server.resume();
        server
    }
}
