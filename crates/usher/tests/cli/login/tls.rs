//! nginx with a certificate in front of a server, and of whoever else is spoken to over https.
//!
//! The authority is made anew for every test, so nobody trusts it who is not told to.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    command::{Home, Waiting},
    person::Person,
};
use crate::{
    http,
    program::{Running, Site, command, ended},
};

/// Ports tried before giving up: another program may take a free port between our look and nginx's.
const PORTS_TRIED_MAX: usize = 10;
/// Only ends a test that would otherwise hang for ever.
const START_POLLS_MAX: usize = 3_000;

/// An authority of our own.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=Test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign",
        ]);
        authority
    }

    fn openssl(&self, arguments: &[&str]) {
        let made = Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap_or_else(|error| {
                panic!("openssl: {error}; ./test installs it (on Debian: apt-get install openssl)")
            });
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A certificate for a name, beside its key.
    fn vouch(&self, name: &str) {
        let subject = format!("/CN={name}");
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            &subject,
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        ]);
        let extensions = format!("subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n");
        fs::write(self.0.path().join("server.ext"), extensions).unwrap();
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-days",
            "2",
            "-extfile",
            "server.ext",
            "-out",
            "server.pem",
        ]);
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }
}

/// nginx with a certificate in front of an address.
struct Nginx {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Nginx {
    /// Begins to listen on a free port.
    fn before(authority: &Authority, upstream: &str) -> Self {
        for _ in 0..PORTS_TRIED_MAX {
            let folder = tempfile::tempdir().unwrap();
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            configure(folder.path(), authority.0.path(), port, upstream);
            if let Some(process) = start(folder.path(), port) {
                return Self {
                    process,
                    port,
                    _folder: folder,
                };
            }
        }
        panic!("nginx did not start");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configure(folder: &Path, certificates: &Path, port: u16, upstream: &str) {
    let (own, certificates) = (folder.display(), certificates.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {own}/{name};\n"))
        .collect();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {own}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\
         server {{\nlisten 127.0.0.1:{port} ssl;\nssl_certificate {certificates}/server.pem;\n\
         ssl_certificate_key {certificates}/server.key;\nlocation / {{\nproxy_pass http://{upstream};\n\
         proxy_set_header Host $http_host;\nproxy_set_header X-Forwarded-Proto https;\n}}\n}}\n}}\n"
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
}

/// Starts nginx and waits until it listens; none when it ended instead.
fn start(folder: &Path, port: u16) -> Option<Child> {
    let nginx = ["nginx", "/usr/sbin/nginx"].into_iter().find_map(|program| {
        let mut command = Command::new(program);
        command.args([
            "-p",
            folder.to_str().unwrap(),
            "-c",
            "nginx.conf",
            "-e",
            "error.log",
        ]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
    });
    let mut nginx = nginx
        .unwrap_or_else(|| panic!("no nginx; ./test installs it (on Debian: apt-get install nginx-light)"));
    for _ in 0..START_POLLS_MAX {
        if nginx.try_wait().unwrap().is_some() {
            return None;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(nginx);
        }
        // nginx has no way to say that it listens but to listen.
        thread::park_timeout(Duration::from_millis(10));
    }
    let _ = nginx.kill();
    panic!("nginx neither listens nor ends: {:?}", nginx.wait());
}

/// A server behind nginx, for `https://localhost:PORT`.
struct Behind {
    site: Site,
    authority: Authority,
    nginx: Nginx,
    server: String,
}

impl Behind {
    /// The certificate is for `name`.
    fn open(name: &str) -> Self {
        let authority = Authority::new();
        authority.vouch(name);
        let site = Site::served();
        let upstream = site.server.as_ref().unwrap().address().to_owned();
        let nginx = Nginx::before(&authority, &upstream);
        Self {
            server: format!("https://localhost:{}", nginx.port),
            site,
            authority,
            nginx,
        }
    }
}

#[test]
fn an_unknown_authority_is_refused_and_a_named_one_taken() {
    let behind = Behind::open("localhost");
    let (server, file) = (behind.server.as_str(), behind.authority.file());
    let home = Home::new();
    let refused = home.usher(&["login", "--json", "--no-browser", "--server", server]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let complaint = refused.complaint();
    assert!(
        complaint["message"]
            .as_str()
            .unwrap()
            .contains("is not proved to be who it says"),
        "{complaint}"
    );
    assert!(
        complaint["next"].as_str().unwrap().contains("--ca-file"),
        "{complaint}"
    );

    let address = behind.site.server.as_ref().unwrap().address().to_owned();
    let mut person = Person::with_password(&behind.site, &address, "default", "1");
    let waiting = Waiting::begin(&home, server, &["--ca-file", file.to_str().unwrap()]);
    assert!(
        waiting.link.starts_with(&format!("{server}/open-apis/")),
        "{}",
        waiting.link
    );
    let back = person.decides(&waiting.link, "allow");
    assert_eq!(waiting.comes_back(&back).status, 200);
    assert_eq!(waiting.ended().json()["server"], server);

    // The file is remembered, and needed.
    assert_eq!(home.usher(&["whoami", "--json"]).json()["user_id"], 1);
    home.change(server, |kept| kept["ca_file"] = serde_json::Value::Null);
    let refused = home.usher(&["whoami", "--json"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    // What the system trusts is trusted.
    let mut trusting = home.command(&["whoami", "--json"]);
    assert_eq!(ended(trusting.env("SSL_CERT_FILE", &file)).json()["user_id"], 1);
    drop(behind.nginx);
}

#[test]
fn a_certificate_of_another_host_or_authority_is_refused() {
    let behind = Behind::open("usher.example.com");
    let file = behind.authority.file();
    let home = Home::new();
    let other = Authority::new();
    for file in [file, other.file()] {
        let refused = home.usher(&[
            "login",
            "--json",
            "--no-browser",
            "--server",
            &behind.server,
            "--ca-file",
            file.to_str().unwrap(),
        ]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("is not proved"), "{refused:?}");
    }
    for no_certificate in [
        behind.authority.0.path().join("ca.key"),
        behind.authority.0.path().join("missing.pem"),
    ] {
        let refused = home.usher(&[
            "login",
            "--no-browser",
            "--server",
            &behind.server,
            "--ca-file",
            no_certificate.to_str().unwrap(),
        ]);
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert!(!home.folder().exists());
}

/// Answers one request with 200 and tells what it was, whole.
fn receiver() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.ends_with('}') {
            let read = stream.read(&mut bytes).unwrap();
            text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            .unwrap();
        sender.send(text).unwrap();
    });
    (address, received)
}

#[test]
fn tickets_go_to_https_addresses_that_the_system_trusts() {
    let authority = Authority::new();
    authority.vouch("localhost");
    let (upstream, received) = receiver();
    let nginx = Nginx::before(&authority, &upstream);
    let mut site = Site::alone();
    let data = site.data();
    let mut serve = command(&[
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ]);
    serve.env("SSL_CERT_FILE", authority.file());
    site.server = Some(Running::start(serve));
    let address = site.server.as_ref().unwrap().address();
    let operator = site.usher(&["token", "issue", "--operator"]).done();
    let ticket_url = format!("https://localhost:{}/tickets", nginx.port);
    let body = serde_json::json!({"name": "Store", "kind": "store", "ticket_url": ticket_url});
    let headers = [
        format!("Authorization: Bearer {}", operator.trim_end()),
        "Content-Type: application/json".to_owned(),
    ];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let made = http::post(
        address,
        "/usher/v1/clients?tenant_key=default",
        &headers,
        &body.to_string(),
    )
    .json();
    let body = serde_json::json!({
        "app_id": made["data"]["client_id"], "app_secret": made["data"]["client_secret"],
    });
    let asked = http::post(
        address,
        "/open-apis/auth/v3/app_ticket/resend",
        &headers[1..],
        &body.to_string(),
    );
    assert_eq!(asked.json()["code"], 0, "{made} {asked:?}");
    let letter = received.recv().unwrap();
    assert!(
        letter.contains("app_ticket") && letter.contains("POST /tickets"),
        "{letter}"
    );
}
