//! The middle of some measurements, and how far they lie apart.

/// How far the middle half of the ratios may lie apart, relative to their median, before no conclusion is drawn from them. On a
/// machine of its own slices differ by a few percent; at more than a quarter somebody else is at work, and a median says little.
pub const SPREAD_MAX: f64 = 0.25;
/// Fewer slices than this have no spread worth the name.
pub const SLICES_MIN: usize = 5;

/// The middle of some numbers and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Half of the numbers are at most this.
    pub median: f64,
    /// A quarter of the numbers are at most this.
    pub lower_quarter: f64,
    /// Three quarters of the numbers are at most this.
    pub upper_quarter: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
    /// How many numbers.
    pub count: usize,
}

impl Spread {
    /// Of some numbers; none when there are none.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 2)?,
            lower_quarter: quantile(&sorted, 1)?,
            upper_quarter: quantile(&sorted, 3)?,
            least: *sorted.first()?,
            greatest: *sorted.last()?,
            count: sorted.len(),
        })
    }

    /// The width of the middle half, relative to the median.
    #[must_use]
    pub fn relative(&self) -> f64 {
        (self.upper_quarter - self.lower_quarter) / self.median.abs().max(f64::MIN_POSITIVE)
    }

    /// True when the numbers lie near enough to each other for their median to mean something.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.count >= SLICES_MIN && self.relative() <= SPREAD_MAX
    }
}

/// The ratios of neighbours: what was measured one right after the other was hit alike by whatever else went on.
#[must_use]
pub fn ratios(of: &[f64], to: &[f64]) -> Vec<f64> {
    of.iter()
        .zip(to)
        .filter(|(_, to)| **to > 0.0)
        .map(|(of, to)| of / to)
        .collect()
}

/// A quarter, two or three of the way through sorted numbers, between the two neighbours of that place.
fn quantile(sorted: &[f64], quarters: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let (place, rest) = (last * quarters / 4, last * quarters % 4);
    let (low, high) = (*sorted.get(place)?, *sorted.get((place + 1).min(last))?);
    let part = [0.0, 0.25, 0.5, 0.75].get(rest)?;
    Some(low + (high - low) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_those_found_by_hand() {
        let spread = Spread::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!(
            spread,
            Spread {
                median: 3.0,
                lower_quarter: 2.0,
                upper_quarter: 4.0,
                least: 1.0,
                greatest: 5.0,
                count: 5,
            }
        );
        assert!((spread.relative() - 2.0 / 3.0).abs() < 1e-9);
        assert!(!spread.is_steady());
        assert!(Spread::of(&[]).is_none());
    }

    #[test]
    fn a_conclusion_needs_enough_slices_that_agree() {
        assert!(Spread::of(&[1.0, 1.01, 0.99, 1.02, 1.0]).unwrap().is_steady());
        assert!(!Spread::of(&[1.0, 1.01, 0.99, 1.02]).unwrap().is_steady());
        assert!(!Spread::of(&[1.0, 2.0, 0.5, 1.6, 0.7]).unwrap().is_steady());
    }

    #[test]
    fn a_stall_that_hits_both_neighbours_does_not_move_their_ratio() {
        assert_eq!(ratios(&[10.0, 1.0], &[20.0, 2.0]), [0.5, 0.5]);
        assert!(ratios(&[10.0], &[0.0]).is_empty());
    }
}
