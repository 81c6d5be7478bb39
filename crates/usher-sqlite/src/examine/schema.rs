//! Tables, indexes, views and triggers against those of a file made afresh: a trigger that was changed counts wrongly.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Checked, Fault};
use crate::file::{self, OpenError};

pub(super) fn check(connection: &Connection) -> Result<Checked, OpenError> {
    let mut fresh = Connection::open_in_memory()?;
    file::migrate(&mut fresh)?;
    let (expected, found) = (described(&fresh)?, described(connection)?);
    let differing = expected
        .iter()
        .filter(|(name, text)| found.get(*name) != Some(text))
        .map(|(name, _)| name);
    let added = found.keys().filter(|name| !expected.contains_key(*name));
    let faults = differing.chain(added).map(|name| Fault::Schema(name.clone()));
    Ok(Checked::of(found.len() as u64, faults))
}

/// What each thing was made by. Statistics that SQLite may keep of itself are nobody's schema.
fn described(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Option<String>>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
