//! The signer: joins new leaves to the trees and signs what they have become.
//!
//! Several processes may do it at once: the edge of a tree moves on only from the size that was read, and its checkpoint
//! is written in the same transaction, so that there are never two of one size.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sakimori_interop::trail::tree::{Edge, Node, Proving, below, join, round_leaf};
use sakimori_interop::trail::{Checkpoint, Hash, SignedCheckpoint, TlogProof, export, hash_of};
use sakimori_store::Connection;
use sakimori_store::trail::sealed_at;
use sakimori_store::trail::tree::{self as store, INSTALLATION, Kept, RoundLeaf};

use super::{broken, entry, number, origin_of, salt_text, size};
use crate::{App, AppError, Refusal, Result};

/// Leaves read at once.
const PAGE: i64 = 1000;
/// Leaves joined in one transaction.
const STRIDE: u64 = 50_000;
/// A round of the installation's tree every so often, whatever happened: its size says how long, not how busy.
const ROUND_SECONDS: i64 = 3600;

/// What this process saw of the trees, in its own memory: whoever changes the edges in the database while it runs does
/// not get the outcome signed.
#[derive(Default)]
pub struct Watch {
    seen: Mutex<HashMap<String, Edge>>,
    /// One at a time within the process: whoever reads an edge keeps the others off until it has moved on.
    signing: tokio::sync::Mutex<()>,
    /// Why nothing is signed for a tree.
    stopped: Mutex<HashMap<String, String>>,
}

impl Watch {
    fn check(&self, tree: &str, edge: &Edge) -> Result<()> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = seen.get(tree).is_none_or(|seen| seen.size() < edge.size() || seen == edge);
        if fits { Ok(()) } else { Err(broken("the edge of the tree was changed since it was last seen")) }
    }

    fn see(&self, tree: &str, edge: &Edge) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(tree.to_owned(), edge.clone());
    }

    fn stop(&self, tree: &str, why: Option<String>) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => stopped.insert(tree.to_owned(), why),
            None => stopped.remove(tree),
        };
    }

    /// Why nothing is signed for an organisation; `None` while all is well.
    pub fn stopped(&self, tree: &str) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get(tree).cloned()
    }
}

/// A tree that has grown.
struct Grown {
    tree: String,
    from: u64,
    edge: Edge,
    nodes: Vec<(Node, Hash)>,
    /// Whether nothing is left to join.
    whole: bool,
}

/// The edge of a tree, which must be the one that was signed.
async fn edge(app: &App, c: &mut Connection, tree: &str) -> Result<Edge> {
    let (at, text) = store::edge(c, tree).await?;
    let edge = Edge::parse(size(at), &text).map_err(broken)?;
    app.watch().check(tree, &edge)?;
    if let Some(kept) = store::checkpoint(c, tree, at).await? {
        let note = SignedCheckpoint::parse(&kept.note).map_err(broken)?;
        let ours = app.trail_key().publics().iter().any(|key| note.signed_by(key));
        if !ours || note.checkpoint.root != edge.root() {
            return Err(broken("the edge of the tree is not what was signed; run sakimori trail verify"));
        }
    }
    Ok(edge)
}

async fn leaves(c: &mut Connection, tree: &str, after: i64, limit: i64) -> Result<Vec<Hash>> {
    let texts = match tree {
        INSTALLATION => store::round_leaves(c, after, limit).await?,
        organisation => store::leaves(c, organisation, after, limit).await?,
    };
    texts.iter().map(|text| hash_of(text).map_err(broken)).collect()
}

/// What the tree becomes with the leaves that are there; `None` when there are none.
async fn grow(app: &App, c: &mut Connection, tree: &str) -> Result<Option<Grown>> {
    let mut edge = edge(app, c, tree).await?;
    let from = edge.size();
    let mut nodes = Vec::new();
    let mut whole = false;
    while !whole && edge.size() - from < STRIDE {
        let new = leaves(c, tree, number(edge.size()), PAGE).await?;
        whole = number(new.len() as u64) < PAGE;
        for leaf in new {
            nodes.extend(edge.push(leaf));
        }
    }
    Ok((edge.size() > from).then(|| Grown { tree: tree.to_owned(), from, edge, nodes, whole }))
}

/// Writes what trees have become, and signs it.
async fn keep(app: &App, grown: &[Grown]) -> Result<()> {
    let now = app.now().to_string();
    let key = app.trail_key();
    let mut w = app.store().write().await?;
    let mut moved = Vec::new();
    for g in grown {
        let (from, to) = (number(g.from), number(g.edge.size()));
        if !store::move_edge(&mut w, &g.tree, from, to, &g.edge.to_text()).await? {
            // Another process has joined the same leaves, and signs.
            continue;
        }
        for ((level, place), hash) in &g.nodes {
            store::keep_node(&mut w, &g.tree, i64::from(*level), number(*place), &hash.to_string()).await?;
        }
        if g.whole {
            let origin = origin_of(key.origin(), &g.tree);
            let checkpoint = Checkpoint { origin, size: g.edge.size(), root: g.edge.root() };
            let note = key.signing().sign(checkpoint).map_err(broken)?.to_text();
            store::keep_checkpoint(&mut w, &g.tree, &Kept { size: to, note, signed_at: now.clone() }).await?;
        }
        moved.push(g);
    }
    w.commit().await?;
    // Not before it is in the database: what was not committed was not seen.
    for g in moved {
        app.watch().see(&g.tree, &g.edge);
    }
    Ok(())
}

/// Joins and signs one tree until nothing is left.
async fn sign(app: &App, tree: &str) -> Result<()> {
    loop {
        let mut c = app.read().await?;
        let grown = grow(app, &mut c, tree).await?;
        drop(c);
        let Some(grown) = grown else { return Ok(()) };
        let whole = grown.whole;
        keep(app, &[grown]).await?;
        if whole {
            return Ok(());
        }
    }
}

/// Signs every trail that has grown, in one transaction, and holds a round of the installation's tree when it is time.
/// A tree that does not fit what was signed is left alone, and said in the log.
///
/// # Errors
/// A database error.
pub async fn sign_what_is_new(app: &App) -> Result<()> {
    let _alone = app.watch().signing.lock().await;
    let mut c = app.read().await?;
    let mut grown = Vec::new();
    let mut more = Vec::new();
    for tree in store::behind(&mut c).await? {
        match grow(app, &mut c, &tree).await {
            Ok(Some(new)) => {
                if !new.whole {
                    more.push(tree.clone());
                }
                app.watch().stop(&tree, None);
                grown.push(new);
            }
            Ok(None) => {}
            Err(AppError::Internal(why)) => {
                if app.watch().stopped(&tree).is_none() {
                    tracing::error!(tree, why, "the trail is not signed any more");
                }
                app.watch().stop(&tree, Some(why));
            }
            Err(other) => return Err(other),
        }
    }
    drop(c);
    if !grown.is_empty() {
        keep(app, &grown).await?;
    }
    for tree in more {
        sign(app, &tree).await?;
    }
    match hold_round(app).await {
        Err(AppError::Internal(why)) => {
            if app.watch().stopped(INSTALLATION).is_none() {
                tracing::error!(why, "the installation's tree is not signed any more");
            }
            app.watch().stop(INSTALLATION, Some(why));
            Ok(())
        }
        held => held,
    }
}

/// Once in [`ROUND_SECONDS`], every organisation's newest checkpoint becomes a leaf of the installation's tree: all of
/// them, whether they have changed or not, in an order that chance decides.
async fn hold_round(app: &App) -> Result<()> {
    let mut c = app.read().await?;
    let second = app.now().as_second();
    let round = jiff::Timestamp::from_second(second - second.rem_euclid(ROUND_SECONDS)).map_err(broken)?.to_string();
    if store::last_round(&mut c).await? >= round {
        return Ok(());
    }
    drop(c);
    // A process may have ended between its round and the signature of it: the next leaves come after those.
    sign(app, INSTALLATION).await?;
    let mut c = app.read().await?;
    let mut leaves = Vec::new();
    for organisation_id in store::trails(&mut c).await? {
        let Some(kept) = store::newest_checkpoint(&mut c, &organisation_id).await? else { continue };
        let checkpoint = SignedCheckpoint::parse(&kept.note).map_err(broken)?.checkpoint;
        let salt = app.random();
        leaves.push(RoundLeaf {
            position: 0,
            round: round.clone(),
            organisation_id,
            size: kept.size,
            root: checkpoint.root.to_string(),
            salt: salt_text(salt),
            leaf: round_leaf(&salt, &checkpoint).to_string(),
        });
    }
    let first = store::edge(&mut c, INSTALLATION).await?.0 + 1;
    drop(c);
    leaves.sort_by(|one, two| one.leaf.cmp(&two.leaf));
    let mut w = app.store().write().await?;
    for (leaf, position) in leaves.iter_mut().zip(first..) {
        leaf.position = position;
        match store::add_round_leaf(&mut w, leaf).await {
            // Another process holds the round.
            Err(error) if error.is_taken() => return Ok(()),
            added => added?,
        }
    }
    w.commit().await?;
    sign(app, INSTALLATION).await
}

/// A checkpoint with the witnesses' lines, and when it was signed.
#[derive(Debug, Clone)]
pub struct Given {
    pub note: SignedCheckpoint,
    pub signed_at: String,
}

/// The newest checkpoint of a tree that is there; `None` before the first.
///
/// # Errors
/// A database error.
pub async fn newest(c: &mut Connection, tree: &str) -> Result<Option<Given>> {
    let Some(kept) = store::newest_checkpoint(c, tree).await? else { return Ok(None) };
    Ok(Some(Given { note: with_cosignatures(c, tree, &kept).await?, signed_at: kept.signed_at }))
}

/// The newest checkpoint of a tree in one line, for the foot of a page that may be printed; empty before the first.
///
/// # Errors
/// A database error.
pub async fn newest_line(c: &mut Connection, tree: &str) -> Result<String> {
    let Some(kept) = store::newest_checkpoint(c, tree).await? else { return Ok(String::new()) };
    Ok(kept.note.lines().take(3).collect::<Vec<_>>().join(" "))
}

/// The newest checkpoint of a tree that a witness cosigned, with the witnesses' lines.
///
/// # Errors
/// A database error.
pub async fn cosigned(c: &mut Connection, tree: &str) -> Result<Option<SignedCheckpoint>> {
    let size = store::witnesses(c, tree).await?.into_iter().map(|(_, size, _)| size).max();
    let Some(size) = size else { return Ok(None) };
    match store::checkpoint(c, tree, size).await? {
        Some(kept) => Ok(Some(with_cosignatures(c, tree, &kept).await?)),
        None => Ok(None),
    }
}

async fn with_cosignatures(c: &mut Connection, tree: &str, kept: &Kept) -> Result<SignedCheckpoint> {
    let mut note = SignedCheckpoint::parse(&kept.note).map_err(broken)?;
    for (_, line) in store::cosignatures(c, tree, kept.size).await? {
        note.add(&line).map_err(broken)?;
    }
    Ok(note)
}

/// A checkpoint over everything that stands in a trail now.
///
/// # Errors
/// The trail is empty or does not fit what was signed; a database error.
pub async fn checkpoint(app: &App, organisation_id: &str) -> Result<Given> {
    let mut c = app.read().await?;
    let head = store::head(&mut c, organisation_id).await?;
    drop(c);
    // The second time another process may have been faster, and be about to commit.
    for _ in 0..3 {
        let alone = app.watch().signing.lock().await;
        sign(app, organisation_id).await?;
        drop(alone);
        let mut c = app.read().await?;
        if let Some(given) = newest(&mut c, organisation_id).await?
            && number(given.note.checkpoint.size) >= head
        {
            return Ok(given);
        }
    }
    Err(broken("the trail could not be signed"))
}

/// The proof of one event against the newest checkpoint.
///
/// # Errors
/// No such event; a tree that does not fit what was signed; a database error.
pub async fn prove(app: &App, organisation_id: &str, position: i64) -> Result<TlogProof> {
    let given = checkpoint(app, organisation_id).await?;
    let mut c = app.read().await?;
    let (event, seal) = sealed_at(&mut c, organisation_id, position).await?.ok_or_else(Refusal::not_found)?;
    let index = size(event.position - 1);
    let proving = Proving::Leaf { size: given.note.checkpoint.size, index };
    let hashes = proof(&mut c, organisation_id, proving).await?;
    Ok(TlogProof { extra: export::line(&entry(&event, &seal)), index, hashes, checkpoint: given.note })
}

/// A proof of the tree: inclusion of a leaf, or consistency with an older size.
///
/// # Errors
/// Nodes are missing; a database error.
pub async fn proof(c: &mut Connection, tree: &str, proving: Proving) -> Result<Vec<Hash>> {
    let mut known = HashMap::new();
    for node in proving.nodes() {
        let (level, first, count) = below(node);
        let hashes = if level == 0 {
            leaves(c, tree, number(first), number(count)).await?
        } else {
            let texts = store::nodes(c, tree, i64::from(level), number(first), number(count)).await?;
            texts.iter().map(|text| hash_of(text).map_err(broken)).collect::<Result<_>>()?
        };
        if hashes.len() as u64 != count {
            return Err(broken("nodes of the tree are missing"));
        }
        known.extend(join(&hashes).map(|hash| (node, hash)));
    }
    proving.proof(&known).map_err(broken)
}
