//! 新旧対照: what became of each Provision between two Editions.

use std::collections::HashMap;

/// What happened to a Provision between two Editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    Same,
    Changed,
    New,
    Dropped,
    /// It stands under another number.
    Renumbered,
}

/// A Provision as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    pub number: String,
    pub title: String,
    /// Text and items, one paragraph per line; empty where no official text is loaded.
    pub text: String,
}

/// One row: the places in the old and in the new list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub old: Option<usize>,
    pub new: Option<usize>,
    pub change: Change,
}

/// From this similarity on (0 … 1), two Provisions under different numbers are one that moved.
const SAME_FROM: f64 = 0.6;
/// Below this similarity, two Provisions under one number are not the same one.
const OTHER_BELOW: f64 = 0.25;
/// Letters of a text that are compared for similarity.
const LETTERS: usize = 1_500;
/// Most pairs that are weighed one by one; beyond it only equal titles count as moved, so that time stays bounded.
const WEIGHED_MAX: usize = 400_000;

/// Pairs the Provisions of two Editions, in the order of the new one; what was dropped stands after what preceded it.
pub fn compare(old: &[Side], new: &[Side]) -> Vec<Pair> {
    let olds: Vec<Prints> = old.iter().map(Prints::of).collect();
    let news: Vec<Prints> = new.iter().map(Prints::of).collect();
    let by_number: HashMap<&str, usize> = old.iter().enumerate().map(|(at, side)| (side.number.as_str(), at)).collect();
    let mut partner_of_new: Vec<Option<usize>> = new
        .iter()
        .enumerate()
        .map(|(n, side)| {
            by_number.get(side.number.as_str()).copied().filter(|o| similarity(&olds[*o], &news[n]) >= OTHER_BELOW)
        })
        .collect();
    pair_moved(&olds, &news, (old, new), &mut partner_of_new);
    rows(old, new, &partner_of_new)
}

/// Finds for what has no partner yet the most similar one without, best pairs first.
fn pair_moved(olds: &[Prints], news: &[Prints], sides: (&[Side], &[Side]), partner_of_new: &mut [Option<usize>]) {
    let mut taken: Vec<bool> = vec![false; olds.len()];
    for old in partner_of_new.iter().flatten() {
        taken[*old] = true;
    }
    let free_old: Vec<usize> = (0..olds.len()).filter(|at| !taken[*at]).collect();
    let free_new: Vec<usize> = (0..news.len()).filter(|at| partner_of_new[*at].is_none()).collect();
    let mut candidates: Vec<(f64, usize, usize)> = Vec::new();
    if free_old.len().saturating_mul(free_new.len()) <= WEIGHED_MAX {
        for n in &free_new {
            for o in &free_old {
                let alike = similarity(&olds[*o], &news[*n]);
                if alike >= SAME_FROM {
                    candidates.push((alike, *o, *n));
                }
            }
        }
    } else {
        let titles: HashMap<&str, usize> = free_old.iter().map(|o| (sides.0[*o].title.as_str(), *o)).collect();
        let same_title = |n: &usize| titles.get(sides.1[*n].title.as_str()).map(|o| (1.0, *o, *n));
        candidates.extend(free_new.iter().filter(|n| !sides.1[**n].title.is_empty()).filter_map(same_title));
    }
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    for (_, o, n) in candidates {
        if !taken[o] && partner_of_new[n].is_none() {
            taken[o] = true;
            partner_of_new[n] = Some(o);
        }
    }
}

fn rows(old: &[Side], new: &[Side], partner_of_new: &[Option<usize>]) -> Vec<Pair> {
    let mut has_partner = vec![false; old.len()];
    for at in partner_of_new.iter().flatten() {
        has_partner[*at] = true;
    }
    let dropped_from = |start: usize| (start..old.len()).take_while(|at| !has_partner[*at]);
    let drop_row = |at| Pair { old: Some(at), new: None, change: Change::Dropped };
    let mut pairs: Vec<Pair> = dropped_from(0).map(drop_row).collect();
    for (n, partner) in partner_of_new.iter().enumerate() {
        let change = match partner {
            None => Change::New,
            Some(o) if old[*o].number != new[n].number => Change::Renumbered,
            Some(o) if says_the_same(&old[*o], &new[n]) => Change::Same,
            Some(_) => Change::Changed,
        };
        pairs.push(Pair { old: *partner, new: Some(n), change });
        if let Some(o) = partner {
            pairs.extend(dropped_from(o + 1).map(drop_row));
        }
    }
    pairs
}

/// Whether two Provisions say the same, whatever their numbers. Blanks and line breaks are the typesetter's, not the
/// author's. A side without text says nothing about the text.
pub fn says_the_same(old: &Side, new: &Side) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let texts = old.text.is_empty() || new.text.is_empty() || letters(&old.text) == letters(&new.text);
    texts && letters(&old.title) == letters(&new.title)
}

/// Sorted bigrams of title and text.
struct Prints {
    title: Vec<[char; 2]>,
    text: Vec<[char; 2]>,
}

impl Prints {
    fn of(side: &Side) -> Self {
        Self { title: bigrams(&side.title), text: bigrams(&side.text) }
    }
}

fn bigrams(text: &str) -> Vec<[char; 2]> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).take(LETTERS).collect();
    let mut grams: Vec<[char; 2]> = match letters.as_slice() {
        [single] => vec![[*single, '\0']],
        letters => letters.windows(2).map(|pair| [pair[0], pair[1]]).collect(),
    };
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Shared bigrams of title and text, the title counting as much as the text; what one side lacks does not count.
fn similarity(old: &Prints, new: &Prints) -> f64 {
    let parts = [dice(&old.title, &new.title), dice(&old.text, &new.text)];
    let known: Vec<f64> = parts.into_iter().flatten().collect();
    if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
}

fn dice(a: &[[char; 2]], b: &[[char; 2]]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0_usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    Some(2.0 * shared as f64 / (a.len() + b.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(number: &str, title: &str, text: &str) -> Side {
        Side { number: number.to_owned(), title: title.to_owned(), text: text.to_owned() }
    }

    fn seen(old: &[Side], new: &[Side]) -> Vec<(String, String, Change)> {
        let number = |sides: &[Side], at: Option<usize>| at.map_or(String::new(), |at| sides[at].number.clone());
        compare(old, new).into_iter().map(|p| (number(old, p.old), number(new, p.new), p.change)).collect()
    }

    #[test]
    fn each_provision_is_found_again_or_told_as_new_or_dropped() {
        let old = [
            side("1", "体制", "責任者を置くこと。"),
            side("2", "媒体の廃棄", "媒体は復元できない方法で廃棄すること。"),
            side("3", "入退室の管理", "入退室を記録すること。"),
            side("4", "教育", "年に一度は教育を行うこと。"),
        ];
        let new = [
            side("1", "体制", "責任者を\n置くこと。"),
            side("2", "委託先の管理", "契約に条件を書くこと。"),
            side("3", "入退室の管理", "入退室を一年分記録すること。"),
            side("5", "教育", "年に一度は教育を行うこと。"),
        ];
        let row = |o: &str, n: &str, change| (o.to_owned(), n.to_owned(), change);
        assert_eq!(
            seen(&old, &new),
            [
                row("1", "1", Change::Same),
                row("2", "", Change::Dropped),
                row("", "2", Change::New),
                row("3", "3", Change::Changed),
                row("4", "5", Change::Renumbered),
            ]
        );
    }

    #[test]
    fn without_texts_the_titles_decide() {
        assert_eq!(seen(&[side("1", "体制", "")], &[side("1", "体制", "本文")])[0].2, Change::Same);
        assert_eq!(seen(&[side("1", "体制の整備", "")], &[side("1", "体制の整備と見直し", "")])[0].2, Change::Changed);
        assert!(seen(&[], &[]).is_empty());
    }

    #[test]
    fn very_long_editions_stay_quick() {
        let old: Vec<Side> = (0..1_500).map(|i| side(&format!("a{i}"), &format!("題{i}"), "")).collect();
        let new: Vec<Side> = (0..1_500).map(|i| side(&format!("b{i}"), &format!("題{i}"), "")).collect();
        assert!(seen(&old, &new).iter().all(|row| row.2 == Change::Renumbered));
    }
}
