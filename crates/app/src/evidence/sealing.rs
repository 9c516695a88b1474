//! Sealing evidence at rest, opening it again, and sealing what an older program kept open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sakimori_store::durable::{self as store, SealedFile};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::shelf::blocking;
use super::{FILE_MAX, read_bounded};
use crate::identity::hex;
use crate::{Actor, App, AppError, Refusal, Result};

/// Seals bytes and puts them on the shelf; the row that names them is the caller's to write.
pub(crate) async fn keep(app: &App, organisation_id: &str, file_hash: &str, bytes: Vec<u8>) -> Result<SealedFile> {
    let keys = app.keys().clone();
    let (key_id, sealed) = tokio::task::spawn_blocking(move || Ok::<_, AppError>((keys.id(), keys.seal(&bytes)?)))
        .await
        .map_err(|error| AppError::Internal(error.to_string()))??;
    let file = SealedFile {
        organisation_id: organisation_id.to_owned(),
        file_hash: file_hash.to_owned(),
        sealed_hash: hex(&Sha256::digest(&sealed)),
        sealed_size: i64::try_from(sealed.len()).unwrap_or(i64::MAX),
        key_id,
        sealed_at: app.now().to_string(),
    };
    app.shelf().put(&file.sealed_hash, sealed).await.map_err(AppError::disk("evidence"))?;
    Ok(file)
}

/// Why the bytes of a file are not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Nothing lies where it should.
    Missing,
    /// What lies there is not what was put there.
    Changed,
    /// It is whole, and no key that we have opens it.
    NoKey,
}

/// The bytes of a sealed file, if name, seal and hash are all right.
///
/// # Errors
/// The shelf does not answer.
pub(crate) async fn open(app: &App, file: &SealedFile) -> Result<Result<Vec<u8>, Damage>> {
    let Some(sealed) = app.shelf().get(&file.sealed_hash).await.map_err(AppError::disk("evidence"))? else {
        return Ok(Err(Damage::Missing));
    };
    let (keys, name, hash) = (app.keys().clone(), file.sealed_hash.clone(), file.file_hash.clone());
    tokio::task::spawn_blocking(move || {
        if hex(&Sha256::digest(&sealed)) != name {
            return Err(Damage::Changed);
        }
        let bytes = keys.unseal(&sealed).map_err(|_| Damage::NoKey)?;
        if hex(&Sha256::digest(&bytes)) == hash { Ok(bytes) } else { Err(Damage::Changed) }
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))
}

/// Where a file lies that an older program kept open under its own hash.
fn open_place(folder: &Path, hash: &str) -> PathBuf {
    let clean: String = hash.chars().filter(char::is_ascii_hexdigit).collect();
    folder.join("evidence").join(clean.get(..2).unwrap_or("00")).join(clean)
}

/// The bytes of a file that an older program kept open.
pub(crate) async fn open_unsealed(app: &App, file_hash: &str) -> Result<Result<Vec<u8>, Damage>> {
    let (path, hash) = (open_place(app.folder(), file_hash), file_hash.to_owned());
    let read = blocking(move || {
        let Some(bytes) = read_bounded(&path, FILE_MAX)? else { return Ok(Err(Damage::Missing)) };
        Ok(if hex(&Sha256::digest(&bytes)) == hash { Ok(bytes) } else { Err(Damage::Changed) })
    });
    read.await.map_err(AppError::disk("evidence"))
}

/// Seals what an older program kept open, and takes the open files away once nobody needs them. Returns how many were
/// sealed and which could not be (organisation, hash, why).
///
/// # Errors
/// The disk or the database refuses.
pub async fn seal_the_open(app: &App) -> Result<(usize, Vec<(String, String, Damage)>)> {
    let open = store::all_unsealed_files(&mut app.read().await?).await?;
    let (mut sealed, mut damaged) = (0, Vec::new());
    for (organisation_id, hash) in &open {
        let bytes = match open_unsealed(app, hash).await? {
            Ok(bytes) => bytes,
            Err(damage) => {
                damaged.push((organisation_id.clone(), hash.clone(), damage));
                continue;
            }
        };
        let file = keep(app, organisation_id, hash, bytes).await?;
        note(app, "evidence.seal", &file).await?;
        sealed += 1;
    }
    // Of two organisations with the same file, the second still reads it: only now may it go.
    if sealed > 0 {
        let left = store::all_unsealed_files(&mut app.read().await?).await?;
        let done: BTreeSet<&String> = open.iter().map(|(_, hash)| hash).collect();
        for hash in done.into_iter().filter(|hash| left.iter().all(|(_, other)| other != *hash)) {
            let path = open_place(app.folder(), hash);
            blocking(move || std::fs::remove_file(path)).await.map_err(AppError::disk("evidence"))?;
        }
    }
    Ok((sealed, damaged))
}

/// Writes where a file lies now, with its event.
pub(crate) async fn note(app: &App, action: &str, file: &SealedFile) -> Result<()> {
    let system = Actor::system(&file.organisation_id);
    let mut op = app.operate_as(&system).await?;
    let after = json!({ "hash": file.file_hash, "sealed": file.sealed_hash, "key": file.key_id });
    op.trail_new(action, ("evidence-file", &file.file_hash), &after).await?;
    store::put_sealed_file(&mut op.write, file).await?;
    op.commit().await
}

/// What a person is told of a file that is gone or changed.
pub(crate) fn damaged() -> Refusal {
    Refusal::invalid(
        "evidence-damaged",
        "この証跡ファイルは、登録したときの内容と一致しないため開けません。",
        "This evidence file is not what was registered; it is not shown.",
    )
    .next(
        "管理者に連絡し、控えから戻してください。手元に同じファイルがあれば、もう一度添付すると直ります。",
        "Tell the administrator, who restores it from a backup; attaching the same file again mends it too.",
    )
}
