//! Which displaced group title belongs to which run of rows.
//!
//! Rows come in runs (ア, イ, ウ …). Some runs have their group number beside them, the others have lost it to the foot of
//! the page, where the chapter titles stand too. Numbers count up within a chapter and begin anew in the next: the
//! assignment that breaks this rule least is taken.

/// Weight of a broken rule against the tie-break below it: among assignments that break as little, the one that opens its
/// chapters latest is taken, since the open chapter goes on until its numbers begin anew.
const RULE: u32 = 64;
/// Most runs without a number on one page that are tried; more are left unassigned.
const OPEN_MAX: usize = 8;

/// Where a run belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Index into the chapters of the page; `None`: the chapter that was open before.
    pub chapter: Option<usize>,
    pub number: u32,
    /// Index into the displaced numbers, for a run that had none beside it.
    pub displaced: Option<usize>,
}

/// A page as the assignment sees it.
pub(crate) struct Puzzle<'a> {
    /// Number of the group that was open before the page.
    pub before: Option<u32>,
    /// The runs of the page in order, with the number that stands beside them.
    pub runs: &'a [Option<u32>],
    /// Group numbers displaced to the foot.
    pub displaced: &'a [u32],
    /// How many chapter titles the page has.
    pub chapters: usize,
}

#[derive(Clone)]
struct Try {
    cost: u32,
    seats: Vec<Seat>,
}

/// The cheapest assignment; `None` where displaced titles and runs without a number do not match in count.
pub(crate) fn solve(puzzle: &Puzzle<'_>) -> Option<Vec<Seat>> {
    let open = puzzle.runs.iter().filter(|run| run.is_none()).count();
    if open != puzzle.displaced.len() || open > OPEN_MAX {
        return None;
    }
    let mut best: Option<Try> = None;
    let start = Try { cost: 0, seats: Vec::new() };
    search(puzzle, start, puzzle.before, 0, &mut vec![false; puzzle.displaced.len()], &mut best);
    best.map(|found| found.seats)
}

/// Cost of a group number that follows another in the same chapter; `None`: it cannot.
fn stay(before: u32, number: u32) -> Option<u32> {
    match number.checked_sub(before) {
        Some(0) | None => None,
        Some(1) => Some(0),
        Some(_) => Some(1),
    }
}

/// Cost of beginning a chapter with a number.
fn turn(before: Option<u32>, number: u32) -> u32 {
    match before {
        _ if number == 1 => 0,
        Some(before) if before + 1 == number => 2,
        _ => 1,
    }
}

fn search(
    puzzle: &Puzzle<'_>,
    tried: Try,
    before: Option<u32>,
    used: usize,
    taken: &mut Vec<bool>,
    best: &mut Option<Try>,
) {
    if best.as_ref().is_some_and(|best| best.cost <= tried.cost) {
        return;
    }
    let Some(run) = puzzle.runs.get(tried.seats.len()) else {
        // A chapter title without rows belongs to the next page.
        let waiting = u32::try_from(puzzle.chapters - used).unwrap_or(u32::MAX);
        let cost = tried.cost.saturating_add(RULE.saturating_mul(waiting));
        if best.as_ref().is_none_or(|best| cost < best.cost) {
            *best = Some(Try { cost, ..tried });
        }
        return;
    };
    let choices: Vec<(u32, Option<usize>)> = match run {
        Some(number) => vec![(*number, None)],
        None => (0..puzzle.displaced.len()).filter(|&i| !taken[i]).map(|i| (puzzle.displaced[i], Some(i))).collect(),
    };
    for (number, displaced) in choices {
        if let Some(i) = displaced {
            taken[i] = true;
        }
        let chapter = used.checked_sub(1);
        let mut go = |cost: u32, chapter: Option<usize>, used: usize| {
            let mut next = tried.clone();
            next.cost += RULE * cost + u32::from(used > 0);
            next.seats.push(Seat { chapter, number, displaced });
            search(puzzle, next, Some(number), used, taken, best);
        };
        if let Some(cost) = before.and_then(|before| stay(before, number)) {
            go(cost, chapter, used);
        }
        if used < puzzle.chapters {
            go(turn(before, number), Some(used), used + 1);
        }
        if let Some(i) = displaced {
            taken[i] = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(
        before: Option<u32>,
        runs: &[Option<u32>],
        displaced: &[u32],
        chapters: usize,
    ) -> Vec<(Option<usize>, u32)> {
        let found = solve(&Puzzle { before, runs, displaced, chapters }).unwrap_or_default();
        found.iter().map(|seat| (seat.chapter, seat.number)).collect()
    }

    #[test]
    fn displaced_titles_follow_the_numbers_over_a_chapter() {
        let found = seats(Some(3), &[None, None, None, None], &[1, 3, 2, 4], 1);
        assert_eq!(found, [(None, 4), (Some(0), 1), (Some(0), 2), (Some(0), 3)]);
    }

    #[test]
    fn every_chapter_title_of_the_page_is_used_where_numbers_jump() {
        let runs = [Some(5), Some(4), None, Some(1), Some(2), Some(3), None];
        let found = seats(None, &runs, &[4, 6], 4);
        let wanted = [(0, 5), (1, 4), (2, 6), (3, 1), (3, 2), (3, 3), (3, 4)];
        assert_eq!(found, wanted.map(|(chapter, number)| (Some(chapter), number)));
    }

    #[test]
    fn a_chapter_title_without_rows_waits_for_the_next_page() {
        let found = seats(Some(4), &[Some(5), Some(6), Some(7), None, Some(9)], &[8], 1);
        assert!(found.iter().all(|(chapter, _)| chapter.is_none()), "{found:?}");
    }

    #[test]
    fn titles_and_runs_that_do_not_match_in_count_are_left_alone() {
        assert!(solve(&Puzzle { before: None, runs: &[None], displaced: &[1, 2], chapters: 0 }).is_none());
    }
}
