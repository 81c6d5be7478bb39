//! `GET /console`: what it all comes to.

use axum::response::Response;
use usher_console::{
    Block, Cell, Chart, ChartKind, Column, Link, Point, Row, Section, Step, Table, Tile, Tone, grouped,
    range_labels, table::csv, texts::fill,
};
use usher_seats::{
    Cost, DaySpan, IdlePolicy, IdleVerdict, Window, cost,
    idle::IDLE_AFTER_DAYS,
    overview::{IDLE_DAYS_EDGES, USED_WITHIN_DAYS},
};
use usher_store::{
    ActivePeople, ActivePeopleQuery, HistoryScope, Overview, OverviewQuery, PoolFigures, PoolName,
    overview::OVERVIEW_ROWS_MAX,
};

use super::{address::under, app_names::AppNames, desk::Desk, seats::filter::SeatFilter, words};
use crate::sign_in::problem::Problem;

/// Days of the chart: a quarter of a year, the time after which a seat is called idle.
const CHART_DAYS: i32 = 90;

/// What a seat can be that nobody needs. The tiles, the columns of the table and the cost are of these and count the same seats:
/// a seat has one verdict, so none counts twice, and one that was never used but is protected or new counts nowhere.
const WASTE: [IdleVerdict; 3] = [IdleVerdict::Idle, IdleVerdict::NeverUsed, IdleVerdict::Redundant];

/// Answers the overview.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let acts = desk.acts();
    match desk.asked("format")? {
        Some("csv") => return download(desk).await,
        Some("csv-days") => {
            let days = active_each_day(desk, None).await?;
            let table = daily_table(desk, &days);
            let content = csv(&table.columns, &table.rows).map_err(Problem::internal)?;
            return Ok(desk.csv("active-people", content));
        }
        _ => {}
    }
    let overview = figures(desk).await?;
    let days = active_each_day(desk, None).await?;
    if overview.pools.is_empty() && days.iter().all(|day| day.people == 0) {
        let blocks = vec![welcome(desk)];
        return Ok(desk.page(Section::Overview, acts.overview_title, blocks).await);
    }
    let judged = fill(acts.overview_judged, &[&desk.moment(overview.judged_at_ms)]);
    let blocks = vec![
        Block::Text(acts.overview_lead.to_owned()),
        Block::Tiles(tiles(desk, &overview, &days).await?),
        Block::Table(pool_table(desk, &overview).await?),
        Block::Text(judged),
        idle_chart(desk, &overview),
        Block::Text(acts.chart_idle_all.to_owned()),
        daily_chart(desk, acts.chart_daily, &days, "/console?format=csv-days"),
    ];
    Ok(desk.page(Section::Overview, acts.overview_title, blocks).await)
}

/// The figures of every pool that one answer holds; a tenant with more apps finds the rest in the list of pools.
async fn figures(desk: &Desk) -> Result<Overview, Problem> {
    let query = OverviewQuery {
        tenant_id: desk.tenant_id(),
        now_ms: desk.now_ms(),
        policy: IdlePolicy::default(),
        after: None,
        rows_max: OVERVIEW_ROWS_MAX,
    };
    Ok(desk.store().overview(query).await?)
}

async fn download(desk: &Desk) -> Result<Response, Problem> {
    let table = pool_table(desk, &figures(desk).await?).await?;
    let content = csv(&table.columns, &table.rows).map_err(Problem::internal)?;
    Ok(desk.csv("overview", content))
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

async fn tiles(desk: &Desk, overview: &Overview, days: &[ActivePeople]) -> Result<Vec<Tile>, Problem> {
    let acts = desk.acts();
    let pools = overview.pools.iter().map(|figures| &figures.pool);
    let held: u64 = overview.pools.iter().map(|figures| figures.seats.held).sum();
    let bought: Option<u64> = pools.clone().map(|row| row.pool.bought).sum();
    let waiting: u64 = pools.clone().map(|row| row.waiting).sum();
    let overdrawn: u64 = pools.map(|row| row.pool.overdrawn()).sum();
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
    let pools_path = Some(Section::Pools.path().to_owned());
    let mut tiles = vec![
        plain(acts.tile_bought, bought_text, String::new(), pools_path),
        plain(
            acts.tile_held,
            grouped(held),
            share,
            Some(Section::Seats.path().to_owned()),
        ),
    ];
    tiles.extend(WASTE.map(|verdict| waste_tile(desk, overview, verdict)));
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
    tiles.extend(cost_tiles(desk, overview));
    tiles.push(active_tile(desk, days).await?);
    Ok(tiles)
}

/// How many seats of all pools have a verdict; none where that is not known of one of them.
fn with_verdict(overview: &Overview, verdict: IdleVerdict) -> Option<u64> {
    let counts = overview
        .pools
        .iter()
        .map(|figures| verdict_count(figures, verdict));
    counts.sum()
}

fn verdict_count(figures: &PoolFigures, verdict: IdleVerdict) -> Option<u64> {
    let place = IdleVerdict::ALL.iter().position(|known| *known == verdict)?;
    figures.seats.verdicts.get(place).copied().flatten()
}

/// Seats of a pool that nobody needs: idle, never used, redundant. None where that is not known.
fn wasted(figures: &PoolFigures) -> Option<u64> {
    WASTE
        .map(|verdict| verdict_count(figures, verdict))
        .into_iter()
        .sum()
}

/// What the seats of a pool that nobody needs cost; none where nobody has said what one costs, or how many they are is not known.
fn wasted_cost(figures: &PoolFigures) -> Option<Cost> {
    Some(Cost::of(figures.pool.price?, wasted(figures)?))
}

/// What they cost in sum, currency by currency.
fn cost_tiles(desk: &Desk, overview: &Overview) -> Vec<Tile> {
    let acts = desk.acts();
    let sums = cost::add_up(overview.pools.iter().filter_map(wasted_cost));
    let tiles = sums.into_iter().map(|sum| Tile {
        name: acts.tile_cost.to_owned(),
        figure: format!("{} {}", words::amount(&sum), sum.currency),
        detail: words::period(desk, sum.period).to_owned(),
        href: None,
        tone: if sum.minor_units == 0 {
            Tone::Good
        } else {
            Tone::Attention
        },
    });
    tiles.collect()
}

/// Seats that are paid for and not used, with the way to them.
fn waste_tile(desk: &Desk, overview: &Overview, verdict: IdleVerdict) -> Tile {
    let acts = desk.acts();
    let count = with_verdict(overview, verdict);
    let name = match verdict {
        IdleVerdict::Idle => fill(acts.tile_idle, &[&IDLE_AFTER_DAYS]),
        _ => words::verdict(desk.words(), verdict).to_owned(),
    };
    Tile {
        name,
        figure: count.map_or_else(|| "–".to_owned(), grouped),
        detail: acts.see_list.to_owned(),
        href: Some(SeatFilter::with_verdict(verdict).address()),
        tone: match count {
            Some(0) => Tone::Good,
            _ => Tone::Attention,
        },
    }
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

async fn pool_table(desk: &Desk, overview: &Overview) -> Result<Table, Problem> {
    let acts = desk.acts();
    let mut columns = vec![
        Column::new(acts.column_pool),
        Column::numeric(acts.column_bought),
        Column::numeric(acts.column_held),
        Column::numeric(acts.column_free),
        Column::numeric(acts.column_waiting),
    ];
    columns.extend(USED_WITHIN_DAYS.map(|days| Column::numeric(fill(acts.column_used, &[&days]))));
    columns.extend(WASTE.map(|verdict| Column::numeric(words::verdict(desk.words(), verdict))));
    // Where nobody has said what a seat costs, there is nothing to show.
    let priced = overview.pools.iter().any(|figures| figures.pool.price.is_some());
    if priced {
        columns.extend([acts.column_price, acts.column_cost].map(Column::numeric));
    }
    let pools = overview.pools.iter();
    let names = AppNames::of(desk, pools.clone().map(|figures| figures.pool.namespace.as_ref())).await?;
    let rows = pools.map(|figures| pool_row(desk, &names, figures, priced));
    let mut table = Table::whole(acts.pools_caption, columns, rows.collect());
    table.csv = Some(Link::new(desk.shell().csv, "/console?format=csv"));
    Ok(table)
}

fn pool_row(desk: &Desk, names: &AppNames, figures: &PoolFigures, priced: bool) -> Row {
    let acts = desk.acts();
    let row = &figures.pool;
    let name = PoolName {
        tenant_id: desk.tenant_id(),
        seat_type: row.seat_type,
        namespace: row.namespace.clone(),
    };
    let number = |count: Option<u64>, otherwise: &str| match count {
        Some(count) => Cell::count(count),
        None => Cell::quiet(otherwise),
    };
    let what = match &row.namespace {
        None => words::seat_type(desk.words(), row.seat_type),
        Some(namespace) => names.name(namespace),
    };
    let path = under(Section::Pools.path(), &name.to_string());
    let mut cells = vec![
        names.link(what, path, row.namespace.as_ref()),
        number(row.pool.bought, acts.unlimited),
        Cell::count(figures.seats.held),
        number(row.pool.free(desk.now_ms()), acts.unlimited),
        Cell::count(row.waiting),
    ];
    cells.extend(figures.seats.used.map(Cell::count));
    cells.extend(WASTE.map(|verdict| number(verdict_count(figures, verdict), "–")));
    if priced {
        let written = |cost: Option<Cost>| match cost {
            Some(cost) => Cell::Number(words::cost(desk, &cost)),
            None => Cell::quiet("–"),
        };
        cells.push(written(row.price.map(|price| Cost::of(price, 1))));
        cells.push(written(wasted_cost(figures)));
    }
    Row { cells }
}

/// How long seats have been idle.
fn idle_chart(desk: &Desk, overview: &Overview) -> Block {
    let acts = desk.acts();
    let points: Vec<Point> = range_labels(&IDLE_DAYS_EDGES)
        .into_iter()
        .enumerate()
        .map(|(step, label)| Point {
            label,
            value: overview
                .pools
                .iter()
                .filter_map(|figures| figures.seats.idle_days.get(step))
                .sum(),
        })
        .collect();
    let columns = vec![Column::new(acts.column_days), Column::numeric(acts.column_seats)];
    let rows = points.iter().map(|point| Row {
        cells: vec![Cell::text(&point.label), Cell::count(point.value)],
    });
    Block::Chart(Chart {
        title: acts.chart_idle.to_owned(),
        unit: acts.column_seats.to_owned(),
        kind: ChartKind::Bars,
        table: Table::whole(acts.chart_idle, columns, rows.collect()),
        points,
        as_table: desk.shell().as_table.to_owned(),
    })
}
