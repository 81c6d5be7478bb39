//! What stands in a database for as long as it is a copy that has not ended.

use usher_store::portable::{Mark, Place};

use crate::sql::{Answered, Failure, Sql};

/// Reads the mark, if there is one.
pub(crate) async fn read(sql: &Sql) -> Answered<Option<Mark>> {
    sql.optional(
        "SELECT source, standing, section, place FROM copy_marks WHERE number = 1",
        [0_i64; 0],
        |row| {
            let place: Option<&str> = row.get(3)?;
            let place = place.map(serde_json::from_str::<Place>).transpose();
            Ok(Mark {
                source: row.get(0)?,
                standing: row.get(1)?,
                section: row.get(2)?,
                place: place.map_err(Failure::damaged)?,
            })
        },
    )
    .await
}

/// Sets or moves it.
pub(super) async fn write(sql: &Sql, mark: &Mark) -> Answered<()> {
    let place = mark.place.as_ref().map(serde_json::to_string).transpose();
    let place = place.map_err(Failure::damaged)?;
    sql.execute(
        "INSERT INTO copy_marks (number, source, standing, section, place) VALUES (1, $1, $2, $3, $4)
         ON CONFLICT (number) DO UPDATE SET source = excluded.source, standing = excluded.standing,
                                            section = excluded.section, place = excluded.place",
        (&mark.source, &mark.standing, &mark.section, &place),
    )
    .await
    .map(|_| ())
}
