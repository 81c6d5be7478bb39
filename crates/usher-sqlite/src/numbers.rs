//! How the words of the rules are written in the file.

use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::Serialize;
use usher_seats::{CurrencyCode, LocalizedNames, Namespace, Price, PricePeriod, SeatType, UserId};
use usher_store::{Effect, PoolName, Rejection, SeatName};

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

impl<T> Parsed<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    /// Reads a text of the file.
    pub(crate) fn of(text: &str) -> FromSqlResult<Self> {
        text.parse().map(Self).map_err(FromSqlError::other)
    }
}

impl<T> FromSql for Parsed<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of(value.as_str()?)
    }
}

/// A price as its three columns have it; all of them are there or none.
pub(crate) struct StoredPrice(pub(crate) Option<Price>);

impl StoredPrice {
    /// Reads amount, currency and period, from `first` on.
    pub(crate) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let amount = row.get::<_, Option<Count>>(first)?.map(|Count(amount)| amount);
        let currency = row.get::<_, Option<Parsed<CurrencyCode>>>(first + 1)?;
        let period = row.get::<_, Option<Parsed<PricePeriod>>>(first + 2)?;
        let price = amount.zip(currency).zip(period);
        Ok(Self(price.map(
            |((minor_units, Parsed(currency)), Parsed(period))| Price {
                minor_units,
                currency,
                period,
            },
        )))
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

impl ToSql for ResultsText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        as_json(&self.0)
    }
}

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
        as_json(&self.0)
    }
}

impl FromSql for NamesText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

fn as_json<'a>(thing: &impl Serialize) -> rusqlite::Result<ToSqlOutput<'a>> {
    serde_json::to_string(thing)
        .map(ToSqlOutput::from)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The columns of a pool's name: tenant, type, namespace.
pub(crate) fn pool_key(pool: &PoolName) -> (i64, SeatTypeNumber, &str) {
    (
        pool.tenant_id.0,
        SeatTypeNumber(pool.seat_type),
        seat_namespace(pool.namespace.as_ref()),
    )
}

/// A seat's name as the columns have it: tenant, type, user, namespace.
pub(crate) type SeatKey<'a> = (i64, SeatTypeNumber, i64, &'a str);

/// The columns of a seat's name.
pub(crate) fn seat_key(seat: &SeatName) -> SeatKey<'_> {
    let (tenant_id, seat_type, namespace) = pool_key(&seat.pool);
    (tenant_id, seat_type, seat.user_id.get(), namespace)
}
