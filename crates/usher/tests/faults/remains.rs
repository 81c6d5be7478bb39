//! The files that a power cut leaves behind, made from the log of the layer.
//!
//! What was synchronised is there. Of what was written since, each write is there, is not, or is torn: some of its sectors are
//! there. A file and its name are two things: a new, renamed or deleted name is certain only after the folder was synchronised.
//! A sync that failed says nothing: what was pending then may be lost for ever, and no later sync brings it back.

use std::{collections::HashMap, path::Path};

use crate::dice::Dice;

/// What a disk writes whole.
const SECTOR_BYTES: usize = 512;

/// An operation that succeeded, and where in the log it ends.
#[derive(Clone)]
pub(crate) struct Operation {
    kind: u8,
    name: String,
    offset: usize,
    length: usize,
    bytes: Vec<u8>,
    /// The length of the log once this was in it.
    pub(crate) logged: u64,
}

impl std::fmt::Debug for Operation {
    /// Without the bytes, which nobody can read.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            offset,
            length,
            logged,
            ..
        } = self;
        let kind = char::from(self.kind);
        write!(formatter, "{kind} {name} {offset}+{length} ({logged})")
    }
}

/// Reads the log.
pub(crate) fn operations(log: &[u8]) -> Vec<Operation> {
    let number = |at: usize| i64::from_ne_bytes(log[at..at + 8].try_into().unwrap()) as usize;
    let mut operations = Vec::new();
    let mut at = 0;
    while at < log.len() {
        let kind = log[at];
        let name_bytes = u32::from_ne_bytes(log[at + 1..at + 5].try_into().unwrap()) as usize;
        let name = String::from_utf8(log[at + 5..at + 5 + name_bytes].to_vec()).unwrap();
        at += 5 + name_bytes;
        let (offset, length) = (number(at), number(at + 8));
        at += 16;
        let carried = if kind == b'w' || kind == b'r' { length } else { 0 };
        let bytes = log[at..at + carried].to_vec();
        at += carried;
        operations.push(Operation {
            kind,
            name,
            offset,
            length,
            bytes,
            logged: at as u64,
        });
    }
    operations
}

/// A change of a file's content.
#[derive(Debug, Clone)]
enum Pending {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug, Clone, Default)]
struct Content {
    certain: Vec<u8>,
    pending: Vec<Pending>,
}

/// A change of a name.
#[derive(Debug, Clone)]
enum Naming {
    Made(String, usize),
    Renamed(String, String),
    Gone(String),
}

/// The disk as the log has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    /// What names mean to the running program.
    names: HashMap<String, usize>,
    /// What they mean after a power cut.
    certain_names: HashMap<String, usize>,
    naming: Vec<Naming>,
}

impl Disk {
    /// A disk on which these files are certain.
    pub(crate) fn holding(files: Vec<(String, Vec<u8>)>) -> Self {
        let mut disk = Self::default();
        for (name, certain) in files {
            disk.names.insert(name.clone(), disk.contents.len());
            disk.certain_names.insert(name, disk.contents.len());
            disk.contents.push(Content {
                certain,
                pending: Vec::new(),
            });
        }
        disk
    }

    /// Goes on by an operation. A failed sync loses some of what was pending, and nobody will write it again.
    pub(crate) fn follow(&mut self, operation: &Operation, dice: &mut Dice) {
        let name = &operation.name;
        let file = self.names.get(name).copied();
        match (operation.kind, file) {
            (b'c', _) => {
                self.names.insert(name.clone(), self.contents.len());
                self.naming.push(Naming::Made(name.clone(), self.contents.len()));
                self.contents.push(Content::default());
            }
            (b'w', Some(file)) => self.contents[file]
                .pending
                .push(Pending::Write(operation.offset, operation.bytes.clone())),
            (b't', Some(file)) => self.contents[file]
                .pending
                .push(Pending::Length(operation.length)),
            (b's', Some(file)) => {
                let content = &mut self.contents[file];
                for pending in std::mem::take(&mut content.pending) {
                    apply(&mut content.certain, &pending);
                }
            }
            (b'f', Some(file)) => self.contents[file].pending.retain(|_| dice.below(2) == 0),
            (b's', None) if name.is_empty() => {
                for naming in std::mem::take(&mut self.naming) {
                    rename(&mut self.certain_names, &naming);
                }
            }
            (b'r', Some(file)) => {
                let new_name = String::from_utf8(operation.bytes.clone()).unwrap();
                self.names.remove(name);
                self.names.insert(new_name.clone(), file);
                self.naming.push(Naming::Renamed(name.clone(), new_name));
            }
            (b'u', Some(_)) => {
                self.names.remove(name);
                self.naming.push(Naming::Gone(name.clone()));
            }
            (b'f', None) | (b's' | b'w' | b't', None) => {}
            other => panic!("what is {other:?}?"),
        }
    }

    /// Cuts the power and writes what is left into a folder.
    pub(crate) fn cut(&self, dice: &mut Dice, data: &Path) {
        std::fs::create_dir_all(data).unwrap();
        let mut names = self.certain_names.clone();
        // Names reach the disk in the order in which they were changed.
        let arrived = dice.below(self.naming.len() as u64 + 1) as usize;
        for naming in self.naming.iter().take(arrived) {
            rename(&mut names, naming);
        }
        for (name, file) in names {
            let content = &self.contents[file];
            let mut bytes = content.certain.clone();
            for pending in &content.pending {
                match (dice.below(3), pending) {
                    (0, _) => {}
                    (1, Pending::Write(offset, written)) => tear(&mut bytes, *offset, written, dice),
                    (_, pending) => apply(&mut bytes, pending),
                }
            }
            std::fs::write(data.join(name), bytes).unwrap();
        }
    }
}

fn rename(names: &mut HashMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Made(name, file) => {
            names.insert(name.clone(), *file);
        }
        Naming::Renamed(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Naming::Gone(name) => {
            names.remove(name);
        }
    }
}

fn apply(bytes: &mut Vec<u8>, pending: &Pending) {
    match pending {
        Pending::Length(length) => bytes.resize(*length, 0),
        Pending::Write(offset, written) => put(bytes, *offset, written),
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    if bytes.len() < offset + written.len() {
        bytes.resize(offset + written.len(), 0);
    }
    bytes[offset..offset + written.len()].copy_from_slice(written);
}

/// Some sectors of a write arrive. Where the file grew and a sector did not arrive, there is whatever lay there before.
fn tear(bytes: &mut Vec<u8>, offset: usize, written: &[u8], dice: &mut Dice) {
    let mut at = 0;
    while at < written.len() {
        let sector_end = (offset + at) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES - offset;
        let end = sector_end.min(written.len());
        if dice.below(2) == 0 {
            put(bytes, offset + at, &written[at..end]);
        }
        at = end;
    }
}
