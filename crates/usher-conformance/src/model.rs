//! Random sequences against a small ledger in memory.
//!
//! The model below is written from DESIGN section 3 and knows nothing of the code it checks: plain maps, one `if` after
//! the other. A sequence assigns, releases, buys, waits, hands on, joins groups, opens apps, imports the past, switches
//! things off and on, restarts the engine and lists, in several tenants, through both kinds of seat, with a clock that
//! also steps back. The engine folds behind its back whenever it likes. After every step both must say the same.

mod book;
mod book_step;
mod expected;
mod step;

use proptest::test_runner::TestCaseError;

use self::{expected::Expected, step::Step};
use crate::{
    Home,
    ledger::{Ledger, START_MS},
    random,
};

/// Longest sequence. Long enough for several folds of a home that folds often.
const STEPS_MAX: usize = 40;
/// Tenants in a sequence: two to be told apart, a third to stay empty at times.
const TENANTS: usize = 3;
/// Where they are: in zones that never change their clocks (`expected::HOURS_AHEAD`).
const ZONES: [&str; TENANTS] = ["UTC", "Asia/Shanghai", "America/Phoenix"];

/// Runs `sequences` random sequences from `seed`, each in a home of its own, and shrinks the first that fails.
pub fn run<H: Home>(sequences: u32, seed: u8, home: impl AsyncFn() -> H) {
    random::run((sequences, STEPS_MAX, seed), step::any(), home, sequence);
}

async fn sequence(mut home: impl Home, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut expected = Expected::new(TENANTS);
    let mut ledgers = Vec::new();
    for (tenant, zone) in ZONES.iter().enumerate() {
        let ledger = Ledger::found(home.store(), &format!("tenant-{tenant}")).await;
        ledger.people_and_apps(&step::USERS, &step::APPS).await;
        ledger.move_to(zone, START_MS).await;
        for group in book_step::GROUPS {
            ledger.people_in(group, &[]).await;
        }
        ledgers.push(ledger);
    }
    for step in steps {
        if matches!(step, Step::Restart) {
            home.restart().await;
            for ledger in &mut ledgers {
                ledger.store = home.store();
            }
        } else {
            step.perform(&ledgers, &mut expected).await?;
        }
    }
    Ok(())
}
