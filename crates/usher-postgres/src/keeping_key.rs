//! The key that all instances share.
//!
//! What one instance seals (page tokens, second factors) or derives (tokens that are the same for everybody who asks) the others
//! must open and derive, too, so all of them begin with the same 32 bytes. By default the database keeps them: whoever starts
//! first brings them, and nothing has to be carried about. Then whoever reads the whole database can open what is sealed in it,
//! so an operator may keep them in a file instead, which every instance is given; then the database keeps only a fingerprint,
//! by which an instance with another file is recognized before it does any harm.

use crate::sql::{Answered, Failure, Sql};

/// A key as the database keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The key itself; none where the operator keeps it in a file.
    pub content: Option<[u8; 32]>,
    /// What it is recognized by; nothing can be learned from it.
    pub fingerprint: [u8; 32],
}

impl std::fmt::Debug for KeptKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KeptKey")
    }
}

/// Keeps a key unless there is one already; gives the one that is kept. Of instances that start together one comes first.
pub(crate) async fn keep(sql: &Sql, offered: &KeptKey) -> Answered<KeptKey> {
    let content = offered.content.as_ref().map(<[u8; 32]>::as_slice);
    sql.execute(
        "INSERT INTO ledger_keys (number, content, fingerprint) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        (content, offered.fingerprint.as_slice()),
    )
    .await?;
    kept(sql)
        .await?
        .ok_or_else(|| Failure::damaged("the key that was kept is gone"))
}

/// The key that is kept, if there is one.
pub(crate) async fn kept(sql: &Sql) -> Answered<Option<KeptKey>> {
    sql.optional(
        "SELECT content, fingerprint FROM ledger_keys WHERE number = 1",
        [0_i64; 0],
        |row| {
            let content = match row.get::<Option<&[u8]>>(0)? {
                Some(_) => Some(row.bytes(0)?),
                None => None,
            };
            Ok(KeptKey {
                content,
                fingerprint: row.bytes(1)?,
            })
        },
    )
    .await
}

/// Forgets the key and keeps what it is recognized by, because an operator keeps it in a file from now on.
pub(crate) async fn forget(sql: &Sql, kept: &KeptKey) -> Answered<()> {
    sql.execute(
        "UPDATE ledger_keys SET content = NULL WHERE number = 1 AND fingerprint = $1",
        [kept.fingerprint.as_slice()],
    )
    .await
    .map(|_| ())
}
