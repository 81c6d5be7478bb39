//! A database, three servers on it, and nginx in front.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use usher_testbed::postgres::{Database, free_port};

use crate::http::{self, Answer};

/// How many servers there are.
pub(crate) const INSTANCES: usize = 3;
/// The app of these tales.
pub(crate) const APP: &str = "crm";
/// Only ends a test that would otherwise hang for ever.
const START_SECONDS_MAX: u64 = 120;
/// The same for nginx, whose ports are tried every ten milliseconds.
const START_POLLS_MAX: usize = 3_000;

/// A process that ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One `usher serve`.
pub(crate) struct Instance {
    process: Process,
    pub(crate) address: String,
}

impl Instance {
    fn start(database: &Database, name: &str) -> Self {
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "warn",
            "--instance",
            name,
        ];
        let mut child = usher(database, &arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        // The thread reads on for ever, so that the server never finds its standard output full or closed.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(found) = line.split("http://").nth(1) {
                    let address: String = found
                        .chars()
                        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ':'))
                        .collect();
                    let _ = sender.send(address);
                }
            }
        });
        let process = Process(child);
        let address = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX));
        Self {
            address: address.unwrap_or_else(|_| panic!("usher serve did not say where it listens")),
            process,
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let process_id = self.process.0.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &process_id])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) {
        assert!(self.process.0.wait().unwrap().success());
    }
}

/// All of it. What is written first ends first.
pub(crate) struct House {
    _nginx: Process,
    /// Where nginx listens.
    pub(crate) site: String,
    pub(crate) instances: Vec<Instance>,
    pub(crate) operator: String,
    service: String,
    pub(crate) database: Database,
    _folder: TempDir,
}

impl House {
    /// Starts everything, with an app and people 7 to 9, who have platform seats.
    pub(crate) fn open() -> Self {
        let database = Database::empty();
        let names = ["usher-1", "usher-2", "usher-3"];
        let instances: Vec<Instance> = thread::scope(|scope| {
            let starting = names.map(|name| scope.spawn(|| Instance::start(&database, name)));
            starting.map(|thread| thread.join().unwrap()).into()
        });
        let folder = tempfile::tempdir().unwrap();
        let (nginx, site) = front(folder.path(), &instances);
        let mut lines = vec![json!({"change": "app", "namespace": APP, "name": "CRM"})];
        for user_id in 7..=9 {
            lines.push(json!({"change": "user", "user_id": user_id, "name": format!("Person {user_id}")}));
            lines.push(json!({"change": "seat", "user_id": user_id, "seat_type": "per_user"}));
        }
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        run(&database, &["apply", "-"], &lines);
        Self {
            operator: run(&database, &["token", "issue", "--operator"], "")
                .trim()
                .to_owned(),
            service: run(
                &database,
                &["token", "issue", "--service", "--tenant", "default"],
                "",
            )
            .trim()
            .to_owned(),
            _nginx: nginx,
            site,
            instances,
            database,
            _folder: folder,
        }
    }

    /// Runs a command on the ledger, and gives what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        run(&self.database, arguments, "")
    }

    /// Asks one server for a call of the management API, as operator of the default tenant.
    pub(crate) fn manage(&self, instance: usize, method: &str, path: &str, body: &Value) -> Answer {
        self.manage_with(instance, method, path, body, &[])
    }

    /// The same with more headers.
    pub(crate) fn manage_with(
        &self,
        instance: usize,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[&str],
    ) -> Answer {
        let bearer = bearer(&self.operator);
        let mut all = vec![bearer.as_str(), "Content-Type: application/json"];
        all.extend_from_slice(headers);
        let joined = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{joined}tenant_key=default");
        let address = &self.instances[instance].address;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        http::send(address, &format!("{method} {target}"), &all, &body)
    }

    /// Somebody opens the app at one server; gives the verdict, or the status where there is none.
    pub(crate) fn opens(&self, instance: usize, user_id: u64) -> Value {
        let answer = self.reports(instance, user_id);
        if answer.status == 200 {
            answer.json()["data"].clone()
        } else {
            json!(answer.status)
        }
    }

    /// The same, with everything that came back.
    pub(crate) fn reports(&self, instance: usize, user_id: u64) -> Answer {
        let headers = [&bearer(&self.service), "Content-Type: application/json"];
        let body = json!({"user_id": user_id, "namespace": APP}).to_string();
        let address = &self.instances[instance].address;
        http::post(address, "/usher/v1/accesses", &headers, &body)
    }
}

/// The header of a token.
pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A command line of `usher` on the database that knows nothing of the caller's own settings.
fn usher(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    for (name, _) in std::env::vars() {
        if name.starts_with("USHER_") {
            command.env_remove(name);
        }
    }
    command.env("USHER_STORE", database.address()).args(arguments);
    command
}

fn run(database: &Database, arguments: &[&str], input: &str) -> String {
    let mut child = usher(database, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "usher {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// nginx asks the servers in turn, and says which one has answered.
fn front(folder: &Path, instances: &[Instance]) -> (Process, String) {
    let own = folder.to_str().unwrap();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {own}/{name};\n"))
        .collect();
    let servers: String = instances
        .iter()
        .map(|instance| format!("server {};\n", instance.address))
        .collect();
    let site = format!("127.0.0.1:{}", free_port());
    let configuration = format!(
        "daemon off; master_process off; pid {own}/nginx.pid; error_log {own}/error.log warn;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; {temporary}\n\
         upstream usher {{ {servers} keepalive 16; }}\n\
         server {{ listen {site}; location / {{ proxy_pass http://usher; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; proxy_set_header Host $http_host;\n\
         add_header X-Instance $upstream_addr always; }} }} }}\n"
    );
    fs::write(folder.join("nginx.conf"), configuration).unwrap();
    // Debian puts it where not everybody's PATH leads.
    let spawned = ["nginx", "/usr/sbin/nginx"].iter().find_map(|program| {
        Command::new(program)
            .args(["-p", own, "-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .ok()
    });
    let nginx = Process(
        spawned.unwrap_or_else(|| panic!("nginx is not installed; scripts/install-test-tools installs it")),
    );
    for _ in 0..START_POLLS_MAX {
        if TcpStream::connect(&site).is_ok() {
            return (nginx, site);
        }
        // nginx has no way to say that it listens but to listen.
        thread::park_timeout(Duration::from_millis(10));
    }
    panic!(
        "{}",
        fs::read_to_string(folder.join("error.log")).unwrap_or_default()
    );
}
