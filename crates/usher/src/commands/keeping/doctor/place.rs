//! Where a ledger lies: the folder, who may read it, the room that is left, and who holds it.

use std::{os::unix::fs::PermissionsExt, path::Path};

use super::Report;
use crate::{control::channel, data_folder::DataFolder, failure::Failure, words};

/// Who may do nothing here: everybody but the owner.
const OTHERS: u32 = 0o077;
/// With less room than this the log and a fold of a small ledger no longer fit.
const FREE_BYTES_NEEDED: u64 = 256 << 20;
/// With less room than this somebody should look after the disk soon.
const FREE_BYTES_WISHED: u64 = 2 << 30;
/// Bytes of a mebibyte.
const MEBIBYTE: u64 = 1 << 20;

pub(super) async fn look(folder: &DataFolder, file: &Path, report: &mut Report<'_>) -> Result<(), Failure> {
    readers(folder, file, report)?;
    key(folder, file, report)?;
    room(folder, report)?;
    holder(folder, report).await
}

/// Whether anybody else may read, and whether we may write.
fn readers(folder: &DataFolder, file: &Path, report: &mut Report<'_>) -> Result<(), Failure> {
    let path = folder.path().display();
    match tempfile::tempfile_in(folder.path()) {
        Ok(_) => report.fine("folder", &words!("{path} can be written", "{path} 可写"))?,
        Err(error) => report.fault(
            "folder",
            &words!("{path} cannot be written: {error}", "{path} 不可写：{error}"),
            Some(&format!("ls -ld {path}")),
        )?,
    }
    let key = folder.path().join("usher.key");
    for secret in [file, key.as_path()] {
        let Ok(metadata) = std::fs::metadata(secret) else {
            continue;
        };
        let shown = secret.display();
        if metadata.permissions().mode() & OTHERS == 0 {
            report.fine(
                "readers",
                &words!("only its owner reads {shown}", "仅所有者可读 {shown}"),
            )?;
        } else {
            report.warn(
                "readers",
                &words!("others may read {shown}", "其他用户可读 {shown}"),
                Some(&format!("chmod 600 {shown}")),
            )?;
        }
    }
    Ok(())
}

/// What is sealed needs the key that sealed it.
fn key(folder: &DataFolder, file: &Path, report: &mut Report<'_>) -> Result<(), Failure> {
    match folder.kept_key() {
        Ok(Some(_)) => report.fine("key", &words!("usher.key is there", "usher.key 存在")),
        Ok(None) if file.exists() => report.fault(
            "key",
            &words!(
                "usher.key is gone: second factors and secrets of identity providers cannot be opened",
                "usher.key 已丢失：无法打开第二因素与身份提供方的密钥"
            ),
            Some("usher restore FILE --data DIR"),
        ),
        Ok(None) => report.fine(
            "key",
            &words!("the first start makes usher.key", "首次启动时创建 usher.key"),
        ),
        Err(failure) => report.failed("key", &failure),
    }
}

fn room(folder: &DataFolder, report: &mut Report<'_>) -> Result<(), Failure> {
    let free = match rustix::fs::statvfs(folder.path()) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return report.warn(
                "disk",
                &words!(
                    "the room on the disk is unknown: {error}",
                    "无法得知磁盘余量：{error}"
                ),
                None,
            );
        }
    };
    let mebibytes = free / MEBIBYTE;
    let words = words!("{mebibytes} MiB are free", "剩余 {mebibytes} MiB");
    let next = format!("df -h {}", folder.path().display());
    if free < FREE_BYTES_NEEDED {
        report.fault("disk", &words, Some(&next))
    } else if free < FREE_BYTES_WISHED {
        report.warn("disk", &words, Some(&next))
    } else {
        report.fine("disk", &words)
    }
}

/// Whether a server answers that says it is there.
async fn holder(folder: &DataFolder, report: &mut Report<'_>) -> Result<(), Failure> {
    let path = folder.path().display();
    let holder = match usher_sqlite::holder_of(folder.path()) {
        Ok(None) => {
            return report.fine(
                "server",
                &words!("no server works on {path}", "{path} 上没有服务器在运行"),
            );
        }
        Ok(Some(holder)) => holder,
        Err(error) => {
            return report.fault(
                "server",
                &words!(
                    "who holds {path} is unknown: {error}",
                    "无法得知谁占用 {path}：{error}"
                ),
                None,
            );
        }
    };
    let (process, command) = (holder.process_id, &holder.command);
    let status = match holder.control_socket {
        Some(_) => channel::status(&holder).await,
        None => {
            return report.fine(
                "server",
                &words!(
                    "process {process} (`{command}`) is at work",
                    "进程 {process}（`{command}`）正在工作"
                ),
            );
        }
    };
    match status {
        Some(status) if status.ready => {
            let listening = status.listening.unwrap_or_default();
            report.fine(
                "server",
                &words!(
                    "process {process} serves {listening}",
                    "进程 {process} 正在服务 {listening}"
                ),
            )
        }
        Some(_) => report.fault(
            "server",
            &words!(
                "process {process} serves, but its store has failed; its log says why",
                "进程 {process} 在运行，但其存储已出错；原因见其日志"
            ),
            None,
        ),
        None => report.fault(
            "server",
            &words!(
                "process {process} (`{command}`) holds the folder and does not answer",
                "进程 {process}（`{command}`）占用文件夹但没有应答"
            ),
            Some(&format!("kill {process}")),
        ),
    }
}
