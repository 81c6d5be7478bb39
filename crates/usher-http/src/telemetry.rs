//! Counters and gauges for `/metrics`.
//!
//! The recorder belongs to the [`crate::Edge`] and is not installed for the process, so that several servers in one process
//! (tests, the demo beside a control router) count apart. Every call below enters it for a few instructions.
//!
//! There are no histograms: the exporter keeps each sample until somebody reads it, so memory would grow on a server
//! that nobody scrapes. Durations are in the log lines.
//!
//! Labels have few values: routes are patterns and never addresses, reasons are a closed list, and no label names a
//! tenant, a client or a person.

use std::sync::OnceLock;

use metrics::{Counter, counter, describe_counter, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use usher_door::{DoorCounters, Spooled};
use usher_seats::{Refusal, SeatType, Verdict};
use usher_store::StoreHealth;

/// The label of a request that met no route.
pub const ROUTE_UNKNOWN: &str = "unknown";

/// Numbers that are read at the moment somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Accesses that wait at the door.
    pub door_waiting: usize,
    /// What the door has done so far.
    pub door: DoorCounters,
    /// How far the watermark is behind now, in milliseconds.
    pub watermark_lag_ms: i64,
    /// How the engine is doing.
    pub store: StoreHealth,
    /// What waits until the database is back.
    pub spooled: Spooled,
}

/// Counts what happens at one edge.
pub struct Telemetry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// A counter for each verdict, found once: to find one costs more than all else that is counted of an access.
    verdicts: Vec<(Verdict, Counter)>,
    /// Answers with HTTP 200, of the routes that are asked most.
    good_answers: Vec<(&'static str, OnceLock<Counter>)>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Telemetry")
    }
}

impl Telemetry {
    /// Begins with every verdict at zero, so that a rate can be computed from the first one on. `busy_routes` are those that are
    /// asked most; the others are counted just as well, only not as cheaply.
    #[must_use]
    pub fn new(busy_routes: &[&'static str]) -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let verdicts = with_local_recorder(&recorder, || {
            describe();
            every_verdict()
                .map(|verdict| (verdict, verdict_counter(&verdict)))
                .collect()
        });
        Self {
            recorder,
            handle,
            verdicts,
            good_answers: busy_routes
                .iter()
                .map(|route| (*route, OnceLock::new()))
                .collect(),
        }
    }

    /// Counts one answer. `route` is the pattern of the route or [`ROUTE_UNKNOWN`].
    pub fn answered(&self, route: &str, status: u16) {
        let known = self.good_answers.iter().find(|(busy, _)| *busy == route);
        match known.filter(|_| status == 200) {
            Some((_, counter)) => counter
                .get_or_init(|| self.answer_counter(route, status))
                .increment(1),
            None => self.answer_counter(route, status).increment(1),
        }
    }

    fn answer_counter(&self, route: &str, status: u16) -> Counter {
        with_local_recorder(
            &self.recorder,
            || counter!("usher_http_requests_total", "route" => route.to_owned(), "status" => status.to_string()),
        )
    }

    /// Counts one verdict of the door.
    pub fn decided(&self, verdict: &Verdict) {
        let known = self
            .verdicts
            .iter()
            .find(|(known, _)| labels(known) == labels(verdict));
        if let Some((_, counter)) = known {
            counter.increment(1);
        }
    }

    /// Counts one call refused for its rate.
    pub fn rate_refused(&self, api: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!("usher_rate_limit_refusals_total", "api" => api).increment(1);
        });
    }

    /// Everything in Prometheus's text form.
    #[must_use]
    pub fn render(&self, moment: &Moment) -> String {
        with_local_recorder(&self.recorder, || set(moment));
        self.handle.render()
    }
}

/// One of each kind of verdict.
fn every_verdict() -> impl Iterator<Item = Verdict> {
    let admitted = SeatType::ALL.into_iter().map(|seat_type| Verdict::Admitted {
        seat_type,
        active_time_ms: 0,
    });
    let refused = Refusal::ALL.into_iter().map(|reason| Verdict::Refused { reason });
    admitted.chain(refused)
}

/// What is told of a verdict.
fn labels(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Admitted { seat_type, .. } => ("admitted", seat_type.wire_name()),
        Verdict::Refused { reason } => ("refused", reason.wire_name()),
    }
}

fn verdict_counter(verdict: &Verdict) -> Counter {
    let (verdict, reason) = labels(verdict);
    let counter = counter!("usher_verdicts_total", "verdict" => verdict, "reason" => reason);
    counter.absolute(0);
    counter
}

/// Sets what is read at this moment.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; 2^53 is beyond any of these"
)]
fn set(moment: &Moment) {
    gauge!("usher_door_waiting").set(moment.door_waiting as f64);
    gauge!("usher_watermark_lag_ms").set(moment.watermark_lag_ms as f64);
    gauge!("usher_store_ready").set(if moment.store.ready { 1.0 } else { 0.0 });
    gauge!("usher_store_journal_accesses").set(moment.store.journal_accesses as f64);
    gauge!("usher_store_overlay_rows").set(moment.store.overlay_rows as f64);
    gauge!("usher_store_overlay_day_sets").set(moment.store.overlay_day_sets as f64);
    counter!("usher_store_batches_committed_total").absolute(moment.store.batches_committed);
    counter!("usher_store_accesses_moved_total").absolute(moment.store.accesses_moved);
    counter!("usher_store_folds_completed_total").absolute(moment.store.folds_completed);
    counter!("usher_store_commits_failed_total").absolute(moment.store.commits_failed);
    counter!("usher_store_reads_total").absolute(moment.store.reads_begun);
    counter!("usher_store_changes_total").absolute(moment.store.changes_begun);
    let spooled = &moment.spooled;
    gauge!("usher_spooling").set(if spooled.spooling { 1.0 } else { 0.0 });
    gauge!("usher_spool_people_remembered").set(spooled.people_remembered as f64);
    gauge!("usher_spool_waiting").set(spooled.waiting as f64);
    gauge!("usher_spool_bytes").set(spooled.bytes as f64);
    gauge!("usher_spool_bytes_max").set(spooled.bytes_max as f64);
    counter!("usher_spool_accesses_total").absolute(spooled.accesses_spooled);
    counter!("usher_spool_replayed_total").absolute(spooled.replayed);
    counter!("usher_spool_undecided_total").absolute(spooled.undecided);
    counter!("usher_door_batches_total").absolute(moment.door.batches);
    counter!("usher_door_accesses_total").absolute(moment.door.accesses);
    counter!("usher_door_accesses_turned_away_total").absolute(moment.door.accesses_turned_away);
    counter!("usher_door_clock_steps_back_total").absolute(moment.door.clock_steps_back);
}

/// What is counted, in one sentence each.
const COUNTERS: &[(&str, &str)] = &[
    (
        "usher_http_requests_total",
        "Requests answered, by route and HTTP status.",
    ),
    (
        "usher_verdicts_total",
        "Verdicts of the door: admitted by which kind of seat, refused for which reason.",
    ),
    (
        "usher_rate_limit_refusals_total",
        "Calls refused because their second was used up.",
    ),
    (
        "usher_store_batches_committed_total",
        "Batches of accesses made durable.",
    ),
    (
        "usher_store_accesses_moved_total",
        "Accesses that moved an active_time.",
    ),
    (
        "usher_store_folds_completed_total",
        "Folds of the journal into the activity table.",
    ),
    (
        "usher_store_commits_failed_total",
        "Commits that failed; nobody of them was admitted.",
    ),
    (
        "usher_spool_accesses_total",
        "Accesses written into the spool while the database was away.",
    ),
    (
        "usher_spool_replayed_total",
        "Rows brought from the spool into the ledger.",
    ),
    (
        "usher_spool_undecided_total",
        "Accesses without a verdict while the database was away: nobody seen recently, or no room.",
    ),
    ("usher_store_reads_total", "Reads asked of the store."),
    ("usher_store_changes_total", "Changes asked of the store."),
    ("usher_door_batches_total", "Batches handed to the store."),
    ("usher_door_accesses_total", "Accesses that got a verdict."),
    (
        "usher_door_accesses_turned_away_total",
        "Accesses turned away because too many were waiting.",
    ),
    (
        "usher_door_clock_steps_back_total",
        "Accesses older than one already seen: the clock stepped back.",
    ),
];

/// What goes up and down, in one sentence each.
const GAUGES: &[(&str, &str)] = &[
    ("usher_door_waiting", "Accesses waiting at the door."),
    (
        "usher_watermark_lag_ms",
        "How far back recorded activity may still be incomplete, in milliseconds.",
    ),
    (
        "usher_spooling",
        "1 while accesses go into the spool because the database is away, else 0.",
    ),
    (
        "usher_spool_people_remembered",
        "People who would be admitted if the database went away now.",
    ),
    (
        "usher_spool_waiting",
        "Rows in the spool that the ledger does not have yet.",
    ),
    ("usher_spool_bytes", "Bytes of the spool's file."),
    ("usher_spool_bytes_max", "Most bytes the spool's file may have."),
    ("usher_store_ready", "1 while the store can admit, else 0."),
    (
        "usher_store_journal_accesses",
        "Accesses in the journal, not yet folded.",
    ),
    (
        "usher_store_overlay_rows",
        "Activity rows that only the overlay in memory has.",
    ),
    (
        "usher_store_overlay_day_sets",
        "Sets of active days that only the overlay in memory has, or has more of.",
    ),
];

fn describe() {
    for (name, sentence) in COUNTERS {
        describe_counter!(*name, *sentence);
    }
    for (name, sentence) in GAUGES {
        describe_gauge!(*name, *sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Moment = Moment {
        door_waiting: 3,
        door: DoorCounters {
            batches: 7,
            accesses: 6,
            accesses_turned_away: 0,
            clock_steps_back: 5,
        },
        watermark_lag_ms: 12,
        store: StoreHealth {
            ready: true,
            journal_accesses: 4,
            overlay_rows: 2,
            overlay_day_sets: 8,
            batches_committed: 9,
            accesses_moved: 8,
            folds_completed: 1,
            commits_failed: 0,
            reads_begun: 21,
            changes_begun: 22,
            newest_access_ms: None,
            instances_living: 1,
            others_watermark_ms: None,
        },
        spooled: Spooled {
            may_spool: true,
            spooling: true,
            people_remembered: 31,
            waiting: 32,
            oldest_ms: None,
            full: false,
            bytes: 33,
            bytes_max: 34,
            accesses_spooled: 35,
            replayed: 36,
            undecided: 37,
        },
    };

    #[test]
    fn what_is_counted_is_shown() {
        let telemetry = Telemetry::new(&["/livez"]);
        telemetry.answered("/livez", 200);
        telemetry.answered("/livez", 200);
        telemetry.answered("/livez", 404);
        telemetry.answered("/readyz", 200);
        telemetry.rate_refused("seat_activities");
        telemetry.decided(&Verdict::Refused {
            reason: Refusal::NoSeat,
        });
        let text = telemetry.render(&MOMENT);
        for line in [
            "usher_http_requests_total{route=\"/livez\",status=\"200\"} 2",
            "usher_http_requests_total{route=\"/livez\",status=\"404\"} 1",
            "usher_http_requests_total{route=\"/readyz\",status=\"200\"} 1",
            "usher_rate_limit_refusals_total{api=\"seat_activities\"} 1",
            "usher_verdicts_total{verdict=\"refused\",reason=\"no_seat\"} 1",
            "usher_verdicts_total{verdict=\"admitted\",reason=\"per_user\"} 0",
            "usher_door_waiting 3",
            "usher_watermark_lag_ms 12",
            "usher_store_ready 1",
            "usher_store_batches_committed_total 9",
            "usher_spooling 1",
            "usher_spool_people_remembered 31",
            "usher_spool_waiting 32",
            "usher_spool_bytes 33",
            "usher_spool_accesses_total 35",
            "usher_spool_replayed_total 36",
            "usher_spool_undecided_total 37",
            "usher_store_reads_total 21",
            "usher_store_changes_total 22",
            "usher_door_clock_steps_back_total 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn two_edges_count_apart() {
        let (one, other) = (Telemetry::new(&["/livez"]), Telemetry::new(&["/livez"]));
        one.answered("/livez", 200);
        assert!(!other.render(&MOMENT).contains("route=\"/livez\""));
    }
}
