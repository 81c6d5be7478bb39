//! Keeping a ledger safe: `usher doctor`, `usher backup`, `usher restore`.

pub(super) mod backup;
pub(super) mod doctor;
mod faults;
pub(super) mod restore;

use indicatif::{ProgressBar, ProgressStyle};
use usher_sqlite::{Holder, backup::BackupError};

use crate::{
    clock::SystemClock,
    control::channel,
    failure::Failure,
    ledger::{Obstacle, obstacles},
    ledger_place::LedgerPlace,
    output::Output,
    words,
};

/// This process, as others see it while it holds a folder.
fn holder(command: &str) -> Holder {
    Holder {
        process_id: std::process::id(),
        command: command.to_owned(),
        since_ms: SystemClock.now_ms(),
        control_socket: None,
    }
}

/// A bar for so many bytes, where somebody watches.
fn bar(output: &Output, bytes: u64) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes}/{total_bytes}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A database is not backed up by Usher.
fn in_database(address: &usher_postgres::DatabaseAddress) -> Failure {
    Failure::usage(words!(
        "the ledger at {address} is in a database: back it up with pg_dump, or copy it into a file and back that up",
        "{address} 的账本位于数据库中：请用 pg_dump 备份，或复制到文件后再备份"
    ))
    .next(words!(
        "usher store copy --from postgres://USER@HOST/DATABASE --to sqlite:./usher-copy",
        "usher store copy --from postgres://USER@HOST/DATABASE --to sqlite:./usher-copy"
    ))
}

/// Why there is no backup, or nothing was restored.
fn failure(place: &LedgerPlace, file: &str, error: BackupError) -> Failure {
    match error {
        BackupError::Open(error) => match obstacles::of_file(std::path::Path::new(file), error) {
            Obstacle::Held(holder) => channel::held(place, holder.as_ref(), None),
            Obstacle::Failure(failure) => failure,
        },
        BackupError::NotMade { path, error } => {
            let path = path.display();
            Failure::failed(words!("cannot make {path}: {error}", "无法创建 {path}：{error}"))
        }
        BackupError::Damaged { check, .. } => {
            let check = check.name();
            Failure::failed(words!(
                "the store is damaged ({check}); a backup of it would be, too, so none was made",
                "存储已损坏（{check}）；其备份也会损坏，因此未创建"
            ))
            .next(words!(
                "usher doctor --deep --data {place}",
                "usher doctor --deep --data {place}"
            ))
        }
        BackupError::NotABackup => Failure::failed(words!(
            "{file} is not a backup that `usher backup` made",
            "{file} 不是 `usher backup` 创建的备份"
        )),
        BackupError::Changed { table } => Failure::failed(words!(
            "{file} is not as it was made ({table} differs); nothing was restored; use another backup",
            "{file} 已与创建时不同（{table} 不一致）；未恢复任何内容；请使用另一个备份"
        )),
        BackupError::Occupied(path) => {
            let path = path.display();
            Failure::failed(words!(
                "{path} is there already, and nothing is overwritten; name another place",
                "{path} 已存在，不会覆盖任何内容；请指定另一处"
            ))
        }
    }
}
