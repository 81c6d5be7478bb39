//! `usher store distribute`: the tables of a database are spread over a Citus cluster.

use serde_json::json;
use usher_postgres::{DistributeError, PlacedTable, Placement, distribute};

use super::super::Context;
use crate::{
    arguments::store::DistributeArguments, failure::Failure, language::Words, ledger::obstacles,
    ledger_place::LedgerPlace, output::Exit, words,
};

/// Spreads the tables, and says of each where it lies.
///
/// # Errors
/// Why it was not done.
pub(super) async fn run(context: &Context<'_>, arguments: DistributeArguments) -> Result<Exit, Failure> {
    let rehearsal = arguments.dry_run;
    let LedgerPlace::Database { address, options, .. } = context.existing_ledger(arguments.data)? else {
        return Err(Failure::usage(words!(
            "only a database can be spread over a cluster; name its coordinator with --store",
            "只有数据库才能分布到集群；请用 --store 指明其协调节点"
        ))
        .next(words!(
            "usher store distribute --store postgres://USER@HOST/DATABASE --dry-run",
            "usher store distribute --store postgres://USER@HOST/DATABASE --dry-run"
        )));
    };
    let tables = distribute(&address, &options, rehearsal)
        .await
        .map_err(|error| failure(&address, error))?;
    for table in &tables {
        let machine = json!({
            "table": table.table,
            "placement": placement(table.placement).0,
            "changed": !table.lay_there && !rehearsal,
            "would_change": !table.lay_there && rehearsal,
        });
        context.output.result(&shown(table, rehearsal), &machine)?;
    }
    Ok(Exit::Done)
}

/// Where a table lies: for programs, in English, in Chinese.
fn placement(placement: Placement) -> (&'static str, &'static str, &'static str) {
    match placement {
        Placement::Reference => ("reference", "a copy on every node", "每个节点各存一份"),
        Placement::Distributed => ("distributed", "distributed by tenant", "按租户分布"),
        Placement::Coordinator => ("coordinator", "on the coordinator", "位于协调节点"),
    }
}

fn shown(table: &PlacedTable, rehearsal: bool) -> Words {
    let name = table.table;
    let (_, english, chinese) = placement(table.placement);
    match (table.lay_there, rehearsal) {
        (true, _) => words!("{name}: {english}, as before", "{name}：{chinese}，未变"),
        (false, true) => words!("{name}: would be {english}", "{name}：将{chinese}"),
        (false, false) => words!("{name}: now {english}", "{name}：现已{chinese}"),
    }
}

fn failure(address: &usher_postgres::DatabaseAddress, error: DistributeError) -> Failure {
    match error {
        DistributeError::Open(error) => obstacles::of_database(address, &error),
        DistributeError::NoCitus => Failure::failed(words!(
            "Citus is not installed in the database at {address}; preload it on every node, then make the extension",
            "{address} 的数据库未安装 Citus；请先在每个节点上预加载，再创建扩展"
        ))
        .next(words!(
            "psql -c 'CREATE EXTENSION citus'",
            "psql -c 'CREATE EXTENSION citus'"
        )),
        DistributeError::NotTheCoordinator => Failure::failed(words!(
            "{address} is not the coordinator of its cluster; name that",
            "{address} 不是集群的协调节点；请指明协调节点"
        )),
        DistributeError::PlacedOtherwise(table) => Failure::failed(words!(
            "the table {table} lies otherwise already than Usher needs it; nothing was changed",
            "表 {table} 现有的分布方式与 Usher 所需不符；未做任何更改"
        )),
        DistributeError::Refused(reason) => Failure::failed(words!(
            "the cluster at {address} refuses: {reason}; nothing was changed",
            "{address} 的集群拒绝：{reason}；未做任何更改"
        )),
    }
}
