//! How the words of the rules are written in the database.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use usher_seats::{CurrencyCode, LocalizedNames, Namespace, Price, PricePeriod, SeatType, UserId};
use usher_store::{Effect, PoolName, Rejection, SeatName};

use crate::sql::{Answered, Row};

type Refused = Box<dyn Error + Sync + Send>;

/// A seat type as its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeatTypeNumber(pub(crate) SeatType);

impl SeatTypeNumber {
    /// 0 for a platform seat, 1 for an app seat.
    pub(crate) fn number(self) -> i16 {
        match self.0 {
            SeatType::PerUser => 0,
            SeatType::PerUserPerApp => 1,
        }
    }

    /// The seat type of a number.
    pub(crate) fn read(number: i16) -> Option<SeatType> {
        SeatType::ALL
            .into_iter()
            .find(|seat_type| Self(*seat_type).number() == number)
    }
}

impl ToSql for SeatTypeNumber {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        match *kind {
            Type::INT8 => i64::from(self.number()).to_sql(kind, out),
            Type::INT4 => i32::from(self.number()).to_sql(kind, out),
            _ => self.number().to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT2 | Type::INT4 | Type::INT8)
    }

    to_sql_checked!();
}

/// A seat type read back.
pub(crate) struct StoredSeatType(pub(crate) SeatType);

impl<'a> FromSql<'a> for StoredSeatType {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        let number = i16::from_sql(kind, raw)?;
        SeatTypeNumber::read(number)
            .map(Self)
            .ok_or_else(|| format!("{number} is no seat type").into())
    }

    fn accepts(kind: &Type) -> bool {
        <i16 as FromSql<'_>>::accepts(kind)
    }
}

/// How many of something. PostgreSQL's numbers have a sign, ours of things have none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

impl<'a> FromSql<'a> for Count {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self(u64::try_from(i64::from_sql(kind, raw)?)?))
    }

    fn accepts(kind: &Type) -> bool {
        <i64 as FromSql<'_>>::accepts(kind)
    }
}

impl ToSql for Count {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        i64::try_from(self.0)?.to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <i64 as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A user id read back.
pub(crate) struct StoredUserId(pub(crate) UserId);

impl<'a> FromSql<'a> for StoredUserId {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self(UserId::new(i64::from_sql(kind, raw)?)?))
    }

    fn accepts(kind: &Type) -> bool {
        <i64 as FromSql<'_>>::accepts(kind)
    }
}

/// A checked text read back.
pub(crate) struct Parsed<T>(pub(crate) T);

impl<'a, T> FromSql<'a> for Parsed<T>
where
    T: std::str::FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self(<&str>::from_sql(kind, raw)?.parse()?))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql<'_>>::accepts(kind)
    }
}

/// The namespace of a seat as its column has it: empty for a platform seat.
pub(crate) fn seat_namespace(namespace: Option<&Namespace>) -> &str {
    namespace.map_or("", Namespace::as_str)
}

/// Reads the namespace column of a seat.
pub(crate) struct SeatNamespace(pub(crate) Option<Namespace>);

impl<'a> FromSql<'a> for SeatNamespace {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        if raw.is_empty() {
            return Ok(Self(None));
        }
        Parsed::<Namespace>::from_sql(kind, raw).map(|Parsed(namespace)| Self(Some(namespace)))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql<'_>>::accepts(kind)
    }
}

/// What changes did, as its column has it: JSON.
#[derive(Debug)]
pub(crate) struct ResultsText(pub(crate) Vec<Result<Effect, Rejection>>);

impl ToSql for ResultsText {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        serde_json::to_string(&self.0)?.to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&str as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for ResultsText {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self(serde_json::from_str(<&str>::from_sql(kind, raw)?)?))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql<'_>>::accepts(kind)
    }
}

/// Names by language as their column has them: a JSON object, in order of the language.
#[derive(Debug)]
pub(crate) struct NamesText(pub(crate) LocalizedNames);

impl ToSql for NamesText {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        serde_json::to_string(&self.0)?.to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&str as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for NamesText {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self(serde_json::from_str(<&str>::from_sql(kind, raw)?)?))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql<'_>>::accepts(kind)
    }
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

/// A price as its three columns have it, from `first` on: amount, currency, period; all of them are there or none.
pub(crate) fn stored_price(row: &Row, first: usize) -> Answered<Option<Price>> {
    let amount = row.get::<Option<Count>>(first)?.map(|Count(amount)| amount);
    let currency = row.get::<Option<Parsed<CurrencyCode>>>(first + 1)?;
    let period = row.get::<Option<Parsed<PricePeriod>>>(first + 2)?;
    let price = amount.zip(currency).zip(period);
    Ok(
        price.map(|((minor_units, Parsed(currency)), Parsed(period))| Price {
            minor_units,
            currency,
            period,
        }),
    )
}
