//! What can be done with a seat, as a form says it.

use usher_seats::{Day, UserId, check_name};
use usher_store::{Change, LedgerChange, SeatName};

use crate::{
    console::{desk::Desk, refused},
    sign_in::problem::Problem,
};

/// The kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionKind {
    /// Take it back.
    Release,
    /// Keep it from being taken as idle.
    Protect,
    /// No longer.
    Unprotect,
    /// Move its end.
    Extend,
    /// Make it somebody else's.
    Transfer,
}

impl ActionKind {
    const ALL: [Self; 5] = [
        Self::Release,
        Self::Protect,
        Self::Unprotect,
        Self::Extend,
        Self::Transfer,
    ];

    /// The word in forms and addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Extend => "extend",
            Self::Transfer => "transfer",
        }
    }

    /// The kind with this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Something to be done, with all that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Take it back, also when protected, unless somebody came since the moment at which that was decided.
    Release {
        even_protected: bool,
        decided_at_ms: i64,
    },
    /// Keep it, for a reason.
    Protect(String),
    /// No longer.
    Unprotect,
    /// Move its end to the beginning of a day; none takes it away.
    Extend(Option<Day>),
    /// Make it somebody else's.
    Transfer(UserId),
}

impl Action {
    /// Reads it from a form; what does not fit as a sentence.
    pub(crate) fn read(desk: &Desk, decided_at_ms: i64) -> Result<Result<Self, String>, Problem> {
        let (words, seats) = (desk.words(), desk.seats());
        let Some(kind) = ActionKind::from_word(desk.sent("action")?) else {
            return Err(Problem::ParameterMissing { name: "action" });
        };
        let wrong = |label: &str, allowed: &str| Ok(Err(refused::field(words, label, allowed)));
        Ok(Ok(match kind {
            ActionKind::Release => Self::Release {
                even_protected: desk.sent("even_protected")? == "yes",
                decided_at_ms,
            },
            ActionKind::Protect => {
                let reason = desk.sent("reason")?;
                if check_name(reason).is_err() {
                    return wrong(seats.protect_reason, words.allowed_name);
                }
                Self::Protect(reason.to_owned())
            }
            ActionKind::Unprotect => Self::Unprotect,
            ActionKind::Extend => match desk.sent("end")? {
                "" => Self::Extend(None),
                text => match text.parse() {
                    Ok(day) => Self::Extend(Some(day)),
                    Err(_) => return wrong(seats.extend_date, words.allowed_date),
                },
            },
            ActionKind::Transfer => match desk.sent("to")?.parse() {
                Ok(to) => Self::Transfer(to),
                Err(_) => return wrong(seats.transfer_to, words.allowed_user),
            },
        }))
    }

    /// Its kind.
    pub(crate) fn kind(&self) -> ActionKind {
        match self {
            Self::Release { .. } => ActionKind::Release,
            Self::Protect(_) => ActionKind::Protect,
            Self::Unprotect => ActionKind::Unprotect,
            Self::Extend(_) => ActionKind::Extend,
            Self::Transfer(_) => ActionKind::Transfer,
        }
    }

    /// The same as the fields of a form, to be sent again.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("action", self.kind().word().to_owned())];
        match self {
            Self::Release {
                even_protected: true, ..
            } => fields.push(("even_protected", "yes".to_owned())),
            Self::Protect(reason) => fields.push(("reason", reason.clone())),
            Self::Extend(day) => fields.push(("end", day.map_or(String::new(), |day| day.to_string()))),
            Self::Transfer(to) => fields.push(("to", to.to_string())),
            Self::Release { .. } | Self::Unprotect => {}
        }
        fields
    }

    /// The change of one seat.
    pub(crate) fn change(&self, desk: &Desk, seat: SeatName) -> Change {
        let change = match self {
            Self::Release {
                even_protected,
                decided_at_ms,
            } => LedgerChange::Release {
                seat,
                even_protected: *even_protected,
                unless_admitted_since_ms: Some(*decided_at_ms),
            },
            Self::Protect(reason) => LedgerChange::Protect {
                seat,
                reason: Some(reason.clone()),
            },
            Self::Unprotect => LedgerChange::Protect { seat, reason: None },
            Self::Extend(day) => LedgerChange::Extend {
                seat,
                expires_at_ms: day.map(|day| day.begins_ms(&desk.tenant.time_zone)),
            },
            Self::Transfer(to) => LedgerChange::Transfer { from: seat, to: *to },
        };
        change.into()
    }
}
