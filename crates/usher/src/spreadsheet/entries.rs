//! What a row says.
//!
//! An empty cell says nothing, and what a table does not say stays as it is. So a table of two columns changes nothing
//! but those two.

use serde::{Deserialize, Serialize};
use usher_seats::{LocalizedNames, SeatType, UserId, check_external_id, check_name, spreadsheet::plain_cell};

use super::{
    Column, Header, Kind, RowProblem,
    cells::{self, WrittenEnd},
};

pub use super::cells::WrittenMoment;

/// Somebody, as a row names them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// By number.
    pub user_id: Option<UserId>,
    /// By the name that other systems have for them.
    pub external_id: Option<String>,
    /// What people call them.
    pub name: Option<String>,
}

/// What one row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Of a seat.
    Seat(SeatEntry),
    /// Of a person.
    User(UserEntry),
    /// Of an app.
    App(AppEntry),
    /// Of a group.
    Group(GroupEntry),
    /// Of a pool.
    Pool(PoolEntry),
}

/// Somebody's seat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatEntry {
    /// Whose.
    pub person: Person,
    /// Of which kind; none follows from whether an app is named.
    pub seat_type: Option<SeatType>,
    /// For which app.
    pub app: Option<String>,
    /// When it began.
    pub assigned_at: Option<WrittenMoment>,
    /// When it ends.
    pub expires_at: Option<WrittenEnd>,
    /// When it was given back.
    pub released_at: Option<WrittenMoment>,
    /// Whether it is over.
    pub released: bool,
    /// Why it is protected.
    pub protected_reason: Option<String>,
    /// Whether only groups give it.
    pub given_by_group: bool,
    /// A group that the person is in.
    pub group: Option<String>,
}

/// Somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEntry {
    /// Who.
    pub person: Person,
    /// Whether they are let in.
    pub enabled: Option<bool>,
    /// Whether they may manage.
    pub system_administrator: Option<bool>,
    /// A group that they are in.
    pub group: Option<String>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppEntry {
    /// Which.
    pub namespace: usher_seats::Namespace,
    /// What people call it.
    pub name: Option<String>,
    /// The same by language.
    pub names: Option<LocalizedNames>,
    /// Whether anybody is let in.
    pub enabled: Option<bool>,
}

/// A group, and somebody in it or seats that it gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEntry {
    /// Which.
    pub group: String,
    /// What people call it.
    pub group_name: Option<String>,
    /// Who is in it.
    pub person: Option<Person>,
    /// Which kind of seat it gives.
    pub seat_type: Option<SeatType>,
    /// For which app it gives seats.
    pub app: Option<String>,
}

/// What was bought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolEntry {
    /// Of which kind; none follows from whether an app is named.
    pub seat_type: Option<SeatType>,
    /// For which app.
    pub app: Option<String>,
    /// How many; the inner none is without limit.
    pub bought: Option<Bought>,
    /// From when.
    pub valid_from: Option<WrittenMoment>,
    /// Until when.
    pub valid_until: Option<WrittenEnd>,
    /// Whether more may be in use than bought.
    pub overdraft_allowed: Option<bool>,
}

/// How many seats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bought {
    /// So many.
    Seats(u64),
    /// Nobody has said.
    Unlimited,
}

impl Header {
    /// What a row says; none for a row that says nothing at all.
    ///
    /// # Errors
    /// [`RowProblem`] names the first thing that is wrong.
    pub fn entry(&self, cells: &[String]) -> Result<Option<Entry>, RowProblem> {
        let filled = |cell: &String| !plain_cell(cell).is_empty();
        if !cells.iter().any(filled) {
            return Ok(None);
        }
        if cells.iter().skip(self.columns().len()).any(filled) {
            return Err(RowProblem::TooManyCells);
        }
        let row = Filled { header: self, cells };
        Ok(Some(match self.kind {
            Kind::Seats => Entry::Seat(row.seat()?),
            Kind::Users => Entry::User(row.user()?),
            Kind::Apps => Entry::App(row.app()?),
            Kind::Groups => Entry::Group(row.group()?),
            Kind::Pools => Entry::Pool(row.pool()?),
        }))
    }
}

/// A row with something in it.
struct Filled<'a> {
    header: &'a Header,
    cells: &'a [String],
}

impl Filled<'_> {
    /// What stands in a column; none for an empty cell.
    fn text(&self, column: Column) -> Option<&str> {
        let mut columns = self.header.columns().iter();
        let place = columns.position(|known| *known == Some(column))?;
        let text = plain_cell(self.cells.get(place)?);
        (!text.is_empty()).then_some(text)
    }

    /// The same where people write that there is nothing.
    fn something(&self, column: Column) -> Option<&str> {
        self.text(column).filter(|text| !cells::is_nothing(text))
    }

    fn read<Value>(
        &self,
        column: Column,
        read: impl Fn(&str) -> Option<Value>,
    ) -> Result<Option<Value>, RowProblem> {
        let Some(text) = self.something(column) else {
            return Ok(None);
        };
        if cells::is_shortened(text) {
            return Err(RowProblem::Shortened(column));
        }
        read(text).map(Some).ok_or(RowProblem::NotAllowed { column })
    }

    fn name(&self, column: Column) -> Result<Option<String>, RowProblem> {
        let name = self.text(column);
        name.map_or(Ok(()), check_name)?;
        Ok(name.map(str::to_owned))
    }

    /// What people call an app or a group, or its key: no longer than a name.
    fn called(&self, column: Column) -> Result<Option<String>, RowProblem> {
        let text = self.something(column);
        if text.is_some_and(|text| check_name(text).is_err()) {
            return Err(RowProblem::NotAllowed { column });
        }
        Ok(text.map(str::to_owned))
    }

    /// Somebody; none when the row names nobody. A text that is no number names a person as other systems do, unless
    /// a column of its own does.
    fn anybody(&self) -> Result<Option<Person>, RowProblem> {
        let mut external_id = self.text(Column::ExternalId);
        let mut user_id = None;
        if let Some(text) = self.text(Column::UserId) {
            if cells::is_shortened(text) {
                return Err(RowProblem::Shortened(Column::UserId));
            }
            match text.strip_suffix(".0").unwrap_or(text).parse::<UserId>() {
                Ok(number) => user_id = Some(number),
                Err(_) => external_id = external_id.or(Some(text)),
            }
        }
        if user_id.is_none() && external_id.is_none() {
            return Ok(None);
        }
        external_id.map_or(Ok(()), check_external_id)?;
        Ok(Some(Person {
            user_id,
            external_id: external_id.map(str::to_owned),
            name: self.name(Column::Name)?,
        }))
    }

    fn person(&self) -> Result<Person, RowProblem> {
        self.anybody()?.ok_or(RowProblem::Missing(Column::UserId))
    }

    fn seat(&self) -> Result<SeatEntry, RowProblem> {
        let released_at = self.read(Column::ReleasedAt, cells::moment)?;
        let in_use = self.read(Column::Status, cells::in_use)?;
        Ok(SeatEntry {
            person: self.person()?,
            seat_type: self.read(Column::SeatType, cells::seat_type)?,
            app: self.called(Column::App)?,
            assigned_at: self.read(Column::AssignedAt, cells::moment)?,
            expires_at: self.read(Column::ExpiresAt, cells::end)?,
            released_at,
            released: !in_use.unwrap_or(released_at.is_none()),
            protected_reason: self.reason()?,
            given_by_group: self
                .read(Column::GivenBy, cells::given_by_group)?
                .unwrap_or_default(),
            group: self.called(Column::Group)?,
        })
    }

    /// A reason is a name's equal: it is printed in one line of a list.
    fn reason(&self) -> Result<Option<String>, RowProblem> {
        let column = Column::ProtectedReason;
        let reason = self.text(column);
        if reason.is_some_and(|reason| check_name(reason).is_err()) {
            return Err(RowProblem::NotAllowed { column });
        }
        Ok(reason.map(str::to_owned))
    }

    fn user(&self) -> Result<UserEntry, RowProblem> {
        Ok(UserEntry {
            person: self.person()?,
            enabled: self.read(Column::Enabled, cells::flag)?,
            system_administrator: self.read(Column::SystemAdministrator, cells::flag)?,
            group: self.called(Column::Group)?,
        })
    }

    fn app(&self) -> Result<AppEntry, RowProblem> {
        let namespace = self.text(Column::App).ok_or(RowProblem::Missing(Column::App))?;
        let names = self.text(Column::Names).map(serde_json::from_str).transpose();
        Ok(AppEntry {
            namespace: namespace.parse()?,
            name: self.name(Column::Name)?,
            names: names.map_err(|_| RowProblem::NotAllowed {
                column: Column::Names,
            })?,
            enabled: self.read(Column::Enabled, cells::flag)?,
        })
    }

    fn group(&self) -> Result<GroupEntry, RowProblem> {
        Ok(GroupEntry {
            group: self
                .called(Column::Group)?
                .ok_or(RowProblem::Missing(Column::Group))?,
            group_name: self.name(Column::GroupName)?,
            person: self.anybody()?,
            seat_type: self.read(Column::SeatType, cells::seat_type)?,
            app: self.called(Column::App)?,
        })
    }

    fn pool(&self) -> Result<PoolEntry, RowProblem> {
        let bought = self.read(Column::Bought, cells::bought)?;
        Ok(PoolEntry {
            seat_type: self.read(Column::SeatType, cells::seat_type)?,
            app: self.called(Column::App)?,
            bought: bought.map(|bought| bought.map_or(Bought::Unlimited, Bought::Seats)),
            valid_from: self.read(Column::ValidFrom, cells::moment)?,
            valid_until: self.read(Column::ValidUntil, cells::end)?,
            overdraft_allowed: self.read(Column::OverdraftAllowed, cells::flag)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spreadsheet::Records;

    fn entries(kind: Kind, text: &str) -> Vec<Result<Option<Entry>, RowProblem>> {
        let mut records = Records::new(text.as_bytes()).unwrap();
        let header = Header::read(kind, records.next_row().unwrap()).unwrap();
        std::iter::from_fn(|| records.next_row().unwrap())
            .map(|row| header.entry(&row.cells.unwrap()))
            .collect()
    }

    fn seat(text: &str) -> Result<SeatEntry, RowProblem> {
        let text = format!("用户,邮箱,席位类型,应用,到期,状态,释放时间\n{text}\n");
        match entries(Kind::Seats, &text).remove(0)? {
            Some(Entry::Seat(seat)) => Ok(seat),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_person_is_named_by_number_or_by_what_others_call_them() {
        let person = |text: &str| seat(text).unwrap().person;
        assert_eq!(person("7").user_id.map(UserId::get), Some(7));
        assert_eq!(person("7.0").user_id.map(UserId::get), Some(7));
        assert_eq!(person("'007").external_id.as_deref(), Some("007"));
        assert_eq!(person("A007").external_id.as_deref(), Some("A007"));
        assert_eq!(
            person(",li@example.com").external_id.as_deref(),
            Some("li@example.com")
        );
        assert_eq!(
            person("A007,li@example.com").external_id.as_deref(),
            Some("li@example.com"),
            "a column of its own outweighs"
        );
        assert_eq!(seat(",,平台").unwrap_err(), RowProblem::Missing(Column::UserId));
        assert_eq!(
            seat("1.80371E+15").unwrap_err(),
            RowProblem::Shortened(Column::UserId)
        );
        assert!(matches!(seat("li lei").unwrap_err(), RowProblem::Identifier(_)));
    }

    #[test]
    fn what_a_row_does_not_say_is_not_said() {
        let entry = seat("7,,平台席位,-,").unwrap();
        assert_eq!((entry.app, entry.expires_at, entry.released), (None, None, false));
        assert_eq!(seat("7,,,,永久").unwrap().expires_at, Some(WrittenEnd::Never));
        assert!(seat("7,,,,,已释放").unwrap().released);
        assert!(seat("7,,,,,,2026-01-01").unwrap().released);
        assert_eq!(entries(Kind::Users, "工号,姓名\n,\n , \n"), [Ok(None), Ok(None)]);
    }

    #[test]
    fn what_is_wrong_is_named_in_both_languages() {
        use crate::language::Language;
        for row in [
            ",,平台",
            "1.8E+15",
            "7,,gold",
            "7,,,,tomorrow",
            "7,,,,,perhaps",
            "7,,,,,,,more",
            "7,a b",
        ] {
            let words = seat(row).unwrap_err().words();
            assert!(words.text(Language::English).is_ascii(), "{words:?}");
            assert!(!words.text(Language::Chinese).is_ascii(), "{words:?}");
        }
        let namespace = entries(Kind::Apps, "namespace\n客户\n").remove(0).unwrap_err();
        assert!(namespace.to_string().contains("namespace must be"), "{namespace}");
    }
}
