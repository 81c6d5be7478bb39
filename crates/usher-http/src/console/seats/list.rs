//! `GET /console/seats`: seats with how idle they are.

use axum::response::Response;
use usher_console::{Block, Cell, Choice, Column, Field, FieldKind, Form, Link, Row, Section, Step};
use usher_seats::{Day, Namespace, SeatType, UserId};
use usher_store::{IdleRow, PageKey, SeatQuery, SeatRow};

use super::{
    action::ActionKind,
    filter::{SEATS_PATH, SeatFilter},
    finding,
};
use crate::{
    console::{
        address::under,
        app_names::AppNames,
        desk::Desk,
        listing::{CSV_ROWS_AT_ONCE, Listing, ROWS, Stretch, wants_csv},
        words,
    },
    manage::idle_seats::SeatPlace,
    sign_in::problem::Problem,
};

/// For whom the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// People, on a page.
    Page,
    /// A spreadsheet, in which there is room for more columns.
    File,
}

/// Answers the list.
pub(crate) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let filter = SeatFilter::read(&desk.visit.asked)?;
    let pairs = filter.pairs();
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let reader = if wants_csv(desk)? {
        Reader::File
    } else {
        Reader::Page
    };
    let listing = Listing {
        path: SEATS_PATH,
        pairs: &pairs,
        caption: if filter.lists_all() {
            desk.seats().caption_all
        } else {
            desk.seats().caption
        },
        nothing: desk.seats().nothing,
        file: desk.seats().csv_name,
        columns: columns(desk, &filter, reader),
    };
    if reader == Reader::File {
        let filter = &filter;
        return listing
            .download(desk, async |after| {
                stretch((desk, reader), filter, after, CSV_ROWS_AT_ONCE).await
            })
            .await;
    }
    let after = desk.asked("after")?.map(str::to_owned);
    let later = after.is_some();
    let found = stretch((desk, reader), &filter, after, ROWS).await?;
    let is_empty = found.rows.is_empty() && found.next.is_none() && !later;
    if is_empty && filter == SeatFilter::default() && nobody_has_a_seat(desk).await? {
        return Ok(desk
            .page(Section::Seats, desk.seats().title, vec![empty(desk)])
            .await);
    }
    let unread = filter.unread(desk)?;
    // Nobody means to act on more seats than they asked for.
    let acts = !filter.lists_all() && !is_empty && unread.is_empty();
    let mut blocks = vec![Block::Text(desk.seats().lead.to_owned()), filter.form(desk)?];
    blocks.extend(unread);
    blocks.push(listing.table(desk, later, found));
    if acts {
        blocks.push(Block::Form(bulk_form(desk, &filter)));
    }
    Ok(desk.page(Section::Seats, desk.seats().title, blocks).await)
}

async fn nobody_has_a_seat(desk: &Desk) -> Result<bool, Problem> {
    for seat_type in SeatType::ALL {
        if !desk
            .store()
            .seats(desk.tenant_id(), seat_type, None, 1)
            .await?
            .is_empty()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What to do where nobody has a seat.
pub(crate) fn empty(desk: &Desk) -> Block {
    let (seats, acts) = (desk.seats(), desk.acts());
    let step = |text: &str, section: Section, detail: &str| Step {
        link: Link::new(text, section.path()),
        detail: detail.to_owned(),
    };
    Block::Empty {
        title: seats.empty_title.to_owned(),
        text: seats.empty.to_owned(),
        steps: vec![
            step(acts.step_import, Section::Import, acts.step_import_detail),
            step(acts.step_give, Section::People, acts.step_give_detail),
        ],
    }
}

/// The columns. Each that leads to an order is the very one that rises in it, so that the list never contradicts its head.
fn columns(desk: &Desk, filter: &SeatFilter, reader: Reader) -> Vec<Column> {
    let seats = desk.seats();
    let mut columns = vec![
        Column::new(seats.column_person),
        Column::new(seats.column_number).sortable(filter.sorted(true).address(), filter.by_user()),
        Column::new(seats.column_seat),
    ];
    if filter.lists_all() {
        columns.extend([seats.column_status, seats.column_given, seats.column_released].map(Column::new));
    } else {
        columns.push(Column::new(seats.column_verdict));
        columns.push(Column::numeric(seats.column_idle_days));
        let since = Column::new(seats.column_idle_since);
        // A list of a person or a search stands by users, whatever is asked.
        let choice = filter.sorted(false);
        columns.push(if choice.by_user() {
            since
        } else {
            since.sortable(choice.address(), !filter.by_user())
        });
        columns.push(Column::new(seats.column_last));
        if reader == Reader::File {
            columns.push(Column::new(seats.column_given));
        }
    }
    columns.push(Column::new(seats.column_expires));
    columns
}

/// Some rows of the list, after a place.
async fn stretch(
    (desk, reader): (&Desk, Reader),
    filter: &SeatFilter,
    after: Option<String>,
    rows_max: usize,
) -> Result<Stretch, Problem> {
    if filter.lists_all() {
        return all(desk, filter, after, rows_max).await;
    }
    let place = after.and_then(|text| text.parse::<SeatPlace>().ok());
    let page = finding::page(desk, filter, desk.now_ms(), place.map(|place| place.0), rows_max).await?;
    let names = AppNames::of(desk, page.rows.iter().map(|seat| seat.namespace.as_ref())).await?;
    Ok(Stretch {
        rows: page
            .rows
            .iter()
            .map(|seat| row((desk, reader), &names, seat))
            .collect(),
        next: page.next.map(|key| SeatPlace(key).to_string()),
    })
}

fn row((desk, reader): (&Desk, Reader), names: &AppNames, row: &IdleRow) -> Row {
    let (seats, ledger) = (desk.seats(), desk.words());
    let moment = |time_ms: Option<i64>, otherwise: &str| {
        time_ms.map_or_else(
            || Cell::quiet(otherwise),
            |time_ms| Cell::moment(desk.moment(time_ms)),
        )
    };
    let mut cells = name_cells(
        (desk, names),
        row.user_id,
        &row.user_name,
        (row.seat_type, row.namespace.as_ref()),
    );
    cells.extend([
        words::verdict_badge(ledger, row.idleness.verdict),
        Cell::count(row.idleness.days_idle.into()),
        Cell::moment(Day::in_utc(row.idleness.idle_since_ms).to_string()),
        moment(row.last_admitted_ms, seats.never),
    ]);
    if reader == Reader::File {
        cells.push(Cell::moment(desk.moment(row.assigned_at_ms)));
    }
    cells.push(moment(row.expires_at_ms, seats.no_end));
    Row { cells }
}

fn name_cells(
    (desk, names): (&Desk, &AppNames),
    user_id: UserId,
    name: &str,
    (kind, namespace): (SeatType, Option<&Namespace>),
) -> Vec<Cell> {
    let seat = words::seat_name(kind, user_id, namespace);
    let person = under(Section::People.path(), &user_id.to_string());
    let name = if name.is_empty() {
        user_id.to_string()
    } else {
        name.to_owned()
    };
    vec![
        Cell::link(name, person),
        Cell::code(user_id.to_string()),
        names.link(
            names.seat(desk, kind, namespace),
            under(SEATS_PATH, &seat),
            namespace,
        ),
    ]
}

/// Seats whether held or not, in order of their people.
async fn all(
    desk: &Desk,
    filter: &SeatFilter,
    after: Option<String>,
    rows_max: usize,
) -> Result<Stretch, Problem> {
    let (seat_type, namespace, group_key) = filter.pool();
    let query = SeatQuery {
        tenant_id: desk.tenant_id(),
        seat_type: seat_type.unwrap_or(SeatType::PerUser),
        user_id: filter.user_id(),
        namespace,
        group_key,
        after: after.and_then(|text| key_of(&text)),
        rows_max: (rows_max + 1).min(CSV_ROWS_AT_ONCE),
    };
    let rows_max = rows_max.min(CSV_ROWS_AT_ONCE - 1);
    let found = desk.store().seats_where(query).await?;
    let names = AppNames::of(desk, found.iter().map(|seat| seat.seat.pool.namespace.as_ref())).await?;
    let mut rows = Vec::with_capacity(found.len());
    for seat in found.iter().take(rows_max) {
        rows.push(held_row(desk, &names, seat).await?);
    }
    let next = found
        .get(rows_max.saturating_sub(1))
        .filter(|_| found.len() > rows_max)
        .map(|last| key_text(&last.seat.user_id, last.seat.pool.namespace.as_ref()));
    Ok(Stretch { rows, next })
}

async fn held_row(desk: &Desk, names: &AppNames, seat: &SeatRow) -> Result<Row, Problem> {
    let seats = desk.seats();
    let name = &seat.seat;
    let user = desk.store().user(desk.tenant_id(), name.user_id).await?;
    let user_name = user.map_or(String::new(), |user| user.name);
    let pool = (name.pool.seat_type, name.pool.namespace.as_ref());
    let mut cells = name_cells((desk, names), name.user_id, &user_name, pool);
    let moment = |time_ms: Option<i64>, otherwise: &str| {
        time_ms.map_or_else(
            || Cell::quiet(otherwise),
            |time_ms| Cell::moment(desk.moment(time_ms)),
        )
    };
    cells.extend([
        held_badge(desk, seat),
        Cell::moment(desk.moment(seat.assigned_at_ms)),
        moment(seat.released_at_ms, desk.shell().none),
        moment(seat.expires_at_ms, seats.no_end),
    ]);
    Ok(Row { cells })
}

/// Whether a seat is held, as a badge.
pub(crate) fn held_badge(desk: &Desk, seat: &SeatRow) -> Cell {
    let ledger = desk.words();
    let over = seat.expires_at_ms.is_some_and(|end_ms| desk.now_ms() >= end_ms);
    match (seat.held, over) {
        (true, false) => Cell::badge(usher_console::Tone::Good, ledger.held),
        (_, true) if seat.released_at_ms.is_none() || seat.released_at_ms == seat.expires_at_ms => {
            Cell::badge(usher_console::Tone::Plain, ledger.expired)
        }
        _ => Cell::badge(usher_console::Tone::Plain, ledger.released),
    }
}

fn key_text(user_id: &UserId, namespace: Option<&Namespace>) -> String {
    format!("{user_id}:{}", namespace.map_or("", Namespace::as_str))
}

fn key_of(text: &str) -> Option<PageKey> {
    let (user, app) = text.split_once(':')?;
    let namespace = Some(app).filter(|app| !app.is_empty());
    Some(PageKey {
        user_id: user.parse().ok()?,
        namespace: namespace.map(str::parse).transpose().ok()?,
    })
}

/// The form that acts on the whole list.
fn bulk_form(desk: &Desk, filter: &SeatFilter) -> Form {
    let seats = desk.seats();
    let actions = [
        (ActionKind::Release, seats.bulk_release),
        (ActionKind::Protect, seats.bulk_protect),
        (ActionKind::Unprotect, seats.bulk_unprotect),
        (ActionKind::Extend, seats.bulk_extend),
    ];
    let actions = actions.map(|(kind, text)| Choice::new(kind.word(), text));
    let mut form = Form::new(
        "bulk",
        "/console/seats/bulk",
        &desk.form_token,
        seats.bulk_preview,
    )
    .titled(seats.bulk_title)
    .lead(seats.bulk_lead)
    .field(Field::new(
        "action",
        seats.bulk_action,
        FieldKind::Select(actions.to_vec()),
    ))
    .field(Field::new("reason", seats.bulk_reason, FieldKind::Text))
    .field(Field::new("end", seats.bulk_end, FieldKind::Date));
    for (name, value) in filter.pairs() {
        form = form.hidden(name, value);
    }
    form
}
