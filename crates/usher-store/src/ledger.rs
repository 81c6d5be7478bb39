//! Pools, seats, waiting lists and groups: what a tenant bought and who has it.

use std::fmt;

use serde::{Deserialize, Serialize};
use usher_seats::{GroupKey, IdentifierError, Namespace, Pool, Price, SeatType, TenantId, UserId};

use crate::page::PageKey;

/// Names a pool: what a tenant bought of one kind of seat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PoolName {
    /// Whose.
    pub tenant_id: TenantId,
    /// Of which kind.
    pub seat_type: SeatType,
    /// For which app; exactly for app seats.
    pub namespace: Option<Namespace>,
}

impl PoolName {
    /// What the edge says when such a name is refused.
    pub const ALLOWED: &'static str = "per_user, or per_user_per_app: and the namespace of an app";

    /// Reads a tenant's pool as [`fmt::Display`] writes it.
    ///
    /// # Errors
    /// [`IdentifierError`] naming `pool` and what is allowed.
    pub fn parse(tenant_id: TenantId, text: &str) -> Result<Self, IdentifierError> {
        let (seat_type, namespace) = match text.split_once(':') {
            None => (text, None),
            Some((seat_type, namespace)) => (seat_type, Some(namespace)),
        };
        let namespace = namespace.map(str::parse).transpose();
        let known = SeatType::from_wire_name(seat_type).zip(namespace.ok());
        known
            .filter(|(seat_type, namespace)| {
                (*seat_type == SeatType::PerUserPerApp) == Option::is_some(namespace)
            })
            .map(|(seat_type, namespace)| Self {
                tenant_id,
                seat_type,
                namespace,
            })
            .ok_or(IdentifierError {
                field: "pool",
                allowed: Self::ALLOWED,
            })
    }
}

impl fmt::Display for PoolName {
    /// The name within its tenant: `per_user`, or `per_user_per_app:NAMESPACE`. A namespace has no colon.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.seat_type.wire_name())?;
        self.namespace
            .as_ref()
            .map_or(Ok(()), |namespace| write!(formatter, ":{namespace}"))
    }
}

/// Names a seat: a person's place in a pool, held or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeatName {
    /// Of which pool.
    pub pool: PoolName,
    /// Whose.
    pub user_id: UserId,
}

impl SeatName {
    /// What the edge says when such a name is refused.
    pub const ALLOWED: &'static str =
        "per_user:USER_ID, or per_user_per_app:USER_ID: and the namespace of an app";

    /// Reads a tenant's seat as [`fmt::Display`] writes it.
    ///
    /// # Errors
    /// [`IdentifierError`] naming `seat` and what is allowed.
    pub fn parse(tenant_id: TenantId, text: &str) -> Result<Self, IdentifierError> {
        let refused = IdentifierError {
            field: "seat",
            allowed: Self::ALLOWED,
        };
        let (seat_type, rest) = text.split_once(':').ok_or_else(|| refused.clone())?;
        let (user_id, pool) = match rest.split_once(':') {
            None => (rest, seat_type.to_owned()),
            Some((user_id, namespace)) => (user_id, format!("{seat_type}:{namespace}")),
        };
        let pool = PoolName::parse(tenant_id, &pool).map_err(|_| refused.clone())?;
        let user_id = user_id.parse().map_err(|_| refused)?;
        Ok(Self { pool, user_id })
    }
}

impl fmt::Display for SeatName {
    /// The name within its tenant: `per_user:USER_ID`, or `per_user_per_app:USER_ID:NAMESPACE`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.pool.seat_type.wire_name(), self.user_id)?;
        self.pool
            .namespace
            .as_ref()
            .map_or(Ok(()), |namespace| write!(formatter, ":{namespace}"))
    }
}

/// A change of pools, seats, waiting lists or groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerChange {
    /// Says what was bought. Rejected when more seats are in use, unless `overdraft_allowed`.
    PutPool {
        /// Which.
        pool: PoolName,
        /// How many; none takes the limit away.
        bought: Option<u64>,
        /// The first moment at which its seats may be given, in milliseconds.
        valid_from_ms: Option<i64>,
        /// The first moment at which they no longer may, in milliseconds.
        valid_until_ms: Option<i64>,
        /// Whether `bought` may be smaller than the seats in use; nothing is taken from anybody, and nobody new gets a
        /// seat until enough were given back.
        overdraft_allowed: bool,
    },
    /// Says what a seat of a pool costs; for reports only.
    PutPrice {
        /// Which.
        pool: PoolName,
        /// How much; none takes it away.
        price: Option<Price>,
    },
    /// Gives a seat, or a place in the waiting list when none is free. Rejected when its end lies in the past.
    RequestSeat {
        /// Which.
        seat: SeatName,
        /// When the seat ends by itself, in milliseconds.
        expires_at_ms: Option<i64>,
        /// Whether to wait; without, it is rejected when no seat is free.
        wait: bool,
    },
    /// Brings a seat to what is written of it elsewhere: in a spreadsheet, or in another ledger.
    PutSeat(WrittenSeat),
    /// Takes somebody out of the waiting list.
    LeaveWaitingList {
        /// Which.
        seat: SeatName,
    },
    /// Takes a seat back, unless it is protected.
    Release {
        /// Which.
        seat: SeatName,
        /// Whether a protected seat is taken back too.
        even_protected: bool,
        /// Rejected when the seat admitted somebody at this moment or later, in milliseconds: who reclaims an idle
        /// seat says until when it was seen idle, and an access that came meanwhile keeps the seat.
        unless_admitted_since_ms: Option<i64>,
    },
    /// Gives a seat back to whoever had it, as it was: with its beginning, its end and its protection; one that they
    /// have again stays as it is. Rejected when it is kept for them no longer (thirty days), when its end has come, and when none
    /// is free.
    Restore {
        /// Which.
        seat: SeatName,
    },
    /// Gives one person's seat to another: at no moment two have it or none.
    Transfer {
        /// Whose it is.
        from: SeatName,
        /// Whose it becomes; in the same pool.
        to: UserId,
    },
    /// Moves the end of a seat in use.
    Extend {
        /// Which.
        seat: SeatName,
        /// The new end, in milliseconds; none takes the end away.
        expires_at_ms: Option<i64>,
    },
    /// Keeps a seat from being taken as idle, with a reason; none takes the protection away.
    Protect {
        /// Which.
        seat: SeatName,
        /// Why.
        reason: Option<String>,
    },
    /// Makes a group; rejected when the key is taken.
    CreateGroup {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        group_key: GroupKey,
        /// For people.
        name: String,
    },
    /// Makes a group or renames it.
    PutGroup {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        group_key: GroupKey,
        /// For people.
        name: String,
    },
    /// Takes a group away; its members lose the seats that only it gave them.
    DeleteGroup {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        group_key: GroupKey,
    },
    /// Takes a person into a group; its standing assignments give them seats while any are free, else places in the
    /// waiting lists.
    JoinGroup {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        group_key: GroupKey,
        /// Who.
        user_id: UserId,
    },
    /// Takes a person out of a group, with the seats that only this group gave them.
    LeaveGroup {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        group_key: GroupKey,
        /// Who.
        user_id: UserId,
    },
    /// Lets a group give its members seats of a pool.
    PutStandingAssignment {
        /// Which group.
        group_key: GroupKey,
        /// Of which pool.
        pool: PoolName,
    },
    /// Ends that; members lose the seats that only it gave them.
    RemoveStandingAssignment {
        /// Which group.
        group_key: GroupKey,
        /// Of which pool.
        pool: PoolName,
    },
    /// Writes down that seats have run out, so that their pools have them free and waiting people get them. The door
    /// does not wait for this.
    SettleExpired {
        /// At most so many seats in one go, so that nobody waits long.
        seats_max: usize,
    },
}

/// A seat as somebody else has written it down.
///
/// What the ledger knows outweighs what is written of the past: a seat in use keeps its beginning, and a seat of which
/// anything is known gains no other history. So the same file may be read again and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenSeat {
    /// Which.
    pub seat: SeatName,
    /// When the holding began, in milliseconds; none is now. Only for one that begins.
    pub assigned_at_ms: Option<i64>,
    /// When the seat ends by itself, in milliseconds; the outer none leaves that as it is. A seat whose end is past is
    /// written down as history where nothing is known of it; one in use is not ended so.
    pub expires_at_ms: Option<Option<i64>>,
    /// When it was given back, in milliseconds. A holding in use that began later is another one and stays; any other
    /// ends now.
    pub released_at_ms: Option<i64>,
    /// Why it is kept from being taken as idle; none leaves that as it is.
    pub protected_reason: Option<String>,
    /// True when only groups give it.
    pub given_by_group: bool,
    /// Whether somebody for whom none is free waits for one.
    pub may_wait: bool,
}

/// Most seats of a pool that are counted as kept: a list of pools must not cost as much as was ever given back.
pub const KEPT_SEATS_COUNTED_MAX: u64 = 1_000;

/// A pool as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRow {
    /// Of which kind.
    pub seat_type: SeatType,
    /// For which app; exactly for app seats.
    pub namespace: Option<Namespace>,
    /// What was bought, and how much of it is in use.
    pub pool: Pool,
    /// How many people wait for a seat.
    pub waiting: u64,
    /// What a seat costs; none when nobody has said.
    pub price: Option<Price>,
    /// How many seats that were given back are kept for whoever had them: of the free ones, and at most
    /// [`KEPT_SEATS_COUNTED_MAX`].
    pub kept: u64,
}

/// A person in a waiting list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRow {
    /// Who.
    pub user_id: UserId,
    /// Their place, from 1.
    pub position: u64,
    /// Grows along the list; the key of a page.
    pub ticket: i64,
    /// Since when, in milliseconds.
    pub waiting_since_ms: i64,
    /// When the seat they wait for is to end by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// A seat with all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatRow {
    /// Which.
    pub seat: SeatName,
    /// False once it was given back or has run out.
    pub held: bool,
    /// When the present or last holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// When it was given back, in milliseconds.
    pub released_at_ms: Option<i64>,
    /// When it ends by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Why it is kept from being taken as idle.
    pub protected_reason: Option<String>,
    /// True when it was given by hand, false when only groups give it.
    pub given_directly: bool,
    /// Until when it is kept for whoever had it, in milliseconds, as far as its pool has a seat free; none for one that is held
    /// and for one that was not taken back by somebody.
    pub kept_until_ms: Option<i64>,
}

/// Which seats are to be listed; in order of user and namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatQuery {
    /// Whose.
    pub tenant_id: TenantId,
    /// Of which kind.
    pub seat_type: SeatType,
    /// Only this person's.
    pub user_id: Option<UserId>,
    /// Only of this app.
    pub namespace: Option<Namespace>,
    /// Only of people in this group; a group that is not there has none.
    pub group_key: Option<GroupKey>,
    /// The last seat already read.
    pub after: Option<PageKey>,
    /// Most rows wanted.
    pub rows_max: usize,
}

/// Which kept seats are to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptQuery {
    /// Of which pool.
    pub pool: PoolName,
    /// The present moment, in milliseconds.
    pub now_ms: i64,
    /// The last seat already read: until when it is kept, in milliseconds, and whose it was.
    pub after: Option<(i64, UserId)>,
    /// Most rows wanted.
    pub rows_max: usize,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Where.
    pub tenant_id: TenantId,
    /// Its name for programs.
    pub group_key: GroupKey,
    /// For people.
    pub name: String,
    /// How many people are in it.
    pub members: u64,
    /// The pools of which it gives seats, in order.
    pub standing_assignments: Vec<PoolName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let tenant_id = TenantId(1);
        for text in ["per_user", "per_user_per_app:crm", "per_user_per_app:a.b-c_d"] {
            let pool = PoolName::parse(tenant_id, text).map(|pool| pool.to_string());
            assert_eq!(pool.as_deref(), Ok(text));
        }
        for text in ["per_user:42", "per_user_per_app:42:crm"] {
            let seat = SeatName::parse(tenant_id, text).map(|seat| seat.to_string());
            assert_eq!(seat.as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_refused() {
        let tenant_id = TenantId(1);
        for text in [
            "",
            ":",
            "per_user:crm",
            "per_user:",
            "per_user_per_app",
            "per_user_per_app:",
            "x:crm",
        ] {
            assert!(PoolName::parse(tenant_id, text).is_err(), "{text:?}");
        }
        for text in [
            "",
            "per_user",
            "per_user:",
            "per_user:0",
            "per_user:007",
            "per_user:7:crm",
            "per_user_per_app:7",
            "per_user_per_app:crm:7",
            "per_user_per_app:7:crm:x",
        ] {
            assert!(SeatName::parse(tenant_id, text).is_err(), "{text:?}");
        }
    }
}
