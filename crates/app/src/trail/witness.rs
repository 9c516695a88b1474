//! Witnesses: installations that cosign each other's checkpoints, carried by hand where there is no network.
//! What comes back is a line to add to the checkpoint.

use sakimori_interop::trail::tree::{Proving, consistent};
use sakimori_interop::trail::{AddCheckpoint, PublicKey, SignedCheckpoint};
use sakimori_store::trail::tree as store;
use serde_json::json;

use super::{broken, number, signer, size, tree_of};
use crate::{Actor, App, Refusal, RefusalKind, Result};

fn refuse(ja: impl Into<String>, en: impl Into<String>) -> crate::AppError {
    Refusal::new(RefusalKind::Conflict, "witness", ja, en).into()
}

/// What a witness was handed.
///
/// # Errors
/// It is no request for a cosignature.
pub fn asked(text: &str) -> Result<AddCheckpoint> {
    AddCheckpoint::parse(text).map_err(|_| {
        refuse(
            "連署を求めるチェックポイントの形式（old の行、証明、空行、チェックポイント）ではありません。",
            "This is not a request for a cosignature (a line `old`, hashes, a blank line, the checkpoint).",
        )
    })
}

/// A tree's newest checkpoint with the proof that it continues the one of `old` leaves.
///
/// # Errors
/// An `old` that is larger than the tree; a database error.
pub async fn request_of(app: &App, tree: &str, old: u64) -> Result<AddCheckpoint> {
    if tree != store::INSTALLATION {
        signer::checkpoint(app, tree).await?;
    }
    let mut c = app.read().await?;
    let Some(given) = signer::newest(&mut c, tree).await? else {
        return Err(refuse("チェックポイントがまだありません。", "There is no checkpoint yet."));
    };
    let size = given.note.checkpoint.size;
    if old > size {
        return Err(refuse(
            format!("立会人が見たのは{old}件ですが、記録は{size}件です。巻き戻しの疑いがあります。"),
            format!("The witness saw {old}, the tree has {size}: it may have been rolled back."),
        ));
    }
    let proof = if old == 0 || old == size {
        Vec::new()
    } else {
        signer::proof(&mut c, tree, Proving::Older { size, older: old }).await?
    };
    Ok(AddCheckpoint { old, proof, note: given.note })
}

/// Cosigns somebody's checkpoint after checking that it continues the last one seen. Returns the line.
///
/// # Errors
/// Not signed with `key`; not a continuation of what was seen (then somebody rewrote their trail); a database error.
pub async fn cosign(app: &App, asked: &AddCheckpoint, key: &PublicKey) -> Result<String> {
    let head = &asked.note.checkpoint;
    if !asked.note.signed_by(key) {
        return Err(refuse("この鍵の署名ではありません。", "It is not signed with this key."));
    }
    let mut c = app.read().await?;
    let seen = store::seen(&mut c, &head.origin).await?;
    drop(c);
    if let Some((vkey, at, note)) = seen {
        let before = SignedCheckpoint::parse(&note).map_err(broken)?.checkpoint;
        if vkey != key.named(&head.origin).vkey() {
            return Err(refuse(
                "前に連署した時と鍵が違います。相手に確かめてください。",
                "The key is another than the last time; ask its owner.",
            ));
        }
        if asked.old != size(at) || !consistent(&asked.proof, &before, head) {
            return Err(refuse(
                format!(
                    "前に見た{at}件の続きであることを確かめられません。trail checkpoint --old {at} で作り直してもらってください。それでも同じなら、書き換えの疑いがあります。"
                ),
                format!(
                    "It does not prove to continue the {at} seen last. Ask for `trail checkpoint --old {at}`; if that fails too, their trail may have been rewritten."
                ),
            ));
        }
    }
    let second = u64::try_from(app.now().as_second()).map_err(broken)?;
    let line = app.trail_key().signing().cosign(&asked.note, second).map_err(broken)?;
    let actor = Actor::system("");
    let mut op = app.operate_as(&actor).await?;
    let (vkey, now) = (key.named(&head.origin).vkey(), op.now.clone());
    if !store::put_seen(&mut op.write, &head.origin, &vkey, number(head.size), &asked.note.to_text(), &now).await? {
        return Err(Refusal::conflict().into());
    }
    let what = json!({ "origin": head.origin, "size": head.size, "root": head.root.to_string() });
    op.trail_new("trail.cosign", ("checkpoint", &head.origin), &what).await?;
    op.commit().await?;
    Ok(line)
}

/// Takes over the lines that a witness gave for one of our checkpoints.
///
/// # Errors
/// A note that is not ours, or that the witness's key did not cosign; a database error.
pub async fn add_cosignatures(app: &App, note: &SignedCheckpoint, witness: &PublicKey) -> Result<u64> {
    let head = &note.checkpoint;
    let Some(tree) = tree_of(app.trail_key().origin(), &head.origin) else {
        return Err(refuse(
            format!("出所 {} は、この環境のものではありません。", head.origin),
            format!("{} is not of this installation.", head.origin),
        ));
    };
    let mut c = app.read().await?;
    let kept = store::checkpoint(&mut c, &tree, number(head.size)).await?;
    drop(c);
    let ours = kept.and_then(|kept| SignedCheckpoint::parse(&kept.note).ok());
    if ours.is_none_or(|ours| ours.checkpoint != *head) {
        return Err(refuse(
            "このチェックポイントは、ここで署名したものではありません。",
            "This checkpoint was not signed here.",
        ));
    }
    let Some(line) = note.line_of(witness) else {
        return Err(refuse("この立会人の連署がありません。", "The witness's key did not cosign it."));
    };
    let actor = Actor::system(if tree == store::INSTALLATION { "" } else { &tree });
    let mut op = app.operate_as(&actor).await?;
    let now = op.now.clone();
    store::put_cosignature(&mut op.write, &tree, number(head.size), &witness.name, &line, &now).await?;
    let what = json!({ "witness": witness.name, "size": head.size });
    op.trail_new("trail.witnessed", ("checkpoint", &head.origin), &what).await?;
    op.commit().await?;
    Ok(head.size)
}
