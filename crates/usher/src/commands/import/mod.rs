//! `usher import`: accesses here, tables of everything else in [`tables`].
//!
//! `usher import accesses`: what happened elsewhere, played through the door.
//!
//! Past accesses go the same way as present ones, so they meet the same rules; only their times are their own. Because
//! `active_time` is a maximum, a file may be imported again, in part or whole, and changes nothing the second time.

mod progress;
mod summary;
pub(super) mod tables;
mod tally;

use std::io::BufRead;

use usher_seats::{AccessTimeError, SeatType, TenantKey};

use super::{
    Context,
    input::{self, Input},
};
use crate::{
    arguments::ImportAccessesArguments,
    clock::{Stopwatch, SystemClock},
    control::{
        Channel,
        wire::{self, AccessesAnswer, AccessesQuestion, Outcome},
    },
    csv_line::{self, AccessLine, LineProblem},
    failure::Failure,
    identifiers,
    lines::{LineReader, NumberedLine},
    output::Exit,
    words,
};
use progress::Progress;
use summary::{Problem, Summary};

/// Lines sent at once: large enough that the journey does not matter, small enough that the bar moves.
const LINES_AT_ONCE: usize = 5_000;

/// Imports the file.
pub(super) async fn run(context: &Context<'_>, arguments: ImportAccessesArguments) -> Result<Exit, Failure> {
    let tenant_key = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let seat_type = arguments
        .seat_type
        .as_deref()
        .map(identifiers::seat_type)
        .transpose()?;
    let create_missing = arguments
        .create_missing
        .then_some(seat_type.unwrap_or(SeatType::PerUser));
    let input = Input::open(&arguments.file)?;
    let progress = Progress::begin(context.output, input.bytes);
    let mut lines = LineReader::new(input.source, csv_line::LINE_BYTES_MAX);
    let unreadable = |error: &std::io::Error| input::unreadable(&arguments.file, error);
    let first = lines.next_line().map_err(|error| unreadable(&error))?;
    if !first.is_some_and(|line| csv_line::is_header(line.bytes)) {
        return Err(no_header());
    }
    let mut import = Import {
        channel: None,
        tenant_key,
        create_missing,
        chunk: Vec::with_capacity(LINES_AT_ONCE),
        summary: Summary::new(arguments.dry_run),
        progress,
    };
    if !arguments.dry_run {
        import.channel = Some(open(context, arguments.data, create_missing.is_some()).await?);
    }
    let watch = Stopwatch::start();
    let ended = import.all(&mut lines, unreadable).await;
    import.summary.seconds = watch.elapsed().as_secs_f64();
    import.progress.end();
    if let Some(channel) = import.channel {
        channel.close().await;
    }
    if let Err(failure) = ended {
        import.summary.explain_partial(context.output);
        return Err(failure);
    }
    import.summary.print(context.output)
}

/// Only an import that may make things makes a data folder.
async fn open(
    context: &Context<'_>,
    data: crate::arguments::DataArguments,
    may_make: bool,
) -> Result<Channel, Failure> {
    let place = if may_make {
        context.ledger(data)?
    } else {
        context.existing_ledger(data)?
    };
    Channel::reach(&place, "usher import accesses").await
}

fn no_header() -> Failure {
    let header = csv_line::HEADER.join(",");
    Failure::failed(words!(
        "line 1 must be the header {header}; nothing was imported",
        "第 1 行必须是表头 {header}；未导入任何内容"
    ))
}

/// An import on its way.
struct Import<'a> {
    /// None for a dry run.
    channel: Option<Channel>,
    tenant_key: TenantKey,
    create_missing: Option<SeatType>,
    /// Lines to be sent, with their numbers.
    chunk: Vec<(u64, AccessLine)>,
    summary: Summary,
    progress: Progress<'a>,
}

impl Import<'_> {
    async fn all(
        &mut self,
        lines: &mut LineReader<impl BufRead>,
        unreadable: impl Fn(&std::io::Error) -> Failure,
    ) -> Result<(), Failure> {
        while let Some(line) = lines.next_line().map_err(|error| unreadable(&error))? {
            self.take(&line);
            if self.chunk.len() >= LINES_AT_ONCE {
                self.send().await?;
            }
        }
        self.send().await
    }

    /// Reads one line into the chunk, or reports it. The clock is read for each line: a long import from a pipe
    /// brings lines that were not yet past when it began.
    fn take(&mut self, line: &NumberedLine<'_>) {
        self.summary.lines += 1;
        self.progress.advance(line.bytes_read);
        match csv_line::parse(line.bytes, SystemClock.now_ms()) {
            Ok(access) => self.chunk.push((line.number, access)),
            Err(problem) => {
                if problem == LineProblem::Time(AccessTimeError::Future) {
                    self.summary.future += 1;
                } else {
                    self.summary.malformed += 1;
                }
                self.report(line.number, &Problem::Line(problem));
            }
        }
    }

    fn report(&mut self, number: u64, problem: &Problem) {
        if self.summary.may_report() {
            self.progress.report(number, problem);
        }
    }

    /// Sends the chunk through the door and counts what became of it.
    async fn send(&mut self) -> Result<(), Failure> {
        let (numbers, accesses): (Vec<u64>, Vec<_>) = self
            .chunk
            .drain(..)
            .map(|(number, line)| (number, (line.time_ms, line.user_id, line.namespace)))
            .unzip();
        let Some(channel) = self.channel.as_mut().filter(|_| !numbers.is_empty()) else {
            self.summary.checked += numbers.len() as u64;
            return Ok(());
        };
        let question = AccessesQuestion {
            tenant_key: self.tenant_key.clone(),
            create_missing: self.create_missing,
            accesses,
        };
        let answer: AccessesAnswer = channel.call(wire::ACCESSES, &question).await?;
        self.summary.add_created(answer.created);
        for (number, outcome) in numbers.into_iter().zip(answer.outcomes) {
            self.summary.count(outcome);
            if let Outcome::Refused(refusal) = outcome {
                self.report(number, &Problem::Refused(refusal));
            }
        }
        Ok(())
    }
}
