//! Who speaks with the server, and remembers every word of the answers.
//!
//! A secret is shown in the answer that gives it out and nowhere else. Such an answer is remembered without it, so that
//! all the rest of it is searched like any other.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use crate::vault::{Hidden, Vault};

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A form on a page: its address and its fields.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// One person's browser or program, and everything anybody heard.
pub(crate) struct World {
    pub(crate) address: String,
    pub(crate) vault: Vault,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Where something was read, and what.
    pub(crate) heard: Vec<(String, String)>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().filter_map(move |line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The form that is sent to `action`.
    pub(crate) fn form(&self, action: &str) -> Form {
        let mut forms = self.body.split("<form ").skip(1).map(|text| {
            let (tag, rest) = text.split_once('>').unwrap();
            let inside = rest.split("</form>").next().unwrap();
            let inputs = inside
                .split("<input ")
                .skip(1)
                .map(|tag| tag.split('>').next().unwrap());
            Form {
                action: attribute(tag, "action"),
                fields: inputs
                    .filter(|tag| attribute(tag, "type") != "checkbox")
                    .map(|tag| (attribute(tag, "name"), attribute(tag, "value")))
                    .collect(),
            }
        });
        let found = forms.find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form for {action}: {self:?}"))
    }

    /// A parameter of the address to which the browser is sent.
    pub(crate) fn sent_with(&self, name: &str) -> String {
        let location = self.header("location").unwrap_or_else(|| panic!("{self:?}"));
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{self:?}")).1.into_owned()
    }
}

impl Form {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split(&format!("{name}=\"")).nth(1);
    let value = value.and_then(|rest| rest.split('"').next()).unwrap_or_default();
    value
        .replace("&#38;", "&")
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
}

impl World {
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            vault: Vault::default(),
            cookies: BTreeMap::new(),
            heard: Vec::new(),
        }
    }

    /// Remembers what was read somewhere.
    pub(crate) fn hears(&mut self, whence: &str, text: &str) {
        self.heard.push((whence.to_owned(), text.to_owned()));
    }

    /// The last thing read gave out this secret; it is not to be seen again.
    pub(crate) fn shown(&mut self, name: &str, text: &str) {
        self.vault.hide(name, text);
        let (_, last) = self.heard.last_mut().unwrap();
        assert!(last.contains(text), "{name} is not in {last}");
        *last = last.replace(text, "");
    }

    /// A secret in the last answer's JSON.
    pub(crate) fn shown_in(&mut self, answer: &Answer, name: &str) -> String {
        let json = answer.json();
        let found = [&json, &json["data"]]
            .into_iter()
            .find_map(|object| object[name].as_str());
        let text = found
            .unwrap_or_else(|| panic!("no {name}: {answer:?}"))
            .to_owned();
        self.shown(name, &text);
        text
    }

    /// A form as a browser sends it.
    pub(crate) fn submit(&mut self, form: &Form) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&form.fields);
        let headers = ["Content-Type: application/x-www-form-urlencoded".to_owned()];
        self.ask(&format!("POST {}", form.action), &headers, &body.finish())
    }

    pub(crate) fn get(&mut self, target: &str, headers: &[String]) -> Answer {
        self.ask(&format!("GET {target}"), headers, "")
    }

    pub(crate) fn post(&mut self, target: &str, headers: &[String], json: &Value) -> Answer {
        let mut headers = headers.to_vec();
        headers.push("Content-Type: application/json".to_owned());
        self.ask(&format!("POST {target}"), &headers, &json.to_string())
    }

    /// Sends one request and remembers the answer; what every page gives out by right is hidden from then on.
    pub(crate) fn ask(&mut self, line: &str, headers: &[String], body: &str) -> Answer {
        let answer = self.send(line, headers, body);
        self.hears(line, &format!("{}\n{}", answer.head, answer.body));
        let set: Vec<String> = answer.headers("set-cookie").map(str::to_owned).collect();
        for line in set {
            self.take_cookie(&line);
        }
        let tags = answer
            .body
            .split("<input ")
            .skip(1)
            .filter(|tag| tag.contains("\"hidden\""));
        let fields: BTreeMap<String, String> = tags
            .map(|tag| (attribute(tag, "value"), attribute(tag, "name")))
            .collect();
        for (value, name) in fields {
            if ["form_token", "pending", "offer", "sealed_key"].contains(&name.as_str()) {
                self.shown(&format!("hidden field {name}"), &value);
            }
        }
        answer
    }

    fn take_cookie(&mut self, line: &str) {
        let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
        if value.is_empty() {
            self.cookies.remove(name);
            return;
        }
        self.cookies.insert(name.to_owned(), value.to_owned());
        if name != "usher_language" {
            self.shown(&format!("cookie {name}"), value);
        }
    }

    fn send(&self, line: &str, headers: &[String], body: &str) -> Answer {
        let address = &self.address;
        let mut request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !pairs.is_empty() {
            request.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{line}: {text:?}"));
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// A value of the client's own that pages give back to it, and that is nobody else's business.
    pub(crate) fn sends(&mut self, name: &str, text: &str) {
        self.vault.put(name, text, Hidden::ButInAnswers);
    }
}

/// The header of a bearer.
pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}
