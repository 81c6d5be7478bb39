//! Whoever reads the log may go away; the people at the door must not notice.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{http, program::Site};

/// A server whose standard error is a pipe, and the reader of that pipe.
struct Logged {
    child: Child,
    address: String,
}

impl Logged {
    /// Starts a server that logs every request, waits until it listens, and lets the log's reader go.
    fn start_and_lose_the_reader(site: &Site) -> Self {
        let mut shell = Command::new("sh");
        // A file that may not grow then answers with an error, as a full disk does, instead of ending the process.
        shell
            .args([
                "-c",
                "trap '' XFSZ; exec \"$@\"",
                "sh",
                env!("CARGO_BIN_EXE_usher"),
            ])
            .args([
                "serve",
                "--json",
                "--log-level",
                "trace",
                "--listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(site.data())
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        let mut child = shell
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        let address = announced["listening"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap().to_owned();
        drop(child.stderr.take().unwrap());
        Self { child, address }
    }

    /// Reports an access and gives the status and the verdict, if there is one.
    fn report(&self, token: &str) -> (u16, Value) {
        let body = json!({"user_id": 7, "namespace": "crm"}).to_string();
        let authorization = format!("Authorization: Bearer {token}");
        let answer = http::post(&self.address, "/usher/v1/accesses", &[&authorization], &body);
        (answer.status, answer.json()["data"]["verdict"].clone())
    }

    /// Lets no file of the server grow past this; none lifts the limit again.
    fn limit_file_size(&self, bytes: Option<u64>) {
        let soft = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let status = Command::new("prlimit")
            .args(["--pid", &self.child.id().to_string()])
            .arg(format!("--fsize={soft}:unlimited"))
            .status()
            .unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_whose_log_nobody_reads_goes_on_serving() {
    let site = Site::alone();
    let changes = "{\"change\":\"user\",\"user_id\":7}\n{\"change\":\"app\",\"namespace\":\"crm\"}\n\
                   {\"change\":\"seat\",\"seat_type\":\"per_user\",\"user_id\":7}\n";
    site.usher_reading(&["apply", "-"], changes).done();
    let token = site.usher(&["token", "issue", "--service"]).done();
    let token = token.trim_end();
    let server = Logged::start_and_lose_the_reader(&site);
    for _ in 0..20 {
        assert_eq!(server.report(token), (200, json!("admitted")));
    }
    // The writer itself has something to say when a commit fails, and nobody to say it to.
    server.limit_file_size(Some(0));
    for _ in 0..5 {
        assert_eq!(server.report(token), (503, Value::Null));
    }
    server.limit_file_size(None);
    let admitted = |_: &u32| server.report(token) == (200, json!("admitted"));
    // The store finds out for itself that the disk takes more; each question is answered meanwhile.
    assert!((0..u32::MAX).any(|turn| admitted(&turn)));
    for _ in 0..20 {
        assert_eq!(server.report(token), (200, json!("admitted")));
    }
}
