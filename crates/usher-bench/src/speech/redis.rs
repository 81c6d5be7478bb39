//! Redis' own protocol: an access as check-and-set, by a script that the server keeps.
//!
//! The script does the least that an access is: is there a seat, and if so, its newest time. Both lie in the same hash, one per
//! user, so that Redis looks up one key; no tenant, no app that may be disabled, no expiry, no history.

use super::{Heard, People, Speech, push_number};
use crate::chance::Chance;

/// Checks the seat and sets the time of an app: one key, two fields, atomic as every script is.
pub const SCRIPT: &str = "if redis.call('HEXISTS',KEYS[1],'seat')==1 then redis.call('HSET',KEYS[1],ARGV[1],ARGV[2]) return 1 end return 0";

/// Accesses by `EVALSHA`.
#[derive(Debug, Clone)]
pub struct CheckAndSet {
    people: People,
    head: Vec<u8>,
    time: Vec<u8>,
}

impl CheckAndSet {
    /// `script_hash` is what `SCRIPT LOAD` has answered; `time_ms` is written for every access.
    #[must_use]
    pub fn new(script_hash: &str, people: People, time_ms: u64) -> Self {
        let mut time = Vec::new();
        push_bulk(time_ms.to_string().as_bytes(), &mut time);
        let mut head = b"*6\r\n".to_vec();
        for word in ["EVALSHA", script_hash, "1"] {
            push_bulk(word.as_bytes(), &mut head);
        }
        Self { people, head, time }
    }
}

impl Speech for CheckAndSet {
    fn ask(&self, chance: &mut Chance, request: &mut Vec<u8>) {
        let (user, namespace) = self.people.draw(chance);
        let mut number = Vec::with_capacity(20);
        push_number(user, &mut number);
        request.extend_from_slice(&self.head);
        push_bulk(&number, request);
        push_bulk(namespace.as_bytes(), request);
        request.extend_from_slice(&self.time);
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        match answer {
            b":1\r\n" => Heard::Whole(true),
            _ if answer.ends_with(b"\r\n") => Heard::Whole(false),
            _ => Heard::More,
        }
    }
}

/// One command, said again and again: for setting a server up.
#[derive(Debug, Clone)]
pub struct Command(Vec<u8>);

impl Command {
    /// A command and its arguments.
    #[must_use]
    pub fn new(words: &[&str]) -> Self {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            push_bulk(word.as_bytes(), &mut request);
        }
        Self(request)
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Adds a bulk string: its length, then itself.
fn push_bulk(word: &[u8], request: &mut Vec<u8>) {
    request.push(b'$');
    push_number(u64::try_from(word.len()).unwrap_or(0), request);
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(word);
    request.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_is_one_command_of_six_words() {
        let accesses = CheckAndSet::new("abc", People::new(1, 1), 17);
        let mut request = Vec::new();
        accesses.ask(&mut Chance::new(1), &mut request);
        let words = [
            "EVALSHA",
            "abc",
            "1",
            "1800000000000001",
            "package_000000__c",
            "17",
        ];
        assert_eq!(request, Command::new(&words).bytes());
        assert_eq!(accesses.heard(b":1\r"), Heard::More);
        assert_eq!(accesses.heard(b":1\r\n"), Heard::Whole(true));
        assert_eq!(accesses.heard(b":0\r\n"), Heard::Whole(false));
        assert_eq!(accesses.heard(b"-NOSCRIPT\r\n"), Heard::Whole(false));
    }
}
