//! Citations (参照) in a text: where they stand, and in the one spelling that the grammar gives them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::profile::{Profile, Rules};

/// Spellings that the documents of the field have in common, beside those of the grammar: `TEL.18.1.7`,
/// `別表第2 5(5)`, `(1)ウ(イ)`, `ウ(イ)`, `【構築・運用者編 2.1.1】`, `16.1参照`, `別紙2`. For showing only: what does not
/// resolve stays text.
static COMMON: LazyLock<Vec<(Regex, String)>> = LazyLock::new(|| {
    const SPELLINGS: [(&str, &str); 8] = [
        (r"【([^【】0-9]{0,12}編)?\s*([0-9]{1,2}(?:\.[0-9]{1,2})+)[^【】]{0,60}】", "$1$2"),
        (r"TEL\.?\s*([0-9]{1,2}(?:\.[0-9]{1,2})+)", "TEL.$1"),
        (
            r"別表第[0-9]{1,2}(?:\s*第[0-9]{1,2})?(?:\s*[0-9]{1,2}(?:\s*[.の]?\s*\([0-9]{1,2}\)(?:\s*[ア-コ](?:\s*\([ア-コ]\))?)?)?)?",
            "$0",
        ),
        (r"\([0-9]{1,2}\)\s*[ア-コ](?:\s*\([ア-コ]\))?", "$0"),
        (r"[ア-コ]\([ア-コ]\)", "$0"),
        (r"([0-9]{1,2}(?:\.[0-9]{1,2})+)\s*(?:節|項|を?参照)", "$1"),
        (r"別紙[0-9]{1,2}", "$0"),
        (r"附属書[A-Z]", "$0"),
    ];
    SPELLINGS.iter().filter_map(|(pattern, to)| Some((Regex::new(pattern).ok()?, (*to).to_owned()))).collect()
});

/// A citation: its bytes in the text that was searched, and its one spelling.
type Found = (Range<usize>, String);

/// Citations of a text that is NFKC already, in their order. An earlier rule wins where two overlap.
pub(super) fn cited(rules: &[(Regex, String)], text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    gather(rules, text, &mut found);
    found.sort_by_key(|(range, _)| range.start);
    found
}

fn gather(rules: &[(Regex, String)], text: &str, found: &mut Vec<Found>) {
    for (pattern, to) in rules {
        for captures in pattern.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let overlaps = |(range, _): &Found| whole.start() < range.end && range.start < whole.end();
            if found.iter().any(overlaps) {
                continue;
            }
            let mut cited = String::new();
            captures.expand(to, &mut cited);
            found.push((whole.range(), sakimori_domain::text::number_id(&cited)));
        }
    }
}

/// Citations of a text as printed: their bytes there, and the spelling to resolve. `profile` is the grammar that read the
/// document, if it is known; spellings common to the field are found without one.
pub fn citations(profile: Option<&Profile>, text: &str) -> Vec<(Range<usize>, String)> {
    let (folded, places) = folded(text);
    let mut found = Vec::new();
    let own: &[(Regex, String)] = profile.map_or(&[], |profile| &rules(profile).references);
    gather(own, &folded, &mut found);
    gather(&COMMON, &folded, &mut found);
    found.retain(|(range, _)| !is_inside_a_word(&folded, range));
    found.sort_by_key(|(range, _)| range.start);
    let printed =
        |range: Range<usize>| Some(places.get(range.start)?.start..places.get(range.end.checked_sub(1)?)?.end);
    found.into_iter().filter_map(|(range, cited)| Some((printed(range)?, cited))).collect()
}

fn rules(profile: &Profile) -> &Rules {
    &profile.rules
}

/// `ア` in front of more katakana is the beginning of a word, not a letter of a list; likewise `ウ(イ)` behind katakana,
/// and digits behind digits.
fn is_inside_a_word(text: &str, range: &Range<usize>) -> bool {
    let katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー');
    let (Some(found), Some(before), Some(after)) =
        (text.get(range.clone()), text.get(..range.start), text.get(range.end..))
    else {
        return true;
    };
    let joins = |a: Option<char>, b: Option<char>| {
        a.zip(b).is_some_and(|(a, b)| {
            katakana(a) && katakana(b)
                || a.is_ascii_digit() && (b.is_ascii_digit() || b == '.')
                || (a.is_ascii_alphanumeric() || a == '.') && b.is_ascii_digit()
        })
    };
    joins(before.chars().next_back(), found.chars().next()) || joins(found.chars().next_back(), after.chars().next())
}

/// The text in NFKC, and for each of its bytes the bytes of the printed character that it comes from.
fn folded(text: &str) -> (String, Vec<Range<usize>>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let place = at..at + c.len_utf8();
        for part in std::iter::once(c).nfkc() {
            folded.push(part);
            places.extend(std::iter::repeat_n(place.clone(), part.len_utf8()));
        }
    }
    (folded, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, String)> {
        citations(None, text).into_iter().map(|(range, cited)| (&text[range], cited)).collect()
    }

    #[test]
    fn citations_are_found_where_they_stand_in_any_width() {
        assert_eq!(
            found("灯台は（１）ウ（イ）及び別表第２ ５（５）を見る（16.1参照）。ＴＥＬ．18.1.7も。"),
            [
                ("（１）ウ（イ）", "(1)ウ(イ)".to_owned()),
                ("別表第２ ５（５）", "別表第25(5)".to_owned()),
                ("16.1参照", "16.1".to_owned()),
                ("ＴＥＬ．18.1.7", "TEL.18.1.7".to_owned()),
            ]
        );
        assert_eq!(found("記録する【構築・運用者編 2.1.1 見張り】こと。")[0].1, "構築・運用者編2.1.1");
    }

    #[test]
    fn the_beginning_of_a_word_is_no_letter_of_a_list() {
        assert_eq!(found("（１）アクセスの記録"), []);
        assert_eq!(found("サーバイ（ア）"), []);
        assert_eq!(found("2.1.1.1 は番号だけ"), []);
    }
}
