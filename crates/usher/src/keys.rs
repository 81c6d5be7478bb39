//! The key of a ledger in a database: the same for all instances, so that what one seals the others can open.

use usher_http::{Chance, edge::draw};
use usher_identity::{KeyRing, Purpose};
use usher_postgres::{KeptKey, PostgresStore};

use crate::{failure::Failure, settings::store::LedgerKey, words};

/// The key ring of a database. Without a key file the first who comes brings a key, and the database keeps it; with one the
/// database keeps a fingerprint, and forgets a key that it kept before.
///
/// # Errors
/// As the store; and a failure when the key of this ledger is another one, or is not known here.
pub(crate) async fn of_database(
    store: &PostgresStore,
    own: Option<&LedgerKey>,
    chance: &dyn Chance,
) -> Result<KeyRing, Failure> {
    let content = own.map_or_else(|| draw(chance), |key| key.0);
    let offered = KeptKey {
        fingerprint: fingerprint(&KeyRing::from_key_file(&content)),
        content: own.is_none().then_some(content),
    };
    let kept = store.keep_key(&offered).await?;
    if own.is_some() {
        if kept.fingerprint != offered.fingerprint {
            return Err(other_key());
        }
        if kept.content.is_some() {
            store.forget_key(&kept).await?;
        }
        return Ok(KeyRing::from_key_file(&content));
    }
    let Some(content) = kept.content else {
        return Err(key_elsewhere());
    };
    let keys = KeyRing::from_key_file(&content);
    if fingerprint(&keys) == kept.fingerprint {
        Ok(keys)
    } else {
        Err(Failure::failed(words!(
            "the key in the database is damaged; restore the database from a backup",
            "数据库中的密钥已损坏；请从备份恢复数据库"
        )))
    }
}

fn other_key() -> Failure {
    Failure::failed(words!(
        "the ledger in this database was begun with another key; give the key file that its other servers have",
        "该数据库中的账本使用另一个密钥；请提供其他服务器所用的密钥文件"
    ))
}

fn key_elsewhere() -> Failure {
    Failure::failed(words!(
        "the key of the ledger in this database is kept in a file; give it with --key-file or USHER_KEY_FILE",
        "该数据库中账本的密钥保存在文件中；请用 --key-file 或 USHER_KEY_FILE 指明"
    ))
}

/// What a key is recognized by; the key cannot be found from it.
pub(crate) fn fingerprint(keys: &KeyRing) -> [u8; 32] {
    keys.mac(Purpose::Fingerprint, &[])
}
