//! A browser in miniature: keeps cookies, reads the real forms of the real pages, and sends them as a browser would.
//! And what the tales of signing in begin with: people with passwords, clients with addresses.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use usher_identity::{Secret, password::hash_password};
use usher_seats::TenantId;
use usher_store::{Change, Client, ClientKind, IdentityChange, User, identity::ClientRegistration};

use crate::support::{ADMINISTRATOR, Answer, Ask, CLIENT, House, user_id};

/// The password of everybody who has one.
pub const PASSWORD: &str = "correct horse battery";
/// Where the client of the first tenant is reached.
pub const CALLBACK: &str = "https://app.example/cb";
/// The path of the authorize address.
pub const AUTHORIZE: &str = "/open-apis/authen/v1/authorize";

/// A form as it stands on a page: its address, and the fields a browser would send.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The same with a field filled in.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A field's value.
    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn body(&self) -> String {
        form_urlencoded(&self.fields)
    }
}

/// Pairs as a form sends them.
pub fn form_urlencoded(pairs: &[(String, String)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

/// A browser.
pub struct Browser<'a> {
    house: &'a House,
    pub cookies: BTreeMap<String, String>,
    pub headers: Vec<(&'static str, String)>,
    pub peer: Option<&'static str>,
}

impl<'a> Browser<'a> {
    /// A browser that prefers English.
    pub fn new(house: &'a House) -> Self {
        Self {
            house,
            cookies: BTreeMap::new(),
            headers: vec![("accept-language", "en".to_owned())],
            peer: Some("127.0.0.1:50000"),
        }
    }

    /// The same with another header on every request.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub async fn get(&mut self, uri: &str) -> Answer {
        self.send(Ask::get(uri)).await
    }

    pub async fn submit(&mut self, form: &Form) -> Answer {
        let ask = Ask::get(&form.action)
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(form.body());
        self.send(ask).await
    }

    pub async fn send(&mut self, mut ask: Ask) -> Answer {
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            ask = ask.header("cookie", pairs.join("; "));
        }
        for (name, value) in &self.headers {
            ask = ask.header(name, value.clone());
        }
        ask.peer = self.peer;
        let answer = self.house.ask_at_once(ask).await;
        for set in answer.headers.get_all("set-cookie") {
            let (pair, attributes) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        assert_guarded(&answer);
        answer
    }

    /// Signs in through the form on the page at `uri`, and gives the answer to the form.
    pub async fn sign_in(&mut self, uri: &str, name: &str, password: &str) -> Answer {
        let page = self.get(uri).await;
        let form = page
            .form("/sign-in")
            .with("name", name)
            .with("password", password);
        self.submit(&form).await
    }

    /// Signs the administrator in, who must be able to.
    pub async fn signed_in(mut self) -> Self {
        let answer = self
            .sign_in("/sign-in", &ADMINISTRATOR.to_string(), PASSWORD)
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer}");
        self
    }
}

/// What holds of every answer of a page.
pub fn assert_guarded(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{answer}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    if answer.header("content-type").starts_with("text/csv") {
        // Never shown as a page, and its cells are made harmless for spreadsheets instead.
        return;
    }
    let text = answer.text.to_lowercase();
    for forbidden in [
        "<script",
        "<style",
        " style=",
        "=\"javascript:",
        " onclick",
        " onload",
        " onerror=",
    ] {
        assert!(!text.contains(forbidden), "{forbidden}: {answer}");
    }
}

impl Answer {
    /// The form on the page that is sent to `action`.
    pub fn form(&self, action: &str) -> Form {
        let found = forms(&self.text).into_iter().find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form for {action}: {self}"))
    }

    /// Every form on the page that changes something.
    pub fn posted_forms(&self) -> Vec<Form> {
        let ours = |form: &Form| !form.field("form_token").is_empty();
        forms(&self.text).into_iter().filter(ours).collect()
    }

    /// The form on the page that changes something at `action`: one with a proof that it is ours.
    pub fn posted(&self, action: &str) -> Form {
        let mut found = forms(&self.text).into_iter();
        found
            .find(|form| form.action == action && !form.field("form_token").is_empty())
            .unwrap_or_else(|| panic!("no form for {action}: {self}"))
    }

    /// The form on the page that is sent to `action` and holds a field with a value.
    pub fn form_with(&self, action: &str, name: &str, value: &str) -> Form {
        let mut found = forms(&self.text).into_iter();
        found
            .find(|form| form.action == action && form.field(name) == value)
            .unwrap_or_else(|| panic!("no form for {action} with {name}={value}: {self}"))
    }

    /// The text of the alert on the page.
    pub fn alert(&self) -> String {
        let begin = self
            .text
            .split("role=\"alert\">")
            .nth(1)
            .unwrap_or_else(|| panic!("no alert: {self}"));
        unescaped(begin.split("</p>").next().unwrap().trim())
    }

    /// The address the browser is sent to.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A parameter of that address.
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        let query = self.location().split_once('?')?.1.split('#').next()?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// Every form of a page. Reads exactly the HTML our templates write: attributes in double quotes, no nested forms.
fn forms(html: &str) -> Vec<Form> {
    html.split("<form ")
        .skip(1)
        .map(|rest| {
            let (tag, rest) = rest.split_once('>').unwrap();
            let inside = rest.split("</form>").next().unwrap();
            let inputs = inside
                .split("<input ")
                .skip(1)
                .map(|input| input.split_once('>').unwrap().0);
            let fields = inputs
                .filter(|input| attribute(input, "type") != "checkbox")
                .map(|input| (attribute(input, "name"), attribute(input, "value")));
            Form {
                action: attribute(tag, "action"),
                fields: fields.collect(),
            }
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> String {
    let found = tag.split(&format!("{name}=\"")).nth(1);
    unescaped(found.and_then(|rest| rest.split('"').next()).unwrap_or_default())
}

/// Text as a person sees it.
pub fn unescaped(text: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

/// An authorize address of the house's client; `added` in query form.
pub fn authorize(added: &str) -> String {
    let redirect: String = form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect();
    format!("{AUTHORIZE}?client_id={CLIENT}&response_type=code&redirect_uri={redirect}&{added}")
}

impl House {
    /// A house whose administrator has a password and whose client is its own and has an address.
    pub async fn for_people() -> Self {
        let house = Self::open().await;
        let own = house
            .store
            .client(house.tenant_id, &CLIENT.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        house
            .change(vec![Change::PutClient(Client {
                kind: ClientKind::SelfBuilt,
                ..own
            })])
            .await;
        house.register(CLIENT, &[CALLBACK]).await;
        house.password(ADMINISTRATOR).await;
        house
    }

    /// Gives a client addresses.
    pub async fn register(&self, client_id: &str, redirect_uris: &[&str]) {
        let registration = ClientRegistration {
            redirect_uris: redirect_uris.iter().map(ToString::to_string).collect(),
            refresh_allowed: true,
            ticket_url: None,
        };
        let client_id = client_id.parse().unwrap();
        let tenant_id = self.tenant_id;
        self.change(vec![
            IdentityChange::RegisterClient {
                tenant_id,
                client_id,
                registration,
            }
            .into(),
        ])
        .await;
    }

    /// Gives a person [`PASSWORD`].
    pub async fn password(&self, number: i64) {
        self.password_in(self.tenant_id, number).await;
    }

    pub async fn password_in(&self, tenant_id: TenantId, number: i64) {
        let phc = hash_password(&Secret::new(PASSWORD), &[5; 16]).unwrap();
        let password = IdentityChange::SetPassword {
            tenant_id,
            user_id: user_id(number),
            password_hash: Some(phc),
        };
        self.change(vec![password.into()]).await;
    }

    /// A person of any tenant, with [`PASSWORD`].
    pub async fn person(&self, tenant_id: TenantId, number: i64, external_id: Option<&str>) {
        let user = User {
            tenant_id,
            user_id: user_id(number),
            name: format!("Person {number}"),
            external_id: external_id.map(str::to_owned),
            enabled: true,
            system_administrator: false,
        };
        self.change(vec![Change::PutUser(user)]).await;
        self.password_in(tenant_id, number).await;
    }

    /// A store client of the first tenant, reached at [`CALLBACK`].
    pub async fn store_client(&self, client_id: &str, scopes: &[&str]) {
        self.change(vec![Change::PutClient(Client {
            tenant_id: self.tenant_id,
            client_id: client_id.parse().unwrap(),
            name: "Store program".to_owned(),
            kind: ClientKind::Store,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            enabled: true,
        })])
        .await;
        self.register(client_id, &[CALLBACK]).await;
    }
}
