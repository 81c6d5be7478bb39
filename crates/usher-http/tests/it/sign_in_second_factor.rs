//! Six digits after the password.

use axum::http::StatusCode;
use usher_http::{
    Clock as _,
    sign_in::{make_link, slowing},
};
use usher_identity::one_time_password::OneTimeKey;

use crate::{
    sign_in_support::{Browser, PASSWORD, authorize},
    support::{ADMINISTRATOR, Answer, House, user_id},
};

const STEP_MS: i64 = 30_000;

/// The key on the page of a new second factor, as an app would take it.
fn key_shown(page: &Answer) -> OneTimeKey {
    let text = page
        .text
        .split("secret=")
        .nth(1)
        .unwrap()
        .split("&#38;")
        .next()
        .unwrap();
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => u64::from(letter - b'A'),
        _ => u64::from(letter - b'2') + 26,
    };
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks(8)
        .flat_map(|group| {
            let bits = group.iter().fold(0, |bits, letter| bits << 5 | value(*letter));
            bits.to_be_bytes()[3..].to_vec()
        })
        .collect();
    OneTimeKey::new(bytes.try_into().unwrap())
}

fn digits(house: &House, key: &OneTimeKey) -> String {
    key.digits(house.clock.now_ms() / STEP_MS)
}

/// Turns the administrator's second factor on; the present step is spent with it.
async fn enrolled(house: &House) -> OneTimeKey {
    let mut browser = Browser::new(house).signed_in().await;
    let page = browser.get("/account/second-factor").await;
    let key = key_shown(&page);
    let form = page
        .form("/account/second-factor")
        .with("digits", &digits(house, &key));
    let answer = browser.submit(&form).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account"),
        "{answer}"
    );
    assert!(
        browser
            .get("/account")
            .await
            .text
            .contains("asked for six digits")
    );
    house.clock.advance(2 * STEP_MS);
    key
}

/// The page that asks for the digits.
async fn asked(browser: &mut Browser<'_>, uri: &str) -> Answer {
    let page = browser.sign_in(uri, &ADMINISTRATOR.to_string(), PASSWORD).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");
    assert!(
        !browser.cookies.contains_key("usher_session"),
        "nobody is signed in yet"
    );
    page
}

#[tokio::test]
async fn the_digits_complete_the_sign_in_and_lead_where_it_was_going() {
    let house = House::for_people().await;
    let key = enrolled(&house).await;
    let mut browser = Browser::new(&house);
    let uri = authorize("state=s");
    let page = asked(&mut browser, &uri).await;
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self' https:;"),
        "{page}"
    );
    let spaced = digits(&house, &key);
    let form = page
        .form("/sign-in/digits")
        .with("digits", &format!("{} {}", &spaced[..3], &spaced[3..]));
    let answer = browser.submit(&form).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, uri.as_str()),
        "{answer}"
    );
    assert!(browser.get(&uri).await.text.contains("action=\"/consent\""));
}

#[tokio::test]
async fn a_step_is_good_once_whoever_uses_it() {
    let house = House::for_people().await;
    let key = enrolled(&house).await;
    let (mut one, mut other) = (Browser::new(&house), Browser::new(&house));
    let (first, second) = (
        asked(&mut one, "/sign-in").await,
        asked(&mut other, "/sign-in").await,
    );
    let now = digits(&house, &key);
    let first = one
        .submit(&first.form("/sign-in/digits").with("digits", &now))
        .await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let refused = other
        .submit(&second.form("/sign-in/digits").with("digits", &now))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.alert().contains("used already"), "{refused}");
    let earlier = key.digits(house.clock.now_ms() / STEP_MS - 1);
    let refused = other
        .submit(&refused.form("/sign-in/digits").with("digits", &earlier))
        .await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "earlier steps are spent with it"
    );
    house.clock.advance(STEP_MS);
    let form = refused
        .form("/sign-in/digits")
        .with("digits", &digits(&house, &key));
    assert_eq!(other.submit(&form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_digits_is_slowed_however_well_the_password_is_known() {
    let house = House::for_people().await;
    enrolled(&house).await;
    let mut guesses = 0;
    let last = loop {
        let mut browser = Browser::new(&house);
        let page = browser
            .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
            .await;
        if page.status == StatusCode::TOO_MANY_REQUESTS {
            break page;
        }
        let answer = browser
            .submit(&page.form("/sign-in/digits").with("digits", "000000"))
            .await;
        guesses += 1;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    };
    assert!(guesses <= slowing::ACCOUNT_FAILURES_FREE, "{guesses}");
    assert!(last.alert().starts_with("Too many attempts"), "{last}");
}

#[tokio::test]
async fn what_was_shown_so_far_belongs_to_its_browser_and_to_a_few_minutes() {
    let house = House::for_people().await;
    let key = enrolled(&house).await;
    let mut browser = Browser::new(&house);
    let form = asked(&mut browser, "/sign-in").await.form("/sign-in/digits");
    let mut thief = Browser::new(&house);
    let own = thief.get("/sign-in").await.form("/sign-in");
    let stolen = form
        .clone()
        .with("form_token", own.field("form_token"))
        .with("digits", &digits(&house, &key));
    assert_eq!(thief.submit(&stolen).await.status, StatusCode::FORBIDDEN);
    assert!(!thief.cookies.contains_key("usher_session"));
    let forged = form
        .clone()
        .with("pending", &"A".repeat(200))
        .with("digits", &digits(&house, &key));
    assert_eq!(browser.submit(&forged).await.status, StatusCode::FORBIDDEN);
    house.clock.advance(5 * 60 * 1_000);
    let late = form.with("digits", &digits(&house, &key));
    assert_eq!(browser.submit(&late).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_new_second_factor_needs_proof_that_the_app_has_the_key() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/account/second-factor").await;
    assert!(
        page.text.contains("<svg class=\"picture\"") && page.text.contains("otpauth://totp/Usher:"),
        "{page}"
    );
    let key = key_shown(&page);
    let form = page.form("/account/second-factor");
    let wrong = browser.submit(&form.clone().with("digits", "000000")).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert_eq!(key_shown(&wrong), key, "the key stays the same");
    let forged = form
        .clone()
        .with("sealed_key", &"A".repeat(80))
        .with("digits", &digits(&house, &key));
    assert_eq!(browser.submit(&forged).await.status, StatusCode::FORBIDDEN);
    let mut other = Browser::new(&house).signed_in().await;
    let token = other
        .get("/account/second-factor")
        .await
        .form("/account/second-factor");
    let moved = form
        .clone()
        .with("form_token", token.field("form_token"))
        .with("digits", &digits(&house, &key));
    assert_eq!(
        other.submit(&moved).await.status,
        StatusCode::FORBIDDEN,
        "another session's key"
    );
    assert!(browser.get("/account").await.text.contains("a password is all"));
    assert_eq!(
        browser
            .submit(&form.with("digits", &digits(&house, &key)))
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    // It is on: there is no second one, and no way to a new one past it.
    assert_eq!(browser.get("/account/second-factor").await.location(), "/account");
}

#[tokio::test]
async fn the_kept_key_is_sealed() {
    let house = House::for_people().await;
    let key = enrolled(&house).await;
    let credential = house
        .store
        .credential_of(house.tenant_id, user_id(ADMINISTRATOR))
        .await
        .unwrap()
        .unwrap();
    let sealed = credential.totp_sealed.unwrap();
    assert!(!sealed.windows(20).any(|window| window == key.expose()));
}

#[tokio::test]
async fn it_is_taken_away_against_digits() {
    let house = House::for_people().await;
    let key = enrolled(&house).await;
    let mut browser = Browser::new(&house);
    let page = asked(&mut browser, "/sign-in").await;
    browser
        .submit(&page.form("/sign-in/digits").with("digits", &digits(&house, &key)))
        .await;
    let account = browser.get("/account").await;
    let form = account.form("/account/second-factor/remove");
    let refused = browser
        .submit(&form.clone().with("digits", &digits(&house, &key)))
        .await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "the step was spent on signing in"
    );
    house.clock.advance(STEP_MS);
    let answer = browser.submit(&form.with("digits", &digits(&house, &key))).await;
    assert_eq!(answer.location(), "/account", "{answer}");
    let answer = Browser::new(&house)
        .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "the password is enough again"
    );
}

#[tokio::test]
async fn a_link_takes_it_away_when_the_device_is_lost_and_only_when_asked() {
    let house = House::for_people().await;
    enrolled(&house).await;
    for (removes, expected) in [(false, StatusCode::OK), (true, StatusCode::SEE_OTHER)] {
        let person = (house.tenant_id, user_id(ADMINISTRATOR));
        let path = make_link(
            &*house.store,
            &*house.edge.chance,
            person,
            (usher_store::Author::default(), house.clock.now_ms()),
        )
        .await
        .unwrap();
        let mut browser = Browser::new(&house);
        let page = browser.get(path.expose()).await;
        assert!(page.text.contains("take the second factor away"), "{page}");
        let mut form = page
            .form(path.expose())
            .with("password", PASSWORD)
            .with("again", PASSWORD);
        if removes {
            form = form.with("remove_second_factor", "yes");
        }
        assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
        let answer = browser
            .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
            .await;
        assert_eq!(answer.status, expected, "{answer}");
    }
}
