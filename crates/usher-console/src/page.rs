//! A page around its blocks.

use askama::Template;

use crate::{
    block::{Block, Link},
    form::FieldKind,
    language::Language,
    table::Cell,
    texts::Shell,
};

/// The parts of the console, in the order of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What it all comes to.
    Overview,
    /// Who holds what, and how idle it is.
    Seats,
    /// What was bought.
    Pools,
    /// People.
    People,
    /// Groups.
    Groups,
    /// Apps.
    Apps,
    /// How accesses reach Usher.
    Gateway,
    /// Bringing a table in.
    Import,
    /// Programs.
    Clients,
    /// Who did what.
    Audit,
    /// What the organisation has chosen.
    Settings,
}

impl Section {
    /// Every part.
    pub const ALL: [Self; 11] = [
        Self::Overview,
        Self::Seats,
        Self::Pools,
        Self::People,
        Self::Groups,
        Self::Apps,
        Self::Gateway,
        Self::Import,
        Self::Clients,
        Self::Audit,
        Self::Settings,
    ];

    /// Its address.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Seats => "/console/seats",
            Self::Pools => "/console/pools",
            Self::People => "/console/people",
            Self::Groups => "/console/groups",
            Self::Apps => "/console/apps",
            Self::Gateway => "/console/gateway",
            Self::Import => "/console/import",
            Self::Clients => "/console/clients",
            Self::Audit => "/console/audit",
            Self::Settings => "/console/settings",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let texts = Shell::of(language);
        match self {
            Self::Overview => texts.overview,
            Self::Seats => texts.seats,
            Self::Pools => texts.pools,
            Self::People => texts.people,
            Self::Groups => texts.groups,
            Self::Apps => texts.apps,
            Self::Gateway => texts.gateway,
            Self::Import => texts.import,
            Self::Clients => texts.clients,
            Self::Audit => texts.audit,
            Self::Settings => texts.settings,
        }
    }
}

/// What is around every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// In which language.
    pub language: Language,
    /// Where in the menu.
    pub section: Section,
    /// The heading.
    pub title: String,
    /// The way up, where the page is about one thing of a list.
    pub up: Option<Link>,
    /// Whose organisation is shown.
    pub organisation: String,
    /// Who is signed in, and the page about that.
    pub person: Link,
    /// Where the same page is in the other language; none where it answers a form.
    pub other_language: Option<String>,
    /// Up to when everything is counted, in words.
    pub as_of: Option<String>,
    /// What everybody must know before they act.
    pub warning: Option<String>,
    /// Where an operator chooses another organisation.
    pub choose_organisation: Option<Link>,
    /// The stylesheets, in order.
    pub stylesheets: Vec<String>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// What is around it.
    pub frame: Frame,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

impl Page {
    /// The sentences around the blocks.
    fn shell(&self) -> &'static Shell {
        Shell::of(self.frame.language)
    }

    /// Address and name of every part, and whether the page is in it.
    fn menu(&self) -> Vec<(&'static str, &'static str, bool)> {
        let Frame {
            language, section, ..
        } = self.frame;
        let parts = Section::ALL.into_iter();
        parts
            .map(|part| (part.path(), part.name(language), part == section))
            .collect()
    }

    /// The HTML.
    ///
    /// # Errors
    /// Writing into memory does not fail; a template may say so anyway.
    pub fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

/// Some blocks alone.
#[derive(Template)]
#[template(path = "blocks.html")]
struct Blocks<'a> {
    /// The line that opens them; empty where none does.
    under: &'a str,
    blocks: &'a [Block],
    t: &'static Shell,
}

/// A cell alone.
#[derive(Template)]
#[template(path = "cell.html")]
struct ShownCell<'a> {
    cell: &'a Cell,
}

/// The blocks of a page.
pub(crate) fn blocks_html(blocks: &[Block], t: &'static Shell) -> String {
    blocks_under("", blocks, t)
}

/// The blocks under a line that opens them; what the line says is not said twice.
pub(crate) fn blocks_under(under: &str, blocks: &[Block], t: &'static Shell) -> String {
    Blocks { under, blocks, t }.render().unwrap_or_default()
}

/// A sentence of ours in parts, and whether each is something to be typed as it stands, which our sentences put between
/// backticks. An odd one belongs to the sentence.
pub(crate) fn parts(text: &str) -> Vec<(bool, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![(false, text)];
    }
    let parts = parts.into_iter().enumerate();
    parts.map(|(place, part)| (place % 2 == 1, part)).collect()
}

/// A cell; several are one below the other.
fn cell_html(cell: &Cell) -> String {
    ShownCell { cell }.render().unwrap_or_default()
}

#[cfg(test)]
mod tests;
