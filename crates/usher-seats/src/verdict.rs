//! The rule of the door.
//!
//! An engine gathers the facts about one access into a [`Standing`]; [`decide`] turns them and the time into a
//! [`Verdict`]. The rule neither fetches nor remembers, so it is the same in every engine and can be tested whole.
//!
//! The order of reasons is the order in which somebody would mend things: a missing tenant before a missing user,
//! a disabled user before a missing app, and only then the seats. Among seats that do not admit, an expired one is
//! named before a released one, because extending is the smaller step.

use serde::{Deserialize, Serialize};

use crate::seat::{Seat, SeatType};

/// Whether a thing exists and may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enablement {
    /// No such thing.
    Unknown,
    /// There, but switched off.
    Disabled,
    /// There and in use.
    Enabled,
}

impl Enablement {
    /// From what a row says: absent, or its `enabled` column.
    #[must_use]
    pub fn from_row(enabled: Option<bool>) -> Self {
        match enabled {
            None => Self::Unknown,
            Some(false) => Self::Disabled,
            Some(true) => Self::Enabled,
        }
    }
}

/// Everything the rule needs to know about (tenant, user, app), without the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The tenant.
    pub tenant: Enablement,
    /// The user in that tenant.
    pub user: Enablement,
    /// The app in that tenant.
    pub app: Enablement,
    /// The user's platform seat, if one was ever assigned.
    pub platform_seat: Option<Seat>,
    /// The user's seat for this app, if one was ever assigned.
    pub app_seat: Option<Seat>,
}

impl Standing {
    /// The first moment at which the seat of a kind has run out, in milliseconds; none when it has no end.
    #[must_use]
    pub fn until_ms(&self, seat_type: SeatType) -> Option<i64> {
        let seat = match seat_type {
            SeatType::PerUser => self.platform_seat,
            SeatType::PerUserPerApp => self.app_seat,
        };
        seat.and_then(|seat| seat.expires_at_ms)
    }
}

/// Why the door refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No such tenant, or it is switched off: both look the same from outside.
    TenantUnknown,
    /// No such user in the tenant.
    UserUnknown,
    /// The user is switched off.
    UserDisabled,
    /// No such app in the tenant.
    AppUnknown,
    /// The app is switched off.
    AppDisabled,
    /// The user never had a seat that could admit here.
    NoSeat,
    /// The user's seat was given back.
    SeatReleased,
    /// The user's seat ran out.
    SeatExpired,
}

impl Refusal {
    /// Every reason, for metrics and manuals.
    pub const ALL: [Self; 8] = [
        Self::TenantUnknown,
        Self::UserUnknown,
        Self::UserDisabled,
        Self::AppUnknown,
        Self::AppDisabled,
        Self::NoSeat,
        Self::SeatReleased,
        Self::SeatExpired,
    ];

    /// The name on the wire and in metrics.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::TenantUnknown => "tenant_unknown",
            Self::UserUnknown => "user_unknown",
            Self::UserDisabled => "user_disabled",
            Self::AppUnknown => "app_unknown",
            Self::AppDisabled => "app_disabled",
            Self::NoSeat => "no_seat",
            Self::SeatReleased => "seat_released",
            Self::SeatExpired => "seat_expired",
        }
    }
}

/// What the door answers to one access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Come in.
    Admitted {
        /// The kind of seat that admitted.
        seat_type: SeatType,
        /// The newest admitted access after this one, in milliseconds; later than this access when the clock
        /// stepped back or history was imported.
        #[serde(rename = "active_time")]
        active_time_ms: i64,
    },
    /// Stay out.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

/// Decides which seat admits at `now_ms`, or why none does.
///
/// # Errors
/// The [`Refusal`] to report; it never moves any `active_time`.
pub fn decide(standing: &Standing, now_ms: i64) -> Result<SeatType, Refusal> {
    match (standing.tenant, standing.user, standing.app) {
        (Enablement::Unknown | Enablement::Disabled, ..) => return Err(Refusal::TenantUnknown),
        (_, Enablement::Unknown, _) => return Err(Refusal::UserUnknown),
        (_, Enablement::Disabled, _) => return Err(Refusal::UserDisabled),
        (.., Enablement::Unknown) => return Err(Refusal::AppUnknown),
        (.., Enablement::Disabled) => return Err(Refusal::AppDisabled),
        (Enablement::Enabled, Enablement::Enabled, Enablement::Enabled) => {}
    }
    let seats = [
        (SeatType::PerUser, standing.platform_seat),
        (SeatType::PerUserPerApp, standing.app_seat),
    ];
    let known = || {
        seats
            .iter()
            .filter_map(|(seat_type, seat)| seat.map(|seat| (*seat_type, seat)))
    };
    if let Some((seat_type, _)) = known().find(|(_, seat)| seat.admits(now_ms)) {
        return Ok(seat_type);
    }
    if known().any(|(_, seat)| seat.ran_out()) {
        return Err(Refusal::SeatExpired);
    }
    Err(if known().next().is_some() {
        Refusal::SeatReleased
    } else {
        Refusal::NoSeat
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Option<Seat> = Some(Seat {
        held: true,
        expires_at_ms: None,
        released_at_ms: None,
    });
    const RELEASED: Option<Seat> = Some(Seat {
        held: false,
        expires_at_ms: None,
        released_at_ms: None,
    });
    const EXPIRED: Option<Seat> = Some(Seat {
        held: true,
        expires_at_ms: Some(10),
        released_at_ms: None,
    });

    fn standing(platform_seat: Option<Seat>, app_seat: Option<Seat>) -> Standing {
        let enabled = Enablement::Enabled;
        Standing {
            tenant: enabled,
            user: enabled,
            app: enabled,
            platform_seat,
            app_seat,
        }
    }

    #[test]
    fn seats_are_tried_platform_first() {
        for (platform, app, expected) in [
            (HELD, HELD, Ok(SeatType::PerUser)),
            (HELD, None, Ok(SeatType::PerUser)),
            (None, HELD, Ok(SeatType::PerUserPerApp)),
            (RELEASED, HELD, Ok(SeatType::PerUserPerApp)),
            (EXPIRED, HELD, Ok(SeatType::PerUserPerApp)),
            (None, None, Err(Refusal::NoSeat)),
            (RELEASED, None, Err(Refusal::SeatReleased)),
            (RELEASED, EXPIRED, Err(Refusal::SeatExpired)),
            (EXPIRED, RELEASED, Err(Refusal::SeatExpired)),
        ] {
            assert_eq!(
                decide(&standing(platform, app), 10),
                expected,
                "{platform:?} {app:?}"
            );
        }
        assert_eq!(decide(&standing(EXPIRED, None), 9), Ok(SeatType::PerUser));
    }

    #[test]
    fn a_seat_never_outweighs_a_missing_or_disabled_owner() {
        use Enablement::{Disabled, Enabled, Unknown};
        for (tenant, user, app, expected) in [
            (Unknown, Unknown, Unknown, Refusal::TenantUnknown),
            (Disabled, Enabled, Enabled, Refusal::TenantUnknown),
            (Enabled, Unknown, Unknown, Refusal::UserUnknown),
            (Enabled, Disabled, Unknown, Refusal::UserDisabled),
            (Enabled, Enabled, Unknown, Refusal::AppUnknown),
            (Enabled, Enabled, Disabled, Refusal::AppDisabled),
        ] {
            let standing = Standing {
                tenant,
                user,
                app,
                platform_seat: HELD,
                app_seat: HELD,
            };
            assert_eq!(decide(&standing, 0), Err(expected));
        }
    }
}
