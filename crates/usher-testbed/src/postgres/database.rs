//! A database of a test's own, gone when the test is.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Server,
    programs::{ACCOUNT, account, program, run},
};

/// The database that others are copies of.
const TEMPLATE: &str = "usher_template";

/// A database on [`Server::shared`].
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// One without anything in it.
    pub fn empty() -> Self {
        Self::made(&[])
    }

    /// A copy of one that `fill` fills, given its address, when the first test of this process asks; nobody may be connected to
    /// it afterwards.
    pub fn copied(fill: impl FnOnce(&str)) -> Self {
        static FILLED: OnceLock<()> = OnceLock::new();
        FILLED.get_or_init(|| {
            let server = Server::shared();
            server.tool("createdb", &[TEMPLATE]);
            fill(&server.address(TEMPLATE));
        });
        // The files are copied as they are, which for a small database is the cheapest.
        Self::made(&["--template", TEMPLATE, "--strategy", "file_copy"])
    }

    fn made(arguments: &[&str]) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let name = format!("usher_test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut words = arguments.to_vec();
        words.push(&name);
        Server::shared().tool("createdb", &words);
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn address(&self) -> String {
        Server::shared().address(&self.name)
    }
}

impl Drop for Database {
    /// Whoever is still connected is sent away.
    fn drop(&mut self) {
        Server::shared().tool("dropdb", &["--force", &self.name]);
    }
}

impl Server {
    /// Runs one of PostgreSQL's own programs against this server to its end.
    fn tool(&self, name: &str, words: &[&str]) {
        let (tool, port) = (program(name), self.port().to_string());
        let mut all = vec![
            tool.to_str().unwrap(),
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            ACCOUNT,
        ];
        all.extend_from_slice(words);
        run(account(), &all);
    }
}
