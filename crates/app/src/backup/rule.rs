//! Which generations stay: the newest seven, four that are a week apart, and twelve that are a month apart.
//!
//! Weeks and months are counted from the oldest generation that is still there, from one that stays to the next: what
//! stayed yesterday stays today, whatever went in between. The clock of today has no say: a step from one generation to the next
//! counts for what the clock said, but never less than nothing and never more than a month. So a clock that leaps
//! forward by ten years makes one new month, a clock that leaps back makes none, and neither makes anything old.

const DAY: i64 = 86_400;
const NEWEST: usize = 7;
const WEEKS: usize = 4;
const MONTHS: usize = 12;
const STEP_MAX: i64 = 31 * DAY;

/// A generation: its number, and what the clock said (seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub sequence: u64,
    pub at: i64,
}

/// What may go, and whether the clock leapt at the newest generation: then nothing goes this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub goes: Vec<u64>,
    pub clock_leapt: bool,
}

/// Chooses among all generations of a folder.
pub fn choose(points: &[Point]) -> Choice {
    let mut points = points.to_vec();
    points.sort_by_key(|point| point.sequence);
    let step = |pair: &[Point]| pair[1].at.saturating_sub(pair[0].at);
    let clock_leapt = points.windows(2).last().is_some_and(|pair| !(0..=STEP_MAX).contains(&step(pair)));
    let mut time = 0_i64;
    let mut placed = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        if index > 0 {
            time += step(&points[index - 1..=index]).clamp(0, STEP_MAX);
        }
        placed.push((point.sequence, time));
    }
    let mut stays: Vec<u64> = placed.iter().rev().take(NEWEST).map(|(sequence, _)| *sequence).collect();
    stays.extend(spaced(&placed, 7 * DAY, WEEKS));
    stays.extend(spaced(&placed, 30 * DAY, MONTHS));
    let goes = placed.iter().map(|(sequence, _)| *sequence).filter(|sequence| !stays.contains(sequence)).collect();
    Choice { goes: if clock_leapt { Vec::new() } else { goes }, clock_leapt }
}

/// The first, then each that is so long after the last one chosen; the newest `many` of them.
fn spaced(placed: &[(u64, i64)], length: i64, many: usize) -> Vec<u64> {
    let mut chosen: Vec<(u64, i64)> = Vec::new();
    for point in placed {
        if chosen.last().is_none_or(|(_, time)| point.1 - time >= length) {
            chosen.push(*point);
        }
    }
    chosen.iter().rev().take(many).map(|(sequence, _)| *sequence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nightly(days: std::ops::Range<i64>) -> Vec<Point> {
        days.map(|day| Point { sequence: u64::try_from(day).expect("a day") + 1, at: day * DAY }).collect()
    }

    fn left(points: &mut Vec<Point>) -> usize {
        let choice = choose(points);
        points.retain(|point| !choice.goes.contains(&point.sequence));
        points.len()
    }

    #[test]
    fn a_year_of_nights_leaves_days_weeks_and_months() {
        let mut kept = Vec::new();
        for point in nightly(0..400) {
            kept.push(point);
            left(&mut kept);
            assert!(kept.len() <= NEWEST + WEEKS + MONTHS + 1, "{}", kept.len());
        }
        let oldest = kept.iter().map(|point| point.at).min().expect("some");
        assert!(400 * DAY - oldest > 300 * DAY, "the oldest is of last year");
        assert!(kept.len() >= 18, "{}", kept.len());
    }

    #[test]
    fn a_clock_that_leaps_deletes_nothing_then_and_little_after() {
        for leap in [-5000 * DAY, 5000 * DAY, -2 * DAY, 40 * DAY] {
            let mut kept = Vec::new();
            for point in nightly(0..100) {
                kept.push(point);
                left(&mut kept);
            }
            let before = kept.len();
            kept.push(Point { sequence: 101, at: 100 * DAY + leap });
            let choice = choose(&kept);
            assert!(choice.clock_leapt && choice.goes.is_empty(), "{leap}");
            for night in 1..60 {
                kept.push(Point {
                    sequence: 101 + night,
                    at: (100 + i64::try_from(night).expect("a night")) * DAY + leap,
                });
                left(&mut kept);
            }
            assert!(kept.len() >= before - 1 && kept.len() <= NEWEST + WEEKS + MONTHS + 1, "{leap}: {}", kept.len());
            assert!(kept.iter().any(|point| point.sequence < 60), "what is old stays");
        }
    }
}
