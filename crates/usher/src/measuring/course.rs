//! One thing that is measured again and again, in turns with others.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use usher_bench::{
    chance::Chance,
    crowd::{Crowd, CrowdError, End},
    latencies::Latencies,
    speech::Speech,
    statistics::Spread,
};

use super::report::Figures;

/// Different people in every slice, the same ones in every run.
pub(crate) const SEED: u64 = 7;

/// The order in which so many courses have their turns in one round. It is drawn by lot: whoever comes after a database finds the
/// disk still busy with what that has left, and must not be the same one every time.
pub(crate) fn turns(courses: usize, chance: &mut Chance) -> Vec<usize> {
    let mut order: Vec<usize> = (0..courses).collect();
    for last in (1..courses).rev() {
        let end = u64::try_from(last + 1).unwrap_or(u64::MAX);
        order.swap(last, usize::try_from(chance.below(end)).unwrap_or(last));
    }
    order
}

/// A crowd before a server, and what came of its slices.
pub(crate) struct Course {
    connections: usize,
    crowd: Crowd,
    speech: Arc<dyn Speech>,
    /// Good answers per second, slice by slice.
    pub(crate) per_second: Vec<f64>,
    latencies: Latencies,
    good: u64,
    bad: u64,
}

impl Course {
    /// Connects.
    ///
    /// # Errors
    /// [`CrowdError`] when the server does not take so many connections.
    pub(crate) async fn connect(
        address: SocketAddr,
        connections: usize,
        speech: Arc<dyn Speech>,
    ) -> Result<Self, CrowdError> {
        let seed = SEED + u64::try_from(connections).unwrap_or(0);
        Ok(Self {
            connections,
            crowd: Crowd::connect(address, connections, seed, speech.as_ref()).await?,
            speech,
            per_second: Vec::new(),
            latencies: Latencies::default(),
            good: 0,
            bad: 0,
        })
    }

    /// One slice; what warms up is not counted.
    ///
    /// # Errors
    /// [`CrowdError`] when a connection breaks.
    pub(crate) async fn slice(&mut self, how_long: Duration, warming_up: bool) -> Result<(), CrowdError> {
        let slice = self.crowd.drive(&self.speech, End::After(how_long)).await?;
        if !warming_up {
            self.per_second.push(slice.per_second());
            self.latencies.join(&slice.latencies);
            self.good += slice.good;
            self.bad += slice.bad;
        }
        Ok(())
    }

    /// What came of it.
    pub(crate) fn figures(&self) -> Figures {
        Figures {
            connections: self.connections,
            per_second: Spread::of(&self.per_second).map(Into::into),
            good: self.good,
            bad: self.bad,
            p50_us: self.latencies.at_most_us(500),
            p90_us: self.latencies.at_most_us(900),
            p99_us: self.latencies.at_most_us(990),
            p999_us: self.latencies.at_most_us(999),
            longest_us: self.latencies.longest_us(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_turn_in_a_round_and_follows_everybody_else_about_as_often() {
        let mut chance = Chance::new(SEED);
        let mut follows = [[0_u32; 4]; 4];
        for _ in 0..1_000 {
            let order = turns(4, &mut chance);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
            for pair in order.windows(2) {
                follows[pair[0]][pair[1]] += 1;
            }
        }
        for (first, row) in follows.iter().enumerate() {
            for (second, times) in row.iter().enumerate().filter(|(second, _)| *second != first) {
                assert!((200..300).contains(times), "{first} {second}: {times}");
            }
        }
    }
}
