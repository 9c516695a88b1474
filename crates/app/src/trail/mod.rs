//! The trail's proof: leaves for events, the tree, signed checkpoints, verification.
//!
//! An event's leaf is written with the event, in its transaction, at the price of no further statement. The tree above the
//! leaves is a derived thing: the signer joins new leaves to it and signs, each second while something happens and
//! whenever somebody takes a checkpoint along.

mod key;
mod retention;
mod signer;
pub mod sinks;
mod take_along;
pub mod verify;
mod witness;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::trail::{Entry, SignedCheckpoint, leaf};
use sakimori_store::trail::{Event, Seal, tree};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{Actor, App, AppError, Refusal, RefusalKind, Result};

pub use key::TrailKey;
pub use retention::{Expired, expire};
pub use signer::{Given, Watch, checkpoint, cosigned, newest, newest_line, prove, sign_what_is_new};
pub use take_along::export;
pub use witness::{add_cosignatures, asked, cosign, request_of};

/// Events of before there were leaves that get theirs in one transaction.
const BATCH: i64 = 500;

/// The origin of an organisation's log; of the shared trail for `''`.
pub fn origin_of(installation: &str, organisation_id: &str) -> String {
    match organisation_id {
        "" => format!("{installation}/shared"),
        tree::INSTALLATION => installation.to_owned(),
        id => format!("{installation}/o/{id}"),
    }
}

/// The tree that an origin names; `None` for another installation's.
pub fn tree_of(installation: &str, origin: &str) -> Option<String> {
    match origin.strip_prefix(installation)? {
        "" => Some(tree::INSTALLATION.to_owned()),
        "/shared" => Some(String::new()),
        rest => rest.strip_prefix("/o/").map(str::to_owned),
    }
}

/// The event as its proof sees it.
pub fn entry(event: &Event, seal: &Seal) -> Entry {
    let e = event;
    let values = [
        &e.at,
        &e.actor_id,
        &e.actor_name,
        &e.on_behalf_of_id,
        &e.on_behalf_of_name,
        &e.address,
        &e.action,
        &e.subject_kind,
        &e.subject_id,
        &e.before,
        &e.after,
    ];
    Entry {
        position: u64::try_from(e.position).unwrap_or(0),
        values: values.map(Clone::clone),
        salt: seal.salt.clone(),
        kept: seal.kept.clone(),
        leaf: seal.leaf.clone(),
        marks: seal.marks.clone(),
    }
}

/// What proves a new event at its position.
pub(crate) fn seal(event: &Event, salt: &[u8; leaf::SALT]) -> Seal {
    let mut entry = entry(event, &Seal::default());
    entry.seal(salt);
    Seal { salt: entry.salt, kept: entry.kept, leaf: entry.leaf, marks: entry.marks }
}

fn broken(error: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("trail: {error}"))
}

/// A number of the database as a size.
fn size(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A size as a number of the database.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// At every start: is the key the one that has signed here, and has every event its leaf?
///
/// # Errors
/// A key that has nothing to do with those that signed before; a database error.
pub async fn begin(app: &App) -> Result<()> {
    let mut c = app.read().await?;
    let known = tree::keys(&mut c).await?;
    drop(c);
    let own: Vec<String> = app.trail_key().publics().iter().map(sakimori_interop::trail::PublicKey::vkey).collect();
    if !known.is_empty() && !known.iter().any(|key| own.contains(key)) {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "trail-key",
            "操作記録の署名鍵が、このデータベースで使われてきた鍵と違います。",
            "The key of the trail is not the one that has signed in this database.",
        )
        .next(
            "もとの鍵ファイルを --trail-key-file で指定してください。失われた場合は sakimori trail key --replace で新しい鍵に替えます（記録に残ります）。",
            "Name the old key file with --trail-key-file. If it is lost, sakimori trail key --replace begins with a new one, which the trail will say.",
        )
        .into());
    }
    if !known.contains(&own[0]) {
        let mut w = app.store().write().await?;
        tree::add_key(&mut w, &own[0], &app.now().to_string()).await?;
        w.commit().await?;
    }
    give_leaves(app).await
}

/// Makes the key of the key file the one that signs, though the database knows another: the trail says so.
///
/// # Errors
/// A database error.
pub async fn replace_key(app: &App) -> Result<()> {
    let actor = Actor::system("");
    let mut op = app.operate_as(&actor).await?;
    let vkey = app.trail_key().signing().public.vkey();
    tree::add_key(&mut op.write, &vkey, &op.now.clone()).await?;
    op.trail_new("trail.key", ("trail", ""), &json!({ "key": vkey })).await?;
    op.commit().await
}

/// Gives leaves to events from before there were any, in batches. From then on they are proven; before, nobody could
/// have told.
async fn give_leaves(app: &App) -> Result<()> {
    let mut counts: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    loop {
        let mut c = app.read().await?;
        let events = tree::without_leaf(&mut c, BATCH).await?;
        drop(c);
        if events.is_empty() {
            break;
        }
        let mut w = app.store().write().await?;
        for (organisation_id, event) in &events {
            tree::put_leaf(&mut w, organisation_id, event.position, &seal(event, &app.random())).await?;
            *counts.entry(organisation_id.clone()).or_default() += 1;
        }
        w.commit().await?;
    }
    for (organisation_id, events) in counts {
        let actor = Actor::system(&organisation_id);
        let mut op = app.operate_as(&actor).await?;
        op.trail_new("trail.begin", ("trail", ""), &json!({ "events": events })).await?;
        op.commit().await?;
    }
    Ok(())
}

/// A salt as it is kept.
fn salt_text(salt: [u8; leaf::SALT]) -> String {
    STANDARD.encode(salt)
}

/// Reading of something sensitive leaves its event too.
impl App {
    /// Notes that somebody read or took along something sensitive: evidence, a printed report, an export.
    ///
    /// # Errors
    /// A database error; then whoever asks must not get it.
    pub async fn note_read<A: serde::Serialize>(
        &self,
        actor: &Actor,
        action: &str,
        subject: (&str, &str),
        what: &A,
    ) -> Result<()> {
        let mut op = self.operate_as(actor).await?;
        op.trail_new(action, subject, what).await?;
        op.commit().await
    }
}

/// A checkpoint as it is printed.
pub fn mark(note: &SignedCheckpoint) -> TrailMark {
    TrailMark { line: note.checkpoint.to_line(), note: note.to_text() }
}

/// As [`take_along`], for bytes that have no room for a checkpoint (CSV): the event says their SHA-256, so that whoever has
/// the file finds it in the trail, and the checkpoint covers it.
///
/// # Errors
/// As [`take_along`].
pub async fn take_bytes_along(
    app: &App,
    actor: &Actor,
    action: &str,
    subject: (&str, &str),
    name: &str,
    bytes: &[u8],
) -> Result<TrailMark> {
    let digest = crate::identity::hex(&Sha256::digest(bytes));
    take_along(app, actor, action, subject, &json!({ "file": name, "sha256": digest })).await
}

/// Notes that something was printed or taken along, and signs a checkpoint over the trail up to that: what stands on it.
/// Where the trail cannot be signed, that is said in the log and the place stays empty: work does not stop for it.
///
/// # Errors
/// A database error; then whoever asks must not get it.
pub async fn take_along<A: serde::Serialize>(
    app: &App,
    actor: &Actor,
    action: &str,
    subject: (&str, &str),
    what: &A,
) -> Result<TrailMark> {
    app.note_read(actor, action, subject, what).await?;
    match checkpoint(app, &actor.organisation_id).await {
        Ok(given) => Ok(mark(&given.note)),
        Err(AppError::Internal(why)) => {
            tracing::error!(why, "printed without a checkpoint");
            Ok(TrailMark::default())
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_its_tree_and_no_other_installations() {
        for tree in ["", "alpha", tree::INSTALLATION] {
            assert_eq!(tree_of("sakimori/1", &origin_of("sakimori/1", tree)).as_deref(), Some(tree));
        }
        assert_eq!(tree_of("sakimori/1", "sakimori/12"), None);
        assert_eq!(tree_of("sakimori/1", "other/o/alpha"), None);
    }
}
