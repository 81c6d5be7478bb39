//! Under which account of the machine this process runs, for the audit log.
//!
//! The system knows it by its number; the name is looked up where every Unix keeps those of its own accounts. What the
//! environment says (`USER`) is whatever somebody has put there, so it is not asked.

/// Where the names are.
const ACCOUNTS_FILE: &str = "/etc/passwd";

/// The account's name; its number, such as `uid 1000`, when the machine itself does not know one, as in containers and for
/// accounts of a directory service.
pub(crate) fn own() -> String {
    let number = rustix::process::geteuid().as_raw();
    let accounts = std::fs::read_to_string(ACCOUNTS_FILE).unwrap_or_default();
    name_of(number, &accounts).unwrap_or_else(|| format!("uid {number}"))
}

/// Finds a name: a line is `name:password:number:...`.
fn name_of(number: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let known: u32 = fields.nth(1)?.parse().ok()?;
        let fits = known == number && usher_seats::check_name(name).is_ok();
        fits.then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_knows_its_accounts_by_number() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\n\nusher:x:1001:1001::/var/lib/usher:/bin/false\nbroken:x\n";
        assert_eq!(name_of(0, accounts).as_deref(), Some("root"));
        assert_eq!(name_of(1001, accounts).as_deref(), Some("usher"));
        assert_eq!(name_of(7, accounts), None);
        assert!(!own().is_empty());
    }
}
