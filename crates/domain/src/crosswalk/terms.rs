//! Terms of a text without a dictionary: pairs of letters, runs of one script, and groups of synonyms.

use std::collections::HashMap;

use super::synonyms::Synonyms;
use crate::text::folded_chars;

/// Letters of one text that are read; what follows changes nothing, so that time stays bounded.
const LETTERS_MAX: usize = 6_000;
/// A group of synonyms counts as so many occurrences of a term: it is a match of meaning, not of letters.
const GROUP_COUNTS: u32 = 2;
/// Place without a pair of letters.
const NO_PAIR: u32 = u32::MAX;

/// The script of a folded letter. Words of the field are written in the first three; hiragana joins and ends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Kanji,
    Katakana,
    Latin,
    Hiragana,
}

fn script_of(c: char) -> Option<Script> {
    match c {
        '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '々' => Some(Script::Kanji),
        'ァ'..='ヺ' => Some(Script::Katakana),
        'ぁ'..='ゖ' => Some(Script::Hiragana),
        ' ' => None, // folding leaves no other sign
        _ => Some(Script::Latin),
    }
}

/// Counted terms, sorted by term.
pub(super) type Counts = Vec<(u32, u32)>;

/// Numbers the terms of all texts of one comparison.
#[derive(Debug)]
pub(super) struct Lexicon {
    synonyms: Synonyms,
    pairs: HashMap<(char, char), u32>,
    words: HashMap<Vec<char>, u32>,
    groups: HashMap<usize, u32>,
    next: u32,
}

/// A text as it is compared.
#[derive(Debug, Default, Clone)]
pub(super) struct Terms {
    /// Pairs of letters and groups of synonyms.
    pub pairs: Counts,
    /// Runs of one script, pairs of letters inside longer kanji runs, and groups of synonyms.
    pub words: Counts,
}

impl Terms {
    /// What several texts say together.
    pub(super) fn together<'a>(texts: impl Iterator<Item = &'a Terms>) -> Self {
        let mut all = Self::default();
        for text in texts {
            all.pairs.extend(&text.pairs);
            all.words.extend(&text.words);
        }
        Self { pairs: summed(all.pairs), words: summed(all.words) }
    }
}

/// A text with the places of its terms, to show what is shared.
#[derive(Debug, Default)]
pub(super) struct Placed {
    text: String,
    /// Folded letters with the byte of the text that they come from.
    letters: Vec<(usize, char)>,
    /// For every letter, the term of the pair that begins there, if both are of one script and no hiragana.
    pairs: Vec<u32>,
    /// Words of the synonym table: first letter, letters, term.
    groups: Vec<(usize, usize, u32)>,
}

impl Lexicon {
    pub(super) fn new(synonyms: &Synonyms) -> Self {
        Self {
            synonyms: synonyms.clone(),
            pairs: HashMap::new(),
            words: HashMap::new(),
            groups: HashMap::new(),
            next: 0,
        }
    }

    /// How many terms there are so far.
    pub(super) fn len(&self) -> usize {
        self.next as usize
    }

    /// Reads a text and numbers terms that are new.
    pub(super) fn learn(&mut self, text: &str) -> Terms {
        let letters = letters_of(text);
        let (mut pairs, mut words) = (Vec::new(), Vec::new());
        each_pair(&letters, |pair| pairs.push(number(&mut self.pairs, &mut self.next, pair)));
        each_run(&letters, |run, script| {
            words.push(number(&mut self.words, &mut self.next, run.to_vec()));
            if script == Script::Kanji {
                run.windows(2).for_each(|w| words.push(number(&mut self.pairs, &mut self.next, (w[0], w[1]))));
            }
        });
        for (_, _, group) in self.synonyms.all_in(&letters) {
            let term = number(&mut self.groups, &mut self.next, group);
            (0..GROUP_COUNTS).for_each(|_| {
                pairs.push(term);
                words.push(term);
            });
        }
        Terms { pairs: counted(pairs), words: counted(words) }
    }

    /// Reads a text of which only known terms matter.
    pub(super) fn read(&self, text: &str) -> Terms {
        let letters = letters_of(text);
        let (mut pairs, mut words) = (Vec::new(), Vec::new());
        each_pair(&letters, |pair| pairs.extend(self.pairs.get(&pair)));
        each_run(&letters, |run, script| {
            words.extend(self.words.get(run));
            if script == Script::Kanji {
                run.windows(2).for_each(|w| words.extend(self.pairs.get(&(w[0], w[1]))));
            }
        });
        for (_, _, group) in self.synonyms.all_in(&letters) {
            if let Some(term) = self.groups.get(&group) {
                (0..GROUP_COUNTS).for_each(|_| {
                    pairs.push(*term);
                    words.push(*term);
                });
            }
        }
        Terms { pairs: counted(pairs), words: counted(words) }
    }

    /// A learned text with the places of its terms.
    pub(super) fn place(&self, text: String) -> Placed {
        let mut letters = folded_chars(&text);
        letters.truncate(LETTERS_MAX);
        let plain: Vec<char> = letters.iter().map(|(_, c)| *c).collect();
        let pair_at = |at: usize| {
            let (a, b) = (plain[at], *plain.get(at + 1)?);
            let script = script_of(a).filter(|script| *script != Script::Hiragana)?;
            (script_of(b) == Some(script)).then(|| self.pairs.get(&(a, b)).copied()).flatten()
        };
        let pairs = (0..plain.len()).map(|at| pair_at(at).unwrap_or(NO_PAIR)).collect();
        let groups = self.synonyms.all_in(&plain);
        let groups = groups.into_iter().filter_map(|(at, len, group)| Some((at, len, *self.groups.get(&group)?)));
        let groups = groups.collect();
        Placed { text, letters, pairs, groups }
    }
}

impl Placed {
    /// Terms of this text that stand in another one too, as they are written here, with the sum of their weights, best
    /// first. `shared` tells of every term whether the other text has it; `weight` how much it says.
    pub(super) fn shared(&self, shared: &[bool], weight: impl Fn(u32) -> f64) -> Vec<(f64, &str)> {
        let has = |term: u32| shared.get(term as usize).copied().unwrap_or(false);
        let mut found: Vec<(f64, usize, usize)> = Vec::new();
        let mut at = 0;
        while at < self.pairs.len() {
            let from = at;
            let mut sum = 0.0;
            while at < self.pairs.len() && self.pairs[at] != NO_PAIR && has(self.pairs[at]) {
                sum += weight(self.pairs[at]);
                at += 1;
            }
            if at > from {
                found.push((sum, from, at + 1));
            } else {
                at += 1;
            }
        }
        for (from, len, term) in self.groups.iter().filter(|(_, _, term)| has(*term)) {
            let end = from + len;
            // Where the word itself is shared it stands in the list already; the group makes it weigh more.
            match found.iter_mut().find(|(_, a, b)| a <= from && end <= *b) {
                Some(known) => known.0 += weight(*term),
                None => found.push((2.0 * weight(*term), *from, end)),
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(sum, from, end)| (sum, self.slice(from, end))).collect()
    }

    fn slice(&self, from: usize, end: usize) -> &str {
        let first = self.letters.get(from).map_or(self.text.len(), |(byte, _)| *byte);
        let last = self.letters.get(end).map_or(self.text.len(), |(byte, _)| *byte);
        self.text[first..last.max(first)].trim_end_matches(|c: char| !c.is_alphanumeric() && c != 'ー')
    }
}

fn letters_of(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = folded_chars(text).into_iter().map(|(_, c)| c).collect();
    letters.truncate(LETTERS_MAX);
    letters
}

fn number<K: std::hash::Hash + Eq>(known: &mut HashMap<K, u32>, next: &mut u32, key: K) -> u32 {
    *known.entry(key).or_insert_with(|| {
        *next += 1;
        *next - 1
    })
}

/// Every two neighbouring letters that are not both hiragana, which only joins.
fn each_pair(letters: &[char], mut tell: impl FnMut((char, char))) {
    for pair in letters.windows(2) {
        let scripts = (script_of(pair[0]), script_of(pair[1]));
        let says = !matches!(scripts, (None, _) | (_, None) | (Some(Script::Hiragana), Some(Script::Hiragana)));
        if says {
            tell((pair[0], pair[1]));
        }
    }
}

/// Every run of two letters or more of one script, hiragana left out.
fn each_run(letters: &[char], mut tell: impl FnMut(&[char], Script)) {
    let mut from = 0;
    while from < letters.len() {
        let script = script_of(letters[from]);
        let length = letters[from..].iter().take_while(|c| script_of(**c) == script).count();
        match script {
            Some(script) if script != Script::Hiragana && length >= 2 => tell(&letters[from..from + length], script),
            _ => {}
        }
        from += length;
    }
}

fn counted(terms: Vec<u32>) -> Counts {
    summed(terms.into_iter().map(|term| (term, 1)).collect())
}

fn summed(mut terms: Counts) -> Counts {
    terms.sort_unstable();
    terms.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(groups: &[&[&str]]) -> Synonyms {
        Synonyms::from_groups(groups.iter().map(|group| group.iter().map(|w| (*w).to_owned()).collect()).collect())
    }

    fn shared(source: &str, target: &str, synonyms: &Synonyms) -> Vec<String> {
        let mut lexicon = Lexicon::new(synonyms);
        let terms = lexicon.learn(source);
        lexicon.learn(target);
        let mut has = vec![false; lexicon.len()];
        terms.pairs.iter().for_each(|(term, _)| has[*term as usize] = true);
        let placed = lexicon.place(target.to_owned());
        placed.shared(&has, |_| 1.0).into_iter().map(|(_, term)| term.to_owned()).collect()
    }

    #[test]
    fn what_is_shared_is_told_as_it_is_written() {
        let none = Synonyms::none();
        assert_eq!(shared("ウィルスの検査を行う", "ｳｲﾙｽ対策ソフトと検査", &none), ["ｳｲﾙｽ", "検査"]);
        assert_eq!(shared("船の鍵", "鍵は船に", &none), [""; 0]);
        assert_eq!(shared("情報漏洩の防止", "漏洩した場合", &none), ["漏洩"]);
    }

    #[test]
    fn a_synonym_is_told_in_the_words_of_the_text() {
        let synonyms = table(&[&["主体認証", "識別・確認"]]);
        assert_eq!(shared("利用者の識別・確認", "主体認証の導入", &synonyms), ["主体認証"]);
        assert_eq!(shared("主体認証の導入", "正当な識別・確認。", &synonyms), ["識別・確認"]);
    }

    #[test]
    fn a_text_without_end_is_read_as_far_as_it_matters() {
        let mut lexicon = Lexicon::new(&Synonyms::none());
        let terms = lexicon.learn(&"鍵束".repeat(50_000));
        assert_eq!(terms.pairs.iter().map(|(_, count)| *count as usize).sum::<usize>(), LETTERS_MAX - 1);
    }
}
