//! Text of ours as OSCAL's markup and back.
//!
//! OSCAL texts are Markdown: letters that would be read as markup are escaped, a line of ours is a paragraph there.

/// Letters that Markdown gives a meaning.
const MARKUP: [char; 11] = ['\\', '`', '*', '_', '[', ']', '<', '>', '~', '^', '{'];

/// A text of several paragraphs.
pub(super) fn multiline(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n\n")
}

/// A text of one line; `None` when there is nothing to write.
pub(super) fn line(text: &str) -> Option<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| escaped(text))
}

/// A plain value: no blanks at its ends, no line breaks; `None` when nothing is left.
pub(super) fn value(text: &str) -> Option<String> {
    let text: String =
        text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        // A list, a heading or a rule begins a line.
        let begins = at == 0 && matches!(c, '#' | '-' | '+' | '=' | '|');
        if begins || MARKUP.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The paragraphs of an OSCAL text as our lines, without the escapes.
pub(super) fn plain(prose: &str) -> String {
    prose.split("\n\n").map(unescaped).collect::<Vec<_>>().join("\n")
}

pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => {
                out.extend(chars.next());
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{line, multiline, plain, unescaped, value};

    #[test]
    fn what_is_written_is_read_back() {
        for text in
            ["一行", "二行\n目", "空行\n\nの後", "*強調* _x_ [y](z) {{ a }} \\ <b>", "- 箇条\n# 見出し", "", "末尾\n"]
        {
            assert_eq!(plain(&multiline(text)), text);
        }
        assert_eq!(line("a\nb ").as_deref(), Some("a b"));
        assert_eq!(unescaped(&line("[1] *").unwrap_or_default()), "[1] *");
        assert_eq!((value(" \n"), value(" a\tb ").as_deref()), (None, Some("a b")));
    }
}
