//! Letters with their places on a page, to visual lines in reading order.
//!
//! A PDF has no lines: it draws letters anywhere in any order. Letters that share a baseline make a line, raised small
//! ones (note marks) join the line they stand in, and a wide gap inside a line separates the cells of a table row.

/// Which way letters run on the page as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Run {
    Right,
    /// Vertical writing: top to bottom, columns from the right to the left.
    Vertical,
    /// Turned text (watermarks, wide tables on upright pages).
    Down,
    Left,
    Up,
}

/// One drawn letter (or the letters of a ligature).
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) text: String,
    pub(super) run: Run,
    /// Origin on the page in points, y downwards.
    pub(super) x: f64,
    pub(super) y: f64,
    /// Advance along the run, and the height of an em, in points.
    pub(super) advance: f64,
    pub(super) size: f64,
}

/// A letter along its line: `u` runs with the text, `v` to the next line.
struct Placed {
    text: String,
    u: f64,
    v: f64,
    advance: f64,
    size: f64,
}

struct Row {
    /// Baseline, and the size of its largest letter.
    v: f64,
    size: f64,
    letters: Vec<Placed>,
}

/// Gaps in ems: from which one a blank, and from which one a tab is put between two letters.
const CELL_GAP: f64 = 2.0;
const WORD_GAP_LATIN: f64 = 0.2;
const WORD_GAP_OTHER: f64 = 0.5;
/// How far a letter may be off the baseline, in ems.
const BASELINE: f64 = 0.25;
/// A row this many times the usual leading below the last one gets a blank line before it.
const PARAGRAPH_GAP: f64 = 1.6;

/// The lines of a page; an empty string stands for a blank line between blocks.
pub(super) fn lines(letters: Vec<Letter>) -> Vec<String> {
    let mut runs: Vec<(Run, Vec<Placed>)> = Vec::new();
    for letter in letters {
        let run = letter.run;
        let placed = place(letter);
        match runs.iter_mut().find(|(other, _)| *other == run) {
            Some((_, letters)) => letters.push(placed),
            None => runs.push((run, vec![placed])),
        }
    }
    runs.sort_by_key(|(run, _)| *run);
    let mut lines = Vec::new();
    for (_, letters) in runs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        write_rows(join_raised(rows(letters)), &mut lines);
    }
    lines
}

fn place(letter: Letter) -> Placed {
    let Letter { text, run, x, y, advance, size } = letter;
    let (u, v) = match run {
        Run::Right => (x, y),
        Run::Vertical | Run::Down => (y, -x),
        Run::Left => (-x, -y),
        Run::Up => (-y, x),
    };
    Placed { text, u, v, advance, size }
}

/// Groups letters by baseline.
fn rows(mut letters: Vec<Placed>) -> Vec<Row> {
    letters.sort_by(|a, b| a.v.total_cmp(&b.v));
    let mut rows: Vec<Row> = Vec::new();
    for letter in letters {
        match rows.last_mut() {
            Some(row) if letter.v - row.v <= BASELINE * row.size.min(letter.size) => {
                row.size = row.size.max(letter.size);
                row.letters.push(letter);
            }
            _ => rows.push(Row { v: letter.v, size: letter.size, letters: vec![letter] }),
        }
    }
    rows
}

/// Moves rows of small letters that stand within the height of the next or the previous row into that row, where they
/// touch its letters: note marks, raised or lowered. Phonetic guides stand above it and stay apart.
fn join_raised(rows: Vec<Row>) -> Vec<Row> {
    let mut joined: Vec<Row> = Vec::new();
    let mut waiting: Option<Row> = None;
    for mut row in rows {
        if let Some(small) = waiting.take() {
            match within(&small, &row) {
                true => row.letters.extend(small.letters),
                false => joined.push(small),
            }
        }
        match joined.last_mut() {
            Some(last) if within(&row, last) => last.letters.extend(row.letters),
            _ => waiting = Some(row),
        }
        // A row waits one step only while it may be raised above the next one.
        if let Some(row) =
            waiting.take_if(|row| !row.letters.iter().all(|letter| letter.size <= 0.8 * row_limit(&joined, row)))
        {
            joined.push(row);
        }
    }
    joined.extend(waiting);
    joined
}

/// The size that a row must stay below to be taken for raised: that of the row before, or its own when it is the first.
fn row_limit(joined: &[Row], row: &Row) -> f64 {
    joined.last().map_or(f64::INFINITY, |last| last.size.max(row.size))
}

fn within(small: &Row, row: &Row) -> bool {
    let middle = small.v - 0.3 * small.size;
    let touches = |letter: &Placed| {
        row.letters.iter().any(|other| {
            (letter.u - other.u - other.advance).abs() < 1.5 * other.size
                || (letter.u + letter.advance - other.u).abs() < 1.5 * other.size
        })
    };
    small.size <= 0.8 * row.size
        && (row.v - 0.9 * row.size..=row.v + 0.2 * row.size).contains(&middle)
        && small.letters.iter().all(touches)
}

fn write_rows(rows: Vec<Row>, lines: &mut Vec<String>) {
    let mut steps: Vec<f64> = rows.windows(2).map(|pair| pair[1].v - pair[0].v).collect();
    steps.sort_by(f64::total_cmp);
    let leading = steps.get(steps.len() / 2).copied().unwrap_or(f64::INFINITY);
    let mut last = None::<f64>;
    for row in rows {
        let v = row.v;
        let text = line(row.letters);
        if text.trim().is_empty() {
            continue;
        }
        if last.is_some_and(|last| v - last > PARAGRAPH_GAP * leading) {
            lines.push(String::new());
        }
        last = Some(v);
        lines.push(text);
    }
}

fn line(mut letters: Vec<Placed>) -> String {
    letters.sort_by(|a, b| a.u.total_cmp(&b.u));
    let mut text = String::new();
    let mut last: Option<Placed> = None;
    let mut recent: Vec<(String, f64, f64)> = Vec::new();
    for letter in letters {
        // The same letter drawn twice in one place is how old programs print bold.
        recent.retain(|(_, u, _)| letter.u - u < 0.3 * letter.size);
        let twice = |(other, u, v): &(String, f64, f64)| {
            *other == letter.text
                && (letter.u - u).abs() < 0.2 * letter.size
                && (letter.v - v).abs() < 0.2 * letter.size
        };
        if recent.iter().any(twice) {
            continue;
        }
        recent.push((letter.text.clone(), letter.u, letter.v));
        if let Some(last) = &last {
            text.push_str(gap(last, &letter));
        }
        text.push_str(&letter.text);
        last = Some(letter);
    }
    text.trim_end().to_owned()
}

/// What stands in the gap between two letters that follow each other.
fn gap(left: &Placed, right: &Placed) -> &'static str {
    let ems = (right.u - left.u - left.advance) / left.size.max(right.size).max(0.1);
    let blank = |text: &str| text.chars().all(char::is_whitespace);
    let latin = |text: &str| text.chars().all(|c| c.is_ascii() || ('\u{a0}'..'\u{250}').contains(&c));
    if ems >= CELL_GAP {
        return "\t";
    }
    if blank(&left.text) || blank(&right.text) {
        return "";
    }
    let word = if latin(&left.text) && latin(&right.text) { WORD_GAP_LATIN } else { WORD_GAP_OTHER };
    if ems >= word { " " } else { "" }
}
