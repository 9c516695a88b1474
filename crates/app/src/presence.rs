//! Who else is in a sheet just now: a courtesy. It is in the database, so that people see each other whichever process
//! answers them, and it is no record: it leaves no trail and is forgotten.

use sakimori_domain::identity::Permission;
use sakimori_store::presence as store;

use crate::{Actor, App, Result, assessment};

/// The script reports every 15 s; who has missed three reports has left.
const STAYS_MS: i64 = 45_000;

/// Somebody else in the same sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Answer of the row that they are in.
    pub row: String,
    pub name: String,
}

/// Notes where the actor is and returns who else is there; a department sees its own people only.
///
/// # Errors
/// A sheet that the actor may not open; a database error.
pub async fn report(app: &App, actor: &Actor, assessment_id: &str, row: &str) -> Result<Vec<Other>> {
    assessment::may_open(app, actor, assessment_id).await?;
    let now = app.now().as_millisecond();
    let here = store::Place {
        account_id: actor.account_id.clone(),
        assessment_id: assessment_id.to_owned(),
        answer_id: if row.len() <= 64 { row.to_owned() } else { String::new() },
        name: actor.name.clone(),
        department_id: actor.department_id.clone(),
        at: now,
    };
    let mut write = app.store().write().await?;
    store::put(&mut write, &actor.organisation_id, &here).await?;
    write.commit().await?;
    let there = store::since(&mut app.read().await?, &actor.organisation_id, assessment_id, now - STAYS_MS).await?;
    let whole = actor.may(Permission::ReadAssessments);
    Ok(there
        .into_iter()
        .filter(|place| place.account_id != actor.account_id && !place.answer_id.is_empty())
        .filter(|place| whole || place.department_id == actor.department_id)
        .map(|place| Other { row: place.answer_id, name: place.name })
        .collect())
}

/// Forgets who has left.
///
/// # Errors
/// A database error.
pub async fn forget(app: &App) -> Result<u64> {
    let mut write = app.store().write().await?;
    let gone = store::forget(&mut write, app.now().as_millisecond() - STAYS_MS).await?;
    write.commit().await?;
    Ok(gone)
}
