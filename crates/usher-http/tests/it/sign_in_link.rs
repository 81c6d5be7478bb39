//! Choosing a password with a one-time link.

use axum::http::StatusCode;
use usher_http::sign_in::{LINK_LIFE_MS, make_link};
use usher_identity::Secret;
use usher_store::{Actor, AuditQuery, Author, Change};

use crate::{
    sign_in_support::{Browser, Form, PASSWORD},
    support::{ADMINISTRATOR, Answer, House, user_id},
};

const NEW: &str = "four unrelated words here";

async fn link(house: &House, number: i64) -> String {
    let person = (house.tenant_id, user_id(number));
    let now_ms = usher_http::Clock::now_ms(&*house.clock);
    let path: Secret = make_link(
        &*house.store,
        &*house.edge.chance,
        person,
        (Author::default(), now_ms),
    )
    .await
    .unwrap();
    path.expose().to_owned()
}

fn filled(page: &Answer, path: &str, password: &str, again: &str) -> Form {
    page.form(path).with("password", password).with("again", again)
}

#[tokio::test]
async fn the_first_administrator_chooses_a_password_and_signs_in_with_it() {
    let house = House::open().await;
    assert!(!house.store.passwords_exist().await.unwrap());
    let path = link(&house, ADMINISTRATOR).await;
    let mut browser = Browser::new(&house);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains(&ADMINISTRATOR.to_string()) && page.text.contains(">default<"),
        "{page}"
    );
    let answer = browser.submit(&filled(&page, &path, NEW, NEW)).await;
    assert_eq!(
        (answer.status, answer.location()),
        (
            StatusCode::SEE_OTHER,
            format!("/sign-in?done=password&organisation=default&name={ADMINISTRATOR}").as_str()
        )
    );
    let page = browser.get(answer.location()).await;
    assert!(page.text.contains("Your password is set"), "{page}");
    let name = format!(r#"name="name" value="{ADMINISTRATOR}""#);
    assert!(page.text.contains(&name), "the number is filled in: {page}");
    let hostile = browser
        .get("/sign-in?done=password&name=%22%3E%3Cscript%3E&organisation=x&organisation=y")
        .await;
    assert_eq!(hostile.status, StatusCode::OK);
    assert!(!hostile.text.contains("<script>"), "{hostile}");
    assert!(house.store.passwords_exist().await.unwrap());
    let query = AuditQuery::of(Some(house.tenant_id));
    let log = house.store.audit_records(query).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|entry| entry.record.action.as_str())
        .take(3)
        .collect();
    assert_eq!(
        told,
        ["sign_in.password_set", "sign_in.link_spent", "sign_in.link_made"]
    );
    assert_eq!(log[0].record.author.actor, Actor::User(user_id(ADMINISTRATOR)));
    assert!(log[0].record.author.address.is_some());
    let answer = browser.sign_in("/sign-in", &ADMINISTRATOR.to_string(), NEW).await;
    assert_eq!(answer.location(), "/account");
}

#[tokio::test]
async fn a_link_works_once_and_for_half_an_hour_and_looking_does_not_spend_it() {
    let house = House::open().await;
    let path = link(&house, ADMINISTRATOR).await;
    let mut browser = Browser::new(&house);
    for _ in 0..3 {
        assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    }
    let page = browser.get(&path).await;
    let form = filled(&page, &path, NEW, NEW);
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    let mut over = vec![browser.submit(&form).await, browser.get(&path).await];

    let late = link(&house, ADMINISTRATOR).await;
    house.clock.advance(LINK_LIFE_MS - 1);
    let page = browser.get(&late).await;
    assert_eq!(page.status, StatusCode::OK);
    house.clock.advance(1);
    over.push(browser.submit(&filled(&page, &late, NEW, NEW)).await);
    for unknown in [
        late,
        format!("/link/{}", "A".repeat(43)),
        "/link/x".to_owned(),
        format!("/link/{}", "%3Cscript%3E"),
    ] {
        over.push(browser.get(&unknown).await);
    }
    for answer in over {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer}");
        assert!(answer.text.contains("This link is over"), "{answer}");
    }
}

#[tokio::test]
async fn two_at_once_and_one_password() {
    let house = House::open().await;
    let path = link(&house, ADMINISTRATOR).await;
    let mut browsers = [Browser::new(&house), Browser::new(&house)];
    let mut forms = Vec::new();
    for browser in &mut browsers {
        forms.push(filled(&browser.get(&path).await, &path, NEW, NEW));
    }
    let [one, other] = &mut browsers;
    let (one, other) = tokio::join!(one.submit(&forms[0]), other.submit(&forms[1]));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[tokio::test]
async fn a_password_that_will_not_do_is_explained_and_the_link_stays() {
    let house = House::open().await;
    let path = link(&house, ADMINISTRATOR).await;
    let mut browser = Browser::new(&house);
    let page = browser.get(&path).await;
    for (password, again, sentence) in [
        ("short", "short", "Shorter than 15 characters"),
        ("", "", "Shorter than 15 characters"),
        (
            &"long enough but ".repeat(9),
            &"long enough but ".repeat(9),
            "Longer than 128",
        ),
        ("passwordpassword", "passwordpassword", "Easy to guess"),
        (
            &ADMINISTRATOR.to_string(),
            &ADMINISTRATOR.to_string(),
            "Easy to guess",
        ),
        (NEW, "four unrelated words there", "not the same"),
    ] {
        let answer = browser.submit(&filled(&page, &path, password, again)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(
            answer.alert().starts_with(sentence) || answer.alert().contains(sentence),
            "{answer}"
        );
        assert!(!answer.text.contains(NEW), "a password is never shown");
    }
    assert_eq!(
        browser.submit(&filled(&page, &path, NEW, NEW)).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let house = House::for_people().await;
    let mut elsewhere = Browser::new(&house).signed_in().await;
    let path = link(&house, ADMINISTRATOR).await;
    let mut browser = Browser::new(&house);
    let page = browser.get(&path).await;
    browser.submit(&filled(&page, &path, NEW, NEW)).await;
    assert_eq!(elsewhere.get("/account").await.location(), "/sign-in");
    let old = browser
        .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
        .await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_link_of_somebody_switched_off_or_gone_is_over() {
    let house = House::open().await;
    house.change(vec![house.user(7, true, false)]).await;
    let path = link(&house, 7).await;
    let mut browser = Browser::new(&house);
    house.change(vec![house.user(7, false, false)]).await;
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    house.change(vec![house.user(7, true, false)]).await;
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    house
        .change(vec![Change::DeleteUser {
            tenant_id: house.tenant_id,
            user_id: user_id(7),
        }])
        .await;
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let nobody = (house.tenant_id, user_id(8));
    assert!(
        make_link(&*house.store, &*house.edge.chance, nobody, (Author::default(), 0))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_form_of_another_browser_is_refused() {
    let house = House::open().await;
    let path = link(&house, ADMINISTRATOR).await;
    let form = filled(&Browser::new(&house).get(&path).await, &path, NEW, NEW);
    let mut other = Browser::new(&house);
    assert_eq!(other.submit(&form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(other.get(&path).await.status, StatusCode::OK, "the link stays");
}
