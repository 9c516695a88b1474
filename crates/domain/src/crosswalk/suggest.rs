//! Suggestions (候補): for every item of one standard the items of another that probably ask the same.
//!
//! Nothing is looked up outside and nothing is drawn by lot: the same texts give the same candidates in the same order on
//! every machine. There is no dictionary; words are what the writing itself shows. How it works, in the order of work:
//!
//! 1. **Terms.** A text is read twice: as pairs of neighbouring letters, and as runs of one script (kanji, katakana, Latin
//!    letters and digits). Words of one group of [`Synonyms`] are one term in both readings.
//! 2. **Rankings.** Six times the targets are put in order of likeness (cosine; a term says the more the rarer it is in both
//!    standards): by the whole item with the titles above it, in both readings; by its best piece (title, sentence or
//!    bullet), in both readings; by the group it stands in, as a whole; and by the group's best piece.
//! 3. **Fusion.** A target gets 1 / (5 + rank) from each ranking (reciprocal rank fusion, all of equal weight), equal ones
//!    sharing their rank, and as much again on average as the members of its group got: a heading whose neighbours fit
//!    too fits better.
//! 4. **Judgements** of the organisation change the result in three ways that can be told to people. A rejected pair is not
//!    offered again. A confirmed pair comes first for its source. And for every other source the confirmed pairs vote: one
//!    whose source is alike to the degree v (cosine) gives its target v, and the headings beside that target v / 2, of what
//!    three first ranks give; of several votes the highest counts. Nothing is learned across organisations.
//!
//! A group is no rival of its own headings: it stands in the list behind the third of them, if it says something itself.

use std::collections::{HashMap, HashSet};

use super::sides::{TargetSide, sources};
use super::space::Space;
pub use super::synonyms::Synonyms;
use super::terms::{Counts, Lexicon, Placed, Terms};
use crate::standards::Provision;

/// Most shared terms that are shown for one candidate.
const BECAUSE_MAX: usize = 8;
/// Letters of a bullet that are shown.
const SHOWN: usize = 40;
/// Added to a rank in the fusion; small, since a first rank says much more than a tenth.
const RANK_OFFSET: f64 = 5.0;
/// Ranks behind this one count nothing.
const RANKS: usize = 150;
/// A group stands behind so many of its headings.
const GROUP_BEHIND: usize = 3;
/// First ranks that the vote of a confirmed pair with the very same text is worth.
const VOTE: f64 = 3.0;
/// First ranks that put a confirmed pair before everything else.
const CERTAIN: f64 = 100.0;
/// Titles above an item that are read with it.
pub(super) const TITLES_ABOVE: usize = 2;

/// A Provision of the target that may correspond.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Number of the target Provision.
    pub id: String,
    /// 0 … 1: the share of what being first in every ranking would give.
    pub score: f64,
    /// Terms that both sides share, as written in the target (synonyms in the target's words), best first.
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
    lexicon: Lexicon,
    sources: Vec<Source>,
    source_place: HashMap<String, usize>,
    targets: Vec<Target>,
    families: Vec<Family>,
    spaces: Spaces,
    judgements: Judgements,
}

/// An item to be looked up.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) number: String,
    /// The item alone, and with the titles above it.
    pub(super) own: Terms,
    pub(super) whole: Terms,
    /// Whether it can stand for something that is asked; headings of chapters and definitions cannot.
    pub(super) asks: bool,
}

/// An item that may be offered.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) number: String,
    pub(super) placed: Placed,
    /// Label and text of every list item.
    pub(super) bullets: Vec<(String, String)>,
    pub(super) family: usize,
}

/// The items under one group.
#[derive(Debug)]
pub(super) struct Family {
    /// The group, if it says something itself: its number and text.
    pub(super) group: Option<(String, Placed)>,
    pub(super) members: usize,
}

/// The texts of the targets in every reading.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    pub(super) whole_pairs: Space,
    pub(super) whole_words: Space,
    pub(super) piece_pairs: Space,
    pub(super) piece_words: Space,
    /// Whose pieces they are, and which bullet it is.
    pub(super) pieces: Vec<(usize, Option<usize>)>,
    pub(super) group: Space,
    pub(super) group_piece: Space,
    pub(super) group_pieces: Vec<usize>,
}

/// What a judgement is about: an item that is offered, or a group of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Meant {
    Item(usize),
    Group(usize),
}

impl Meant {
    fn group(self) -> Option<usize> {
        match self {
            Meant::Group(family) => Some(family),
            Meant::Item(_) => None,
        }
    }
}

/// What the organisation has judged, by places.
#[derive(Debug, Default)]
struct Judgements {
    rejected: HashSet<(usize, Meant)>,
    confirmed: Vec<(usize, Meant)>,
    /// The texts of the sources of the confirmed pairs.
    sources: Space,
}

impl Suggester {
    /// Prepares both sides. `judged` are the organisation's own judgements between these two lists; numbers that stand
    /// in neither list are ignored.
    pub fn new(source: &[Provision], target: &[Provision], synonyms: &Synonyms, judged: &[Judged<'_>]) -> Self {
        let mut lexicon = Lexicon::new(synonyms);
        let sources = sources(source, &mut lexicon);
        let source_place = sources.iter().enumerate().map(|(at, source)| (source.number.clone(), at)).collect();
        let side = TargetSide::read(target, &mut lexicon);
        let spaces = side.spaces(&sources, lexicon.len());
        let families = side.families(&lexicon);
        let targets = side.targets(&lexicon);
        let mut all =
            Self { lexicon, sources, source_place, targets, families, spaces, judgements: Judgements::default() };
        all.judgements = all.judgements_of(judged);
        all
    }

    /// At most `top` candidates of a source Provision, best first; none for a number that is not in the source.
    pub fn candidates(&self, source_number: &str, top: usize) -> Vec<Candidate> {
        let Some(at) = self.source_place.get(source_number) else { return Vec::new() };
        let source = &self.sources[*at];
        let asked = Asked { own: &source.own, whole: &source.whole, is_item: true };
        let mut ranked = self.ranked(&asked, Some(*at));
        ranked.found.retain(|(target, _)| !self.judgements.rejected.contains(&(*at, Meant::Item(*target))));
        self.told(&asked, ranked, Some(*at), top)
    }

    /// The candidates of every source Provision that asks something, in the order of the source.
    pub fn all(&self, top: usize) -> Vec<(String, Vec<Candidate>)> {
        let asking = self.sources.iter().filter(|source| source.asks);
        asking.map(|source| (source.number.clone(), self.candidates(&source.number, top))).collect()
    }

    /// Target Provisions that a text, such as the problem of an incident, falls under, best first. A text stands in no
    /// group: only whole items and their best pieces are ranked, and judgements of items say nothing.
    pub fn candidates_for_text(&self, text: &str, top: usize) -> Vec<Candidate> {
        let terms = self.lexicon.read(text);
        let asked = Asked { own: &terms, whole: &terms, is_item: false };
        self.told(&asked, self.ranked(&asked, None), None, top)
    }

    fn judgements_of(&self, judged: &[Judged<'_>]) -> Judgements {
        let items = self.targets.iter().enumerate().map(|(at, target)| (target.number.as_str(), Meant::Item(at)));
        let groups =
            self.families.iter().enumerate().filter_map(|(at, family)| {
                family.group.as_ref().map(|(number, _)| (number.as_str(), Meant::Group(at)))
            });
        let meant: HashMap<&str, Meant> = items.chain(groups).collect();
        let place = |pair: &Judged<'_>| Some((*self.source_place.get(pair.source)?, *meant.get(pair.target)?));
        let of = |confirmed: bool| judged.iter().filter(move |pair| pair.confirmed == confirmed).filter_map(place);
        let confirmed: Vec<(usize, Meant)> = of(true).collect();
        let texts: Vec<&Counts> = confirmed.iter().map(|(source, _)| &self.sources[*source].own.pairs).collect();
        let others = self.sources.iter().filter(|source| source.asks).map(|source| &source.own.pairs);
        let sources = Space::of(&texts, others.collect::<Vec<_>>().into_iter(), self.lexicon.len());
        Judgements { rejected: of(false).collect(), confirmed, sources }
    }

    /// Every target with its score, best first.
    fn ranked(&self, asked: &Asked<'_>, source: Option<usize>) -> Ranked {
        let spaces = &self.spaces;
        let count = self.targets.len();
        let (piece_pairs, bullets) = best_pieces(&spaces.piece_pairs.likeness(&asked.own.pairs), &spaces.pieces, count);
        let (piece_words, _) = best_pieces(&spaces.piece_words.likeness(&asked.own.words), &spaces.pieces, count);
        let whole_pairs = spaces.whole_pairs.likeness(&asked.whole.pairs);
        let whole_words = spaces.whole_words.likeness(&asked.whole.words);
        let mut scores = vec![0.0; count];
        for likeness in [&whole_pairs, &whole_words, &piece_pairs, &piece_words] {
            add_ranks(likeness, |target, gain| scores[target] += gain);
        }
        let mut best = 4.0;
        if asked.is_item {
            best += 2.0;
            let mut of_family = vec![0.0; self.families.len()];
            add_ranks(&spaces.group.likeness(&asked.whole.pairs), |family, gain| of_family[family] += gain);
            let pieces = spaces.group_piece.likeness(&asked.whole.pairs);
            let mut best_piece = vec![0.0_f64; self.families.len()];
            spaces
                .group_pieces
                .iter()
                .zip(&pieces)
                .for_each(|(f, likeness)| best_piece[*f] = best_piece[*f].max(*likeness));
            add_ranks(&best_piece, |family, gain| of_family[family] += gain);
            self.targets.iter().zip(&mut scores).for_each(|(target, score)| *score += of_family[target.family]);
            best *= 2.0;
            self.add_families(&mut scores);
        }
        if let Some(source) = source.filter(|_| !self.judgements.confirmed.is_empty()) {
            best += VOTE;
            self.add_votes(source, &mut scores);
        }
        let mut found: Vec<(usize, f64)> = scores
            .into_iter()
            .enumerate()
            .filter(|(_, s)| *s > 0.0)
            .map(|(t, s)| (t, (s / (best * first_rank())).min(1.0)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ranked { found, bullets }
    }

    /// Adds to every target what its group's members have on average.
    fn add_families(&self, scores: &mut [f64]) {
        let mut sums = vec![0.0; self.families.len()];
        self.targets.iter().zip(scores.iter()).for_each(|(target, score)| sums[target.family] += score);
        for (target, score) in self.targets.iter().zip(scores.iter_mut()) {
            *score += sums[target.family] / self.families[target.family].members.max(1) as f64;
        }
    }

    /// Adds the votes of confirmed pairs.
    fn add_votes(&self, source: usize, scores: &mut [f64]) {
        let alike = self.judgements.sources.likeness(&self.sources[source].own.pairs);
        let mut votes = vec![0.0_f64; scores.len()];
        for ((confirmed, meant), likeness) in self.judgements.confirmed.iter().zip(alike) {
            let is_own = *confirmed == source;
            for (at, (vote, target)) in votes.iter_mut().zip(&self.targets).enumerate() {
                let gain = match meant {
                    Meant::Item(item) if *item == at && is_own => CERTAIN,
                    Meant::Item(item) if *item == at => likeness,
                    Meant::Item(item) if self.targets[*item].family == target.family => likeness / 2.0,
                    Meant::Group(family) if *family == target.family => likeness,
                    _ => 0.0,
                };
                *vote = vote.max(gain);
            }
        }
        votes.iter().zip(scores).for_each(|(vote, score)| *score += VOTE * vote * first_rank());
    }

    /// The first candidates with their reasons; groups stand behind the third of their headings, or first where people
    /// have confirmed them.
    fn told(&self, asked: &Asked<'_>, ranked: Ranked, source: Option<usize>, top: usize) -> Vec<Candidate> {
        let mut shared = vec![false; self.lexicon.len()];
        asked.own.pairs.iter().for_each(|(term, _)| shared[*term as usize] = true);
        let group = |family: usize, score: f64| {
            let (number, placed) = self.families[family].group.as_ref()?;
            Some(Candidate { id: number.clone(), score, because: self.because(placed, &shared), item: None })
        };
        let is_judged = |family: usize| source.map(|source| (source, Meant::Group(family)));
        let confirmed = self.judgements.confirmed.iter().filter(|(from, _)| Some(*from) == source);
        let groups: HashSet<usize> = confirmed.filter_map(|(_, meant)| meant.group()).collect();
        let mut told: Vec<Candidate> = (0..self.families.len())
            .filter(|family| groups.contains(family))
            .filter_map(|family| group(family, 1.0))
            .take(top)
            .collect();
        let mut headings = vec![0; self.families.len()];
        for (at, score) in ranked.found {
            if told.len() >= top {
                break;
            }
            let target = &self.targets[at];
            let bullet = ranked.bullets[at].map(|bullet| &target.bullets[bullet]);
            told.push(Candidate {
                id: target.number.clone(),
                score,
                because: self.because(&target.placed, &shared),
                item: bullet.map(|(label, text)| format!("{label}{}", text.chars().take(SHOWN).collect::<String>())),
            });
            let family = target.family;
            headings[family] += 1;
            let is_rejected = is_judged(family).is_some_and(|judged| self.judgements.rejected.contains(&judged));
            if headings[family] == GROUP_BEHIND && told.len() < top && !is_rejected && !groups.contains(&family) {
                told.extend(group(family, score));
            }
        }
        told
    }

    fn because(&self, placed: &Placed, shared: &[bool]) -> Vec<String> {
        let mut because: Vec<String> = Vec::new();
        for (_, term) in placed.shared(shared, |term| self.spaces.whole_pairs.rarity(term)) {
            if because.len() == BECAUSE_MAX {
                break;
            }
            // A part of a term that is shown already tells nothing more.
            if !term.is_empty() && !because.iter().any(|known| known.contains(term)) {
                because.push(term.to_owned());
            }
        }
        because
    }
}

/// What is looked up.
struct Asked<'a> {
    own: &'a Terms,
    whole: &'a Terms,
    /// An item of a standard, which stands in a group; not a text from elsewhere.
    is_item: bool,
}

struct Ranked {
    /// Target and score.
    found: Vec<(usize, f64)>,
    /// The best bullet of every target.
    bullets: Vec<Option<usize>>,
}

/// What a first rank gives.
fn first_rank() -> f64 {
    1.0 / (RANK_OFFSET + 1.0)
}

/// What every rank gives, equal ones sharing the first of their ranks.
fn add_ranks(likeness: &[f64], mut gain: impl FnMut(usize, f64)) {
    let mut order: Vec<usize> = (0..likeness.len()).filter(|at| likeness[*at] > 0.0).collect();
    let by_likeness = |a: &usize, b: &usize| likeness[*b].total_cmp(&likeness[*a]).then(a.cmp(b));
    if order.len() > RANKS {
        order.select_nth_unstable_by(RANKS, by_likeness);
        order.truncate(RANKS);
    }
    order.sort_unstable_by(by_likeness);
    let mut rank = 0.0;
    let mut last = f64::INFINITY;
    for at in order {
        if last - likeness[at] > 1e-9 {
            rank += 1.0;
            last = likeness[at];
        }
        gain(at, 1.0 / (RANK_OFFSET + rank));
    }
}

/// The likeness of every target's best piece, and its best bullet.
fn best_pieces(likeness: &[f64], pieces: &[(usize, Option<usize>)], targets: usize) -> (Vec<f64>, Vec<Option<usize>>) {
    let mut best = vec![0.0_f64; targets];
    let mut bullets: Vec<(f64, Option<usize>)> = vec![(0.0, None); targets];
    for ((target, bullet), likeness) in pieces.iter().zip(likeness) {
        best[*target] = best[*target].max(*likeness);
        if bullet.is_some() && *likeness > bullets[*target].0 {
            bullets[*target] = (*likeness, *bullet);
        }
    }
    (best, bullets.into_iter().map(|(_, bullet)| bullet).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::{Item, ProvisionKind};

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

    fn yard() -> Vec<Provision> {
        let mut group = Provision::new("G", ProvisionKind::Group, "鍵");
        group.text = "鍵を守る対策が示されていること。".to_owned();
        let mut all = vec![group];
        for (id, text) in [("G/1", "鍵の管理簿"), ("G/2", "鍵の交換"), ("G/3", "鍵の返却"), ("H", "乗組員の教育")]
        {
            let mut heading = control(id, text, "", &[]);
            heading.parent = id.starts_with('G').then(|| "G".to_owned());
            all.push(heading);
        }
        all
    }

    fn ids(suggester: &Suggester, number: &str) -> Vec<String> {
        suggester.candidates(number, 10).into_iter().map(|found| found.id).collect()
    }

    #[test]
    fn a_group_stands_behind_its_headings_until_people_say_more() {
        let (source, target) = (harbour().0, yard());
        let judged = |confirmed| [Judged { source: "1", target: "G", confirmed }];
        let plain = Suggester::new(&source, &target, &Synonyms::none(), &[]);
        assert_eq!(ids(&plain, "1"), ["G/1", "G/2", "G/3", "G"]);
        assert_eq!(plain.candidates("1", 3).len(), 3);
        let confirmed = Suggester::new(&source, &target, &Synonyms::none(), &judged(true));
        assert_eq!(ids(&confirmed, "1"), ["G", "G/1", "G/2", "G/3"]);
        let rejected = Suggester::new(&source, &target, &Synonyms::none(), &judged(false));
        assert_eq!(ids(&rejected, "1"), ["G/1", "G/2", "G/3"]);
    }

    #[test]
    fn confirmed_pairs_vote_for_like_sources() {
        let source = vec![control("1", "", "船倉の封印を調べる。", &[]), control("2", "", "封印を調べる。", &[])];
        let target = yard();
        let judged = [Judged { source: "1", target: "H", confirmed: true }];
        let plain = Suggester::new(&source, &target, &Synonyms::none(), &[]);
        assert_eq!((ids(&plain, "1"), ids(&plain, "2")), (vec![], vec![]));
        let learned = Suggester::new(&source, &target, &Synonyms::none(), &judged);
        assert_eq!((ids(&learned, "1"), ids(&learned, "2")), (vec!["H".to_owned()], vec!["H".to_owned()]));
        assert!(learned.candidates("1", 1)[0].score > learned.candidates("2", 1)[0].score);
    }

    #[test]
    fn the_same_texts_give_the_same_answer() {
        let (source, target) = harbour();
        let once = Suggester::new(&source, &target, &Synonyms::none(), &[]).all(10);
        assert_eq!(Suggester::new(&source, &target, &Synonyms::none(), &[]).all(10), once);
        assert!(once.iter().flat_map(|(_, found)| found).all(|found| (0.0..=1.0 + 1e-9).contains(&found.score)));
    }
}
