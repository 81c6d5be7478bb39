//! Why a header or a row says nothing, for a person in both languages.

use usher_seats::IdentifierError;

use super::{Column, records::ROW_BYTES_MAX};
use crate::{identifiers, language::Words};

/// Why a row says nothing. The messages are fit for whoever keeps the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Longer than any sensible row.
    #[error("the row is longer than {ROW_BYTES_MAX} bytes")]
    TooLong,
    /// Not text.
    #[error("the row is not UTF-8; save the table as \"CSV UTF-8\"")]
    NotText,
    /// More cells than the header has columns, and something in them.
    #[error(
        "the row has more cells than the header has columns; does a cell with a separator lack its quotation marks?"
    )]
    TooManyCells,
    /// A cell that must be filled is empty.
    #[error("the row has no {0}")]
    Missing(Column),
    /// A number that a spreadsheet has shortened.
    #[error("{0} was shortened by the spreadsheet (as in 1.8E+15); keep that column as text")]
    Shortened(Column),
    /// A cell says what its column cannot hold.
    #[error("{column} must be {allowed}", allowed = .column.allowed())]
    NotAllowed {
        /// Which.
        column: Column,
    },
    /// An identifier is none.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
}

impl RowProblem {
    /// The message in both languages.
    pub(crate) fn words(&self) -> Words {
        let chinese = match self {
            Self::TooLong => format!("该行超过 {ROW_BYTES_MAX} 字节"),
            Self::NotText => "该行不是 UTF-8 文本；请将表格另存为“CSV UTF-8”".to_owned(),
            Self::TooManyCells => "该行的单元格多于表头的列；含分隔符的单元格是否缺少引号？".to_owned(),
            Self::Missing(column) => format!("该行缺少 {column}"),
            Self::Shortened(column) => {
                format!("{column} 被电子表格缩短（如 1.8E+15）；请将该列设为文本格式")
            }
            Self::NotAllowed { column } => format!("{column} 应为{}", column.allowed_chinese()),
            Self::Identifier(error) => return identifiers::words_of(error),
        };
        Words::new(self.to_string(), chinese)
    }
}

/// Why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderProblem {
    /// There is none.
    Empty,
    /// It cannot be read.
    Row(RowProblem),
    /// Two columns mean the same.
    Twice {
        /// What both mean.
        column: Column,
        /// What the first is called.
        first: String,
        /// What the second is called.
        second: String,
    },
    /// None of these columns is there, and one must be.
    Lacks(&'static [Column]),
}

impl HeaderProblem {
    /// The message in both languages.
    pub(crate) fn words(&self) -> Words {
        match self {
            Self::Empty => Words::new(
                "the table is empty: its first line must name the columns",
                "表格为空：第一行必须是列名",
            ),
            Self::Row(problem) => {
                let words = problem.words();
                Words::new("line 1: ", "第 1 行：").then(&words)
            }
            Self::Twice {
                column,
                first,
                second,
            } => Words::new(
                format!("the columns \"{first}\" and \"{second}\" are both read as {column}; rename one"),
                format!("“{first}”与“{second}”两列都会被读作 {column}；请重命名其中一列"),
            ),
            Self::Lacks(columns) => {
                let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
                Words::new(
                    format!("line 1 must name the columns; {} is missing", names.join(" or ")),
                    format!("第 1 行必须是列名；缺少 {}", names.join(" 或 ")),
                )
            }
        }
    }
}
