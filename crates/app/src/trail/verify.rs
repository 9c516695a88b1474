//! Verification of the trails in a database: every leaf from its event, every tree from its leaves, every signed root.
//!
//! It takes a connection and public keys, no application: it can be run on a copy, without the key that signs.

use sakimori_interop::trail::export::{Demand, Verdict};
use sakimori_interop::trail::tree::round_leaf;
use sakimori_interop::trail::{
    Anchor, Checkpoint, Finding, Hash, PublicKey, Remembered, SignedCheckpoint, Walk, hash_of,
};
use sakimori_store::Connection;
use sakimori_store::trail::sealed_after;
use sakimori_store::trail::tree::{self as store, INSTALLATION};
use serde::Serialize;

use super::{STANDARD, broken, entry, number, origin_of, size, tree_of};
use crate::{Refusal, Result};
use base64::Engine as _;

/// Events looked at at once.
const PAGE: i64 = 1000;

/// What came out for one trail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrailVerdict {
    /// Id of the organisation, empty for the shared trail, `*` for the installation's tree.
    pub organisation: String,
    /// Events that no checkpoint covers yet.
    pub unsigned: u64,
    /// Signed checkpoints that were compared.
    pub checkpoints: u64,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What came out for all.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    pub valid: bool,
    pub trails: Vec<TrailVerdict>,
}

/// What is verified with.
pub struct Means<'a> {
    /// Keys that may have signed.
    pub keys: &'a [PublicKey],
    pub demand: &'a Demand,
}

impl Means<'_> {
    fn origin(&self) -> &str {
        self.keys.first().map_or("", |key| key.name.as_str())
    }

    /// The key that signed, else the newest.
    fn key_of(&self, note: &SignedCheckpoint) -> &PublicKey {
        self.keys.iter().find(|key| note.signed_by(key)).unwrap_or(&self.keys[0])
    }

    fn against(&self, tree: &str) -> impl Iterator<Item = &Remembered> {
        let origin = origin_of(self.origin(), tree);
        self.demand.against.iter().filter(move |kept| kept.checkpoint().origin == origin)
    }
}

/// Verifies all trails, or that of one organisation.
///
/// # Errors
/// A checkpoint of another installation to compare with; a database error. What is not true is a finding.
pub async fn verify(c: &mut Connection, means: &Means<'_>, only: Option<&str>) -> Result<Outcome> {
    let mut trees = store::trails(c).await?;
    for kept in &means.demand.against {
        let origin = &kept.checkpoint().origin;
        let Some(tree) = tree_of(means.origin(), origin) else {
            return Err(Refusal::invalid(
                "foreign-checkpoint",
                format!("比べるチェックポイントの出所 {origin} は、この環境のものではありません。"),
                format!("The checkpoint to compare with is of {origin}, not of this installation."),
            )
            .into());
        };
        if !trees.contains(&tree) && tree != INSTALLATION {
            trees.push(tree);
        }
    }
    trees.retain(|tree| only.is_none_or(|only| only == tree));
    let mut trails = Vec::new();
    for tree in &trees {
        trails.push(verify_trail(c, means, tree).await?);
    }
    if only.is_none() {
        trails.push(verify_rounds(c, means).await?);
    }
    for witness in &means.demand.witnesses {
        let mut found = false;
        for trail in &trails {
            found = found || witnessed(c, &trail.organisation, witness).await?;
        }
        if let Some(last) = trails.last_mut().filter(|_| !found) {
            let checkpoint = last.verdict.checkpoint;
            last.verdict.findings.push(Finding::NotWitnessed { checkpoint, witness: witness.name.clone() });
        }
    }
    let valid = trails.iter().all(|trail| trail.verdict.findings.is_empty());
    Ok(Outcome { valid, trails })
}

/// A walk with what it is compared with.
struct Comparison<'a> {
    means: &'a Means<'a>,
    tree: &'a str,
    walk: Walk,
    checkpoints: u64,
    newest: Option<Checkpoint>,
}

impl<'a> Comparison<'a> {
    fn new(means: &'a Means<'a>, tree: &'a str) -> Self {
        Self { means, tree, walk: Walk::new(), checkpoints: 0, newest: None }
    }

    /// The signed roots for sizes after one and up to another, smallest first.
    async fn anchors(&mut self, c: &mut Connection, after: i64, up_to: i64) -> Result<Vec<Anchor>> {
        let mut anchors = Vec::new();
        let origin = origin_of(self.means.origin(), self.tree);
        for kept in store::checkpoints_after(c, self.tree, after, PAGE).await? {
            if kept.size > up_to {
                break;
            }
            let Ok(note) = SignedCheckpoint::parse(&kept.note) else {
                self.walk.found(Finding::NotSigned { checkpoint: size(kept.size) });
                continue;
            };
            let right = note.checkpoint.origin == origin && number(note.checkpoint.size) == kept.size;
            if !right || !note.signed_by(self.means.key_of(&note)) {
                self.walk.found(Finding::NotSigned { checkpoint: size(kept.size) });
                continue;
            }
            self.checkpoints += 1;
            anchors.push(Anchor { size: note.checkpoint.size, root: note.checkpoint.root });
            self.newest = Some(note.checkpoint);
        }
        if self.tree != INSTALLATION {
            for (at, root) in store::roots_in_rounds(c, self.tree, after, up_to).await? {
                anchors.push(Anchor { size: size(at), root: hash_of(&root).unwrap_or_default() });
            }
        }
        let given = self.means.against(self.tree).map(Remembered::checkpoint);
        let given = given.filter(|head| head.size > size(after) && head.size <= size(up_to));
        anchors.extend(given.map(|head| Anchor { size: head.size, root: head.root }));
        anchors.sort_by_key(|anchor| anchor.size);
        Ok(anchors)
    }

    /// The kept nodes and the kept edge must be those of the events.
    async fn index(&mut self, c: &mut Connection, nodes: &[((u8, u64), Hash)], edge: &(i64, String)) -> Result<()> {
        if self.walk.broken() {
            return Ok(());
        }
        let at = self.walk.size();
        for ((level, place), hash) in nodes {
            let kept = store::node(c, self.tree, i64::from(*level), number(*place)).await?;
            if number(at) <= edge.0 && kept.as_deref() != Some(hash.to_string().as_str()) {
                self.walk.found(Finding::Index { size: at });
            }
        }
        if number(at) == edge.0 && self.walk.edge().to_text() != edge.1 {
            self.walk.found(Finding::Index { size: at });
        }
        Ok(())
    }

    fn end(mut self, head: u64, signed_up_to: u64) -> TrailVerdict {
        for kept in self.means.against(self.tree) {
            let checkpoint = kept.checkpoint().size;
            if kept.signed().is_some_and(|note| !note.signed_by(self.means.key_of(note))) {
                self.walk.found(Finding::NotSigned { checkpoint });
            }
            self.walk.beyond(checkpoint);
        }
        self.walk.beyond(signed_up_to);
        let events = self.walk.size();
        if head > events && !self.walk.broken() && signed_up_to <= events {
            self.walk.found(Finding::Removed { first: events + 1, last: head });
        }
        let expired = self.walk.expired();
        let (findings, more_findings) = self.walk.end();
        let (checkpoint, root) = self.newest.map_or((0, String::new()), |head| (head.size, head.short_root()));
        TrailVerdict {
            organisation: self.tree.to_owned(),
            unsigned: events.saturating_sub(checkpoint),
            checkpoints: self.checkpoints,
            verdict: Verdict {
                origin: origin_of(self.means.origin(), self.tree),
                events,
                expired,
                checkpoint,
                root,
                findings,
                more_findings,
            },
        }
    }
}

async fn signed_up_to(c: &mut Connection, tree: &str) -> Result<u64> {
    let newest = store::newest_checkpoint(c, tree).await?.map_or(0, |kept| kept.size);
    Ok(size(newest.max(store::edge(c, tree).await?.0)))
}

/// Whether a witness has cosigned a checkpoint of a tree. That the tree continues it, its own signature says.
async fn witnessed(c: &mut Connection, tree: &str, witness: &PublicKey) -> Result<bool> {
    for (name, at, _) in store::witnesses(c, tree).await? {
        if name != witness.name {
            continue;
        }
        let kept = store::checkpoint(c, tree, at).await?;
        let Some(mut note) = kept.and_then(|kept| SignedCheckpoint::parse(&kept.note).ok()) else { continue };
        for (_, line) in store::cosignatures(c, tree, at).await? {
            // A line that is none cosigns nothing.
            let _ = note.add(&line);
        }
        if note.cosigned_by(witness).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn verify_trail(c: &mut Connection, means: &Means<'_>, organisation_id: &str) -> Result<TrailVerdict> {
    let mut comparison = Comparison::new(means, organisation_id);
    // Read before the events, which only become more while somebody works.
    let head = size(store::head(c, organisation_id).await?);
    let signed = signed_up_to(c, organisation_id).await?;
    let edge = store::edge(c, organisation_id).await?;
    let mut after = 0;
    loop {
        let events = sealed_after(c, organisation_id, after, PAGE).await?;
        let Some((last, _)) = events.last() else { break };
        let up_to = last.position;
        let anchors = comparison.anchors(c, after, up_to).await?;
        let mut anchors = anchors.iter().peekable();
        for (event, seal) in &events {
            let nodes = comparison.walk.entry(&entry(event, seal));
            while let Some(anchor) = anchors.next_if(|anchor| anchor.size <= comparison.walk.size()) {
                comparison.walk.anchor(anchor);
            }
            comparison.index(c, &nodes, &edge).await?;
        }
        after = up_to;
    }
    Ok(comparison.end(head, signed))
}

/// The installation's tree: every leaf from what it commits to, every installation checkpoint.
async fn verify_rounds(c: &mut Connection, means: &Means<'_>) -> Result<TrailVerdict> {
    let mut comparison = Comparison::new(means, INSTALLATION);
    let signed = signed_up_to(c, INSTALLATION).await?;
    let edge = store::edge(c, INSTALLATION).await?;
    let mut after = 0;
    loop {
        let rounds = store::rounds_after(c, after, PAGE).await?;
        let Some(last) = rounds.last() else { break };
        let up_to = last.position;
        let anchors = comparison.anchors(c, after, up_to).await?;
        let mut anchors = anchors.iter().peekable();
        for round in &rounds {
            let salt = STANDARD.decode(&round.salt).map_err(broken)?;
            let origin = origin_of(means.origin(), &round.organisation_id);
            let root = hash_of(&round.root).unwrap_or_default();
            let checkpoint = Checkpoint { origin, size: size(round.size), root };
            let own = salt.first_chunk::<16>().map(|salt| round_leaf(salt, &checkpoint));
            let nodes = comparison.walk.leaf(size(round.position), own, &round.leaf);
            while let Some(anchor) = anchors.next_if(|anchor| anchor.size <= comparison.walk.size()) {
                comparison.walk.anchor(anchor);
            }
            comparison.index(c, &nodes, &edge).await?;
        }
        after = up_to;
    }
    Ok(comparison.end(0, signed))
}
