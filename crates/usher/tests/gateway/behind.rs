//! What the app behind nginx is told, and what passes unchanged.

use crate::{
    app,
    browser::{Browser, signed_in},
    people::{CRM, account, activities, fill, user_id},
    program::{Server, new_folder},
    site::{HOST, Site},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_learns_who_came_in_from_usher_alone() {
    let folder = new_folder();
    fill(folder.path(), HOST, 8);
    let usher = Server::start(folder.path());
    let accounts: Vec<_> = (0..8).map(account).collect();
    let site = Site::open(usher.address, app::open().await, &accounts);
    let mut browser = Browser::open(site.address).await;

    let anna = signed_in(&account(0));
    let headers = [
        ("authorization", anna.as_str()),
        ("x-usher-user", "1"),
        ("x_usher_user", "1"),
        ("x-usher-tenant", "other"),
        ("x-usher-app", "other"),
        ("x-usher-seat-type", "other"),
        ("x-usher-active-time", "1"),
        ("x-usher-reason", "none"),
        ("x-usher-gateway-secret", "guess"),
        ("x-forwarded-user", "1"),
        ("accept-language", "zh"),
    ];
    let answer = browser.get("/api/deals", &headers).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let active_time =
        activities(folder.path(), usher.address).await[&(user_id(0), CRM.to_owned(), "per_user")];
    let mut told: Vec<&str> = answer.body.lines().collect();
    told.retain(|line| line.starts_with("x-") || line.starts_with("x_") || line.starts_with("authorization"));
    told.sort_unstable();
    let expected = [
        format!("x-usher-active-time: {active_time}"),
        format!("x-usher-app: {CRM}"),
        "x-usher-seat-type: per_user".to_owned(),
        "x-usher-tenant: default".to_owned(),
        format!("x-usher-user: {}", user_id(0)),
    ];
    assert_eq!(told, expected);
    assert!(
        answer.body.contains("accept-language: zh\n"),
        "other headers pass: {}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_app_are_its_own_and_a_no_is_in_the_persons_language() {
    let folder = new_folder();
    fill(folder.path(), HOST, 8);
    let usher = Server::start(folder.path());
    let accounts: Vec<_> = (0..8).map(account).collect();
    let site = Site::open(usher.address, app::open().await, &accounts);
    let mut browser = Browser::open(site.address).await;

    let anna = signed_in(&account(0));
    for (path, status) in [("/api/forbidden", 403), ("/api/broken", 500)] {
        let answer = browser.get(path, &[("authorization", &anna)]).await;
        assert_eq!(
            (answer.status, answer.header("x-usher-reason")),
            (status, ""),
            "{path}"
        );
        assert!(answer.body.contains("x-usher-user: "), "{path}: {}", answer.body);
    }
    let chen = signed_in(&account(5));
    for (language, sentence) in [
        (
            "en-GB,en;q=0.9",
            "<html lang=\"en\"><title>403</title><p>You have no seat for this application.",
        ),
        (
            "zh-CN,zh;q=0.9",
            "<html lang=\"zh\"><title>403</title><p>您没有该应用的席位",
        ),
    ] {
        let answer = browser
            .get("/", &[("authorization", &chen), ("accept-language", language)])
            .await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains(sentence), "{}", answer.body);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
