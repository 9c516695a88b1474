//! The one place of the benches that reads a clock, and what is made of many readings.

use std::time::{Duration, Instant};

/// A running stop-watch.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "measuring durations is what the benches are for")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of day.
#[expect(clippy::disallowed_methods, reason = "the benches stand beside a product that reads the machine's clock")]
pub fn machine() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Durations of one kind of work.
#[derive(Debug, Clone, Default)]
pub struct Durations(Vec<Duration>);

impl Durations {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Runs `work` `times` times and keeps how long each run took.
    ///
    /// # Errors
    /// The first error of `work`.
    pub fn of<E>(times: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        let mut durations = Self::default();
        for _ in 0..times {
            let watch = Watch::start();
            work()?;
            durations.add(watch.elapsed());
        }
        Ok(durations)
    }

    /// The same for work that waits.
    ///
    /// # Errors
    /// The first error of `work`.
    pub async fn of_async<E>(times: usize, mut work: impl AsyncFnMut() -> Result<(), E>) -> Result<Self, E> {
        let mut durations = Self::default();
        for _ in 0..times {
            let watch = Watch::start();
            work().await?;
            durations.add(watch.elapsed());
        }
        Ok(durations)
    }

    /// Takes over another's.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The share of pairs in which one of these is longer than one of the others; half for equal ones. 0.5: nothing
    /// tells them apart. Ranks only, so that a single slow request counts once.
    pub fn share_longer_than(&self, others: &Self) -> f64 {
        let mut sorted = others.0.clone();
        sorted.sort_unstable();
        let shorter: usize = self
            .0
            .iter()
            .map(|d| sorted.partition_point(|other| other < d) + sorted.partition_point(|other| other <= d))
            .sum();
        shorter as f64 / (2 * self.0.len() * sorted.len()).max(1) as f64
    }

    /// Two parts, each duration in the one that `die` says.
    pub fn parted(&self, mut die: impl FnMut() -> bool) -> (Self, Self) {
        let (one, other) = self.0.iter().copied().partition(|_| die());
        (Self(one), Self(other))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration, in milliseconds, that a share of all did not exceed (nearest rank). 0 without any.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(0.0, |d| milliseconds(*d))
    }
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
