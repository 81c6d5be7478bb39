//! What is recorded of a run.

/// A moment in the one order of all beginnings and ends.
pub type Tick = u64;

/// Which kind of seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Good for every app.
    Platform,
    /// Good for one app.
    App,
}

/// A seat: whose, and for which app; none for a platform seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// Whose.
    pub user: u64,
    /// The app's number.
    pub app: Option<u32>,
}

impl Seat {
    /// Which kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        if self.app.is_some() {
            Kind::App
        } else {
            Kind::Platform
        }
    }
}

/// What an `active_time` belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Through which kind of seat.
    pub kind: Kind,
    /// Who.
    pub user: u64,
    /// The app's number.
    pub app: u32,
}

/// From the beginning of a call to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Before anything of it was sent.
    pub begin: Tick,
    /// After its answer was there, or after it was clear that none would come.
    pub end: Tick,
}

/// What an access was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Come in.
    Admitted {
        /// Through which kind of seat.
        through: Kind,
        /// The time that was written down, in milliseconds.
        active_time_ms: i64,
    },
    /// Stay out, for want of a seat.
    Refused,
}

/// Somebody opened an app.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// When.
    pub window: Window,
    /// Who.
    pub user: u64,
    /// The app's number.
    pub app: u32,
    /// What they were told; none when nobody answered.
    pub answer: Option<Verdict>,
    /// No clock showed more than this before the call was over, in milliseconds.
    pub latest_ms: i64,
}

/// What whoever gave a seat was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignAnswer {
    /// It is given.
    Given,
    /// They had it already.
    Had,
    /// No seat was free.
    Exhausted,
}

/// What whoever took a seat back was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseAnswer {
    /// It is taken back.
    Taken,
    /// They had none.
    HadNone,
}

/// A change of a seat and its answer; none when nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Give it.
    Assign(Option<AssignAnswer>),
    /// Take it back.
    Release(Option<ReleaseAnswer>),
}

impl ChangeKind {
    /// Whether somebody answered.
    #[must_use]
    pub fn is_answered(self) -> bool {
        !matches!(self, Self::Assign(None) | Self::Release(None))
    }
}

/// Somebody changed a seat.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// When.
    pub window: Window,
    /// Which.
    pub seat: Seat,
    /// How, and what came of it.
    pub kind: ChangeKind,
}

/// A row of the list of activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityRow {
    /// Who.
    pub user: u64,
    /// The app's number.
    pub app: u32,
    /// Whether the seat is shown as in use.
    pub in_use: bool,
    /// In milliseconds.
    pub active_time_ms: i64,
}

/// A row of the list of seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatRow {
    /// Which.
    pub seat: Seat,
    /// Whether it is shown as in use.
    pub in_use: bool,
}

/// All pages of a list, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Walk<Row> {
    /// From before the first page to after the last.
    pub window: Window,
    /// Of which kind of seat.
    pub kind: Kind,
    /// The rows of all pages.
    pub rows: Vec<Row>,
}

/// One seat, asked for by name.
#[derive(Debug, Clone, Copy)]
pub struct SeatLook {
    /// Which.
    pub seat: Seat,
    /// Whether it is shown as in use; a seat that nobody ever had is not.
    pub in_use: bool,
}

/// What a pool says of itself.
#[derive(Debug, Clone, Copy)]
pub struct PoolCount {
    /// The app's number; none for platform seats.
    pub app: Option<u32>,
    /// How many are in use.
    pub in_use: u64,
}

/// What many callers did at once, until the server died.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// Apps that were opened.
    pub accesses: Vec<Access>,
    /// Seats that were given and taken.
    pub changes: Vec<Change>,
    /// Activities that were read meanwhile.
    pub activities: Vec<Walk<ActivityRow>>,
    /// Seats that were read meanwhile.
    pub seats: Vec<Walk<SeatRow>>,
}

/// What is read while nobody else does anything.
#[derive(Debug, Clone, Default)]
pub struct Quiet {
    /// Activities, in pages of whatever size.
    pub activities: Vec<Walk<ActivityRow>>,
    /// Seats, in pages of whatever size.
    pub seats: Vec<Walk<SeatRow>>,
    /// Seats one by one.
    pub looks: Vec<SeatLook>,
    /// Pools.
    pub pools: Vec<PoolCount>,
}
