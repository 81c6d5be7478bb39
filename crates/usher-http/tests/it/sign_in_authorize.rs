//! A client sends a person here for a code: what the person is asked, and what reaches the client.

use axum::http::StatusCode;
use usher_http::sign_in::authorize::{CODE_LIFE_MS, GRANT_LIFE_MS};
use usher_identity::hash_secret;
use usher_store::{
    Change, IdentityChange, TokenHash,
    identity::{AuthorizationCode, ChallengeMethod},
};

use crate::{
    sign_in_support::{AUTHORIZE, Browser, CALLBACK, PASSWORD, authorize, unescaped},
    support::{ACTIVITIES_SCOPE, ADMINISTRATOR, ASSIGNMENTS_SCOPE, Answer, CLIENT, House, user_id},
};

const STORE_CLIENT: &str = "cli_570e";

/// The code an answer sends to the client, as the store keeps it.
async fn kept(house: &House, answer: &Answer) -> AuthorizationCode {
    let code = answer
        .location_parameter("code")
        .unwrap_or_else(|| panic!("no code: {answer}"));
    let hash = TokenHash(hash_secret(&code).unwrap());
    house.store.authorization_code(hash).await.unwrap().unwrap().what
}

fn is_consent(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.text.contains("action=\"/consent\"")
}

async fn opened(house: &House, scopes: &[&str]) {
    house.change(vec![house.client(CLIENT, scopes, true)]).await;
}

#[tokio::test]
async fn a_person_signs_in_allows_and_the_client_gets_a_code() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let uri = authorize(&format!(
        "scope={ACTIVITIES_SCOPE}&state=a%2Fb%20c&code_challenge={challenge}&code_challenge_method=S256"
    ));
    let page = browser.get(&uri).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("to continue to <strong>Seat report</strong>"),
        "{page}"
    );
    assert!(
        !page.text.contains("name=\"organisation\""),
        "the client tells it"
    );

    let answer = browser.sign_in(&uri, &ADMINISTRATOR.to_string(), PASSWORD).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, uri.as_str())
    );
    let page = browser.get(&uri).await;
    assert!(is_consent(&page), "{page}");
    assert!(page.text.contains("see who uses which application") && page.text.contains(ACTIVITIES_SCOPE));
    assert!(
        page.text.contains("https://app.example<"),
        "where the answer goes: {page}"
    );

    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        answer.location().starts_with("https://app.example/cb?code="),
        "{answer}"
    );
    assert!(answer.location().ends_with("&state=a%2Fb%20c"), "{answer}");
    let code = kept(&house, &answer).await;
    assert_eq!(code.client_id.as_str(), CLIENT);
    assert_eq!(
        (code.tenant_id, code.user_id),
        (house.tenant_id, user_id(ADMINISTRATOR))
    );
    assert_eq!(code.redirect_uri, CALLBACK);
    assert_eq!(code.scopes, [ACTIVITIES_SCOPE]);
    assert_eq!(
        code.challenge,
        Some((challenge.to_owned(), ChallengeMethod::S256))
    );
    assert_eq!(
        code.expires_at_ms,
        usher_http::Clock::now_ms(&*house.clock) + CODE_LIFE_MS
    );
    assert!(!code.spent);
}

#[tokio::test]
async fn a_person_refuses_and_the_client_hears_just_that() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(&authorize("state=x%26y")).await;
    let answer = browser
        .submit(&page.form("/consent").with("decision", "deny"))
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (
            StatusCode::SEE_OTHER,
            "https://app.example/cb?error=access_denied&state=x%26y"
        )
    );
    assert!(
        is_consent(&browser.get(&authorize("state=x")).await),
        "nothing was granted"
    );
}

#[tokio::test]
async fn a_grant_is_remembered_and_grants_add_up() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let asked = authorize(&format!("scope={ACTIVITIES_SCOPE}"));
    let page = browser.get(&asked).await;
    browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;

    let answer = browser.get(&asked).await;
    assert_eq!(answer.status, StatusCode::FOUND, "not asked again: {answer}");
    assert_eq!(kept(&house, &answer).await.scopes, [ACTIVITIES_SCOPE]);

    let page = browser
        .get(&authorize(&format!("scope={ASSIGNMENTS_SCOPE}")))
        .await;
    assert!(is_consent(&page), "something new is asked");
    let granted = page.text.split("You have allowed it before to").nth(1).unwrap();
    assert!(granted.contains(ACTIVITIES_SCOPE), "{page}");
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    let both = [ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE];
    assert_eq!(kept(&house, &answer).await.scopes, both);
    for narrower in [asked, authorize("")] {
        let answer = browser.get(&narrower).await;
        assert_eq!(
            kept(&house, &answer).await.scopes,
            both,
            "earlier grants are not taken away"
        );
    }
    let page = browser
        .get(&authorize(&format!("scope={ACTIVITIES_SCOPE}&prompt=consent")))
        .await;
    assert!(is_consent(&page), "asking is wanted");

    opened(&house, &[ASSIGNMENTS_SCOPE]).await;
    let answer = browser.get(&authorize("")).await;
    assert_eq!(
        kept(&house, &answer).await.scopes,
        [ASSIGNMENTS_SCOPE],
        "no longer opened, no longer given"
    );
}

#[tokio::test]
async fn offline_access_is_given_only_when_it_is_asked_for() {
    let house = House::for_people().await;
    opened(&house, &[ACTIVITIES_SCOPE, "offline_access"]).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let offline = authorize(&format!("scope={ACTIVITIES_SCOPE}%20offline_access"));
    let page = browser.get(&offline).await;
    assert!(page.text.contains("while you are away"), "{page}");
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert_eq!(
        kept(&house, &answer).await.scopes,
        [ACTIVITIES_SCOPE, "offline_access"]
    );
    let answer = browser
        .get(&authorize(&format!("scope={ACTIVITIES_SCOPE}")))
        .await;
    assert_eq!(kept(&house, &answer).await.scopes, [ACTIVITIES_SCOPE]);
    let answer = browser.get(&offline).await;
    assert_eq!(
        kept(&house, &answer).await.scopes,
        [ACTIVITIES_SCOPE, "offline_access"]
    );
}

#[tokio::test]
async fn a_grant_is_asked_for_anew_after_a_year() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(&authorize("")).await;
    browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    house.clock.advance(GRANT_LIFE_MS - 1);
    let mut browser = Browser::new(&house).signed_in().await;
    assert_eq!(browser.get(&authorize("")).await.status, StatusCode::FOUND);
    house.clock.advance(1);
    assert!(is_consent(&browser.get(&authorize("")).await));
}

/// What the page of a refusal shows below the line for developers.
fn refused(answer: &Answer, code: u32) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.location(), "", "nobody is sent anywhere");
    let facts = answer.text.split("<dl class=\"facts stacked\">").nth(1).unwrap();
    assert!(
        facts.contains(&format!("<span class=\"code\">{code}</span>")),
        "{code}: {answer}"
    );
    assert!(facts.contains(answer.header("x-tt-logid")), "{answer}");
    unescaped(facts.split("</dl>").next().unwrap())
}

#[tokio::test]
async fn an_unknown_client_or_address_is_told_to_the_person_and_to_nobody_else() {
    let house = House::for_people().await;
    let uri = |client: &str, redirect: &str| {
        format!("{AUTHORIZE}?client_id={client}&response_type=code&state=s&redirect_uri={redirect}")
    };
    for signed_in in [false, true] {
        let mut browser = Browser::new(&house);
        if signed_in {
            browser = browser.signed_in().await;
        }
        for (client, redirect) in [
            (CLIENT, "https%3A%2F%2Fevil.example%2Fcb"),
            (CLIENT, "https%3A%2F%2Fapp.example%2Fcb%2F"),
            (CLIENT, "https%3A%2F%2Fapp.example%2Fcb%2F..%2Fcb"),
            (CLIENT, "https%3A%2F%2Fapp.example.evil.example%2Fcb"),
            (CLIENT, "http%3A%2F%2Fapp.example%2Fcb"),
            (CLIENT, "javascript%3Aalert(1)"),
            (CLIENT, "%2Fcb"),
            ("cli_unknown", "https%3A%2F%2Fapp.example%2Fcb"),
            ("not-an-id", "https%3A%2F%2Fapp.example%2Fcb"),
        ] {
            refused(&browser.get(&uri(client, redirect)).await, 20029);
        }
    }
}

#[tokio::test]
async fn the_query_of_the_address_is_kept_and_its_fragment_goes_last() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let uri = format!(
        "{AUTHORIZE}?client_id={CLIENT}&response_type=code&state=s&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1%23%2Flogin"
    );
    let page = browser.get(&uri).await;
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    let location = answer.location().to_owned();
    assert!(
        location.starts_with("https://app.example/cb?x=1&code=") && location.ends_with("&state=s#/login"),
        "{location}"
    );
    assert_eq!(
        kept(&house, &answer).await.redirect_uri,
        "https://app.example/cb?x=1#/login"
    );
}

#[tokio::test]
async fn what_the_client_has_not_opened_is_refused_before_anybody_signs_in() {
    let house = House::for_people().await;
    let answer = Browser::new(&house)
        .get(&authorize(&format!("scope={ACTIVITIES_SCOPE}%20contact:all")))
        .await;
    let facts = refused(&answer, 20027);
    assert!(
        facts.contains("scope=contact:all"),
        "only what is not opened: {facts}"
    );
}

#[tokio::test]
async fn a_client_switched_off_is_refused() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(&authorize("")).await;
    house.change(vec![house.client(CLIENT, &[], false)]).await;
    refused(&browser.get(&authorize("")).await, 20069);
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    refused(&answer, 20069);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_code() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let redirect = "redirect_uri=https%3A%2F%2Fapp.example%2Fcb";
    for (query, code) in [
        (String::new(), 20001),
        (format!("response_type=code&{redirect}"), 20001),
        (format!("client_id={CLIENT}&response_type=code"), 20001),
        (format!("client_id={CLIENT}&{redirect}"), 20001),
        (
            format!("client_id={CLIENT}&response_type=token&{redirect}"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&client_id={CLIENT}&response_type=code&{redirect}"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&state=1&state=1"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&scope=a&scope=b"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&scope=a%20a"),
            20067,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&scope=%FF"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&code_challenge=short"),
            20063,
        ),
        (
            format!("client_id={CLIENT}&response_type=code&{redirect}&code_challenge_method=S256"),
            20001,
        ),
        (
            format!(
                "client_id={CLIENT}&response_type=code&{redirect}&state={}",
                "s".repeat(2_049)
            ),
            20063,
        ),
    ] {
        refused(&browser.get(&format!("{AUTHORIZE}?{query}")).await, code);
    }
}

#[tokio::test]
async fn hostile_parameters_are_shown_harmless() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%0D%0ASet-Cookie:x";
    for uri in [
        format!("{AUTHORIZE}?client_id={CLIENT}&response_type=code&redirect_uri={hostile}"),
        authorize(&format!("scope={hostile}")),
        authorize(&format!("state={hostile}&language={hostile}")),
        authorize(&format!("{hostile}={hostile}")),
    ] {
        // The browser's own checks look at every answer.
        let answer = browser.get(&uri).await;
        assert!(answer.headers.get("x").is_none());
    }
    let mut browser = browser.signed_in().await;
    let page = browser.get(&authorize(&format!("state={hostile}"))).await;
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert!(
        answer
            .location()
            .ends_with("&state=%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%0D%0ASet-Cookie%3Ax")
    );
}

#[tokio::test]
async fn the_old_form_of_the_address_works() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let uri = format!(
        "/open-apis/authen/v1/index?app_id={CLIENT}&state=s&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
    );
    let answer = browser.sign_in(&uri, &ADMINISTRATOR.to_string(), PASSWORD).await;
    assert_eq!(answer.location(), uri);
    let page = browser.get(&uri).await;
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert!(
        answer.location().starts_with("https://app.example/cb?code="),
        "{answer}"
    );
    assert_eq!(browser.get(&uri).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_consent_needs_the_page_it_was_shown_on() {
    let house = House::for_people().await;
    house.person(house.tenant_id, 7, None).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let form = browser
        .get(&authorize(""))
        .await
        .form("/consent")
        .with("decision", "allow");

    assert_eq!(
        Browser::new(&house).submit(&form).await.status,
        StatusCode::FORBIDDEN,
        "nobody is signed in"
    );
    let mut other = Browser::new(&house);
    other.sign_in("/sign-in", "7", PASSWORD).await;
    assert_eq!(
        other.submit(&form).await.status,
        StatusCode::FORBIDDEN,
        "somebody else is"
    );
    let account = browser.get("/account").await.form("/sign-out");
    let swapped = form.clone().with("form_token", account.field("form_token"));
    assert_eq!(
        browser.submit(&swapped).await.status,
        StatusCode::FORBIDDEN,
        "another form's token"
    );
    // What the form holds is checked like the address itself.
    let evil = form.field("query").replace("app.example", "evil.example");
    assert_eq!(
        browser.submit(&form.clone().with("query", &evil)).await.status,
        StatusCode::BAD_REQUEST
    );
    for (field, value) in [("decision", "maybe"), ("decision", ""), ("query", "")] {
        let answer = browser.submit(&form.clone().with(field, value)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field}={value}");
    }
    assert!(
        is_consent(&browser.get(&authorize("")).await),
        "nothing was granted so far"
    );
    assert!(browser.submit(&form).await.location().contains("code="));
}

#[tokio::test]
async fn the_consent_page_lets_its_form_end_at_the_client() {
    let house = House::for_people().await;
    house
        .register(CLIENT, &[CALLBACK, "http://localhost:3000/cb"])
        .await;
    let mut browser = Browser::new(&house);
    for signed_in in [false, true] {
        if signed_in {
            browser = browser.signed_in().await;
        }
        let answer = browser.get(&authorize("")).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    }
}

#[tokio::test]
async fn people_of_another_organisation_sign_in_to_the_right_one_first() {
    let house = House::for_people().await;
    let other = house.tenant("elsewhere").await;
    house.person(other, 5, Some("dora")).await;
    let mut browser = Browser::new(&house);
    let form = browser.get("/sign-in").await.form("/sign-in");
    browser
        .submit(
            &form
                .with("organisation", "elsewhere")
                .with("name", "dora")
                .with("password", PASSWORD),
        )
        .await;
    let page = browser.get(&authorize("")).await;
    assert!(page.text.contains("signed in to another organisation"), "{page}");
    // Whatever organisation is named, it is the client's that counts.
    let form = page
        .form("/sign-in")
        .with("organisation", "elsewhere")
        .with("name", "dora")
        .with("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.status, StatusCode::FORBIDDEN);
    let form = form.with("name", &ADMINISTRATOR.to_string());
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    assert!(is_consent(&browser.get(&authorize("")).await));
}

#[tokio::test]
async fn a_store_client_serves_only_where_it_is_installed() {
    let house = House::for_people().await;
    house.store_client(STORE_CLIENT, &[ACTIVITIES_SCOPE]).await;
    let other = house.tenant("elsewhere").await;
    house.person(other, 5, Some("dora")).await;
    let uri = authorize("").replace(CLIENT, STORE_CLIENT);
    let mut browser = Browser::new(&house);
    let page = browser.get(&uri).await;
    assert!(
        page.text.contains("name=\"organisation\""),
        "anybody's organisation may have installed it: {page}"
    );
    let form = page
        .form("/sign-in")
        .with("organisation", "elsewhere")
        .with("name", "dora")
        .with("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.location(), uri);
    refused(&browser.get(&uri).await, 20009);

    let client_id = STORE_CLIENT.parse().unwrap();
    house
        .change(vec![
            IdentityChange::InstallClient {
                tenant_id: other,
                client_id,
            }
            .into(),
        ])
        .await;
    let page = browser.get(&uri).await;
    assert!(
        is_consent(&page) && page.text.contains("made by another organisation"),
        "{page}"
    );
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert_eq!(kept(&house, &answer).await.tenant_id, other);

    let client_id = STORE_CLIENT.parse().unwrap();
    house
        .change(vec![
            IdentityChange::UninstallClient {
                tenant_id: other,
                client_id,
            }
            .into(),
        ])
        .await;
    refused(&browser.get(&uri).await, 20009);
}

#[tokio::test]
async fn somebody_may_come_back_as_somebody_else() {
    let house = House::for_people().await;
    house.person(house.tenant_id, 7, None).await;
    let mut browser = Browser::new(&house).signed_in().await;
    let uri = authorize("state=s");
    let page = browser.get(&uri).await;
    let answer = browser.submit(&page.form("/sign-out")).await;
    assert_eq!(answer.location(), uri);
    browser.sign_in(&uri, "7", PASSWORD).await;
    let page = browser.get(&uri).await;
    assert!(page.text.contains("Person 7"), "{page}");
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert_eq!(kept(&house, &answer).await.user_id, user_id(7));
}

#[tokio::test]
async fn a_person_switched_off_while_the_page_was_open_allows_nothing() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get(&authorize("")).await;
    house
        .change(vec![Change::SetTenantEnabled {
            tenant_id: house.tenant_id,
            enabled: false,
        }])
        .await;
    let answer = browser
        .submit(&page.form("/consent").with("decision", "allow"))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer}");
}

#[tokio::test]
async fn the_consent_page_speaks_chinese() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser
        .get(&authorize(&format!("scope={ACTIVITIES_SCOPE}&language=zh")))
        .await;
    assert!(
        page.text.contains("请求代表您进行操作") && page.text.contains("查看成员使用哪些应用"),
        "{page}"
    );
    let form = page.form("/consent");
    assert!(
        !form.field("query").contains("language"),
        "the client's request is as it came"
    );
}
