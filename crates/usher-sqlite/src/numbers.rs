//! How the words of the rules are written in the file.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use usher_seats::{LocalizedNames, Namespace, SeatType, UserId};
use usher_store::{Effect, Rejection};

/// A seat type as its number in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeatTypeNumber(pub(crate) SeatType);

impl SeatTypeNumber {
    /// 0 for a platform seat, 1 for an app seat.
    pub(crate) fn number(self) -> u8 {
        match self.0 {
            SeatType::PerUser => 0,
            SeatType::PerUserPerApp => 1,
        }
    }
}

impl ToSql for SeatTypeNumber {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.number()))
    }
}

/// A seat type read back; a number that is none means a damaged file.
pub(crate) struct StoredSeatType(pub(crate) SeatType);

impl FromSql for StoredSeatType {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let found = SeatType::ALL
            .into_iter()
            .find(|seat_type| i64::from(SeatTypeNumber(*seat_type).number()) == number);
        found.map(Self).ok_or(FromSqlError::OutOfRange(number))
    }
}

/// How many of something. SQLite's numbers have a sign, ours of things have none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        i64::try_from(self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

/// A user id read back; one out of range means a damaged file.
pub(crate) struct StoredUserId(pub(crate) UserId);

impl FromSql for StoredUserId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        UserId::new(value.as_i64()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// A checked text read back; one that no longer parses means a damaged file.
pub(crate) struct Parsed<T>(pub(crate) T);

impl<T> FromSql for Parsed<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// The namespace of a seat as its column has it: empty for a platform seat.
pub(crate) fn seat_namespace(namespace: Option<&Namespace>) -> &str {
    namespace.map_or("", Namespace::as_str)
}

/// Reads the namespace column of a seat.
pub(crate) struct SeatNamespace(pub(crate) Option<Namespace>);

impl FromSql for SeatNamespace {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        if value.as_str()?.is_empty() {
            return Ok(Self(None));
        }
        Parsed::<Namespace>::column_result(value).map(|Parsed(namespace)| Self(Some(namespace)))
    }
}

/// What changes did, as its column has it: JSON.
pub(crate) struct ResultsText(pub(crate) Vec<Result<Effect, Rejection>>);

impl FromSql for ResultsText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// Names by language as their column has them: a JSON object, in order of the language.
pub(crate) struct NamesText(pub(crate) LocalizedNames);

impl ToSql for NamesText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(ToSqlOutput::from(text))
    }
}

impl FromSql for NamesText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}
