//! Saved column mappings: seen, renamed, deleted. They are made where a foreign layout is imported ([`super::import`]).

use sakimori_domain::identity::Permission;
use sakimori_interop::workbook::ColumnMapping;
use sakimori_store::workbook::{self as store, SavedMapping};
use serde_json::json;

use super::require_either;
use crate::{Actor, App, AppError, Refusal, Result};

/// Characters of a mapping's name.
const NAME_MAX: usize = 100;

/// A saved mapping as its page shows it.
pub struct Saved {
    pub id: String,
    pub name: String,
    pub version: i64,
    /// `None` when an older version wrote what this one cannot read: it can still be deleted.
    pub mapping: Option<ColumnMapping>,
}

/// A name of a mapping: one line that fits a list.
///
/// # Errors
/// Too long, or more than one line.
pub(super) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            "mapping-name",
            format!("名前は{NAME_MAX}文字以内の1行で入力してください。"),
            format!("The name is one line of at most {NAME_MAX} characters."),
        )
        .into());
    }
    Ok(name.to_owned())
}

/// The organisation's saved mappings, by name.
///
/// # Errors
/// A role that imports nothing; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Saved>> {
    require_either(actor, Permission::AnswerAll, Permission::AnswerOwn)?;
    let rows = store::mappings(&mut app.read().await?, &actor.organisation_id).await?;
    let saved = |row: SavedMapping| Saved {
        mapping: serde_json::from_str(&row.mapping).ok(),
        id: row.id,
        name: row.name,
        version: row.version,
    };
    Ok(rows.into_iter().map(saved).collect())
}

/// Gives a mapping another name.
///
/// # Errors
/// No name, a name that another mapping has, no such mapping, somebody was faster, or a role that may not.
pub async fn rename(app: &App, actor: &Actor, id: &str, version: i64, name: &str) -> Result<()> {
    let name = checked_name(name)?;
    if name.is_empty() {
        return Err(Refusal::invalid("mapping-name", "名前を入力してください。", "Enter a name.").into());
    }
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let organisation = &actor.organisation_id;
    let found = store::mappings(&mut op.write, organisation).await?;
    let before = found.iter().find(|row| row.id == id).ok_or_else(Refusal::not_found)?;
    if found.iter().any(|row| row.id != id && row.name == name) {
        return Err(Refusal::invalid(
            "mapping-name-taken",
            format!("「{name}」という名前の対応がすでにあります。"),
            format!("There is a mapping named “{name}” already."),
        )
        .next("別の名前にしてください。", "Choose another name.")
        .into());
    }
    let mapping = match serde_json::from_str::<ColumnMapping>(&before.mapping) {
        Ok(mapping) => serde_json::to_string(&ColumnMapping { name: name.clone(), ..mapping })
            .map_err(|error| AppError::Internal(format!("mapping: {error}")))?,
        Err(_) => before.mapping.clone(),
    };
    op.trail(
        "mapping.rename",
        ("column-mapping", id),
        Some(&json!({ "name": before.name })),
        Some(&json!({ "name": name })),
    )
    .await?;
    let row = SavedMapping { id: id.to_owned(), name, mapping, version };
    store::update_mapping(&mut op.write, organisation, &row).await?;
    op.commit().await
}

/// Deletes a mapping. Imports that were read with it stay as they are.
///
/// # Errors
/// No such mapping, somebody was faster, or a role that may not.
pub async fn delete(app: &App, actor: &Actor, id: &str, version: i64) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let found = store::mapping_by_id(&mut op.write, &actor.organisation_id, id).await?;
    let before = found.ok_or_else(Refusal::not_found)?;
    let gone: Option<&()> = None;
    op.trail("mapping.delete", ("column-mapping", id), Some(&json!({ "name": before.name })), gone).await?;
    store::delete_mapping(&mut op.write, &actor.organisation_id, id, version).await?;
    op.commit().await
}
