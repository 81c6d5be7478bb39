//! Measuring Usher on the machine where it stands: what `usher bench` does.
//!
//! The goals in tension: a figure should be what an operator will see, and it should be comparable. So a real server process is
//! measured over real connections on a real disk; and whatever it is compared with is asked by the same crowd in the same
//! minutes, in short slices that take turns (A B C, B A C, ... in an order drawn by lot), so that a machine that stalls, or a disk
//! that is still busy with the one before, hits all alike. What is told is the
//! median of the ratios of neighbours, with its spread; where the spread is too wide, no conclusion is drawn. That rules out
//! figures taken one after the other, and averages.
//!
//! A server that has run for a day remembers the people who come; one that has just started does not. So everybody comes once, in
//! turn, before the slices, and that is told as a figure of its own. In the slices everybody comes to the one app that is theirs, as
//! they have come before: as many rows of activity as seats, in Usher and in whatever it is compared with.
//!
//! - `choice`: what is to be measured
//! - `own_server`: the server, a child of this process with a fresh folder
//! - `filling`: people and seats, by the product's own import
//! - `bearers`: tokens of programs that read pages
//! - `course`: slices that take turns
//! - `warming`: everybody comes once, before them
//! - `counting`: what the kernel, strace and valgrind count
//! - `report`, `told`: what came out, for programs and for people

mod bearers;
pub(crate) mod choice;
mod counting;
mod course;
mod filling;
mod own_server;
pub(crate) mod report;
mod told;
mod warming;

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, runtime::Runtime};
use usher_bench::{
    chance::Chance,
    crowd::CrowdError,
    rivals,
    speech::{Order, People, Speech, http::Accesses},
};

use crate::{
    clock::SystemClock,
    data_folder::{DataFolder, FOLDER_MODE},
    failure::Failure,
    language::Words,
    words,
};
use choice::{Choice, Target};
use counting::Traced;
use course::Course;
use own_server::OwnServer;
use report::{Comparison, Counted, Memory, Report};

/// Apps of the ledger that is made.
const APPS: u64 = 20;
/// Accesses whose system calls are counted: enough for some dozens of batches.
const TRACED_ACCESSES: u64 = 20_000;

/// Somebody who wants to know how far it is.
pub(crate) trait Watcher {
    /// So many steps will be told.
    fn expect(&self, steps: u64);
    /// The next step begins.
    ///
    /// # Errors
    /// A failure when somebody wants the measurement to stop before it.
    fn step(&self, words: &Words) -> Result<(), Failure>;
}

/// Measures everything that was chosen.
///
/// # Errors
/// A failure when a server does not start or does not answer as it should.
pub(crate) fn measure(choice: &Choice, watcher: &dyn Watcher) -> Result<Report, Failure> {
    let runtimes = Runtimes::start()?;
    match &choice.target {
        Target::Own { seats, place } => measure_own(&runtimes, choice, (*seats, place), watcher),
        Target::Given {
            address,
            token,
            people,
        } => {
            watcher.expect(choice.slices + 1);
            let mut report = Report::new(choice, u64::try_from(people.listed.len()).unwrap_or(0));
            accesses(
                &runtimes,
                choice,
                (*address, token, people),
                None,
                &mut report,
                watcher,
            )?;
            Ok(report)
        }
    }
}

/// The crowd on one thread, so that it takes no more of the machine than it must; the bare server on as many as Usher has.
struct Runtimes {
    crowd: Runtime,
    servers: Runtime,
}

impl Runtimes {
    fn start() -> Result<Self, Failure> {
        let failed = |error| Failure::failed(words!("cannot start: {error}", "无法启动：{error}"));
        Ok(Self {
            crowd: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(failed)?,
            servers: tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(failed)?,
        })
    }
}

/// Everything about a server of its own.
fn measure_own(
    runtimes: &Runtimes,
    choice: &Choice,
    (seats, place): (u64, &std::path::Path),
    watcher: &dyn Watcher,
) -> Result<Report, Failure> {
    watcher.expect(2 * choice.slices + 8);
    let people = People {
        order: Order::OwnApp,
        ..People::new(seats, APPS)
    };
    let mut report = Report::new(choice, seats);
    watcher.step(&words!("an empty folder", "空文件夹"))?;
    let empty = temporary_folder(place)?;
    report.start_empty = Some(OwnServer::start(empty.path(), &[])?.stop()?);
    drop(empty);
    let temporary = temporary_folder(place)?;
    watcher.step(&words!("people and seats", "用户与席位"))?;
    report.import = Some(filling::fill(temporary.path(), &people)?);
    watcher.step(&words!("tokens", "令牌"))?;
    let folder = DataFolder::make(temporary.path())?;
    let bearers = runtimes.servers.block_on(bearers::make(&folder, &people))?;
    let mut server = OwnServer::start(temporary.path(), &[])?;
    let ready = server.counts();
    let asked = (server.address(), bearers.service.as_str(), &people);
    watcher.step(&words!("everybody once", "每人一次"))?;
    report.first_visits = Some(warming::everybody_once(&runtimes.crowd, choice, asked, &server)?);
    accesses(runtimes, choice, asked, Some(&server), &mut report, watcher)?;
    report.pages = pages(runtimes, choice, &server, &bearers, watcher)?;
    watcher.step(&words!("system calls", "系统调用"))?;
    let speech: Arc<dyn Speech> = access_speech(asked);
    report.system_calls =
        counting::system_calls(&runtimes.crowd, &server, &speech, choice.most_connections());
    let after = server.counts();
    report.memory = Some(Memory::of(seats, ready, after));
    report.start_filled = Some(server.stop()?);
    watcher.step(&words!("allocations", "内存分配"))?;
    report.allocations = if choice.allocations {
        counting::allocations(
            &runtimes.crowd,
            temporary.path(),
            &people,
            &bearers.service,
            choice.most_connections(),
        )
    } else {
        Counted::not(words!("give --allocations", "请加 --allocations"))
    };
    Ok(report)
}

fn access_speech((address, token, people): (SocketAddr, &str, &People)) -> Arc<dyn Speech> {
    let host = address.to_string();
    Arc::new(Accesses::new(&host, token, people.clone(), Accesses::ADMITTED))
}

/// Durable accesses by concurrency, in turns with whatever they are compared with.
fn accesses(
    runtimes: &Runtimes,
    choice: &Choice,
    asked: (SocketAddr, &str, &People),
    server: Option<&OwnServer>,
    report: &mut Report,
    watcher: &dyn Watcher,
) -> Result<(), Failure> {
    let speech = access_speech(asked);
    let mut courses = Vec::new();
    for connections in &choice.connections {
        let course = Course::connect(asked.0, *connections, Arc::clone(&speech));
        courses.push(runtimes.crowd.block_on(course).map_err(unmeasurable)?);
    }
    let most = courses.len() - 1;
    let rivals = rivals(runtimes, choice, asked.2)?;
    let mut names = Vec::new();
    for (name, address, speech) in rivals {
        names.push(name);
        let course = Course::connect(address, choice.most_connections(), speech);
        courses.push(runtimes.crowd.block_on(course).map_err(unmeasurable)?);
    }
    let mut written = Traced::default();
    let mut lot = Chance::new(course::SEED);
    for slice in 0..=choice.slices {
        watcher.step(&words!("accesses, slice {slice}", "访问，第 {slice} 段"))?;
        for place in course::turns(courses.len(), &mut lot) {
            let Some(course) = courses.get_mut(place) else {
                continue;
            };
            let before = server.map(|server| counting::moment(&runtimes.crowd, server));
            runtimes
                .crowd
                .block_on(course.slice(choice.slice, slice == 0))
                .map_err(unmeasurable)?;
            if place == most
                && slice > 0
                && let (Some(server), Some(before)) = (server, before)
            {
                written.add(before, counting::moment(&runtimes.crowd, server));
            }
        }
    }
    report.accesses = courses.iter().take(most + 1).map(Course::figures).collect();
    if let Some(own) = courses.get(most) {
        let others = courses.iter().skip(most + 1);
        report.comparisons = names
            .into_iter()
            .zip(others)
            .map(|(with, other)| Comparison::of(with, own, other))
            .collect();
    }
    if server.is_some() {
        report.written = written.per_access();
    }
    Ok(())
}

/// A server to compare with: its name, where it is and how it is spoken to.
type Rival = (&'static str, SocketAddr, Arc<dyn Speech>);

/// The bare server in this process, and whatever else was named, filled with the same people.
fn rivals(runtimes: &Runtimes, choice: &Choice, people: &People) -> Result<Vec<Rival>, Failure> {
    let listener = runtimes.servers.block_on(TcpListener::bind("127.0.0.1:0"));
    let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|error| {
        Failure::failed(words!(
            "cannot listen on 127.0.0.1: {error}",
            "无法监听 127.0.0.1：{error}"
        ))
    })?;
    runtimes.servers.spawn(async move {
        let Err(error) = usher_bench::no_op::serve(listener).await;
        tracing::error!(%error, "the bare server has ended");
    });
    let bare = Accesses::new(&address.to_string(), &"s".repeat(45), people.clone(), b"");
    let mut rivals: Vec<Rival> = vec![(report::BARE, address, Arc::new(bare))];
    let now_ms = u64::try_from(SystemClock.now_ms()).unwrap_or(0);
    if let Some(address) = choice.redis {
        let speech = rivals::redis(address, people, now_ms);
        let speech = runtimes.crowd.block_on(speech).map_err(unmeasurable)?;
        rivals.push((report::REDIS, address, Arc::new(speech)));
    }
    if let Some(database) = &choice.postgres {
        let names = (database.user.as_str(), database.name.as_str());
        let speech = rivals::postgres(database.address, names, people, now_ms);
        let speech = runtimes.crowd.block_on(speech).map_err(unmeasurable)?;
        rivals.push((report::POSTGRES, database.address, Arc::new(speech)));
    }
    Ok(rivals)
}

/// Pages at the beginning of the list and at its end, in turns.
fn pages(
    runtimes: &Runtimes,
    choice: &Choice,
    server: &OwnServer,
    bearers: &bearers::Bearers,
    watcher: &dyn Watcher,
) -> Result<Option<report::Pages>, Failure> {
    let mut courses = Vec::new();
    for speech in bearers.pages(server.address()) {
        let course = Course::connect(server.address(), bearers::PAGE_CONNECTIONS, speech);
        courses.push(runtimes.crowd.block_on(course).map_err(unmeasurable)?);
    }
    for slice in 0..=choice.slices {
        watcher.step(&words!("pages, slice {slice}", "分页，第 {slice} 段"))?;
        for course in &mut courses {
            let measured = course.slice(choice.slice, slice == 0);
            runtimes.crowd.block_on(measured).map_err(unmeasurable)?;
        }
    }
    let [first, last] = courses.as_slice() else {
        return Ok(None);
    };
    Ok(Some(report::Pages {
        rows: bearers::PAGE_ROWS,
        first: first.figures(),
        last: last.figures(),
        last_to_first: Comparison::of(report::FIRST_PAGE, last, first),
    }))
}

fn temporary_folder(place: &std::path::Path) -> Result<tempfile::TempDir, Failure> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    tempfile::Builder::new()
        .prefix("usher-bench-")
        .permissions(Permissions::from_mode(FOLDER_MODE))
        .tempdir_in(place)
        .map_err(|error| {
            Failure::failed(words!(
                "cannot make a temporary folder: {error}",
                "无法创建临时文件夹：{error}"
            ))
        })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unmeasurable(error: CrowdError) -> Failure {
    Failure::failed(words!("cannot measure: {error}", "无法测量：{error}"))
}
