//! What a page may consist of.

use crate::{
    calendar::Calendar,
    chart::Chart,
    form::{Filters, Form},
    table::{Cell, Table, Tone},
};

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it leads; an address of this server.
    pub href: String,
    /// What it is called otherwise, for who points at it and for who downloads it.
    pub title: Option<String>,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
            title: None,
        }
    }

    /// The same with another name.
    #[must_use]
    pub fn titled(self, title: Option<String>) -> Self {
        Self { title, ..self }
    }
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something was done.
    Done,
    /// Something was done, and part of it was not.
    Attention,
    /// Something to know.
    Information,
    /// Something did not fit, or somebody should act.
    Alert,
}

impl NoticeKind {
    /// The class of the stylesheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Done => "notice",
            Self::Attention => "attention",
            Self::Information => "information",
            Self::Alert => "alert",
        }
    }

    /// How a screen reader hears of it: at once or in its turn.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Done | Self::Attention | Self::Information => "status",
        }
    }
}

/// A name and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// What it is.
    pub value: Cell,
}

impl Fact {
    /// A fact.
    pub fn new(name: impl Into<String>, value: Cell) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

/// One large figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// What it counts.
    pub name: String,
    /// The figure.
    pub figure: String,
    /// A line below it.
    pub detail: String,
    /// Where the things it counts are listed.
    pub href: Option<String>,
    /// Whether somebody should look.
    pub tone: Tone,
}

/// One way to go on from where nothing is yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub link: Link,
    /// What it is good for.
    pub detail: String,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A sentence of ours.
    Text(String),
    /// A heading.
    Heading(String),
    /// News.
    Notice {
        /// How it is meant.
        kind: NoticeKind,
        /// What it says.
        text: String,
    },
    /// Names and what they are.
    Facts(Vec<Fact>),
    /// Large figures.
    Tiles(Vec<Tile>),
    /// Somewhere to go.
    Links(Vec<Link>),
    /// Nothing is here yet, and what to do about it.
    Empty {
        /// What is missing.
        title: String,
        /// Why that is, and what would be here.
        text: String,
        /// What to do next.
        steps: Vec<Step>,
    },
    /// A table.
    Table(Table),
    /// What narrows a list.
    Filters(Filters),
    /// A form that changes something.
    Form(Form),
    /// Short forms beside one another.
    Beside(Vec<Form>),
    /// A chart.
    Chart(Chart),
    /// A year of days.
    Calendar(Calendar),
    /// Something to be copied.
    Snippet {
        /// What it is.
        title: String,
        /// The lines.
        code: String,
    },
    /// How far something has come.
    Progress {
        /// What it says beside the bar.
        text: String,
        /// So much is done.
        done: u64,
        /// Of so much.
        total: u64,
    },
    /// What only some want to see, under a line that opens it.
    Details {
        /// The line.
        summary: String,
        /// What is under it.
        blocks: Vec<Block>,
    },
}

impl Block {
    /// Good news.
    pub fn done(text: impl Into<String>) -> Self {
        Self::Notice {
            kind: NoticeKind::Done,
            text: text.into(),
        }
    }

    /// News of something that was done: good news when all of it was.
    pub fn done_wholly(whole: bool, text: impl Into<String>) -> Self {
        Self::Notice {
            kind: if whole {
                NoticeKind::Done
            } else {
                NoticeKind::Attention
            },
            text: text.into(),
        }
    }

    /// Something that did not fit.
    pub fn alert(text: impl Into<String>) -> Self {
        Self::Notice {
            kind: NoticeKind::Alert,
            text: text.into(),
        }
    }

    /// Something to know.
    pub fn information(text: impl Into<String>) -> Self {
        Self::Notice {
            kind: NoticeKind::Information,
            text: text.into(),
        }
    }
}
