//! How good suggestions are, measured on pairs that people have judged.

/// Ranks up to which recall is told.
pub const RECALL_AT: [usize; 4] = [1, 3, 5, 10];
/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.96;
/// Samples of the bootstrap.
const SAMPLES: usize = 2_000;

/// Where the right targets stood in the candidates of several sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    /// For every pair its rank, from 1 on; `None` where the candidates did not hold it.
    ranks: Vec<Option<usize>>,
    /// For every source one by the rank of its first right candidate, 0 without one.
    reciprocal: Vec<f64>,
}

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Quality {
    /// Adds a source: the candidates' numbers, best first, and the right ones. A group is found when it or an item beneath
    /// it (`number/…`) is offered.
    pub fn add(&mut self, candidates: &[&str], right: &[&str]) {
        let is = |candidate: &str, right: &str| {
            candidate.strip_prefix(right).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let ranks: Vec<Option<usize>> =
            right.iter().map(|right| candidates.iter().position(|c| is(c, right)).map(|at| at + 1)).collect();
        self.reciprocal.push(ranks.iter().flatten().min().map_or(0.0, |rank| 1.0 / *rank as f64));
        self.ranks.extend(ranks);
    }

    /// Pairs and sources.
    pub fn counts(&self) -> (usize, usize) {
        (self.ranks.len(), self.reciprocal.len())
    }

    /// Share of the pairs found among the first candidates; the interval is Wilson's.
    pub fn recall(&self, at: usize) -> Share {
        wilson(self.ranks.iter().flatten().filter(|rank| **rank <= at).count(), self.ranks.len())
    }

    /// Share of the sources with a right candidate among the first; the interval is Wilson's.
    pub fn hits(&self, at: usize) -> Share {
        let least = 1.0 / at.max(1) as f64 - 1e-9;
        wilson(self.reciprocal.iter().filter(|value| **value >= least).count(), self.reciprocal.len())
    }

    /// Mean reciprocal rank over the sources, with a percentile bootstrap that is the same every time.
    pub fn mean_reciprocal_rank(&self) -> Share {
        let count = self.reciprocal.len();
        if count == 0 {
            return Share { value: 0.0, low: 0.0, high: 1.0 };
        }
        let mut state = 0x5EED_u64;
        let mut means: Vec<f64> = (0..SAMPLES)
            .map(|_| (0..count).map(|_| self.reciprocal[next(&mut state, count)]).sum::<f64>() / count as f64)
            .collect();
        means.sort_unstable_by(f64::total_cmp);
        let value = self.reciprocal.iter().sum::<f64>() / count as f64;
        Share { value, low: means[SAMPLES / 40], high: means[SAMPLES - 1 - SAMPLES / 40] }
    }
}

fn wilson(found: usize, of: usize) -> Share {
    if of == 0 {
        return Share { value: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, p) = (of as f64, found as f64 / of as f64);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let (middle, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    Share { value: p, low: (middle - spread).max(0.0) / scale, high: ((middle + spread) / scale).min(1.0) }
}

/// A number below `count` from a fixed sequence (splitmix64).
fn next(state: &mut u64, count: usize) -> usize {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) % count as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_groups_and_misses_are_counted() {
        let mut quality = Quality::default();
        quality.add(&["1/ア", "2", "3"], &["2", "9"]);
        quality.add(&["1/ア", "2", "3"], &["1"]);
        quality.add(&["10", "2", "3"], &["1"]);
        assert_eq!(quality.counts(), (4, 3));
        assert_eq!((quality.recall(1).value, quality.recall(3).value), (0.25, 0.5));
        assert!((quality.hits(3).value - 2.0 / 3.0).abs() < 1e-9);
        let mean = quality.mean_reciprocal_rank();
        assert!((mean.value - 0.5).abs() < 1e-9 && mean.low <= mean.value && mean.value <= mean.high, "{mean:?}");
        assert_eq!(mean, quality.mean_reciprocal_rank());
    }

    #[test]
    fn intervals_hold_their_value_and_shrink_with_the_number() {
        let (few, many) = (wilson(8, 10), wilson(80, 100));
        assert!(few.low < 0.8 && few.high > 0.8 && many.low > few.low && many.high < few.high);
        assert_eq!(wilson(0, 0), Share { value: 0.0, low: 0.0, high: 1.0 });
        assert_eq!(wilson(10, 10).high, 1.0);
    }
}
