//! What stands in a file for as long as it is a copy that has not ended.

use rusqlite::{Connection, OptionalExtension, types::FromSqlError};
use usher_store::portable::{Mark, Place};

/// Reads the mark, if there is one.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Mark>> {
    connection
        .prepare_cached("SELECT source, standing, section, place FROM copy_mark")?
        .query_row([], |row| {
            let place: Option<String> = row.get(3)?;
            Ok(Mark {
                source: row.get(0)?,
                standing: row.get(1)?,
                section: row.get(2)?,
                place: place.map(|text| place_of(&text)).transpose()?,
            })
        })
        .optional()
}

fn place_of(text: &str) -> Result<Place, FromSqlError> {
    serde_json::from_str(text).map_err(FromSqlError::other)
}

/// Sets or moves it.
pub(super) fn write(connection: &Connection, mark: &Mark) -> rusqlite::Result<()> {
    let place = mark
        .place
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    connection
        .prepare_cached(
            "INSERT INTO copy_mark (number, source, standing, section, place) VALUES (1, ?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET source = excluded.source, standing = excluded.standing,
                                       section = excluded.section, place = excluded.place",
        )?
        .execute((&mark.source, &mark.standing, &mark.section, place))
        .map(|_| ())
}

/// Takes it away.
pub(super) fn remove(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM copy_mark", []).map(|_| ())
}
