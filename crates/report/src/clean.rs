//! Text typed by people, made fit for paper and for XML.

/// Most UTF-16 units of one Excel cell (Excel's own limit is 32,767); the same bound holds on paper.
const LONGEST_CELL: usize = 32_000;

/// Removes what must not reach a file: control characters other than line breaks, directional overrides (they can make a
/// printed sentence read differently from what is stored), and private line endings. Over-long text ends in a visible mark.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let c = match c {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\n' => c,
            '\t' => ' ',
            c if c.is_control() || is_directional(c) || is_noncharacter(c) => continue,
            c => c,
        };
        units += c.len_utf16();
        if units > LONGEST_CELL {
            out.push_str("…［以下省略］");
            break;
        }
        out.push(c);
    }
    out
}

/// The same for a place that holds one line (title, header, sheet name).
pub(crate) fn clean_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_directional(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn is_noncharacter(c: char) -> bool {
    matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF) || matches!(c, '\u{FDD0}'..='\u{FDEF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_override_characters_vanish_and_line_breaks_stay() {
        assert_eq!(clean("a\r\nb\rc\u{0}\u{202E}d\te\u{FFFF}"), "a\nb\ncd e");
        assert_eq!(clean_line("  題名\n続き\t終わり "), "題名 続き 終わり");
    }

    #[test]
    fn over_long_text_says_that_it_was_cut() {
        let cut = clean(&"あ".repeat(40_000));
        assert!(cut.ends_with("…［以下省略］"));
        assert!(cut.encode_utf16().count() < 32_767);
    }
}
