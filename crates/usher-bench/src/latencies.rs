//! How long callers waited: counted in buckets, so that ten million answers cost as much memory as ten.

use std::time::Duration;

/// Buckets per doubling: a percentile is told to within 1/32, three percent.
const BUCKETS_PER_DOUBLING: u64 = 32;
/// log2 of the above.
const DOUBLING_BITS: u32 = 5;
/// Doublings above the first 32 microseconds: up to 2^31 microseconds, more than half an hour; whatever waits longer counts as that.
const DOUBLINGS: u64 = 26;

/// How many answers took how long.
#[derive(Debug, Clone)]
pub struct Latencies {
    buckets: Vec<u64>,
    count: u64,
    longest_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        let buckets = usize::try_from(BUCKETS_PER_DOUBLING * (DOUBLINGS + 1)).unwrap_or(usize::MAX);
        Self {
            buckets: vec![0; buckets],
            count: 0,
            longest_us: 0,
        }
    }
}

impl Latencies {
    /// Notes one answer.
    pub fn note(&mut self, waited: Duration) {
        let waited_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.count += 1;
        self.longest_us = self.longest_us.max(waited_us);
        let last = self.buckets.len().saturating_sub(1);
        if let Some(bucket) = self.buckets.get_mut(bucket(waited_us).min(last)) {
            *bucket += 1;
        }
    }

    /// Takes in what somebody else has noted.
    pub fn join(&mut self, other: &Self) {
        for (own, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += others;
        }
        self.count += other.count;
        self.longest_us = self.longest_us.max(other.longest_us);
    }

    /// How many answers were noted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest wait, in microseconds; exact.
    #[must_use]
    pub fn longest_us(&self) -> u64 {
        self.longest_us
    }

    /// The wait in microseconds that so many of a thousand answers did not exceed (500: the median; 999: the slowest but one in
    /// a thousand), at most three percent too high; 0 when nothing was noted.
    #[must_use]
    pub fn at_most_us(&self, of_thousand: u64) -> u64 {
        let wanted = (self.count * of_thousand).div_ceil(1_000);
        let mut seen = 0;
        for (index, times) in self.buckets.iter().enumerate() {
            seen += times;
            if seen >= wanted && seen > 0 {
                return upper_us(index).min(self.longest_us);
            }
        }
        self.longest_us
    }
}

/// The bucket of a wait: the first 32 microseconds have one each, every doubling above has 32.
fn bucket(waited_us: u64) -> usize {
    let bits = 64 - waited_us.leading_zeros();
    let index = if bits <= DOUBLING_BITS {
        waited_us
    } else {
        let doubling = bits - DOUBLING_BITS;
        let within = (waited_us >> (doubling - 1)) - BUCKETS_PER_DOUBLING;
        u64::from(doubling) * BUCKETS_PER_DOUBLING + within
    };
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The longest wait that falls into a bucket.
fn upper_us(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    let (doubling, within) = (index / BUCKETS_PER_DOUBLING, index % BUCKETS_PER_DOUBLING);
    if doubling == 0 {
        return within;
    }
    ((BUCKETS_PER_DOUBLING + within + 1) << (doubling - 1)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_falls_into_a_bucket_that_is_at_most_three_percent_too_high() {
        for waited_us in (0..100_000).chain([1 << 20, (1 << 30) - 1, 1 << 30]) {
            let told = upper_us(bucket(waited_us));
            assert!(told >= waited_us, "{waited_us} told as {told}");
            assert!(
                (told - waited_us) * 32 <= waited_us.max(1),
                "{waited_us} told as {told}"
            );
        }
    }

    #[test]
    fn percentiles_are_those_counted_by_hand() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.at_most_us(500), 0);
        for waited_us in 1..=1_000 {
            latencies.note(Duration::from_micros(waited_us));
        }
        let mut other = Latencies::default();
        other.note(Duration::from_secs(100_000));
        let median = latencies.at_most_us(500);
        assert!((500..=516).contains(&median), "{median}");
        assert_eq!(latencies.at_most_us(1_000), 1_000);
        latencies.join(&other);
        assert_eq!(
            (latencies.count(), latencies.longest_us()),
            (1_001, 100_000_000_000)
        );
    }
}
