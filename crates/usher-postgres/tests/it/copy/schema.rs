//! Every table and column of the database belongs to a section, or to a list that says why not; and every table has a place
//! in a cluster.

use std::collections::{BTreeMap, BTreeSet};

use usher_postgres::{PLACEMENTS, Placement};
use usher_store::portable::{Kind, SECTIONS};
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// Tables that belong to no section, and why.
const NOT_COPIED: [(&str, &str); 13] = [
    ("schema_steps", "what this engine has made"),
    ("copy_marks", "about the copy, not about the ledger"),
    ("ledger_keys", "moved by the command, which knows of key files"),
    (
        "user_search_keys",
        "follow from the names; written where people arrive",
    ),
    (
        "seat_tallies",
        "follow from seats and activity; counted where they arrive",
    ),
    ("fresh_uses", "the same"),
    ("tally_standing", "the same"),
    ("active_people_of_days", "figures of active_days"),
    ("rate_windows", "of the present minute"),
    ("announcements", "between instances; nobody works meanwhile"),
    ("leases", "the same"),
    ("instances", "the same"),
    (
        "change_marks",
        "of changes whose outcome somebody still waits for",
    ),
];

/// Columns of the sections' tables that belong to no section, and why.
const COLUMNS_NOT_COPIED: [(&str, &str, &str); 7] = [
    ("seats", "counted_in", "counted where they arrive"),
    ("seats", "counted_flags", "the same"),
    ("seats", "counted_assigned_at_ms", "the same"),
    ("seats", "last_admitted_ms", "the same"),
    ("seats", "idle_since_day", "the same"),
    ("activity", "noted_day", "the first access notes it"),
    ("audit_heads", "version", "between instances"),
];

/// The tables with their columns and types.
async fn schema() -> BTreeMap<String, BTreeMap<String, String>> {
    let database = PostgresHome::database_of_its_own().await;
    let client = Server::shared().connect(&database).await;
    let rows = client
        .query(
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
             JOIN information_schema.tables USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
            &[],
        )
        .await
        .unwrap();
    let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        tables
            .entry(row.get(0))
            .or_default()
            .insert(row.get(1), row.get(2));
    }
    tables
}

fn fits(kind: Kind, data_type: &str) -> bool {
    match kind {
        Kind::Integer => ["smallint", "integer", "bigint"].contains(&data_type),
        Kind::Boolean => data_type == "boolean",
        Kind::Text => data_type == "text",
        Kind::Bytes => data_type == "bytea",
    }
}

#[tokio::test]
async fn nothing_in_the_database_is_forgotten_on_the_way() {
    let mut found = BTreeSet::new();
    for (table, columns) in schema().await {
        if NOT_COPIED.iter().any(|(name, _)| *name == table) {
            continue;
        }
        let section = SECTIONS.iter().find(|section| section.name == table);
        let section = section.unwrap_or_else(|| panic!("no section claims the table {table}"));
        for (column, data_type) in columns {
            let made_anew = COLUMNS_NOT_COPIED
                .iter()
                .any(|(of, name, _)| (*of, *name) == (table.as_str(), column.as_str()));
            let claimed = section.columns.iter().find(|claimed| claimed.name == column);
            assert!(claimed.is_some() != made_anew, "{table}.{column}");
            if let Some(claimed) = claimed {
                assert!(fits(claimed.kind, &data_type), "{table}.{column} is {data_type}");
            }
        }
        found.insert(section.name);
    }
    let missing: Vec<_> = SECTIONS
        .iter()
        .map(|section| section.name)
        .filter(|name| !found.contains(name))
        .collect();
    assert_eq!(missing, ["waiting_tickets"], "sections without a table");
}

#[tokio::test]
async fn every_table_has_its_place_in_a_cluster() {
    let tables: BTreeSet<String> = schema().await.into_keys().collect();
    let placed: BTreeSet<String> = PLACEMENTS.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(placed.len(), PLACEMENTS.len(), "a table is named twice");
    assert_eq!(tables, placed);
}

/// What Citus asks of a schema, held against the catalog: unique keys of a distributed table have its tenant, and a foreign key
/// leads from a distributed table to another by tenant, or from anywhere to a reference table, and not out of one.
#[tokio::test]
async fn citus_would_take_every_key() {
    let database = PostgresHome::database_of_its_own().await;
    let client = Server::shared().connect(&database).await;
    let lies = |table: &str| {
        let found = PLACEMENTS.iter().find(|(name, _)| *name == table);
        found.map(|(_, placement)| *placement).unwrap()
    };
    let unique = client
        .query(
            "SELECT indrelid::regclass::text,
                    ARRAY(SELECT attname::text FROM pg_attribute
                          WHERE attrelid = indrelid AND attnum = ANY (indkey::int2[]))
             FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
             WHERE indisunique AND relnamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert!(unique.len() > 30);
    for row in unique {
        let (table, columns): (String, Vec<String>) = (row.get(0), row.get(1));
        let has_tenant = columns.contains(&"tenant_id".to_owned());
        assert!(
            has_tenant || lies(&table) != Placement::Distributed,
            "{table} {columns:?}"
        );
    }
    let foreign = client
        .query(
            "SELECT conrelid::regclass::text, confrelid::regclass::text,
                    (SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1])
             FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert!(foreign.len() > 10);
    for row in foreign {
        let (from, to, first): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let allowed = match (lies(&from), lies(&to)) {
            (Placement::Distributed, Placement::Distributed) => first == "tenant_id",
            (from, Placement::Reference) => from != Placement::Coordinator,
            _ => false,
        };
        assert!(allowed, "{from} refers to {to} by {first}");
    }
}
