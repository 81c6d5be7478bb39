//! A person with a browser of forms and cookies.

use std::collections::BTreeMap;

use crate::http::{self, Answer};

/// What the person chooses.
const PASSWORD: &str = "violet anchor turnip seventeen";
/// What proves in the end who has asked for the code.
pub(crate) const VERIFIER: &str = "a-verifier-of-enough-letters-for-anybody-who-counts";
/// base64url of its SHA-256.
const CHALLENGE: &str = "tRJvXVFPa9iX62CjQ_2lgTMapx_GUmVtmGQNfSjC17M";
/// Where the code goes.
pub(crate) const CALLBACK: &str = "http://127.0.0.1/callback";
/// The client that every server has.
pub(crate) const CLIENT: &str = "cli_usher_login";

/// Somebody who signs in at whichever address they are told.
#[derive(Clone, Default)]
pub(crate) struct Person {
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Opens a page.
    pub(crate) fn get(&mut self, address: &str, target: &str) -> Answer {
        let answer = http::get(address, target, &[&self.cookie_line()]);
        self.remember(&answer);
        answer
    }

    /// Sends the form of a page, with what was typed.
    pub(crate) fn post(
        &mut self,
        address: &str,
        target: &str,
        page: &Answer,
        typed: &[(&str, &str)],
    ) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(hidden(&page.body, target)).extend_pairs(typed);
        let headers = [
            self.cookie_line(),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
        ];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = http::post(address, target, &headers, &body.finish());
        self.remember(&answer);
        answer
    }

    /// Chooses the password with a link whose page is open, however often.
    pub(crate) fn chooses(mut self, address: &str, link: &str, page: &Answer) -> Answer {
        self.post(
            address,
            link,
            page,
            &[("password", PASSWORD), ("again", PASSWORD)],
        )
    }

    /// Signs in as the default tenant's first person.
    pub(crate) fn signs_in(&mut self, address: &str) {
        let page = self.get(address, "/sign-in");
        let answer = self.post(
            address,
            "/sign-in",
            &page,
            &[("name", "1"), ("password", PASSWORD)],
        );
        assert_eq!(answer.status, 303, "{answer:?}");
    }

    /// Allows the client, and gives the code.
    pub(crate) fn allows(&mut self, address: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", CLIENT),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("state", "state"),
                ("scope", "app_engine:seat_activities:read offline_access"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let page = self.get(address, &format!("/open-apis/authen/v1/authorize?{query}"));
        // Who has allowed it before is not asked again.
        let answer = if page.status == 200 {
            self.post(address, "/consent", &page, &[("decision", "allow")])
        } else {
            page
        };
        let back = location(&answer);
        let query = back.split_once('?').unwrap().1;
        let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
        code.unwrap_or_else(|| panic!("{back}")).1.into_owned()
    }

    /// Whether this browser is signed in at an address.
    pub(crate) fn is_known(&self, address: &str) -> bool {
        http::get(address, "/account", &[&self.cookie_line()]).status == 200
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("Cookie: {}", pairs.join("; "))
    }

    fn remember(&mut self, answer: &Answer) {
        for line in answer.head.lines() {
            if let Some(cookie) = line.strip_prefix("Set-Cookie: ") {
                let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The hidden fields of the form that goes to a target, or of the only one.
fn hidden(page: &str, target: &str) -> Vec<(String, String)> {
    let action = format!("action=\"{target}\"");
    let forms: Vec<&str> = page.split("<form").skip(1).collect();
    let own = || forms.iter().find(|form| form.contains("method=\"post\""));
    let form = forms.iter().find(|form| form.contains(&action)).or_else(own);
    let form = form.unwrap_or_else(|| panic!("no form to {target}: {page}"));
    let inputs = form
        .split("</form>")
        .next()
        .unwrap()
        .split("<input type=\"hidden\" name=\"");
    let field = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        let value = rest.split('"').next().unwrap();
        let value = value
            .replace("&#38;", "&")
            .replace("&#34;", "\"")
            .replace("&amp;", "&");
        (name.to_owned(), value)
    };
    inputs.skip(1).map(field).collect()
}

/// Where an answer sends the browser.
fn location(answer: &Answer) -> String {
    let mut lines = answer.head.lines();
    let found = lines.find_map(|line| line.strip_prefix("Location: "));
    found.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
