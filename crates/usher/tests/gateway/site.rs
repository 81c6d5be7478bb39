//! nginx with the files of `deploy/nginx`, in a folder of its own, on a free port.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// What the page `/` of the site says.
pub(crate) const PAGE: &str = "<h1>CRM</h1>\n";
/// What the page `/reports/q3.html` says.
pub(crate) const REPORT: &str = "<h1>Third quarter</h1>\n";
/// The host of `deploy/nginx/example.conf`.
pub(crate) const HOST: &str = "crm.example.com";

/// Ports tried before giving up: another program may take a free port between our look and nginx's.
const PORTS_TRIED_MAX: usize = 10;
/// Only ends a test that would otherwise hang for ever.
const START_POLLS_MAX: usize = 3_000;

/// Somebody who can sign in.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
    /// The user id it stands for; none when the site's list does not have it.
    pub(crate) user_id: Option<i64>,
}

/// A running nginx.
pub(crate) struct Site {
    nginx: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Site {
    /// Starts nginx in front of a static site and an app, asking the Usher at this address.
    pub(crate) fn open(usher: SocketAddr, app: SocketAddr, accounts: &[Account]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("www/reports")).unwrap();
        fs::write(folder.path().join("www/index.html"), PAGE).unwrap();
        fs::write(folder.path().join("www/reports/q3.html"), REPORT).unwrap();
        for _ in 0..PORTS_TRIED_MAX {
            let address = free_address();
            write_configuration(folder.path(), [usher, app, address]);
            write_accounts(folder.path(), accounts);
            if let Some(nginx) = start(folder.path(), address) {
                return Self {
                    nginx,
                    address,
                    _folder: folder,
                };
            }
        }
        let log = fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        panic!("nginx did not start:\n{log}");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Copies `deploy/nginx` as an operator would, changing only what its comments say is to be changed.
fn write_configuration(folder: &Path, [usher, app, address]: [SocketAddr; 3]) {
    let own = folder.to_str().unwrap();
    let changes = [
        ("/etc/nginx/usher/", format!("{own}/usher/")),
        ("/var/www/crm", format!("{own}/www")),
        ("server 127.0.0.1:8787;", format!("server {usher};")),
        ("http://127.0.0.1:9000", format!("http://{app}")),
        ("listen 80;", format!("listen {address};")),
    ];
    let mut met = [false; 5];
    fs::create_dir_all(folder.join("usher")).unwrap();
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nginx");
    for entry in fs::read_dir(&deploy).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        for ((from, to), met) in changes.iter().zip(&mut met) {
            *met |= text.contains(from);
            text = text.replace(from, to);
        }
        fs::write(folder.join("usher").join(path.file_name().unwrap()), text).unwrap();
    }
    assert_eq!(met, [true; 5], "deploy/nginx has everything that is changed here");
    fs::write(folder.join("nginx.conf"), main_configuration(own)).unwrap();
}

/// One process in the foreground, every file in its own folder, and nothing else.
fn main_configuration(own: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("    {name}_temp_path {own}/{name};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid {own}/nginx.pid;\nerror_log {own}/error.log warn;\n\
         events {{\n    worker_connections 1024;\n}}\n\
         http {{\n    access_log off;\n    keepalive_requests 100000;\n{temporary}    include {own}/usher/example.conf;\n}}\n"
    )
}

fn write_accounts(folder: &Path, accounts: &[Account]) {
    let passwords: String = accounts
        .iter()
        .map(|account| format!("{}:{{PLAIN}}{}\n", account.name, account.password))
        .collect();
    let users: String = accounts
        .iter()
        .filter_map(|account| {
            account
                .user_id
                .map(|user_id| format!("{} {user_id};\n", account.name))
        })
        .collect();
    fs::write(folder.join("usher/htpasswd"), passwords).unwrap();
    fs::write(folder.join("usher/users.map"), users).unwrap();
}

/// Starts nginx and waits until it listens; none when it ended instead.
fn start(folder: &Path, address: SocketAddr) -> Option<Child> {
    let mut nginx = spawn(folder);
    for _ in 0..START_POLLS_MAX {
        if let Some(ended) = nginx.try_wait().unwrap() {
            assert!(!ended.success(), "nginx was told to stay");
            return None;
        }
        if TcpStream::connect(address).is_ok() {
            return Some(nginx);
        }
        // nginx has no way to say that it listens but to listen.
        thread::park_timeout(Duration::from_millis(10));
    }
    panic!("nginx neither listens nor ends: {:?}", stop(nginx));
}

fn stop(mut nginx: Child) -> ExitStatus {
    nginx.kill().unwrap();
    nginx.wait().unwrap()
}

fn spawn(folder: &Path) -> Child {
    let own = folder.to_str().unwrap();
    // Debian puts it where not everybody's PATH leads.
    for program in ["nginx", "/usr/sbin/nginx"] {
        let arguments = ["-p", own, "-c", "nginx.conf", "-e", "error.log"];
        let log = fs::File::create(folder.join("output.log")).unwrap();
        let spawned = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        if let Ok(nginx) = spawned {
            return nginx;
        }
    }
    panic!("nginx is not installed; ./test installs it (on Debian: apt-get install nginx-light)");
}
