//! TLS to a real server with a certificate of our own making.

use std::{
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::Command,
};

use tempfile::TempDir;
use usher_postgres::{OpenError, PostgresOptions, PostgresStore};
use usher_store::Store;
use usher_testbed::postgres::{Server, account};

/// A server whose certificate names `localhost` and nothing else, and an authority that vouches for it.
struct Guarded {
    server: Server,
    folder: TempDir,
}

impl Guarded {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        authority(folder.path(), "ours");
        authority(folder.path(), "others");
        vouched(folder.path(), "ours", "localhost");
        let file = |name: &str| folder.path().join(name).display().to_string();
        let settings = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("server.pem")),
            format!("ssl_key_file={}", file("server.key")),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let server = Server::start(Path::new("/tmp"), &settings);
        Self { server, folder }
    }

    fn address(&self, host: &str, mode: &str, authority: Option<&str>) -> String {
        let root = authority.map_or_else(String::new, |name| {
            format!("&sslrootcert={}", self.folder.path().join(name).display())
        });
        let port = self.server.port();
        format!("postgres://postgres@{host}:{port}/postgres?sslmode={mode}{root}")
    }

    /// Opens the engine; tells whether its connections are secret, or why there are none.
    async fn opened(&self, host: &str, mode: &str, authority: Option<&str>) -> Result<bool, OpenError> {
        let name = format!("usher {host} {mode} {authority:?}");
        let options = PostgresOptions {
            application_name: name.clone(),
            ..PostgresOptions::default()
        };
        let store = PostgresStore::open(&self.address(host, mode, authority), &options).await?;
        let look = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
        let client = self.server.connect("postgres").await;
        let secret = client.query_one(look, &[&name]).await.unwrap().get(0);
        store.close().await;
        Ok(secret)
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// An authority that nobody trusts who is not told to.
fn authority(folder: &Path, name: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let key_kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let mut arguments = vec!["req", "-x509", "-days", "2", "-subj", "/CN=Test authority"];
    arguments.extend(key_kind);
    arguments.extend(["-keyout", &key, "-out", &certificate]);
    arguments.extend(["-addext", "keyUsage=critical,keyCertSign"]);
    openssl(folder, &arguments);
}

/// A certificate for a name, and its key, which only who runs the server may read.
fn vouched(folder: &Path, authority: &str, name: &str) {
    let subject = format!("/CN={name}");
    let mut arguments = vec!["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    arguments.extend([
        "-nodes",
        "-subj",
        &subject,
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ]);
    openssl(folder, &arguments);
    std::fs::write(
        folder.join("names"),
        format!("subjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n"),
    )
    .unwrap();
    let (key, certificate) = (format!("{authority}.key"), format!("{authority}.pem"));
    let mut arguments = vec![
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-days",
        "2",
        "-CAcreateserial",
    ];
    arguments.extend(["-CA", &certificate, "-CAkey", &key]);
    arguments.extend(["-extfile", "names", "-out", "server.pem"]);
    openssl(folder, &arguments);
    let key = folder.join("server.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    if let Some(account) = account() {
        chown(&key, Some(account.user), Some(account.group)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_must_be_who_it_says_as_far_as_the_address_asks() {
    let guarded = Guarded::start();
    for (host, mode, authority) in [
        ("localhost", "verify-full", Some("ours.pem")),
        ("localhost", "verify-ca", Some("ours.pem")),
        ("127.0.0.1", "verify-ca", Some("ours.pem")),
        ("127.0.0.1", "require", Some("ours.pem")),
        ("127.0.0.1", "require", None),
        ("127.0.0.1", "prefer", None),
    ] {
        let opened = guarded.opened(host, mode, authority).await;
        assert!(
            matches!(opened, Ok(true)),
            "{host} {mode} {authority:?}: {opened:?}"
        );
    }
    let opened = guarded.opened("127.0.0.1", "disable", None).await;
    assert!(matches!(opened, Ok(false)), "{opened:?}");
    for (host, mode, authority) in [
        ("127.0.0.1", "verify-full", Some("ours.pem")),
        ("localhost", "verify-full", Some("others.pem")),
        ("localhost", "verify-ca", Some("others.pem")),
        ("localhost", "require", Some("others.pem")),
    ] {
        let opened = guarded.opened(host, mode, authority).await;
        assert!(
            matches!(opened, Err(OpenError::CertificateRefused(_))),
            "{host} {mode} {authority:?}: {opened:?}"
        );
    }
    let opened = guarded.opened("localhost", "verify-full", None).await;
    assert!(
        matches!(opened, Err(OpenError::CertificateRefused(_) | OpenError::Tls(_))),
        "the system does not know this authority: {opened:?}"
    );
    let opened = guarded
        .opened("localhost", "verify-full", Some("server.key"))
        .await;
    assert!(
        matches!(opened, Err(OpenError::Tls(_))),
        "a file without an authority: {opened:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_had_is_named() {
    let server = Server::shared();
    let open = |address: String| async move {
        PostgresStore::open(&address, &PostgresOptions::default())
            .await
            .err()
            .unwrap()
    };
    let plain = server.address("postgres");
    let without = open(format!("{plain}?sslmode=require")).await;
    assert!(matches!(without, OpenError::TlsNotOffered), "{without:?}");
    let missing = open(server.address("not_there")).await;
    assert!(matches!(missing, OpenError::DatabaseMissing(_)), "{missing:?}");
    let stranger = open(plain.replace("postgres@", "stranger@")).await;
    assert!(matches!(stranger, OpenError::LoginRefused(_)), "{stranger:?}");
    let nobody = open("postgres://postgres@127.0.0.1:1/postgres".to_owned()).await;
    assert!(matches!(nobody, OpenError::Unreachable(_)), "{nobody:?}");
}
