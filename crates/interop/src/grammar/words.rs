//! Letters and widths: what the engine knows about Japanese typesetting, and nothing about any document.

/// Columns of a line: full-width letters count two, the rest one.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Letters set on the full-width grid.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2014}'..='\u{2016}' | '\u{2025}' | '\u{2026}' | '\u{203b}' | '\u{2160}'..='\u{217f}'
        | '\u{2190}'..='\u{2193}' | '\u{2460}'..='\u{24ff}' | '\u{2500}'..='\u{27bf}' | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
}

/// Letters of Japanese running text, between which a blank is an accident of typesetting.
fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}')
}

/// Letters that may not begin a line, so that a line beginning with one continues the line before.
pub(crate) fn cannot_begin(c: char) -> bool {
    "、。，．」』）】〕〉》・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ：；？！)]".contains(c)
}

/// Tidies a run of printed text: blanks between Japanese letters go (spaced-out letters, justified lines), others collapse.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for c in text.trim().chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank {
            let before = out.chars().next_back();
            if !before.is_some_and(|b| is_japanese(b) && is_japanese(c)) {
                out.push(' ');
            }
            blank = false;
        }
        out.push(c);
    }
    out
}

/// Joins a wrapped line to the text before it: a blank only between two Latin words.
pub(crate) fn join(text: &mut String, next: &str) {
    let latin = |c: char| c.is_ascii_graphic();
    let before = text.chars().next_back();
    let after = next.chars().next();
    if let (Some(b), Some(a)) = (before, after)
        && latin(b)
        && latin(a)
        && !matches!(b, '/' | '-' | '(' | '[' | '_')
        && !matches!(a, ')' | ']' | ',' | '.')
    {
        text.push(' ');
    }
    text.push_str(next);
}

const OPENING: &str = "（「『【〔〈《([";
const CLOSING: &str = "）」』】〕〉》)]";

/// Letters since the outermost bracket that is still open at the end; `None` when all are closed. The two widths of
/// round brackets close one another, as documents mix them.
pub(crate) fn open_bracket(text: &str) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut count = 0;
    for (index, c) in text.chars().enumerate() {
        count = index + 1;
        if OPENING.contains(c) {
            open.push(index);
        } else if CLOSING.contains(c) && is_list_paren(text, index) {
            continue;
        } else if CLOSING.contains(c) {
            open.pop();
        }
    }
    open.first().map(|at| count - at)
}

/// `a)` and `1)` at the very start close nothing.
fn is_list_paren(text: &str, index: usize) -> bool {
    index <= 2 && text.chars().take(index).all(|c| c.is_ascii_alphanumeric())
}

/// Drops closing brackets at the end that were never opened (the other half of a label broken over lines).
pub(crate) fn trim_unopened(text: &str) -> &str {
    let mut text = text;
    while let Some(last) = text.chars().next_back() {
        let Some(kind) = CLOSING.chars().position(|c| c == last) else { break };
        if !matches!(last, '〕' | '】' | '》' | '〉') {
            break;
        }
        let opener = OPENING.chars().nth(kind).unwrap_or('\0');
        if text.matches(last).count() <= text.matches(opener).count() {
            break;
        }
        text = text[..text.len() - last.len_utf8()].trim_end();
    }
    text
}

/// Whether a line ends a sentence. A full stop inside brackets (`（…を含む。）`) does not.
pub(crate) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['」', '』', ' ']).ends_with(['。', '．', '：', '！', '？'])
}

/// Whether a line cannot be the beginning of a sentence: it begins with hiragana that is not a common opening word.
pub(crate) fn begins_inside(text: &str) -> bool {
    const OPENERS: [&str; 20] = [
        "なお",
        "また",
        "さら",
        "この",
        "その",
        "これ",
        "それ",
        "ただし",
        "よって",
        "したが",
        "ここ",
        "そこ",
        "あら",
        "いず",
        "すべて",
        "もし",
        "どの",
        "いわ",
        "かつ",
        "さま",
    ];
    text.starts_with(|c: char| ('ぁ'..='ん').contains(&c)) && !OPENERS.iter().any(|opener| text.starts_with(opener))
}

/// Whether the line break falls inside a word of katakana.
pub(crate) fn splits_katakana(before: &str, after: &str) -> bool {
    let katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー');
    before.ends_with(katakana) && after.starts_with(katakana)
}

/// A line that is nothing but a web address.
pub(crate) fn is_link(text: &str) -> bool {
    (text.starts_with("http://") || text.starts_with("https://")) && !text.contains(char::is_whitespace)
}

/// Columns of the piece that the typesetter could not have put on the line before: one letter, or one Latin word.
pub(crate) fn first_piece(text: &str) -> usize {
    let mut columns = 0;
    let mut latin = false;
    for (index, c) in text.chars().enumerate() {
        if index == 0 {
            latin = c.is_ascii_graphic();
            columns = if is_wide(c) { 2 } else { 1 };
        } else if (latin && c.is_ascii_graphic()) || cannot_begin(c) {
            columns += if is_wide(c) { 2 } else { 1 };
        } else {
            break;
        }
    }
    columns.min(40)
}

/// A title printed twice: every letter doubled by overprinting (`第第１１章章`), or the whole repeated. `None` when it is not.
pub(crate) fn undouble(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if letters.len() < 6 || !letters.len().is_multiple_of(2) || !letters.iter().any(|c| is_japanese(*c)) {
        return None;
    }
    if letters.chunks(2).all(|pair| pair[0] == pair[1]) {
        let varied = letters.chunks(2).any(|pair| pair[0] != letters[0]);
        return varied.then(|| letters.iter().step_by(2).collect());
    }
    let half = letters.len() / 2;
    if half >= 4 && letters[..half] == letters[half..] {
        let mut seen = 0;
        let cut = text.char_indices().find(|(_, c)| {
            if !c.is_whitespace() {
                seen += 1;
            }
            seen > half
        });
        return cut.map(|(at, _)| text[..at].trim().to_owned());
    }
    None
}

const KANA: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン";
const KANJI: &str = "一二三四五六七八九";

/// The place of a printed number among its siblings: `3`, `３`, `ウ`, `c`, `三`, `III`, `③`; the last part of `1.2.3`.
pub(crate) fn ordinal(number: &str) -> Option<u32> {
    let folded = sakimori_domain::text::number_id(number);
    let last = folded.rsplit('.').find(|part| !part.is_empty())?;
    let digits: String = last.chars().filter(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.parse().ok();
    }
    let core = last.trim_matches(['(', ')']);
    if let Some(place) = roman(core) {
        return Some(place);
    }
    let mut letters = core.chars();
    let (Some(first), rest) = (letters.next(), letters.as_str()) else { return None };
    if let Some(value) = kanji_number(core) {
        return Some(value);
    }
    if !rest.is_empty() {
        return None;
    }
    let place = KANA
        .chars()
        .position(|c| c == first)
        .or_else(|| first.is_ascii_alphabetic().then(|| (first.to_ascii_lowercase() as usize) - ('a' as usize)))?;
    u32::try_from(place + 1).ok()
}

fn kanji_number(text: &str) -> Option<u32> {
    let digit = |c: char| KANJI.chars().position(|k| k == c).and_then(|p| u32::try_from(p + 1).ok());
    let letters: Vec<char> = text.chars().collect();
    match letters.as_slice() {
        [one] if *one != '十' => digit(*one),
        ['十'] => Some(10),
        ['十', unit] => digit(*unit).map(|u| 10 + u),
        [ten, '十'] => digit(*ten).map(|t| t * 10),
        [ten, '十', unit] => digit(*ten).zip(digit(*unit)).map(|(t, u)| t * 10 + u),
        _ => None,
    }
}

fn roman(text: &str) -> Option<u32> {
    // `I` alone is the roman one; `C`, `D`, `L` and `M` alone are letters of a list.
    const ROMAN: [&str; 15] =
        ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV"];
    ROMAN.iter().position(|r| *r == text).and_then(|p| u32::try_from(p + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_between_japanese_letters_go_and_latin_words_keep_theirs() {
        assert_eq!(
            tidy(" 港 の 見 張 り と  VPN  router の  設定 "),
            "港の見張りと VPN router の 設定".replace("の 設", "の設")
        );
    }

    #[test]
    fn wrapped_lines_join_without_a_blank_except_between_latin_words() {
        let mut text = "古い Advanced".to_owned();
        join(&mut text, "Persistent な脅");
        join(&mut text, "威");
        assert_eq!(text, "古い Advanced Persistent な脅威");
    }

    #[test]
    fn overprinted_and_repeated_titles_are_printed_once() {
        assert_eq!(undouble("見見張張りりのの章章").as_deref(), Some("見張りの章"));
        assert_eq!(undouble("見張りの章 見張りの章").as_deref(), Some("見張りの章"));
        assert_eq!(undouble("見張りの章"), None);
        assert_eq!(undouble("ーーーーーー"), None);
    }

    #[test]
    fn printed_numbers_have_their_place() {
        let places = ["3", "３", "ウ", "c", "三", "Ⅲ", "③", "1.2.3"].map(ordinal);
        assert!(places.iter().all(|p| *p == Some(3)), "{places:?}");
        assert_eq!(ordinal("二十一"), Some(21));
    }

    #[test]
    fn brackets_of_both_widths_close_one_another() {
        assert_eq!(open_bracket("点検（毎月)の記録"), None);
        assert!(open_bracket("点検（毎月、").is_some());
        assert_eq!(open_bracket("a) 点検"), None);
        assert_eq!(trim_unopened("更新の手順（例）〕"), "更新の手順（例）");
    }
}
