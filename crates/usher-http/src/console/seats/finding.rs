//! Which seats a filter finds, page by page: for the list, and for a change over all of it.
//!
//! Whoever types a name means people, and the seats of a few people among a million are found by asking who they are first and
//! then for the seats of each. So a page costs the people it looks at, which are bounded, and stands in order of their numbers.

use usher_seats::{Day, UserId, search::SearchText};
use usher_store::{IdleKey, IdlePage, search::UserSearch};

use super::filter::{SeatFilter, greatest_namespace};
use crate::{console::desk::Desk, sign_in::problem::Problem};

/// Most people whose seats are looked at for a page; where few of them have fitting seats, the next page goes on.
const PEOPLE_LOOKED_AT_MAX: usize = 200;
/// People who are found at once.
const PEOPLE_AT_ONCE: usize = 50;

/// A page of what a filter finds, judged at a moment, after a place.
pub(super) async fn page(
    desk: &Desk,
    filter: &SeatFilter,
    judged_at_ms: i64,
    after: Option<IdleKey>,
    rows_max: usize,
) -> Result<IdlePage, Problem> {
    if filter.user_id().is_none()
        && let Some(text) = filter.search()
    {
        let search = Search {
            desk,
            filter,
            judged_at_ms,
            rows_max,
        };
        return search.page(text, after).await;
    }
    let query = filter.query(desk, judged_at_ms, after, rows_max);
    Ok(desk.store().idle_seats(query).await?)
}

/// A search on its way.
struct Search<'a> {
    desk: &'a Desk,
    filter: &'a SeatFilter,
    judged_at_ms: i64,
    rows_max: usize,
}

impl Search<'_> {
    async fn page(&self, text: SearchText, after: Option<IdleKey>) -> Result<IdlePage, Problem> {
        let mut page = IdlePage {
            rows: Vec::new(),
            next: after,
        };
        // The page before may have ended among the seats of somebody.
        if let Some(place) = page.next.clone()
            && self.seats_of(place.user_id, Some(place), &mut page).await?
        {
            return Ok(page);
        }
        for _ in 0..PEOPLE_LOOKED_AT_MAX / PEOPLE_AT_ONCE {
            let people = UserSearch {
                tenant_id: self.desk.tenant_id(),
                text: text.clone(),
                after: page.next.as_ref().map(|place| place.user_id),
                rows_max: PEOPLE_AT_ONCE,
            };
            let people = self.desk.store().users_matching(people).await?;
            for person in people.users {
                if self.seats_of(person.user_id, None, &mut page).await? {
                    return Ok(page);
                }
            }
            page.next = people.next.map(behind);
            if page.next.is_none() {
                break;
            }
        }
        Ok(page)
    }

    /// Takes the seats of a person, after a place among them; true when the page is full.
    async fn seats_of(
        &self,
        user_id: UserId,
        after: Option<IdleKey>,
        page: &mut IdlePage,
    ) -> Result<bool, Problem> {
        let left = self.rows_max.saturating_sub(page.rows.len());
        let mut query = self.filter.query(self.desk, self.judged_at_ms, after, left);
        query.user_id = Some(user_id);
        let found = self.desk.store().idle_seats(query).await?;
        page.rows.extend(found.rows);
        page.next = Some(found.next.unwrap_or_else(|| behind(user_id)));
        Ok(page.rows.len() >= self.rows_max)
    }
}

/// The place behind every seat of a person.
fn behind(user_id: UserId) -> IdleKey {
    IdleKey {
        idle_since_day: Day::EPOCH,
        user_id,
        namespace: greatest_namespace(),
    }
}
