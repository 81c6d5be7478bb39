//! A real PgBouncer in front of [`Server::shared`], in transaction mode: every transaction may meet another connection.

use std::{
    io::ErrorKind,
    net::TcpStream,
    process::{Child, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::postgres::{ACCOUNT, Server, command, free_port, own_folder};

/// Few enough that everybody soon meets what somebody else left behind.
const SERVER_CONNECTIONS: usize = 3;
/// Only ends a test that would otherwise hang for ever.
const START_POLLS_MAX: usize = 1_000;

/// A pooler for every database of the shared server.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    keeper: Child,
    _folder: TempDir,
}

impl Pooler {
    /// The one pooler of this process.
    pub fn shared() -> &'static Self {
        static POOLER: OnceLock<Pooler> = OnceLock::new();
        POOLER.get_or_init(|| Self::start(""))
    }

    /// A pooler with further lines of configuration.
    pub fn start(more: &str) -> Self {
        let server = Server::shared();
        let (folder, account) = own_folder(&std::env::temp_dir());
        let port = free_port();
        let path = folder.path().join("pgbouncer.ini");
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={} user={ACCOUNT}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n\
             max_client_conn = 1000\nserver_idle_timeout = 1\nlogfile = {}\n{more}\n",
            server.port(),
            folder.path().join("log").display()
        );
        std::fs::write(&path, configuration).unwrap();
        // It ends when this process does: the shell waits for the end of its input, which the system closes whatever becomes
        // of us.
        let script = format!(
            "pgbouncer -q {} & pooler=$!; cat > /dev/null; kill $pooler",
            path.display()
        );
        let mut words = command(account, &["sh", "-c", &script]);
        let path = std::env::var("PATH").unwrap_or_default();
        words.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        let keeper = words
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until_it_listens(port);
        Self {
            port,
            keeper,
            _folder: folder,
        }
    }

    /// The address of a database behind the pooler.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Asks again and again until somebody answers at a port of this machine.
fn until_it_listens(port: u16) {
    for _ in 0..START_POLLS_MAX {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(_) => return,
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    panic!("PgBouncer did not start; scripts/install-test-tools installs it");
}
