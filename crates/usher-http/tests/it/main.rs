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

mod oauth_rows;
mod oauth_support;
mod sign_in_support;
mod slow_clients;
mod support;

mod accesses;
mod answers;
mod connections;
mod console;
mod edges;
mod engine;
mod everywhere;
mod forward_auth;
mod gateway;
mod health;
mod limits;
mod logs;
mod manage;
mod oauth_apps;
mod oauth_errors;
mod oauth_grants;
mod oauth_parallel;
mod oauth_refresh;
mod oauth_revocation;
mod oauth_secrets;
mod oauth_tickets;
mod oauth_two_tenants;
mod oauth_user_info;
mod panics;
mod parameters;
mod rate_limits;
mod raw_socket;
mod short_way;
mod sign_in_authorize;
mod sign_in_form;
mod sign_in_hostile;
mod sign_in_link;
mod sign_in_password;
mod sign_in_second_factor;
mod walk;
