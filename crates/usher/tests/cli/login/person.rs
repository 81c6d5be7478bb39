//! A person with a browser, as far as signing in needs one: cookies, forms, and where a page sends them.

use std::collections::BTreeMap;

use crate::{
    http::{self, Answer},
    program::Site,
};

pub(crate) const PASSWORD: &str = "violet anchor turnip seventeen";

/// Somebody in front of a browser that reaches the server at `address`, whatever the server calls itself.
pub(crate) struct Person {
    address: String,
    organisation: String,
    name: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Gives a person of a tenant a password, by the link that the operator makes.
    pub(crate) fn with_password(site: &Site, address: &str, tenant: &str, name: &str) -> Self {
        let made = site
            .usher(&["user", "link", name, "--tenant", tenant, "--json"])
            .json();
        let mut person = Self {
            address: address.to_owned(),
            organisation: tenant.to_owned(),
            name: name.to_owned(),
            cookies: BTreeMap::new(),
        };
        let path = made["path"].as_str().unwrap();
        let page = person.get(path);
        let form = Form::of(&page.body, "method=\"post\"");
        let chosen = person.post(path, &form, &[("password", PASSWORD), ("again", PASSWORD)]);
        assert_eq!(chosen.status, 303, "{chosen:?}");
        person.cookies.clear();
        person
    }

    fn get(&mut self, target: &str) -> Answer {
        let cookies = self.cookie_line();
        let answer = http::get(&self.address, target, &[&cookies]);
        self.remember(&answer);
        answer
    }

    fn post(&mut self, target: &str, form: &Form, more: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&form.hidden).extend_pairs(more);
        let headers = [
            self.cookie_line(),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
        ];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = http::post(&self.address, target, &headers, &body.finish());
        self.remember(&answer);
        answer
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

    /// Opens a link to the authorize page, signs in if that is asked, and decides. Gives where the browser is sent.
    pub(crate) fn decides(&mut self, link: &str, decision: &str) -> String {
        let target = target_of(link);
        let mut page = self.get(target);
        if page.body.contains("action=\"/sign-in\"") {
            let form = Form::of(&page.body, "action=\"/sign-in\"");
            let (organisation, name) = (self.organisation.clone(), self.name.clone());
            let mut typed = vec![("name", name.as_str()), ("password", PASSWORD)];
            if page.body.contains("name=\"organisation\"") {
                typed.push(("organisation", &organisation));
            }
            let signed_in = self.post("/sign-in", &form, &typed);
            assert_eq!(signed_in.status, 303, "{signed_in:?}");
            page = self.get(target_of(&location(&signed_in)));
        }
        assert_eq!(page.status, 200, "the person is asked: {page:?}");
        let form = Form::of(&page.body, "action=\"/consent\"");
        let answered = self.post("/consent", &form, &[("decision", decision)]);
        location(&answered)
    }

    /// Opens a link to the authorize page, signs in, and gives the page that says why it goes no further.
    pub(crate) fn is_stopped(&mut self, link: &str) -> Answer {
        let page = self.get(target_of(link));
        let form = Form::of(&page.body, "action=\"/sign-in\"");
        let (organisation, name) = (self.organisation.clone(), self.name.clone());
        let typed = [
            ("name", name.as_str()),
            ("password", PASSWORD),
            ("organisation", &organisation),
        ];
        let signed_in = self.post("/sign-in", &form, &typed);
        self.get(target_of(&location(&signed_in)))
    }
}

/// The hidden fields of the form with a certain word in its tag.
struct Form {
    hidden: Vec<(String, String)>,
}

impl Form {
    fn of(page: &str, word: &str) -> Self {
        let form = page
            .split("<form")
            .find(|form| form.split('>').next().unwrap().contains(word));
        let form = form.unwrap_or_else(|| panic!("no form with {word}: {page}"));
        let form = form.split("</form>").next().unwrap();
        let hidden = form.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
            let (name, rest) = input.split_once("\" value=\"").unwrap();
            (name.to_owned(), unescaped(rest.split('"').next().unwrap()))
        });
        Self {
            hidden: hidden.collect(),
        }
    }
}

/// The text of an attribute.
fn unescaped(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, behind) = after.split_once(';').unwrap();
        found.push_str(before);
        found.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            number => char::from(number.strip_prefix('#').unwrap().parse::<u8>().unwrap()),
        });
        rest = behind;
    }
    found + rest
}

/// Where an answer sends the browser.
pub(crate) fn location(answer: &Answer) -> String {
    let line = answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    line.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// The part of an address behind its host.
pub(crate) fn target_of(address: &str) -> &str {
    match address.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |begin| rest.get(begin..).unwrap()),
        None => address,
    }
}

/// The host and port of an address.
pub(crate) fn authority_of(address: &str) -> &str {
    address.split("://").nth(1).unwrap().split('/').next().unwrap()
}
