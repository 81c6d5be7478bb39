//! `GET` and `POST /console/audit`: who did what, and whether the log is whole.

use axum::{http::StatusCode, response::Response};
use usher_console::{
    Block, Cell, Choice, Column, Fact, Field, FieldKind, Filters, Form, Link, Row, Section, grouped,
    texts::fill,
};
use usher_seats::Day;
use usher_store::{
    Actor, AuditEntry, AuditHead, AuditObject, AuditPlace, AuditQuery, AuditRecord,
    audit::{AUDIT_SLICE_ROWS_MAX, AuditFault, AuditVerdict, Verifier},
};

use super::{
    address::under,
    desk::Desk,
    listing::{CSV_ROWS_AT_ONCE, Listing, ROWS, Stretch, wants_csv},
    seats::undo::Undoing,
    words,
};
use crate::sign_in::problem::Problem;

mod differences;

/// Most records that one press of the button looks at: a hundred thousand take about a second. A longer log is for the
/// command line, which shows how far it has come.
const VERIFIED_MAX: usize = 100_000;

/// What narrows the log, as the address has it.
struct Filter {
    object: String,
    name: String,
    actor: String,
    from: String,
    until: String,
}

impl Filter {
    fn read(desk: &Desk) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(desk.asked(name)?.unwrap_or_default().trim().to_owned());
        Ok(Self {
            object: text("object")?,
            name: text("name")?,
            actor: text("actor")?,
            from: text("from")?,
            until: text("until")?,
        })
    }

    fn pairs(&self) -> [(&str, &str); 5] {
        [
            ("object", &self.object),
            ("name", &self.name),
            ("actor", &self.actor),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    fn query(&self, desk: &Desk, after: Option<AuditPlace>, rows_max: usize) -> AuditQuery {
        let zone = &desk.tenant.time_zone;
        let day = |text: &str| text.parse::<Day>().ok();
        let object = AuditObject::from_word(&self.object).filter(|_| !self.name.is_empty());
        AuditQuery {
            object: object.map(|object| (object, self.name.clone())),
            actor: self.actor.parse().ok().map(Actor::User),
            from_ms: day(&self.from).map(|day| day.begins_ms(zone)),
            until_ms: day(&self.until).map(|day| day.plus(1).begins_ms(zone)),
            after,
            rows_max,
            ..AuditQuery::of(Some(desk.tenant_id()))
        }
    }

    fn form(&self, desk: &Desk) -> Block {
        let (shell, acts) = (desk.shell(), desk.acts());
        let mut objects = vec![Choice::new("", shell.any)];
        let words = desk.words();
        objects.extend(
            AuditObject::ALL.map(|object| Choice::new(object.word(), words::audit_object(words, object))),
        );
        let is_set = self.pairs().iter().any(|(_, value)| !value.is_empty());
        let path = Section::Audit.path();
        Block::Filters(Filters {
            id: "filter",
            action: path.to_owned(),
            fields: vec![
                Field::new("object", acts.audit_object, FieldKind::Select(objects)).with(&self.object),
                Field::new("name", acts.audit_object_name, FieldKind::Text).with(&self.name),
                Field::new("actor", acts.audit_actor, FieldKind::Text).with(&self.actor),
                Field::new("from", acts.audit_from_day, FieldKind::Date).with(&self.from),
                Field::new("until", acts.audit_until_day, FieldKind::Date).with(&self.until),
            ],
            reset: is_set.then(|| Link::new(shell.reset, path)),
            button: shell.filter.to_owned(),
        })
    }
}

/// Answers the log.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    list(desk, StatusCode::OK, Vec::new()).await
}

async fn list(desk: &Desk, status: StatusCode, mut blocks: Vec<Block>) -> Result<Response, Problem> {
    let acts = desk.acts();
    let filter = Filter::read(desk)?;
    let pairs = filter.pairs();
    let listing = Listing {
        path: Section::Audit.path(),
        pairs: &pairs,
        caption: acts.audit_caption,
        nothing: acts.audit_nothing,
        file: "audit",
        columns: columns(desk),
    };
    if wants_csv(desk)? {
        let filter = &filter;
        return listing
            .download(desk, async |after| {
                stretch(desk, filter, after, CSV_ROWS_AT_ONCE).await
            })
            .await;
    }
    let after = desk.asked("after")?.map(str::to_owned);
    let later = after.is_some();
    let found = stretch(desk, &filter, after, ROWS).await?;
    blocks.push(Block::Text(acts.audit_lead.to_owned()));
    blocks.push(filter.form(desk));
    if !filter.object.is_empty() && filter.name.is_empty() {
        blocks.push(Block::information(acts.audit_object_needs_name));
    }
    blocks.push(listing.table(desk, later, found));
    let expected = Field::new("expected", acts.audit_expected, FieldKind::Text);
    let form = Form::new(
        "verify",
        Section::Audit.path(),
        &desk.form_token,
        acts.audit_verify,
    )
    .titled(acts.audit_verify)
    .lead(acts.audit_verify_lead)
    .field(expected);
    blocks.push(Block::Form(form));
    let heading = (acts.audit_title.to_owned(), None);
    Ok(desk.page_under(status, Section::Audit, heading, blocks).await)
}

fn columns(desk: &Desk) -> Vec<Column> {
    let acts = desk.acts();
    let mut columns = vec![Column::numeric(acts.audit_number)];
    let names = [
        acts.audit_when,
        acts.audit_who,
        acts.audit_what,
        acts.audit_thing,
        acts.audit_change,
        acts.audit_reason,
        acts.audit_from,
    ];
    columns.extend(names.map(Column::new));
    columns
}

async fn stretch(
    desk: &Desk,
    filter: &Filter,
    after: Option<String>,
    rows_max: usize,
) -> Result<Stretch, Problem> {
    let place = after.and_then(|text| {
        let (at_ms, sequence) = text.split_once(':')?;
        Some(AuditPlace {
            at_ms: at_ms.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    });
    let wanted = (rows_max + 1).min(CSV_ROWS_AT_ONCE);
    let entries = desk
        .store()
        .audit_records(filter.query(desk, place, wanted))
        .await?;
    let key = |entry: &AuditEntry| {
        let place = entry.place();
        format!("{}:{}", place.at_ms, place.sequence)
    };
    Ok(Stretch::of(entries, wanted - 1, key, |entry| row(desk, entry)))
}

/// Why, with the way to undo it where that is one change over a whole list.
fn reason(desk: &Desk, record: &AuditRecord) -> Cell {
    let text = record.author.reason.as_deref().unwrap_or_default();
    match Undoing::of_record(record, desk.now_ms()) {
        Some(undoing) => Cell::link(text, undoing.address()),
        None if text.is_empty() => Cell::quiet(""),
        None => Cell::text(text),
    }
}

fn row(desk: &Desk, entry: &AuditEntry) -> Row {
    let record = &entry.record;
    let author = &record.author;
    let optional = |text: Option<&str>| text.map_or_else(|| Cell::quiet(""), Cell::text);
    let address = author.address.map(|address| address.to_string());
    Row {
        cells: vec![
            Cell::Number(record.sequence.to_string()),
            Cell::moment(desk.moment(record.at_ms)),
            actor(desk, &author.actor),
            Cell::code(&record.action),
            Cell::code(&record.object_name),
            Cell::Several(differences::lines(
                desk,
                record.before.as_deref(),
                record.after.as_deref(),
            )),
            reason(desk, record),
            optional(address.as_deref()),
        ],
    }
}

fn actor(desk: &Desk, actor: &Actor) -> Cell {
    let acts = desk.acts();
    match actor {
        Actor::System => Cell::quiet(acts.actor_system),
        Actor::CommandLine(name) => Cell::text(fill(acts.actor_command_line, &[name])),
        Actor::Operator(name) => Cell::text(fill(acts.actor_operator, &[name])),
        Actor::Client(name) => Cell::text(fill(acts.actor_client, &[name])),
        Actor::User(user_id) => {
            let path = under(Section::People.path(), &user_id.to_string());
            Cell::link(fill(acts.actor_user, &[user_id]), path)
        }
    }
}

/// Answers the button: walks along the log.
pub(super) async fn verify(desk: &Desk) -> Result<Response, Problem> {
    let acts = desk.acts();
    let expected: Option<AuditHead> = desk.sent("expected")?.parse().ok();
    let mut verifier = Verifier::new(Some(desk.tenant_id())).expecting(expected);
    let mut looked_at = 0;
    loop {
        let slice = desk
            .store()
            .audit_slice(Some(desk.tenant_id()), verifier.sequence(), AUDIT_SLICE_ROWS_MAX)
            .await?;
        let ended = slice.records.len() < AUDIT_SLICE_ROWS_MAX;
        looked_at += slice.records.len();
        verifier.take(&slice);
        if ended {
            break;
        }
        if looked_at >= VERIFIED_MAX {
            let count = grouped(looked_at as u64);
            let blocks = vec![
                Block::information(fill(acts.audit_more, &[&count])),
                Block::Text(acts.audit_unfinished.to_owned()),
            ];
            return list(desk, StatusCode::OK, blocks).await;
        }
    }
    list(desk, StatusCode::OK, said(desk, &verifier.finish())).await
}

fn said(desk: &Desk, verdict: &AuditVerdict) -> Vec<Block> {
    let acts = desk.acts();
    let count = verdict.faults.len() as u64 + verdict.faults_unnamed;
    let mut blocks = vec![if verdict.is_whole() {
        Block::done(fill(acts.audit_whole, &[&grouped(verdict.records)]))
    } else {
        Block::alert(fill(acts.audit_broken, &[&grouped(count)]))
    }];
    blocks.extend(
        verdict
            .faults
            .iter()
            .map(|found| Block::alert(fault(desk, found))),
    );
    if let Some(head) = verdict.head {
        let fact = Fact::new(acts.audit_head, Cell::code(head.to_string()));
        blocks.push(Block::Facts(vec![fact]));
    }
    blocks
}

fn fault(desk: &Desk, fault: &AuditFault) -> String {
    let acts = desk.acts();
    match fault {
        AuditFault::Changed { sequence } => fill(acts.fault_changed, &[sequence]),
        AuditFault::Missing { first, last } => fill(acts.fault_missing, &[first, last]),
        AuditFault::Moved { sequence, found_at } => fill(acts.fault_moved, &[sequence, found_at]),
        AuditFault::BeyondTheEnd { first, last } => fill(acts.fault_beyond, &[first, last]),
        AuditFault::EndDiffers { sequence } => fill(acts.fault_end, &[sequence]),
        AuditFault::NotAsExpected { sequence } => fill(acts.fault_expected, &[sequence]),
    }
}
