//! Random organisations: the report on idle seats and the overview against a count by hand.
//!
//! A sequence gives, takes and protects seats, opens apps now and long ago, notes leaves and groups, lets weeks pass,
//! restarts and folds. Whenever it asks, with any filter, [`by_hand`] works the answer out of what the engine's other
//! lists export: every seat, every activity, every leave, every member. It shares no code with the rule and counts in
//! another manner, quarter of a day by quarter of a day.

mod by_hand;
mod step;

use proptest::test_runner::TestCaseError;
use usher_store::{
    IdleOrder, IdlePage, IdleQuery, IdleRow, Overview, OverviewQuery, overview::OVERVIEW_ROWS_MAX,
};

use self::step::Step;
use crate::{Home, ledger::Ledger, random};

/// Steps before the questions. Enough for several folds and some months.
const STEPS_MAX: usize = 40;
/// Pages after which a walk is taken to go round in circles.
const PAGES_MAX: usize = 1_000;

/// Midnight of 2024-07-03 in UTC, at which organisations begin.
pub const MIDNIGHT_MS: i64 = 1_719_964_800_000;

/// A question about every seat, longest idle first.
#[must_use]
pub fn question(ledger: &Ledger, idle_days_min: u32, now_ms: i64) -> IdleQuery {
    IdleQuery {
        tenant_id: ledger.tenant_id,
        now_ms,
        policy: usher_seats::IdlePolicy::default(),
        idle_days_min,
        never_used: false,
        seat_type: None,
        namespace: None,
        group_key: None,
        user_id: None,
        verdicts: Vec::new(),
        order: IdleOrder::LongestIdleFirst,
        after: None,
        rows_max: 100,
    }
}

impl Ledger {
    /// One page.
    pub async fn idle_page(&self, query: IdleQuery) -> IdlePage {
        let rows_max = query.rows_max;
        let page = self.store.idle_seats(query).await.unwrap();
        assert!(page.rows.len() <= rows_max);
        page
    }

    /// All pages. A page may be empty and not the last.
    pub async fn idle_seats(&self, mut query: IdleQuery) -> Vec<IdleRow> {
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.idle_page(query.clone()).await;
            rows.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                return rows;
            }
        }
        panic!("the walk does not end: {query:?}")
    }

    /// The figures of all pools.
    pub async fn overview(&self, now_ms: i64) -> Overview {
        let query = OverviewQuery {
            tenant_id: self.tenant_id,
            now_ms,
            policy: usher_seats::IdlePolicy::default(),
            after: None,
            rows_max: OVERVIEW_ROWS_MAX,
        };
        self.store.overview(query).await.unwrap()
    }

    /// Whose seats they are, and of which apps.
    #[must_use]
    pub fn names(rows: &[IdleRow]) -> String {
        let name = |row: &IdleRow| match &row.namespace {
            None => row.user_id.to_string(),
            Some(namespace) => format!("{} {namespace}", row.user_id),
        };
        rows.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// Runs `organisations` random organisations from `seed`, each in a home of its own, and shrinks the first that fails.
pub fn run<H: Home>(organisations: u32, seed: u8, home: impl AsyncFn() -> H) {
    random::run((organisations, STEPS_MAX, seed), step::any(), home, organisation);
}

async fn organisation(mut home: impl Home, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut now_ms = MIDNIGHT_MS;
    let mut ledger = Ledger::found(home.store(), "acme").await;
    // The same people and apps in another tenant, idle for longer than anybody, must never be seen.
    let other = Ledger::found(home.store(), "other").await;
    for ledger in [&ledger, &other] {
        ledger.people_and_apps(&step::USERS, &step::APPS).await;
        for group in step::GROUPS {
            step::make_group(ledger, group, now_ms).await;
        }
    }
    for user in step::USERS {
        other.assign(user, None, None, 1).await;
        other.assign(user, Some(step::APPS[0]), None, 1).await;
    }
    for step in steps {
        match step {
            Step::Tick(quarters) => now_ms += quarters * by_hand::QUARTER_MS,
            Step::Restart => {
                home.restart().await;
                ledger.store = home.store();
            }
            Step::Ask(filter) => {
                let query = filter.query(&ledger, now_ms);
                let expected = by_hand::answer(&ledger, &query).await;
                let found = ledger.idle_seats(query.clone()).await;
                by_hand::compare(&found, &expected, &query)?;
            }
            Step::Look => by_hand::check_overview(&ledger, now_ms).await?,
            step => step.perform(&ledger, now_ms).await,
        }
    }
    Ok(())
}
