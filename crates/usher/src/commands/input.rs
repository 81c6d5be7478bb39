//! Files that commands read, or standard input in their place.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use crate::{failure::Failure, words};

/// Bytes read from a file at once.
const READ_BYTES: usize = 64 * 1024;

/// An input and, for a file, how long it is.
pub(super) struct Input {
    /// The bytes.
    pub(super) source: Box<dyn BufRead>,
    /// Bytes in all, where that is known.
    pub(super) bytes: Option<u64>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// A failure naming the file and the system's reason.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self {
                source: Box::new(BufReader::with_capacity(READ_BYTES, io::stdin())),
                bytes: None,
            });
        }
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            return Err(unreadable(path, &io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self {
            source: Box::new(BufReader::with_capacity(READ_BYTES, file)),
            bytes: metadata.is_file().then_some(metadata.len()),
        })
    }
}

/// A file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::failed(words!("cannot read {path}: {error}", "无法读取 {path}：{error}"))
}
