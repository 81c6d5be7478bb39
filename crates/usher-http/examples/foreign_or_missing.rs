//! Measures whether time tells a foreign thing from a missing one.
//!
//! ```sh
//! cargo run -p usher-http --example foreign_or_missing -- [TRIES] [SIGN_IN_TRIES]
//! ```
//!
//! For each kind of thing an administrator asks for one of another tenant's and for one that nobody has, `TRIES` times
//! each, in an order drawn at random, so that whatever else the machine does falls on both alike. Requests go through the
//! real routes to the real engine without a network, which would only hide differences. The two sets of times are
//! compared by ranks (Mann and Whitney): no outlier counts for more than its place. What is printed is the chance that a
//! foreign one takes longer than a missing one, 50 % when nothing can be told, and how many standard deviations of pure
//! chance it is away from that. Beyond [`DEVIATIONS_MAX`] it is a difference.
//!
//! Two controls stand beside the measurement. Missing ones against other missing ones must not differ. And a route that
//! looks again when another tenant has the thing, as a careless program would, must differ, or nothing here could have
//! been seen.
//!
//! It ends with an error when a control or a kind fails. Tests do not depend on speed, so `cargo test` does not run this;
//! it counts the work instead (`crates/usher-http/tests/it/manage/foreign.rs`).
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "it measures, it prints, and it may stop at the first surprise"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "statistics of a few thousand numbers"
)]

#[path = "foreign_or_missing/place.rs"]
mod place;
#[path = "foreign_or_missing/ranks.rs"]
mod ranks;

use std::time::Instant;

use axum::{body::Body, http::Request};
use place::{Place, THINGS};
use ranks::Comparison;

/// Tries of each of the two, unless another number is given.
const TRIES: usize = 20_000;
/// Tries of signing in: each is a hash of some thirty milliseconds by design.
const SIGN_IN_TRIES: usize = 400;
/// Untimed requests before each measurement, until every statement is prepared and every page is in memory.
const WARM_UP: usize = 500;
/// So far from a half chance alone comes once in some 150,000 comparisons, and here are a dozen.
const DEVIATIONS_MAX: f64 = 4.5;

/// A kind of thing, and how one is asked for by its number.
struct Kind(&'static str, &'static str, &'static str, &'static str);

/// Name, method, path, body. `{number}` is one of the other tenant's or one that nobody has.
const KINDS: [Kind; 8] = [
    Kind("person, shown", "GET", "/usher/v1/users/{number}", ""),
    Kind(
        "person, changed",
        "PATCH",
        "/usher/v1/users/{number}",
        r#"{"name":"x"}"#,
    ),
    Kind("person, deleted", "DELETE", "/usher/v1/users/{number}", ""),
    Kind(
        "link for a person",
        "POST",
        "/usher/v1/users/{number}/sign-in-link",
        "",
    ),
    Kind("app, shown", "GET", "/usher/v1/apps/app{number}", ""),
    Kind("client, shown", "GET", "/usher/v1/clients/cli_{number}", ""),
    Kind(
        "client, given a secret",
        "POST",
        "/usher/v1/clients/cli_{number}/secrets",
        "",
    ),
    Kind(
        "tenant in the query",
        "GET",
        "/usher/v1/users?tenant_key=t{number}",
        "",
    ),
];

/// Even numbers are the other tenant's, odd ones nobody's, all of four digits and lying among one another.
fn number(foreign: bool, which: usize) -> usize {
    1_000 + 2 * (which % THINGS) + usize::from(!foreign)
}

/// Draws without any source of chance, so that a run can be had again (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }

    /// So many of each, shuffled.
    fn order(&mut self, tries: usize) -> Vec<bool> {
        let mut order: Vec<bool> = (0..2 * tries).map(|place| place < tries).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, self.next() % (place + 1));
        }
        order
    }
}

/// Times both in a drawn order; `ask` makes the request for one.
async fn compare(
    place: &Place,
    dice: &mut Dice,
    tries: usize,
    ask: impl Fn(bool, usize) -> Request<Body>,
) -> Comparison {
    for which in 0..WARM_UP {
        assert_eq!(place.answer(ask(which % 2 == 0, which)).await, 404);
    }
    let mut times = [Vec::with_capacity(tries), Vec::with_capacity(tries)];
    for first in dice.order(tries) {
        let request = ask(first, dice.next());
        let begun = Instant::now();
        let answered = place.answer(request).await;
        let took = begun.elapsed();
        assert_eq!(answered, 404);
        times[usize::from(!first)].push(took.as_nanos() as u64);
    }
    let [first, second] = times;
    ranks::compare(&first, &second)
}

/// Signing in with a wrong password for somebody who is there, and for nobody. The form is fetched before the clock runs.
async fn compare_sign_in(place: &Place, dice: &mut Dice, tries: usize) -> Comparison {
    let mut times = [Vec::new(), Vec::new()];
    for there in dice.order(tries) {
        let request = place.sign_in(number(there, dice.next())).await;
        let begun = Instant::now();
        assert_eq!(place.answer(request).await, 403);
        times[usize::from(!there)].push(begun.elapsed().as_nanos() as u64);
        place.let_an_hour_pass();
    }
    let [there, nobody] = times;
    ranks::compare(&there, &nobody)
}

/// One line; true when it came out as it should.
fn told(name: &str, comparison: &Comparison, differs: bool) -> bool {
    let difference = comparison.deviations.abs() > DEVIATIONS_MAX;
    let right = difference == differs;
    println!(
        "{}: {name}: medians {:.1} and {:.1} us, the first takes longer in {:.2} % of pairs, {:+.1} deviations: {}",
        if right { "ok" } else { "FAILED" },
        comparison.medians_ns[0] as f64 / 1_000.0,
        comparison.medians_ns[1] as f64 / 1_000.0,
        100.0 * comparison.chance_longer,
        comparison.deviations,
        if difference {
            "a difference"
        } else {
            "no measurable difference"
        },
    );
    right
}

async fn measure(tries: usize, sign_in_tries: usize) -> bool {
    let place = Place::open().await;
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    println!("{tries} tries of each, in a drawn order; {sign_in_tries} of signing in");
    let control = compare(&place, &mut dice, tries, |first, which| {
        let missing = number(false, 2 * (which % THINGS) + usize::from(first));
        place.ask("GET", &format!("/usher/v1/users/{missing}"), "")
    });
    let mut right = told("control, missing and missing", &control.await, false);
    let control = compare(&place, &mut dice, tries, |foreign, which| {
        place.ask("GET", &format!("/leaky/{}", number(foreign, which)), "")
    });
    right &= told("control, a route that looks again", &control.await, true);
    for Kind(name, method, path, body) in KINDS {
        let comparison = compare(&place, &mut dice, tries, |foreign, which| {
            let path = path.replace("{number}", &number(foreign, which).to_string());
            place.ask(method, &path, body)
        });
        right &= told(&format!("{name}, foreign and missing"), &comparison.await, false);
    }
    let sign_in = compare_sign_in(&place, &mut dice, sign_in_tries).await;
    right &= told("signing in, wrong password and nobody", &sign_in, false);
    right
}

fn main() -> std::process::ExitCode {
    let mut given = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let tries = given.next().unwrap_or(TRIES);
    let sign_in_tries = given.next().unwrap_or(SIGN_IN_TRIES);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if runtime.block_on(measure(tries, sign_in_tries)) {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
