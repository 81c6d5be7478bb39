//! The layer between the program and its files, built by the machine's own compiler, which bundled SQLite needs anyway.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

/// Never.
const NEVER: i64 = i64::MAX;
/// Where the numbers of the control file stand; `layer.c` says what they mean.
const CALLS: u64 = 0;
const FAILURES: u64 = 1;
const FIRST: u64 = 2;
const END: u64 = 3;
const ERROR: u64 = 4;
const HALF: u64 = 5;
const STRETCH: u64 = 6;
const SYNCS_ONLY: u64 = 7;

/// The errors of the system that are played.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The disk cannot (EIO).
    Broken = 5,
    /// The disk is full (ENOSPC).
    Full = 28,
}

/// A layer over one folder.
#[derive(Debug)]
pub(crate) struct Layer {
    watched: PathBuf,
    home: PathBuf,
    control: File,
}

impl Layer {
    /// Over the files in `watched`; its own lie in `home`.
    pub(crate) fn over(watched: &Path, home: &Path) -> Self {
        let control = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(home.join("control"))
            .unwrap();
        let layer = Self {
            watched: watched.canonicalize().unwrap(),
            home: home.to_owned(),
            control,
        };
        layer.put(STRETCH, 0);
        layer.put(CALLS, 0);
        layer.put(SYNCS_ONLY, 0);
        layer.heal();
        layer
    }

    /// What a program needs in its environment to be under the layer.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("LD_PRELOAD", library().to_owned()),
            ("FAULT_FOLDER", self.watched.clone()),
            ("FAULT_CONTROL", self.home.join("control")),
            ("FAULT_LOG", self.log_path()),
        ]
    }

    /// Lets the calls with these numbers fail.
    pub(crate) fn fail(&self, numbers: std::ops::Range<i64>, fault: Fault) {
        self.put(ERROR, fault as i64);
        self.put(FIRST, numbers.start);
        self.put(END, numbers.end);
    }

    /// Lets every call fail from now on.
    pub(crate) fn fail_from_now(&self, fault: Fault) {
        self.fail(0..NEVER, fault);
    }

    /// A failing write writes its first half.
    pub(crate) fn write_halves(&self) {
        self.put(HALF, 1);
    }

    /// Only every other stretch of so many calls fails.
    pub(crate) fn flap(&self, calls: i64) {
        self.put(STRETCH, calls);
    }

    /// Only syncs fail.
    pub(crate) fn fail_only_syncs(&self) {
        self.put(SYNCS_ONLY, 1);
    }

    /// Lets nothing fail any more.
    pub(crate) fn heal(&self) {
        self.put(FIRST, NEVER);
        self.put(END, NEVER);
        self.put(HALF, 0);
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> i64 {
        self.get(CALLS)
    }

    /// How many calls failed.
    pub(crate) fn failures(&self) -> i64 {
        self.get(FAILURES)
    }

    /// How much has been written down of what succeeded.
    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.log_path()).map_or(0, |metadata| metadata.len())
    }

    /// What has been written down.
    pub(crate) fn log(&self) -> Vec<u8> {
        std::fs::read(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.home.join("log")
    }

    fn put(&self, place: u64, number: i64) {
        self.control
            .write_all_at(&number.to_ne_bytes(), 8 * place)
            .unwrap();
    }

    fn get(&self, place: u64) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, 8 * place).unwrap();
        i64::from_ne_bytes(bytes)
    }
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/layer.c");
        let library = folder.path().join("layer.so");
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .unwrap();
        assert!(built.success(), "cc: {built}");
        (folder, library)
    });
    path
}
