//! What a reading did not understand or took out, in the page's language. Readings keep the Japanese message; the English
//! one is made from its code and what the message quotes.

use sakimori_domain::standards::Problem;

use crate::page::Page;

/// Code, name of the kind in both languages, and the English message. `{}` stands for what the Japanese message quotes.
const KINDS: [(&str, &str, &str, &str); 34] = [
    ("running-head", "柱（ページごとの見出し）", "running heads", "Taken out as a running head: {}"),
    ("page-number", "ページ番号", "page numbers", "Taken out as a page number: {}"),
    ("table-of-contents", "目次の行", "lines of the contents", "Taken out as a line of the contents: {}"),
    ("front-matter", "前付け", "front matter", "The {} lines before the text were taken out as front matter."),
    ("back-matter", "奥付", "back matter", "The {} lines after the text were taken out as back matter."),
    (
        "noise-removed",
        "柱・ページ番号など",
        "running heads and page numbers",
        "{} lines were taken out as running heads or page numbers.",
    ),
    ("removed-by-hand", "手直しで外した行", "taken out by hand", "Taken out by hand: {}"),
    (
        "link-target",
        "重ねて印字されたリンク先",
        "link targets printed twice",
        "A link target printed again at the end of the page was taken out.",
    ),
    ("footnote", "脚注", "footnotes", "A footnote was taken out of the text: {}"),
    ("note-mark", "注の印", "note marks", "A mark glued to the text was taken out."),
    ("overprint", "重ね刷り", "overprinting", "Letters printed twice were read once."),
    ("lost-glyph", "失われた記号", "lost glyphs", "Read as a list item that has lost its glyph {}."),
    (
        "number-out-of-order",
        "順でない番号",
        "numbers out of order",
        "It has the form of a heading, but its number {} does not follow the one before: read as text.",
    ),
    ("repeated-number", "繰り返す番号", "repeated numbers", "The number {} occurs twice; read as another item."),
    ("before-first-heading", "最初の見出しより前", "before the first heading", "Text before the first heading."),
    ("too-long", "長すぎる文書", "document too long", "Lines after the {}th were not read; split the document."),
    ("line-too-long", "長すぎる行", "lines too long", "The rest of a line that is too long was not read."),
    ("too-many", "多すぎる項目", "too many items", "There are too many items; nothing after this line was read."),
    (
        "correction-unused",
        "使わなかった手直し",
        "corrections not used",
        "The document does not have the line of a correction: {}",
    ),
    (
        "correction-without-place",
        "行き先のない手直し",
        "corrections without their place",
        "There is no item {}; the line stays where it stands.",
    ),
    (
        "number-not-in-contents",
        "目次にない番号",
        "numbers not in the contents",
        "The number {} is not in the contents; its text is kept beside them.",
    ),
    ("text-missing", "本文のない項目", "items without text", "The document has no text of {}."),
    ("unplaced", "行き場のない文字", "letters without a place", "Letters that belong to no cell of a table: {}"),
    ("cell-missing", "見つからない欄", "cells not found", "A cell was not found: {}"),
    ("inferred", "補った欄", "cells filled in", "Some cells are not in the text and were filled in: {}"),
    ("evidence-unassigned", "根拠資料", "evidence", "It is not clear which item this evidence belongs to."),
    ("label-unassigned", "項目の記号", "labels of items", "It is not clear which item this label belongs to."),
    ("levels-missing", "実施指針の印", "levels", "A row without its level: {}"),
    (
        "row-out-of-order",
        "順でない行",
        "rows out of order",
        "The letter {} of this row does not follow the one before.",
    ),
    (
        "titles-unassigned",
        "離れた題名",
        "displaced titles",
        "It is not clear which rows the titles printed apart belong to.",
    ),
    ("chapter-missing", "章の題名", "titles of chapters", "The title of a chapter was not found."),
    ("unsound-profile", "文法の誤り", "faults of the grammar", "The description of the tables has a fault: {}"),
    (
        "page-without-text",
        "画像だけのページ",
        "pages without text",
        "Page {} is only a picture; its text cannot be read.",
    ),
    (
        "unreadable-letters",
        "特定できない文字",
        "unreadable letters",
        "Page {} has letters that its font does not tell.",
    ),
];

fn known(code: &str) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    KINDS.iter().find(|(key, ..)| *key == code)
}

/// The name of a kind of problem; an unknown one is named by its code.
pub fn kind_text<'a>(p: &Page, code: &'a str) -> &'a str {
    known(code).map_or(code, |(_, ja, en, _)| if p.english { en } else { ja })
}

/// A problem's message in the page's language.
pub fn problem_text(p: &Page, problem: &Problem) -> String {
    if p.english { english(problem) } else { problem.message.clone() }
}

fn english(problem: &Problem) -> String {
    match known(&problem.code) {
        Some((.., en)) => en.replace("{}", &quoted(&problem.message)),
        None => problem.message.clone(),
    }
}

/// What a Japanese message quotes: what stands behind its colon or in its brackets, the number in it, or the number and
/// title in front.
fn quoted(message: &str) -> String {
    if let Some((_, rest)) = message.split_once(": ") {
        return rest.to_owned();
    }
    if let Some((_, rest)) = message.split_once('「') {
        return rest.split('」').next().unwrap_or_default().to_owned();
    }
    // The number and title, or the id, that the message begins with.
    let named = message.strip_prefix("番号 ").or_else(|| message.strip_prefix("目次の ")).unwrap_or(message);
    if let Some((name, _)) = ["は目次に", "に当たる", " に実施指針", " の題名が", " の本文が"]
        .iter()
        .find_map(|after| named.split_once(after))
    {
        return name.to_owned();
    }
    let digits: String = message.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { message.to_owned() } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn en(code: &str, message: &str) -> String {
        english(&Problem { line: 1, code: code.to_owned(), message: message.to_owned() })
    }

    #[test]
    fn messages_are_told_in_english_with_what_they_quote() {
        assert_eq!(en("running-head", "本文でない行を外しました: 灯台広報"), "Taken out as a running head: 灯台広報");
        assert_eq!(
            en("front-matter", "本文の前の 12 行は前付けとして外しました。"),
            "The 12 lines before the text were taken out as front matter."
        );
        assert!(
            en("repeated-number", "番号「2.1」が二度現れます。別の項目として読みました。")
                .starts_with("The number 2.1 occurs")
        );
        assert!(
            en("number-not-in-contents", "番号 9（灯）は目次にありません。本文は目次の外に保管しました。")
                .starts_with("The number 9（灯） is not")
        );
        assert_eq!(
            en("text-missing", "目次の 3（綱）に当たる本文が文書にありません。"),
            "The document has no text of 3（綱）."
        );
        assert_eq!(en("of-somebodys-grammar", "そのまま"), "そのまま");
    }
}
