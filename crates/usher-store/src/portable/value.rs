//! One field of a row.

use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number; also every time, in milliseconds, and every day, in days since 1970-01-01.
    Integer,
    /// Yes or no.
    Boolean,
    /// Text.
    Text,
    /// Bytes, such as a hash.
    Bytes,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Nothing.
    Nothing,
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The fields of a row, in the order of its section's columns.
pub type Row = Vec<Value>;

impl Value {
    /// The number, if it is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True for what a column of this kind may hold.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Integer(_), Kind::Integer)
                | (Self::Boolean(_), Kind::Boolean)
                | (Self::Text(_), Kind::Text)
                | (Self::Bytes(_), Kind::Bytes)
        )
    }

    /// Appends the one form in bytes that this value has: what it is, then how long, then itself, so that no two rows of
    /// different values look alike.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => out.push(0),
            Self::Integer(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Boolean(yes) => out.extend_from_slice(&[2, u8::from(*yes)]),
            Self::Text(text) => write_bytes(out, 3, text.as_bytes()),
            Self::Bytes(bytes) => write_bytes(out, 4, bytes),
        }
    }
}

fn write_bytes(out: &mut Vec<u8>, what: u8, bytes: &[u8]) {
    out.push(what);
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}
