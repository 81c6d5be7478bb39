//! Folders, ports and stores that cannot be had.

use std::net::TcpListener;

use crate::program::{Running, Site, command, ended};

#[test]
fn a_second_server_names_the_first() {
    let site = Site::served();
    let process_id = site.server.as_ref().unwrap().process_id();
    let second = site.usher(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 4);
    assert!(
        second
            .stderr
            .contains(&format!("is held by process {process_id} (`usher serve`")),
        "{}",
        second.stderr
    );
    assert!(
        second.stderr.contains(&format!("kill {process_id}")),
        "{}",
        second.stderr
    );
    let listening = site.server.as_ref().unwrap().announced["listening"]
        .as_str()
        .unwrap();
    assert!(
        second.stderr.contains(&format!("listening on {listening})")),
        "{}",
        second.stderr
    );
    let chinese = site.usher(&["--language", "zh", "serve", "--listen", "127.0.0.1:0"]);
    assert!(
        chinese.stderr.contains(&format!("正被进程 {process_id} 占用")),
        "{}",
        chinese.stderr
    );
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Site::alone();
    for command in ["serve", "demo"] {
        let mut arguments = vec![command, "--listen", &address];
        let data = site.data();
        if command == "serve" {
            arguments.extend(["--data", data.to_str().unwrap()]);
        }
        let refused = crate::program::usher(&arguments);
        assert_eq!(refused.code, 1);
        assert!(
            refused
                .stderr
                .contains(&format!("{address} is in use by another program")),
            "{}",
            refused.stderr
        );
        assert!(
            refused.stderr.contains("next: usher serve --listen 127.0.0.1:0"),
            "{}",
            refused.stderr
        );
    }
    let _server = Running::serve(&site.data());
}

#[test]
fn a_store_of_a_newer_usher_is_left_alone() {
    let site = Site::alone();
    site.usher(&["token", "issue", "--service"]).done();
    let file = site.data().join("usher.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The version of the schema stands in bytes 60 to 63 of a SQLite file.
    bytes[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    std::fs::write(&file, &bytes).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["token", "list"]] {
        let refused = site.usher(arguments);
        assert_eq!(refused.code, 1);
        assert!(
            refused
                .stderr
                .contains("was written by a newer Usher (schema 9999;"),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let site = Site::alone();
    std::fs::create_dir(site.data()).unwrap();
    let file = site.data().join("usher.db");
    std::fs::write(
        &file,
        "this is a diary, not a database, and it is long enough to have a header of its own.......",
    )
    .unwrap();
    let refused = site.usher(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("this is a diary")
    );
}

#[test]
fn commands_that_only_read_make_no_folder() {
    let site = Site::alone();
    let file = site.file("accesses.csv", "time_ms,user_id,namespace\n1000,7,crm\n");
    for arguments in [
        &["export", "activities", "--format", "csv"][..],
        &["token", "list"],
        &["token", "revoke", "0123456789abcdef"],
        &["import", "accesses", &file],
    ] {
        let ended = site.usher(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}");
        assert!(
            ended.stderr.contains("there is no data folder at"),
            "{}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains("next: usher serve --data"),
            "{}",
            ended.stderr
        );
    }
    assert!(!site.data().exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let site = Site::alone();
    let file = site.file("file", "");
    let refused = ended(&mut command(&["serve", "--data", &format!("{file}/data")]));
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("cannot use"), "{}", refused.stderr);
}
