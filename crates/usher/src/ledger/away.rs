//! The door of a ledger, and what it does while the ledger's database is away.

use std::sync::Arc;

use usher_door::{Door, DoorLimits};
use usher_identity::KeyRing;
use usher_spool::{Spool, SpoolError, SpoolOptions};
use usher_store::Store;

use crate::{
    data_folder::DataFolder, failure::Failure, keys, ledger_place::LedgerPlace, output::Exit,
    settings::away::AwaySettings, words,
};

/// The spool's file in the data folder.
const FILE_NAME: &str = "usher.spool";

/// Opens the door. What waits in a spool from before is brought in whatever is done from now on.
pub(super) fn door(place: &LedgerPlace, store: &Arc<dyn Store>, keys: &KeyRing) -> Result<Door, Failure> {
    let limits = DoorLimits::default();
    let plain = || Door::open(Arc::clone(store), limits);
    let LedgerPlace::Database {
        away: Some(settings), ..
    } = place
    else {
        return Ok(plain());
    };
    if !settings.may_spool && !settings.folder.join(FILE_NAME).exists() {
        return Ok(plain());
    }
    let spool = Spool::open(Arc::clone(store), options(settings, keys)?).map_err(unusable)?;
    Ok(Door::open_before(spool, limits))
}

fn options(settings: &AwaySettings, keys: &KeyRing) -> Result<SpoolOptions, Failure> {
    let folder = DataFolder::make(&settings.folder)?;
    Ok(SpoolOptions {
        path: folder.path().join(FILE_NAME),
        ledger: keys::fingerprint(keys),
        bytes_max: settings.bytes_max,
        seen_within_ms: settings.seen_within_ms,
        may_spool: settings.may_spool,
    })
}

fn unusable(error: SpoolError) -> Failure {
    match error {
        SpoolError::Held(path) => {
            let path = path.display();
            Failure::new(
                Exit::Held,
                words!(
                    "another server has {path}; give each server a data folder of its own",
                    "另一个服务器正在使用 {path}；请为每个服务器指定各自的数据文件夹"
                ),
            )
            .next(words!(
                "usher serve --data ./another-folder",
                "usher serve --data ./another-folder"
            ))
        }
        SpoolError::OtherLedger { path, waiting } => {
            let path = path.display();
            Failure::failed(words!(
                "{path} holds {waiting} accesses that were acknowledged for another database; start Usher on that one to bring them in, or name another data folder",
                "{path} 中有 {waiting} 条已确认但属于另一个数据库的访问记录；请先在那个数据库上启动 Usher 以写入它们，或指定另一个数据文件夹"
            ))
        }
        SpoolError::File { path, reason } => {
            let path = path.display();
            Failure::failed(words!("cannot use {path}: {reason}", "无法使用 {path}：{reason}"))
        }
    }
}
