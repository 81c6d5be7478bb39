//! `GET /console`: what it all comes to.

use axum::response::Response;
use usher_console::{
    Block, Cell, Chart, ChartKind, Column, Link, Point, Row, Section, Step, Table, Tile, Tone, grouped,
    table::csv, texts::fill,
};
use usher_seats::{DaySpan, SeatType, Window, idle::IDLE_AFTER_DAYS};
use usher_store::{ActivePeople, ActivePeopleQuery, HistoryScope, IdleQuery, PoolRow, page::PAGE_ROWS_MAX};

use super::{
    address::{address, under},
    desk::Desk,
    listing::wants_csv,
    seats::filter::SeatFilter,
    words,
};
use crate::sign_in::problem::Problem;

/// Days of the chart: a quarter of a year, the time after which a seat is called idle.
const CHART_DAYS: i32 = 90;
/// Idle seats that are counted for the figure at the top: it looks at one stretch of the list and no further, so a large
/// organisation reads "500 or more". Each pool has a link to the whole list.
const IDLE_COUNTED_MAX: usize = PAGE_ROWS_MAX;

/// Answers the overview.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let acts = desk.acts();
    let days = active_each_day(desk, None).await?;
    if wants_csv(desk)? {
        let table = daily_table(desk, &days);
        let content = csv(&table.columns, &table.rows).map_err(Problem::internal)?;
        return Ok(desk.csv("active-people", content));
    }
    let pools = desk
        .store()
        .pools(desk.tenant_id(), None, PAGE_ROWS_MAX, desk.now_ms())
        .await?;
    if pools.is_empty() && days.iter().all(|day| day.people == 0) {
        let blocks = vec![welcome(desk)];
        return Ok(desk.page(Section::Overview, acts.overview_title, blocks).await);
    }
    let mut blocks = vec![
        Block::Text(acts.overview_lead.to_owned()),
        Block::Tiles(tiles(desk, &pools, &days).await?),
        pool_table(desk, &pools),
    ];
    blocks.push(daily_chart(desk, acts.chart_daily, &days, "/console?format=csv"));
    Ok(desk.page(Section::Overview, acts.overview_title, blocks).await)
}

/// What to do where nothing is yet.
fn welcome(desk: &Desk) -> Block {
    let acts = desk.acts();
    let step = |text: &str, section: Section, detail: &str| Step {
        link: Link::new(text, section.path()),
        detail: detail.to_owned(),
    };
    Block::Empty {
        title: acts.empty_title.to_owned(),
        text: acts.empty.to_owned(),
        steps: vec![
            step(acts.step_import, Section::Import, acts.step_import_detail),
            step(acts.step_gateway, Section::Gateway, acts.step_gateway_detail),
            step(acts.step_client, Section::Clients, acts.step_client_detail),
        ],
    }
}

/// People who were active on each of the last days, in one app or in any.
pub(super) async fn active_each_day(
    desk: &Desk,
    namespace: Option<usher_seats::Namespace>,
) -> Result<Vec<ActivePeople>, Problem> {
    let last = desk.day(desk.now_ms());
    let query = ActivePeopleQuery {
        scope: HistoryScope {
            tenant_id: desk.tenant_id(),
            seat_type: None,
            namespace,
        },
        window: Window::Day,
        days: DaySpan {
            first: last.plus(-(CHART_DAYS - 1)),
            last,
        },
    };
    Ok(desk.store().active_people(query).await?)
}

/// A chart of them, with its table.
pub(super) fn daily_chart(desk: &Desk, title: &str, days: &[ActivePeople], csv: &str) -> Block {
    let acts = desk.acts();
    let points = days.iter().map(|day| Point {
        label: day.days.last.to_string(),
        value: day.people,
    });
    let mut table = daily_table(desk, days);
    table.csv = Some(Link::new(desk.shell().csv, csv));
    Block::Chart(Chart {
        title: title.to_owned(),
        unit: acts.chart_unit.to_owned(),
        kind: ChartKind::Line,
        points: points.collect(),
        as_table: desk.shell().as_table.to_owned(),
        table,
    })
}

/// The figures of the chart.
pub(super) fn daily_table(desk: &Desk, days: &[ActivePeople]) -> Table {
    let acts = desk.acts();
    let columns = vec![Column::new(acts.chart_day), Column::numeric(acts.chart_people)];
    let rows = days.iter().rev().map(|day| Row {
        cells: vec![Cell::text(day.days.last.to_string()), Cell::count(day.people)],
    });
    Table::whole(acts.chart_daily, columns, rows.collect())
}

async fn tiles(desk: &Desk, pools: &[PoolRow], days: &[ActivePeople]) -> Result<Vec<Tile>, Problem> {
    let acts = desk.acts();
    let held: u64 = pools.iter().map(|row| row.pool.in_use).sum();
    let bought: Option<u64> = pools.iter().map(|row| row.pool.bought).sum();
    let waiting: u64 = pools.iter().map(|row| row.waiting).sum();
    let overdrawn: u64 = pools.iter().map(|row| row.pool.overdrawn()).sum();
    let plain = |name: &str, figure: String, detail: String, href: Option<String>| Tile {
        name: name.to_owned(),
        figure,
        detail,
        href,
        tone: Tone::Plain,
    };
    let bought_text = bought.map_or_else(|| acts.unlimited.to_owned(), grouped);
    let share = bought
        .filter(|bought| *bought > 0)
        .map_or(String::new(), |bought| {
            fill(acts.of_bought, &[&(held * 100 / bought)])
        });
    let mut tiles = vec![
        plain(
            acts.tile_bought,
            bought_text,
            String::new(),
            Some(Section::Pools.path().to_owned()),
        ),
        plain(
            acts.tile_held,
            grouped(held),
            share,
            Some(Section::Seats.path().to_owned()),
        ),
        idle_tile(desk).await?,
    ];
    if overdrawn > 0 {
        let mut tile = plain(
            acts.tile_free,
            "0".to_owned(),
            fill(acts.overdrawn, &[&grouped(overdrawn)]),
            None,
        );
        tile.tone = Tone::Bad;
        tiles.push(tile);
    } else if let Some(bought) = bought {
        tiles.push(plain(
            acts.tile_free,
            grouped(bought.saturating_sub(held)),
            String::new(),
            None,
        ));
    }
    let detail = if waiting > 0 { acts.people_wait } else { "" };
    tiles.push(plain(
        acts.tile_waiting,
        grouped(waiting),
        detail.to_owned(),
        None,
    ));
    tiles.push(active_tile(desk, days).await?);
    Ok(tiles)
}

async fn idle_tile(desk: &Desk) -> Result<Tile, Problem> {
    let acts = desk.acts();
    let filter = SeatFilter::idle();
    let query: IdleQuery = filter.query(desk, desk.now_ms(), None, IDLE_COUNTED_MAX);
    let page = desk.store().idle_seats(query).await?;
    let count = grouped(page.rows.len() as u64);
    let figure = match page.next {
        Some(_) => fill(acts.at_least, &[&count]),
        None => count,
    };
    Ok(Tile {
        name: fill(acts.tile_idle, &[&IDLE_AFTER_DAYS]),
        figure,
        detail: acts.see_list.to_owned(),
        href: Some(filter.address()),
        tone: if page.rows.is_empty() {
            Tone::Good
        } else {
            Tone::Attention
        },
    })
}

async fn active_tile(desk: &Desk, days: &[ActivePeople]) -> Result<Tile, Problem> {
    let acts = desk.acts();
    let today = desk.day(desk.now_ms());
    let query = ActivePeopleQuery {
        scope: HistoryScope {
            tenant_id: desk.tenant_id(),
            seat_type: None,
            namespace: None,
        },
        window: Window::ThirtyDays,
        days: DaySpan {
            first: today,
            last: today,
        },
    };
    let month = desk.store().active_people(query).await?;
    let month = month.last().map_or(0, |figure| figure.people);
    let yesterday = days.iter().rev().nth(1).map_or(0, |day| day.people);
    Ok(Tile {
        name: acts.tile_active.to_owned(),
        figure: grouped(month),
        detail: fill(acts.people_yesterday, &[&grouped(yesterday)]),
        href: None,
        tone: Tone::Plain,
    })
}

fn pool_table(desk: &Desk, pools: &[PoolRow]) -> Block {
    let acts = desk.acts();
    let columns = vec![
        Column::new(acts.column_pool),
        Column::numeric(acts.column_bought),
        Column::numeric(acts.column_held),
        Column::numeric(acts.column_free),
        Column::numeric(acts.column_waiting),
        Column::new(acts.column_idle),
    ];
    let rows = pools.iter().map(|row| pool_row(desk, row));
    let mut table = Table::whole(acts.pools_caption, columns, rows.collect());
    table.csv = Some(Link::new(
        desk.shell().csv,
        address(Section::Pools.path(), &[("format", "csv")]),
    ));
    Block::Table(table)
}

fn pool_row(desk: &Desk, row: &PoolRow) -> Row {
    let acts = desk.acts();
    let name = usher_store::PoolName {
        tenant_id: desk.tenant_id(),
        seat_type: row.seat_type,
        namespace: row.namespace.clone(),
    };
    let number = |count: Option<u64>| count.map_or_else(|| Cell::quiet(acts.unlimited), Cell::count);
    let idle = SeatFilter::of_pool(row.seat_type, row.namespace.as_ref()).and_idle();
    let what = match row.seat_type {
        SeatType::PerUser => words::pool(desk.words(), &name),
        SeatType::PerUserPerApp => row.namespace.as_ref().map_or(String::new(), ToString::to_string),
    };
    Row {
        cells: vec![
            Cell::link(what, under(Section::Pools.path(), &name.to_string())),
            number(row.pool.bought),
            Cell::count(row.pool.in_use),
            number(row.pool.free(desk.now_ms())),
            Cell::count(row.waiting),
            Cell::link(acts.see_list, idle.address()),
        ],
    }
}
