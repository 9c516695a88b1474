//! Folding of Japanese text: what counts as the same letter when numbers are compared and words are searched.

use unicode_normalization::UnicodeNormalization;

/// The document's number as an id: NFKC, no blanks, all dashes and waves folded to one form.
pub fn number_id(printed: &str) -> String {
    printed.nfkc().filter(|c| !c.is_whitespace()).map(fold_dash).collect()
}

/// Folds the dash and wave variants that PDF tools interchange (`～ 〜 － −`), so that a level mark stays a level mark.
pub fn fold_dash(c: char) -> char {
    match c {
        '\u{2212}' | '\u{FF0D}' | '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' => '-',
        '\u{301C}' | '\u{FF5E}' => '~',
        other => other,
    }
}
