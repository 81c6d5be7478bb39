//! `POST /console/seats/bulk`: one change over a whole list. First a preview, then slice by slice.

use axum::{http::StatusCode, response::Response};
use usher_console::Cell;
use usher_console::{Block, Column, Form, Link, Row, Section, Table, grouped, texts::fill};
use usher_seats::check_name;

use super::{
    action::{Action, ActionKind},
    filter::SeatFilter,
    round::{ROUND_SEATS_MAX, Round, Tally},
    undo,
};
use crate::{
    console::{address::address, app_names::AppNames, desk::Desk, refused, words},
    edge::draw,
    manage::idle_seats::SeatPlace,
    sign_in::problem::Problem,
};

/// Where the forms of a round are sent.
const BULK_PATH: &str = "/console/seats/bulk";
/// Seats that a preview shows by name.
const EXAMPLES: usize = 10;

/// Where a round stands, as it travels in the form.
struct Progress {
    /// Of so many seats.
    total: u64,
    /// What has come of those that are done.
    tally: Tally,
    /// The place reached.
    after: Option<SeatPlace>,
    /// What its records in the audit log are marked with.
    mark: String,
    /// True when more seats fit the filter than a round takes.
    more: bool,
}

/// Answers the form below the list, and those of a round.
pub(crate) async fn answer(desk: &Desk) -> Result<Response, Problem> {
    let filter = SeatFilter::read(&desk.visit.form)?;
    let decided_at_ms = desk.sent("decided_at")?.parse().unwrap_or(desk.now_ms());
    let action = match Action::read(desk, decided_at_ms)? {
        Ok(action) => action,
        Err(sentence) => return Ok(wrong(desk, &filter, sentence).await),
    };
    let reason = desk.sent("reason")?;
    if !reason.is_empty() && check_name(reason).is_err() {
        let sentence = refused::field(desk.words(), desk.seats().bulk_reason, desk.words().allowed_name);
        return Ok(wrong(desk, &filter, sentence).await);
    }
    let mut round = Round {
        filter,
        action,
        decided_at_ms,
        reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
    };
    if desk.sent("step")? == "go" {
        go(desk, &mut round).await
    } else {
        preview(desk, &round).await
    }
}

async fn wrong(desk: &Desk, filter: &SeatFilter, sentence: String) -> Response {
    let heading = (desk.seats().preview_title.to_owned(), Some(back(desk, filter)));
    desk.page_under(
        StatusCode::BAD_REQUEST,
        Section::Seats,
        heading,
        vec![Block::alert(sentence)],
    )
    .await
}

fn back(desk: &Desk, filter: &SeatFilter) -> Link {
    Link::new(desk.seats().back_to_list, filter.address())
}

/// Says what would happen.
async fn preview(desk: &Desk, round: &Round) -> Result<Response, Problem> {
    let seats = desk.seats();
    let found = round.find(desk, None, ROUND_SEATS_MAX).await?;
    let (tally, changed) = round.rehearse(desk, &found.rows).await?;
    let heading = (seats.preview_title.to_owned(), Some(back(desk, &round.filter)));
    if tally.total() == 0 {
        let blocks = vec![Block::information(seats.preview_nothing)];
        return Ok(desk
            .page_under(StatusCode::OK, Section::Seats, heading, blocks)
            .await);
    }
    let kind = round.action.kind();
    let sentence = match kind {
        ActionKind::Protect => seats.preview_protect,
        ActionKind::Unprotect => seats.preview_unprotect,
        ActionKind::Extend => seats.preview_extend,
        ActionKind::Release | ActionKind::Transfer => seats.preview_release,
    };
    let mut blocks = vec![Block::information(fill(sentence, &[&grouped(tally.changed)]))];
    blocks.extend(left_out(desk, &tally, seats.preview_left_out));
    if found.next.is_some() {
        blocks.push(Block::Text(fill(
            seats.preview_more,
            &[&grouped(ROUND_SEATS_MAX as u64)],
        )));
    }
    if tally.changed > 0 {
        let caption = match kind {
            ActionKind::Release => seats.preview_examples_release,
            _ => seats.preview_examples,
        };
        blocks.push(examples(desk, caption, &changed).await?);
        let number = u32::from_be_bytes(draw(desk.edge.chance.as_ref()));
        let progress = Progress {
            total: tally.total(),
            tally: Tally::default(),
            after: None,
            mark: undo::mark(desk.now_ms(), number),
            more: found.next.is_some(),
        };
        let button = match kind {
            ActionKind::Protect => seats.confirm_protect,
            ActionKind::Unprotect => seats.confirm_unprotect,
            ActionKind::Extend => seats.confirm_extend,
            ActionKind::Release | ActionKind::Transfer => seats.confirm_release,
        };
        let mut form = go_form(desk, round, &progress, fill(button, &[&grouped(tally.changed)]));
        form.grave = kind == ActionKind::Release;
        form.cancel = Some(Link::new(desk.shell().cancel, round.filter.address()));
        if kind == ActionKind::Release {
            form.lead = seats.preview_guard.to_owned();
        }
        blocks.push(Block::Form(form));
    }
    Ok(desk
        .page_under(StatusCode::OK, Section::Seats, heading, blocks)
        .await)
}

/// Makes the next slice, and says how far it has come or what has come of it.
async fn go(desk: &Desk, round: &mut Round) -> Result<Response, Problem> {
    let mut progress = read_progress(desk)?;
    let marked = undo::marked(round.reason.as_deref(), &progress.mark);
    let plain = round.reason.replace(marked);
    let left = progress.total.saturating_sub(progress.tally.total());
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    let (tally, next) = round.slice(desk, progress.after.take(), left).await?;
    round.reason = plain;
    progress.tally.changed += tally.changed;
    for (name, count) in tally.left_out {
        *progress.tally.left_out.entry(name).or_default() += count;
    }
    progress.after = next;
    if progress.after.is_some() && progress.tally.total() < progress.total {
        return Ok(under_way(desk, round, &progress).await);
    }
    Ok(finished(desk, round, &progress).await)
}

async fn under_way(desk: &Desk, round: &Round, progress: &Progress) -> Response {
    let seats = desk.seats();
    let (done, total) = (progress.tally.total(), progress.total);
    let mut form = go_form(desk, round, progress, seats.progress_go_on.to_owned());
    form.cancel = Some(Link::new(desk.shell().cancel, round.filter.address()));
    let blocks = vec![
        Block::Progress {
            text: fill(seats.progress, &[&grouped(done), &grouped(total)]),
            done,
            total,
        },
        Block::Form(form),
    ];
    desk.page(Section::Seats, seats.progress_title, blocks).await
}

async fn finished(desk: &Desk, round: &Round, progress: &Progress) -> Response {
    let seats = desk.seats();
    let kind = round.action.kind();
    let sentence = match kind {
        ActionKind::Protect => seats.result_protect,
        ActionKind::Unprotect => seats.result_unprotect,
        ActionKind::Extend => seats.result_extend,
        ActionKind::Release | ActionKind::Transfer => seats.result_release,
    };
    let mut blocks = vec![Block::done(fill(sentence, &[&grouped(progress.tally.changed)]))];
    blocks.extend(left_out(desk, &progress.tally, seats.result_left_out));
    if progress.more {
        blocks.push(Block::Text(fill(
            seats.preview_more,
            &[&grouped(ROUND_SEATS_MAX as u64)],
        )));
    }
    let actor = desk
        .user_id()
        .map_or(String::new(), |user_id| user_id.to_string());
    let audit = address("/console/audit", &[("actor", &actor)]);
    blocks.push(Block::Links(vec![
        back(desk, &round.filter),
        Link::new(seats.see_audit, audit),
    ]));
    if kind == ActionKind::Release && progress.tally.changed > 0 {
        blocks.extend(undo::offered(desk, &progress.mark));
    }
    desk.page(Section::Seats, seats.result_title, blocks).await
}

/// The form that makes the next slice.
fn go_form(desk: &Desk, round: &Round, progress: &Progress, button: String) -> Form {
    let mut form = Form::new("go", BULK_PATH, &desk.form_token, button)
        .hidden("step", "go")
        .hidden("decided_at", round.decided_at_ms.to_string())
        .hidden("total", progress.total.to_string())
        .hidden("tally", progress.tally.text())
        .hidden("mark", &progress.mark)
        .hidden("more", if progress.more { "yes" } else { "" })
        .hidden(
            "after",
            progress.after.as_ref().map_or(String::new(), ToString::to_string),
        );
    let action = round.action.fields();
    if let Some(reason) = round
        .reason
        .as_ref()
        .filter(|_| !action.iter().any(|field| field.0 == "reason"))
    {
        form = form.hidden("reason", reason);
    }
    for (name, value) in action.into_iter().chain(round.filter.pairs()) {
        form = form.hidden(name, value);
    }
    form
}

fn read_progress(desk: &Desk) -> Result<Progress, Problem> {
    let total: u64 = desk.sent("total")?.parse().unwrap_or(0);
    Ok(Progress {
        total: total.min(ROUND_SEATS_MAX as u64),
        tally: Tally::read(desk.sent("tally")?),
        after: desk.sent("after")?.parse().ok(),
        mark: undo::read_mark(desk.sent("mark")?),
        more: desk.sent("more")? == "yes",
    })
}

/// The exceptions, reason by reason.
pub(super) fn left_out(desk: &Desk, tally: &Tally, sentence: &str) -> Option<Block> {
    let seats = desk.seats();
    let count: u64 = tally.left_out.values().sum();
    let rows = tally.reasons(desk).into_iter().map(|(reason, count)| Row {
        cells: vec![Cell::text(reason), Cell::count(count)],
    });
    let columns = vec![
        Column::new(seats.column_reason),
        Column::numeric(seats.column_count),
    ];
    let caption = fill(sentence, &[&grouped(count)]);
    (count > 0).then(|| Block::Table(Table::whole(caption, columns, rows.collect())))
}

/// Some of the seats by name.
async fn examples(desk: &Desk, caption: &str, rows: &[&usher_store::IdleRow]) -> Result<Block, Problem> {
    let (seats, ledger) = (desk.seats(), desk.words());
    let shown = rows.iter().take(EXAMPLES);
    let names = AppNames::of(desk, shown.clone().map(|row| row.namespace.as_ref())).await?;
    let columns = vec![
        Column::new(seats.column_person),
        Column::new(seats.column_seat),
        Column::new(seats.column_verdict),
        Column::numeric(seats.column_idle_days),
    ];
    let rows = shown.map(|row| Row {
        cells: vec![
            Cell::text(&row.user_name),
            Cell::text(names.seat(desk, row.seat_type, row.namespace.as_ref())),
            words::verdict_badge(ledger, row.idleness.verdict),
            Cell::count(row.idleness.days_idle.into()),
        ],
    });
    let table = Table::whole(caption, columns, rows.collect());
    Ok(Block::Table(table))
}
