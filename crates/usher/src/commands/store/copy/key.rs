//! The key of a ledger, without which its sealed secrets cannot be opened, moves with it.

use usher_identity::KeyRing;
use usher_postgres::KeptKey;

use super::ends::{Arrival, Departure, End};
use crate::{
    failure::Failure, keys::fingerprint, ledger_place::LedgerPlace, settings::store::LedgerKey, words,
};

/// The key of the ledger that moves out; none when it was never served, so that nothing is sealed.
pub(super) async fn of_source(end: &End, source: &Departure) -> Result<Option<[u8; 32]>, Failure> {
    match (&end.place, source) {
        (LedgerPlace::File { folder, .. }, _) => folder.kept_key(),
        (LedgerPlace::Database { key, .. }, Departure::Database(source)) => {
            let Some(kept) = source.kept_key().await? else {
                return Ok(None);
            };
            let content = match (kept.content, key) {
                (Some(content), _) => content,
                (None, Some(LedgerKey(content))) => *content,
                (None, None) => {
                    return Err(Failure::failed(words!(
                        "the key of the ledger in {end} is kept in a file; give it with --from-key-file",
                        "{end} 中账本的密钥保存在文件中；请用 --from-key-file 指明"
                    )));
                }
            };
            if fingerprint(&KeyRing::from_key_file(&content)) != kept.fingerprint {
                return Err(Failure::failed(words!(
                    "the key is not that of the ledger in {end}",
                    "该密钥不是 {end} 中账本的密钥"
                )));
            }
            Ok(Some(content))
        }
        (LedgerPlace::Database { .. }, Departure::File(_)) => Ok(None),
    }
}

/// Keeps the key where the ledger arrives.
pub(super) async fn keep(end: &End, target: &Arrival, content: &[u8; 32]) -> Result<(), Failure> {
    match (&end.place, target) {
        (LedgerPlace::File { folder, .. }, _) => folder.keep_key(content),
        (LedgerPlace::Database { key, .. }, Arrival::Database(target)) => {
            if key.is_some_and(|LedgerKey(given)| given != *content) {
                return Err(Failure::failed(words!(
                    "the file of --to-key-file does not hold the key of the ledger",
                    "--to-key-file 的文件中不是账本的密钥"
                )));
            }
            let offered = KeptKey {
                content: key.is_none().then_some(*content),
                fingerprint: fingerprint(&KeyRing::from_key_file(content)),
            };
            if target.keep_key(&offered).await?.fingerprint == offered.fingerprint {
                return Ok(());
            }
            Err(Failure::failed(words!(
                "{end} keeps the key of another ledger; name an empty database",
                "{end} 中保存着另一个账本的密钥；请指定空的数据库"
            )))
        }
        (LedgerPlace::Database { .. }, Arrival::File(_)) => Ok(()),
    }
}
