//! Finding people as somebody types; who fits is said in [`usher_seats::search`].
//!
//! Few people fit most texts, and then the index of keys names them all. A single letter fits thousands; then the people
//! are walked in order of their number, and one in ten fits. Either way no more than [`USERS_LOOKED_AT_MAX`] are looked
//! at for a page, and where that does not fill it, the page says where to go on.

use usher_seats::{TenantId, UserId, search::SearchText};

use crate::{directory::User, error::StoreError, page::PAGE_ROWS_MAX, store::Store};

/// Most people looked at for one page: four times the largest page.
pub const USERS_LOOKED_AT_MAX: usize = 2_000;

/// Which people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSearch {
    /// Whose.
    pub tenant_id: TenantId,
    /// What was typed.
    pub text: SearchText,
    /// The last person already looked at.
    pub after: Option<UserId>,
    /// Most rows wanted, `1 ..= PAGE_ROWS_MAX`.
    pub rows_max: usize,
}

/// Some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// At most `rows_max`, in order of their number; perhaps none although more follow.
    pub users: Vec<User>,
    /// The person after whom the next page begins; none when everybody has been looked at.
    pub next: Option<UserId>,
}

/// Finds people, by the index of keys or along the numbers.
pub(crate) async fn users_matching<S: Store + ?Sized>(
    store: &S,
    search: &UserSearch,
) -> Result<UserPage, StoreError> {
    let UserSearch {
        tenant_id,
        text,
        after,
        ..
    } = search;
    let mut found = store
        .users_under_keys(*tenant_id, &text.prefix(), USERS_LOOKED_AT_MAX + 1)
        .await?;
    if found.len() > USERS_LOOKED_AT_MAX {
        return along_the_numbers(store, search).await;
    }
    found.extend(text.number());
    found.retain(|user_id| after.is_none_or(|after| *user_id > after));
    found.sort_unstable();
    found.dedup();
    let mut page = Page::new(search);
    let mut chunks = found.chunks(PAGE_ROWS_MAX);
    while let Some(chunk) = chunks.next().filter(|_| !page.is_full()) {
        for user in store.users_numbered(*tenant_id, chunk.to_vec()).await? {
            page.look_at(user);
        }
    }
    Ok(page.end(found.last().copied()))
}

async fn along_the_numbers<S: Store + ?Sized>(
    store: &S,
    search: &UserSearch,
) -> Result<UserPage, StoreError> {
    let mut page = Page::new(search);
    let (mut after, mut looked_at) = (search.after, 0);
    while !page.is_full() && looked_at < USERS_LOOKED_AT_MAX {
        let users = store.users(search.tenant_id, after, PAGE_ROWS_MAX).await?;
        let last = users.last().map(|user| user.user_id);
        let all_seen = users.len() < PAGE_ROWS_MAX;
        looked_at += users.len();
        for user in users {
            page.look_at(user);
        }
        if all_seen {
            return Ok(page.end(last));
        }
        after = last;
    }
    // Nobody knows whether more follow; whoever goes on finds out.
    Ok(UserPage {
        next: page.place,
        users: page.users,
    })
}

/// A page on its way.
struct Page<'a> {
    search: &'a UserSearch,
    users: Vec<User>,
    /// The last person who was looked at.
    place: Option<UserId>,
}

impl<'a> Page<'a> {
    fn new(search: &'a UserSearch) -> Self {
        Self {
            search,
            users: Vec::new(),
            place: None,
        }
    }

    fn is_full(&self) -> bool {
        self.users.len() >= self.search.rows_max
    }

    fn look_at(&mut self, user: User) {
        if !self.is_full() {
            self.place = Some(user.user_id);
            let text = &self.search.text;
            if text.matches(user.user_id, &user.name, user.external_id.as_deref()) {
                self.users.push(user);
            }
        }
    }

    /// The page, where `last` is the last person of all who come into question.
    fn end(self, last: Option<UserId>) -> UserPage {
        UserPage {
            next: self.place.filter(|place| self.is_full() && Some(*place) < last),
            users: self.users,
        }
    }
}
