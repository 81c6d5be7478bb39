//! How full the pages of `activity` may be: the emptier, the surer a new version of a row finds room beside the old one, and the
//! more pages there are.

use std::error::Error;

use tokio_postgres::Client;
use usher_testbed::postgres::Server;

use crate::{
    batched::Batches,
    figures::Figures,
    population::{DATABASE, Population},
};

/// How full, in percent.
const FILL_FACTORS: [u32; 6] = [50, 60, 70, 80, 90, 100];
/// Accesses of a batch.
const BATCH: usize = 512;

/// Measures each on a table of its own: first with nobody beside, then beside somebody who reads for as long as the slice lasts,
/// which keeps every old version.
#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
pub(crate) async fn measure(
    server: &Server,
    population: &Population,
    seconds: u64,
) -> Result<(), Box<dyn Error>> {
    println!(
        "| fill factor | MB filled | MB after | HOT % | bytes of log per access | accesses per second | HOT % beside a long read |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for fill_factor in FILL_FACTORS {
        let client = server.connect(DATABASE).await;
        client
            .batch_execute(&format!("ALTER TABLE activity SET (fillfactor = {fill_factor})"))
            .await?;
        drop(client);
        population.fill(server).await?;
        let filled = Figures::read(server).await?.table_bytes;
        let mut batches = Batches::default();
        let quiet = batches.slice(server, population, (BATCH, seconds), None).await?;
        let after = Figures::read(server).await?.table_bytes;
        let reader = Some(reader(server).await?);
        let read_beside = batches
            .slice(server, population, (BATCH, seconds), reader)
            .await?;
        println!(
            "| {fill_factor} | {} | {} | {:.1} | {:.0} | {:.0} | {:.1} |",
            filled / 1_000_000,
            after / 1_000_000,
            quiet.hot_percent,
            quiet.log_bytes,
            quiet.per_second,
            read_beside.hot_percent
        );
    }
    Ok(())
}

/// A transaction that goes on seeing everything as it is now.
async fn reader(server: &Server) -> Result<Client, Box<dyn Error>> {
    let reader = server.connect(DATABASE).await;
    let statements = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM activity LIMIT 1";
    reader.batch_execute(statements).await?;
    Ok(reader)
}
