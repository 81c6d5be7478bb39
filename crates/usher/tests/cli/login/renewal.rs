//! Tokens that are spent, taken back, or lost on the way.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Tale, command::mode};
use crate::http;

/// Somebody between a command and a server, who loses as many answers of the token endpoint as told.
struct Between {
    origin: String,
    to_lose: Arc<AtomicUsize>,
}

impl Between {
    fn stand(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let to_lose = Arc::new(AtomicUsize::new(0));
        let (server, losing) = (server.to_owned(), Arc::clone(&to_lose));
        thread::spawn(move || {
            for stream in listener.incoming() {
                pass(stream.unwrap(), &server, &losing);
            }
        });
        Self { origin, to_lose }
    }
}

/// Passes one request and its answer, or loses the answer. Every connection of ours carries one of each.
fn pass(mut stream: TcpStream, server: &str, to_lose: &AtomicUsize) {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend(&bytes[..read]),
        }
    }
    let mut upstream = TcpStream::connect(server).unwrap();
    upstream.write_all(&request).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let is_token = request.starts_with(b"POST /oauth/v3/token");
    let lose = |left: usize| left.checked_sub(1);
    if is_token
        && to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose)
            .is_ok()
    {
        return;
    }
    stream.write_all(&answer).unwrap();
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    length.is_none_or(|length| length.parse::<usize>().unwrap() <= body.len())
}

#[test]
fn a_spent_token_is_renewed_without_asking() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    let before = tale.home.kept(&server);
    // The clock of this machine says that it is over.
    tale.home.change(&server, |kept| kept["expires_at_ms"] = 1.into());
    let me = tale.home.usher(&["whoami", "--json"]).json();
    assert_eq!(me["user_id"], 1);
    let after = tale.home.kept(&server);
    assert_ne!(after["access_token"], before["access_token"]);
    assert_ne!(after["refresh"]["token"], before["refresh"]["token"]);
    assert_eq!(after["renewal_key"], serde_json::Value::Null);
    assert_eq!(mode(&tale.home.file(&server)), 0o600);
    // The server says so, whatever the clock says.
    tale.site
        .usher(&["token", "revoke", after["access_token"].as_str().unwrap()])
        .done();
    assert_eq!(tale.home.usher(&["whoami", "--json"]).json()["user_id"], 1);
}

#[test]
fn two_who_renew_at_once_are_both_still_signed_in() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    tale.home.change(&server, |kept| kept["expires_at_ms"] = 1.into());
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = tale.home.command(&["whoami", "--json"]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut tale = Tale::begin();
    let between = Between::stand(tale.address());
    let server = between.origin.clone();
    tale.signed_in(&server);
    tale.home.change(&server, |kept| kept["expires_at_ms"] = 1.into());
    between.to_lose.store(1, Ordering::SeqCst);
    assert_eq!(tale.home.usher(&["whoami", "--json"]).json()["user_id"], 1);
    assert_eq!(between.to_lose.load(Ordering::SeqCst), 0, "an answer was lost");

    // All answers of one command are lost; the next command asks under the same name.
    tale.home.change(&server, |kept| kept["expires_at_ms"] = 1.into());
    let before = tale.home.kept(&server);
    between.to_lose.store(3, Ordering::SeqCst);
    let lost = tale.home.usher(&["whoami", "--json"]);
    assert_eq!(lost.code, 5, "{lost:?}");
    let between_times = tale.home.kept(&server);
    assert_eq!(
        between_times["refresh"], before["refresh"],
        "the old is still there"
    );
    assert!(between_times["renewal_key"].is_string());
    assert_eq!(tale.home.usher(&["whoami", "--json"]).json()["user_id"], 1);
    assert_ne!(tale.home.kept(&server)["refresh"], before["refresh"]);
}

#[test]
fn a_sign_in_that_was_ended_elsewhere_says_what_to_do() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    let refresh = tale.home.kept(&server)["refresh"]["token"].clone();
    let form = format!("client_id=cli_usher_login&token={}", refresh.as_str().unwrap());
    let kind = "Content-Type: application/x-www-form-urlencoded";
    assert_eq!(
        http::post(tale.address(), "/oauth/v3/revoke", &[kind], &form).status,
        200
    );
    let ended = tale.home.usher(&["whoami", "--json"]);
    assert_eq!(ended.code, 1);
    assert_eq!(
        ended.complaint()["next"],
        format!("usher login --server {server}")
    );
    tale.home
        .change(&server, |kept| kept["refresh"]["expires_at_ms"] = 1.into());
    let over = tale.home.usher(&["whoami", "--json"]);
    assert_eq!(over.complaint()["next"], format!("usher login --server {server}"));
}

#[test]
fn what_lies_open_to_others_is_not_used() {
    let mut tale = Tale::begin();
    let server = tale.server.clone();
    tale.signed_in(&server);
    let file = tale.home.file(&server);
    let chmod = |mode: &str| {
        let done = std::process::Command::new("chmod").arg(mode).arg(&file).status();
        assert!(done.unwrap().success());
    };
    chmod("644");
    let ended = tale.home.usher(&["whoami", "--json"]);
    assert_eq!(ended.code, 1);
    assert_eq!(ended.complaint()["next"], format!("chmod 600 {}", file.display()));
    chmod("600");
    tale.home.usher(&["whoami"]).done();
}
