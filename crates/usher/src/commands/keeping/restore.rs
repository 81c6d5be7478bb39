//! `usher restore`: a backup becomes a ledger again.

use std::path::Path;

use serde_json::json;
use usher_sqlite::backup::{self, BackupError, BackupNote};

use super::super::Context;
use crate::{
    arguments::keeping::RestoreArguments,
    failure::Failure,
    ledger_place::LedgerPlace,
    moments,
    output::{Exit, Output},
    words,
};

/// What stops a restoring.
enum Stopped {
    Backup(BackupError),
    Key(Failure),
}

impl From<BackupError> for Stopped {
    fn from(error: BackupError) -> Self {
        Self::Backup(error)
    }
}

/// Restores a backup into a folder without a ledger.
///
/// # Errors
/// Why nothing was restored.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: RestoreArguments,
) -> Result<Exit, Failure> {
    let file = arguments.file;
    // Looked at first, so that a wrong name makes no folder.
    if !Path::new(&file).is_file() {
        return Err(Failure::failed(words!(
            "there is no file {file}",
            "没有文件 {file}"
        )));
    }
    let place = context.ledger(arguments.data)?;
    let LedgerPlace::File { folder, path } = place.clone() else {
        let LedgerPlace::Database { address, .. } = place else {
            return Ok(Exit::Failed);
        };
        return Err(super::in_database(&address));
    };
    let backup = file.clone();
    let work = tokio::task::spawn_blocking(move || {
        let holder = super::holder("usher restore");
        backup::restore(Path::new(&backup), &path, &holder, |key| {
            folder.keep_key(key).map_err(Stopped::Key)
        })
    });
    let bar = super::bar(context.output, 0);
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let restored = work.await.map_err(|error| {
        Failure::failed(words!(
            "the restoring did not end: {error}",
            "恢复未能结束：{error}"
        ))
    });
    bar.finish_and_clear();
    let note = restored?.map_err(|stopped| match stopped {
        Stopped::Backup(error) => super::failure(&place, &file, error),
        Stopped::Key(failure) => failure,
    })?;
    say(context.output, &place, &note)?;
    Ok(Exit::Done)
}

fn say(output: &Output, place: &LedgerPlace, note: &BackupNote) -> Result<(), Failure> {
    let rows: u64 = note.tables.values().map(|table| table.rows).sum();
    let made_at = moments::shown(note.made_at_ms);
    let next = format!("usher serve --data {place}");
    output.result(
        &words!(
            "restored {rows} rows into {place}, as they stood at {made_at}; every table is as it was backed up\nnext: {next}",
            "已将 {rows} 行恢复到 {place}，为 {made_at} 的状态；各表均与备份时一致\n下一步：{next}"
        ),
        &json!({
            "data": place.to_string(),
            "rows": rows,
            "made_at_ms": note.made_at_ms,
            "watermark_ms": note.watermark_ms,
            "next": next,
        }),
    )
}
