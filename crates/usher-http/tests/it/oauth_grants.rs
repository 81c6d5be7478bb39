//! What a client gets for a code, in every way it may ask.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use form_urlencoded::byte_serialize;
use usher_identity::make_secret;

use crate::{
    oauth_support::{
        CodeOrder, Desk, Fields, HOUR_MS, REDIRECT, STORE_CLIENT, V2, V3, assert_flat, code_fields, json_ask,
        refresh_fields, secret, text,
    },
    support::{ACTIVITIES_SCOPE, Answer, Ask, CLIENT},
};

/// An answer with its tokens told by form and length, since they are random.
fn shape(answer: &Answer) -> String {
    assert_flat(answer);
    let json = answer.json();
    let mut text = answer.text.clone();
    for name in ["access_token", "refresh_token"] {
        if let Some(token) = json[name].as_str() {
            let form: String = token.split_inclusive('-').take(1).collect();
            text = text.replace(token, &format!("{form}<{}>", token.len()));
        }
    }
    format!("{} {text}", answer.status)
}

#[tokio::test]
async fn a_code_becomes_tokens_that_work() {
    for (path, refresh_length) in [(V2, 46), (V3, 48)] {
        let desk = Desk::open().await;
        let code = desk.code().await;
        let answer = desk.post(path, &code_fields(&code)).await;
        assert_eq!(
            shape(&answer),
            format!(
                r#"200 OK {{"code":0,"access_token":"u-<45>","expires_in":7200,"refresh_token":"ur-<{refresh_length}>","refresh_token_expires_in":604800,"token_type":"Bearer","scope":"{ACTIVITIES_SCOPE} b offline_access"}}"#
            )
        );
        let token = text(&answer.json()["access_token"]);
        assert_eq!(desk.seat_call(&token).await, 0);
        desk.house.clock.advance(2 * HOUR_MS);
        assert_eq!(desk.seat_call(&token).await, 99_991_677);

        let answer = desk.refresh(path, &text(&answer.json()["refresh_token"])).await;
        assert_eq!(
            shape(&answer),
            format!(
                r#"200 OK {{"code":0,"access_token":"u-<45>","expires_in":7200,"refresh_token":"ur-<{refresh_length}>","refresh_token_expires_in":604800,"token_type":"Bearer","scope":"{ACTIVITIES_SCOPE} b offline_access"}}"#
            )
        );
        assert_eq!(desk.seat_call(&text(&answer.json()["access_token"])).await, 0);
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let desk = Desk::open().await;
    for path in [V2, V3] {
        let order = CodeOrder {
            scopes: vec![ACTIVITIES_SCOPE],
            ..desk.order()
        };
        let code = desk.put_code(order).await;
        assert_eq!(
            shape(&desk.post(path, &code_fields(&code)).await),
            format!(
                r#"200 OK {{"code":0,"access_token":"u-<45>","expires_in":7200,"token_type":"Bearer","scope":"{ACTIVITIES_SCOPE}"}}"#
            )
        );
    }
}

/// Asking for less narrows one access token; the next refresh may ask for something else, or for all again.
#[tokio::test]
async fn narrowing_does_not_add_up() {
    let desk = Desk::open().await;
    for path in [V2, V3] {
        let code = desk.code().await;
        let mut fields = code_fields(&code);
        fields.push(("scope", "b"));
        let mut answer = desk.post(path, &fields).await.json();
        assert_eq!(answer["scope"], "b");
        assert_eq!(desk.seat_call(&text(&answer["access_token"])).await, 99_991_679);
        for (asked, expected) in [
            (ACTIVITIES_SCOPE, ACTIVITIES_SCOPE.to_owned()),
            ("offline_access  b", "offline_access b".to_owned()),
            ("", format!("{ACTIVITIES_SCOPE} b offline_access")),
        ] {
            let refresh_token = text(&answer["refresh_token"]);
            let mut fields = refresh_fields(&refresh_token);
            fields.push(("scope", asked));
            answer = desk.post(path, &fields).await.json();
            assert_eq!(answer["scope"], expected, "{answer}");
        }
    }
}

/// Ways of writing the same fields.
fn bodies(fields: &Fields<'_>) -> Vec<(&'static str, Ask)> {
    let form = |path| {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Ask::get(path).method("POST").body(body)
    };
    let json = json_ask(V3, fields);
    let bare = |ask: Ask| Ask::get(V3).method("POST").body(ask.body);
    vec![
        ("JSON", json.clone()),
        ("JSON without a type", bare(json.clone())),
        (
            "JSON called a form",
            bare(json.clone()).header("content-type", "application/x-www-form-urlencoded"),
        ),
        (
            "JSON called text",
            bare(json).header("content-type", "text/plain; charset=utf-8"),
        ),
        (
            "a form",
            form(V3).header("content-type", "application/x-www-form-urlencoded"),
        ),
        ("a form without a type", form(V3)),
        (
            "a form called JSON",
            form(V3).header("content-type", "application/json"),
        ),
    ]
}

#[tokio::test]
async fn fields_and_secrets_may_be_written_in_every_known_way() {
    let desk = Desk::open().await;
    let secret = secret();
    let encode_all = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let encode_some = |text: &str| {
        byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('_', "%5F")
            .replace('-', "%2d")
    };
    let basic = [
        format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}"))),
        format!(
            "basic {}",
            STANDARD.encode(format!("{}:{}", encode_some(CLIENT), encode_some(&secret)))
        ),
        format!(
            "BASIC  {}",
            STANDARD.encode(format!("{}:{}", encode_all(CLIENT), encode_all(&secret)))
        ),
    ];
    let mut asked = 0;
    for way in 0..7 {
        let own = [("client_id", CLIENT), ("client_secret", secret.as_str())];
        for (title, header, more) in [
            ("body", None, &own[..]),
            ("body beside a token", Some("Bearer u-abc".to_owned()), &own),
            ("Basic", Some(basic[0].clone()), &[]),
            ("Basic beside the id", Some(basic[0].clone()), &own[..1]),
            ("Basic, some of it encoded", Some(basic[1].clone()), &[]),
            ("Basic, all of it encoded", Some(basic[2].clone()), &[]),
        ] {
            let code = desk.code().await;
            let mut fields = code_fields(&code);
            fields.push(("redirect_uri", REDIRECT));
            fields.extend(more);
            let (writing, ask) = bodies(&fields).swap_remove(way);
            let ask = match header {
                Some(header) => ask.header("authorization", header),
                None => ask,
            };
            let answer = desk.house.ask_at_once(ask).await;
            assert_eq!(answer.status, 200, "{title} in {writing}: {answer}");
            asked += 1;
        }
    }
    assert_eq!(asked, 42);
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_are_good() {
    let desk = Desk::open().await;
    let new = make_secret(&[0x77; 32]).expose().to_owned();
    let end_ms = crate::support::BEGIN_MS + HOUR_MS;
    desk.add_secret(CLIENT, &new, end_ms).await;
    let status = async |secret: &str| {
        let code = desk.code().await;
        let mut fields = code_fields(&code);
        fields.extend([("client_id", CLIENT), ("client_secret", secret)]);
        desk.post_bare(V3, &fields).await.status.as_u16()
    };
    let old = secret();
    assert_eq!((status(&old).await, status(&new).await), (200, 200));
    desk.house.clock.advance(HOUR_MS - 1);
    assert_eq!((status(&old).await, status(&new).await), (200, 200));
    desk.house.clock.advance(1);
    assert_eq!((status(&old).await, status(&new).await), (400, 200));
}

#[tokio::test]
async fn a_client_alone_gets_its_tenant_token_from_v3() {
    let desk = Desk::open().await;
    let fields = vec![("grant_type", "client_credentials")];
    let answer = desk.post(V3, &fields).await;
    let expires_in = answer.json()["expires_in"].as_i64().unwrap();
    assert_eq!(
        shape(&answer),
        format!(
            r#"200 OK {{"code":0,"access_token":"t-<45>","expires_in":{expires_in},"token_type":"Bearer"}}"#
        )
    );
    assert!((1_800..=7_200).contains(&expires_in), "{expires_in}");
    assert_eq!(
        desk.seat_call(&text(&answer.json()["access_token"])).await,
        99_991_663
    );
    let secret = secret();
    let mut fields = fields;
    fields.extend([("client_id", STORE_CLIENT), ("client_secret", secret.as_str())]);
    assert_eq!(desk.post_bare(V3, &fields).await.code(), 20_009);
}

#[tokio::test]
async fn the_metadata_names_this_server_as_it_was_asked() {
    let desk = Desk::open().await;
    let path = "/.well-known/oauth-authorization-server";
    let forwarded = |ask: Ask| {
        ask.header("host", "inside:8080")
            .header("x-forwarded-host", "usher.example")
            .header("x-forwarded-proto", "https")
    };
    for (ask, origin) in [
        (
            Ask::get(path).header("host", "127.0.0.1:8080"),
            "http://127.0.0.1:8080",
        ),
        (
            forwarded(Ask::get(path)).from("127.0.0.1:9"),
            "https://usher.example",
        ),
        (
            forwarded(Ask::get(path)).from("192.0.2.1:9"),
            "http://inside:8080",
        ),
    ] {
        let answer = desk.house.ask(ask).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let json = answer.json();
        assert_eq!(json["issuer"], origin, "{answer}");
        assert_eq!(json["token_endpoint"], format!("{origin}/oauth/v3/token"));
        assert_eq!(
            json["authorization_endpoint"],
            format!("{origin}/open-apis/authen/v1/authorize")
        );
        assert_eq!(
            json["grant_types_supported"],
            serde_json::json!(["authorization_code", "refresh_token", "client_credentials"])
        );
        assert_eq!(json["code_challenge_methods_supported"][0], "S256");
        assert!(
            json["scopes_supported"]
                .as_array()
                .unwrap()
                .contains(&ACTIVITIES_SCOPE.into())
        );
    }
    for host in ["", "a b", "user@host", "a/b"] {
        let answer = desk.house.ask(Ask::get(path).header("host", host)).await;
        assert_eq!(answer.violated_fields(), ["Host"], "{answer}");
    }
    let answer = desk
        .house
        .ask(Ask::get(path).method("POST").header("host", "x"))
        .await;
    assert_eq!(answer.violated_fields(), ["method"], "{answer}");
}
