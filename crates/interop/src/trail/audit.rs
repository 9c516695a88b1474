//! The walk over a trail that finds what is wrong with it: event by event from the first, with the signed checkpoints
//! that were given out on the way. The same walk serves the database and an export.

use serde::Serialize;
use tlog_tiles::Hash;

use super::leaf::Entry;
use super::{Edge, hash_of};

/// Findings after which a walk counts on without keeping more.
const FINDINGS_MAX: usize = 100;
/// Events between two checkpoints among which a pair that changed places is looked for.
const SWAP_MAX: usize = 200;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Finding {
    /// An event does not say what it said. The fields are empty when they cannot be told.
    Altered { event: u64, fields: Vec<&'static str> },
    /// Events that were there are gone.
    Removed { first: u64, last: u64 },
    /// An event stands where another stood.
    Reordered { event: u64, with: u64 },
    /// Fewer events than a signed checkpoint counts.
    RolledBack { events: u64, checkpoint: u64 },
    /// The events up to a signed checkpoint are not those that it was signed over; the fault lies between these.
    Forked { checkpoint: u64, first: u64, last: u64 },
    /// A checkpoint that the key did not sign.
    NotSigned { checkpoint: u64 },
    /// A required witness did not cosign the checkpoint.
    NotWitnessed { checkpoint: u64, witness: String },
    /// A hash that is kept for speed is not what the events make.
    Index { size: u64 },
    /// The leaf of the installation's tree about one organisation's checkpoint is not what was signed.
    Round { position: u64 },
    /// The trail was not begun with proofs: no leaf.
    NoLeaf { event: u64 },
}

impl Finding {
    /// In Japanese.
    pub fn ja(&self) -> String {
        match self {
            Finding::Altered { event, fields } if fields.is_empty() => {
                format!("第{event}号の記録が書き換えられています")
            }
            Finding::Altered { event, fields } => {
                format!("第{event}号の記録が書き換えられています（{}）", fields.join("、"))
            }
            Finding::Removed { first, last } if first == last => format!("第{first}号の記録が消されています"),
            Finding::Removed { first, last } => format!("第{first}号から第{last}号までの記録が消されています"),
            Finding::Reordered { event, with } => {
                format!("第{event}号の位置に、もと第{with}号の記録があります（並べ替え）")
            }
            Finding::RolledBack { events, checkpoint } => {
                format!("記録が{events}件まで巻き戻されています（署名済みチェックポイントは{checkpoint}件）")
            }
            Finding::Forked { checkpoint, first, last } => format!(
                "{checkpoint}件の署名済みチェックポイントと記録が食い違っています（分岐・書き換え）。第{first}号から第{last}号までの間です"
            ),
            Finding::NotSigned { checkpoint } => {
                format!("{checkpoint}件のチェックポイントの署名が、この鍵のものではありません")
            }
            Finding::NotWitnessed { checkpoint, witness } => {
                format!("{checkpoint}件のチェックポイントに、立会人 {witness} の連署がありません")
            }
            Finding::Index { size } => format!("木の補助の値（{size}件の時点）が記録と合いません"),
            Finding::Round { position } => format!("全体の木の第{position}葉が、署名した時と異なります"),
            Finding::NoLeaf { event } => format!("第{event}号の記録に証明の葉がありません"),
        }
    }

    /// In English.
    pub fn en(&self) -> String {
        match self {
            Finding::Altered { event, fields } if fields.is_empty() => format!("event {event} was altered"),
            Finding::Altered { event, fields } => format!("event {event} was altered ({})", fields.join(", ")),
            Finding::Removed { first, last } if first == last => format!("event {first} was removed"),
            Finding::Removed { first, last } => format!("events {first} to {last} were removed"),
            Finding::Reordered { event, with } => format!("event {event} was reordered: it was event {with}"),
            Finding::RolledBack { events, checkpoint } => {
                format!("rolled back to {events} events; a signed checkpoint counts {checkpoint}")
            }
            Finding::Forked { checkpoint, first, last } => {
                format!(
                    "forked: not the events that the checkpoint of {checkpoint} was signed over; between {first} and {last}"
                )
            }
            Finding::NotSigned { checkpoint } => format!("the checkpoint of {checkpoint} is not signed with this key"),
            Finding::NotWitnessed { checkpoint, witness } => {
                format!("the checkpoint of {checkpoint} is not cosigned by {witness}")
            }
            Finding::Index { size } => format!("a kept hash of the tree (at {size}) is not what the events make"),
            Finding::Round { position } => format!("leaf {position} of the installation's tree was altered"),
            Finding::NoLeaf { event } => format!("event {event} has no leaf"),
        }
    }
}

/// A root that was signed for a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    pub size: u64,
    pub root: Hash,
}

/// A walk under way.
#[derive(Default)]
pub struct Walk {
    edge: Edge,
    next: u64,
    findings: Vec<Finding>,
    more: u64,
    /// Since when the roots cannot fit any more, for a reason that was found.
    broken: bool,
    expired: u64,
    /// The last size at which everything fitted, the edge there, and the leaves since.
    good: Edge,
    since: Vec<Hash>,
}

impl Walk {
    /// A walk from the first event.
    pub fn new() -> Self {
        Self { next: 1, ..Self::default() }
    }

    /// Events walked over; the size of their tree.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The edge so far.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Events whose texts have expired.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// Whether roots can still be compared.
    pub fn broken(&self) -> bool {
        self.broken
    }

    /// Notes something that was found outside.
    pub fn found(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// The next event. Returns the kept nodes that it completed.
    pub fn entry(&mut self, entry: &Entry) -> Vec<((u8, u64), Hash)> {
        self.gap(entry.position);
        self.expired += u64::from(entry.expired());
        let own = entry.leaf_hash();
        let stored = if entry.leaf.is_empty() { own } else { hash_of(&entry.leaf).ok() };
        match (own, stored) {
            (_, None) => self.found(Finding::NoLeaf { event: entry.position }),
            (own, Some(stored)) if own != Some(stored) => {
                self.found(Finding::Altered { event: entry.position, fields: entry.altered_fields() });
            }
            _ if !entry.stands_at(entry.position) => self.moved(entry),
            _ => {}
        }
        // With the leaf that was stored, the roots after an altered event still fit, and others beside it are found.
        let leaf = stored.or(own).unwrap_or_default();
        self.join(leaf)
    }

    /// The next leaf of the installation's tree, worked out from what it commits to and as it is stored.
    pub fn leaf(&mut self, position: u64, own: Option<Hash>, stored: &str) -> Vec<((u8, u64), Hash)> {
        self.gap(position);
        let stored = hash_of(stored).ok();
        if own.is_none() || own != stored {
            self.found(Finding::Round { position });
        }
        self.join(stored.or(own).unwrap_or_default())
    }

    fn join(&mut self, leaf: Hash) -> Vec<((u8, u64), Hash)> {
        // More than this is not searched for a pair that changed places.
        if self.since.len() <= SWAP_MAX {
            self.since.push(leaf);
        }
        self.edge.push(leaf)
    }

    fn gap(&mut self, position: u64) {
        if position > self.next {
            self.found(Finding::Removed { first: self.next, last: position - 1 });
            self.broken = true;
        }
        self.next = position.saturating_add(1);
    }

    /// An event whose mark says that it stood elsewhere: everything after a removed event that was renumbered, or one
    /// that changed places.
    fn moved(&mut self, entry: &Entry) {
        if self.broken {
            return;
        }
        self.broken = true;
        let was = (1..=entry.position + 10_000).find(|place| entry.stands_at(*place));
        match was {
            // One further on, and so will be all that follow.
            Some(was) if was == entry.position + 1 => {
                self.found(Finding::Removed { first: entry.position, last: entry.position });
            }
            Some(was) => self.found(Finding::Reordered { event: entry.position, with: was }),
            None => self.found(Finding::Altered { event: entry.position, fields: Vec::new() }),
        }
    }

    /// Compares with a signed root of the present size.
    pub fn anchor(&mut self, anchor: &Anchor) {
        if self.broken || anchor.size != self.size() {
            return;
        }
        if self.edge.root() == anchor.root {
            self.good = self.edge.clone();
            self.since.clear();
            return;
        }
        self.broken = true;
        // One that was kept may speak of a size that fitted what was signed here: then nothing tells where it parts.
        let first = if self.good.size() < anchor.size { self.good.size() + 1 } else { 1 };
        match self.swapped(anchor.root) {
            Some((one, two)) => {
                self.found(Finding::Reordered { event: first + one, with: first + two });
            }
            None => self.found(Finding::Forked { checkpoint: anchor.size, first, last: anchor.size }),
        }
    }

    /// The pair of events since the last good root that must be exchanged for the root to fit.
    fn swapped(&self, root: Hash) -> Option<(u64, u64)> {
        let leaves = &self.since;
        if leaves.len() > SWAP_MAX {
            return None;
        }
        let fits = |one: usize, two: usize| {
            let mut edge = self.good.clone();
            let place = |n| {
                if n == one {
                    two
                } else if n == two {
                    one
                } else {
                    n
                }
            };
            (0..leaves.len()).for_each(|n| drop(edge.push(leaves[place(n)])));
            edge.root() == root
        };
        // Neighbours first; of distant pairs only few are tried, since each is a tree of its own.
        let near = (1..leaves.len()).map(|two| (two - 1, two));
        let far = (0..leaves.len().min(40)).flat_map(|one| (one + 2..leaves.len().min(40)).map(move |two| (one, two)));
        let pair = near.chain(far).find(|(one, two)| fits(*one, *two))?;
        Some((pair.0 as u64, pair.1 as u64))
    }

    /// A signed checkpoint beyond the last event.
    pub fn beyond(&mut self, checkpoint: u64) {
        let told = self.findings.iter().any(|f| matches!(f, Finding::RolledBack { .. }));
        // By the last position: what was taken out in between has been told.
        let last = self.next - 1;
        if checkpoint > last && !told {
            self.found(Finding::RolledBack { events: last, checkpoint });
        }
    }

    /// What was found, and how much more there was than is told.
    pub fn end(self) -> (Vec<Finding>, u64) {
        (self.findings, self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaf::SALT;
    use super::*;

    fn trail(n: u64) -> Vec<Entry> {
        let entry = |position: u64| {
            let mut entry = Entry { position, ..Entry::default() };
            entry.values[6] = format!("answer.change {position}");
            entry.seal(&[u8::try_from(position % 250).expect("small"); SALT]);
            entry
        };
        (1..=n).map(entry).collect()
    }

    fn roots(entries: &[Entry]) -> Vec<Anchor> {
        let mut edge = Edge::default();
        let anchor = |entry: &Entry| {
            edge.push(hash_of(&entry.leaf).expect("a leaf"));
            Anchor { size: edge.size(), root: edge.root() }
        };
        entries.iter().map(anchor).filter(|anchor| anchor.size.is_multiple_of(5)).collect()
    }

    fn walk(entries: &[Entry], anchors: &[Anchor]) -> Vec<Finding> {
        let mut walk = Walk::new();
        for entry in entries {
            walk.entry(entry);
            for anchor in anchors {
                walk.anchor(anchor);
            }
        }
        if let Some(last) = anchors.last() {
            walk.beyond(last.size);
        }
        walk.end().0
    }

    #[test]
    fn each_kind_of_fault_is_found_and_named() {
        let whole = trail(40);
        let anchors = roots(&whole);
        assert_eq!(walk(&whole, &anchors), []);

        let mut altered = whole.clone();
        altered[12].values[6] = "answer.other".to_owned();
        assert_eq!(walk(&altered, &anchors), [Finding::Altered { event: 13, fields: vec!["action"] }]);

        let mut removed = whole.clone();
        removed.remove(20);
        assert_eq!(walk(&removed, &anchors)[0], Finding::Removed { first: 21, last: 21 });

        let mut renumbered = removed.clone();
        renumbered.iter_mut().enumerate().for_each(|(n, entry)| entry.position = n as u64 + 1);
        assert_eq!(walk(&renumbered, &anchors)[0], Finding::Removed { first: 21, last: 21 });

        let mut moved = whole.clone();
        moved.swap(6, 8);
        (moved[6].position, moved[8].position) = (7, 9);
        assert_eq!(walk(&moved, &anchors), [Finding::Reordered { event: 7, with: 9 }]);

        let rolled_back = &whole[..38];
        assert_eq!(walk(rolled_back, &anchors), [Finding::RolledBack { events: 38, checkpoint: 40 }]);
    }

    #[test]
    fn whoever_makes_all_hashes_anew_is_found_by_the_signed_roots() {
        let whole = trail(40);
        let anchors = roots(&whole);
        let mut forged = whole.clone();
        forged[12].values[10] = "a lie".to_owned();
        forged[12].seal(&[9; SALT]);
        assert_eq!(walk(&forged, &anchors), [Finding::Forked { checkpoint: 15, first: 11, last: 15 }]);

        let mut moved = whole.clone();
        moved.swap(30, 31);
        for (place, salt) in [(30, 1), (31, 2)] {
            moved[place].position = place as u64 + 1;
            let leaf = moved[place].leaf.clone();
            moved[place].seal(&[salt; SALT]);
            (moved[place].leaf, moved[place].marks) = (leaf, String::new());
        }
        // Their leaves are those that were signed, in the other order.
        let found = walk(&moved, &anchors);
        assert!(found.contains(&Finding::Reordered { event: 31, with: 32 }), "{found:?}");
    }
}
