//! Folding of Japanese text: what counts as the same letter when numbers are compared and words are searched.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// The document's number as an id: NFKC, no blanks, all dashes and waves folded to one form.
pub fn number_id(printed: &str) -> String {
    printed.nfkc().filter(|c| !c.is_whitespace()).map(fold_dash).collect()
}

/// The number as it is shown in front of its title: without the title that some numbers end with (`(1)/ア/○舵` 舵).
pub fn number_beside_title<'a>(number: &'a str, title: &str) -> &'a str {
    let folded = number_id(title);
    let bare = number.strip_suffix(folded.as_str()).filter(|_| !folded.is_empty());
    bare.filter(|bare| bare.chars().any(char::is_alphanumeric)).unwrap_or(number)
}

/// Folds the dash and wave variants that PDF tools interchange (`～ 〜 － −`), so that a level mark stays a level mark.
pub fn fold_dash(c: char) -> char {
    match c {
        '\u{2212}' | '\u{FF0D}' | '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' => '-',
        '\u{301C}' | '\u{FF5E}' => '~',
        other => other,
    }
}

/// Text as it is searched: NFKC, lower case, katakana variants of one word made equal (ウィルス = ウイルス, サーバー =
/// サーバ), everything that is not a letter or digit a blank.
pub fn fold(text: &str) -> String {
    folded_chars(text).into_iter().map(|(_, c)| c).collect()
}

/// Folded characters with the byte offset of the original character they come from. Half-width katakana carry their
/// voicing mark as a character of its own, which is composed with the one before.
pub(crate) fn folded_chars(text: &str) -> Vec<(usize, char)> {
    let mut composed: Vec<(usize, char)> = Vec::with_capacity(text.len() / 2);
    for (at, c) in text.char_indices() {
        for part in std::iter::once(c).nfkc() {
            let joined = composed.last().and_then(|(_, before)| compose(*before, part));
            match (joined, composed.last_mut()) {
                (Some(whole), Some(last)) => last.1 = whole,
                _ => composed.push((at, part)),
            }
        }
    }
    composed
        .into_iter()
        .flat_map(|(at, c)| c.to_lowercase().filter_map(fold_letter).map(move |folded| (at, folded)))
        .collect()
}

/// Small kana become large ones and the long mark goes, since writers differ in both; separators become a blank.
fn fold_letter(c: char) -> Option<char> {
    Some(match c {
        'ー' => return None,
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        other if other.is_alphanumeric() => other,
        _ => ' ',
    })
}

/// Bigrams of every run of letters, plus the run's last character, in order: what the search index holds.
pub fn search_grams(text: &str) -> Vec<String> {
    fold(text).split_whitespace().flat_map(|run| grams(run, true)).collect()
}

/// The words of a query, each as the consecutive bigrams that must stand in the text (one character: a prefix).
pub fn query_grams(query: &str) -> Vec<Vec<String>> {
    fold(query).split_whitespace().map(|run| grams(run, false)).filter(|grams| !grams.is_empty()).collect()
}

fn grams(run: &str, with_last: bool) -> Vec<String> {
    let chars: Vec<char> = run.chars().collect();
    if chars.len() == 1 {
        return vec![run.to_owned()];
    }
    let mut grams: Vec<String> = chars.windows(2).map(|pair| pair.iter().collect()).collect();
    if with_last {
        grams.extend(chars.last().map(char::to_string));
    }
    grams
}

/// Byte ranges of `text` that a query's words cover, in order and without overlap: what is highlighted.
pub fn highlights(text: &str, query: &str) -> Vec<std::ops::Range<usize>> {
    let folded = folded_chars(text);
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for word in fold(query).split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        let hits = folded.windows(word.len()).enumerate().filter(|(_, w)| w.iter().map(|(_, c)| c).eq(word.iter()));
        for (at, window) in hits {
            let end = folded.get(at + word.len()).map_or(text.len(), |(next, _)| *next);
            ranges.push(window[0].0..end);
        }
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<std::ops::Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_are_one_word() {
        assert_eq!(fold("ウィルス"), fold("ウイルス"));
        assert_eq!(fold("サーバー"), fold("ｻｰﾊﾞ"));
        assert_eq!(fold("ＴＬＳ"), fold("tls"));
        assert_ne!(fold("監査"), fold("監視"));
    }

    #[test]
    fn a_word_of_two_characters_is_one_gram_and_stands_in_the_index() {
        assert_eq!(query_grams("監査"), [["監査"]]);
        assert!(search_grams("内部監査の実施").contains(&"監査".to_owned()));
    }

    #[test]
    fn a_longer_word_is_a_run_of_grams() {
        assert_eq!(query_grams("脆弱性"), [["脆弱", "弱性"]]);
        assert_eq!(search_grams("脆弱性"), ["脆弱", "弱性", "性"]);
    }

    #[test]
    fn hits_are_found_in_the_text_as_written() {
        let text = "サーバーのｳｲﾙｽ対策";
        let marked: Vec<&str> = highlights(text, "ウイルス サーバ").into_iter().map(|r| &text[r]).collect();
        assert_eq!(marked, ["サーバー", "ｳｲﾙｽ"]);
    }

    #[test]
    fn a_number_that_ends_with_its_title_is_shown_without_it() {
        assert_eq!(number_beside_title("(1)/ア/○舵の管理", "舵の 管理"), "(1)/ア/○");
        assert_eq!(number_beside_title("2.1", "舵"), "2.1");
        assert_eq!(number_beside_title("はじめに", "はじめに"), "はじめに");
        assert_eq!(number_beside_title("2.1", ""), "2.1");
    }

    #[test]
    fn levels_survive_the_folding_of_dashes() {
        assert_eq!(number_id("（１） ア"), "(1)ア");
        assert_eq!(fold_dash('－'), fold_dash('−'));
    }
}
