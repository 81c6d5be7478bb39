//! `GET` and `POST /console/pools`, `/console/pools/{pool}`: what was bought, and who waits for it.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Column, Fact, Field, FieldKind, Form, Link, Row, Section, Step};
use usher_seats::{Day, SeatType, pool::POOL_SEATS_MAX};
use usher_store::{LedgerChange, PoolName, PoolRow, ledger::KEPT_SEATS_COUNTED_MAX};

use super::{
    address::{address, under},
    app_names::AppNames,
    desk::Desk,
    listing::{Listed, Listing, Stretch},
    refused,
    seats::filter::SeatFilter,
};
use crate::sign_in::{page::see_other, problem::Problem};

mod people;
mod price;

/// Answers the list.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    list(desk, StatusCode::OK, None).await
}

async fn list(desk: &Desk, status: StatusCode, notice: Option<Block>) -> Result<Response, Problem> {
    let directory = desk.directory();
    let listing = Listing {
        path: Section::Pools.path(),
        pairs: &[],
        caption: directory.pools_caption,
        nothing: desk.shell().nothing_fits,
        file: "pools",
        columns: columns(desk),
    };
    let empty = Block::Empty {
        title: directory.pools_empty_title.to_owned(),
        text: directory.pools_empty.to_owned(),
        steps: vec![Step {
            link: Link::new(desk.acts().step_import, Section::Import.path()),
            detail: desk.acts().step_import_detail.to_owned(),
        }],
    };
    let read = async |after, rows_max| stretch(desk, after, rows_max).await;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    match listing.answer(desk, directory.pools_lead, empty, read).await? {
        Listed::File(file) => return Ok(file),
        Listed::Page(page) => blocks.extend(page),
    }
    let app = Field::new("app", directory.pool_app, FieldKind::Text);
    let mut form = Form::new("pool", Section::Pools.path(), &desk.form_token, desk.shell().save)
        .titled(directory.pool_new)
        .field(app);
    form.fields.extend(fields(desk, None));
    blocks.push(Block::Form(form));
    Ok(desk
        .page_under(
            status,
            Section::Pools,
            (directory.pools_title.to_owned(), None),
            blocks,
        )
        .await)
}

fn columns(desk: &Desk) -> Vec<Column> {
    let directory = desk.directory();
    vec![
        Column::new(directory.pool),
        Column::numeric(directory.pool_bought),
        Column::numeric(directory.pool_held),
        Column::numeric(directory.pool_free),
        Column::numeric(directory.pool_kept),
        Column::numeric(directory.pool_waiting),
        Column::new(directory.pool_valid_from),
        Column::new(directory.pool_valid_until),
    ]
}

fn name_of(desk: &Desk, row: &PoolRow) -> PoolName {
    PoolName {
        tenant_id: desk.tenant_id(),
        seat_type: row.seat_type,
        namespace: row.namespace.clone(),
    }
}

async fn stretch(desk: &Desk, after: Option<String>, rows_max: usize) -> Result<Stretch, Problem> {
    let after = after.and_then(|text| PoolName::parse(desk.tenant_id(), &text).ok());
    let pools = desk
        .store()
        .pools(desk.tenant_id(), after, rows_max + 1, desk.now_ms())
        .await?;
    let names = AppNames::of(desk, pools.iter().map(|row| row.namespace.as_ref())).await?;
    let key = |row: &PoolRow| name_of(desk, row).to_string();
    Ok(Stretch::of(pools, rows_max, key, |row| row_of(desk, &names, row)))
}

fn row_of(desk: &Desk, names: &AppNames, row: &PoolRow) -> Row {
    let name = name_of(desk, row);
    let unlimited = desk.directory().unlimited;
    let number = |count: Option<u64>| count.map_or_else(|| Cell::quiet(unlimited), Cell::count);
    Row {
        cells: vec![
            names.link(
                names.pool(desk, &name),
                under(Section::Pools.path(), &name.to_string()),
                name.namespace.as_ref(),
            ),
            number(row.pool.bought),
            Cell::count(row.pool.in_use),
            number(row.pool.free(desk.now_ms())),
            kept_cell(row.kept),
            Cell::count(row.waiting),
            day_cell(desk, row.pool.valid_from_ms),
            day_cell(desk, row.pool.valid_until_ms),
        ],
    }
}

/// How many seats are kept for whoever had them; more than are counted are so many or more.
fn kept_cell(kept: u64) -> Cell {
    Cell::Number(kept_text(kept))
}

fn kept_text(kept: u64) -> String {
    let more = if kept < KEPT_SEATS_COUNTED_MAX { "" } else { "+" };
    format!("{}{more}", usher_console::grouped(kept))
}

fn day_cell(desk: &Desk, time_ms: Option<i64>) -> Cell {
    time_ms.map_or_else(
        || Cell::quiet(desk.shell().none),
        |time_ms| Cell::text(desk.day(time_ms).to_string()),
    )
}

/// What is asked of a pool, filled in as it is.
fn fields(desk: &Desk, row: Option<&PoolRow>) -> Vec<Field> {
    let directory = desk.directory();
    let pool = row.map(|row| row.pool).unwrap_or_default();
    let day = |time_ms: Option<i64>| time_ms.map_or(String::new(), |time_ms| desk.day(time_ms).to_string());
    vec![
        Field::new("bought", directory.pool_buy, FieldKind::Number)
            .hint(directory.pool_bought_hint)
            .with(pool.bought.map_or(String::new(), |bought| bought.to_string())),
        Field::new("from", directory.pool_valid_from, FieldKind::Date).with(day(pool.valid_from_ms)),
        Field::new("until", directory.pool_valid_until, FieldKind::Date).with(day(pool.valid_until_ms)),
        Field::new(
            "overdraft",
            directory.pool_overdraft,
            FieldKind::Check(pool.overdraft_allowed),
        )
        .hint(directory.pool_overdraft_hint),
    ]
    .into_iter()
    .chain(price::fields(desk, row.and_then(|row| row.price)))
    .collect()
}

/// Answers the form of the list: a pool of an app, or the pool of platform seats.
pub(super) async fn create(desk: &Desk) -> Result<Response, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let namespace = match desk.sent("app")? {
        "" => None,
        text => match text.parse() {
            Ok(namespace) => Some(namespace),
            Err(_) => {
                let sentence = refused::field(words, directory.pool_app, words.allowed_namespace);
                return list(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
            }
        },
    };
    let pool = PoolName {
        tenant_id: desk.tenant_id(),
        seat_type: namespace
            .as_ref()
            .map_or(SeatType::PerUser, |_| SeatType::PerUserPerApp),
        namespace,
    };
    match save(desk, &pool).await? {
        None => saved(&pool),
        Some(alert) => list(desk, StatusCode::BAD_REQUEST, Some(alert)).await,
    }
}

/// Answers the page of a pool.
pub(super) async fn one(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let done = desk.asked("done")?.is_some();
    let notice = done.then(|| Block::done(desk.directory().pool_saved));
    page(desk, name, StatusCode::OK, notice).await
}

async fn page(
    desk: &Desk,
    name: &str,
    status: StatusCode,
    notice: Option<Block>,
) -> Result<Response, Problem> {
    let Ok(pool) = PoolName::parse(desk.tenant_id(), name) else {
        return Ok(desk.missing(Section::Pools).await);
    };
    let Some(row) = desk.store().pool(pool.clone(), desk.now_ms()).await? else {
        return Ok(desk.missing(Section::Pools).await);
    };
    let directory = desk.directory();
    let number = |count: Option<u64>| count.map_or_else(|| Cell::quiet(directory.unlimited), Cell::count);
    let of_pool = SeatFilter::of_pool(pool.seat_type, pool.namespace.as_ref());
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    let names = AppNames::of(desk, [pool.namespace.as_ref()]).await?;
    let app = pool.namespace.as_ref().map(|namespace| {
        let path = under(Section::Apps.path(), namespace.as_str());
        Fact::new(desk.seats().column_app, Cell::link(namespace.as_str(), path))
    });
    let facts = [
        Fact::new(directory.pool_bought, number(row.pool.bought)),
        Fact::new(
            directory.pool_held,
            Cell::link(usher_console::grouped(row.pool.in_use), of_pool.address()),
        ),
        Fact::new(directory.pool_free, number(row.pool.free(desk.now_ms()))),
        Fact::new(directory.pool_kept, kept_cell(row.kept)),
        Fact::new(directory.pool_waiting, Cell::count(row.waiting)),
    ];
    blocks.push(Block::Facts(app.into_iter().chain(facts).collect()));
    blocks.push(Block::Links(vec![
        Link::new(directory.pool_seats, of_pool.address()),
        Link::new(desk.acts().column_idle, of_pool.and_idle().address()),
    ]));
    let path = under(Section::Pools.path(), name);
    let mut form = Form::new("pool", &path, &desk.form_token, desk.shell().save).titled(directory.pool_edit);
    form.fields = fields(desk, Some(&row));
    blocks.push(Block::Form(form));
    blocks.push(people::line(desk, pool.clone(), &path).await?);
    blocks.extend(people::kept(desk, pool.clone(), &path, row.kept).await?);
    let up = Link::new(directory.pools_title, Section::Pools.path());
    let heading = (names.pool(desk, &pool), Some(up));
    Ok(desk.page_under(status, Section::Pools, heading, blocks).await)
}

/// Answers the form of that page.
pub(super) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Ok(pool) = PoolName::parse(desk.tenant_id(), name) else {
        return Ok(desk.missing(Section::Pools).await);
    };
    match save(desk, &pool).await? {
        None => saved(&pool),
        Some(alert) => page(desk, name, StatusCode::BAD_REQUEST, Some(alert)).await,
    }
}

fn saved(pool: &PoolName) -> Result<Response, Problem> {
    let path = under(Section::Pools.path(), &pool.to_string());
    see_other(&address(&path, &[("done", "pool")]))
}

/// Writes what was bought; what did not fit as a notice.
async fn save(desk: &Desk, pool: &PoolName) -> Result<Option<Block>, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let wrong = |label: &str, allowed: &str| Ok(Some(Block::alert(refused::field(words, label, allowed))));
    let bought: Option<u64> = match desk.sent("bought")? {
        "" => None,
        text => match text.parse().ok().filter(|bought| *bought <= POOL_SEATS_MAX) {
            Some(bought) => Some(bought),
            None => return wrong(directory.pool_buy, words.allowed_number),
        },
    };
    let Ok(valid_from_ms) = day_sent(desk, "from")? else {
        return wrong(directory.pool_valid_from, words.allowed_date);
    };
    let Ok(valid_until_ms) = day_sent(desk, "until")? else {
        return wrong(directory.pool_valid_until, words.allowed_date);
    };
    let change = LedgerChange::PutPool {
        pool: pool.clone(),
        bought,
        valid_from_ms,
        valid_until_ms,
        overdraft_allowed: desk.sent("overdraft")? == "yes",
    };
    let price = match price::sent(desk)? {
        Ok(price) => price,
        Err(sentence) => return Ok(Some(Block::alert(sentence))),
    };
    let price = LedgerChange::PutPrice {
        pool: pool.clone(),
        price,
    };
    match desk.change(vec![change.into(), price.into()]).await {
        Ok(_) => Ok(None),
        Err(error) => refused::notice(words, error).map(Some),
    }
}

/// The beginning of a day that a form names; none where it names none.
pub(super) fn day_sent(desk: &Desk, name: &'static str) -> Result<Result<Option<i64>, ()>, Problem> {
    let text = desk.sent(name)?;
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let day = text.parse::<Day>().map_err(drop);
    Ok(day.map(|day| Some(day.begins_ms(&desk.tenant.time_zone))))
}
