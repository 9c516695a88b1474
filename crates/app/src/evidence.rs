//! Evidence (証跡): files and links that support an answer.
//!
//! Files are sealed and put on the [`Shelf`] under the hash of their sealed bytes, durably, and only then named in the
//! database. A file that is there is whole; a row that is there has its file.

pub mod quota;
mod sealing;
mod shelf;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sakimori_store::assessment::{self as store, Evidence};
use sakimori_store::durable::{self, SealedFile};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::assessment::{may_answer, may_see, require_open};
use crate::identity::hex;
use crate::{Actor, App, AppError, Operation, Refusal, RefusalKind, Result};

pub use sealing::{Damage, seal_the_open};
pub(crate) use sealing::{keep, note, open};
pub use shelf::{Bucket, Shelf};

/// Largest file, in bytes.
pub const FILE_MAX: usize = 32 << 20;
/// Most pieces of evidence of one answer.
const PIECES_MAX: usize = 50;
const TITLE_MAX: usize = 200;
const URL_MAX: usize = 2_000;

/// A file as it was uploaded.
pub struct NewFile<'a> {
    pub title: &'a str,
    pub name: &'a str,
    pub media_type: &'a str,
    pub bytes: Vec<u8>,
}

/// Adds a file to an answer.
///
/// # Errors
/// An empty or too large file, too many pieces, an answer that the actor may not change, or a disk error.
pub async fn add_file(app: &App, actor: &Actor, answer_id: &str, file: NewFile<'_>) -> Result<String> {
    if file.bytes.is_empty() {
        return Err(Refusal::invalid(
            "file",
            "ファイルを選んでください。空のファイルは添付できません。",
            "Choose a file that is not empty.",
        )
        .into());
    }
    if file.bytes.len() > FILE_MAX {
        return Err(Refusal::new(
            RefusalKind::Limit,
            "file-size",
            "証跡ファイルは32 MBまでです。",
            "Evidence files may have up to 32 MB.",
        )
        .next("分割するか、保管場所へのリンクを登録してください。", "Split it, or register a link to where it is kept.")
        .into());
    }
    let title = title(if file.title.trim().is_empty() { file.name } else { file.title })?;
    // Before the disk is touched: who may not add gets no byte written.
    let op = addable(app, actor, answer_id).await?;
    drop(op);
    let size = file.bytes.len();
    let (bytes, hash) = tokio::task::spawn_blocking(move || {
        let hash = hex(&Sha256::digest(&file.bytes));
        (file.bytes, hash)
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))?;
    let fresh = match is_whole(app, &actor.organisation_id, &hash).await? {
        true => None,
        false => {
            // Nor does a file for which there is no room; it is counted again where nobody comes between.
            quota::require(app, &actor.organisation_id, &hash, size).await?;
            Some(keep(app, &actor.organisation_id, &hash, bytes).await?)
        }
    };
    let evidence = Evidence {
        id: app.new_id(),
        answer_id: answer_id.to_owned(),
        kind: "file".to_owned(),
        title,
        file_hash: hash,
        media_type: file.media_type.chars().filter(char::is_ascii_graphic).take(100).collect(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        url: String::new(),
        added_by: actor.name.clone(),
        added_at: String::new(),
    };
    let lies_at = fresh.as_ref().map(|file| file.sealed_hash.clone());
    let added = insert(addable(app, actor, answer_id).await?, evidence, fresh).await;
    if let (Err(AppError::Refused(refusal)), Some(name)) = (&added, lies_at)
        && refusal.code == quota::FULL
    {
        // Nothing names it. Where it cannot be taken away, the scrub does.
        let _ = app.shelf().remove(&name).await;
    }
    added
}

/// Adds a link to an answer.
///
/// # Errors
/// Not an http(s) address, too many pieces, or an answer that the actor may not change.
pub async fn add_link(app: &App, actor: &Actor, answer_id: &str, name: &str, url: &str) -> Result<String> {
    let url = url.trim();
    // Anything else (javascript:, data:) would run when somebody clicks it.
    let host = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or("");
    let fits = !host.is_empty()
        && url.len() <= URL_MAX
        && !url.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c));
    if !fits {
        return Err(Refusal::invalid(
            "url",
            "リンクは https:// または http:// で始まるアドレスを入力してください。",
            "Enter an address that begins with https:// or http://.",
        )
        .into());
    }
    let evidence = Evidence {
        id: app.new_id(),
        answer_id: answer_id.to_owned(),
        kind: "link".to_owned(),
        title: title(if name.trim().is_empty() { url } else { name })?,
        file_hash: String::new(),
        media_type: String::new(),
        size: 0,
        url: url.to_owned(),
        added_by: actor.name.clone(),
        added_at: String::new(),
    };
    insert(addable(app, actor, answer_id).await?, evidence, None).await
}

fn title(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Refusal::invalid("evidence-title", "証跡の名称を入力してください。", "Enter a title.").into());
    }
    Ok(text.chars().take(TITLE_MAX).collect())
}

/// An operation in which evidence may be added to an answer.
async fn addable<'a>(app: &'a App, actor: &'a Actor, answer_id: &str) -> Result<Operation<'a>> {
    let mut op = app.operate_as(actor).await?;
    let org = actor.organisation_id.as_str();
    let (assessment_id, _) =
        store::sheet_row_by_id(&mut op.write, org, answer_id).await?.ok_or_else(Refusal::not_found)?;
    if !may_see(&mut op.write, actor, answer_id).await? {
        return Err(Refusal::not_found().into());
    }
    if !may_answer(&mut op.write, actor, answer_id).await? {
        return Err(Refusal::forbidden().into());
    }
    let assessment =
        store::assessment_by_id(&mut op.write, org, &assessment_id).await?.ok_or_else(Refusal::not_found)?;
    require_open(&assessment)?;
    if store::evidence_of(&mut op.write, org, answer_id).await?.len() >= PIECES_MAX {
        return Err(Refusal::new(
            RefusalKind::Limit,
            "evidence-many",
            format!("証跡は1項目に{PIECES_MAX}件までです。"),
            format!("At most {PIECES_MAX} pieces per answer."),
        )
        .into());
    }
    Ok(op)
}

async fn insert(mut op: Operation<'_>, mut evidence: Evidence, fresh: Option<SealedFile>) -> Result<String> {
    evidence.added_at = op.now.clone();
    let org = op.actor.organisation_id.clone();
    let after = json!({ "evidence": evidence.id, "title": evidence.title, "hash": evidence.file_hash, "url": evidence.url, "size": evidence.size });
    op.trail_new("evidence.add", ("answer", &evidence.answer_id), &after).await?;
    store::insert_evidence(&mut op.write, &org, &evidence).await?;
    if let Some(file) = &fresh {
        let mends = durable::sealed_file(&mut op.write, &org, &file.file_hash).await?.is_some();
        durable::put_sealed_file(&mut op.write, file).await?;
        if !mends {
            quota::settle(&mut op).await?;
        }
    }
    op.commit().await?;
    Ok(evidence.id)
}

/// A piece of evidence with the bytes of its file, checked against its hash.
///
/// # Errors
/// Not to be seen by the actor, a link, or a file that is gone or has changed on the disk.
pub async fn read_file(app: &App, actor: &Actor, evidence_id: &str) -> Result<(Evidence, Vec<u8>)> {
    let mut c = app.read().await?;
    let found =
        store::evidence_by_id(&mut c, &actor.organisation_id, evidence_id).await?.ok_or_else(Refusal::not_found)?;
    if found.kind != "file" || !may_see(&mut c, actor, &found.answer_id).await? {
        return Err(Refusal::not_found().into());
    }
    drop(c);
    match bytes_of(app, &actor.organisation_id, &found.file_hash).await? {
        Ok(bytes) => Ok((found, bytes)),
        Err(damage) => {
            tracing::error!(evidence = %found.id, ?damage, "evidence file cannot be read");
            Err(sealing::damaged().into())
        }
    }
}

/// The bytes of an organisation's file, sealed or as an older program left it.
async fn bytes_of(app: &App, organisation_id: &str, file_hash: &str) -> Result<Result<Vec<u8>, Damage>> {
    let row = durable::sealed_file(&mut app.read().await?, organisation_id, file_hash).await?;
    match row {
        Some(file) => open(app, &file).await,
        None => sealing::open_unsealed(app, file_hash).await,
    }
}

/// Whether an organisation has a file, sealed and whole: the same bytes need not be kept twice.
async fn is_whole(app: &App, organisation_id: &str, file_hash: &str) -> Result<bool> {
    match durable::sealed_file(&mut app.read().await?, organisation_id, file_hash).await? {
        Some(file) => Ok(open(app, &file).await?.is_ok()),
        None => Ok(false),
    }
}

/// The bytes of a file, up to a limit; none where there is no file.
fn read_bounded(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
