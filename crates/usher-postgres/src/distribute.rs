//! Spreading the schema over a Citus cluster.
//!
//! What must be unique over all tenants, or is joined across them, is copied to every node ([`Placement::Reference`]).
//! Everything else is cut by tenant, and what belongs to one tenant lies together on one node ([`Placement::Distributed`]),
//! so that a statement about one tenant asks one node. What instances agree on, and what the schema says of itself, stays
//! where every instance asks anyway ([`Placement::Coordinator`]).
//!
//! All of it is one transaction: either the whole schema is spread or nothing is. Citus takes a foreign key between two
//! distributed tables only when both are distributed, so such keys are taken away first and put back in the end.
//! What is spread already is left alone; so this may be called again after an update of Usher has added tables.

use crate::{
    address::DatabaseAddress,
    connection::{OpenError, PostgresOptions},
    copy::patient,
    migrations,
    sql::{Answered, Failure, Sql},
};

/// Where a table lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// A copy on every node.
    Reference,
    /// Cut by tenant.
    Distributed,
    /// On the coordinator alone.
    Coordinator,
}

/// Every table of the schema and where it lies; what others refer to comes first.
pub const PLACEMENTS: &[(&str, Placement)] = &[
    ("tenants", Placement::Reference),
    ("clients", Placement::Reference),
    ("client_secrets", Placement::Reference),
    ("app_routes", Placement::Reference),
    ("ledger_keys", Placement::Reference),
    ("users", Placement::Distributed),
    ("user_search_keys", Placement::Distributed),
    ("apps", Placement::Distributed),
    ("groups", Placement::Distributed),
    ("seats", Placement::Distributed),
    ("activity", Placement::Distributed),
    ("seat_tallies", Placement::Distributed),
    ("fresh_uses", Placement::Distributed),
    ("active_people_of_days", Placement::Distributed),
    ("active_days", Placement::Distributed),
    ("pools", Placement::Distributed),
    ("waiting_places", Placement::Distributed),
    ("group_members", Placement::Distributed),
    ("standing_assignments", Placement::Distributed),
    ("leaves", Placement::Distributed),
    ("installs", Placement::Distributed),
    ("audit_records", Placement::Distributed),
    ("audit_heads", Placement::Distributed),
    ("tokens", Placement::Distributed),
    ("credentials", Placement::Distributed),
    ("sessions", Placement::Distributed),
    ("links", Placement::Distributed),
    ("grants", Placement::Distributed),
    ("authorization_codes", Placement::Distributed),
    ("refresh_tokens", Placement::Distributed),
    ("kept_answers", Placement::Distributed),
    ("identity_providers", Placement::Distributed),
    ("identity_links", Placement::Distributed),
    ("change_marks", Placement::Distributed),
    ("rate_windows", Placement::Distributed),
    // Of no tenant, and asked by every instance every second: a node of their own would only be a further way to go.
    ("announcements", Placement::Coordinator),
    ("leases", Placement::Coordinator),
    ("instances", Placement::Coordinator),
    ("tally_standing", Placement::Coordinator),
    ("copy_marks", Placement::Coordinator),
    ("schema_steps", Placement::Coordinator),
];

/// The table that the others lie beside.
const LEADER: &str = "users";

/// What became of a table, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedTable {
    /// Its name.
    pub table: &'static str,
    /// Where it lies now.
    pub placement: Placement,
    /// True when it lay there before.
    pub lay_there: bool,
}

/// Why a schema was not spread.
#[derive(Debug, thiserror::Error)]
pub enum DistributeError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Citus is not installed in this database.
    #[error("Citus is not installed in this database")]
    NoCitus,
    /// It is, but this is one of the nodes that do as the coordinator says.
    #[error("this is not the coordinator of the cluster")]
    NotTheCoordinator,
    /// A table lies where it should not.
    #[error("the table {0} is placed otherwise already")]
    PlacedOtherwise(&'static str),
    /// The database does not do it.
    #[error("{0}")]
    Refused(String),
}

impl From<Failure> for DistributeError {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure.to_string())
    }
}

/// Spreads the schema over the cluster of this coordinator, as far as it is not, and tells where every table lies. In a
/// rehearsal nothing is changed, not even the schema made.
///
/// # Errors
/// [`DistributeError`]; nothing was changed then, apart from the schema, which may have been brought up to date.
pub async fn distribute(
    address: &DatabaseAddress,
    options: &PostgresOptions,
    rehearsal: bool,
) -> Result<Vec<PlacedTable>, DistributeError> {
    let sql = patient(address, options).await?;
    require_coordinator(&sql).await?;
    if !rehearsal {
        migrations::run(&sql).await?;
    }
    let tables = look(&sql).await?;
    if !rehearsal && tables.iter().any(|table| !table.lay_there) {
        spread(&sql, &tables).await?;
    }
    Ok(tables)
}

async fn require_coordinator(sql: &Sql) -> Result<(), DistributeError> {
    if !sql
        .exists("SELECT 1 FROM pg_extension WHERE extname = 'citus'", [0_i64; 0])
        .await?
    {
        return Err(DistributeError::NoCitus);
    }
    if !sql
        .exists("SELECT 1 FROM pg_dist_local_group WHERE groupid = 0", [0_i64; 0])
        .await?
    {
        return Err(DistributeError::NotTheCoordinator);
    }
    Ok(())
}

/// Where every table lies now, and where it belongs.
async fn look(sql: &Sql) -> Result<Vec<PlacedTable>, DistributeError> {
    let mut tables = Vec::with_capacity(PLACEMENTS.len());
    for (table, placement) in PLACEMENTS.iter().copied() {
        let lies: Option<&str> = sql
            .optional(
                "SELECT partmethod::text, repmodel::text FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)",
                [table],
                |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
            )
            .await?
            .map(|(method, copies)| match (method.as_str(), copies.as_str()) {
                ("h", _) => "distributed",
                ("n", "t") => "reference",
                _ => "otherwise",
            });
        let lay_there = match (lies, placement) {
            (None, Placement::Coordinator)
            | (Some("reference"), Placement::Reference)
            | (Some("distributed"), Placement::Distributed) => true,
            (None, _) => false,
            _ => return Err(DistributeError::PlacedOtherwise(table)),
        };
        tables.push(PlacedTable {
            table,
            placement,
            lay_there,
        });
    }
    Ok(tables)
}

async fn spread(sql: &Sql, tables: &[PlacedTable]) -> Answered<()> {
    sql.begin().await?;
    // A reference table and the tables that refer to it are changed in one transaction, which Citus then does node by node.
    sql.batch("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")
        .await?;
    let keys = keys_between(sql, tables).await?;
    for (drop, _) in &keys {
        sql.batch(drop).await?;
    }
    for PlacedTable { table, placement, .. } in tables.iter().filter(|table| !table.lay_there) {
        sql.batch(&match placement {
            Placement::Reference => format!("SELECT create_reference_table('{table}')"),
            Placement::Distributed if *table == LEADER => {
                format!("SELECT create_distributed_table('{table}', 'tenant_id')")
            }
            Placement::Distributed => {
                format!(
                    "SELECT create_distributed_table('{table}', 'tenant_id', colocate_with => '{LEADER}')"
                )
            }
            Placement::Coordinator => continue,
        })
        .await?;
    }
    for (_, add) in &keys {
        sql.batch(add).await?;
    }
    sql.commit().await
}

/// The foreign keys between distributed tables of which one is not distributed yet: how to take each away and how to put it
/// back.
async fn keys_between(sql: &Sql, tables: &[PlacedTable]) -> Answered<Vec<(String, String)>> {
    let distributed = || {
        tables
            .iter()
            .filter(|table| table.placement == Placement::Distributed)
    };
    let all: Vec<&str> = distributed().map(|table| table.table).collect();
    let new: Vec<&str> = distributed()
        .filter(|table| !table.lay_there)
        .map(|table| table.table)
        .collect();
    sql.rows(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
                format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
         FROM pg_constraint
         WHERE contype = 'f'
           AND conrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS names (name))
           AND confrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS names (name))
           AND (conrelid = ANY (SELECT to_regclass(name) FROM unnest($2::text[]) AS names (name))
                OR confrelid = ANY (SELECT to_regclass(name) FROM unnest($2::text[]) AS names (name)))
         ORDER BY conrelid::regclass::text, conname",
        (&all, &new),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}
