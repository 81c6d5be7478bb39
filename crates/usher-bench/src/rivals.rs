//! A Redis and a PostgreSQL with the same people as the Usher they are compared with.
//!
//! Whoever measures has started them and has seen to it that they are as durable as Usher: `appendonly yes` and `appendfsync
//! always` there, `fsync` and `synchronous_commit` on here. What is written to them stays: give servers of their own.

use std::net::SocketAddr;

use crate::{
    chance::Chance,
    crowd::{CrowdError, ask_once},
    speech::{
        Heard, People, Speech,
        postgres::{self, Upserts},
        redis::{self, CheckAndSet, Command},
    },
};

/// Users per message while Redis is filled: a forced write for each would take as long as a measurement.
const USERS_PER_MESSAGE: u64 = 2_000;

/// Gives Redis a seat for each of the people, and the script.
///
/// # Errors
/// [`CrowdError`] when it does not answer as Redis does.
pub async fn redis(address: SocketAddr, people: &People, time_ms: u64) -> Result<CheckAndSet, CrowdError> {
    for begin in (0..people.users).step_by(usize::try_from(USERS_PER_MESSAGE).unwrap_or(1)) {
        let end = people.users.min(begin + USERS_PER_MESSAGE);
        let mut message = Several::default();
        for user in begin..end {
            let number = (people.first_user + people.step * user).to_string();
            message.add(&Command::new(&["HSET", &number, "seat", "1"]));
        }
        ask(address, &message).await?;
    }
    let mut script = Several::default();
    script.add(&Command::new(&["SCRIPT", "LOAD", redis::SCRIPT]));
    // A bulk answer has two lines: its length and itself.
    script.lines = 2;
    let answer = ask(address, &script).await?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    match text.lines().nth(1) {
        Some(hash) => Ok(CheckAndSet::new(hash, people.clone(), time_ms)),
        None => Err(CrowdError::Refused {
            address,
            answer: text,
        }),
    }
}

/// Makes the table in a database and a row for each of the people, in the app that they were first seen in.
///
/// # Errors
/// [`CrowdError`] when it does not answer as PostgreSQL does, or refuses: there may be such a table already.
pub async fn postgres(
    address: SocketAddr,
    (user, database): (&str, &str),
    people: &People,
    time_ms: u64,
) -> Result<Upserts, CrowdError> {
    let upserts = Upserts::new(user, database, people.clone(), time_ms);
    let namespaces: Vec<_> = people
        .namespaces
        .iter()
        .map(|namespace| format!("'{namespace}'"))
        .collect();
    let rows = format!(
        "INSERT INTO last_access SELECT {} + {} * n, (ARRAY[{}])[1 + n % {}], {time_ms} FROM generate_series(0, {}::int8) n",
        people.first_user,
        people.step,
        namespaces.join(","),
        people.namespaces.len(),
        people.users.saturating_sub(1),
    );
    for statement in [postgres::TABLE, &rows, "VACUUM ANALYZE last_access"] {
        ask(address, &Simple(&upserts, statement)).await?;
    }
    Ok(upserts)
}

async fn ask(address: SocketAddr, speech: &dyn Speech) -> Result<Vec<u8>, CrowdError> {
    let answer = ask_once(address, speech).await?;
    if speech.heard(&answer) == Heard::Whole(true) {
        return Ok(answer);
    }
    let text = String::from_utf8_lossy(answer.get(..300).unwrap_or(&answer));
    Err(CrowdError::Refused {
        address,
        answer: text.escape_debug().to_string(),
    })
}

/// Commands of Redis in one message; each answer is a line.
#[derive(Default)]
struct Several {
    bytes: Vec<u8>,
    lines: usize,
}

impl Several {
    fn add(&mut self, command: &Command) {
        self.bytes.extend_from_slice(command.bytes());
        self.lines += 1;
    }
}

impl Speech for Several {
    fn ask(&self, _: &mut Chance, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.bytes);
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        let lines = answer.iter().filter(|byte| **byte == b'\n').count();
        let refused = answer.first() == Some(&b'-');
        if refused && answer.ends_with(b"\n") {
            return Heard::Whole(false);
        }
        if lines < self.lines {
            Heard::More
        } else {
            Heard::Whole(true)
        }
    }
}

/// One statement of PostgreSQL, behind the startup of the accesses.
struct Simple<'a>(&'a Upserts, &'a str);

impl Speech for Simple<'_> {
    fn greetings(&self) -> Vec<Vec<u8>> {
        self.0.greetings().into_iter().take(1).collect()
    }

    fn ask(&self, _: &mut Chance, request: &mut Vec<u8>) {
        postgres::push_query(self.1, request);
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        self.0.heard(answer)
    }
}
