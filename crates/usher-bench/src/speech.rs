//! What callers say, and how they know that an answer is whole.
//!
//! - [`http`]: accesses and pages, to Usher or to a server that answers as long
//! - [`redis`]: check-and-set, in Redis' own protocol
//! - [`postgres`]: one prepared statement, in PostgreSQL's own protocol

pub mod http;
pub mod postgres;
pub mod redis;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::chance::Chance;

/// What has come in of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Not all of it yet.
    More,
    /// All of it; true when it is the answer that was hoped for.
    Whole(bool),
    /// Something that this protocol does not have.
    Nonsense,
}

/// A language of requests and answers, one answer per request.
pub trait Speech: Send + Sync {
    /// What is said once at the beginning of a connection, each answered before the next.
    fn greetings(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Writes the next request into an empty buffer.
    fn ask(&self, chance: &mut Chance, request: &mut Vec<u8>);

    /// Judges what has come in since the request.
    fn heard(&self, answer: &[u8]) -> Heard;
}

/// Which of the people comes next, and in which app.
#[derive(Debug, Clone, Default)]
pub enum Order {
    /// Anybody in any app, each pair as likely as any other.
    #[default]
    AnyApp,
    /// Anybody in the one app that is theirs, each as likely as any other.
    OwnApp,
    /// Each in turn in the one app that is theirs, over all connections: so everybody has come after as many draws as there are people.
    InTurn(Arc<AtomicU64>),
}

/// Whom accesses are about: so many users of so many apps.
#[derive(Debug, Clone)]
pub struct People {
    /// The number of the first user.
    pub first_user: u64,
    /// From one user's number to the next.
    pub step: u64,
    /// How many users.
    pub users: u64,
    /// The apps' names.
    pub namespaces: Vec<String>,
    /// Who comes next; without meaning where people are listed.
    pub order: Order,
    /// People of somebody else's ledger, each with an app; where there are any, nobody else is drawn.
    pub listed: Vec<(u64, String)>,
}

impl People {
    /// People whose numbers are as long as real ones: their length is part of what is measured.
    #[must_use]
    pub fn new(users: u64, apps: u64) -> Self {
        Self {
            first_user: 1_800_000_000_000_001,
            step: 7,
            users,
            namespaces: (0..apps).map(|app| format!("package_{app:06}__c")).collect(),
            order: Order::AnyApp,
            listed: Vec::new(),
        }
    }

    /// These people and nobody else, each in the app named beside them.
    #[must_use]
    pub fn listed(listed: Vec<(u64, String)>) -> Self {
        Self {
            listed,
            ..Self::new(0, 0)
        }
    }

    /// Draws a user's number and an app's name.
    pub fn draw(&self, chance: &mut Chance) -> (u64, &str) {
        if !self.listed.is_empty() {
            let place = chance.below(u64::try_from(self.listed.len()).unwrap_or(u64::MAX));
            let drawn = usize::try_from(place)
                .ok()
                .and_then(|place| self.listed.get(place));
            return drawn.map_or((0, ""), |(user, namespace)| (*user, namespace.as_str()));
        }
        let (user, app) = self.draw_numbers(chance);
        let namespace = usize::try_from(app).ok().and_then(|app| self.namespaces.get(app));
        (self.number_of(user), namespace.map_or("", String::as_str))
    }

    /// Draws the place of a user among the users, and that of an app among the apps.
    pub(crate) fn draw_numbers(&self, chance: &mut Chance) -> (u64, u64) {
        let apps = u64::try_from(self.namespaces.len()).unwrap_or(u64::MAX);
        let user = match &self.order {
            Order::AnyApp => return (chance.below(self.users), chance.below(apps)),
            Order::OwnApp => chance.below(self.users),
            Order::InTurn(next) => next.fetch_add(1, Ordering::Relaxed) % self.users.max(1),
        };
        (user, user % apps.max(1))
    }

    /// The number of the user at a place.
    pub(crate) fn number_of(&self, user: u64) -> u64 {
        self.first_user + self.step * user
    }
}

/// Adds a number in decimal digits, without the machinery of formatting: it is a tenth of what a request costs.
pub(crate) fn push_number(number: u64, text: &mut Vec<u8>) {
    let begin = text.len();
    let mut rest = number;
    loop {
        text.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = text.get_mut(begin..) {
        digits.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_everybody_writes_them() {
        for number in [0, 7, 10, 1_803_710_089_388_154, u64::MAX] {
            let mut text = b"n=".to_vec();
            push_number(number, &mut text);
            assert_eq!(text, format!("n={number}").into_bytes());
        }
    }

    #[test]
    fn everybody_is_drawn_and_nobody_else() {
        let people = People::new(3, 2);
        let mut chance = Chance::new(1);
        let mut drawn: Vec<_> = (0..200).map(|_| people.draw(&mut chance)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 6);
        assert_eq!(drawn.first(), Some(&(1_800_000_000_000_001, "package_000000__c")));
        assert_eq!(drawn.last(), Some(&(1_800_000_000_000_015, "package_000001__c")));
        let mut own = People {
            order: Order::OwnApp,
            ..People::new(3, 2)
        };
        let own_apps = [0, 1, 0].map(|app| format!("package_{app:06}__c"));
        for _ in 0..20 {
            let (user, namespace) = own.draw(&mut chance);
            let place = usize::try_from((user - own.first_user) / own.step).unwrap();
            assert_eq!(namespace, own_apps[place]);
        }
        own.order = Order::InTurn(Arc::default());
        let places = [0, 1, 2, 0].map(|place| own.number_of(place));
        assert_eq!([(); 4].map(|()| own.draw(&mut chance).0), places);
        let listed = People::listed(vec![(7, "package_a".to_owned())]);
        assert_eq!(listed.draw(&mut chance), (7, "package_a"));
    }
}
