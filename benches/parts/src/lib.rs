//! The parts of Usher that cost something for each access and each page, one function per part.
//!
//! Each function does its part so many times, and sets up the same whatever the number: so the difference between two runs is the
//! part alone. `benches/gate` counts the instructions of that difference under callgrind and holds them against the record;
//! `benches/criterion` times the same functions for people.
//!
//! - [`PARTS`]: all of them, by name
//! - [`place`]: a ledger in a folder, behind the real routes
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a measurement a surprise is the end"
)]

pub mod place;

use std::hint::black_box;

use usher_http::access::parse_accesses_body;
use usher_identity::{KeyRing, PageBinding, PagePlace};
use usher_seats::{
    ClientId, Enablement, Namespace, Seat, SeatType, Standing, TenantId, UserId, Verdict, decide,
};

use place::Place;

/// A part: what it is called, what it costs to do once more, and how it is done so many times.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its name in the record.
    pub name: &'static str,
    /// How often it is done in the shorter of two counted runs; the longer one does it three times as often.
    pub times: u64,
    /// Does it so many times.
    pub run: fn(u64),
}

/// Accesses of a commit: the crowd that the promises are about.
pub const BATCH: u64 = 64;

/// Every part.
pub const PARTS: [Part; 8] = [
    Part {
        name: "rule",
        times: 50_000,
        run: rule,
    },
    Part {
        name: "page_token",
        times: 2_000,
        run: page_token,
    },
    Part {
        name: "access_json",
        times: 10_000,
        run: access_json,
    },
    Part {
        name: "commit",
        times: 40 * BATCH,
        run: commit,
    },
    Part {
        name: "commit_and_fold",
        times: 40 * BATCH,
        run: commit_and_fold,
    },
    Part {
        name: "access",
        times: 20 * BATCH,
        run: access,
    },
    Part {
        name: "page_rows",
        times: 8,
        run: page_rows,
    },
    Part {
        name: "page",
        times: 8,
        run: page,
    },
];

/// The rule of the door.
pub fn rule(times: u64) {
    let seat = Seat {
        held: true,
        expires_at_ms: Some(2_000_000_000_000),
        released_at_ms: None,
    };
    let standing = Standing {
        tenant: Enablement::Enabled,
        user: Enablement::Enabled,
        app: Enablement::Enabled,
        platform_seat: None,
        app_seat: Some(seat),
    };
    for _ in 0..times {
        let _ = black_box(decide(black_box(&standing), black_box(1_700_000_000_000)));
    }
}

/// A page token sealed and opened.
pub fn page_token(times: u64) {
    let keys = KeyRing::from_key_file(&[7; 32]);
    let client_id: ClientId = "cli_9b445f5258795107".parse().unwrap();
    let binding = PageBinding {
        tenant_id: TenantId(1),
        client_id: &client_id,
        endpoint: "seat_activities",
        seat_type: SeatType::PerUser,
    };
    let place = PagePlace {
        user_id: UserId::new(1_803_710_089_388_154).unwrap(),
        namespace: Some("package_35f605__c".parse().unwrap()),
    };
    for _ in 0..times {
        let token = keys.page_sealer().seal(&place, &binding, 0, [3; 24]).unwrap();
        black_box(keys.page_sealer().open(&token, &binding, 1).unwrap());
    }
}

/// The body of an access read, and a verdict written.
pub fn access_json(times: u64) {
    let body = br#"{"user_id": 1803710089388154, "namespace": "package_35f605__c"}"#;
    let verdict = Verdict::Admitted {
        seat_type: SeatType::PerUser,
        active_time_ms: 1_727_199_298_656,
    };
    for _ in 0..times {
        black_box(parse_accesses_body(black_box(body)).unwrap());
        black_box(serde_json::to_vec(black_box(&verdict)).unwrap());
    }
}

/// Accesses of random people made durable by the engine, in batches.
pub fn commit(times: u64) {
    Place::run(|mut place| async move { place.record(times).await });
}

/// The same, and then brought into their table.
pub fn commit_and_fold(times: u64) {
    Place::run(|mut place| async move {
        place.record(times).await;
        place.fold().await;
    });
}

/// Accesses through the routes and the door, as many at once as a batch has, without a network.
pub fn access(times: u64) {
    Place::run(|mut place| async move { place.report(times).await });
}

/// Pages of 500 rows as the engine reads them, half of them still in the overlay.
pub fn page_rows(times: u64) {
    Place::run(|mut place| async move {
        place.record(place::USERS).await;
        place.read(times).await;
    });
}

/// The same pages as they are sent, with everything that is asked before.
pub fn page(times: u64) {
    Place::run(|mut place| async move {
        place.record(place::USERS).await;
        place.fetch(times).await;
    });
}

/// The app with a number.
pub(crate) fn namespace(app: u64) -> Namespace {
    format!("package_{app:06}__c").parse().unwrap()
}
