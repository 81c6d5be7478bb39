//! PostgreSQL's own protocol (version 3.0): one prepared upsert per access, as a service of the usual make would send it.

use super::{Heard, People, Speech, push_number};
use crate::chance::Chance;

/// The table; its key is what an access is about.
pub const TABLE: &str = "CREATE TABLE last_access (user_id int8, namespace text, time_ms int8 NOT NULL, PRIMARY KEY (user_id, namespace)) WITH (fillfactor = 70)";
/// The least that an access is, without asking whether there is a seat.
pub const STATEMENT: &str = "INSERT INTO last_access AS old VALUES ($1, $2, $3) \
     ON CONFLICT (user_id, namespace) DO UPDATE SET time_ms = GREATEST(old.time_ms, excluded.time_ms)";
/// Version 3.0, as the startup message writes it.
const PROTOCOL: u32 = 3 << 16;
/// Types of the parameters: int8, text, int8.
const TYPES: [u32; 3] = [20, 25, 20];
/// A message is its letter and its length.
const MESSAGE_HEAD: usize = 5;

/// Accesses by a prepared statement, each its own transaction.
#[derive(Debug, Clone)]
pub struct Upserts {
    people: People,
    user: String,
    database: String,
    /// Grows in every request, so that each moves its row: see [`Self::ask`].
    first_time_ms: u64,
}

impl Upserts {
    /// As a user whom the server trusts. Times begin at `first_time_ms` and are drawn from the year after it.
    #[must_use]
    pub fn new(user: &str, database: &str, people: People, first_time_ms: u64) -> Self {
        Self {
            people,
            user: user.to_owned(),
            database: database.to_owned(),
            first_time_ms,
        }
    }
}

/// Milliseconds that times are drawn from: hardly any two are alike.
const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1_000;

impl Speech for Upserts {
    fn greetings(&self) -> Vec<Vec<u8>> {
        let mut startup = PROTOCOL.to_be_bytes().to_vec();
        for word in ["user", &self.user, "database", &self.database, ""] {
            push_text(word.as_bytes(), &mut startup);
        }
        let mut parse = Vec::new();
        push_text(b"a", &mut parse);
        push_text(STATEMENT.as_bytes(), &mut parse);
        parse.extend_from_slice(&[0, 3]);
        for one in TYPES {
            parse.extend_from_slice(&one.to_be_bytes());
        }
        let mut prepare = Vec::new();
        push_message(b'P', &parse, &mut prepare);
        push_message(b'S', b"", &mut prepare);
        vec![with_length(&startup), prepare]
    }

    /// A time that is drawn, not counted, may be older than the row's; PostgreSQL writes a new version of the row all the same.
    fn ask(&self, chance: &mut Chance, request: &mut Vec<u8>) {
        let (user, namespace) = self.people.draw(chance);
        let time_ms = self.first_time_ms + chance.below(YEAR_MS);
        let mut bind = Vec::with_capacity(96);
        // The nameless portal, the statement `a`, every parameter as text, three of them.
        bind.extend_from_slice(&[0, b'a', 0, 0, 0, 0, 3]);
        let mut number = Vec::with_capacity(20);
        push_number(user, &mut number);
        push_value(&number, &mut bind);
        push_value(namespace.as_bytes(), &mut bind);
        number.clear();
        push_number(time_ms, &mut number);
        push_value(&number, &mut bind);
        bind.extend_from_slice(&[0, 0]);
        push_message(b'B', &bind, request);
        push_message(b'E', &[0, 0, 0, 0, 0], request);
        push_message(b'S', b"", request);
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        let (mut rest, mut good) = (answer, true);
        while let Some((letter, length)) = message(rest) {
            good &= letter != b'E';
            if letter == b'Z' && length == rest.len() {
                return Heard::Whole(good);
            }
            let Some(after) = rest.get(length..) else {
                return Heard::More;
            };
            rest = after;
        }
        Heard::More
    }
}

/// Adds a statement without parameters.
pub(crate) fn push_query(statement: &str, request: &mut Vec<u8>) {
    let mut text = Vec::new();
    push_text(statement.as_bytes(), &mut text);
    push_message(b'Q', &text, request);
}

/// The letter of the first message and its length with head; none when not even the head is there.
fn message(bytes: &[u8]) -> Option<(u8, usize)> {
    let letter = *bytes.first()?;
    let length: [u8; 4] = bytes.get(1..MESSAGE_HEAD)?.try_into().ok()?;
    Some((letter, usize::try_from(u32::from_be_bytes(length)).ok()? + 1))
}

fn push_message(letter: u8, content: &[u8], request: &mut Vec<u8>) {
    request.push(letter);
    request.extend_from_slice(&with_length(content));
}

/// Content behind its length, which counts itself.
fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), content].concat()
}

fn push_text(text: &[u8], message: &mut Vec<u8>) {
    message.extend_from_slice(text);
    message.push(0);
}

fn push_value(value: &[u8], message: &mut Vec<u8>) {
    message.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_the_server_is_ready_for_the_next() {
        let upserts = Upserts::new("a", "b", People::new(1, 1), 0);
        let good = b"2\0\0\0\x04C\0\0\0\x0fINSERT 0 1\0Z\0\0\0\x05I";
        for end in 0..good.len() {
            assert_eq!(upserts.heard(&good[..end]), Heard::More, "{end}");
        }
        assert_eq!(upserts.heard(good), Heard::Whole(true));
        assert_eq!(upserts.heard(b"E\0\0\0\x05\0Z\0\0\0\x05I"), Heard::Whole(false));
    }
}
