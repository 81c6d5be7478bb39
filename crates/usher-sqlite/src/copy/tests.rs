//! Every table and column of the file belongs to a section, or to a list that says why not.

use std::collections::BTreeSet;

use usher_store::portable::SECTIONS;

use super::{COLUMNS_NOT_COPIED, NOT_COPIED};
use crate::file;

fn names(statement: &str, connection: &rusqlite::Connection) -> Vec<String> {
    let mut statement = connection.prepare(statement).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[test]
fn nothing_in_the_file_is_forgotten_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let connection = file::open_for_writing(&folder.path().join("usher.db")).unwrap();
    let mut found = BTreeSet::new();
    for table in names(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        &connection,
    ) {
        if NOT_COPIED.iter().any(|(name, _)| *name == table) {
            continue;
        }
        let section = SECTIONS.iter().find(|section| section.name == table);
        let section = section.unwrap_or_else(|| panic!("no section claims the table {table}"));
        let columns = names(
            &format!("SELECT name FROM pragma_table_info('{table}')"),
            &connection,
        );
        for column in &columns {
            let claimed = section.place_of(column).is_some();
            let made_anew = COLUMNS_NOT_COPIED
                .iter()
                .any(|(of, name, _)| (*of, *name) == (table.as_str(), column.as_str()));
            assert!(claimed != made_anew, "{table}.{column}: claimed {claimed}");
        }
        found.insert(section.name);
    }
    let tables = SECTIONS.iter().map(|section| section.name);
    let missing: Vec<_> = tables.filter(|name| !found.contains(name)).collect();
    assert_eq!(missing, ["waiting_tickets"], "sections without a table");
}

#[test]
fn every_page_is_read_by_a_key_and_nothing_is_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let connection = file::open_for_writing(&folder.path().join("usher.db")).unwrap();
    for section in SECTIONS
        .iter()
        .filter(|section| !["waiting_tickets", "active_days"].contains(&section.name))
    {
        let by = super::page::order(section).join(", ");
        let places = vec!["1"; by.split(", ").count()].join(", ");
        let mut statement = connection
            .prepare(&format!(
                "EXPLAIN QUERY PLAN SELECT * FROM {} WHERE ({by}) > ({places}) ORDER BY {by} LIMIT 10",
                section.name
            ))
            .unwrap();
        let lines = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let lines: Vec<_> = lines.map(Result::unwrap).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("SEARCH"))
                && !lines.iter().any(|line| line.contains("TEMP")),
            "{}: {lines:?}",
            section.name
        );
    }
}
