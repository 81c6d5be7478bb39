//! Where a tortured ledger is: a fresh folder, or an empty database that its owner names.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use usher_postgres::{DatabaseAddress, Onlooker, PostgresOptions};

use crate::{
    data_folder::FOLDER_MODE, failure::Failure, language::Words, ledger::obstacles, output::Exit, words,
};

/// How long a database may take to end what a killed server had sent it.
const LATE_WORK_TIME_MAX: Duration = Duration::from_secs(60);
/// Pause between two looks at it.
const LATE_WORK_PAUSE: Duration = Duration::from_millis(5);

/// Where a tortured ledger is.
pub(crate) struct TorturePlace {
    /// Data, lock and log of the server; fresh, and gone at the end unless something was found.
    folder: TempDir,
    database: Option<Database>,
}

struct Database {
    /// As it was given; a password is not in it.
    text: String,
    password_file: Option<String>,
    onlooker: Onlooker,
}

impl TorturePlace {
    /// A fresh folder within `parent`.
    ///
    /// # Errors
    /// A failure with the system's reason.
    pub(crate) fn in_folder(parent: &Path) -> Result<Self, Failure> {
        Ok(Self {
            folder: fresh_folder(parent)?,
            database: None,
        })
    }

    /// A database, which must be empty. `text` is its address as it was given, `address` the same with the password.
    ///
    /// # Errors
    /// A failure when it cannot be reached or holds anything.
    pub(crate) async fn in_database(
        text: &str,
        address: &DatabaseAddress,
        password_file: Option<String>,
    ) -> Result<Self, Failure> {
        let opened = Onlooker::open(address, &PostgresOptions::default()).await;
        let onlooker = opened.map_err(|error| obstacles::of_database(address, &error))?;
        let empty = onlooker.is_empty().await;
        if !empty.map_err(|error| unreadable(&error))? {
            return Err(Failure::usage(words!(
                "{address} is not empty; torture works on a database that has nothing in it",
                "{address} 不是空的；折磨测试须在空数据库中进行"
            ))
            .next(words!("createdb usher_torture", "createdb usher_torture")));
        }
        Ok(Self {
            folder: fresh_folder(&std::env::temp_dir())?,
            database: Some(Database {
                text: text.to_owned(),
                password_file,
                onlooker,
            }),
        })
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the server's own words go.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// What a child finds in its environment about the place, so that nothing of it is on a command line.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let Some(database) = &self.database else {
            return Vec::new();
        };
        let mut environment = vec![("USHER_STORE", database.text.clone())];
        if let Some(file) = &database.password_file {
            environment.push(("USHER_STORE_PASSWORD_FILE", file.clone()));
        }
        environment
    }

    /// True for a database.
    pub(super) fn is_database(&self) -> bool {
        self.database.is_some()
    }

    /// Waits until a database has ended what a killed server had sent it: that may still be committed after the death of its
    /// sender, and a reading that came before would be overtaken.
    ///
    /// # Errors
    /// A failure when it takes too long.
    pub(super) async fn until_nobody_works(&self) -> Result<(), Failure> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        let waited = tokio::time::timeout(LATE_WORK_TIME_MAX, async {
            while database.onlooker.sees_a_server().await? {
                tokio::time::sleep(LATE_WORK_PAUSE).await;
            }
            Ok(())
        });
        match waited.await {
            Ok(looked) => looked.map_err(|error| unreadable(&error)),
            Err(_) => Err(Failure::new(
                Exit::Unavailable,
                words!(
                    "the database still works for a server that was killed a minute ago",
                    "数据库仍在为一分钟前被终止的服务器工作"
                ),
            )),
        }
    }

    /// Keeps what is there for whoever looks into it; says where.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Where the ledger is, for people.
    pub(crate) fn words(&self) -> Words {
        let folder = self.folder.path().display();
        match &self.database {
            Some(_) => words!("the database", "该数据库"),
            None => words!("{folder}", "{folder}"),
        }
    }
}

fn fresh_folder(parent: &Path) -> Result<TempDir, Failure> {
    let shown = parent.display();
    tempfile::Builder::new()
        .prefix("usher-torture-")
        .permissions(Permissions::from_mode(FOLDER_MODE))
        .tempdir_in(parent)
        .map_err(|error| {
            Failure::failed(words!(
                "cannot make a folder in {shown}: {error}",
                "无法在 {shown} 中创建文件夹：{error}"
            ))
        })
}

fn unreadable(error: &usher_store::StoreError) -> Failure {
    Failure::new(
        Exit::Unavailable,
        words!("the database cannot be asked: {error}", "无法询问数据库：{error}"),
    )
}
