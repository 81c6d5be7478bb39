//! How answers look on the wire.
//!
//! - [`code`]: the one table of wire errors: HTTP status, code and msg side by side
//! - [`error`]: a refusal on its way out, with what it says to the caller and what only the log may know
//! - [`log_note`]: what the log line of a refusal says
//! - [`envelope`]: the JSON around both, and the headers that go with it

pub mod code;
pub mod envelope;
pub mod error;
pub mod log_note;

pub use code::WireCode;
pub use envelope::{CONTENT_TYPE_JSON, json_response, success};
pub use error::{FieldViolation, WireError};
pub use log_note::{LogNote, Weight};
