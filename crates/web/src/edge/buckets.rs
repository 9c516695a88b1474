//! How often somebody may do something: one number per key (GCRA, the virtual scheduling of ITU-T I.371), in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Keys at once; a flood from more of them shares one allowance.
const KEYS_MAX: usize = 50_000;
/// All keys beyond [`KEYS_MAX`].
const OVERFLOW: u64 = 0;

/// Allowances of one kind, by key.
pub struct Buckets {
    /// Microseconds between two events at the steady rate.
    interval: i64,
    /// How far a key may run ahead of the steady rate.
    window: i64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// When the key will be even again.
    even_at: HashMap<u64, i64>,
    swept_at: i64,
}

impl Buckets {
    /// So many a minute, and `burst` at once.
    pub fn per_minute(rate: u32, burst: u32) -> Self {
        let interval = 60_000_000 / i64::from(rate.max(1));
        Self { interval, window: interval.saturating_mul(i64::from(burst.max(1))), kept: Mutex::default() }
    }

    /// So many a second, and ten times as many at once.
    pub fn per_second(rate: u32) -> Self {
        Self::per_minute(rate.saturating_mul(60), rate.saturating_mul(10))
    }

    /// Takes one from the key's allowance.
    ///
    /// # Errors
    /// There is none left: seconds until there is.
    pub fn take(&self, key: u64, now: Timestamp) -> Result<(), u64> {
        let now = now.as_microsecond();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if kept.even_at.contains_key(&key) || kept.has_room(now) { key } else { OVERFLOW };
        // Clamped: a clock that jumped back must not lock everybody out until it has caught up.
        let even_at = kept.even_at.get(&key).map_or(now, |at| (*at).clamp(now, now.saturating_add(self.window)));
        let after = even_at.saturating_add(self.interval);
        let over = after.saturating_sub(now).saturating_sub(self.window);
        if over > 0 {
            return Err(u64::try_from(over / 1_000_000).unwrap_or(0) + 1);
        }
        kept.even_at.insert(key, after);
        Ok(())
    }

    /// Gives back what was taken.
    pub fn give_back(&self, key: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(even_at) = kept.even_at.get_mut(&key) {
            *even_at = even_at.saturating_sub(self.interval);
        }
    }
}

impl Kept {
    /// Whether a new key fits; looks for keys that are even again at most once a second.
    fn has_room(&mut self, now: i64) -> bool {
        if self.even_at.len() >= KEYS_MAX && (now - self.swept_at).abs() > 1_000_000 {
            self.swept_at = now;
            self.even_at.retain(|_, even_at| *even_at > now);
        }
        self.even_at.len() < KEYS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).expect("a moment")
    }

    #[test]
    fn a_burst_then_the_steady_rate_and_each_key_by_itself() {
        let buckets = Buckets::per_minute(60, 3);
        for _ in 0..3 {
            assert_eq!(buckets.take(1, at(0)), Ok(()));
        }
        assert_eq!(buckets.take(1, at(0)), Err(2));
        assert_eq!(buckets.take(2, at(0)), Ok(()));
        assert_eq!(buckets.take(1, at(1)), Ok(()));
        assert!(buckets.take(1, at(1)).is_err());
        buckets.give_back(1);
        assert_eq!(buckets.take(1, at(1)), Ok(()), "what was given back is there again");
        assert!(buckets.take(1, at(1)).is_err());
    }

    #[test]
    fn a_clock_that_jumps_back_locks_nobody_out() {
        let buckets = Buckets::per_minute(60, 2);
        assert!(buckets.take(1, at(86_400)).is_ok());
        assert!(buckets.take(1, at(86_400)).is_ok());
        let wait = buckets.take(1, at(0)).expect_err("the allowance is spent");
        assert!(wait <= 3, "{wait} s");
    }

    #[test]
    fn memory_is_bounded_and_keys_that_are_even_again_make_room() {
        let buckets = Buckets::per_minute(60, 1);
        for key in 1..=(KEYS_MAX as u64) {
            assert!(buckets.take(key, at(0)).is_ok());
        }
        assert!(buckets.take(9_000_001, at(0)).is_ok(), "the first of the overflow");
        assert!(buckets.take(9_000_002, at(0)).is_err(), "the others share with it");
        assert!(buckets.take(9_000_002, at(10)).is_ok(), "the rest has become even and made room");
        assert!(buckets.kept.lock().expect("unpoisoned").even_at.len() < 10);
    }
}
