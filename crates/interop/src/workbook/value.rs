//! Words of cells as values: marks, levels, dates of both calendars, numbers; and the names of cells.

use super::cells::CellKind;
use jiff::civil::Date;
use sakimori_domain::assurance::{AnswerStatus, Maturity};
use sakimori_domain::text::number_id;
use unicode_normalization::UnicodeNormalization;

/// The address of a cell as Excel prints it; `row` and `col` are 0-based.
pub fn cell_name(row: u32, col: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(col) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

/// Folds a word for comparison: NFKC, no blanks, lower case, one form of dash.
pub fn fold(text: &str) -> String {
    number_id(text).to_lowercase()
}

/// A mark in any of the shapes that people and fonts give it; `None` when it is none of ours. A blank is a blank.
pub fn parse_status(text: &str) -> Option<AnswerStatus> {
    let folded = fold(text);
    Some(match folded.as_str() {
        "" | "blank" | "未回答" => AnswerStatus::Unanswered,
        "○" | "〇" | "◯" | "⭕" | "⭕\u{fe0f}" | "o" | "о" => AnswerStatus::Yes,
        "△" | "▲" | "δ" | "∆" | "triangle" => AnswerStatus::Partly,
        "×" | "✕" | "✖" | "✖\u{fe0f}" | "✗" | "╳" | "☓" | "❌" | "⨯" | "x" | "х" => AnswerStatus::No,
        "-" | "ー" | "―" | "—" | "─" | "━" | "一" | "n/a" | "na" | "対象外" | "該当なし" => {
            AnswerStatus::NotApplicable
        }
        _ => return None,
    })
}

/// A maturity level: `3`, `３`, `3.0`, `3：文書化…`, `レベル3`; `Ok(None)` for a blank.
pub fn parse_maturity(text: &str) -> Option<Option<Maturity>> {
    let folded = fold(text);
    if folded.is_empty() || folded == "-" {
        return Some(None);
    }
    let rest = folded.strip_prefix("レベル").or_else(|| folded.strip_prefix("lv.")).unwrap_or(&folded);
    let rest = rest.strip_prefix("lv").unwrap_or(rest);
    let (digits, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let tail_is_fine = tail.is_empty() || tail.starts_with(':') || tail == ".0";
    let level = digits.parse::<u8>().ok().filter(|_| tail_is_fine)?;
    Maturity::new(level).map(Some)
}

const ERAS: [(&str, &str, i16); 5] =
    [("令和", "r", 2018), ("平成", "h", 1988), ("昭和", "s", 1925), ("大正", "t", 1911), ("明治", "m", 1867)];

/// A date: an Excel serial, `2026/3/31`, `2026-03-31`, `2026年3月31日`, `20260331`, `令和8年3月31日`, `R8.3.31`,
/// `令和元年…`, with or without a weekday in brackets; `Some(None)` for a blank. A date without a year is refused,
/// since nobody can tell which is meant.
pub fn parse_date(text: &str, kind: CellKind) -> Option<Option<Date>> {
    let folded = text.nfkc().collect::<String>();
    // `2026-03-31 00:00:00` of programs that print a moment.
    let folded = folded
        .trim()
        .split_once([' ', 'T'])
        .map_or(folded.trim(), |(day, time)| if time.contains(':') { day } else { folded.trim() });
    let folded = fold(folded);
    if folded.is_empty() || (kind != CellKind::Number && folded == "-") {
        return Some(None);
    }
    if kind == CellKind::Number {
        return serial_date(&folded).or_else(|| compact_date(&folded)).map(Some);
    }
    let folded = match folded.split_once('(') {
        Some((day, weekday)) if weekday.ends_with(')') && weekday.chars().count() <= 5 => day.to_owned(),
        _ => folded,
    };
    if let Some(day) = compact_date(&folded) {
        return Some(Some(day));
    }
    let (base, rest) = ERAS
        .iter()
        .find_map(|(long, short, base)| {
            folded.strip_prefix(long).or_else(|| folded.strip_prefix(short)).map(|rest| (*base, rest))
        })
        .unwrap_or((0, folded.as_str()));
    let rest = if base > 0 { rest.replacen('元', "1", 1) } else { rest.to_owned() };
    let mut parts = rest.trim_end_matches('日').split(['/', '-', '.', '年', '月']);
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let four_digits_or_era = if base > 0 { (1..100).contains(&year) } else { (1000..10_000).contains(&year) };
    if parts.next().is_some() || !four_digits_or_era {
        return None;
    }
    Date::new(base + year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().map(Some)
}

fn number(digits: &str) -> Option<i16> {
    (!digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

fn compact_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let day = text[6..].parse().ok()?;
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, day).ok()
}

/// Days since 1899-12-30, as Excel counts from March 1900 on; earlier serials are no due dates.
fn serial_date(text: &str) -> Option<Date> {
    let serial = text.parse::<f64>().ok().filter(|serial| (61.0..2_958_466.0).contains(serial))?;
    let epoch = jiff::civil::date(1899, 12, 30);
    epoch.checked_add(jiff::Span::new().try_days(serial as i64).ok()?).ok()
}
