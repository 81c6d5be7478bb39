//! `usher doctor`, `usher backup` and `usher restore` as a person meets them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::program::{Running, both_ways, usher};

/// What `usher doctor` says of each check, by name.
fn examined(data: &Path) -> (i32, Vec<Value>) {
    let ended = usher(&["doctor", "--deep", "--json", "--data", data.to_str().unwrap()]);
    let lines = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (ended.code, lines.collect())
}

fn state(lines: &[Value], check: &str) -> Vec<String> {
    let lines = lines.iter().filter(|line| line["check"] == check);
    lines
        .map(|line| line["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_healthy_ledger_is_called_so_beside_a_server_and_without_one() {
    both_ways(|site| {
        site.usher(&["user", "create", "Zhou", "--number", "7"]).done();
        site.usher(&["doctor"]).done();
        let deep = site.usher(&["doctor", "--deep"]).done();
        assert!(
            deep.contains("1 audit records") || deep.contains("audit records follow"),
            "{deep}"
        );
        assert!(!deep.contains("FAULT"), "{deep}");
    });
}

#[test]
fn damage_is_named_with_what_to_do_and_the_command_fails() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    drop(Running::serve(data));
    usher(&[
        "user",
        "create",
        "Zhou",
        "--number",
        "7",
        "--data",
        data.to_str().unwrap(),
    ])
    .done();
    assert_eq!(examined(data).0, 0);
    let file = data.join("usher.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[5 * 4_096 + 4_000] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let (code, lines) = examined(data);
    assert_eq!(code, 1);
    assert_eq!(state(&lines, "pages"), ["fault"]);
    let refused = usher(&[
        "backup",
        data.join("b").to_str().unwrap(),
        "--json",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.complaint()["next"]
            .as_str()
            .unwrap()
            .contains("usher doctor --deep")
    );
}

#[test]
fn a_missing_key_a_readable_file_and_a_missing_folder_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    usher(&[
        "user",
        "create",
        "Zhou",
        "--number",
        "7",
        "--data",
        data.to_str().unwrap(),
    ])
    .done();
    fs::set_permissions(data.join("usher.db"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(data.join("usher.key")).unwrap();
    let (code, lines) = examined(data);
    assert_eq!(code, 1);
    assert_eq!(state(&lines, "key"), ["fault"]);
    assert_eq!(state(&lines, "readers"), ["warning"]);
    let (code, lines) = examined(&data.join("nowhere"));
    assert_eq!((code, state(&lines, "folder")), (1, vec!["fault".to_owned()]));
    assert!(!data.join("nowhere").exists(), "looking makes nothing");
}

#[test]
fn a_backup_comes_back_with_its_key_and_overwrites_nothing() {
    both_ways(|site| {
        site.usher(&["user", "create", "Zhou", "--number", "7"]).done();
        let there = tempfile::tempdir().unwrap();
        let file = there.path().join("usher.backup");
        let said = site.usher(&["backup", file.to_str().unwrap(), "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.json()["watermark_ms"].as_i64().unwrap() > 0);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        site.usher(&["user", "create", "Wu", "--number", "8"]).done();

        let to = there.path().join("data");
        let to = to.to_str().unwrap();
        let restored = usher(&["restore", file.to_str().unwrap(), "--data", to]).done();
        assert!(restored.contains("usher serve --data"), "{restored}");
        let people = usher(&["user", "list", "--data", to]).done();
        assert!(people.contains("Zhou") && !people.contains("Wu"), "{people}");
        assert_eq!(examined(Path::new(to)).0, 0);
        for name in ["usher.db", "usher.key"] {
            let mode = fs::metadata(Path::new(to).join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let again = usher(&["restore", file.to_str().unwrap(), "--json", "--data", to]);
        assert_eq!(
            (again.code, again.complaint()["exit_code"].as_i64()),
            (1, Some(1))
        );
        assert_eq!(
            site.usher(&["backup", file.to_str().unwrap()]).code,
            1,
            "it is there already"
        );
    });
}

#[test]
fn a_database_is_backed_up_by_its_own_programs() {
    for command in ["backup", "restore"] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = usher(&[
            command,
            file.path().to_str().unwrap(),
            "--store",
            "postgres://usher@localhost/usher",
            "--json",
        ]);
        assert_eq!(refused.code, 2, "{refused:?}");
        let message = refused.complaint()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("pg_dump"), "{message}");
    }
}
