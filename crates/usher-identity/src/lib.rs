//! Tokens, secrets and sealed page tokens.
//!
//! Pure like the rules: randomness and time are arguments, nothing here reads a file or a socket.
//!
//! - [`keys`]: one key file, one key per purpose
//! - [`secret`]: texts that must not be printed, compared in constant time
//! - [`token`]: how bearer tokens are made, told apart and hashed
//! - [`kept_secret`]: secrets without a prefix, kept as hashes: of clients, codes, cookies, links
//! - [`refresh_token`]: refresh tokens and which generation of endpoints takes them
//! - [`derived`]: tokens that are the same for everybody who asks, derived instead of kept
//! - [`pkce`]: proof that who redeems a code is who asked for it
//! - [`scope_list`]: lists of scopes as they travel
//! - [`pseudonym`]: names under which clients know people
//! - [`redirect_uri`]: addresses to which a browser is sent back with a code
//! - [`password`]: which passwords are good enough, and how they are kept
//! - [`one_time_password`]: the digits of a second factor
//! - [`sealed`]: small things sealed for one place
//! - [`page_token`]: the place in a walk, sealed so that nobody can read, change or borrow it

pub mod derived;
pub mod kept_secret;
pub mod keys;
pub mod one_time_password;
pub mod page_token;
pub mod password;
pub mod pkce;
pub mod pseudonym;
pub mod redirect_uri;
pub mod refresh_token;
pub mod scope_list;
pub mod sealed;
pub mod secret;
pub mod token;

pub use kept_secret::{KeptSecret, hash_secret, make_secret};
pub use keys::{KeyRing, Purpose};
pub use page_token::{ListBinding, PageBinding, PagePlace, PageSealer, PageTokenError, SealError};
pub use redirect_uri::{RedirectUri, RedirectUriError};
pub use refresh_token::{RefreshGeneration, make_refresh_token, read_refresh_token};
pub use secret::Secret;
pub use token::{Bearer, TokenForm, make_token};
