//! `usher login` as a process that waits for its browser.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::person::{authority_of, target_of};
use crate::{
    http::{self, Answer},
    program::{Ended, command, ended},
};

/// Somebody's home folder, in which sign-ins are kept.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command of this person.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.env("HOME", self.path());
        command
    }

    /// Runs a command of this person to its end.
    pub(crate) fn usher(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// The folder of the sign-ins.
    pub(crate) fn folder(&self) -> PathBuf {
        self.path().join(".config/usher/sign-ins")
    }

    /// The file of the sign-in at a server.
    pub(crate) fn file(&self, server: &str) -> PathBuf {
        let name = server.replace("://", "-").replace(':', "_");
        self.folder().join(format!("{name}.json"))
    }

    /// What is kept of the sign-in at a server.
    pub(crate) fn kept(&self, server: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.file(server)).unwrap()).unwrap()
    }

    /// Changes what is kept.
    pub(crate) fn change(&self, server: &str, change: impl FnOnce(&mut Value)) {
        let mut kept = self.kept(server);
        change(&mut kept);
        std::fs::write(self.file(server), kept.to_string()).unwrap();
    }
}

/// The permissions of a file or folder.
pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A login that waits.
pub(crate) struct Waiting {
    child: Child,
    errors: BufReader<ChildStderr>,
    /// The link it printed.
    pub(crate) link: String,
}

impl Waiting {
    /// Starts `usher login --no-browser` at a server, with more arguments.
    pub(crate) fn begin(home: &Home, server: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["login", "--json", "--no-browser", "--server", server];
        arguments.extend(more);
        Self::spawn(home.command(&arguments))
    }

    /// Starts a prepared login.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let link = said["open"]
            .as_str()
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned();
        Self { child, errors, link }
    }

    /// A parameter of the link.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let query = self.link.split_once('?').unwrap().1;
        let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
        found.unwrap().1.into_owned()
    }

    /// Host and port where it waits.
    pub(crate) fn port(&self) -> String {
        authority_of(&self.parameter("redirect_uri")).to_owned()
    }

    /// The browser comes back to an address; gives the page it sees.
    pub(crate) fn comes_back(&self, location: &str) -> Answer {
        assert!(
            location.starts_with(&self.parameter("redirect_uri")),
            "{location}"
        );
        http::get(authority_of(location), target_of(location), &[])
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.errors.read_to_string(&mut stderr).unwrap();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        Ended {
            code: self.child.wait().unwrap().code().unwrap_or(-1),
            stdout,
            stderr,
        }
    }
}
