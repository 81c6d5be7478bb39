//! `usher import seats`, `users`, `apps`, `groups`, `pools`: tables as people keep them.
//!
//! Every line says how something is, so a file may be imported again after it was mended: what is so already stays.
//! Lines are sent in parts and judged one by one, so a refused line holds up no other.
//!
//! A dry run sends larger parts, because lines of one part see what lines before them would have done, and those of
//! another part do not. Within [`wire::ROWS_MAX`] lines it is exact.

use std::io::BufRead;

use serde_json::json;

use super::{
    Context,
    input::{self, Input},
    progress::Progress,
    tally::Tally,
};
use crate::{
    arguments::{
        ImportCommand,
        bulk::{ImportPlainArguments, ImportTableArguments},
    },
    clock::Stopwatch,
    commands::serve::quoted,
    control::{
        Channel,
        bulk::wire::{self, ImportAnswer, ImportQuestion, RowVerdict},
    },
    failure::Failure,
    identifiers,
    output::Exit,
    spreadsheet::{Entry, Header, Kind, Records, Row, records::TableError, text},
    words,
};

/// Lines sent at once in earnest: few enough that nobody at the door notices while they are made.
const LINES_AT_ONCE: usize = 1_000;
/// Bytes of the file sent at once: as JSON they are some times as long, and a question has a limit.
const BYTES_AT_ONCE: u64 = 1024 * 1024;

/// What is to be done with a file.
struct Order {
    kind: Kind,
    command: &'static str,
    plain: ImportPlainArguments,
    create_missing: bool,
    wait: bool,
}

impl Order {
    fn of(command: ImportCommand) -> Option<Self> {
        let table = |kind, command, arguments: ImportTableArguments| Self {
            kind,
            command,
            plain: arguments.plain,
            create_missing: arguments.create_missing,
            wait: false,
        };
        Some(match command {
            ImportCommand::Accesses(_) => return None,
            ImportCommand::Seats(arguments) => Self {
                wait: arguments.wait,
                ..table(Kind::Seats, "usher import seats", arguments.table)
            },
            ImportCommand::Users(arguments) => table(Kind::Users, "usher import users", arguments),
            ImportCommand::Groups(arguments) => table(Kind::Groups, "usher import groups", arguments),
            ImportCommand::Pools(arguments) => table(Kind::Pools, "usher import pools", arguments),
            ImportCommand::Apps(plain) => Self {
                kind: Kind::Apps,
                command: "usher import apps",
                plain,
                create_missing: false,
                wait: false,
            },
        })
    }

    /// The ledger; one that is not there yet is made by a table that can begin one.
    async fn channel(&self, context: &Context<'_>) -> Result<Channel, Failure> {
        let data = self.plain.data.clone();
        let begins = self.create_missing || self.kind != Kind::Seats;
        let place = if begins && !self.plain.dry_run {
            context.ledger(data)?
        } else {
            context.existing_ledger(data)?
        };
        Channel::reach(&place, self.command).await
    }
}

/// Imports the file.
pub(in crate::commands) async fn run(context: &Context<'_>, command: ImportCommand) -> Result<Exit, Failure> {
    let order = match command {
        ImportCommand::Accesses(arguments) => return super::run(context, arguments).await,
        command => Order::of(command),
    };
    match order {
        Some(order) => table(context, &order).await,
        None => Ok(Exit::Done),
    }
}

async fn table(context: &Context<'_>, order: &Order) -> Result<Exit, Failure> {
    let plain = &order.plain;
    let tenant_key = identifiers::tenant_key(plain.tenant.as_deref())?;
    let input = Input::open(&plain.file)?;
    let progress = Progress::begin(context.output, input.bytes);
    let unreadable = |error: TableError| unreadable(order, &error);
    let source = text::decoded(input.source).map_err(|error| unreadable(error.into()))?;
    let mut records = Records::new(source).map_err(unreadable)?;
    let first = records.next_row().map_err(unreadable)?;
    let header = Header::read(order.kind, first).map_err(|problem| {
        let words = problem
            .words()
            .then(&words!("; nothing was imported", "；未导入任何内容"));
        Failure::failed(words)
    })?;
    tell_ignored(context, &header);
    let mut import = Import {
        channel: order.channel(context).await?,
        question: ImportQuestion {
            tenant_key,
            create_missing: order.create_missing,
            may_wait: order.wait,
            rehearsal: plain.dry_run,
            entries: Vec::new(),
        },
        numbers: Vec::new(),
        bytes: 0,
        header,
        tally: Tally::new(plain.dry_run),
        progress,
    };
    let watch = Stopwatch::start();
    let ended = import.all(&mut records, order).await;
    import.tally.seconds = watch.elapsed().as_secs_f64();
    import.progress.end();
    import.channel.close().await;
    if let Err(failure) = ended {
        import.tally.explain_partial(context.output);
        return Err(failure);
    }
    import.tally.print(context.output, &again(order))
}

/// The command once more, for whoever is to add a flag.
fn again(order: &Order) -> String {
    let mut command = format!("{} {}", order.command, order.plain.file.display());
    if let Some(tenant) = &order.plain.tenant {
        command.push_str(&format!(" --tenant {tenant}"));
    }
    if let Some(data) = &order.plain.data.data {
        command.push_str(&format!(" --data {data}"));
    }
    if let Some(store) = &order.plain.data.store {
        command.push_str(&format!(" --store {}", quoted(store)));
    }
    if let Some(file) = &order.plain.data.store_password_file {
        command.push_str(&format!(" --store-password-file {}", quoted(file)));
    }
    command
}

fn tell_ignored(context: &Context<'_>, header: &Header) {
    if header.unknown.is_empty() {
        return;
    }
    let names = header.unknown.join("\", \"");
    context.output.explain(
        &words!(
            "these columns are ignored: \"{names}\"",
            "以下各列被忽略：“{names}”"
        ),
        &json!({ "ignored_columns": header.unknown }),
    );
}

fn unreadable(order: &Order, error: &TableError) -> Failure {
    match error {
        TableError::Source(error) => input::unreadable(&order.plain.file, error),
        TableError::Unclosed(number) => Failure::failed(words!(
            "line {number}: a quotation mark is opened there and never closed; nothing from there on was imported",
            "第 {number} 行：引号只有开头而没有结尾；从该行起均未导入"
        )),
    }
}

/// An import on its way.
struct Import<'a> {
    channel: Channel,
    /// What is sent next.
    question: ImportQuestion,
    /// The lines of its entries.
    numbers: Vec<u64>,
    /// Bytes that its entries take in the file.
    bytes: u64,
    header: Header,
    tally: Tally,
    progress: Progress<'a>,
}

impl Import<'_> {
    async fn all(&mut self, records: &mut Records<impl BufRead>, order: &Order) -> Result<(), Failure> {
        let lines_at_once = if order.plain.dry_run {
            wire::ROWS_MAX
        } else {
            LINES_AT_ONCE
        };
        loop {
            match records.next_row() {
                Ok(Some(row)) => self.take(&row),
                Ok(None) => return self.send().await,
                Err(error) => {
                    self.send().await?;
                    return Err(unreadable(order, &error));
                }
            }
            if self.numbers.len() >= lines_at_once || self.bytes >= BYTES_AT_ONCE {
                self.send().await?;
            }
        }
    }

    /// Reads one row into the question, or reports it.
    fn take(&mut self, row: &Row) {
        self.progress.advance(row.bytes_read);
        let entry = match &row.cells {
            Ok(cells) => self.header.entry(cells),
            Err(problem) => Err(problem.clone()),
        };
        match entry {
            Ok(None) => {}
            Ok(Some(entry)) => self.add(row, entry),
            Err(problem) => {
                self.tally.lines += 1;
                self.tally.malformed += 1;
                if self.tally.may_report() {
                    let why = ("malformed", problem.to_string());
                    self.progress
                        .report_line(row.number, &problem.words(), (why.0, &why.1));
                }
            }
        }
    }

    fn add(&mut self, row: &Row, entry: Entry) {
        self.tally.lines += 1;
        self.numbers.push(row.number);
        self.question.entries.push(entry);
        self.bytes += row.bytes_read;
    }

    /// Sends what was read and counts what became of it.
    async fn send(&mut self) -> Result<(), Failure> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        let answer: ImportAnswer = self.channel.call(wire::IMPORT, &self.question).await?;
        self.question.entries.clear();
        self.bytes = 0;
        self.tally.add(&answer);
        for (number, verdict) in self.numbers.drain(..).zip(answer.verdicts) {
            self.tally.count(&verdict);
            if let RowVerdict::Refused(refusal) = verdict
                && self.tally.may_report()
            {
                self.progress
                    .report_line(number, &refusal.words, ("refused", &refusal.reason));
            }
        }
        Ok(())
    }
}
