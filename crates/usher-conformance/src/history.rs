//! Asking for history in short sentences.

use usher_seats::{Day, DaySpan, SeatType, TimeZoneName, Window};
use usher_store::{ActiveDaysQuery, ActivePeopleQuery, Change, HistoryScope};

use crate::ledger::{Ledger, namespace, user_id};

/// A day by its date.
#[must_use]
pub fn day(date: &str) -> Day {
    date.parse().unwrap()
}

/// Which accesses count: through a kind of seat or any, to an app or any.
pub type Scope<'a> = (Option<SeatType>, Option<&'a str>);

/// Through any seat, to any app.
pub const ALL: Scope<'_> = (None, None);

impl Ledger {
    fn scope(&self, (seat_type, app): Scope<'_>) -> HistoryScope {
        HistoryScope {
            tenant_id: self.tenant_id,
            seat_type,
            namespace: app.map(namespace),
        }
    }

    /// The figures of some days, each with the days it counts.
    pub async fn figures(
        &self,
        scope: Scope<'_>,
        window: Window,
        (first, last): (Day, Day),
    ) -> Vec<(DaySpan, u64)> {
        let query = ActivePeopleQuery {
            scope: self.scope(scope),
            window,
            days: DaySpan { first, last },
        };
        let figures = self.store.active_people(query).await.unwrap();
        figures
            .iter()
            .map(|figure| (figure.days, figure.people))
            .collect()
    }

    /// How many people were active on one day, week or month.
    pub async fn people(&self, scope: Scope<'_>, window: Window, date: &str) -> u64 {
        let figures = self.figures(scope, window, (day(date), day(date))).await;
        assert_eq!(figures.len(), 1, "one day has one figure");
        figures[0].1
    }

    /// The days of a person between two days.
    pub async fn days_of(&self, user: i64, scope: Scope<'_>, (first, last): (Day, Day)) -> Vec<Day> {
        let query = ActiveDaysQuery {
            scope: self.scope(scope),
            user_id: user_id(user),
            days: DaySpan { first, last },
        };
        self.store.active_days(query).await.unwrap()
    }

    /// The dates on which a person was active in a year.
    pub async fn dates_of(&self, user: i64, scope: Scope<'_>, year: i32) -> Vec<String> {
        let year = (day(&format!("{year}-01-01")), day(&format!("{year}-12-31")));
        let days = self.days_of(user, scope, year).await;
        days.iter().map(ToString::to_string).collect()
    }

    /// Moves the tenant to another time zone.
    pub async fn move_to(&self, zone: &str, at_ms: i64) {
        let change = Change::DescribeTenant {
            tenant_id: self.tenant_id,
            name: None,
            time_zone: Some(zone.parse::<TimeZoneName>().unwrap()),
        };
        self.change(change, at_ms).await.unwrap();
    }
}
