//! The trail of an organisation as a file that an auditor verifies without us.

use std::io::Write;

use sakimori_domain::identity::Permission;
use sakimori_interop::trail::SignedCheckpoint;
use sakimori_interop::trail::export::{FORMAT, Head, line};
use sakimori_store::trail::sealed_after;
use serde_json::json;

use super::{broken, checkpoint, entry, number};
use crate::{Actor, App, Result};

const PAGE: i64 = 1000;

/// Writes the actor's trail with its checkpoint, after noting that it was taken along. Returns the checkpoint.
///
/// # Errors
/// A role that may not read the trail; the file cannot be written; a database error.
pub async fn export<W: Write + Send>(app: &App, actor: &Actor, mut out: W) -> Result<SignedCheckpoint> {
    actor.require(Permission::ReadTrail)?;
    let organisation_id = &actor.organisation_id;
    app.note_read(actor, "trail.export", ("trail", organisation_id), &json!({})).await?;
    let given = checkpoint(app, organisation_id).await?;
    let witnessed = super::cosigned(&mut app.read().await?, organisation_id).await?;
    let head = Head {
        format: FORMAT.to_owned(),
        origin: given.note.checkpoint.origin.clone(),
        organisation: actor.organisation_name.clone(),
        key: app.trail_key().signing().named(&given.note.checkpoint.origin).public.vkey(),
        checkpoint: given.note.to_text(),
        witnessed: witnessed.map_or(String::new(), |note| note.to_text()),
    };
    let end = number(given.note.checkpoint.size);
    writeln!(out, "{}", serde_json::to_string(&head).map_err(broken)?).map_err(broken)?;
    let mut after = 0;
    while after < end {
        let mut c = app.read().await?;
        let events = sealed_after(&mut c, organisation_id, after, PAGE.min(end - after)).await?;
        drop(c);
        let Some((last, _)) = events.last() else { break };
        after = last.position;
        for (event, seal) in &events {
            writeln!(out, "{}", line(&entry(event, seal))).map_err(broken)?;
        }
    }
    out.flush().map_err(broken)?;
    Ok(given.note)
}
