//! Which part of a sentence changed: the underlined part of a 新旧対照表.

/// A run of text and whether it differs from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub changed: bool,
}

/// Most cells of the comparison matrix; beyond it the differing middle is marked as a whole, so that time stays bounded.
const MATRIX_CELLS: usize = 1_000_000;

/// The shortest unchanged run between two changes; shorter ones are joined, since single letters in common are chance.
const SHORTEST_COMMON: usize = 2;

/// Splits both texts into runs that are common and runs that are not (longest common subsequence over characters).
pub fn changed_pieces(old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
    let a: Vec<char> = old.chars().collect();
    let b: Vec<char> = new.chars().collect();
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_mid, b_mid) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let (keep_a, keep_b) = if a_mid.len().saturating_mul(b_mid.len()) <= MATRIX_CELLS {
        common(a_mid, b_mid)
    } else {
        (vec![false; a_mid.len()], vec![false; b_mid.len()])
    };
    (pieces(&a, head, tail, &keep_a), pieces(&b, head, tail, &keep_b))
}

/// Marks, for both texts, the characters that belong to the longest common subsequence.
fn common(a: &[char], b: &[char]) -> (Vec<bool>, Vec<bool>) {
    let width = b.len() + 1;
    let mut lengths = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i * width + j] = if a[i] == b[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut keep_a, mut keep_b) = (vec![false; a.len()], vec![false; b.len()]);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            keep_a[i] = true;
            keep_b[j] = true;
            i += 1;
            j += 1;
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (keep_a, keep_b)
}

fn pieces(text: &[char], head: usize, tail: usize, keep: &[bool]) -> Vec<Piece> {
    let end = text.len() - tail;
    let is_kept = |at: usize| at < head || at >= end || keep[at - head];
    let mut out: Vec<Piece> = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let kept = is_kept(start);
        let stop = (start..text.len()).find(|at| is_kept(*at) != kept).unwrap_or(text.len());
        let inside = start > 0 && stop < text.len();
        let changed = !kept || (inside && stop - start < SHORTEST_COMMON);
        let run: String = text[start..stop].iter().collect();
        match out.last_mut() {
            Some(last) if last.changed == changed => last.text.push_str(&run),
            _ => out.push(Piece { text: run, changed }),
        }
        start = stop;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(pieces: &[Piece]) -> String {
        pieces.iter().map(|p| if p.changed { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn only_the_differing_words_are_marked() {
        let (old, new) = changed_pieces("記録を一年間保存する。", "記録を三年間、安全に保存する。");
        assert_eq!(marked(&old), "記録を[一]年間保存する。");
        assert_eq!(marked(&new), "記録を[三]年間[、安全に]保存する。");
    }

    #[test]
    fn additions_removals_and_equal_texts() {
        assert_eq!(marked(&changed_pieces("", "新").1), "[新]");
        assert!(changed_pieces("", "新").0.is_empty());
        assert_eq!(marked(&changed_pieces("同じ", "同じ").0), "同じ");
    }

    #[test]
    fn very_long_texts_are_marked_as_a_whole_and_lose_nothing() {
        let (old, new) = ("あい".repeat(3_000), "うえ".repeat(3_000));
        let (left, right) = changed_pieces(&old, &new);
        assert_eq!((left.len(), right.len()), (1, 1));
        assert_eq!(right[0].text, new);
    }
}
