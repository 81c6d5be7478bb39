//! What the header of a table means.

use std::fmt;

use usher_seats::spreadsheet::plain_cell;

use super::{
    HeaderProblem, Row,
    names::{NAMES, OWN_NAMES},
};

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who holds which seat.
    Seats,
    /// People.
    Users,
    /// Apps.
    Apps,
    /// Groups: who is in them, and which seats they give.
    Groups,
    /// What was bought.
    Pools,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Seats, Self::Users, Self::Apps, Self::Groups, Self::Pools];

    /// As the command line says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seats => "seats",
            Self::Users => "users",
            Self::Apps => "apps",
            Self::Groups => "groups",
            Self::Pools => "pools",
        }
    }

    /// The columns of which one must be there.
    fn needs(self) -> &'static [Column] {
        match self {
            Self::Seats | Self::Users => &[Column::UserId, Column::ExternalId],
            Self::Apps => &[Column::App],
            Self::Groups => &[Column::Group],
            Self::Pools => &[Column::SeatType, Column::App],
        }
    }
}

/// What a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// A person, by number; a text that is none is taken for their external id.
    UserId,
    /// A person, by the name the organisation's other systems have for them.
    ExternalId,
    /// What people call the person, or in a table of apps the app.
    Name,
    /// Which kind of seat.
    SeatType,
    /// An app, by namespace or by name.
    App,
    /// When the holding began.
    AssignedAt,
    /// When it ends.
    ExpiresAt,
    /// When it was given back.
    ReleasedAt,
    /// Whether it is in use.
    Status,
    /// Why it is kept from being taken as idle.
    ProtectedReason,
    /// Whether somebody gave it by hand.
    GivenBy,
    /// A group, by key or by name.
    Group,
    /// What people call the group.
    GroupName,
    /// Whether the person or the app is let in.
    Enabled,
    /// Whether the person may manage.
    SystemAdministrator,
    /// The app's names by language.
    Names,
    /// How many seats were bought.
    Bought,
    /// From when they may be given.
    ValidFrom,
    /// Until when.
    ValidUntil,
    /// Whether more may be in use than bought.
    OverdraftAllowed,
    /// Something that an export shows and an import does not change.
    Shown,
}

impl Column {
    /// The name that exports write.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(column, _)| *column == self);
        found
            .and_then(|(_, names)| names.first())
            .copied()
            .unwrap_or_default()
    }

    /// What may stand in it, where that is not a text of any kind.
    pub(crate) fn allowed(self) -> &'static str {
        match self {
            Self::SeatType => "per_user (platform seat) or per_user_per_app (app seat)",
            Self::Status => "in_use or released",
            Self::GivenBy => "hand or group",
            Self::Enabled | Self::SystemAdministrator | Self::OverdraftAllowed => "yes or no",
            Self::Names => "a JSON object of names by language tag",
            Self::Bought => "a whole number, or unlimited",
            Self::ProtectedReason | Self::App | Self::Group => {
                "1 to 256 characters without control characters"
            }
            _ => {
                "a date such as 2026-11-22, a time such as 2026-11-22T08:00:00Z, or 13 digits of milliseconds"
            }
        }
    }

    /// The same in Chinese.
    pub(crate) fn allowed_chinese(self) -> &'static str {
        match self {
            Self::SeatType => " per_user（平台席位）或 per_user_per_app（应用席位）",
            Self::Status => " in_use（在用）或 released（已释放）",
            Self::GivenBy => " hand（手工）或 group（用户组）",
            Self::Enabled | Self::SystemAdministrator | Self::OverdraftAllowed => "是或否",
            Self::Names => "按语言标签给出名称的 JSON 对象",
            Self::Bought => "整数或“不限”",
            Self::ProtectedReason | Self::App | Self::Group => "1 至 256 个字符，不含控制字符",
            _ => "日期（如 2026-11-22）、时间（如 2026-11-22T08:00:00Z）或 13 位毫秒数",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the columns of a table mean, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What the table is about.
    pub kind: Kind,
    columns: Vec<Option<Column>>,
    /// Columns that nobody knows, as they are called.
    pub unknown: Vec<String>,
}

impl Header {
    /// Reads the header of a table.
    ///
    /// # Errors
    /// [`HeaderProblem`]: nothing can be read without it.
    pub fn read(kind: Kind, row: Option<Row>) -> Result<Self, HeaderProblem> {
        let cells = row
            .ok_or(HeaderProblem::Empty)?
            .cells
            .map_err(HeaderProblem::Row)?;
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(cells.len());
        let mut unknown = Vec::new();
        for cell in &cells {
            let column = meaning(kind, cell);
            if let Some(column) = column.filter(|column| *column != Column::Shown) {
                let before = columns.iter().position(|known| *known == Some(column));
                if let Some(first) = before.and_then(|before| cells.get(before)) {
                    let (first, second) = (plain_cell(first).to_owned(), plain_cell(cell).to_owned());
                    return Err(HeaderProblem::Twice {
                        column,
                        first,
                        second,
                    });
                }
            } else if column.is_none() && !plain_cell(cell).is_empty() {
                unknown.push(plain_cell(cell).to_owned());
            }
            columns.push(column);
        }
        let needs = kind.needs();
        if !needs.iter().any(|needed| columns.contains(&Some(*needed))) {
            return Err(HeaderProblem::Lacks(needs));
        }
        Ok(Self {
            kind,
            columns,
            unknown,
        })
    }

    /// The columns in order; none for one that is ignored.
    pub(super) fn columns(&self) -> &[Option<Column>] {
        &self.columns
    }
}

fn meaning(kind: Kind, header: &str) -> Option<Column> {
    let header = compared(header);
    let own = OWN_NAMES.iter().filter(|(owner, ..)| *owner == kind);
    let own = own.map(|(_, column, names)| (*column, *names));
    own.chain(NAMES.iter().copied())
        .find(|(_, names)| names.iter().any(|name| compared(name) == header))
        .map(|(column, _)| column)
}

/// A header without what people vary: case, white space, hyphens, underscores, and the marks of a form to be filled.
fn compared(header: &str) -> String {
    plain_cell(header)
        .chars()
        .filter(|character| {
            !character.is_whitespace() && !matches!(character, '_' | '-' | '*' | ':' | '：' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: Kind, cells: &[&str]) -> Result<Header, HeaderProblem> {
        let cells = Ok(cells.iter().map(|cell| (*cell).to_owned()).collect());
        Header::read(
            kind,
            Some(Row {
                number: 1,
                bytes_read: 0,
                cells,
            }),
        )
    }

    #[test]
    fn columns_are_called_as_people_like() {
        let found = header(
            Kind::Seats,
            &[
                "工号 *",
                " E-Mail ",
                "Full Name",
                "席位类型",
                "应用",
                "开始",
                "Expiry Date",
                "部门",
                "备注",
                "",
            ],
        )
        .unwrap();
        let columns: Vec<_> = found.columns().iter().flatten().copied().collect();
        assert_eq!(
            columns,
            [
                Column::UserId,
                Column::ExternalId,
                Column::Name,
                Column::SeatType,
                Column::App,
                Column::AssignedAt,
                Column::ExpiresAt,
                Column::Group,
            ]
        );
        assert_eq!(found.unknown, ["备注"]);
    }

    #[test]
    fn a_name_may_mean_another_thing_in_another_table() {
        assert_eq!(meaning(Kind::Apps, "应用名称"), Some(Column::Name));
        assert_eq!(meaning(Kind::Seats, "应用名称"), Some(Column::App));
        assert_eq!(meaning(Kind::Pools, "到期"), Some(Column::ValidUntil));
        assert_eq!(meaning(Kind::Seats, "到期"), Some(Column::ExpiresAt));
    }

    #[test]
    fn no_name_means_two_columns() {
        let mut names: Vec<String> = NAMES
            .iter()
            .flat_map(|(_, names)| names.iter().map(|name| compared(name)))
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(all, names.len(), "{names:?}");
    }

    #[test]
    fn a_header_that_can_be_read_in_two_ways_is_refused() {
        assert!(matches!(
            header(Kind::Seats, &["工号", "用户"]),
            Err(HeaderProblem::Twice {
                column: Column::UserId,
                ..
            })
        ));
        assert!(matches!(
            header(Kind::Users, &["姓名"]),
            Err(HeaderProblem::Lacks(_))
        ));
        assert_eq!(Header::read(Kind::Users, None), Err(HeaderProblem::Empty));
    }
}
