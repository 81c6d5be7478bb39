//! A report as one file that somebody mails: no script, nothing loaded from anywhere, charts and styles within.

use askama::Template;

use crate::{block::Block, language::Language, page, texts::Shell};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "report.html")]
pub struct Report {
    /// In which language.
    pub language: Language,
    /// The heading.
    pub title: String,
    /// Whose organisation it is about.
    pub organisation: String,
    /// Up to when everything is counted, in words.
    pub as_of: String,
    /// The stylesheets themselves, in order; ours, so that they need no escaping.
    pub styles: Vec<&'static str>,
    /// From top to bottom. Links lead nowhere from a file, so there should be none.
    pub blocks: Vec<Block>,
}

impl Report {
    /// The sentences around the blocks.
    fn shell(&self) -> &'static Shell {
        Shell::of(self.language)
    }

    /// The blocks as HTML.
    fn content(&self) -> String {
        page::blocks_html(&self.blocks, self.shell())
    }

    /// The HTML.
    ///
    /// # Errors
    /// Writing into memory does not fail; a template may say so anyway.
    pub fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chart::{Chart, ChartKind, Point},
        table::{Cell, Column, Row, Table},
    };

    #[test]
    fn a_report_brings_all_it_needs_and_believes_nobody() {
        let hostile = "<script>alert(1)</script>\u{202e}\"'&";
        let table = Table::whole(
            hostile,
            vec![Column::new(hostile)],
            vec![Row {
                cells: vec![Cell::text(hostile)],
            }],
        );
        let chart = Chart {
            title: hostile.to_owned(),
            unit: hostile.to_owned(),
            kind: ChartKind::Bars,
            points: vec![Point {
                label: hostile.to_owned(),
                value: 3,
            }],
            as_table: "as a table".to_owned(),
            table: table.clone(),
        };
        let report = Report {
            language: Language::Chinese,
            title: hostile.to_owned(),
            organisation: hostile.to_owned(),
            as_of: hostile.to_owned(),
            styles: vec!["b{color:red}", crate::STYLESHEET],
            blocks: vec![Block::Chart(chart), Block::Table(table)],
        };
        let html = report.html().unwrap();
        assert!(!html.contains("<script"), "{html}");
        for foreign in ["<link", "src=", "url(", "@import", "http:", "https:"] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(html.contains("lang=\"zh-CN\"") && html.contains("b{color:red}") && html.contains("<svg"));
        assert!(
            html.contains("default-src 'none'"),
            "nothing can be loaded or run"
        );
    }
}
