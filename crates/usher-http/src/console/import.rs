//! `GET` and `POST /console/import`: accesses from a table, a file or pasted lines.
//!
//! Past accesses go through the door like present ones, at their own times. A file of the largest size has a few hundred
//! thousand lines; whatever is larger is for the command line, which has time and shows how far it has come.

use axum::{http::StatusCode, response::Response};
use usher_console::{
    Block, Cell, Choice, Column, Field, FieldKind, Form, Link, Row, Section, Table, grouped, texts::fill,
};
use usher_seats::{AccessTimeError, SeatType};
use usher_store::Access;

use super::{desk::Desk, refused_access, seats::filter::SeatFilter, words};
use crate::{
    access::{
        csv_line::{self, LineProblem},
        past::{Outcome, Past, pass_past},
    },
    body::BULK_BODY_BYTES_MAX,
    sign_in::problem::Problem,
};

/// Most lines that did not fit and are shown.
const PROBLEMS_SHOWN: usize = 20;
/// Lines that go through the door before the next are read.
const LINES_AT_ONCE: usize = 5_000;
/// What is shown as an example.
const EXAMPLE: &str = "time_ms,user_id,namespace\n2026-11-22T08:00:00Z,7,crm\n2026-11-22T17:00:00+08:00,8,wiki\n1795395600000,8,crm\n";
/// Most bytes of pasted lines that stand in the form again when some do not fit: more than anybody mends by hand.
const PASTED_BYTES_KEPT_MAX: usize = 64 * 1024;
/// Most characters of a first line that is no header and is shown.
const HEADER_CHARACTERS_SHOWN: usize = 80;

/// Megabytes of the largest file.
fn megabytes() -> usize {
    BULK_BODY_BYTES_MAX / (1024 * 1024)
}

/// What somebody has put into the form.
struct Filled {
    lines: String,
    create_missing: bool,
    kind: SeatType,
}

impl Filled {
    /// As the form is first shown.
    fn nothing() -> Self {
        Self {
            lines: String::new(),
            create_missing: true,
            kind: SeatType::PerUser,
        }
    }

    /// As it was sent. Lines that are too many to be mended by hand are left out.
    fn sent(desk: &Desk) -> Result<Self, Problem> {
        let pasted = desk.visit.form.bytes("lines")?.unwrap_or_default();
        let kept = pasted.len() <= PASTED_BYTES_KEPT_MAX;
        Ok(Self {
            lines: String::from_utf8_lossy(if kept { pasted } else { &[] }).into_owned(),
            create_missing: desk.sent("missing")? == "yes",
            kind: SeatType::from_wire_name(desk.sent("kind")?).unwrap_or(SeatType::PerUser),
        })
    }
}

/// Answers the page.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    Ok(page(desk, StatusCode::OK, Vec::new(), &Filled::nothing()).await)
}

async fn page(desk: &Desk, status: StatusCode, mut blocks: Vec<Block>, filled: &Filled) -> Response {
    let acts = desk.acts();
    blocks.push(Block::Text(acts.import_lead.to_owned()));
    blocks.push(Block::Form(form(desk, filled)));
    blocks.push(Block::Snippet {
        title: acts.import_example.to_owned(),
        code: EXAMPLE.to_owned(),
    });
    let heading = (acts.import_title.to_owned(), None);
    desk.page_under(status, Section::Import, heading, blocks).await
}

fn form(desk: &Desk, filled: &Filled) -> Form {
    let acts = desk.acts();
    let file = Field::new("file", acts.import_file, FieldKind::File(".csv,text/csv"))
        .hint(fill(acts.import_file_hint, &[&megabytes()]));
    let mut kinds: Vec<Choice> = words::seat_type_choices(desk.words());
    kinds.truncate(SeatType::ALL.len());
    let missing = FieldKind::Check(filled.create_missing);
    let missing = Field::new("missing", acts.import_missing, missing).hint(acts.import_missing_hint);
    let lines = Field::new("lines", acts.import_paste, FieldKind::Area(6)).with(&filled.lines);
    let kind = Field::new("kind", acts.import_kind, FieldKind::Select(kinds)).with(filled.kind.wire_name());
    Form::new(
        "import",
        Section::Import.path(),
        &desk.form_token,
        acts.import_button,
    )
    .field(file)
    .field(lines)
    .field(missing)
    .field(kind)
}

/// Answers the form.
pub(super) async fn answer(desk: &Desk) -> Result<Response, Problem> {
    let acts = desk.acts();
    let file = desk.visit.form.bytes("file")?.unwrap_or_default();
    let pasted = desk.visit.form.bytes("lines")?.unwrap_or_default();
    let content = if file.is_empty() { pasted } else { file };
    let filled = Filled::sent(desk)?;
    if content.is_empty() {
        return Ok(refused(desk, acts.import_no_file, &filled).await);
    }
    let mut lines = content
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .enumerate();
    let (_, first) = lines.next().unwrap_or_default();
    if !csv_line::is_header(first) {
        let first = String::from_utf8_lossy(first);
        let shown: String = first.chars().take(HEADER_CHARACTERS_SHOWN).collect();
        let sentence = fill(acts.import_header, &[&shown]);
        return Ok(refused(desk, &sentence, &filled).await);
    }
    let mut import = Import {
        create_missing: filled.create_missing.then_some(filled.kind),
        summary: Summary::default(),
        chunk: Vec::new(),
    };
    for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
        import.take(desk, index + 1, line);
        if import.chunk.len() >= LINES_AT_ONCE {
            import.send(desk).await?;
        }
    }
    import.send(desk).await?;
    Ok(finished(desk, &import.summary, &filled).await)
}

/// What was sent is no table at all.
async fn refused(desk: &Desk, sentence: &str, filled: &Filled) -> Response {
    let blocks = vec![Block::alert(sentence)];
    page(desk, StatusCode::BAD_REQUEST, blocks, filled).await
}

/// What came of the lines.
#[derive(Default)]
struct Summary {
    lines: u64,
    recorded: u64,
    refused: u64,
    malformed: u64,
    created: [u64; 3],
    /// The first that did not fit: the number of the line, and why.
    problems: Vec<(usize, String)>,
}

impl Summary {
    fn note(&mut self, line: usize, problem: impl FnOnce() -> String) {
        if self.problems.len() < PROBLEMS_SHOWN {
            self.problems.push((line, problem()));
        }
    }
}

/// An import on its way.
struct Import {
    create_missing: Option<SeatType>,
    summary: Summary,
    /// Lines to be sent, with their numbers.
    chunk: Vec<(usize, Access)>,
}

impl Import {
    fn take(&mut self, desk: &Desk, number: usize, line: &[u8]) {
        let acts = desk.acts();
        self.summary.lines += 1;
        match csv_line::parse(line, desk.now_ms()) {
            Ok(access) => self.chunk.push((
                number,
                Access {
                    tenant_id: desk.tenant_id(),
                    user_id: access.user_id,
                    namespace: access.namespace,
                    accessed_at_ms: access.time_ms,
                },
            )),
            Err(problem) => {
                self.summary.malformed += 1;
                self.summary.note(number, || match problem {
                    LineProblem::Time(AccessTimeError::Future) => acts.import_line_future.to_owned(),
                    LineProblem::Time(_) => acts.import_line_time.to_owned(),
                    _ => acts.import_line_wrong.to_owned(),
                });
            }
        }
    }

    async fn send(&mut self, desk: &Desk) -> Result<(), Problem> {
        let chunk = std::mem::take(&mut self.chunk);
        let accesses: Vec<Access> = chunk.iter().map(|(_, access)| access.clone()).collect();
        let past: Past = pass_past(&desk.edge.door, &accesses, self.create_missing, async |changes| {
            desk.change(changes).await.map_err(Problem::from)
        })
        .await?;
        let summary = &mut self.summary;
        let created = [past.created.users, past.created.apps, past.created.seats];
        for (sum, more) in summary.created.iter_mut().zip(created) {
            *sum += more;
        }
        for ((number, _), outcome) in chunk.iter().zip(past.outcomes) {
            match outcome {
                Outcome::Moved | Outcome::Kept => summary.recorded += 1,
                Outcome::Refused(reason) => {
                    summary.refused += 1;
                    let sentence = refused_access::sentence(desk, reason);
                    summary.note(*number, || fill(desk.acts().import_line_refused, &[&sentence]));
                }
            }
        }
        Ok(())
    }
}

async fn finished(desk: &Desk, summary: &Summary, filled: &Filled) -> Response {
    let acts = desk.acts();
    let counts = [
        summary.lines,
        summary.recorded,
        summary.refused,
        summary.malformed,
    ]
    .map(grouped);
    let [lines, recorded, refused, malformed] = &counts;
    let whole = summary.refused + summary.malformed == 0;
    let sentence = fill(acts.import_done, &[lines, recorded, refused, malformed]);
    let mut blocks = vec![Block::done_wholly(whole, sentence)];
    let [users, apps, seats] = &summary.created.map(grouped);
    blocks.push(Block::Text(fill(acts.import_created, &[users, apps, seats])));
    if !summary.problems.is_empty() {
        let rows = summary.problems.iter().map(|(line, problem)| Row {
            cells: vec![Cell::count(*line as u64), Cell::text(problem)],
        });
        let columns = vec![
            Column::numeric(acts.import_line),
            Column::new(acts.import_problem),
        ];
        blocks.push(Block::Table(Table::whole(
            acts.import_problems,
            columns,
            rows.collect(),
        )));
        if !filled.lines.is_empty() {
            blocks.push(Block::Form(form(desk, filled).lead(acts.import_mend)));
        }
    }
    blocks.push(Block::Links(vec![
        Link::new(acts.import_next, SeatFilter::idle().address()),
        Link::new(acts.import_overview, Section::Overview.path()),
    ]));
    desk.page(Section::Import, acts.import_title, blocks).await
}
