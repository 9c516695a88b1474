//! Evidence (証跡): files and links that support an answer.
//!
//! Files are kept under their SHA-256 below `evidence/` of the data folder: written to a temporary name, synced, renamed,
//! the folder synced, and only then named in the database. A file that is there is whole; a row that is there has its
//! file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sakimori_store::assessment::{self as store, Evidence};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::assessment::{may_answer, may_see, require_open};
use crate::identity::hex;
use crate::{Actor, App, AppError, Operation, Refusal, RefusalKind, Result};

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
    let (folder, temporary) = (app.folder().join("evidence"), app.new_id());
    let hash = tokio::task::spawn_blocking(move || keep(&folder, &temporary, &file.bytes))
        .await
        .map_err(|e| AppError::Internal(e.to_string()))?
        .map_err(|e| AppError::Internal(format!("evidence could not be written: {e}")))?;
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
    insert(addable(app, actor, answer_id).await?, evidence).await
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
    insert(addable(app, actor, answer_id).await?, evidence).await
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

async fn insert(mut op: Operation<'_>, mut evidence: Evidence) -> Result<String> {
    evidence.added_at = op.now.clone();
    let org = op.actor.organisation_id.clone();
    let after = json!({ "evidence": evidence.id, "title": evidence.title, "hash": evidence.file_hash, "url": evidence.url, "size": evidence.size });
    op.trail_new("evidence.add", ("answer", &evidence.answer_id), &after).await?;
    store::insert_evidence(&mut op.write, &org, &evidence).await?;
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
    let path = place(&app.folder().join("evidence"), &found.file_hash);
    let hash = found.file_hash.clone();
    let bytes = tokio::task::spawn_blocking(move || whole(&path, &hash))
        .await
        .map_err(|e| AppError::Internal(e.to_string()))?;
    match bytes {
        Ok(Some(bytes)) => Ok((found, bytes)),
        Ok(None) => Err(damaged().into()),
        Err(error) => {
            tracing::error!(evidence = %found.id, %error, "evidence file cannot be read");
            Err(damaged().into())
        }
    }
}

fn damaged() -> Refusal {
    Refusal::invalid(
        "evidence-damaged",
        "この証跡ファイルは、登録したときの内容と一致しないため開けません。",
        "This evidence file is not what was registered; it is not shown.",
    )
    .next("管理者に連絡し、バックアップから戻してください。", "Tell the administrator; restore it from a backup.")
}

/// Where a file of a hash lies. The hash comes from the database; anything but hexadecimal would be a path.
fn place(folder: &Path, hash: &str) -> PathBuf {
    let clean: String = hash.chars().filter(char::is_ascii_hexdigit).collect();
    folder.join(clean.get(..2).unwrap_or("00")).join(clean)
}

/// Writes bytes under their hash and returns it. When this returns, they are on disk.
fn keep(folder: &Path, temporary: &str, bytes: &[u8]) -> io::Result<String> {
    let hash = hex(&Sha256::digest(bytes));
    let target = place(folder, &hash);
    if let Ok(Some(_)) = whole(&target, &hash) {
        return Ok(hash);
    }
    let parent = target.parent().unwrap_or(folder);
    crate::durable::create_folder(parent)?;
    let draft = folder.join(format!("draft-{temporary}"));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&draft, &target));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    File::open(parent)?.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok(hash)
}

/// The bytes of a file if they have this hash.
fn whole(path: &Path, hash: &str) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok((hex(&Sha256::digest(&bytes)) == hash).then_some(bytes))
}
