//! As much of an HTTP client as the tests need: one request per connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Asks `address` for `target` with more headers, each a whole line.
pub(crate) fn get(address: &str, target: &str, headers: &[&str]) -> Answer {
    send(address, &format!("GET {target}"), headers, "")
}

/// Posts a body to `address`.
pub(crate) fn post(address: &str, target: &str, headers: &[&str], body: &str) -> Answer {
    send(address, &format!("POST {target}"), headers, body)
}

/// Asks with any method; `line` is the method and the target.
pub(crate) fn send(address: &str, line: &str, headers: &[&str], body: &str) -> Answer {
    let mut request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// A page of a list; where the limit of calls per second is met, the same call is made until it is over.
pub(crate) fn page(address: &str, token: &str, list: &str, query: &str) -> Value {
    let target = format!("/open-apis/apaas/v1/{list}?{query}");
    let authorization = format!("Authorization: Bearer {token}");
    loop {
        let answer = get(address, &target, &[&authorization]);
        if answer.status != 429 {
            assert_eq!(answer.status, 200, "{answer:?}");
            return answer.json()["data"].clone();
        }
    }
}

/// All rows of a list.
pub(crate) fn walk(address: &str, token: &str, list: &str, seat_type: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut query = format!("seat_type={seat_type}&page_size=500");
    loop {
        let data = page(address, token, list, &query);
        rows.extend(data["items"].as_array().unwrap().iter().cloned());
        let Some(page_token) = data["page_token"].as_str() else {
            return rows;
        };
        query = format!("seat_type={seat_type}&page_size=500&page_token={page_token}");
    }
}
