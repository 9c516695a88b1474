//! The trees over the trails: right edges, kept nodes, signed checkpoints, cosignatures, the leaves of the installation.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// The name of the installation's tree, whose leaves are checkpoints.
pub const INSTALLATION: &str = "*";

/// How far a tree has grown; `(0, "")` for one that has not begun.
pub async fn edge(c: &mut Connection, tree: &str) -> Result<(i64, String)> {
    let row = c.one("SELECT size, edge FROM trail_tree WHERE tree = $1", params![tree]).await?;
    row.map_or(Ok((0, String::new())), |row| Ok((row.int(0)?, row.text(1)?)))
}

/// Moves the edge of a tree on from the size that was read; `false` when another process was faster.
pub async fn move_edge(w: &mut Write, tree: &str, from: i64, to: i64, edge: &str) -> Result<bool> {
    let touched = w
        .run(
            "INSERT INTO trail_tree (tree, size, edge) VALUES ($1, $2, $3)
             ON CONFLICT (tree) DO UPDATE SET size = excluded.size, edge = excluded.edge WHERE trail_tree.size = $4",
            params![tree, to, edge, from],
        )
        .await?;
    Ok(touched == 1)
}

/// Keeps a node.
pub async fn keep_node(w: &mut Write, tree: &str, level: i64, number: i64, hash: &str) -> Result<()> {
    w.run(
        "INSERT INTO trail_node (tree, level, number, hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tree, level, number) DO NOTHING",
        params![tree, level, number, hash],
    )
    .await?;
    Ok(())
}

/// Kept nodes of a level, from one number on, in order, at most `limit`.
pub async fn nodes(c: &mut Connection, tree: &str, level: i64, first: i64, limit: i64) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT hash FROM trail_node WHERE tree = $1 AND level = $2 AND number >= $3 ORDER BY number LIMIT $4",
            params![tree, level, first, limit],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// One kept node.
pub async fn node(c: &mut Connection, tree: &str, level: i64, number: i64) -> Result<Option<String>> {
    Ok(nodes(c, tree, level, number, 1).await?.pop())
}

/// Leaves of an organisation's trail after a position, in order, at most `limit`; they end before one that is missing.
pub async fn leaves(c: &mut Connection, organisation_id: &str, after: i64, limit: i64) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT position, leaf FROM trail WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT $3",
            params![organisation_id, after, limit],
        )
        .await?;
    let mut leaves = Vec::with_capacity(rows.len());
    for (row, position) in rows.iter().zip(after + 1..) {
        let leaf = row.text(1)?;
        if row.int(0)? != position || leaf.is_empty() {
            break;
        }
        leaves.push(leaf);
    }
    Ok(leaves)
}

/// Leaves of the installation's tree after a position.
pub async fn round_leaves(c: &mut Connection, after: i64, limit: i64) -> Result<Vec<String>> {
    let rows = c
        .all("SELECT leaf FROM trail_round WHERE position > $1 ORDER BY position LIMIT $2", params![after, limit])
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Organisations whose trail has grown beyond its tree, in the order of their ids.
pub async fn behind(c: &mut Connection) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT h.organisation_id FROM trail_head h LEFT JOIN trail_tree t ON t.tree = h.organisation_id
             WHERE t.tree IS NULL OR h.position > t.size ORDER BY h.organisation_id",
            params![],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Every organisation that has a trail, `''` for the shared one.
pub async fn trails(c: &mut Connection) -> Result<Vec<String>> {
    let rows = c.all("SELECT organisation_id FROM trail_head ORDER BY organisation_id", params![]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Position of the newest event of a trail; 0 without one.
pub async fn head(c: &mut Connection, organisation_id: &str) -> Result<i64> {
    let row = c.one("SELECT position FROM trail_head WHERE organisation_id = $1", params![organisation_id]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// A signed checkpoint as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub size: i64,
    /// The signed note.
    pub note: String,
    pub signed_at: String,
}

fn kept(row: &crate::Row) -> Result<Kept> {
    Ok(Kept { size: row.int(0)?, note: row.text(1)?, signed_at: row.text(2)? })
}

/// Keeps a checkpoint; the size must be new.
pub async fn keep_checkpoint(w: &mut Write, tree: &str, k: &Kept) -> Result<()> {
    w.run(
        "INSERT INTO trail_checkpoint (tree, size, note, signed_at) VALUES ($1, $2, $3, $4)",
        params![tree, k.size, &k.note, &k.signed_at],
    )
    .await?;
    Ok(())
}

/// The newest checkpoint of a tree.
pub async fn newest_checkpoint(c: &mut Connection, tree: &str) -> Result<Option<Kept>> {
    let row = c
        .one(
            "SELECT size, note, signed_at FROM trail_checkpoint WHERE tree = $1 ORDER BY size DESC LIMIT 1",
            params![tree],
        )
        .await?;
    row.as_ref().map(kept).transpose()
}

/// The checkpoint of one size.
pub async fn checkpoint(c: &mut Connection, tree: &str, size: i64) -> Result<Option<Kept>> {
    let row = c
        .one("SELECT size, note, signed_at FROM trail_checkpoint WHERE tree = $1 AND size = $2", params![tree, size])
        .await?;
    row.as_ref().map(kept).transpose()
}

/// Checkpoints larger than a size, the smallest first, at most `limit`.
pub async fn checkpoints_after(c: &mut Connection, tree: &str, after: i64, limit: i64) -> Result<Vec<Kept>> {
    c.map(
        "SELECT size, note, signed_at FROM trail_checkpoint WHERE tree = $1 AND size > $2 ORDER BY size LIMIT $3",
        params![tree, after, limit],
        kept,
    )
    .await
}

/// A leaf of the installation's tree: what an organisation's checkpoint was in a round.
#[derive(Debug, Clone)]
pub struct RoundLeaf {
    pub position: i64,
    /// When the round was, UTC.
    pub round: String,
    pub organisation_id: String,
    pub size: i64,
    pub root: String,
    pub salt: String,
    pub leaf: String,
}

/// Appends a leaf to the installation's tree.
///
/// # Errors
/// Another process has given the position already.
pub async fn add_round_leaf(w: &mut Write, r: &RoundLeaf) -> Result<()> {
    w.run(
        "INSERT INTO trail_round (position, round, organisation_id, size, root, salt, leaf)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![r.position, &r.round, &r.organisation_id, r.size, &r.root, &r.salt, &r.leaf],
    )
    .await?;
    Ok(())
}

fn round_leaf(row: &crate::Row) -> Result<RoundLeaf> {
    Ok(RoundLeaf {
        position: row.int(0)?,
        round: row.text(1)?,
        organisation_id: row.text(2)?,
        size: row.int(3)?,
        root: row.text(4)?,
        salt: row.text(5)?,
        leaf: row.text(6)?,
    })
}

/// Leaves of the installation's tree after a position, with what they are made of.
pub async fn rounds_after(c: &mut Connection, after: i64, limit: i64) -> Result<Vec<RoundLeaf>> {
    c.map(
        "SELECT position, round, organisation_id, size, root, salt, leaf FROM trail_round
         WHERE position > $1 ORDER BY position LIMIT $2",
        params![after, limit],
        round_leaf,
    )
    .await
}

/// Sizes and roots that rounds say of an organisation's tree, for sizes beyond one and up to another.
pub async fn roots_in_rounds(
    c: &mut Connection,
    organisation_id: &str,
    after: i64,
    up_to: i64,
) -> Result<Vec<(i64, String)>> {
    let rows = c
        .all(
            "SELECT DISTINCT size, root FROM trail_round
             WHERE organisation_id = $1 AND size > $2 AND size <= $3 ORDER BY size",
            params![organisation_id, after, up_to],
        )
        .await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// When the last round was; empty before the first.
pub async fn last_round(c: &mut Connection) -> Result<String> {
    let row = c.one("SELECT COALESCE(MAX(round), '') FROM trail_round", params![]).await?;
    row.map_or(Ok(String::new()), |row| row.text(0))
}

/// Adds a witness's line to a checkpoint; a later one of the same witness takes its place.
pub async fn put_cosignature(w: &mut Write, tree: &str, size: i64, witness: &str, line: &str, at: &str) -> Result<()> {
    w.run(
        "INSERT INTO trail_cosignature (tree, size, witness, line, added_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tree, size, witness) DO UPDATE SET line = excluded.line, added_at = excluded.added_at",
        params![tree, size, witness, line, at],
    )
    .await?;
    Ok(())
}

/// Signature lines of witnesses for a checkpoint: name and line.
pub async fn cosignatures(c: &mut Connection, tree: &str, size: i64) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT witness, line FROM trail_cosignature WHERE tree = $1 AND size = $2 ORDER BY witness",
            params![tree, size],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// The newest checkpoint of a tree that each witness cosigned: name, size, when it was added.
pub async fn witnesses(c: &mut Connection, tree: &str) -> Result<Vec<(String, i64, String)>> {
    let rows = c
        .all(
            "SELECT witness, MAX(size), MAX(added_at) FROM trail_cosignature WHERE tree = $1 GROUP BY witness ORDER BY witness",
            params![tree],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?, row.text(2)?))).collect()
}

/// The last checkpoint that we cosigned for somebody: their key, its size, its note.
pub async fn seen(c: &mut Connection, origin: &str) -> Result<Option<(String, i64, String)>> {
    let row = c.one("SELECT vkey, size, note FROM trail_seen WHERE origin = $1", params![origin]).await?;
    row.map(|row| Ok((row.text(0)?, row.int(1)?, row.text(2)?))).transpose()
}

/// Notes what we cosigned; only ever forwards.
pub async fn put_seen(w: &mut Write, origin: &str, vkey: &str, size: i64, note: &str, at: &str) -> Result<bool> {
    let touched = w
        .run(
            "INSERT INTO trail_seen (origin, vkey, size, note, seen_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note, seen_at = excluded.seen_at
             WHERE trail_seen.size <= excluded.size AND trail_seen.vkey = excluded.vkey",
            params![origin, vkey, size, note, at],
        )
        .await?;
    Ok(touched == 1)
}

/// The keys that have signed, the first one first.
pub async fn keys(c: &mut Connection) -> Result<Vec<String>> {
    let rows = c.all("SELECT vkey FROM trail_key ORDER BY added_at, vkey", params![]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Adds a key that signs from now on.
pub async fn add_key(w: &mut Write, vkey: &str, at: &str) -> Result<()> {
    w.run("INSERT INTO trail_key (vkey, added_at) VALUES ($1, $2) ON CONFLICT (vkey) DO NOTHING", params![vkey, at])
        .await?;
    Ok(())
}

/// Events without a leaf, of any organisation: from before there were leaves.
pub async fn without_leaf(c: &mut Connection, limit: i64) -> Result<Vec<(String, super::Event)>> {
    c.map(
        "SELECT position, at, actor_id, actor_name, on_behalf_of_id, on_behalf_of_name, address, action, subject_kind,
             subject_id, before, after, organisation_id FROM trail
         WHERE leaf = '' ORDER BY organisation_id, position LIMIT $1",
        params![limit],
        |row| Ok((row.text(12)?, super::event(row)?)),
    )
    .await
}

/// Gives an event from before there were leaves its leaf.
pub async fn put_leaf(w: &mut Write, organisation_id: &str, position: i64, seal: &super::Seal) -> Result<()> {
    w.run(
        "UPDATE trail SET salt = $1, leaf = $2, marks = $3 WHERE organisation_id = $4 AND position = $5 AND leaf = ''",
        params![&seal.salt, &seal.leaf, &seal.marks, organisation_id, position],
    )
    .await?;
    Ok(())
}

/// Forgets the texts of an event; what proves it stays.
pub async fn expire(w: &mut Write, organisation_id: &str, position: i64, kept: &str) -> Result<()> {
    w.run(
        "UPDATE trail SET actor_name = '', on_behalf_of_name = '', address = '', before = '', after = '', salt = '', kept = $1
         WHERE organisation_id = $2 AND position = $3 AND kept = ''",
        params![kept, organisation_id, position],
    )
    .await?;
    Ok(())
}

/// Events of before a moment whose texts are still there, oldest first, at most `limit`, after a position.
pub async fn old(
    c: &mut Connection,
    organisation_id: &str,
    before: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(super::Event, super::Seal)>> {
    c.map(
        super::select_event!(
            "WHERE organisation_id = $1 AND at < $2 AND position > $3 AND kept = '' ORDER BY position LIMIT $4"
        ),
        params![organisation_id, before, after, limit],
        super::sealed,
    )
    .await
}

/// A sink as it stands for an organisation.
#[derive(Debug, Clone)]
pub struct SinkState {
    pub sink: String,
    pub organisation_id: String,
    pub position: i64,
    /// When it last took something, UTC.
    pub served_at: String,
    /// Why it takes nothing; empty while it does.
    pub fault: String,
}

/// Notes how far a sink has come and what is wrong with it. The position never goes back.
pub async fn put_sink(w: &mut Write, s: &SinkState) -> Result<()> {
    w.run(
        "INSERT INTO trail_sink (sink, organisation_id, position, served_at, fault) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (sink, organisation_id) DO UPDATE SET
             position = CASE WHEN excluded.position > trail_sink.position THEN excluded.position ELSE trail_sink.position END,
             served_at = excluded.served_at, fault = excluded.fault",
        params![&s.sink, &s.organisation_id, s.position, &s.served_at, &s.fault],
    )
    .await?;
    Ok(())
}

/// The sinks of an organisation.
pub async fn sinks(c: &mut Connection, organisation_id: &str) -> Result<Vec<SinkState>> {
    c.map(
        "SELECT sink, organisation_id, position, served_at, fault FROM trail_sink WHERE organisation_id = $1 ORDER BY sink",
        params![organisation_id],
        |row| {
            Ok(SinkState {
                sink: row.text(0)?,
                organisation_id: row.text(1)?,
                position: row.int(2)?,
                served_at: row.text(3)?,
                fault: row.text(4)?,
            })
        },
    )
    .await
}

/// Organisations whose trail has more than a sink has taken: id, and the position that it has taken.
pub async fn to_serve(c: &mut Connection, sink: &str) -> Result<Vec<(String, i64)>> {
    let rows = c
        .all(
            "SELECT h.organisation_id, COALESCE(s.position, 0) FROM trail_head h
             LEFT JOIN trail_sink s ON s.organisation_id = h.organisation_id AND s.sink = $1
             WHERE h.position > COALESCE(s.position, 0) ORDER BY h.organisation_id",
            params![sink],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}
