//! Name and password: who gets in, and what everybody else is told.

use axum::http::StatusCode;
use usher_http::sign_in::{SESSION_LIFE_MS, slowing};
use usher_store::Change;

use crate::{
    sign_in_support::{Browser, PASSWORD},
    support::{ADMINISTRATOR, Answer, Ask, House, user_id},
};

fn session(browser: &Browser<'_>) -> Option<String> {
    browser.cookies.get("usher_session").cloned()
}

#[tokio::test]
async fn a_person_signs_in_by_number_or_by_name_and_out_again() {
    let house = House::for_people().await;
    house.person(house.tenant_id, 7, Some("alice")).await;
    for name in ["7", "alice", " alice "] {
        let mut browser = Browser::new(&house);
        let answer = browser.sign_in("/sign-in", name, PASSWORD).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/account"),
            "{name}: {answer}"
        );
        let account = browser.get("/account").await;
        assert_eq!(account.status, StatusCode::OK);
        assert!(
            account.text.contains("Person 7") && account.text.contains("Member"),
            "{account}"
        );

        let out = browser.submit(&account.form("/sign-out")).await;
        assert_eq!(out.location(), "/sign-in?done=signed-out");
        assert_eq!(session(&browser), None);
        assert_eq!(browser.get("/account").await.location(), "/sign-in");
    }
}

#[tokio::test]
async fn a_session_ended_or_over_is_good_for_nothing() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let kept = session(&browser).unwrap();
    let account = browser.get("/account").await;
    browser.submit(&account.form("/sign-out")).await;
    browser.cookies.insert("usher_session".to_owned(), kept);
    assert_eq!(
        browser.get("/account").await.location(),
        "/sign-in",
        "ended in the store, not only in the browser"
    );

    let mut browser = Browser::new(&house).signed_in().await;
    house.clock.advance(SESSION_LIFE_MS - 1);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    house.clock.advance(1);
    assert_eq!(browser.get("/account").await.location(), "/sign-in");
}

#[tokio::test]
async fn switching_a_person_or_a_tenant_off_ends_their_sessions_at_once() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    for change in [
        house.user(ADMINISTRATOR, false, true),
        Change::SetTenantEnabled {
            tenant_id: house.tenant_id,
            enabled: false,
        },
        Change::DeleteUser {
            tenant_id: house.tenant_id,
            user_id: user_id(ADMINISTRATOR),
        },
    ] {
        assert_eq!(browser.get("/account").await.status, StatusCode::OK);
        house.change(vec![change]).await;
        assert_eq!(browser.get("/account").await.location(), "/sign-in");
        house
            .change(vec![
                house.user(ADMINISTRATOR, true, true),
                Change::SetTenantEnabled {
                    tenant_id: house.tenant_id,
                    enabled: true,
                },
            ])
            .await;
    }
}

#[tokio::test]
async fn every_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let planted = "A".repeat(43);
    browser
        .cookies
        .insert("usher_session".to_owned(), planted.clone());
    let answer = browser
        .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let first = session(&browser).unwrap();
    assert_ne!(first, planted);

    // Signed in already, the page sends on; an old form still works and replaces the session.
    assert_eq!(browser.get("/sign-in").await.location(), "/account");
    let mut other = Browser::new(&house);
    let form = other.get("/sign-in").await.form("/sign-in");
    other.cookies.insert("usher_session".to_owned(), first.clone());
    let form = form
        .with("name", &ADMINISTRATOR.to_string())
        .with("password", PASSWORD);
    assert_eq!(other.submit(&form).await.status, StatusCode::SEE_OTHER);
    assert_ne!(session(&other).unwrap(), first);
    assert_eq!(
        browser.get("/account").await.location(),
        "/sign-in",
        "the first session is over"
    );
}

#[tokio::test]
async fn the_cookies_are_guarded_as_the_connection_allows() {
    let house = House::for_people().await;
    let mut plain = Browser::new(&house);
    let page = plain.get("/sign-in").await;
    let set = page.header("set-cookie");
    assert!(
        set.starts_with("usher_form=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{set}"
    );

    let mut secure = Browser::new(&house).header("x-forwarded-proto", "https");
    let page = secure.get("/sign-in").await;
    let set = page.header("set-cookie");
    assert!(
        set.starts_with("__Host-usher_form=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    let form = page
        .form("/sign-in")
        .with("name", &ADMINISTRATOR.to_string())
        .with("password", PASSWORD);
    let answer = secure.submit(&form).await;
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Host-usher_session=")
            && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=43200"),
        "{set}"
    );
    // A guarded session is not taken from a plain connection, nor a plain one from a guarded.
    let value = secure.cookies["__Host-usher_session"].clone();
    let mut stolen = Browser::new(&house);
    stolen
        .cookies
        .insert("__Host-usher_session".to_owned(), value.clone());
    assert_eq!(stolen.get("/account").await.location(), "/sign-in");
    let mut planted = Browser::new(&house).header("x-forwarded-proto", "https");
    planted.cookies.insert("usher_session".to_owned(), value);
    assert_eq!(planted.get("/account").await.location(), "/sign-in");

    // From a stranger the header means nothing.
    let mut stranger = Browser::new(&house).header("x-forwarded-proto", "https");
    stranger.peer = Some("198.51.100.7:4000");
    assert!(
        stranger
            .get("/sign-in")
            .await
            .header("set-cookie")
            .starts_with("usher_form=")
    );
}

/// The page without what differs by nature: what was typed, and the token of the form.
fn told(answer: &Answer, typed: &[&str]) -> (StatusCode, String) {
    let mut text = answer
        .text
        .replace(answer.form("/sign-in").field("form_token"), "TOKEN");
    for typed in typed {
        text = text.replace(&format!("value=\"{typed}\""), "value=\"TYPED\"");
    }
    (answer.status, text)
}

#[tokio::test]
async fn nothing_tells_whether_there_is_such_a_person() {
    let house = House::for_people().await;
    house.person(house.tenant_id, 7, Some("alice")).await;
    house.change(vec![house.user(8, true, false)]).await; // never chose a password
    house.person(house.tenant_id, 9, Some("bob")).await;
    house
        .change(vec![Change::PutUser(usher_store::User {
            enabled: false,
            ..house
                .store
                .user(house.tenant_id, user_id(9))
                .await
                .unwrap()
                .unwrap()
        })])
        .await;
    let other = house.tenant("elsewhere").await;
    house.person(other, 10, Some("carol")).await;
    house
        .change(vec![Change::SetTenantEnabled {
            tenant_id: other,
            enabled: false,
        }])
        .await;

    let mut answers = Vec::new();
    for (organisation, name, password) in [
        ("default", "alice", "wrong password here"),
        ("default", "nobody", "wrong password here"),
        ("default", "8", PASSWORD),
        ("default", "bob", PASSWORD),
        ("elsewhere", "carol", PASSWORD),
        ("elsewhere", "alice", PASSWORD),
        ("nowhere", "alice", PASSWORD),
        ("not a key!", "alice", PASSWORD),
        ("default", "alice", ""),
        ("default", "alice", &"x".repeat(200)),
        ("default", &"x".repeat(300), PASSWORD),
    ] {
        let hashes = house.edge.sign_in.passwords.hashes_begun();
        let mut browser = Browser::new(&house);
        let page = browser.get("/sign-in").await;
        let form = page
            .form("/sign-in")
            .with("organisation", organisation)
            .with("name", name)
            .with("password", password);
        let answer = browser.submit(&form).await;
        assert_eq!(
            house.edge.sign_in.passwords.hashes_begun(),
            hashes + 1,
            "each costs one hash: {name}"
        );
        assert_eq!(session(&browser), None);
        answers.push(told(&answer, &[organisation, name]));
    }
    assert_eq!(answers[0].0, StatusCode::FORBIDDEN);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer, &answers[0], "{number}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_and_the_right_password_waits_too() {
    let house = House::for_people().await;
    let name = ADMINISTRATOR.to_string();
    let mut browser = Browser::new(&house);
    for _ in 0..slowing::ACCOUNT_FAILURES_FREE {
        assert_eq!(
            browser.sign_in("/sign-in", &name, "wrong").await.status,
            StatusCode::FORBIDDEN
        );
    }
    let hashes = house.edge.sign_in.passwords.hashes_begun();
    for name in [name.as_str()] {
        let answer = browser.sign_in("/sign-in", name, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.alert(), "Too many attempts. Try again in 1 seconds.");
    }
    assert_eq!(
        house.edge.sign_in.passwords.hashes_begun(),
        hashes,
        "no hash is spent on it"
    );
    house.clock.advance(slowing::DELAY_MS_FIRST);
    assert_eq!(
        browser.sign_in("/sign-in", &name, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    // Success forgives.
    let mut again = Browser::new(&house);
    assert_eq!(
        again.sign_in("/sign-in", &name, "wrong").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn somebody_who_does_not_exist_is_slowed_alike() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    for _ in 0..slowing::ACCOUNT_FAILURES_FREE {
        browser.sign_in("/sign-in", "nobody", "wrong").await;
    }
    let answer = browser.sign_in("/sign-in", "nobody", "wrong").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_address_is_slowed_across_accounts_and_behind_a_proxy_by_its_own() {
    let house = House::for_people().await;
    let guess = |number: u32, from: &'static str| {
        let house = &house;
        async move {
            let mut browser = Browser::new(house).header("x-forwarded-for", from);
            browser
                .sign_in("/sign-in", &format!("guess {number}"), "wrong")
                .await
                .status
        }
    };
    for number in 0..slowing::ADDRESS_FAILURES_FREE {
        assert_eq!(guess(number, "192.0.2.1").await, StatusCode::FORBIDDEN);
    }
    assert_eq!(guess(999, "192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess(999, "192.0.2.2").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn forms_of_other_sites_and_browsers_are_refused() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let form = browser.get("/sign-in").await.form("/sign-in");
    let form = form
        .with("name", &ADMINISTRATOR.to_string())
        .with("password", PASSWORD);

    let mut other = Browser::new(&house);
    assert_eq!(
        other.submit(&form).await.status,
        StatusCode::FORBIDDEN,
        "without the cookie"
    );
    other.get("/sign-in").await;
    assert_eq!(
        other.submit(&form).await.status,
        StatusCode::FORBIDDEN,
        "with another's"
    );
    for token in ["", "x", &form.field("form_token")[1..], &"A".repeat(43)] {
        let forged = form.clone().with("form_token", token);
        assert_eq!(
            browser.submit(&forged).await.status,
            StatusCode::FORBIDDEN,
            "{token:?}"
        );
    }
    for site in ["cross-site", "same-site"] {
        let ask = Ask::get("/sign-in")
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .body(crate::sign_in_support::form_urlencoded(&form.fields));
        assert_eq!(browser.send(ask).await.status, StatusCode::FORBIDDEN, "{site}");
    }
    let as_json = Ask::get("/sign-in")
        .method("POST")
        .header("content-type", "application/json")
        .body("{}");
    assert_eq!(browser.send(as_json).await.status, StatusCode::BAD_REQUEST);
    // A token of one form is none for another.
    let account = Browser::new(&house).signed_in().await.get("/account").await;
    let swapped = form
        .clone()
        .with("form_token", account.form("/sign-out").field("form_token"));
    assert_eq!(browser.submit(&swapped).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        browser.submit(&form).await.status,
        StatusCode::SEE_OTHER,
        "the honest one works"
    );
}

#[tokio::test]
async fn the_organisation_is_asked_for_only_where_it_is_not_known() {
    let house = House::for_people().await;
    let page = Browser::new(&house).get("/sign-in").await;
    assert!(!page.text.contains("name=\"organisation\""), "{page}");
    let other = house.tenant("elsewhere").await;
    house.person(other, 5, Some("dora")).await;
    let mut browser = Browser::new(&house);
    let page = browser.get("/sign-in").await;
    assert!(page.text.contains("name=\"organisation\""), "{page}");
    let form = page
        .form("/sign-in")
        .with("organisation", "elsewhere")
        .with("name", "dora")
        .with("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/account").await.text.contains("elsewhere"));
}

#[tokio::test]
async fn what_is_typed_comes_back_harmless() {
    let house = House::for_people().await;
    house.tenant("elsewhere").await;
    let mut browser = Browser::new(&house);
    let hostile = "\"><script>alert(1)</script>";
    let form = browser.get("/sign-in").await.form("/sign-in");
    let form = form
        .with("organisation", hostile)
        .with("name", hostile)
        .with("password", hostile)
        .with("destination", hostile);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let again = answer.form("/sign-in");
    assert_eq!((again.field("name"), again.field("password")), (hostile, ""));
    assert_eq!(again.field("destination"), "/account");
}

#[tokio::test]
async fn nobody_is_sent_to_another_server_after_signing_in() {
    let house = House::for_people().await;
    for destination in [
        "https://evil.example/",
        "//evil.example",
        "/open-apis/authen/v1/authorize@evil.example",
        "/\\evil.example",
        "/account/../x",
    ] {
        let mut browser = Browser::new(&house);
        let form = browser
            .get("/sign-in")
            .await
            .form("/sign-in")
            .with("destination", destination);
        let form = form
            .with("name", &ADMINISTRATOR.to_string())
            .with("password", PASSWORD);
        assert_eq!(
            browser.submit(&form).await.location(),
            "/account",
            "{destination}"
        );
    }
}

#[tokio::test]
async fn the_pages_speak_the_language_of_the_browser_or_the_one_chosen() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
    let page = browser.get("/sign-in").await;
    assert!(
        page.text.contains("<html lang=\"zh-CN\">") && page.text.contains("密码"),
        "{page}"
    );
    assert!(page.text.contains("href=\"/sign-in?language=en\""), "{page}");
    let page = browser.get("/sign-in?language=en").await;
    assert!(
        page.text.contains("<html lang=\"en\">") && page.text.contains("Password"),
        "{page}"
    );
    assert!(page.header("set-cookie").starts_with("usher_language=en; "));
    assert!(
        browser.get("/sign-in").await.text.contains("<html lang=\"en\">"),
        "it is remembered"
    );
    let page = browser.get("/sign-in?language=xx").await;
    assert!(
        page.text.contains("<html lang=\"en\">"),
        "another language is none"
    );
}

#[tokio::test]
async fn the_start_page_and_the_stylesheet_are_there_for_everybody() {
    let house = House::for_people().await;
    let start = Browser::new(&house).get("/").await;
    assert_eq!(start.status, StatusCode::OK);
    assert!(start.text.contains("href=\"/account\""));
    let style = house.ask(Ask::get("/assets/usher.css?v=1")).await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (StatusCode::OK, "text/css; charset=utf-8")
    );
    assert!(style.text.contains("prefers-color-scheme: dark"));
    assert!(!style.text.contains("http"), "nothing is loaded from anywhere");
}
