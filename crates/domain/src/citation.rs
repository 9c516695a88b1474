//! Citations (参照) in the documents' own style, resolved to Provisions: `TEL.18.1.7`, `16.1参照`, `別表第２ ５（５）`,
//! `（１）ウ（イ）`, `【構築・運用者編 2.1.1】`.

use crate::text::number_id;

/// Letters from which on a citation is a full number and not the end of one.
const FULL_FROM: usize = 4;

/// One Edition as a place where a citation may lead.
#[derive(Debug, Clone)]
pub struct Shelf<'a> {
    /// Key of the Edition.
    pub edition: &'a str,
    pub standard: &'a str,
    /// What documents call it: title, short name, code.
    names: Vec<String>,
    /// Numbers as kept, and without the strokes that join printed marks.
    numbers: Vec<(&'a str, String)>,
}

impl<'a> Shelf<'a> {
    /// An Edition with its names and numbers.
    pub fn new(
        edition: &'a str,
        standard: &'a str,
        names: &[&str],
        numbers: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let names = names.iter().map(|name| number_id(name)).filter(|name| name.chars().count() >= 4).collect();
        Self {
            edition,
            standard,
            names,
            numbers: numbers.into_iter().map(|number| (number, compact(number))).collect(),
        }
    }

    fn exact(&self, cited: &str) -> Option<&'a str> {
        self.numbers.iter().find(|(_, compact)| compact == cited).map(|(number, _)| *number)
    }

    /// The longest number that the citation begins with (it goes on to a list item), or the first below what is cited.
    fn near(&self, cited: &str) -> Option<&'a str> {
        let above = self
            .numbers
            .iter()
            .filter(|(_, compact)| begins(cited, compact))
            .max_by_key(|(_, compact)| compact.len())
            .map(|(number, _)| *number);
        above.or_else(|| self.numbers.iter().find(|(_, compact)| begins(compact, cited)).map(|(number, _)| *number))
    }

    fn find(&self, cited: &str) -> Option<&'a str> {
        self.exact(cited).or_else(|| self.near(cited))
    }
}

fn compact(number: &str) -> String {
    number.chars().filter(|c| *c != '/').collect()
}

/// Whether `long` is `start` and something after it that is not the rest of its last number or word.
fn begins(long: &str, start: &str) -> bool {
    let Some(rest) = long.strip_prefix(start).filter(|_| !start.is_empty()) else { return false };
    let (Some(last), Some(next)) = (start.chars().last(), rest.chars().next()) else { return false };
    let is_dotted_on = next == '.' && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let is_same_run =
        last.is_ascii_digit() && next.is_ascii_digit() || last.is_ascii_alphabetic() && next.is_ascii_alphabetic();
    // A single digit says too little: 「1」 would be found in front of everything.
    let says_enough = start.chars().count() > 1 || !last.is_ascii_digit();
    says_enough && !is_dotted_on && !is_same_run
}

/// Where a citation leads that stands in Provision `number` of Edition `edition`: Edition and number, or `None` when no
/// loaded document has it.
pub fn resolve<'a>(
    citation: &str,
    edition: &str,
    number: &str,
    shelves: &'a [Shelf<'a>],
) -> Option<(&'a str, &'a str)> {
    let cited = clean(citation);
    if cited.is_empty() {
        return None;
    }
    let own = shelves.iter().find(|shelf| shelf.edition == edition);
    let in_shelf = |shelf: &Shelf<'a>, found: Option<&'a str>| found.map(|number| (shelf.edition, number));
    let standard = own.map_or("", |own| own.standard);
    let mut others: Vec<&Shelf<'a>> = shelves.iter().filter(|shelf| shelf.edition != edition).collect();
    others.sort_by_key(|shelf| shelf.standard != standard);
    // Plain numbers such as 5.1 stand in every document: outside their own they mean nothing.
    let is_plain = cited.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    let in_others = |find: fn(&Shelf<'a>, &str) -> Option<&'a str>| {
        if is_plain { None } else { others.iter().find_map(|shelf| in_shelf(shelf, find(shelf, &cited))) }
    };
    if let Some(found) = own.and_then(|own| in_shelf(own, own.exact(&cited))) {
        return Some(found);
    }
    // A full number of another document is that document's; a short one is read from the citing place first.
    let is_full = cited.chars().count() >= FULL_FROM;
    if let Some(found) = is_full.then(|| in_others(Shelf::exact)).flatten() {
        return Some(found);
    }
    if let Some(found) = own.and_then(|own| in_shelf(own, relative(own, number, &cited))) {
        return Some(found);
    }
    if let Some((shelf, rest)) = named(&cited, own, shelves) {
        return in_shelf(shelf, shelf.find(&rest));
    }
    if cited.contains('編') {
        return None; // another volume, which nobody has loaded
    }
    let near = own.and_then(|own| in_shelf(own, own.near(&cited)));
    near.or_else(|| in_others(Shelf::exact)).or_else(|| in_others(Shelf::near))
}

/// The citation without brackets, blanks and the words around it.
fn clean(citation: &str) -> String {
    const AROUND: [&str; 10] =
        ["を参照", "参照", "に示す", "による", "に規定", "の規定", "の項", "本ガイドライン", "本編", "及び"];
    let mut cited = number_id(citation);
    loop {
        let before = cited.len();
        for word in AROUND {
            if let Some(rest) = cited.strip_suffix(word).or_else(|| cited.strip_prefix(word)) {
                cited = rest.to_owned();
            }
        }
        let trimmed = cited
            .trim_matches(|c| matches!(c, '【' | '】' | '「' | '」' | '〔' | '〕' | '。' | '、' | ',' | '"' | '・'));
        cited = trimmed.trim_end_matches('.').to_owned();
        if cited.strip_suffix(['章', '節', '項']).is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit())) {
            cited.pop();
        }
        if cited.len() == before {
            break;
        }
    }
    cited.chars().filter(|c| *c != '/').collect()
}

/// A citation that leaves out what the citing place has: `ウ（イ）` in `(1)/ア/(ア)` is `(1)/ウ/(イ)`.
fn relative<'a>(own: &Shelf<'a>, number: &str, cited: &str) -> Option<&'a str> {
    number.match_indices('/').rev().find_map(|(at, _)| own.exact(&format!("{}{cited}", compact(&number[..at]))))
}

/// A citation that begins with a document's or a volume's name: the document and the rest.
fn named<'s, 'a>(cited: &str, own: Option<&'s Shelf<'a>>, shelves: &'s [Shelf<'a>]) -> Option<(&'s Shelf<'a>, String)> {
    let by_name = shelves.iter().find_map(|shelf| {
        let rest = shelf.names.iter().find_map(|name| cited.strip_prefix(name.as_str()))?;
        (!rest.is_empty()).then(|| (shelf, rest.to_owned()))
    });
    if by_name.is_some() {
        return by_name;
    }
    let (volume, rest) = cited.split_once('編')?;
    let is_volume = |shelf: &&Shelf<'_>| shelf.names.iter().any(|name| name.contains(&format!("{volume}編")));
    let shelf = own.filter(is_volume).or_else(|| shelves.iter().find(is_volume))?;
    (!rest.is_empty() && !volume.is_empty()).then(|| (shelf, rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelves() -> Vec<Shelf<'static>> {
        vec![
            Shelf::new("isms", "isms", &["JT-X1051"], ["5.1", "16.1", "16.1.2", "TEL.18.1.7", "B.1.1"]),
            Shelf::new(
                "telecom",
                "telecom",
                &["安全・信頼性基準"],
                ["別表第2/5/(5)", "別表第2/5/(5)/ア", "別表第2/5", "別表第2", "別表第4/3/(2)/エ/(ア)"],
            ),
            Shelf::new(
                "nisc",
                "nisc",
                &["重要インフラ指針"],
                ["(1)/ア", "(1)/ア/(ア)", "(1)/ウ", "(1)/ウ/(イ)", "(1)/ウ/(イ)/○穴", "(2)/エ/(ア)"],
            ),
            Shelf::new(
                "port",
                "port",
                &["港湾ガイドライン システム構築・運用者編"],
                ["2.1", "2.1.1", "別紙1", "別紙1/1.2.1"],
            ),
        ]
    }

    fn found(citation: &str, edition: &str, number: &str) -> Option<String> {
        resolve(citation, edition, number, &shelves()).map(|(edition, number)| format!("{edition} {number}"))
    }

    #[test]
    fn citations_of_the_own_document() {
        assert_eq!(found("16.1参照", "isms", "5.1").as_deref(), Some("isms 16.1"));
        assert_eq!(found("ＴＥＬ.18.1.7", "isms", "5.1").as_deref(), Some("isms TEL.18.1.7"));
        assert_eq!(found("16.1.2 a)", "isms", "5.1").as_deref(), Some("isms 16.1.2"));
        assert_eq!(found("別表第２ ５（５）", "telecom", "別表第2/5").as_deref(), Some("telecom 別表第2/5/(5)"));
        assert_eq!(found("別紙１", "port", "2.1").as_deref(), Some("port 別紙1"));
    }

    #[test]
    fn citations_that_leave_out_what_is_clear_from_the_place() {
        assert_eq!(found("（１）ウ（イ）", "nisc", "(2)/エ/(ア)").as_deref(), Some("nisc (1)/ウ/(イ)"));
        assert_eq!(found("ウ（イ）", "nisc", "(1)/ア/(ア)").as_deref(), Some("nisc (1)/ウ/(イ)"));
    }

    #[test]
    fn citations_of_another_document() {
        assert_eq!(found("（１）ウ（イ）", "telecom", "別表第2/5").as_deref(), Some("nisc (1)/ウ/(イ)"));
        assert_eq!(found("（２）エ（ア）", "telecom", "別表第4/3/(3)/イ").as_deref(), Some("nisc (2)/エ/(ア)"));
        assert_eq!(found("TEL.18.1.7", "port", "2.1").as_deref(), Some("isms TEL.18.1.7"));
        assert_eq!(found("JT-X1051 16.1.2", "port", "2.1").as_deref(), Some("isms 16.1.2"));
        assert_eq!(found("構築・運用者編2.1.1", "isms", "5.1").as_deref(), Some("port 2.1.1"));
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(found("16.1", "port", "2.1"), None);
        assert_eq!(found("16.10", "isms", "5.1"), None);
        assert_eq!(found("経営層編2.1.1", "port", "2.1"), None);
        assert_eq!(found("", "port", "2.1"), None);
    }
}
