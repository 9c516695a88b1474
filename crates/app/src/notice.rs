//! お知らせ: telling a role or a person of an organisation that something happened.
//!
//! A notice is written in the transaction of what it tells of, so nothing is told that did not happen. It reaches only
//! its audience inside its organisation; what the audience may not see must not stand in it: say *that* something
//! happened and name the subject, the page behind the link asks for the right again.

use jiff::SignedDuration;
use sakimori_domain::identity::Role;
use sakimori_store::notice::{self as store, Notice, Reader};
use serde_json::json;

use crate::{Actor, App, Operation, Result};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience<'a> {
    /// Everybody who has this role in the organisation.
    Role(Role),
    /// One account, while it is signed in to the organisation.
    Account(&'a str),
}

impl Audience<'_> {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Audience::Role(role) => ("role", role.code()),
            Audience::Account(id) => ("account", id),
        }
    }
}

/// Tells an audience. `code` is stable (`account.lock`), `subject` is kind and id of what it is about, `text` the
/// sentence in Japanese and English.
///
/// # Errors
/// A database error.
pub async fn tell(
    op: &mut Operation<'_>,
    organisation_id: &str,
    audience: Audience<'_>,
    code: &str,
    subject: (&str, &str),
    text: (&str, &str),
) -> Result<()> {
    let notice = new(op, organisation_id, audience, code, subject, text);
    Ok(store::insert(&mut op.write, &notice).await?)
}

/// As [`tell`], unless the audience was told the same of the same subject within the last `days`: for what a nightly job
/// finds again every night. Says whether it was told now.
///
/// # Errors
/// A database error.
pub async fn tell_once(
    op: &mut Operation<'_>,
    organisation_id: &str,
    audience: Audience<'_>,
    code: &str,
    subject: (&str, &str),
    text: (&str, &str),
    days: i64,
) -> Result<bool> {
    let notice = new(op, organisation_id, audience, code, subject, text);
    let since = (op.app.now() - SignedDuration::from_hours(24 * days)).to_string();
    if store::told_since(&mut op.write, &notice, &since).await? {
        return Ok(false);
    }
    store::insert(&mut op.write, &notice).await?;
    Ok(true)
}

fn new(
    op: &Operation<'_>,
    organisation_id: &str,
    audience: Audience<'_>,
    code: &str,
    subject: (&str, &str),
    text: (&str, &str),
) -> Notice {
    let (audience_kind, audience) = audience.parts();
    Notice {
        id: op.app.new_id(),
        organisation_id: organisation_id.to_owned(),
        audience_kind: audience_kind.to_owned(),
        audience: audience.to_owned(),
        code: code.to_owned(),
        subject_kind: subject.0.to_owned(),
        subject_id: subject.1.to_owned(),
        ja: text.0.to_owned(),
        en: text.1.to_owned(),
        at: op.now.clone(),
    }
}

/// What the store may give a person.
fn reader(actor: &Actor) -> Reader<'_> {
    Reader { organisation_id: &actor.organisation_id, account_id: &actor.account_id, role: actor.role.code() }
}

/// How many notices a person has not read.
///
/// # Errors
/// A database error.
pub async fn unread(app: &App, actor: &Actor) -> Result<i64> {
    Ok(store::unread(&mut app.read().await?, reader(actor)).await?)
}

/// A person's notices and whether each was read: unread first, then the newest.
///
/// # Errors
/// A database error.
pub async fn list(app: &App, actor: &Actor, limit: i64) -> Result<Vec<(Notice, bool)>> {
    Ok(store::list(&mut app.read().await?, reader(actor), limit).await?)
}

/// Marks one notice as read, or all (`id` empty). One that is not the person's stays as it is.
///
/// # Errors
/// A database error.
pub async fn mark_read(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let now = op.now.clone();
    let rows = store::mark_read(&mut op.write, reader(actor), id, &now).await?;
    if rows == 0 {
        return Ok(());
    }
    op.trail_new("notice.read", ("account", &actor.account_id), &json!({ "rows": rows })).await?;
    op.commit().await
}
