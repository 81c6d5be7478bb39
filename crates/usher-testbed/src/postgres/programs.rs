//! PostgreSQL's own programs, run as somebody who is not root.

use std::{
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

/// Where Debian keeps the programs of a version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The account of Debian's package, and of the database's first role in these tests.
pub const ACCOUNT: &str = "postgres";

/// Whom a program runs as.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// The number of the user.
    pub user: u32,
    /// The number of their group.
    pub group: u32,
}

/// A program (`initdb`, `pgbench`, `pg_basebackup`…) of the newest version that is there.
pub fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(VERSIONS)
        .unwrap_or_else(|_| panic!("PostgreSQL is not installed; scripts/install-test-tools installs it"))
        .map(|entry| entry.unwrap().path())
        .collect();
    versions.sort();
    versions.last().unwrap().join("bin").join(name)
}

/// A command that runs as `account` where one is given, in a folder that everybody may enter.
pub fn command(account: Option<Account>, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir("/");
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group);
    }
    command
}

/// The account to run the server as, where we are root.
pub fn account() -> Option<Account> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields: Vec<&str> = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&ACCOUNT))
        .unwrap();
    Some(Account {
        user: fields[2].parse().unwrap(),
        group: fields[3].parse().unwrap(),
    })
}

/// Runs a command to its end; it must succeed.
pub(super) fn run(account: Option<Account>, words: &[&str]) {
    let status = command(account, words).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{words:?}");
}
