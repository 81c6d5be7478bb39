//! What is to be measured, read from the command line.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use usher_bench::speech::People;

use crate::{arguments::bench::BenchArguments, failure::Failure, words};

/// Fewer seats would all lie in one page.
const SEATS_MIN: u64 = 1_000;
/// Filling takes a tenth of a millisecond for each, and a disk has an end.
const SEATS_MAX: u64 = 10_000_000;
/// As many connections as a server takes.
const CONNECTIONS_MAX: usize = usher_http::server::CONNECTIONS_MAX;
/// Slices of a thing; nobody waits longer.
const SLICES_MAX: u64 = 1_000;
/// Ten minutes.
const SLICE_MS_MAX: u64 = 600_000;

/// What is to be measured.
pub(crate) struct Choice {
    pub(crate) target: Target,
    /// Ascending, at least one.
    pub(crate) connections: Vec<usize>,
    pub(crate) slices: u64,
    pub(crate) slice: Duration,
    pub(crate) redis: Option<SocketAddr>,
    pub(crate) postgres: Option<Database>,
    pub(crate) allocations: bool,
}

/// Whose accesses are measured.
pub(crate) enum Target {
    /// A server of its own with a fresh folder.
    Own { seats: u64, place: PathBuf },
    /// Somebody's.
    Given {
        address: SocketAddr,
        token: String,
        people: People,
    },
}

/// A database whose user needs no password.
pub(crate) struct Database {
    pub(crate) user: String,
    pub(crate) address: SocketAddr,
    pub(crate) name: String,
}

impl Choice {
    /// Reads the arguments.
    ///
    /// # Errors
    /// A failure that names what is wrong.
    pub(crate) fn read(arguments: BenchArguments) -> Result<Self, Failure> {
        let given = (arguments.server, arguments.token_file, arguments.people);
        let target = match given {
            (Some(server), Some(token), Some(people)) => Target::Given {
                address: address("--server", &server)?,
                token: text(&token)?.trim().to_owned(),
                people: listed(&people)?,
            },
            _ => Target::Own {
                seats: number("--seats", &arguments.seats, SEATS_MIN, SEATS_MAX)?,
                place: arguments.place.unwrap_or_else(std::env::temp_dir),
            },
        };
        let slice_ms = number("--slice-ms", &arguments.slice_ms, 1, SLICE_MS_MAX)?;
        Ok(Self {
            target,
            connections: connections(&arguments.connections)?,
            slices: number("--slices", &arguments.slices, 1, SLICES_MAX)?,
            slice: Duration::from_millis(slice_ms),
            redis: arguments
                .redis
                .map(|redis| address("--redis", &redis))
                .transpose()?,
            postgres: arguments.postgres.as_deref().map(database).transpose()?,
            allocations: arguments.allocations,
        })
    }

    /// The largest crowd.
    pub(crate) fn most_connections(&self) -> usize {
        self.connections.last().copied().unwrap_or(1)
    }
}

fn connections(text: &str) -> Result<Vec<usize>, Failure> {
    let mut numbers = Vec::new();
    for one in text.split(',') {
        numbers.push(number("--connections", one.trim(), 1, CONNECTIONS_MAX)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn number<Number>(flag: &str, text: &str, least: Number, most: Number) -> Result<Number, Failure>
where
    Number: Copy + FromStr + PartialOrd + std::fmt::Display,
{
    text.parse()
        .ok()
        .filter(|number| *number >= least && *number <= most)
        .ok_or_else(|| {
            Failure::usage(words!(
                "{flag} {text:?}: a number from {least} to {most} is wanted",
                "{flag} {text:?}：须为 {least} 至 {most} 的数字"
            ))
        })
}

fn address(flag: &str, text: &str) -> Result<SocketAddr, Failure> {
    let found = text
        .to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        Failure::usage(words!(
            "{flag} {text:?}: an address such as 127.0.0.1:8787 is wanted",
            "{flag} {text:?}：须为 127.0.0.1:8787 形式的地址"
        ))
    })
}

/// `USER@HOST:PORT/DATABASE`
fn database(text: &str) -> Result<Database, Failure> {
    let parts = text.split_once('@').and_then(|(user, rest)| {
        let (host, name) = rest.split_once('/')?;
        Some((user, host, name))
    });
    let Some((user, host, name)) = parts else {
        return Err(Failure::usage(words!(
            "--postgres {text:?}: USER@HOST:PORT/DATABASE is wanted",
            "--postgres {text:?}：须为 USER@HOST:PORT/DATABASE"
        )));
    };
    Ok(Database {
        user: user.to_owned(),
        address: address("--postgres", host)?,
        name: name.to_owned(),
    })
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    let path = path.display();
    Failure::failed(words!("cannot read {path}: {error}", "无法读取 {path}：{error}"))
}

/// The people of a table.
fn listed(path: &Path) -> Result<People, Failure> {
    let mut table = csv::Reader::from_path(path).map_err(|error| unreadable(path, &error))?;
    let headers = table.headers().map_err(|error| unreadable(path, &error))?;
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (Some(user), Some(namespace)) = (column("user_id"), column("namespace")) else {
        let path = path.display();
        return Err(Failure::usage(words!(
            "{path}: the columns user_id and namespace are wanted",
            "{path}：须有 user_id 与 namespace 两列"
        )));
    };
    let mut listed = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| unreadable(path, &error))?;
        let id = record.get(user).and_then(|text| text.parse().ok());
        if let (Some(id), Some(namespace)) = (id, record.get(namespace)) {
            listed.push((id, namespace.to_owned()));
        }
    }
    if listed.is_empty() {
        let path = path.display();
        return Err(Failure::usage(words!(
            "{path}: nobody is in it",
            "{path}：其中没有任何人"
        )));
    }
    Ok(People::listed(listed))
}
