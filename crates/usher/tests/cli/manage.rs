//! Managing from the command line, with a server and without one, and through the API with an operator's token.

use serde_json::{Value, json};

use crate::{
    http,
    program::{Site, both_ways},
};

#[test]
fn people_are_managed_without_an_api() {
    both_ways(|site| {
        site.usher(&["tenant", "create", "acme", "--name", "Acme"]).done();
        let made = site.usher(&[
            "user",
            "create",
            "李雷",
            "--number",
            "7",
            "--external-id",
            "lei@example.com",
            "--tenant",
            "acme",
            "--json",
        ]);
        assert_eq!(made.json()["user_id"], 7);
        site.usher(&[
            "user",
            "update",
            "7",
            "--system-administrator",
            "true",
            "--tenant",
            "acme",
        ])
        .done();
        site.usher(&["user", "disable", "7", "--tenant", "acme"]).done();
        assert_eq!(
            site.usher(&["user", "list", "--tenant", "acme"]).done(),
            "7  李雷  lei@example.com  system administrator  disabled\n"
        );
        site.usher(&["user", "update", "7", "--external-id", "", "--tenant", "acme"])
            .done();
        site.usher(&["user", "enable", "7", "--tenant", "acme"]).done();
        let shown = site
            .usher(&["user", "show", "7", "--tenant", "acme", "--json"])
            .json();
        assert_eq!(
            (&shown["external_id"], &shown["enabled"]),
            (&Value::Null, &json!(true))
        );
        site.usher(&["user", "remove-second-factor", "7", "--tenant", "acme"])
            .done();
        site.usher(&["user", "delete", "7", "--tenant", "acme"]).done();
        assert_eq!(site.usher(&["user", "list", "--tenant", "acme"]).done(), "");
    });
}

#[test]
fn apps_and_tenants_are_managed_without_an_api() {
    both_ways(|site| {
        site.usher(&["tenant", "create", "acme", "--name", "Acme"]).done();
        site.usher(&[
            "app",
            "create",
            "crm",
            "--route",
            "CRM.example.com/a",
            "--tenant",
            "acme",
        ])
        .done();
        site.usher(&["app", "update", "crm", "--name", "CRM", "--tenant", "acme"])
            .done();
        assert_eq!(
            site.usher(&["app", "list", "--tenant", "acme"]).done(),
            "crm  CRM  crm.example.com/a\n"
        );
        site.usher(&["app", "update", "crm", "--no-routes", "--tenant", "acme"])
            .done();
        site.usher(&["app", "disable", "crm", "--tenant", "acme"]).done();
        assert_eq!(
            site.usher(&["app", "show", "crm", "--tenant", "acme"]).done(),
            "crm  CRM  disabled\n"
        );
        site.usher(&["app", "enable", "crm", "--tenant", "acme"]).done();
        site.usher(&[
            "tenant",
            "update",
            "acme",
            "--name",
            "Acme Ltd",
            "--time-zone",
            "Asia/Shanghai",
        ])
        .done();
        let wrong = site.usher(&["tenant", "update", "acme", "--time-zone", "Mars/Olympus"]);
        assert!(wrong.stderr.contains("IANA"), "{wrong:?}");
        site.usher(&["tenant", "disable", "acme"]).done();
        assert_eq!(
            site.usher(&["tenant", "show", "acme"]).done(),
            "acme  Acme Ltd  Asia/Shanghai  disabled\n"
        );
        assert_eq!(
            site.usher(&["tenant", "list"]).done(),
            "acme  Acme Ltd  Asia/Shanghai  disabled\ndefault  Default 默认  UTC\n"
        );
        site.usher(&["tenant", "enable", "acme"]).done();
    });
}

#[test]
fn an_app_is_named_in_languages() {
    both_ways(|site| {
        site.usher(&[
            "app",
            "create",
            "crm",
            "--name",
            "CRM",
            "--name-in",
            "zh-cn=客户管理",
            "--name-in",
            "de=Kunden",
        ])
        .done();
        let updated = site.usher(&[
            "app",
            "update",
            "crm",
            "--name-in",
            "de=",
            "--name-in",
            "en=Customers",
            "--json",
        ]);
        assert_eq!(
            updated.json()["names"],
            json!({"zh-CN": "客户管理", "en": "Customers"})
        );
        assert_eq!(
            site.usher(&["app", "show", "crm"]).done(),
            "crm  CRM  en=Customers,zh-CN=客户管理\n"
        );
        for wrong in ["English", "english=Customers"] {
            let refused = site.usher(&["app", "update", "crm", "--name-in", wrong]);
            assert!(refused.stderr.contains("such as"), "{refused:?}");
        }
    });
}

#[test]
fn a_client_is_made_rotated_installed_and_switched_off() {
    both_ways(|site| {
        site.usher(&["tenant", "create", "acme"]).done();
        let made = site
            .usher(&["client", "create", "Report", "--installable", "--json"])
            .json();
        let id = made["client_id"].as_str().unwrap();
        let secret = made["client_secret"].as_str().unwrap();
        let rotated = site.usher(&["client", "rotate-secret", id, "--overlap", "1h"]);
        assert_eq!(rotated.stdout.trim_end().len(), secret.len());
        assert!(rotated.stderr.contains("only this once"), "{rotated:?}");
        assert_ne!(rotated.stdout.trim_end(), secret);
        site.usher(&[
            "client",
            "update",
            id,
            "--open",
            "app_engine:apps:read,usher:management",
        ])
        .done();
        site.usher(&["client", "install", id, "--tenant", "acme"]).done();
        let installed = site
            .usher(&["client", "installed", "--tenant", "acme", "--json"])
            .json();
        assert_eq!(
            installed["scopes"],
            json!(["app_engine:apps:read", "usher:management"])
        );
        site.usher(&["client", "uninstall", id, "--tenant", "acme"])
            .done();
        assert_eq!(
            site.usher(&["client", "uninstall", id, "--tenant", "acme"]).code,
            1
        );
        site.usher(&["client", "disable", id]).done();
        let shown = site.usher(&["client", "show", id, "--json"]).json();
        assert_eq!(
            (&shown["enabled"], shown.get("client_secret")),
            (&json!(false), None)
        );
        assert_eq!(shown["secrets"].as_array().unwrap().len(), 2);
        site.usher(&["client", "enable", id]).done();
        let list = site.usher(&["client", "list"]).done();
        assert!(
            list.contains("Report") && list.contains("Usher command line"),
            "{list}"
        );
    });
}

#[test]
fn what_does_not_fit_is_explained_in_the_readers_language() {
    both_ways(|site| {
        for (arguments, code, english, chinese) in [
            (
                &["tenant", "create", "default"][..],
                1,
                "tenant_key is already taken",
                "已被占用",
            ),
            (&["user", "show", "77"], 1, "user does not exist", "用户不存在"),
            (
                &["user", "list", "--tenant", "nobody"],
                1,
                "tenant does not exist",
                "租户不存在",
            ),
            (&["app", "show", "nothing"], 1, "app does not exist", "应用不存在"),
            (
                &["client", "show", "cli_nobody"],
                1,
                "client does not exist",
                "客户端不存在",
            ),
            (&["user", "show", "zero"], 2, "user_id must be", "user_id 应为"),
            (
                &["client", "rotate-secret", "cli_x", "--overlap", "soon"],
                2,
                "--overlap must be",
                "--overlap 应为",
            ),
        ] {
            let ended = site.usher(arguments);
            assert_eq!(ended.code, code, "{ended:?}");
            assert!(ended.stderr.contains(english), "{ended:?}");
            let mut all = arguments.to_vec();
            all.extend(["--language", "zh"]);
            let ended = site.usher(&all);
            assert!(ended.stderr.contains(chinese), "{ended:?}");
        }
    });
}

#[test]
fn an_operators_token_manages_through_the_api() {
    let site = Site::served();
    let address = site.server.as_ref().unwrap().address();
    let token = site.usher(&["token", "issue", "--operator"]).done();
    assert!(token.starts_with("o-"), "{token}");
    let authorization = format!("Authorization: Bearer {}", token.trim_end());
    let made = http::post(
        address,
        "/usher/v1/users?tenant_key=default",
        &[&authorization, "Content-Type: application/json"],
        r#"{"name":"Mei"}"#,
    );
    assert_eq!(made.status, 200, "{made:?}");
    let user_id = made.json()["data"]["user_id"].to_string();
    assert!(site.usher(&["user", "show", &user_id]).done().contains("Mei"));
    let me = http::get(address, "/usher/v1/me", &[&authorization]);
    assert_eq!(me.json()["data"]["kind"], "operator");
    let nobody = http::get(address, "/usher/v1/users?tenant_key=default", &[]);
    assert_eq!(
        nobody.json()["code"],
        99_991_661,
        "the public side asks for a token"
    );
    for wrong in [
        &["--operator", "--tenant", "default"][..],
        &["--operator", "--scope", "usher:management"],
    ] {
        let mut arguments = vec!["token", "issue"];
        arguments.extend(wrong);
        assert_eq!(site.usher(&arguments).code, 2, "{wrong:?}");
    }
}
