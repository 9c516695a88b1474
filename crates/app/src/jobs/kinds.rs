//! The kinds of jobs that ship. A new one is a line here.

use super::Kind;
use crate::{App, AppError, Result, account_care, api_token, applicability, backup, ingest, presence, upkeep};

const HOUR: i64 = 3600;

/// What binds every organisation, worked out anew after something that all of them share has changed.
pub const APPLICABILITY: Kind = Kind::once("applicability", |app, _| Box::pin(refresh(app)));

/// Every kind that a server runs.
pub const KINDS: &[Kind] = &[
    APPLICABILITY,
    Kind::periodic("forget-short-lived", HOUR, |app, _| Box::pin(forget_short_lived(app))),
    Kind::periodic("suspend-unused", 24 * HOUR, |app, _| Box::pin(suspend_unused(app))),
    Kind::periodic("backup", 24 * HOUR, |app, _| Box::pin(back_up(app))),
    Kind::periodic("scrub", 24 * HOUR, |app, _| Box::pin(scrub(app))),
    Kind::periodic("token-ends", 24 * HOUR, |app, _| Box::pin(tell_of_token_ends(app))),
];

/// How long ended jobs are kept, for who asks what came of them.
const ENDED_KEPT_MS: i64 = 30 * 24 * HOUR * 1000;

async fn refresh(app: &App) -> Result<String> {
    applicability::refresh(app).await?;
    Ok("worked out".to_owned())
}

/// Holders of tokens that end soon are told.
async fn tell_of_token_ends(app: &App) -> Result<String> {
    Ok(format!("told {}", api_token::tell_of_ends(app).await?))
}

/// A generation in the folder of `--backup-to`, and the old ones that the rule lets go.
async fn back_up(app: &App) -> Result<String> {
    let Some(folder) = app.backup_to() else { return Ok("no folder is set".to_owned()) };
    let told = |error: backup::BackupError| AppError::Internal(format!("backup: {error}"));
    let made = backup::create(app, folder, &[]).await.map_err(told)?;
    let choice = backup::prune(app, folder).await.map_err(told)?;
    Ok(format!("generation {}, let go {}", made.sequence, choice.goes.len()))
}

/// Whether database and evidence are whole.
async fn scrub(app: &App) -> Result<String> {
    let found = upkeep::scrub(app).await?;
    Ok(format!("files {}, damaged {}, database {}", found.files, found.damaged.len(), found.database.len()))
}

/// Previews that nobody confirmed, people who left a sheet, jobs that ended long ago.
async fn forget_short_lived(app: &App) -> Result<String> {
    let uploads = ingest::forget_uploads(app).await?;
    let places = presence::forget(app).await?;
    let mut write = app.store().write().await?;
    let jobs = sakimori_store::job::forget(&mut write, app.now().as_millisecond() - ENDED_KEPT_MS).await?;
    write.commit().await?;
    Ok(format!("uploads {uploads}, places {places}, jobs {jobs}"))
}

/// Accounts that their organisation's rules call unused for too long.
async fn suspend_unused(app: &App) -> Result<String> {
    let suspended = account_care::suspend_unused(app).await?;
    Ok(format!("suspended {suspended}"))
}
