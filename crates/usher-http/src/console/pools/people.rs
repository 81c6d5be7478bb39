//! Whom a pool keeps waiting, and for whom it keeps seats: page by page, each list with a place of its own in the address.

use usher_console::{Block, Cell, Column, Row, Section, Table, texts::fill};
use usher_store::{KeptQuery, PoolName, SeatRow, WaitingRow};

use super::kept_text;
use crate::{
    console::{
        address::under,
        desk::Desk,
        listing::{Listing, ROWS, Stretch},
    },
    sign_in::problem::Problem,
};

/// The place in the list of who waits, in the address: a ticket.
const LINE_AFTER: &str = "line_after";
/// The place in the list of kept seats, in the address: until when one is kept, and whose it was.
const KEPT_AFTER: &str = "kept_after";

/// Who waits.
pub(super) async fn line(desk: &Desk, pool: PoolName, path: &str) -> Result<Block, Problem> {
    let directory = desk.directory();
    let after: Option<i64> = desk.asked(LINE_AFTER)?.and_then(|text| text.parse().ok());
    let waiting = desk.store().waiting(pool, after, ROWS + 1).await?;
    let found = Stretch::of(
        waiting,
        ROWS,
        |place: &WaitingRow| place.ticket.to_string(),
        |place| Row {
            cells: vec![
                Cell::count(place.position),
                Cell::link(
                    place.user_id.to_string(),
                    under(Section::People.path(), &place.user_id.to_string()),
                ),
                Cell::moment(desk.moment(place.waiting_since_ms)),
            ],
        },
    );
    let listing = Listing {
        path,
        pairs: &[],
        caption: directory.pool_line_caption,
        nothing: directory.pool_line_empty,
        file: "",
        columns: vec![
            Column::numeric(directory.pool_position),
            Column::new(directory.number),
            Column::new(directory.pool_since),
        ],
    };
    Ok(Block::Table(listing.part(
        desk,
        LINE_AFTER,
        after.is_some(),
        found,
    )))
}

/// The seats that are kept for whoever had them, those given back last first; nothing when there are none.
pub(super) async fn kept(
    desk: &Desk,
    pool: PoolName,
    path: &str,
    can_be_given_back: u64,
) -> Result<Option<Block>, Problem> {
    let (seats, directory) = (desk.seats(), desk.directory());
    let after = desk.asked(KEPT_AFTER)?.and_then(|text| {
        let (until_ms, user_id) = text.split_once(':')?;
        Some((until_ms.parse().ok()?, user_id.parse().ok()?))
    });
    let query = KeptQuery {
        pool,
        now_ms: desk.now_ms(),
        after,
        rows_max: ROWS + 1,
    };
    let kept = desk.store().kept_seats(query).await?;
    if kept.is_empty() && after.is_none() {
        return Ok(None);
    }
    let key = |row: &SeatRow| {
        let until_ms = row.kept_until_ms.unwrap_or_default();
        format!("{until_ms}:{}", row.seat.user_id)
    };
    let found = Stretch::of(kept, ROWS, key, |row| kept_row(desk, row));
    let caption = fill(directory.pool_kept_caption, &[&kept_text(can_be_given_back)]);
    let listing = Listing {
        path,
        pairs: &[],
        caption: &caption,
        nothing: desk.shell().nothing_fits,
        file: "",
        columns: vec![
            Column::new(directory.number),
            Column::new(seats.column_released),
            Column::new(directory.pool_kept_until),
        ],
    };
    let table: Table = listing.part(desk, KEPT_AFTER, after.is_some(), found);
    Ok(Some(Block::Table(table)))
}

fn kept_row(desk: &Desk, row: &SeatRow) -> Row {
    let moment = |time_ms: Option<i64>| {
        time_ms.map_or_else(|| Cell::quiet(""), |time_ms| Cell::moment(desk.moment(time_ms)))
    };
    Row {
        cells: vec![
            Cell::link(
                row.seat.user_id.to_string(),
                under(Section::Seats.path(), &row.seat.to_string()),
            ),
            moment(row.released_at_ms),
            moment(row.kept_until_ms),
        ],
    }
}
