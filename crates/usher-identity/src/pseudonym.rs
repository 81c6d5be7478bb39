//! Names under which clients know people.
//!
//! A client learns a person by an `ou_` id that is good for this client alone: two clients cannot compare their lists.
//! Clients of one owner share an `on_` id, as Feishu has it (feishu-open-platform.md, section 5.4). Both are HMACs under
//! a key from the key file: the same for ever, kept nowhere, and no way back to the user's number without the key.

use std::fmt::Write as _;

use usher_seats::{ClientId, TenantId, UserId};

use crate::keys::{KeyRing, Purpose};

/// Bytes of the HMAC that a name shows: two people share one once in 2^64.
const NAME_BYTES: usize = 16;

/// The name of a person for one client: `ou_` and 32 hexadecimal digits.
#[must_use]
pub fn open_id(keys: &KeyRing, client_id: &ClientId, tenant_id: TenantId, user_id: UserId) -> String {
    let parts = [
        client_id.as_str().as_bytes(),
        &tenant_id.0.to_be_bytes(),
        &user_id.get().to_be_bytes(),
    ];
    name("ou_", &keys.mac(Purpose::OpenId, &parts))
}

/// The name of a person for all clients of the tenant `owner`: `on_` and 32 hexadecimal digits.
#[must_use]
pub fn union_id(keys: &KeyRing, owner: TenantId, tenant_id: TenantId, user_id: UserId) -> String {
    let parts = [
        &owner.0.to_be_bytes()[..],
        &tenant_id.0.to_be_bytes(),
        &user_id.get().to_be_bytes(),
    ];
    name("on_", &keys.mac(Purpose::UnionId, &parts))
}

fn name(prefix: &str, mac: &[u8; 32]) -> String {
    let mut name = prefix.to_owned();
    for byte in mac.iter().take(NAME_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_differ_by_client_owner_tenant_and_person_and_stay_the_same() {
        let keys = KeyRing::from_key_file(&[1; 32]);
        let clients: [ClientId; 2] = ["cli_1", "cli_2"].map(|text| text.parse().unwrap());
        let mut names = HashSet::new();
        for tenant in [1, 2] {
            for user in [1, 2] {
                let (tenant_id, user_id) = (TenantId(tenant), UserId::new(user).unwrap());
                for client_id in &clients {
                    let name = open_id(&keys, client_id, tenant_id, user_id);
                    assert_eq!(name, open_id(&keys, client_id, tenant_id, user_id));
                    assert!(name.len() == 35 && name.starts_with("ou_"), "{name}");
                    names.insert(name);
                }
                for owner in [TenantId(1), TenantId(2)] {
                    let name = union_id(&keys, owner, tenant_id, user_id);
                    assert!(name.len() == 35 && name.starts_with("on_"), "{name}");
                    names.insert(name);
                }
            }
        }
        assert_eq!(names.len(), 16);
        let other_keys = KeyRing::from_key_file(&[2; 32]);
        let name = open_id(&other_keys, &clients[0], TenantId(1), UserId::LEAST);
        assert!(!names.contains(&name), "another key file, other names");
    }
}
