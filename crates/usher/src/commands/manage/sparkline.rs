//! Figures as a line of eight heights, for terminals.

/// From low to high.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A character for each figure. Nothing is the lowest and the largest the highest; any other is in between, above nothing.
pub(super) fn sparkline(figures: &[u64]) -> String {
    let most = figures.iter().max().copied().unwrap_or_default().max(1);
    let steps = HEIGHTS.len() as u128 - 1;
    let height = |figure: &u64| {
        let step = (u128::from(*figure) * steps).div_ceil(u128::from(most));
        usize::try_from(step)
            .ok()
            .and_then(|step| HEIGHTS.get(step))
            .unwrap_or(&'█')
    };
    figures.iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_figure_stands_highest_and_only_nothing_lies_flat() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
        assert_eq!(sparkline(&[u64::MAX, u64::MAX / 2]), "█▅");
    }
}
