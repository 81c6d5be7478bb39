//! Another password in place of one's own.

use axum::http::StatusCode;
use usher_http::sign_in::slowing;
use usher_identity::hash_secret;
use usher_store::{Change, IdentityChange, TokenHash};

use crate::{
    sign_in_support::{Browser, Form, PASSWORD},
    support::{ADMINISTRATOR, Answer, House, user_id},
};

const PATH: &str = "/account/password";
const NEW: &str = "vier pferde im nebel";

async fn form(browser: &mut Browser<'_>, current: &str, password: &str) -> Form {
    let page = browser.get(PATH).await;
    page.form(PATH)
        .with("current", current)
        .with("password", password)
        .with("again", password)
}

async fn change(browser: &mut Browser<'_>, current: &str, password: &str) -> Answer {
    let form = form(browser, current, password).await;
    browser.submit(&form).await
}

async fn can_sign_in(house: &House, password: &str) -> bool {
    let answer = Browser::new(house)
        .sign_in("/sign-in", &ADMINISTRATOR.to_string(), password)
        .await;
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let house = House::for_people().await;
    let mut elsewhere = Browser::new(&house).signed_in().await;
    let mut browser = Browser::new(&house).signed_in().await;
    assert!(
        browser
            .get("/account")
            .await
            .text
            .contains("href=\"/account/password\"")
    );
    let before = browser.cookies["usher_session"].clone();
    let answer = change(&mut browser, PASSWORD, NEW).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account?done=password"),
        "{answer}"
    );
    assert_ne!(browser.cookies["usher_session"], before, "a new session");
    let account = browser.get("/account?done=password").await;
    assert!(account.text.contains("signed out everywhere else"), "{account}");
    assert_eq!(elsewhere.get("/account").await.location(), "/sign-in");
    assert!(can_sign_in(&house, NEW).await);
    assert!(!can_sign_in(&house, PASSWORD).await);
}

#[tokio::test]
async fn the_present_password_is_needed_and_guesses_are_slowed() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    for _ in 0..slowing::ACCOUNT_FAILURES_FREE {
        let answer = change(&mut browser, "not the password", NEW).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.alert().contains("Nothing was changed"), "{answer}");
    }
    let hashes = house.edge.sign_in.passwords.hashes_begun();
    let slowed = change(&mut browser, PASSWORD, NEW).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.header("retry-after"), "1");
    assert_eq!(house.edge.sign_in.passwords.hashes_begun(), hashes);
    assert!(can_sign_in(&house, PASSWORD).await, "signing in is counted apart");
    house.clock.advance(slowing::DELAY_MS_FIRST);
    let answer = change(&mut browser, PASSWORD, NEW).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_that_will_not_do_is_refused_before_anything_is_charged() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let hashes = house.edge.sign_in.passwords.hashes_begun();
    for (password, words) in [
        ("too short", "Shorter than 15"),
        ("passwordpassword", "Easy to guess"),
        (&"ab".repeat(65), "Longer than 128"),
        (PASSWORD, "the one you have"),
        ("ｃorrect horse battery", "the one you have"),
    ] {
        for _ in 0..2 {
            let answer = change(&mut browser, PASSWORD, password).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
            assert!(answer.alert().contains(words), "{answer}");
        }
    }
    let different = form(&mut browser, PASSWORD, NEW)
        .await
        .with("again", "something else entirely");
    let answer = browser.submit(&different).await;
    assert!(answer.alert().contains("not the same"), "{answer}");
    assert_eq!(house.edge.sign_in.passwords.hashes_begun(), hashes);
    assert!(can_sign_in(&house, PASSWORD).await);
}

#[tokio::test]
async fn only_the_person_in_their_own_browser_may_change_it() {
    let house = House::for_people().await;
    assert_eq!(Browser::new(&house).get(PATH).await.location(), "/sign-in");
    let mut browser = Browser::new(&house).signed_in().await;
    let good = form(&mut browser, PASSWORD, NEW).await;
    let mut other = Browser::new(&house).signed_in().await;
    for answer in [
        Browser::new(&house).submit(&good).await,
        other.submit(&good).await,
        browser.submit(&good.clone().with("form_token", "")).await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer}");
    }
    assert!(can_sign_in(&house, PASSWORD).await);
}

#[tokio::test]
async fn who_has_no_password_is_told_how_to_get_one() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let session = browser.cookies["usher_session"].clone();
    let session_hash = TokenHash(hash_secret(&session).unwrap());
    let kept = house.store.session(session_hash).await.unwrap().unwrap().session;
    let taken: Change = IdentityChange::SetPassword {
        tenant_id: house.tenant_id,
        user_id: user_id(ADMINISTRATOR),
        password_hash: None,
    }
    .into();
    house
        .change(vec![taken, IdentityChange::OpenSession(kept).into()])
        .await;
    let account = browser.get("/account").await;
    assert!(account.text.contains("You have no password here"), "{account}");
    assert!(!account.text.contains("/account/password"));
    assert_eq!(browser.get(PATH).await.location(), "/account");
}

#[tokio::test]
async fn the_page_is_in_the_readers_language() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house)
        .signed_in()
        .await
        .header("accept-language", "zh-CN");
    let page = browser.get(PATH).await;
    assert!(
        page.text.contains("<html lang=\"zh-CN\">") && page.text.contains("当前密码"),
        "{page}"
    );
    let answer = change(&mut browser, "不对的密码不对的密码不对的密码", NEW).await;
    assert!(answer.alert().contains("当前密码不正确"), "{answer}");
}

#[tokio::test]
async fn a_store_that_cannot_serve_is_told_in_the_readers_language() {
    let house = House::for_people().await;
    house.store.close().await;
    for (language, words) in [
        ("en", "The database does not answer"),
        ("zh-CN", "数据库没有响应"),
    ] {
        let mut browser = Browser::new(&house).header("accept-language", language);
        browser.cookies.insert("usher_session".to_owned(), "A".repeat(43));
        for path in ["/sign-in", "/account", PATH] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(page.header("retry-after"), "1");
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
            assert!(page.text.contains(words), "{path}: {page}");
        }
    }
}
