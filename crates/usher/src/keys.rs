//! The key of a ledger in a database: kept there, so that what one instance seals the others can open.

use usher_http::{Chance, edge::draw};
use usher_identity::{KeyRing, Purpose};
use usher_postgres::{KeptKey, PostgresStore};

use crate::{failure::Failure, words};

/// The key ring of a database; the first who comes brings the key.
///
/// # Errors
/// As the store; and a failure when what is kept is not a key.
pub(crate) async fn of_database(store: &PostgresStore, chance: &dyn Chance) -> Result<KeyRing, Failure> {
    let drawn: [u8; 32] = draw(chance);
    let offered = KeptKey {
        fingerprint: fingerprint(&KeyRing::from_key_file(&drawn)),
        content: Some(drawn),
    };
    let kept = store.keep_key(&offered).await?;
    let keys = kept.content.as_ref().map(KeyRing::from_key_file);
    keys.filter(|keys| fingerprint(keys) == kept.fingerprint)
        .ok_or_else(|| {
            Failure::failed(words!(
                "the key in the database is damaged; restore the database from a backup",
                "数据库中的密钥已损坏；请从备份恢复数据库"
            ))
        })
}

/// What a key is recognized by; the key cannot be found from it.
fn fingerprint(keys: &KeyRing) -> [u8; 32] {
    keys.mac(Purpose::Fingerprint, &[])
}
