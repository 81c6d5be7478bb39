//! Whatever a browser sends under our names, the person stays who signed in.

use usher_seats::Refusal;

use crate::{
    app,
    browser::{Browser, basic, signed_in},
    people::{CRM, Standing, account, activities, apply, fill, standing, user_id},
    program::{Server, new_folder},
    site::{Account, HOST, PAGE, Site},
};

/// Holds a platform seat.
const ANNA: usize = 0;
/// Has no seat.
const CHEN: usize = 5;
const PEOPLE: usize = 8;

fn accounts() -> Vec<Account> {
    let mut accounts: Vec<Account> = (0..PEOPLE).map(account).collect();
    accounts.push(Account {
        name: "stranger".to_owned(),
        password: "strange".to_owned(),
        user_id: None,
    });
    // Somebody whose sign-in name is another person's id.
    accounts.push(Account {
        name: user_id(ANNA).to_string(),
        password: "sly".to_owned(),
        user_id: None,
    });
    accounts
}

/// Everything that could be taken for the user, the place or the proof of a gateway.
fn spoofed(user: &str) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    for name in [
        "x-forwarded-user",
        "x_forwarded_user",
        "x-forwarded_user",
        "x.forwarded.user",
        "x-usher-user",
        "x_usher_user",
        "x-remote-user",
        "remote-user",
        "x-auth-request-user",
    ] {
        headers.push((name, user.to_owned()));
    }
    for (name, value) in [
        ("x-forwarded-host", "other.example.com"),
        ("x_forwarded_host", "other.example.com"),
        ("x-forwarded-uri", "/elsewhere"),
        ("x-original-uri", "/elsewhere"),
        ("x-original-url", "/elsewhere"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;host=other.example.com"),
        ("x-usher-gateway-secret", "a secret of sixteen"),
        ("x-usher-tenant", "other"),
        ("x-usher-app", "other"),
        ("x-usher-seat-type", "per_user"),
        ("x-usher-reason", ""),
    ] {
        headers.push((name, value.to_owned()));
    }
    headers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_headers_from_outside_are_ignored() {
    let folder = new_folder();
    fill(folder.path(), HOST, PEOPLE);
    let usher = Server::start(folder.path());
    let site = Site::open(usher.address, app::open().await, &accounts());
    let mut browser = Browser::open(site.address).await;
    assert_eq!(standing(CHEN), Standing::Lacks(Refusal::NoSeat));

    let annas_id = user_id(ANNA).to_string();
    let chen = signed_in(&account(CHEN));
    for spoofed in spoofed(&annas_id) {
        let headers = [
            ("authorization", chen.as_str()),
            (spoofed.0, &spoofed.1),
            (spoofed.0, &spoofed.1),
        ];
        let answer = browser.get("/", &headers).await;
        assert_eq!(
            (answer.status, answer.header("x-usher-reason")),
            (403, "no_seat"),
            "{}",
            spoofed.0
        );
    }
    let all = spoofed(&annas_id);
    let mut headers: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.get("/", &headers).await;
    assert_eq!(
        (answer.status, answer.header("x-usher-reason")),
        (401, ""),
        "nobody signed in"
    );
    headers.push(("authorization", &chen));
    let answer = browser.get("/", &headers).await;
    assert_eq!((answer.status, answer.header("x-usher-reason")), (403, "no_seat"));

    for (name, password) in [("stranger", "strange"), (annas_id.as_str(), "sly")] {
        let answer = browser
            .get("/", &[("authorization", &basic(name, password))])
            .await;
        assert_eq!(
            (answer.status, answer.header("x-usher-reason")),
            (403, "user_unknown"),
            "{name}"
        );
    }
    assert!(
        activities(folder.path(), usher.address).await.is_empty(),
        "nobody came in"
    );

    // Nor do they keep out, or turn into somebody else, a person who may enter.
    let chens_id = user_id(CHEN).to_string();
    let anna = signed_in(&account(ANNA));
    let all = spoofed(&chens_id);
    let mut headers: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("authorization", &anna));
    let answer = browser.get("/", &headers).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, PAGE));
    let found: Vec<_> = activities(folder.path(), usher.address)
        .await
        .into_keys()
        .collect();
    assert_eq!(found, [(user_id(ANNA), CRM.to_owned(), "per_user")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_sign_in_rightly_leaves_no_trace() {
    let folder = new_folder();
    fill(folder.path(), HOST, PEOPLE);
    let usher = Server::start(folder.path());
    let site = Site::open(usher.address, app::open().await, &accounts());
    let mut browser = Browser::open(site.address).await;

    let wrong = basic(&account(ANNA).name, "guess");
    for headers in [
        vec![],
        vec![("authorization", wrong.as_str())],
        vec![("authorization", "Bearer x")],
    ] {
        let answer = browser.get("/", &headers).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Basic realm=\"crm.example.com\""
        );
    }
    let anna = signed_in(&account(ANNA));
    let direct = [
        ("authorization", anna.as_str()),
        ("x-forwarded-host", HOST),
        ("x-forwarded-user", &user_id(ANNA).to_string()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let direct: Vec<(&str, &str)> = direct
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = browser.get("/_usher/forward-auth", &direct).await;
    assert_eq!(answer.status, 404, "the question is nginx's alone");
    assert_eq!(browser.get("/healthz", &[]).await.body, "ok\n");
    assert!(activities(folder.path(), usher.address).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_and_path_are_read_as_nginx_reads_them_or_not_at_all() {
    let folder = new_folder();
    fill(folder.path(), HOST, PEOPLE);
    let usher = Server::start(folder.path());
    let site = Site::open(usher.address, app::open().await, &accounts());
    let mut browser = Browser::open(site.address).await;
    let anna = signed_in(&account(ANNA));
    let anna = [("authorization", anna.as_str())];

    for host in ["CRM.example.com", "crm.example.com.", "crm.example.com:8080"] {
        assert_eq!(browser.get_of(host, "/", &anna).await.status, 200, "{host}");
    }
    let answer = browser.get_of("hr.example.com", "/", &anna).await;
    assert_eq!(
        (answer.status, answer.header("x-usher-reason")),
        (403, "app_unknown")
    );

    // From now on two apps share the host.
    let lines = [
        serde_json::json!({"change": "app", "namespace": "api"}),
        serde_json::json!({"change": "app_route", "namespace": "api", "host": HOST, "path_prefix": "/api/"}),
    ];
    apply(folder.path(), &lines);
    let app_seat_holder = signed_in(&account(3));
    let with_app_seat = [("authorization", app_seat_holder.as_str())];
    // At once where the server itself applies them; within a second where another process does, on a database.
    while browser.get("/api/x", &with_app_seat).await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(browser.get("/reports/q3.html", &with_app_seat).await.status, 200);
    for path in [
        "/reports/../api/x",
        "/reports/%2e%2e/api/x",
        "//api/x",
        "/%61pi%2fx",
        "/reports;/../api/x",
        "/API/x",
    ] {
        let answer = browser.get(path, &with_app_seat).await;
        assert_eq!(
            (answer.status, answer.header("x-usher-reason")),
            (403, "request_ambiguous"),
            "{path}"
        );
    }
    for path in ["/api/x", "/%61pi/x"] {
        let answer = browser.get(path, &with_app_seat).await;
        assert_eq!(
            (answer.status, answer.header("x-usher-reason")),
            (403, "no_seat"),
            "{path}"
        );
        assert_eq!(browser.get(path, &anna).await.status, 200, "{path}");
    }
    let found: Vec<_> = activities(folder.path(), usher.address)
        .await
        .into_keys()
        .collect();
    let expected = [
        (user_id(ANNA), "api".to_owned(), "per_user"),
        (user_id(ANNA), CRM.to_owned(), "per_user"),
        (user_id(3), CRM.to_owned(), "per_user_per_app"),
    ];
    assert_eq!(found, expected);
}
