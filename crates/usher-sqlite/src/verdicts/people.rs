//! People, their seats, and what they did in which app, in few bytes each.
//!
//! A million people come and go in any order, so what is remembered of each is one flat record, kept in shards that grow
//! as they fill: no single growth moves more than a few hundred kilobytes, and what an empty place needs is next to nothing.
//! A full shard puts the newcomer in the place of somebody who was not asked for since the last round (a clock's hand
//! goes round the places).

use hashbrown::HashTable;
use rusqlite::{Connection, OptionalExtension, Row};
use usher_seats::{Day, Enablement, Seat, SeatType, TenantId, UserId};

use super::apps::AppFacts;
use crate::{days::PersonNumber, mixing::Mixing};

/// Shards, by the upper bits of the hash.
const SHARD_BITS: u32 = 8;
/// People remembered per shard; with all shards a million, which takes some 85 MB.
const PEOPLE_PER_SHARD: u16 = 4_096;
/// Apps remembered per person. A person of more apps than this is looked up anew now and then.
const APPS_PER_PERSON: usize = 16;

/// A seat as far as the rule can tell seats apart, in one number: the moment at which it ends, or one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SeatWord(i64);

impl SeatWord {
    const NOT_LOADED: Self = Self(i64::MIN);
    const NONE: Self = Self(i64::MIN + 1);
    const GIVEN_BACK: Self = Self(i64::MIN + 2);
    const RAN_OUT: Self = Self(i64::MIN + 3);
    /// Ends lie above this; an end so long ago is as good as the next one.
    const LEAST_END: i64 = i64::MIN + 4;
    const WITHOUT_END: Self = Self(i64::MAX);

    fn of(seat: Option<Seat>) -> Self {
        match seat {
            None => Self::NONE,
            Some(seat) if seat.held => seat
                .expires_at_ms
                .map_or(Self::WITHOUT_END, |end_ms| Self(end_ms.max(Self::LEAST_END))),
            Some(seat) if seat.ran_out() => Self::RAN_OUT,
            Some(_) => Self::GIVEN_BACK,
        }
    }

    /// A seat of which the rule says the same as of the one that was remembered.
    fn seat(self) -> Option<Seat> {
        let ended = |end_ms| {
            Some(Seat {
                held: false,
                expires_at_ms: end_ms,
                released_at_ms: end_ms,
            })
        };
        match self {
            Self::NOT_LOADED | Self::NONE => None,
            Self::GIVEN_BACK => ended(None),
            Self::RAN_OUT => ended(Some(0)),
            Self(end_ms) => Some(Seat {
                held: true,
                expires_at_ms: Some(end_ms).filter(|_| self != Self::WITHOUT_END),
                released_at_ms: None,
            }),
        }
    }
}

/// What a person did in an app, through one kind of seat: the one they came through last.
#[derive(Debug)]
pub(super) struct AppUse {
    app_id: i64,
    app_seat: SeatWord,
    newest_ms: i64,
    noted_day: i32,
    seat_type: SeatType,
}

impl AppUse {
    const NEWEST_NOT_LOADED: i64 = i64::MIN;
    const NEVER: i64 = i64::MIN + 1;
    const NO_DAY: i32 = i32::MIN;

    fn new(app_id: i64) -> Self {
        Self {
            app_id,
            app_seat: SeatWord::NOT_LOADED,
            newest_ms: Self::NEWEST_NOT_LOADED,
            noted_day: Self::NO_DAY,
            seat_type: SeatType::PerUser,
        }
    }

    /// The `active_time` of the row, none when there is no row; or nothing when nobody has looked yet.
    #[expect(clippy::option_option, reason = "not known and not there are two things")]
    pub(super) fn newest_ms(&self) -> Option<Option<i64>> {
        match self.newest_ms {
            Self::NEWEST_NOT_LOADED => None,
            Self::NEVER => Some(None),
            newest_ms => Some(Some(newest_ms)),
        }
    }

    pub(super) fn set_newest_ms(&mut self, newest_ms: Option<i64>) {
        self.newest_ms = newest_ms.unwrap_or(Self::NEVER);
    }

    pub(super) fn is_noted(&self, day: Day) -> bool {
        self.noted_day == day.number()
    }

    pub(super) fn note(&mut self, day: Day) {
        self.noted_day = day.number();
    }
}

/// What the file says about one (tenant, user), and what is remembered of them.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) tenant_id: TenantId,
    pub(super) user_id: UserId,
    platform_seat: SeatWord,
    first: AppUse,
    /// More apps than one.
    #[expect(
        clippy::box_collection,
        reason = "most have none, and each byte is there a million times"
    )]
    others: Option<Box<Vec<AppUse>>>,
    /// Meaningless when there is no such user; then nobody is admitted and nobody asks.
    pub(super) number: PersonNumber,
    pub(super) user: Enablement,
    /// Asked for since the hand came by.
    referenced: bool,
    /// Something has changed; nothing of this counts.
    forgotten: bool,
}

impl Person {
    pub(super) fn is_there(&self) -> bool {
        self.user != Enablement::Unknown
    }

    pub(super) fn platform_seat(&self) -> Option<Seat> {
        self.platform_seat.seat()
    }

    /// The seat for an app, looked up when it is first asked for.
    pub(super) fn app_seat(
        &mut self,
        connection: &Connection,
        app: &AppFacts,
    ) -> rusqlite::Result<Option<Seat>> {
        let (tenant_id, user_id) = (self.tenant_id, self.user_id);
        let in_app = self.in_app(app.app_id);
        if in_app.app_seat == SeatWord::NOT_LOADED {
            in_app.app_seat = SeatWord::of(stored_app_seat(connection, tenant_id, user_id, app)?);
        }
        Ok(in_app.app_seat.seat())
    }

    /// What the person did in an app through a kind of seat.
    pub(super) fn used(&mut self, app_id: i64, seat_type: SeatType) -> &mut AppUse {
        let in_app = self.in_app(app_id);
        if in_app.seat_type != seat_type {
            in_app.seat_type = seat_type;
            in_app.newest_ms = AppUse::NEWEST_NOT_LOADED;
            in_app.noted_day = AppUse::NO_DAY;
        }
        in_app
    }

    fn in_app(&mut self, app_id: i64) -> &mut AppUse {
        // An app's number is never zero where anybody asks.
        if self.first.app_id == app_id || self.first.app_id == 0 {
            self.first.app_id = app_id;
            return &mut self.first;
        }
        let others = self.others.get_or_insert_default();
        let place = match others.iter().position(|other| other.app_id == app_id) {
            Some(place) => place,
            None => {
                if others.len() + 1 >= APPS_PER_PERSON {
                    others.remove(0);
                }
                others.push(AppUse::new(app_id));
                others.len() - 1
            }
        };
        // The place was found or made a line ago.
        others.get_mut(place).unwrap_or(&mut self.first)
    }
}

/// Some of the people.
#[derive(Default)]
struct Shard {
    places: HashTable<u16>,
    people: Vec<Person>,
    hand: u16,
}

impl Shard {
    fn find(&self, hash: u64, tenant_id: TenantId, user_id: UserId) -> Option<u16> {
        let is_meant = |place: &u16| {
            let person = self.people.get(usize::from(*place));
            person.is_some_and(|person| person.user_id == user_id && person.tenant_id == tenant_id)
        };
        self.places.find(hash, is_meant).copied()
    }

    /// Gives a newcomer a place: a new one, or that of somebody who was not asked for of late.
    fn take_in(&mut self, hash: u64, mixing: Mixing, newcomer: Person) -> u16 {
        let people = &mut self.people;
        let place = match u16::try_from(people.len()) {
            Ok(place) if place < PEOPLE_PER_SHARD => {
                people.push(newcomer);
                place
            }
            _ => {
                let mut place = self.hand;
                while let Some(person) = people.get_mut(usize::from(place))
                    && std::mem::take(&mut person.referenced)
                {
                    place = (place + 1) % PEOPLE_PER_SHARD;
                }
                self.hand = (place + 1) % PEOPLE_PER_SHARD;
                if let Some(person) = people.get_mut(usize::from(place)) {
                    let leaving = hash_of(mixing, person);
                    if let Ok(entry) = self.places.find_entry(leaving, |other| *other == place) {
                        entry.remove();
                    }
                    *person = newcomer;
                }
                place
            }
        };
        let people = &self.people;
        self.places.insert_unique(hash, place, |place| {
            people
                .get(usize::from(*place))
                .map_or(0, |person| hash_of(mixing, person))
        });
        place
    }
}

fn hash_of(mixing: Mixing, person: &Person) -> u64 {
    mixing.numbers(person.tenant_id.0, person.user_id.get())
}

/// The people that somebody asked for, those who are not there among them.
pub(super) struct People {
    shards: Vec<Shard>,
    mixing: Mixing,
}

impl Default for People {
    fn default() -> Self {
        Self {
            shards: (0..1 << SHARD_BITS).map(|_| Shard::default()).collect(),
            mixing: Mixing::default(),
        }
    }
}

impl People {
    pub(super) fn clear(&mut self) {
        for shard in &mut self.shards {
            *shard = Shard::default();
        }
    }

    /// The shard of a hash: by bits in the middle, because the table within looks at those at both ends.
    fn shard(&mut self, hash: u64) -> rusqlite::Result<&mut Shard> {
        let number = usize::try_from((hash >> 40) & ((1 << SHARD_BITS) - 1)).unwrap_or_default();
        // There are as many shards as numbers.
        self.shards.get_mut(number).ok_or(rusqlite::Error::InvalidQuery)
    }

    pub(super) fn forget(&mut self, tenant_id: TenantId, user_id: UserId) {
        let hash = self.mixing.numbers(tenant_id.0, user_id.get());
        if let Ok(shard) = self.shard(hash)
            && let Some(place) = shard.find(hash, tenant_id, user_id)
            && let Some(person) = shard.people.get_mut(usize::from(place))
        {
            person.forgotten = true;
        }
    }

    pub(super) fn find(
        &mut self,
        connection: &Connection,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> rusqlite::Result<&mut Person> {
        let mixing = self.mixing;
        let hash = mixing.numbers(tenant_id.0, user_id.get());
        let shard = self.shard(hash)?;
        let place = match shard.find(hash, tenant_id, user_id) {
            Some(place) => place,
            None => {
                let newcomer = look_up(connection, tenant_id, user_id)?;
                shard.take_in(hash, mixing, newcomer)
            }
        };
        let person = shard
            .people
            .get_mut(usize::from(place))
            .ok_or(rusqlite::Error::InvalidQuery)?;
        if person.forgotten {
            *person = look_up(connection, tenant_id, user_id)?;
        }
        person.referenced = true;
        Ok(person)
    }
}

fn look_up(connection: &Connection, tenant_id: TenantId, user_id: UserId) -> rusqlite::Result<Person> {
    let found = connection
        .prepare_cached(
            "SELECT user.enabled, user.person_number, held, expires_at_ms, released_at_ms
             FROM users AS user
             LEFT JOIN seats ON seats.tenant_id = ?1 AND seats.seat_type = 0
                            AND seats.user_id = ?2 AND seats.namespace = ''
             WHERE user.tenant_id = ?1 AND user.user_id = ?2",
        )?
        .query_row((tenant_id.0, user_id.get()), |row| {
            Ok((row.get(0)?, row.get(1)?, SeatWord::of(seat(row, 2)?)))
        })
        .optional()?;
    let (enabled, number, platform_seat) = found.unwrap_or((None, PersonNumber(0), SeatWord::NONE));
    Ok(Person {
        tenant_id,
        user_id,
        platform_seat,
        first: AppUse::new(0),
        others: None,
        number,
        user: Enablement::from_row(enabled),
        referenced: false,
        forgotten: false,
    })
}

fn stored_app_seat(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
    app: &AppFacts,
) -> rusqlite::Result<Option<Seat>> {
    connection
        .prepare_cached(
            "SELECT held, expires_at_ms, released_at_ms FROM seats
             WHERE tenant_id = ?1 AND seat_type = 1 AND user_id = ?2 AND namespace = ?3",
        )?
        .query_row((tenant_id.0, user_id.get(), app.namespace.as_str()), |row| {
            seat(row, 0)
        })
        .optional()
        .map(Option::flatten)
}

/// Reads `held`, `expires_at_ms` and `released_at_ms` from three neighbouring columns; none when there is no seat.
fn seat(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Seat>> {
    let held: Option<bool> = row.get(column)?;
    let expires_at_ms = row.get(column + 1)?;
    let released_at_ms = row.get(column + 2)?;
    Ok(held.map(|held| Seat {
        held,
        expires_at_ms,
        released_at_ms,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usher_seats::{Standing, decide};

    use super::*;

    fn any_seat() -> impl Strategy<Value = Option<Seat>> {
        let moment = || prop::option::of(0..10_i64);
        let seat =
            (any::<bool>(), moment(), moment()).prop_map(|(held, expires_at_ms, released_at_ms)| Seat {
                held,
                expires_at_ms,
                released_at_ms: released_at_ms.filter(|_| !held),
            });
        prop::option::of(seat)
    }

    proptest! {
        #[test]
        fn the_rule_says_the_same_of_a_seat_that_is_remembered(
            platform_seat in any_seat(),
            app_seat in any_seat(),
            now_ms in 0..12_i64,
        ) {
            let standing = |seats: [Option<Seat>; 2]| Standing {
                tenant: Enablement::Enabled,
                user: Enablement::Enabled,
                app: Enablement::Enabled,
                platform_seat: seats[0],
                app_seat: seats[1],
            };
            let known = standing([platform_seat, app_seat]);
            let remembered = standing([platform_seat, app_seat].map(|seat| SeatWord::of(seat).seat()));
            let verdict = decide(&known, now_ms);
            prop_assert_eq!(verdict, decide(&remembered, now_ms));
            if let Ok(seat_type) = verdict {
                prop_assert_eq!(known.until_ms(seat_type), remembered.until_ms(seat_type));
            }
        }
    }

    #[test]
    fn a_person_takes_no_more_than_planned() {
        assert!(size_of::<Person>() <= 72, "{} bytes", size_of::<Person>());
    }

    fn person(user: i64) -> Person {
        Person {
            tenant_id: TenantId(1),
            user_id: UserId::new(user).unwrap(),
            platform_seat: SeatWord::NONE,
            first: AppUse::new(0),
            others: None,
            number: PersonNumber(0),
            user: Enablement::Enabled,
            referenced: false,
            forgotten: false,
        }
    }

    #[test]
    fn a_full_shard_forgets_whoever_was_not_asked_for() {
        let (mut shard, mixing) = (Shard::default(), Mixing::default());
        let hash = |user: i64| mixing.numbers(1, user);
        let all = i64::from(PEOPLE_PER_SHARD);
        for user in 1..=all {
            shard.take_in(hash(user), mixing, person(user));
        }
        let found = |shard: &Shard, user| shard.find(hash(user), TenantId(1), UserId::new(user).unwrap());
        for user in 1..=3 {
            let place = found(&shard, user).unwrap();
            shard.people[usize::from(place)].referenced = true;
        }
        shard.take_in(hash(all + 1), mixing, person(all + 1));
        assert_eq!(shard.people.len(), usize::from(PEOPLE_PER_SHARD));
        assert_eq!(found(&shard, 4), None);
        for user in [1, 2, 3, 5, all, all + 1] {
            let place = found(&shard, user).unwrap();
            assert_eq!(shard.people[usize::from(place)].user_id.get(), user);
        }
    }

    #[test]
    fn a_person_of_many_apps_is_remembered_in_the_latest() {
        let mut person = person(1);
        for app_id in 1..=20 {
            person.used(app_id, SeatType::PerUser).set_newest_ms(Some(app_id));
        }
        assert_eq!(person.used(1, SeatType::PerUser).newest_ms(), Some(Some(1)));
        assert_eq!(person.used(20, SeatType::PerUser).newest_ms(), Some(Some(20)));
        assert_eq!(person.used(2, SeatType::PerUser).newest_ms(), None);
        assert_eq!(
            person.used(20, SeatType::PerUserPerApp).newest_ms(),
            None,
            "another row"
        );
    }
}
