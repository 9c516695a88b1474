//! A file between its preview and the confirmation: put aside in the database, so that any process can go on with it,
//! bound to the organisation, gone after a day. It is no record yet and leaves no trail: nothing of it is in a catalogue
//! before somebody confirms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sakimori_domain::identity::Permission;
use sakimori_store::upload as store;
use serde::{Deserialize, Serialize};

use crate::{Actor, App, AppError, Refusal, Result};

/// How long a file waits for its confirmation.
const KEPT_MS: i64 = 24 * 3600 * 1000;
/// Most files that wait for one organisation.
const WAITING_MAX: i64 = 20;
/// Bytes of one part.
const PART: usize = 768 * 1024;

/// What was chosen together with the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub file_name: String,
    /// Name of a built-in grammar; empty: the best fitting one.
    pub grammar: String,
    /// A grammar of the person's own (TOML); empty: none.
    pub own_grammar: String,
    /// Id of an Edition; empty: the one that the grammar names.
    pub edition: String,
}

/// A file put aside.
pub struct Upload {
    pub choice: Choice,
    pub bytes: Vec<u8>,
}

fn broken(error: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("uploads: {error}"))
}

/// Puts a file aside and returns its key.
///
/// # Errors
/// A role that may not; too many waiting; a database error.
pub async fn put_aside(app: &App, actor: &Actor, choice: &Choice, bytes: &[u8]) -> Result<String> {
    actor.require(Permission::LoadStandards)?;
    let now = app.now().as_millisecond();
    let upload = store::Upload { id: app.new_id(), choice: serde_json::to_string(choice).map_err(broken)?, at: now };
    let parts: Vec<String> = bytes.chunks(PART).map(|part| STANDARD.encode(part)).collect();
    let mut write = app.store().write().await?;
    store::forget(&mut write, now - KEPT_MS).await?;
    if store::waiting(&mut write, &actor.organisation_id).await? >= WAITING_MAX {
        return Err(Refusal::new(
            crate::RefusalKind::Limit,
            "uploads-waiting",
            "確認待ちのファイルが多すぎます。",
            "Too many files are waiting for confirmation.",
        )
        .next("先のものを取り込むか、取りやめてください。", "Confirm or cancel earlier ones first.")
        .into());
    }
    store::insert(&mut write, &actor.organisation_id, &upload, &parts).await?;
    write.commit().await?;
    Ok(upload.id)
}

/// Takes a file up again; it stays until [`discard`].
///
/// # Errors
/// A key that is unknown, expired or of another organisation: all the same answer.
pub async fn take_up(app: &App, actor: &Actor, key: &str) -> Result<Upload> {
    actor.require(Permission::LoadStandards)?;
    let after = app.now().as_millisecond() - KEPT_MS;
    let found = store::by_id(&mut app.read().await?, &actor.organisation_id, key, after).await?;
    let (upload, parts) = found.ok_or_else(|| {
        Refusal::new(
            crate::RefusalKind::NotFound,
            "upload-gone",
            "確認待ちのファイルがありません（期限切れか、取り込み済みです）。",
            "The file is not waiting any more (expired or loaded already).",
        )
        .next("もう一度ファイルを選んでください。", "Choose the file again.")
    })?;
    let mut bytes = Vec::with_capacity(parts.len() * PART);
    for part in &parts {
        STANDARD.decode_vec(part, &mut bytes).map_err(broken)?;
    }
    Ok(Upload { choice: serde_json::from_str(&upload.choice).map_err(broken)?, bytes })
}

/// Removes a waiting file; one that is gone already is what was wanted.
///
/// # Errors
/// A role that may not; a database error.
pub async fn discard(app: &App, actor: &Actor, key: &str) -> Result<()> {
    actor.require(Permission::LoadStandards)?;
    let mut write = app.store().write().await?;
    store::delete(&mut write, &actor.organisation_id, key).await?;
    Ok(write.commit().await?)
}

/// Forgets what waited too long.
///
/// # Errors
/// A database error.
pub async fn forget(app: &App) -> Result<u64> {
    let mut write = app.store().write().await?;
    let gone = store::forget(&mut write, app.now().as_millisecond() - KEPT_MS).await?;
    write.commit().await?;
    Ok(gone)
}
