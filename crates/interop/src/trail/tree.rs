//! The tree of RFC 6962 over the leaves: its right edge for appending, and proofs from the hashes that are kept.

use std::cell::RefCell;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::{EMPTY_HASH, Error, Hash, HashReader, node_hash, prove_record, prove_tree, split_stored_hash_index};

use super::TrailFault;

/// Every node whose level is a multiple of this is kept; those between are computed from at most 2^7 of them.
pub const KEPT_LEVELS: u8 = 8;

/// A node: level, and number within the level from the left.
pub type Node = (u8, u64);

/// The right edge of a tree: the roots of its complete subtrees, the largest first. Appending needs nothing else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of `size` leaves from its text.
    ///
    /// # Errors
    /// Not as many hashes as the size has bits set.
    pub fn parse(size: u64, text: &str) -> Result<Self, TrailFault> {
        let bytes = STANDARD.decode(text).map_err(|_| TrailFault::Tree)?;
        let (chunks, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || chunks.len() != size.count_ones() as usize {
            return Err(TrailFault::Tree);
        }
        Ok(Self { size, hashes: chunks.iter().map(|chunk| Hash(*chunk)).collect() })
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        STANDARD.encode(self.hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>())
    }

    /// Leaves of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; returns the nodes that it completed and that are to be kept.
    pub fn push(&mut self, leaf: Hash) -> Vec<(Node, Hash)> {
        let mut kept = Vec::new();
        let (mut hash, mut level) = (leaf, 0_u8);
        while self.size >> level & 1 == 1 {
            // One hash per set bit of the size, so there is one for this bit.
            let left = self.hashes.pop().unwrap_or(EMPTY_HASH);
            hash = node_hash(left, hash);
            level += 1;
            if level.is_multiple_of(KEPT_LEVELS) {
                kept.push(((level, self.size >> level), hash));
            }
        }
        self.hashes.push(hash);
        self.size += 1;
        kept
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut edge = self.hashes.iter().rev().copied();
        let Some(last) = edge.next() else { return EMPTY_HASH };
        edge.fold(last, |right, left| node_hash(left, right))
    }
}

/// Notes which nodes a proof asks for.
struct Asked(RefCell<Vec<u64>>);

impl HashReader for Asked {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Err(Error::IndexesNotInTree)
    }
}

/// Gives nodes that were read.
struct Known<'a>(&'a HashMap<Node, Hash>);

impl HashReader for Known<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |index: &u64| self.0.get(&split_stored_hash_index(*index)).copied();
        indexes.iter().map(|index| read(index).ok_or(Error::IndexesNotInTree)).collect()
    }
}

/// What is to be proven of the tree of the first `size` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proving {
    /// The leaf at an index is in it.
    Leaf { size: u64, index: u64 },
    /// It begins with the tree of the first `older` leaves.
    Older { size: u64, older: u64 },
}

impl Proving {
    fn run<R: HashReader>(self, reader: &R) -> Result<Vec<Hash>, Error> {
        match self {
            Proving::Leaf { size, index } => prove_record(size, index, reader),
            Proving::Older { size, older } => prove_tree(size, older, reader),
        }
    }

    /// The nodes that the proof is made of.
    pub fn nodes(self) -> Vec<Node> {
        let asked = Asked(RefCell::new(Vec::new()));
        // Fails on purpose, after the one time that it asks.
        let _ = self.run(&asked);
        asked.0.into_inner().into_iter().map(split_stored_hash_index).collect()
    }

    /// The proof, from those nodes.
    ///
    /// # Errors
    /// A node is missing, or the question makes no sense for this size.
    pub fn proof(self, known: &HashMap<Node, Hash>) -> Result<Vec<Hash>, TrailFault> {
        self.run(&Known(known)).map_err(|_| TrailFault::Tree)
    }
}

/// Whether a proof shows that the larger tree begins with the smaller one.
pub fn consistent(proof: &[Hash], older: &super::Checkpoint, newer: &super::Checkpoint) -> bool {
    match older.size {
        0 => true,
        same if same == newer.size => older.root == newer.root,
        _ => tlog_tiles::check_tree(&proof.to_vec(), newer.size, newer.root, older.size, older.root).is_ok(),
    }
}

/// A leaf of the installation's tree: a salted commitment to an organisation's checkpoint, so that nobody learns from
/// their own proof how much another organisation does.
pub fn round_leaf(salt: &[u8; 16], checkpoint: &super::Checkpoint) -> Hash {
    let mut data = b"sakimori/trail/round/v1\n".to_vec();
    data.extend_from_slice(salt);
    data.extend_from_slice(checkpoint.to_text().as_bytes());
    tlog_tiles::record_hash(&data)
}

/// The kept nodes from which a node is computed: their level, the first one's number, how many.
pub fn below(node: Node) -> (u8, u64, u64) {
    let (level, number) = node;
    let up = level % KEPT_LEVELS;
    (level - up, number << up, 1 << up)
}

/// The root over the kept nodes that lie below it; a power of two of them.
pub fn join(hashes: &[Hash]) -> Option<Hash> {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(*left, *right)).collect();
    }
    level.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog_tiles::{check_record, check_tree, record_hash};

    fn leaf(n: u64) -> Hash {
        record_hash(&n.to_be_bytes())
    }

    /// All nodes of complete subtrees.
    fn nodes(size: u64) -> HashMap<Node, Hash> {
        let mut all: HashMap<Node, Hash> = (0..size).map(|n| ((0, n), leaf(n))).collect();
        for level in 1..20 {
            for number in 0..size >> level {
                let of = |n| all[&(level - 1, n)];
                all.insert((level, number), node_hash(of(2 * number), of(2 * number + 1)));
            }
        }
        all
    }

    #[test]
    fn proofs_of_every_small_tree_hold_against_the_roots_of_the_edge() {
        let mut edge = Edge::default();
        let mut roots = vec![edge.root()];
        for size in 1..=70_u64 {
            edge.push(leaf(size - 1));
            assert_eq!(Edge::parse(size, &edge.to_text()).expect("an edge"), edge);
            roots.push(edge.root());
            let all = nodes(size);
            for index in 0..size {
                let proof = Proving::Leaf { size, index }.proof(&all).expect("a proof");
                check_record(&proof, size, edge.root(), index, leaf(index)).expect("holds");
            }
            for older in 1..=size {
                let proof = Proving::Older { size, older }.proof(&all).expect("a proof");
                let (old, n) = (roots[usize::try_from(older).expect("small")], older);
                check_tree(&proof, size, edge.root(), n, old).expect("holds");
            }
        }
    }

    #[test]
    fn kept_nodes_are_enough_for_the_others() {
        let mut edge = Edge::default();
        let mut kept = HashMap::new();
        for n in 0..1500 {
            kept.insert((0, n), leaf(n));
            kept.extend(edge.push(leaf(n)));
        }
        let all = nodes(1500);
        for (node, hash) in &all {
            let (level, first, count) = below(*node);
            let below: Vec<Hash> = (first..first + count).map(|n| kept[&(level, n)]).collect();
            assert_eq!(join(&below), Some(*hash), "{node:?}");
        }
        assert!(Edge::parse(3, &edge.to_text()).is_err());
    }
}
