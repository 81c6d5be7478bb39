//! What becomes of single lines.

use serde_json::json;

use super::{CHINESE, ENGLISH, columns, counts, export, import, import_bytes};
use crate::program::{Site, both_ways};

#[test]
fn a_table_as_it_is_kept_is_enough_to_begin() {
    let rows = both_ways(|site| {
        let (code, summary, said) = import(site, "seats", ENGLISH, &["--create-missing"]);
        assert_eq!(code, 0, "{summary} {said:?}");
        assert_eq!(
            counts(&summary, ["lines", "created", "malformed", "refused"]),
            [3, 3, 0, 0]
        );
        assert_eq!(summary["made"], json!({"users": 3, "apps": 1, "groups": 2}));
        assert_eq!(said, [json!({"ignored_columns": ["Remarks"]})]);
        let users = site.usher(&["export", "users"]).done();
        assert!(
            users.contains(",pat@example.com,\"O'Brien, Pat\",yes,no"),
            "{users}"
        );
        let groups = columns(&export(site, "groups"), &["group_key", "external_id"]);
        assert_eq!(
            groups.iter().filter(|row| row[0] == "sales").count(),
            3,
            "a group and two people"
        );
        let mut rows = columns(
            &export(site, "seats").replace("\"O'Brien, Pat\"", "Pat"),
            &["external_id", "seat_type", "namespace", "status", "expires_at"],
        );
        rows.sort();
        rows
    });
    assert_eq!(
        rows,
        [
            ["han@example.com", "per_user_per_app", "crm", "in_use", ""],
            [
                "li.lei@example.com",
                "per_user",
                "",
                "in_use",
                "2031-01-01T00:00:00Z"
            ],
            ["pat@example.com", "per_user_per_app", "crm", "in_use", ""],
        ]
    );
}

#[test]
fn days_are_those_of_the_organisation_and_words_those_of_its_people() {
    both_ways(|site| {
        site.usher_reading(
            &["apply", "-"],
            "{\"change\":\"tenant\",\"tenant_key\":\"acme\",\"time_zone\":\"Asia/Shanghai\"}\n",
        )
        .done();
        let flags = ["--create-missing", "--tenant", "acme"];
        let (code, summary, said) = import(site, "seats", CHINESE, &flags);
        assert_eq!(code, 0, "{summary} {said:?}");
        assert_eq!(counts(&summary, ["created"]), [3]);
        assert_eq!(summary["made"], json!({"users": 3, "apps": 1, "groups": 2}));
        let seats = site.usher(&["export", "seats", "--tenant", "acme"]).done();
        let rows = columns(
            &seats.replace("魏; 华", "魏华"),
            &["user_id", "assigned_at", "expires_at"],
        );
        assert_eq!(rows[0], ["7", "2026-01-04T16:00:00Z", "2030-12-31T16:00:00Z"]);
        assert_eq!(rows[1], ["8", "2026-01-31T16:00:00Z", ""]);
        let (code, again, _) = import(site, "seats", CHINESE, &flags);
        assert_eq!((code, &again["changed"]), (0, &json!(false)), "{again}");
        assert_eq!(
            counts(&again, ["unchanged"]),
            [3],
            "groups are found by their names"
        );
    });
}

#[test]
fn the_same_table_in_another_encoding_says_the_same() {
    let site = Site::alone();
    let (code, ..) = import(&site, "seats", CHINESE, &["--create-missing"]);
    assert_eq!(code, 0);
    let utf_16: Vec<u8> = format!("\u{feff}{}", CHINESE.replace(';', "\t").replace("魏\t", "魏;"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (code, summary, said) = import_bytes(&site, "seats", &utf_16, &[]);
    assert_eq!((code, counts(&summary, ["unchanged"])), (0, [3]), "{said:?}");
    let other = b"\xb9\xa4\xba\xc5,\xd0\xd5\xc3\xfb\n7,\xc0\xee\n";
    let (code, _, said) = import_bytes(&site, "users", other, &[]);
    assert_eq!(code, 1);
    assert!(
        said[0]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("CSV UTF-8"),
        "{said:?}"
    );
}

#[test]
fn what_a_line_lacks_is_named_with_the_command_that_helps() {
    both_ways(|site| {
        import(site, "users", "user_id,external_id\n7,li@example.com\n", &[]);
        let table = "user_id,email,app,assigned,expires\n\
             7,,,,\n\
             8,,,,\n\
             ,nobody@example.com,,,\n\
             7,,crm,,\n\
             7,,客户管理,,\n\
             7,other@example.com,,,\n\
             1.80371E+15,,,,\n\
             7,,,,soon\n\
             7,,,2099-01-01,\n\
             7,,,2026-02-02,2026-02-01\n\
             ,,crm,,\n";
        let (code, summary, said) = import(site, "seats", table, &[]);
        assert_eq!(code, 3);
        assert_eq!(
            counts(&summary, ["lines", "created", "malformed", "refused"]),
            [11, 1, 3, 7]
        );
        let reasons: Vec<(i64, &str)> = said
            .iter()
            .filter_map(|said| Some((said["line"].as_i64()?, said["reason"].as_str()?)))
            .collect();
        let mut reasons = reasons;
        reasons.sort_unstable();
        assert_eq!(
            reasons,
            [
                (3, "user_unknown"),
                (4, "user_unknown"),
                (5, "app_unknown"),
                (6, "app_unknown"),
                (7, "user_mismatch"),
                (
                    8,
                    "user_id was shortened by the spreadsheet (as in 1.8E+15); keep that column as text"
                ),
                (
                    9,
                    "expires_at must be a date such as 2026-11-22, a time such as 2026-11-22T08:00:00Z, or 13 digits of milliseconds"
                ),
                (10, "assigned_in_future"),
                (11, "ends_before_it_begins"),
                (12, "the row has no user_id"),
            ]
        );
        let next = said.last().unwrap()["next"].as_str().unwrap();
        assert!(
            next.starts_with("usher import seats ") && next.ends_with(" --create-missing"),
            "{next}"
        );
    });
}

#[test]
fn reasons_are_told_in_the_language_of_their_reader() {
    both_ways(|site| {
        import(site, "users", "user_id\n7\n", &[]);
        let plain = site.usher_reading(&["import", "seats", "-"], "用户\n8\n");
        assert!(
            plain
                .stderr
                .starts_with("line 2: there is no user \"8\"; --create-missing makes it\n"),
            "{plain:?}"
        );
        let chinese = site.usher_reading(&["--language", "zh", "import", "seats", "-"], "用户\n8\n");
        assert!(
            chinese
                .stderr
                .starts_with("第 2 行：没有用户“8”；--create-missing 可创建\n"),
            "{chinese:?}"
        );
        assert!(
            chinese.stdout.contains("拒绝 1 行（user_unknown 1）"),
            "{chinese:?}"
        );
    });
}

#[test]
fn no_pool_is_exceeded_and_who_may_waits() {
    both_ways(|site| {
        let bought = "席位类型,数量,到期\n平台席位,2,2030-12-31\n";
        assert_eq!(import(site, "pools", bought, &[]).0, 0);
        let table = "user_id\n7\n8\n9\n10\n";
        let (code, summary, said) = import(site, "seats", table, &["--create-missing"]);
        assert_eq!((code, counts(&summary, ["created", "refused"])), (3, [2, 2]));
        assert_eq!(summary["refused_by_reason"], json!({"pool_exhausted": 2}));
        assert_eq!(
            said[0],
            json!({"line": 4, "problem": "refused", "reason": "pool_exhausted"})
        );
        let (code, summary, _) = import(site, "seats", table, &["--wait"]);
        assert_eq!((code, counts(&summary, ["unchanged", "waiting"])), (0, [2, 2]));
        let (_, again, _) = import(site, "seats", table, &["--wait"]);
        assert_eq!(
            (counts(&again, ["waiting"]), &again["changed"]),
            ([2], &json!(false))
        );
        let pools = columns(&export(site, "pools"), &["bought", "in_use", "free", "waiting"]);
        assert_eq!(pools, [["2", "2", "0", "2"]]);
    });
}

#[test]
fn a_table_of_two_columns_changes_nothing_else() {
    both_ways(|site| {
        import(
            site,
            "users",
            "user_id,name,email,administrator\n7,Li Lei,li@example.com,yes\n",
            &[],
        );
        let (_, summary, _) = import(site, "users", "邮箱,姓名\nli@example.com,李雷\n", &[]);
        assert_eq!(counts(&summary, ["updated", "created"]), [1, 0]);
        assert!(export(site, "users").contains("\n7,li@example.com,李雷,yes,yes\n"));
        let (_, summary, _) = import(site, "users", "工号,启用\n7,否\n", &[]);
        assert_eq!(counts(&summary, ["updated"]), [1]);
        assert!(export(site, "users").contains("\n7,li@example.com,李雷,no,yes\n"));
        import(
            site,
            "apps",
            "namespace,应用名称,names\ncrm,CRM,\"{\"\"zh-CN\"\":\"\"客户管理\"\"}\"\n",
            &[],
        );
        let (code, summary, said) = import(site, "seats", "工号,应用\n7,客户管理\n", &[]);
        assert_eq!(
            (code, counts(&summary, ["created"])),
            (0, [1]),
            "an app has names: {said:?}"
        );
        let (_, summary, _) = import(site, "seats", "工号,应用,到期\n7,crm,2030-01-01\n", &[]);
        assert_eq!(counts(&summary, ["updated"]), [1]);
        let (_, summary, _) = import(site, "seats", "工号,应用,状态\n7,crm,已释放\n", &[]);
        assert_eq!(counts(&summary, ["updated"]), [1]);
        assert_eq!(columns(&export(site, "seats"), &["status"]), [["released"]]);
    });
}

#[test]
fn a_header_that_cannot_be_read_begins_nothing() {
    let site = Site::alone();
    for (table, words) in [
        ("", "the table is empty"),
        ("姓名,应用\n李雷,crm\n", "user_id or external_id is missing"),
        (
            "工号,用户\n7,7\n",
            "the columns \"工号\" and \"用户\" are both read as user_id",
        ),
    ] {
        let file = site.file("table.csv", table);
        let ended = site.usher(&["import", "seats", &file, "--create-missing"]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(!site.data().exists());
}

#[test]
fn a_forgotten_quotation_mark_ends_the_import_where_it_stands() {
    let site = Site::alone();
    let table = format!("user_id,name\n7,Li\n8,\"Han\n{}", "9,Wei\n".repeat(20_000));
    let (code, _, said) = import(&site, "users", &table, &[]);
    assert_eq!(code, 1);
    assert_eq!(said[0]["until_then"]["created"], 1);
    assert!(
        said[1]["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("line 3: a quotation mark"),
        "{said:?}"
    );
    assert!(!export(&site, "users").contains("\n9,"));
}
