//! The arguments of `usher bench`.

use clap::Args;

/// `usher bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// How many people with a seat the ledger has that is made for the measurement, 1000 to 10000000.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "100000",
        conflicts_with = "server"
    )]
    pub(crate) seats: String,
    /// How many callers ask at once, separated by commas; one request of each is under way.
    #[arg(long, value_name = "NUMBERS", default_value = "1,16,64,256")]
    pub(crate) connections: String,
    /// How often each thing is measured, in turn with the others, 1 to 1000.
    #[arg(long, value_name = "NUMBER", default_value = "7")]
    pub(crate) slices: String,
    /// How long a slice lasts, 1 to 600000 milliseconds.
    #[arg(long, value_name = "MILLISECONDS", default_value = "2000")]
    pub(crate) slice_ms: String,
    /// The folder in which a temporary one is made; it should be on the disk that the ledger is to be on [default: the system's temporary folder].
    #[arg(long, value_name = "FOLDER", conflicts_with = "server")]
    pub(crate) place: Option<std::path::PathBuf>,
    /// A Redis with nothing in it to compare with, told to be as durable: --appendonly yes --appendfsync always. What is written to it stays.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "server")]
    pub(crate) redis: Option<String>,
    /// An empty database of PostgreSQL to compare with, whose user needs no password. The table last_access is made there and stays.
    #[arg(long, value_name = "USER@HOST:PORT/DATABASE", conflicts_with = "server")]
    pub(crate) postgres: Option<String>,
    /// Count allocations too, under valgrind: takes some minutes.
    #[arg(long, conflicts_with = "server")]
    pub(crate) allocations: bool,
    /// Measure this server instead of one of its own. It records the accesses: the people of --people will seem to have been there.
    #[arg(long, value_name = "HOST:PORT", requires = "token_file", requires = "people")]
    pub(crate) server: Option<String>,
    /// A file with a service token of the server's tenant.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) token_file: Option<std::path::PathBuf>,
    /// A table (CSV) with the columns user_id and namespace, as usher export activities prints it: who is let in where.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) people: Option<std::path::PathBuf>,
}
