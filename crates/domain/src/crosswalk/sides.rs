//! The two lists of Provisions as they are compared: what of a Provision is read, what may be offered, what stands together.

use std::collections::{HashMap, HashSet};

use super::space::Space;
use super::suggest::{Family, Source, Spaces, TITLES_ABOVE, Target};
use super::terms::{Counts, Lexicon, Terms};
use crate::standards::{Item, Provision, ProvisionKind};

/// A Provision with its texts apart.
struct Texts<'a> {
    provision: &'a Provision,
    bullets: Vec<(String, String)>,
    /// Titles above it, the nearest first.
    above: Vec<&'a str>,
    parent: Option<usize>,
    children: Vec<usize>,
}

impl Texts<'_> {
    fn own(&self) -> String {
        lines([self.provision.title.as_str(), &self.provision.text].into_iter().chain(self.bullet_texts()))
    }

    fn bullet_texts(&self) -> impl Iterator<Item = &str> {
        self.bullets.iter().map(|(_, text)| text.as_str())
    }

    fn says(&self) -> bool {
        !self.provision.text.is_empty() || !self.bullets.is_empty()
    }

    /// Headings of chapters, definitions and notes ask nothing themselves.
    fn asks(&self) -> bool {
        use ProvisionKind as K;
        match self.provision.kind {
            K::Control => true,
            K::Group | K::Objective | K::Theme => self.says() || !self.provision.title.is_empty(),
            K::Clause | K::Annex | K::Definition | K::Abbreviation | K::Case | K::Note => false,
        }
    }
}

fn lines<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.fold(String::new(), |mut all, text| {
        all.push_str(text);
        all.push('\n');
        all
    })
}

fn texts(provisions: &[Provision]) -> Vec<Texts<'_>> {
    let place: HashMap<&str, usize> = provisions.iter().enumerate().map(|(at, p)| (p.id.as_str(), at)).collect();
    let parents: Vec<Option<usize>> =
        provisions.iter().map(|p| p.parent.as_deref().and_then(|parent| place.get(parent).copied())).collect();
    let mut all: Vec<Texts<'_>> = provisions
        .iter()
        .enumerate()
        .map(|(at, provision)| {
            let mut bullets = Vec::new();
            gather(&provision.items, &mut bullets);
            let above = std::iter::successors(parents[at], |above| parents[*above]).take(TITLES_ABOVE);
            let above = above.map(|above| provisions[above].title.as_str()).collect();
            Texts { provision, bullets, above, parent: parents[at], children: Vec::new() }
        })
        .collect();
    for (at, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            all[*parent].children.push(at);
        }
    }
    all
}

fn gather(items: &[Item], bullets: &mut Vec<(String, String)>) {
    for item in items {
        bullets.push((item.label.clone(), item.text.clone()));
        gather(&item.items, bullets);
    }
}

/// Reads the list that is looked up. A heading that says nothing itself is read with what stands right under it.
pub(super) fn sources(provisions: &[Provision], lexicon: &mut Lexicon) -> Vec<Source> {
    let all = texts(provisions);
    all.iter()
        .map(|texts| {
            let mut own = texts.own();
            if !texts.says() {
                texts.children.iter().for_each(|child| own.push_str(&all[*child].own()));
            }
            let own = lexicon.learn(&own);
            let above = lexicon.learn(&lines(texts.above.iter().copied()));
            Source {
                number: texts.provision.id.clone(),
                whole: Terms::together([&own, &above].into_iter()),
                own,
                asks: texts.asks(),
            }
        })
        .collect()
}

/// The list in which is looked, read.
pub(super) struct TargetSide<'a> {
    all: Vec<Texts<'a>>,
    /// Places of what may be offered.
    offered: Vec<usize>,
    whole: Vec<Terms>,
    pieces: Vec<(usize, Option<usize>, Terms)>,
    /// For every offered one its family; for every family the group, if there is one, and a member.
    family: Vec<usize>,
    families: Vec<(Option<usize>, usize)>,
    group: Vec<Terms>,
    group_pieces: Vec<(usize, Terms)>,
}

impl<'a> TargetSide<'a> {
    pub(super) fn read(provisions: &'a [Provision], lexicon: &mut Lexicon) -> Self {
        let all = texts(provisions);
        let offered = offered(&all);
        let mut side = Self {
            whole: Vec::with_capacity(offered.len()),
            pieces: Vec::new(),
            family: Vec::with_capacity(offered.len()),
            families: Vec::new(),
            group: Vec::new(),
            group_pieces: Vec::new(),
            all,
            offered,
        };
        side.read_items(lexicon);
        side.read_families(lexicon);
        side
    }

    fn read_items(&mut self, lexicon: &mut Lexicon) {
        for (target, at) in self.offered.iter().enumerate() {
            let texts = &self.all[*at];
            let title = texts.provision.title.as_str();
            let first = self.pieces.len();
            let pieces = [title, &texts.provision.text].map(|text| (None, text));
            let bullets = texts.bullet_texts().enumerate().map(|(bullet, text)| (Some(bullet), text));
            for (bullet, text) in pieces.into_iter().chain(bullets).filter(|(_, text)| !text.is_empty()) {
                self.pieces.push((target, bullet, lexicon.learn(text)));
            }
            // The title twice: it says in few words what the item is about.
            let around = [lexicon.learn(title), lexicon.learn(&lines(texts.above.iter().copied()))];
            let pieces = self.pieces[first..].iter().map(|(_, _, terms)| terms);
            self.whole.push(Terms::together(pieces.chain(&around)));
        }
    }

    fn read_families(&mut self, lexicon: &mut Lexicon) {
        let mut known: HashMap<usize, usize> = HashMap::new();
        for at in &self.offered {
            let is_group = |parent: &usize| {
                !matches!(self.all[*parent].provision.kind, ProvisionKind::Clause | ProvisionKind::Annex)
            };
            let group = self.all[*at].parent.filter(is_group);
            let next = self.families.len();
            let family = group.map_or(next, |group| *known.entry(group).or_insert(next));
            if family == next {
                self.families.push((group, *at));
            }
            self.family.push(family);
        }
        for (family, (group, member)) in self.families.iter().enumerate() {
            let texts = &self.all[group.unwrap_or(*member)];
            let title = texts.provision.title.as_str();
            let Some(_) = group else {
                self.group.push(lexicon.learn(title));
                continue;
            };
            let above = texts.above.first().copied();
            let children = texts.children.iter().map(|child| self.all[*child].provision.title.as_str());
            let whole = [title, title, &texts.provision.text].into_iter().chain(above).chain(children);
            self.group.push(lexicon.learn(&lines(whole)));
            let pieces = [title, &texts.provision.text].into_iter().chain(above).filter(|text| !text.is_empty());
            pieces.for_each(|piece| self.group_pieces.push((family, lexicon.learn(piece))));
        }
    }

    pub(super) fn spaces(&self, sources: &[Source], terms: usize) -> Spaces {
        let asking: Vec<&Terms> = sources.iter().filter(|source| source.asks).map(|source| &source.own).collect();
        let pairs = |texts: Vec<&Counts>| Space::of(&texts, asking.iter().map(|terms| &terms.pairs), terms);
        let words = |texts: Vec<&Counts>| Space::of(&texts, asking.iter().map(|terms| &terms.words), terms);
        Spaces {
            whole_pairs: pairs(self.whole.iter().map(|terms| &terms.pairs).collect()),
            whole_words: words(self.whole.iter().map(|terms| &terms.words).collect()),
            piece_pairs: pairs(self.pieces.iter().map(|(_, _, terms)| &terms.pairs).collect()),
            piece_words: words(self.pieces.iter().map(|(_, _, terms)| &terms.words).collect()),
            pieces: self.pieces.iter().map(|(target, bullet, _)| (*target, *bullet)).collect(),
            group: pairs(self.group.iter().map(|terms| &terms.pairs).collect()),
            group_piece: pairs(self.group_pieces.iter().map(|(_, terms)| &terms.pairs).collect()),
            group_pieces: self.group_pieces.iter().map(|(family, _)| *family).collect(),
        }
    }

    pub(super) fn families(&self, lexicon: &Lexicon) -> Vec<Family> {
        let mut members = vec![0; self.families.len()];
        self.family.iter().for_each(|family| members[*family] += 1);
        let offered: HashSet<usize> = self.offered.iter().copied().collect();
        let group = |group: &Option<usize>| {
            let at = group.filter(|group| !offered.contains(group) && self.all[*group].says())?;
            Some((self.all[at].provision.id.clone(), lexicon.place(self.all[at].own())))
        };
        self.families.iter().zip(members).map(|((g, _), members)| Family { group: group(g), members }).collect()
    }

    pub(super) fn targets(self, lexicon: &Lexicon) -> Vec<Target> {
        let Self { all, offered, family, .. } = self;
        let mut all: Vec<Option<Texts<'a>>> = all.into_iter().map(Some).collect();
        let pairs = offered.into_iter().zip(family);
        pairs
            .filter_map(|(at, family)| {
                let texts = all[at].take()?;
                let placed = lexicon.place(texts.own());
                Some(Target { number: texts.provision.id.clone(), placed, bullets: texts.bullets, family })
            })
            .collect()
    }
}

/// Controls, and groups and objectives under which none stands. A list that has none of them offers whatever says
/// something.
fn offered(all: &[Texts<'_>]) -> Vec<usize> {
    let mut has_control = vec![false; all.len()];
    for texts in all.iter().filter(|texts| texts.provision.kind == ProvisionKind::Control) {
        let mut above = texts.parent;
        while let Some(at) = above.filter(|at| !has_control[*at]) {
            has_control[at] = true;
            above = all[at].parent;
        }
    }
    let asks = |at: &usize| {
        let texts = &all[*at];
        texts.provision.kind == ProvisionKind::Control || texts.asks() && texts.says() && !has_control[*at]
    };
    let asking: Vec<usize> = (0..all.len()).filter(asks).collect();
    if asking.is_empty() { (0..all.len()).filter(|at| all[*at].says()).collect() } else { asking }
}
