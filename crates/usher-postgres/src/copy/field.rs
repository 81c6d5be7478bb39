//! A value on its way to a column, as wide as the column is.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use usher_store::portable::{Kind, Value};

use crate::sql::{Answered, Failure, Row};

/// A value for a column of any type that Usher has.
#[derive(Debug)]
pub(super) struct Field<'a>(pub(super) &'a Value);

impl ToSql for Field<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, kind) {
            (Value::Nothing, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT2) => i16::try_from(*number)?.to_sql(kind, out),
            (Value::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Value::Integer(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::Boolean(yes), &Type::BOOL) => yes.to_sql(kind, out),
            (Value::Text(text), &Type::TEXT) => text.to_sql(kind, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            (value, kind) => Err(format!("{value:?} does not fit a column of type {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Reads a field back; whole numbers come as wide as they may be.
pub(super) fn read(row: &Row, place: usize, kind: Kind) -> Answered<Value> {
    fn optional<'a, T: FromSql<'a>>(row: &'a Row, place: usize, value: fn(T) -> Value) -> Answered<Value> {
        Ok(row.get::<Option<T>>(place)?.map_or(Value::Nothing, value))
    }
    match kind {
        Kind::Integer => optional(row, place, Value::Integer),
        Kind::Boolean => optional(row, place, Value::Boolean),
        Kind::Text => optional(row, place, Value::Text),
        Kind::Bytes => optional(row, place, Value::Bytes),
    }
    .map_err(|failure| Failure::damaged(format_args!("column {place}: {failure}")))
}
