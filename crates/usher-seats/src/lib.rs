//! The rules of seats, pure.
//!
//! Nothing here reads a clock, a file or a socket: time is an argument, and facts are fetched by whoever asks.
//! A rule that decides about seats exists here once; engines fetch, apply and keep, HTTP translates.
//!
//! - [`identifiers`]: names that cannot be wrong once they exist ([`UserId`], [`Namespace`], ...)
//! - [`names`]: texts that people choose; [`localized_names`] in several languages, told apart by [`language_tag`]
//! - [`pool`]: how many seats were bought, and whether one is free; [`price`]: what one costs
//! - [`seat`]: seats, their types and their status
//! - [`time_zone`]: where an organisation's days begin; [`day`]: which day a moment falls into
//! - [`history`]: which days a figure of active people counts; [`idle`]: whether a seat lies idle;
//!   [`overview`]: figures of all seats, from counts by day
//! - [`search`]: finding people as somebody types
//! - [`spreadsheet`]: cells that no spreadsheet takes for a formula
//! - [`verdict`]: what the door answers, decided from a [`Standing`]; [`sighting`]: how long an answer stands when nobody can be asked
//! - [`activity`]: the newest admitted access, and why accesses need no order

pub mod activity;
pub mod cost;
pub mod day;
pub mod history;
pub mod identifiers;
pub mod idle;
pub mod language_tag;
pub mod localized_names;
pub mod names;
pub mod overview;
pub mod pool;
pub mod price;
pub mod search;
pub mod seat;
pub mod sighting;
pub mod spreadsheet;
pub mod time_zone;
pub mod verdict;

pub use activity::{ACCESS_TIME_MS_MAX, AccessTimeError, newest, parse_access_time};
pub use cost::Cost;
pub use day::{Calendar, Day, LocalDay};
pub use history::{DaySpan, Window, first_day_kept};
pub use identifiers::{ClientId, GroupKey, IdentifierError, Namespace, TenantId, TenantKey, UserId};
pub use idle::{IdlePolicy, IdleVerdict, Idleness, Leave, SeatFacts};
pub use language_tag::LanguageTag;
pub use localized_names::LocalizedNames;
pub use names::{check_external_id, check_name};
pub use overview::{SeatCounter, SeatFigures, TallyCell, TallyFlags, TallyMark};
pub use pool::Pool;
pub use price::{CurrencyCode, Price, PricePeriod};
pub use search::SearchText;
pub use seat::{Seat, SeatStatus, SeatType};
pub use sighting::Sighting;
pub use time_zone::TimeZoneName;
pub use verdict::{Enablement, Refusal, Standing, Verdict, decide};
