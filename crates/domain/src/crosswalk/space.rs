//! Texts as directions in the space of their terms: rare terms count more, length counts nothing.

use super::terms::Counts;

/// Texts that can be asked which of them are like another.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// What each term says: nothing where no text has it.
    rarity: Vec<f64>,
    /// Where the texts of a term begin in `entries`.
    starts: Vec<u32>,
    /// Texts of the terms, with the share that the term has of the text's length.
    entries: Vec<(u32, f32)>,
    texts: usize,
}

impl Space {
    /// The texts; `others` are those of the other side, in which a common word says as little. `terms` is how many terms
    /// there are.
    pub(super) fn of<'a>(
        texts: &[&Counts],
        others: impl ExactSizeIterator<Item = &'a Counts> + Clone,
        terms: usize,
    ) -> Self {
        let mut here = vec![0_u32; terms];
        let mut there = vec![0_u32; terms];
        texts.iter().for_each(|counts| counts.iter().for_each(|(term, _)| here[*term as usize] += 1));
        others.clone().for_each(|counts| counts.iter().for_each(|(term, _)| there[*term as usize] += 1));
        let all = (texts.len() + others.len()) as f64;
        let rarity: Vec<f64> = here
            .iter()
            .zip(&there)
            .map(|(here, there)| if *here == 0 { 0.0 } else { (all / f64::from(here + there)).ln_1p() })
            .collect();
        let mut starts = Vec::with_capacity(terms + 1);
        let mut next = 0;
        for count in &here {
            starts.push(next);
            next += count;
        }
        starts.push(next);
        let mut entries = vec![(0, 0.0); next as usize];
        let mut free = starts.clone();
        for (at, counts) in texts.iter().enumerate() {
            let length = length(counts, &rarity);
            for (term, count) in *counts {
                let place = &mut free[*term as usize];
                entries[*place as usize] = (at as u32, (weight(*count, rarity[*term as usize]) / length) as f32);
                *place += 1;
            }
        }
        Self { rarity, starts, entries, texts: texts.len() }
    }

    /// How much a term says; 0 for one that no text has.
    pub(super) fn rarity(&self, term: u32) -> f64 {
        self.rarity.get(term as usize).copied().unwrap_or(0.0)
    }

    /// How like every text is to the asked one: 0 nothing in common, 1 the same.
    pub(super) fn likeness(&self, asked: &Counts) -> Vec<f64> {
        let length = length(asked, &self.rarity);
        let mut likeness = vec![0.0; self.texts];
        for (term, count) in asked {
            let Some([from, to]) = self.starts.get(*term as usize..*term as usize + 2) else { continue };
            let own = weight(*count, self.rarity(*term)) / length;
            for (at, share) in &self.entries[*from as usize..*to as usize] {
                likeness[*at as usize] += own * f64::from(*share);
            }
        }
        likeness
    }
}

fn weight(count: u32, rarity: f64) -> f64 {
    (1.0 + f64::from(count).ln()) * rarity
}

fn length(counts: &Counts, rarity: &[f64]) -> f64 {
    let of = |term: u32| rarity.get(term as usize).copied().unwrap_or(0.0);
    let squares: f64 = counts.iter().map(|(term, count)| weight(*count, of(*term)).powi(2)).sum();
    if squares > 0.0 { squares.sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_one_for_the_same_and_nothing_for_the_foreign() {
        let texts: [Counts; 3] = [vec![(0, 1), (1, 2)], vec![(1, 1), (2, 1)], vec![]];
        let space = Space::of(&texts.iter().collect::<Vec<_>>(), texts[..0].iter(), 4);
        let found = space.likeness(&texts[0]);
        assert!((found[0] - 1.0).abs() < 1e-6 && found[1] > 0.0 && found[1] < 1.0 && found[2] == 0.0, "{found:?}");
        assert_eq!(space.likeness(&vec![(3, 1), (9, 1)]), [0.0; 3]);
    }

    #[test]
    fn what_is_common_on_the_other_side_says_less() {
        let texts: [Counts; 2] = [vec![(0, 1)], vec![(1, 1)]];
        let others: Vec<Counts> = vec![vec![(0, 1)]; 5];
        let space = Space::of(&texts.iter().collect::<Vec<_>>(), others.iter(), 2);
        assert!(space.rarity(0) < space.rarity(1));
    }
}
