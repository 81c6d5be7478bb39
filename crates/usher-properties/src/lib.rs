//! What must hold for any input from outside, as functions over bytes.
//!
//! A property function makes an input of the bytes it is given and asserts what must be true of it; it ends by a panic
//! when it is not. `cargo test` and the fuzz targets call the same functions (see the README). Each module has `SEEDS`:
//! inputs worth starting from.
//!
//! - [`query()`]: query strings of the two Feishu calls
//! - [`page_token()`]: page tokens
//! - [`csv_line()`]: files of past accesses
//! - [`table()`]: tables as people keep them
//! - [`forwarded_headers()`]: what a gateway says in headers
//! - [`host_and_path()`]: hosts and paths as gateways report them

pub mod csv_line;
pub mod forwarded_headers;
pub mod host_and_path;
pub mod page_token;
pub mod query;
pub mod table;

pub use csv_line::csv_line;
pub use forwarded_headers::forwarded_headers;
pub use host_and_path::host_and_path;
pub use page_token::page_token;
pub use query::query;
pub use table::table;
