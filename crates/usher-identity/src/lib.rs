//! Tokens, secrets and sealed page tokens.
//!
//! Pure like the rules: randomness and time are arguments, nothing here reads a file or a socket.
//!
//! - [`keys`]: one key file, one key per purpose
//! - [`secret`]: texts that must not be printed, compared in constant time
//! - [`token`]: how bearer tokens are made, told apart and hashed
//! - [`page_token`]: the place in a walk, sealed so that nobody can read, change or borrow it

pub mod keys;
pub mod page_token;
pub mod secret;
pub mod token;

pub use keys::{KeyRing, Purpose};
pub use page_token::{PageBinding, PagePlace, PageSealer, PageTokenError, SealError};
pub use secret::Secret;
pub use token::{Bearer, TokenForm, make_token};
