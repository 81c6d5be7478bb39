//! Charts, drawn as SVG with axes, units and a title at every point, and each with the table behind it.
//!
//! A chart is drawn for one width; a narrow window shows it in a frame that can be moved along. Colours come from the
//! stylesheet, so that a dark page has a dark chart.

use crate::{number::grouped, table::Table};

/// Width of the picture.
const WIDTH: u32 = 760;
/// Height of the picture.
const HEIGHT: u32 = 260;
/// Room for the figures at the left.
const LEFT: u32 = 56;
/// Room at the right, so that the last label is not cut.
const RIGHT: u32 = 16;
/// Room above for the unit.
const TOP: u32 = 28;
/// Room below for the labels.
const BOTTOM: u32 = 32;
/// Most labels below; more would touch one another.
const LABELS_MAX: usize = 9;
/// How many lines across there may be beside the axis, the best first; the first that divides the top evenly counts.
const LINES: [u64; 4] = [4, 5, 2, 1];

/// How the points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// A line with the space below it filled.
    Line,
    /// A bar for each.
    Bars,
}

/// A figure of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// What stands below it.
    pub label: String,
    /// The figure.
    pub value: u64,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the figures count.
    pub unit: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// From left to right.
    pub points: Vec<Point>,
    /// The line under which the table is.
    pub as_table: String,
    /// The same figures.
    pub table: Table,
}

/// A line across, with its figure.
pub(crate) struct Across {
    pub(crate) y: u32,
    pub(crate) text: String,
}

/// A label below.
pub(crate) struct Below {
    pub(crate) x: u32,
    pub(crate) text: String,
}

/// Something that can be pointed at.
pub(crate) struct Mark {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) title: String,
}

impl Chart {
    /// The figure at the top of the axis: round, and not below any point.
    fn top_figure(&self) -> u64 {
        round_up(self.points.iter().map(|point| point.value).max().unwrap_or(0))
    }

    fn y(&self, value: u64) -> u32 {
        let room = u64::from(HEIGHT - TOP - BOTTOM);
        let up = value.saturating_mul(room) / self.top_figure();
        HEIGHT - BOTTOM - u32::try_from(up).unwrap_or(0)
    }

    /// Where the part of the width that belongs to a point begins.
    fn slot(&self, index: usize) -> u32 {
        let room = u64::from(WIDTH - LEFT - RIGHT);
        let count = u64::try_from(self.points.len().max(1)).unwrap_or(1);
        let index = u64::try_from(index).unwrap_or(0);
        LEFT + u32::try_from(room * index / count).unwrap_or(0)
    }

    fn middle(&self, index: usize) -> u32 {
        u32::midpoint(self.slot(index), self.slot(index + 1))
    }

    /// The size of the picture.
    pub(crate) fn size(&self) -> (u32, u32) {
        (WIDTH, HEIGHT)
    }

    /// Where the axes meet, and where they end.
    pub(crate) fn axes(&self) -> (u32, u32, u32) {
        (LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT)
    }

    /// The lines across.
    pub(crate) fn across(&self) -> Vec<Across> {
        let top = self.top_figure();
        let lines = LINES
            .into_iter()
            .find(|lines| top.is_multiple_of(*lines))
            .unwrap_or(1);
        (0..=lines)
            .map(|line| {
                let value = top / lines * line;
                Across {
                    y: self.y(value),
                    text: grouped(value),
                }
            })
            .collect()
    }

    /// The labels below, as many as find room.
    pub(crate) fn below(&self) -> Vec<Below> {
        let every = self.points.len().div_ceil(LABELS_MAX).max(1);
        let points = self.points.iter().enumerate().step_by(every);
        points
            .map(|(index, point)| Below {
                x: self.middle(index),
                text: point.label.clone(),
            })
            .collect()
    }

    /// The bars, or the strips over a line that tell its figures.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let bars = self.kind == ChartKind::Bars;
        let marks = self.points.iter().enumerate().map(|(index, point)| {
            let (begin, end) = (self.slot(index), self.slot(index + 1));
            let gap = if bars { ((end - begin) / 5).min(12) } else { 0 };
            let y = if bars { self.y(point.value) } else { TOP };
            Mark {
                x: begin + gap,
                y,
                width: (end - begin).saturating_sub(2 * gap).max(1),
                height: HEIGHT - BOTTOM - y,
                title: format!("{}: {}", point.label, grouped(point.value)),
            }
        });
        marks.collect()
    }

    /// The line, as the corners of a path.
    pub(crate) fn line(&self) -> String {
        let corners = self.points.iter().enumerate();
        let corners = corners.map(|(index, point)| format!("{},{}", self.middle(index), self.y(point.value)));
        corners.collect::<Vec<_>>().join(" ")
    }

    /// The space below the line.
    pub(crate) fn area(&self) -> String {
        let ground = HEIGHT - BOTTOM;
        let last = self.points.len().saturating_sub(1);
        format!(
            "{},{ground} {} {},{ground}",
            self.middle(0),
            self.line(),
            self.middle(last)
        )
    }

    /// True for a line.
    pub(crate) fn is_line(&self) -> bool {
        self.kind == ChartKind::Line
    }

    /// What the picture says to whoever cannot see it.
    pub(crate) fn summary(&self) -> String {
        let most = self.points.iter().max_by_key(|point| point.value);
        let most = most.map_or(String::new(), |point| {
            format!(" · max {} ({})", grouped(point.value), point.label)
        });
        format!("{}{most}", self.title)
    }
}

/// What stands below bars that each count from one edge to the next, the last one without an end: `0`, `1–6`, `7–13`, `14+`.
/// `edges` are the first figures of the bars, in rising order.
#[must_use]
pub fn range_labels(edges: &[u32]) -> Vec<String> {
    let ends = edges.iter().skip(1).map(Some).chain([None]);
    let labels = edges.iter().zip(ends).map(|(first, end)| match end {
        Some(end) if end.saturating_sub(*first) <= 1 => first.to_string(),
        Some(end) => format!("{first}–{}", end - 1),
        None => format!("{first}+"),
    });
    labels.collect()
}

/// The smallest of 1, 2, 4, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, ... that is not below a figure: a chart whose
/// highest point is little above a round figure is not half empty.
fn round_up(figure: u64) -> u64 {
    if let Some(small) = [1, 2, 4, 5, 8, 10].into_iter().find(|round| *round >= figure) {
        return small;
    }
    let mut ten = 1_u64;
    loop {
        for step in [12, 15, 20, 25, 30, 40, 50, 60, 80, 100] {
            let round = ten.saturating_mul(step);
            if round >= figure {
                return round;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[u64]) -> Chart {
        Chart {
            title: "People".to_owned(),
            unit: "people".to_owned(),
            kind: ChartKind::Bars,
            points: values
                .iter()
                .map(|value| Point {
                    label: format!("day {value}"),
                    value: *value,
                })
                .collect(),
            as_table: "As a table".to_owned(),
            table: Table::whole("", Vec::new(), Vec::new()),
        }
    }

    #[test]
    fn the_axis_ends_at_a_round_figure() {
        for (figure, round) in [
            (0, 1),
            (1, 1),
            (3, 4),
            (9, 10),
            (11, 12),
            (102, 120),
            (121, 150),
            (401, 500),
            (9_000, 10_000),
        ] {
            assert_eq!(round_up(figure), round, "{figure}");
        }
    }

    #[test]
    fn bars_are_named_by_the_figures_that_they_count() {
        assert_eq!(range_labels(&[0, 1, 7, 14]), ["0", "1–6", "7–13", "14+"]);
        assert_eq!(range_labels(&[]), [""; 0]);
    }

    #[test]
    fn everything_stays_inside_the_picture_whatever_the_figures_are() {
        let many: Vec<u64> = (0..400).collect();
        for values in [&[][..], &[0], &[u64::MAX, 0, 7], &many] {
            let chart = chart(values);
            for mark in chart.marks() {
                assert!(
                    mark.x + mark.width <= WIDTH && mark.y + mark.height <= HEIGHT,
                    "{values:?}"
                );
            }
            assert!(chart.below().len() <= LABELS_MAX + 1);
            assert!(
                chart
                    .across()
                    .iter()
                    .all(|line| (TOP..=HEIGHT - BOTTOM).contains(&line.y))
            );
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_share() {
        let marks = chart(&[10, 5, 0]).marks();
        let heights: Vec<u32> = marks.iter().map(|mark| mark.height).collect();
        assert_eq!(heights, [200, 100, 0]);
    }
}
