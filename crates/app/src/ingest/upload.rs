//! A file between its preview and the confirmation: put aside in the installation's folder, bound to the organisation,
//! gone after a day. Nothing of it is in the database before somebody confirms.

use std::path::PathBuf;
use std::time::Duration;

use sakimori_domain::identity::Permission;
use serde::{Deserialize, Serialize};

use crate::{Actor, App, AppError, Refusal, Result};

/// How long a file waits for its confirmation.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Most files that wait for one organisation.
const WAITING_MAX: usize = 20;

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

fn folder(app: &App) -> PathBuf {
    app.folder().join("uploads")
}

fn broken(error: &std::io::Error) -> AppError {
    AppError::Internal(format!("uploads: {error}"))
}

/// The name of a waiting file: organisation and a key that cannot be guessed. Both are checked, so that no path leaves
/// the folder.
fn place(app: &App, actor: &Actor, key: &str) -> Result<PathBuf> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if is_plain(key) && is_plain(&actor.organisation_id) {
        Ok(folder(app).join(format!("{}.{key}", actor.organisation_id)))
    } else {
        Err(Refusal::not_found().into())
    }
}

/// Puts a file aside and returns its key.
///
/// # Errors
/// A role that may not; too many waiting; a full disk.
pub async fn put_aside(app: &App, actor: &Actor, choice: &Choice, bytes: &[u8]) -> Result<String> {
    actor.require(Permission::LoadStandards)?;
    let key = app.new_id();
    let path = place(app, actor, &key)?;
    let folder = folder(app);
    tokio::fs::create_dir_all(&folder).await.map_err(|e| broken(&e))?;
    if tidy(app, actor).await? >= WAITING_MAX {
        return Err(Refusal::new(
            crate::RefusalKind::Limit,
            "uploads-waiting",
            "確認待ちのファイルが多すぎます。",
            "Too many files are waiting for confirmation.",
        )
        .next("先のものを取り込むか、取りやめてください。", "Confirm or cancel earlier ones first.")
        .into());
    }
    // One line of JSON, which has no line break inside, then the file as it came.
    let mut content = serde_json::to_vec(choice).map_err(|e| AppError::Internal(format!("uploads: {e}")))?;
    content.push(b'\n');
    content.extend_from_slice(bytes);
    tokio::fs::write(&path, content).await.map_err(|e| broken(&e))?;
    Ok(key)
}

/// Takes a file up again; it stays until [`discard`].
///
/// # Errors
/// A key that is unknown, expired or of another organisation: all the same answer.
pub async fn take_up(app: &App, actor: &Actor, key: &str) -> Result<Upload> {
    actor.require(Permission::LoadStandards)?;
    let path = place(app, actor, key)?;
    let gone = || {
        Refusal::new(
            crate::RefusalKind::NotFound,
            "upload-gone",
            "確認待ちのファイルがありません（期限切れか、取り込み済みです）。",
            "The file is not waiting any more (expired or loaded already).",
        )
        .next("もう一度ファイルを選んでください。", "Choose the file again.")
    };
    let content = tokio::fs::read(&path).await.map_err(|_| gone())?;
    let end = content.iter().position(|byte| *byte == b'\n').ok_or_else(gone)?;
    let choice = serde_json::from_slice(&content[..end]).map_err(|e| AppError::Internal(format!("uploads: {e}")))?;
    Ok(Upload { choice, bytes: content[end + 1..].to_vec() })
}

/// Removes a waiting file.
///
/// # Errors
/// A role that may not, or a key that is no key.
pub async fn discard(app: &App, actor: &Actor, key: &str) -> Result<()> {
    actor.require(Permission::LoadStandards)?;
    let path = place(app, actor, key)?;
    // One that is gone already is what was wanted.
    let _ = tokio::fs::remove_file(path).await;
    Ok(())
}

/// Removes what waited too long; returns how many wait for the actor's organisation.
async fn tidy(app: &App, actor: &Actor) -> Result<usize> {
    let now = std::time::SystemTime::from(app.now());
    let own = format!("{}.", actor.organisation_id);
    let mut waiting = 0;
    let mut entries = tokio::fs::read_dir(folder(app)).await.map_err(|e| broken(&e))?;
    while let Some(entry) = entries.next_entry().await.map_err(|e| broken(&e))? {
        let modified = entry.metadata().await.and_then(|meta| meta.modified());
        let is_old = modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT_FOR));
        if is_old {
            let _ = tokio::fs::remove_file(entry.path()).await;
        } else if entry.file_name().to_string_lossy().starts_with(&own) {
            waiting += 1;
        }
    }
    Ok(waiting)
}
