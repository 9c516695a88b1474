//! Words that mean the same (同義語): a table that people edit, used when items of two standards are matched.

use std::collections::{BTreeMap, HashMap};

use crate::text::fold;

/// Longest word that is looked up, in folded letters; longer ones of a table are left out.
const WORD_MAX: usize = 40;

/// Groups of words that mean the same. Spelling variants (ウィルス・ウイルス, サーバー・サーバ, full and half width) are
/// equal anyway and need no group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synonyms {
    /// Folded word, as letters without blanks, and its group.
    groups: HashMap<Vec<char>, usize>,
    /// Lengths of the words, longest first, by their first letter.
    lengths: HashMap<char, Vec<usize>>,
}

impl Synonyms {
    /// No words at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Groups of words. A word that stands in several groups joins them; words without a letter are left out.
    pub fn from_groups(groups: Vec<Vec<String>>) -> Self {
        let mut joined: Vec<usize> = Vec::with_capacity(groups.len());
        let mut of_word: BTreeMap<Vec<char>, usize> = BTreeMap::new();
        for words in groups {
            let group = joined.len();
            joined.push(group);
            for word in words {
                let letters: Vec<char> = fold(&word).chars().filter(|c| *c != ' ').collect();
                if letters.is_empty() || letters.len() > WORD_MAX {
                    continue;
                }
                let other = *of_word.entry(letters).or_insert(group);
                let (from, to) = (root(&joined, group), root(&joined, other));
                joined[from.max(to)] = from.min(to);
            }
        }
        let mut all = Self::default();
        for (letters, group) in of_word {
            let lengths = all.lengths.entry(letters[0]).or_default();
            if !lengths.contains(&letters.len()) {
                lengths.push(letters.len());
            }
            all.groups.insert(letters, root(&joined, group));
        }
        for lengths in all.lengths.values_mut() {
            lengths.sort_unstable_by(|a, b| b.cmp(a));
        }
        all
    }

    /// Whether there is no word at all.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Every word of the table that stands in the folded letters, the longest one at each place, without overlap: first
    /// letter, letters and group. A dot inside a word does not part it.
    pub(super) fn all_in(&self, letters: &[char]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < letters.len() {
            let here = self.at(&letters[at..]);
            if let Some((length, group)) = here {
                found.push((at, length, group));
            }
            at += here.map_or(1, |(length, _)| length);
        }
        found
    }

    /// The longest word that the letters begin with: its length there and its group.
    fn at(&self, letters: &[char]) -> Option<(usize, usize)> {
        let lengths = self.lengths.get(letters.first()?)?;
        let mut word: Vec<char> = Vec::with_capacity(lengths[0]);
        let mut ends: Vec<usize> = Vec::with_capacity(lengths[0]);
        let mut gap = false;
        for (at, c) in letters.iter().enumerate() {
            match (c, gap) {
                (' ', true) => break,
                (' ', false) => gap = true,
                (c, _) => {
                    word.push(*c);
                    ends.push(at + 1);
                    gap = false;
                }
            }
            if word.len() == lengths[0] {
                break;
            }
        }
        lengths.iter().find_map(|length| {
            let group = self.groups.get(word.get(..*length)?)?;
            Some((ends[length - 1], *group))
        })
    }
}

fn root(joined: &[usize], mut group: usize) -> usize {
    while joined[group] != group {
        group = joined[group];
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(groups: &[&[&str]]) -> Synonyms {
        Synonyms::from_groups(groups.iter().map(|group| group.iter().map(|w| (*w).to_owned()).collect()).collect())
    }

    fn group(synonyms: &Synonyms, text: &str) -> Option<usize> {
        let letters: Vec<char> = fold(text).chars().collect();
        synonyms.all_in(&letters).first().map(|(_, _, group)| *group)
    }

    #[test]
    fn words_of_one_group_are_one_and_the_longest_word_counts() {
        let synonyms = table(&[&["認証", "確認"], &["主体認証", "識別・確認", "ユーザー認証"]]);
        assert_eq!(group(&synonyms, "主体認証"), group(&synonyms, "識別確認"));
        assert_eq!(group(&synonyms, "ﾕｰｻﾞ認証"), group(&synonyms, "主体認証の導入"));
        assert_ne!(group(&synonyms, "主体認証"), group(&synonyms, "認証"));
        assert_eq!(group(&synonyms, "教育"), None);
    }

    #[test]
    fn a_word_in_two_groups_joins_them_whatever_the_order() {
        for groups in [
            [["甲甲", "乙乙"], ["丙丙", "丁丁"], ["乙乙", "丙丙"]],
            [["乙乙", "丙丙"], ["甲甲", "乙乙"], ["丁丁", "丙丙"]],
        ] {
            let groups: Vec<&[&str]> = groups.iter().map(|group| group.as_slice()).collect();
            let synonyms = table(&groups);
            let first = group(&synonyms, "甲甲");
            assert!(first.is_some());
            assert!(["乙乙", "丙丙", "丁丁"].iter().all(|word| group(&synonyms, word) == first));
        }
    }

    #[test]
    fn words_without_letters_and_endless_ones_are_left_out() {
        assert!(table(&[&["", "・", "—"], &[&"長".repeat(41)]]).is_empty());
        assert!(Synonyms::none().is_empty());
    }
}
