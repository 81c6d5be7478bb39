//! One thing that is measured again and again, in turns with others.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use usher_bench::{
    crowd::{Crowd, CrowdError, End},
    latencies::Latencies,
    speech::Speech,
    statistics::Spread,
};

use super::report::Figures;

/// Different people in every slice, the same ones in every run.
const SEED: u64 = 7;

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
