//! Words and marks of the crosswalk's pages.

use sakimori_domain::crosswalk::{Cover, Relation};
use sakimori_domain::standards::{Provision, Strength};
use sakimori_domain::text::highlights;
use sakimori_store::edition::ProvisionEntry;

use crate::page::Page;
use crate::standards::English;

/// The relation in words, read from the own item.
pub fn relation(p: &Page, relation: Relation) -> &'static str {
    p.t(relation.ja(), relation.en())
}

/// The cover in words.
pub fn cover(p: &Page, cover: Cover) -> &'static str {
    p.t(cover.ja(), cover.en())
}

/// Modifier of `.badge` for a cover.
pub fn cover_class(cover: Cover) -> &'static str {
    match cover {
        Cover::Covered => "good",
        Cover::Partly => "soon",
        Cover::Not => "late",
        Cover::Unjudged => "plain",
    }
}

/// The title in the page's language.
pub fn title<'a>(p: &'a Page, entry: &'a ProvisionEntry) -> &'a str {
    p.t(&entry.provision.title, &entry.guide.title_en)
}

/// How strongly an item asks, in a few words: levels, binding marks, the sentence's ending.
pub fn force(p: &Page, provision: &Provision) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for mark in &provision.marks {
        words.push(if p.english { mark.en() } else { mark.ja() }.to_owned());
    }
    for (class, level) in &provision.levels {
        words.push(format!("{} {}", class.code(), level.code()));
    }
    if let Some(consideration) = provision.consideration {
        words.push(if p.english { consideration.en() } else { consideration.ja() }.to_owned());
    }
    if words.is_empty() && provision.strength != Strength::None {
        words.push(if p.english { provision.strength.en() } else { provision.strength.ja() }.to_owned());
    }
    words
}

/// A piece of text; shared terms are marked.
pub struct Piece {
    pub text: String,
    pub marked: bool,
}

/// Cuts a text where the terms stand in it.
pub fn marked(text: &str, terms: &[String]) -> Vec<Piece> {
    let mut ranges: Vec<std::ops::Range<usize>> = terms.iter().flat_map(|term| highlights(text, term)).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut push = |text: Option<&str>, marked: bool| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            pieces.push(Piece { text: text.to_owned(), marked });
        }
    };
    for range in ranges {
        let start = range.start.max(at);
        if range.end <= start {
            continue;
        }
        push(text.get(at..start), false);
        push(text.get(start..range.end), true);
        at = range.end;
    }
    push(text.get(at..), false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_terms_are_marked_and_nothing_is_lost() {
        let text = "サーバの監視と監査";
        let pieces = marked(text, &["サーバー".to_owned(), "監査".to_owned()]);
        let marked: Vec<&str> = pieces.iter().filter(|p| p.marked).map(|p| p.text.as_str()).collect();
        assert_eq!(marked, ["サーバ", "監査"]);
        assert_eq!(pieces.iter().map(|p| p.text.as_str()).collect::<String>(), text);
    }

    #[test]
    fn overlapping_terms_are_marked_once() {
        let pieces = marked("情報セキュリティ", &["情報セキュリティ".to_owned(), "セキュリティ".to_owned()]);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].marked);
    }
}
