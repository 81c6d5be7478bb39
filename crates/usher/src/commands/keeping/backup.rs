//! `usher backup`: a whole ledger in one file, while the server goes on.

use std::{path::PathBuf, time::Duration};

use serde_json::json;
use usher_sqlite::backup::{self, BackupError, BackupNote, UNFINISHED};

use super::super::Context;
use crate::{
    arguments::keeping::BackupArguments,
    clock::SystemClock,
    control::channel,
    data_folder::DataFolder,
    failure::Failure,
    ledger_place::LedgerPlace,
    moments,
    output::{Exit, Output},
    words,
};

/// How often the bar moves.
const LOOK: Duration = Duration::from_millis(100);

/// Makes a backup and says up to when it is complete.
///
/// # Errors
/// Why there is none.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: BackupArguments,
) -> Result<Exit, Failure> {
    let place = context.existing_ledger(arguments.data)?;
    let (folder, path) = match &place {
        LedgerPlace::File { folder, path } => (folder.clone(), path.clone()),
        LedgerPlace::Database { address, .. } => return Err(super::in_database(address)),
    };
    let key = key(&folder)?;
    // Before the first page is read: whoever was told "admitted" up to now is in the file.
    let note = BackupNote {
        made_at_ms: SystemClock.now_ms(),
        watermark_ms: watermark_ms(&folder).await,
        tables: std::collections::BTreeMap::new(),
    };
    let file = PathBuf::from(&arguments.file);
    let failed = |error| super::failure(&place, &arguments.file, error);
    let work = {
        let file = file.clone();
        tokio::task::spawn_blocking(move || {
            let expected = backup::bytes_expected(&path)?;
            Ok((expected, path, file))
        })
    };
    let (expected, path, file) = ended(work).await?.map_err(failed)?;
    let watched = PathBuf::from(format!("{}{UNFINISHED}", file.display()));
    let work = tokio::task::spawn_blocking(move || backup::back_up(&path, &file, note, &key));
    let note = watch(context.output, expected, &watched, work)
        .await?
        .map_err(failed)?;
    say(context.output, &arguments.file, &note)?;
    Ok(Exit::Done)
}

/// A store was served at least by the command that made it, so it has a key.
fn key(folder: &DataFolder) -> Result<[u8; 32], Failure> {
    folder.kept_key()?.ok_or_else(|| {
        let path = folder.path().display();
        Failure::failed(words!(
            "there is no ledger in {path} yet, or its usher.key is gone",
            "{path} 中还没有账本，或其 usher.key 已丢失"
        ))
        .next(words!("usher doctor --data {path}", "usher doctor --data {path}"))
    })
}

/// Up to when everything is in the store; none when a holder does not say.
async fn watermark_ms(folder: &DataFolder) -> Option<i64> {
    match usher_sqlite::holder_of(folder.path()) {
        Ok(None) => Some(SystemClock.now_ms()),
        // Somebody may still be let in within the very millisecond that the door names.
        Ok(Some(holder)) => channel::status(&holder)
            .await
            .map(|status| status.watermark_ms - 1),
        Err(_) => None,
    }
}

type Work<T> = tokio::task::JoinHandle<Result<T, BackupError>>;

/// Waits for the work, and shows how large the file is by now.
async fn watch<T>(
    output: &Output,
    expected: u64,
    file: &std::path::Path,
    mut work: Work<T>,
) -> Result<Result<T, BackupError>, Failure> {
    let bar = super::bar(output, expected);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(LOOK) => {
                let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
                bar.set_position(bytes.min(expected));
            }
        }
    };
    bar.finish_and_clear();
    done.map_err(|error| not_ended(&error))
}

async fn ended<T>(work: Work<T>) -> Result<Result<T, BackupError>, Failure> {
    work.await.map_err(|error| not_ended(&error))
}

fn not_ended(error: &tokio::task::JoinError) -> Failure {
    Failure::failed(words!("the backup did not end: {error}", "备份未能结束：{error}"))
}

fn say(output: &Output, file: &str, note: &BackupNote) -> Result<(), Failure> {
    let rows: u64 = note.tables.values().map(|table| table.rows).sum();
    let complete = match note.watermark_ms {
        Some(watermark_ms) => {
            let watermark = moments::shown(watermark_ms);
            words!(
                "everybody who was let in up to {watermark} is in it",
                "截至 {watermark} 的放行记录均在其中"
            )
        }
        None => words!(
            "everything acknowledged before it began is in it",
            "其开始之前已确认的一切均在其中"
        ),
    };
    let words = words!(
        "backed up {rows} rows into {file}, opened it again and found it whole; ",
        "已将 {rows} 行备份到 {file}，重新打开并确认其完整；"
    );
    let machine = json!({
        "file": file,
        "rows": rows,
        "made_at_ms": note.made_at_ms,
        "watermark_ms": note.watermark_ms,
        "tables": note.tables,
    });
    output.result(&words.then(&complete), &machine)
}
