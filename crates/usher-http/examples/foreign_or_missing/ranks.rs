//! Comparing two sets of times by their ranks (Mann and Whitney 1947, with the correction for ties).

/// What two sets have to do with one another.
pub(crate) struct Comparison {
    /// The middle of each.
    pub(crate) medians_ns: [u64; 2],
    /// How often one of the first is longer than one of the second, over all pairs; ties count half.
    pub(crate) chance_longer: f64,
    /// How far that is from a half, in standard deviations of what chance alone gives.
    pub(crate) deviations: f64,
}

/// Compares two sets, neither of them empty.
pub(crate) fn compare(first: &[u64], second: &[u64]) -> Comparison {
    let mut all: Vec<(u64, bool)> = first.iter().map(|time| (*time, true)).collect();
    all.extend(second.iter().map(|time| (*time, false)));
    all.sort_unstable_by_key(|(time, _)| *time);
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0_usize);
    for group in all.chunk_by(|one, other| one.0 == other.0) {
        let size = group.len() as f64;
        let of_first = group.iter().filter(|(_, is_first)| *is_first).count() as f64;
        // Equal times share the mean of their ranks, which begin with one.
        rank_sum += of_first * (before as f64 + (size + 1.0) / 2.0);
        ties += size * size * size - size;
        before += group.len();
    }
    let (one, other) = (first.len() as f64, second.len() as f64);
    let both = one + other;
    let pairs_won = rank_sum - one * (one + 1.0) / 2.0;
    let variance = one * other / 12.0 * (both + 1.0 - ties / (both * (both - 1.0)));
    Comparison {
        medians_ns: [median(first), median(second)],
        chance_longer: pairs_won / (one * other),
        deviations: (pairs_won - one * other / 2.0) / variance.sqrt(),
    }
}

fn median(times: &[u64]) -> u64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}
