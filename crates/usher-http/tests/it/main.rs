//! The routes over the real engine. Each module tells the stories of one part; `support` opens the house.
#![expect(
    unreachable_pub,
    reason = "a test binary exports nothing, and the short word reads better"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise; clippy.toml allows it only inside test functions"
)]

mod support;

mod accesses;
mod answers;
mod connections;
mod forward_auth;
mod gateway;
mod health;
mod limits;
mod logs;
mod parameters;
mod raw_socket;
mod walk;
