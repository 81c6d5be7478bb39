//! Writes the seeds of every property as files, one folder for each, where the fuzz targets begin.
//!
//! ```text
//! cargo run -p usher-properties --example write_seeds -- fuzz/corpus
//! ```

use std::{error::Error, fs, path::PathBuf};

use usher_properties::{csv_line, forwarded_headers, host_and_path, page_token, query, table};

fn main() -> Result<(), Box<dyn Error>> {
    let parent = PathBuf::from(std::env::args().nth(1).ok_or("usage: write_seeds FOLDER")?);
    let all = [
        ("csv_line", csv_line::SEEDS),
        ("forwarded_headers", forwarded_headers::SEEDS),
        ("host_and_path", host_and_path::SEEDS),
        ("page_token", page_token::SEEDS),
        ("query", query::SEEDS),
        ("table", table::SEEDS),
    ];
    for (name, seeds) in all {
        let folder = parent.join(name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:02}")), seed)?;
        }
    }
    Ok(())
}
