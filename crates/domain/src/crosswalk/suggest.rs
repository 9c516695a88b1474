//! Suggestions (候補): for every item of one standard the items of another that probably ask the same.
//!
//! Nothing is looked up outside: the same texts give the same candidates in the same order on every machine.

use std::collections::{HashMap, HashSet};

pub use super::synonyms::Synonyms;
use crate::standards::{Item, Provision, ProvisionKind};
use crate::text::fold;

/// Most shared terms that are shown for one candidate.
const BECAUSE_MAX: usize = 8;
/// Letters of a bullet that are shown.
const SHOWN: usize = 40;

/// A Provision of the target that may correspond.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Number of the target Provision.
    pub id: String,
    /// 0 … 1, comparable among the candidates of one Suggester.
    pub score: f64,
    /// Terms that both sides share, as written in the target (or, where only a synonym stands there, in the source), best
    /// first.
    pub because: Vec<String>,
    /// The target's bullet that fits best: its label and the first letters.
    pub item: Option<String>,
}

/// What people have said of a pair before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged<'a> {
    pub source: &'a str,
    pub target: &'a str,
    pub confirmed: bool,
}

/// Candidates between two lists of Provisions.
#[derive(Debug)]
pub struct Suggester {
    sources: Vec<Text>,
    targets: Vec<Text>,
    source_place: HashMap<String, usize>,
    synonyms: Synonyms,
    index: Index,
    /// Pairs of places that a person has rejected.
    rejected: HashSet<(usize, usize)>,
}

/// What of a Provision is compared.
#[derive(Debug)]
struct Text {
    number: String,
    /// Titles of the path, title, text and items.
    words: String,
    /// Label and text of every list item.
    bullets: Vec<(String, String)>,
    /// Whether it can stand for something that is asked; headings of chapters and definitions cannot.
    asks: bool,
}

impl Suggester {
    /// Prepares both sides. `judged` are the organisation's own judgements between these two lists; numbers that stand
    /// in neither list are ignored.
    pub fn new(source: &[Provision], target: &[Provision], synonyms: &Synonyms, judged: &[Judged<'_>]) -> Self {
        let (sources, targets) = (texts(source), texts(target));
        let index = Index::of(&targets, synonyms);
        let place = |texts: &[Text]| -> HashMap<String, usize> {
            texts.iter().enumerate().map(|(at, text)| (text.number.clone(), at)).collect()
        };
        let (source_place, target_place) = (place(&sources), place(&targets));
        let rejected = judged
            .iter()
            .filter(|pair| !pair.confirmed)
            .filter_map(|pair| Some((*source_place.get(pair.source)?, *target_place.get(pair.target)?)))
            .collect();
        Self { sources, targets, source_place, synonyms: synonyms.clone(), index, rejected }
    }

    /// At most `top` candidates of a source Provision, best first; none for a number that is not in the source.
    pub fn candidates(&self, source_number: &str, top: usize) -> Vec<Candidate> {
        let Some(at) = self.source_place.get(source_number) else { return Vec::new() };
        let mut found = self.ranked(&self.sources[*at].words, top + self.rejected.len());
        found.retain(|(target, _)| !self.rejected.contains(&(*at, *target)));
        found.truncate(top);
        found.into_iter().map(|(target, score)| self.candidate(&self.sources[*at].words, target, score)).collect()
    }

    /// The candidates of every source Provision that asks something, in the order of the source.
    pub fn all(&self, top: usize) -> Vec<(String, Vec<Candidate>)> {
        let asking = self.sources.iter().filter(|text| text.asks);
        asking.map(|text| (text.number.clone(), self.candidates(&text.number, top))).collect()
    }

    /// Target Provisions that a text, such as the problem of an incident, falls under, best first.
    pub fn candidates_for_text(&self, text: &str, top: usize) -> Vec<Candidate> {
        let found = self.ranked(text, top);
        found.into_iter().map(|(target, score)| self.candidate(text, target, score)).collect()
    }

    fn ranked(&self, words: &str, top: usize) -> Vec<(usize, f64)> {
        let mut scores = self.index.scores(&counted(words, &self.synonyms));
        scores.truncate(top);
        scores
    }

    fn candidate(&self, words: &str, target: usize, score: f64) -> Candidate {
        let text = &self.targets[target];
        let wanted: HashSet<String> = runs(words).into_iter().map(|run| fold(&run)).collect();
        let mut shared: Vec<(f64, String)> = Vec::new();
        for run in runs(&text.words) {
            let folded = fold(&run);
            if wanted.contains(&folded) && !shared.iter().any(|(_, known)| fold(known) == folded) {
                let weight = counted(&run, &Synonyms::none()).keys().map(|gram| self.index.idf(gram)).sum();
                shared.push((weight, run));
            }
        }
        shared.sort_by(|a, b| b.0.total_cmp(&a.0));
        let because = shared.into_iter().take(BECAUSE_MAX).map(|(_, run)| run).collect();
        Candidate { id: text.number.clone(), score, because, item: self.best_bullet(words, text) }
    }

    fn best_bullet(&self, words: &str, text: &Text) -> Option<String> {
        let wanted = counted(words, &self.synonyms);
        let mut best: Option<(f64, &(String, String))> = None;
        for bullet in &text.bullets {
            let grams = counted(&bullet.1, &self.synonyms);
            let shared: f64 = grams.keys().filter(|gram| wanted.contains_key(*gram)).map(|g| self.index.idf(g)).sum();
            let score = shared / (grams.len() as f64).sqrt().max(1.0);
            if score > best.map_or(0.0, |(before, _)| before) {
                best = Some((score, bullet));
            }
        }
        best.map(|(_, (label, text))| format!("{label}{}", text.chars().take(SHOWN).collect::<String>()))
    }
}

/// Counted terms of a text: the bigrams of its letters and, once each, its groups of synonyms.
fn counted(words: &str, synonyms: &Synonyms) -> HashMap<String, f64> {
    let mut counts: HashMap<String, f64> = HashMap::new();
    for run in fold(words).split_whitespace() {
        let letters: Vec<char> = run.chars().collect();
        for pair in letters.windows(2) {
            *counts.entry(pair.iter().collect()).or_default() += 1.0;
        }
        let mut at = 0;
        while at < letters.len() {
            let found = synonyms.at(&letters[at..]);
            if let Some((_, group)) = found {
                *counts.entry(format!("#{group}")).or_default() += 1.0;
            }
            at += found.map_or(1, |(length, _)| length);
        }
    }
    counts
}

/// The bigrams of the targets.
#[derive(Debug)]
struct Index {
    /// For every term the targets in which it stands, with its share of the target's length.
    places: HashMap<String, Vec<(usize, f64)>>,
    targets: usize,
}

impl Index {
    fn of(targets: &[Text], synonyms: &Synonyms) -> Self {
        let counts: Vec<HashMap<String, f64>> = targets
            .iter()
            .map(|text| if text.asks { counted(&text.words, synonyms) } else { HashMap::new() })
            .collect();
        let mut index = Self { places: HashMap::new(), targets: targets.len() };
        for (at, terms) in counts.iter().enumerate() {
            for term in terms.keys() {
                index.places.entry(term.clone()).or_default().push((at, 0.0));
            }
        }
        let lengths: Vec<f64> = counts.iter().map(|terms| length(terms, |term| index.idf(term))).collect();
        let weights: HashMap<String, f64> = index.places.keys().map(|term| (term.clone(), index.idf(term))).collect();
        for (term, places) in &mut index.places {
            for (at, share) in places {
                *share = (1.0 + counts[*at][term].ln()) * weights[term] / lengths[*at];
            }
        }
        index
    }

    /// How rare a term is among the targets; 0 for one that stands in none.
    fn idf(&self, term: &str) -> f64 {
        let places = self.places.get(term).map_or(0, Vec::len) as f64;
        if places == 0.0 { 0.0 } else { (1.0 + self.targets as f64 / places).ln() }
    }

    /// Cosine of the terms with every target that shares one, best first, equal ones in the order of the target.
    fn scores(&self, wanted: &HashMap<String, f64>) -> Vec<(usize, f64)> {
        let own = length(wanted, |term| self.idf(term));
        let mut terms: Vec<(&String, &f64)> = wanted.iter().collect();
        terms.sort_unstable_by(|a, b| a.0.cmp(b.0)); // sums of floats depend on their order
        let mut scores = vec![0.0; self.targets];
        for (term, count) in terms {
            let weight = (1.0 + count.ln()) * self.idf(term) / own;
            for (at, share) in self.places.get(term).into_iter().flatten() {
                scores[*at] += weight * share;
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

fn length(terms: &HashMap<String, f64>, idf: impl Fn(&str) -> f64) -> f64 {
    let mut squares: Vec<f64> = terms.iter().map(|(term, count)| ((1.0 + count.ln()) * idf(term)).powi(2)).collect();
    squares.sort_unstable_by(f64::total_cmp); // sums of floats depend on their order
    squares.iter().sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
}

fn texts(provisions: &[Provision]) -> Vec<Text> {
    let place: HashMap<&str, usize> = provisions.iter().enumerate().map(|(at, p)| (p.id.as_str(), at)).collect();
    provisions
        .iter()
        .map(|provision| {
            let mut bullets = Vec::new();
            gather(&provision.items, &mut bullets);
            let mut words = format!("{}\n{}\n", provision.title, provision.text);
            bullets.iter().for_each(|(_, text)| {
                words.push_str(text);
                words.push('\n');
            });
            let parent = provision.parent.as_deref().and_then(|parent| place.get(parent));
            parent.iter().for_each(|at| words.push_str(&provisions[**at].title));
            Text { number: provision.id.clone(), asks: asks(provision), words, bullets }
        })
        .collect()
}

fn gather(items: &[Item], bullets: &mut Vec<(String, String)>) {
    for item in items {
        bullets.push((item.label.clone(), item.text.clone()));
        gather(&item.items, bullets);
    }
}

/// A Provision that asks something, or stands over some that do and says so.
fn asks(provision: &Provision) -> bool {
    use ProvisionKind as K;
    let says = !provision.text.is_empty() || !provision.items.is_empty();
    match provision.kind {
        K::Control => true,
        K::Group | K::Objective | K::Theme => says || !provision.title.is_empty(),
        K::Clause | K::Annex | K::Definition | K::Abbreviation | K::Case | K::Note => false,
    }
}

/// Words as the writing itself shows them: runs of one script (kanji, katakana, letters and digits) of two signs or more.
fn runs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut run = String::new();
    let mut script = None;
    for c in text.chars().chain(std::iter::once(' ')) {
        let here = script_of(c);
        if here != script || here.is_none() {
            if run.chars().count() >= 2 {
                found.push(std::mem::take(&mut run));
            }
            run.clear();
        }
        if here.is_some() {
            run.push(c);
        }
        script = here;
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Kanji,
    Katakana,
    Latin,
}

/// The script of a sign that words of the field are written in; hiragana and marks end a word.
fn script_of(c: char) -> Option<Script> {
    match c {
        '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '々' => Some(Script::Kanji),
        'ァ'..='ヺ' | 'ー' | 'ｦ'..='ﾟ' => Some(Script::Katakana),
        _ if c.is_alphanumeric() && !('ぁ'..='ゖ').contains(&c) => Some(Script::Latin),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(id: &str, title: &str, text: &str, bullets: &[&str]) -> Provision {
        let mut provision = Provision::new(id, ProvisionKind::Control, title);
        text.clone_into(&mut provision.text);
        provision.items = bullets
            .iter()
            .map(|bullet| Item {
                label: "・".to_owned(),
                text: (*bullet).to_owned(),
                kind: crate::standards::ItemKind::Example,
                strength: crate::standards::Strength::None,
                marks: Vec::new(),
                audience: Vec::new(),
                items: Vec::new(),
                line: 0,
            })
            .collect();
        provision
    }

    fn harbour() -> (Vec<Provision>, Vec<Provision>) {
        let source = vec![
            control("1", "", "船着場の鍵を管理する。", &[]),
            control("2", "", "ウィルスの混入を防ぐ。", &[]),
            control("3", "", "乗組員を教育する。", &[]),
        ];
        let target = vec![
            control("A", "教育と訓練", "", &["年間の計画", "乗組員への教育の記録"]),
            control("B", "不正プログラム", "", &["ウイルスの検査", "更新"]),
            control("C", "鍵", "", &["鍵の管理簿", "合鍵の禁止"]),
            Provision::new("D", ProvisionKind::Clause, "乗組員の教育、鍵の管理、ウイルス"),
        ];
        (source, target)
    }

    fn first(suggester: &Suggester, number: &str) -> Candidate {
        suggester.candidates(number, 3).into_iter().next().expect("a candidate")
    }

    #[test]
    fn the_fitting_item_comes_first_with_terms_and_bullet() {
        let (source, target) = harbour();
        let suggester = Suggester::new(&source, &target, &Synonyms::none(), &[]);
        let found = first(&suggester, "3");
        assert_eq!((found.id.as_str(), found.item.as_deref()), ("A", Some("・乗組員への教育の記録")));
        assert_eq!(found.because, ["乗組員", "教育"]);
        assert_eq!(first(&suggester, "2").id, "B");
        assert_eq!(first(&suggester, "2").because, ["ウイルス"]);
        assert!(suggester.candidates("9", 3).is_empty());
        assert_eq!(suggester.candidates_for_text("合鍵で侵入された", 1)[0].id, "C");
    }

    #[test]
    fn what_asks_nothing_is_no_candidate() {
        let (source, target) = harbour();
        let suggester = Suggester::new(&source, &target, &Synonyms::none(), &[]);
        let all = suggester.all(10);
        assert_eq!(all.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert!(all.iter().flat_map(|(_, found)| found).all(|found| found.id != "D"));
    }

    #[test]
    fn a_synonym_makes_the_difference() {
        let source = [control("1", "", "荷役の手順", &[])];
        let target = [control("A", "", "積み降ろしの流れ", &[]), control("B", "", "見張りの手順", &[])];
        let with = Synonyms::from_groups(vec![vec!["荷役".to_owned(), "積み降ろし".to_owned()]]);
        assert_eq!(first(&Suggester::new(&source, &target, &Synonyms::none(), &[]), "1").id, "B");
        assert!(Suggester::new(&source, &target, &with, &[]).candidates("1", 2).iter().any(|found| found.id == "A"));
    }

    #[test]
    fn a_rejected_pair_does_not_come_back() {
        let (source, target) = harbour();
        let rejected = [Judged { source: "3", target: "A", confirmed: false }];
        let suggester = Suggester::new(&source, &target, &Synonyms::none(), &rejected);
        assert!(suggester.candidates("3", 3).iter().all(|found| found.id != "A"));
        assert!(suggester.candidates_for_text("乗組員の教育", 1)[0].id == "A");
    }

    #[test]
    fn the_same_texts_give_the_same_answer() {
        let (source, target) = harbour();
        let once = Suggester::new(&source, &target, &Synonyms::none(), &[]).all(10);
        assert_eq!(Suggester::new(&source, &target, &Synonyms::none(), &[]).all(10), once);
        assert!(once.iter().flat_map(|(_, found)| found).all(|found| (0.0..=1.0 + 1e-9).contains(&found.score)));
    }
}
