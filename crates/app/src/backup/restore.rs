//! Putting a generation back: into an empty place only, checked before it is moved there. The move between the two
//! databases is the same without a folder in between.

use std::path::{Path, PathBuf};

use sakimori_store::dump::Piece;
use sakimori_store::durable::{self as store, UpkeepRun};
use sakimori_store::{Store, StoreConfig};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::load::{SESSIONS, into, passed_on, prove};
use super::repository::{Repository, evidence_name, read_kept};
use super::stream::{self, Digested, Pieces};
use super::{BackupError, Generation, Manifest, Result, aside};
use crate::evidence::Shelf;
use crate::identity::hex;
use crate::keys::Keys;
use crate::{Actor, App, durable};

/// Where to.
pub struct Target {
    pub config: StoreConfig,
    /// Folder of evidence and keys, beside a PostgreSQL too.
    pub folder: PathBuf,
    /// Evidence elsewhere than in the folder.
    pub shelf: Option<Shelf>,
    /// Whether the keys are written into the folder.
    pub write_keys: bool,
}

/// What came back.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    pub repository: String,
    pub sequence: u64,
    /// When the generation was made.
    pub made_at: String,
    pub product: String,
    pub tables: u64,
    pub rows: u64,
    pub evidence: u64,
    /// Files of evidence that no key at hand opens: whole, but unreadable.
    pub evidence_unopened: u64,
    pub engine: String,
}

/// Puts the newest generation of a folder, or the one that `path` names, into an empty place.
///
/// # Errors
/// The place is not empty, a file is missing or changed, or what is there afterwards is not what was in the backup. Then
/// nothing is at the place.
pub async fn restore(path: &Path, keys: &Keys, target: &Target) -> Result<Restored> {
    let (path, keys_there) = (path.to_owned(), keys.clone());
    let (repository, generation, manifest) = aside(move || {
        let repository = Repository::open(&path)?;
        let mut generations = repository.generations()?;
        if path != repository.folder {
            generations.retain(|generation| generation.folder == path);
        }
        let generation = generations
            .pop()
            .ok_or_else(|| BackupError::refused("控えの世代がありません", "there is no generation to restore"))?;
        let (manifest, _) = repository.manifest(&generation, &keys_there)?;
        Ok((repository, generation, manifest))
    })
    .await?;
    // A deposited backup brings the installation's keys; they open its evidence and its secrets.
    let keys = if manifest.key_text.is_empty() {
        keys.clone()
    } else {
        Keys::parse(&manifest.key_text).map_err(BackupError::disk("the keys in the backup"))?
    };
    match &target.config {
        StoreConfig::Folder(folder) => {
            let draft = draft_folder(folder)?;
            let inner = Target {
                config: StoreConfig::Folder(draft.clone()),
                folder: draft.clone(),
                shelf: target.shelf.clone(),
                write_keys: target.write_keys,
            };
            let done = fill(&repository, &generation, &manifest, &keys, &inner).await;
            if done.is_err() {
                let _ = std::fs::remove_dir_all(&draft);
            }
            let done = done?;
            let final_name = folder.clone();
            aside(move || put_in_place(&draft, &final_name)).await?;
            Ok(done)
        }
        StoreConfig::Postgres(_) => fill(&repository, &generation, &manifest, &keys, target).await,
    }
}

/// A folder beside the final one, so that moving it there is one rename.
fn draft_folder(folder: &Path) -> Result<PathBuf> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(BackupError::refused(
            format!(
                "{} は空ではありません。まだないフォルダーか、空のフォルダーを --data で指定してください",
                folder.display()
            ),
            format!("{} is not empty; name a folder with --data that is empty or not there yet", folder.display()),
        ));
    }
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("sakimori-data");
    let draft = folder.parent().unwrap_or(Path::new(".")).join(format!(".{name}.restoring"));
    // What a restore that was cut off left: ours alone by its name.
    let _ = std::fs::remove_dir_all(&draft);
    durable::create_folder(&draft).map_err(BackupError::disk(draft.display().to_string()))?;
    Ok(draft)
}

fn put_in_place(draft: &Path, folder: &Path) -> Result<()> {
    sync_below(draft).map_err(BackupError::disk(draft.display().to_string()))?;
    // An empty folder of the final name gives way; one that was filled meanwhile does not.
    let _ = std::fs::remove_dir(folder);
    std::fs::rename(draft, folder).map_err(BackupError::disk(folder.display().to_string()))?;
    let above = folder.parent().unwrap_or(Path::new("."));
    durable::sync_folder(above).map_err(BackupError::disk(above.display().to_string()))
}

fn sync_below(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_below(&entry.path())?;
        } else {
            std::fs::File::open(entry.path())?.sync_all()?;
        }
    }
    durable::sync_folder(folder)
}

async fn fill(
    repository: &Repository,
    generation: &Generation,
    manifest: &Manifest,
    keys: &Keys,
    target: &Target,
) -> Result<Restored> {
    let database = Store::open_at(&target.config, &manifest.migrations).await?;
    let result = fill_open(repository, generation, manifest, keys, target, &database).await;
    database.close().await;
    let (rows, evidence, unopened) = result?;
    if target.write_keys {
        let folder = target.folder.join("keys");
        let texts = [("seal.key", keys.to_text()), ("trail.key", manifest.trail_key.clone())];
        aside(move || {
            for (name, text) in texts {
                durable::create_secret(&folder.join(name), text.as_bytes()).map_err(BackupError::disk(name))?;
            }
            Ok(())
        })
        .await?;
    }
    // The present program must be able to work with it: brings the schema up to date too.
    let opened = Store::open(&target.config).await?;
    let engine = opened.engine().to_owned();
    opened.close().await;
    Ok(Restored {
        repository: repository.id.clone(),
        sequence: manifest.sequence,
        made_at: manifest.at.clone(),
        product: manifest.product.clone(),
        tables: manifest.tables.len() as u64,
        rows,
        evidence,
        evidence_unopened: unopened,
        engine,
    })
}

async fn fill_open(
    repository: &Repository,
    generation: &Generation,
    manifest: &Manifest,
    keys: &Keys,
    target: &Target,
    database: &Store,
) -> Result<(u64, u64, u64)> {
    let (_, list_hash) = repository.files(generation)?;
    if list_hash != manifest.list_hash {
        return Err(BackupError::Damaged("files.txt is not the one of the manifest".to_owned()));
    }
    // Files first: a database that is there has its evidence.
    let shelf = target.shelf.clone().unwrap_or_else(|| Shelf::Folder(target.folder.join("evidence")));
    let mut unopened = 0;
    for name in &manifest.evidence {
        let path = repository.place(&evidence_name(name));
        let (expected, keys) = (name.clone(), keys.clone());
        let (bytes, opens) = aside(move || {
            let bytes = read_kept(&path).map_err(BackupError::disk(path.display().to_string()))?;
            if hex(&Sha256::digest(&bytes)) != expected {
                return Err(BackupError::Damaged(format!("evidence {expected} was changed")));
            }
            let opens = keys.unseal(&bytes).is_ok();
            Ok((bytes, opens))
        })
        .await?;
        unopened += u64::from(!opens);
        shelf.put(name, bytes).await.map_err(BackupError::disk("evidence"))?;
    }
    let pieces = out_of(repository.clone(), manifest.clone(), keys.clone());
    let came = into(database, pieces, &[SESSIONS]).await?;
    for (entry, digest) in manifest.tables.iter().zip(&came) {
        if entry.hash != digest.hash || entry.rows != digest.rows {
            return Err(BackupError::Damaged(format!("table {} is not what it was", entry.table.name)));
        }
    }
    let rows = prove(database, &came, &[SESSIONS]).await?;
    Ok((rows, manifest.evidence.len() as u64, unopened))
}

/// The pieces of a generation.
fn out_of(repository: Repository, manifest: Manifest, keys: Keys) -> Pieces {
    let (to, from) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        for entry in manifest.tables {
            if to.blocking_send(Ok(Piece::Table(entry.table))).is_err() {
                return;
            }
            // A chunk ends where its content says, a piece at the end of a line.
            let mut rest = Vec::new();
            for name in &entry.chunks {
                let sent = match repository.lines(name, &keys) {
                    Ok(lines) => {
                        rest.extend_from_slice(&lines);
                        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                        let tail = rest.split_off(whole);
                        to.blocking_send(Ok(Piece::Rows(std::mem::replace(&mut rest, tail))))
                    }
                    Err(error) => to.blocking_send(Err(passed_on(&error))),
                };
                if sent.is_err() {
                    return;
                }
            }
        }
    });
    from
}

/// Restores into a folder that is taken away afterwards, and keeps the report where the installation can show it.
///
/// # Errors
/// As [`restore`]; the failure itself is kept as a report too.
pub async fn rehearse(app: Option<&App>, path: &Path, keys: &Keys, scratch: &Path) -> Result<Restored> {
    let folder = scratch.join(format!("sakimori-rehearsal-{}", std::process::id()));
    let target =
        Target { config: StoreConfig::Folder(folder.clone()), folder: folder.clone(), shelf: None, write_keys: false };
    let result = restore(path, keys, &target).await;
    let _ = std::fs::remove_dir_all(&folder);
    let Some(app) = app else { return result };
    let (is_good, repository, sequence, report) = match &result {
        Ok(done) => (
            true,
            done.repository.clone(),
            done.sequence,
            serde_json::to_string(done).map_err(|error| BackupError::Damaged(error.to_string()))?,
        ),
        Err(error) => (false, String::new(), 0, serde_json::json!({ "error": error.to_string() }).to_string()),
    };
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let run = UpkeepRun {
        id: app.new_id(),
        kind: "rehearsal".to_owned(),
        started_at: op.now.clone(),
        ended_at: op.now.clone(),
        is_good,
        repository: repository.clone(),
        sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
        report,
    };
    let after = serde_json::json!({ "repository": repository, "sequence": sequence, "good": is_good });
    op.trail_new("backup.rehearse", ("backup", &format!("{repository}/{sequence}")), &after).await?;
    store::insert_upkeep_run(&mut op.write, &run).await?;
    op.commit().await?;
    result
}

/// What a move took along.
#[derive(Debug, Clone, Serialize)]
pub struct MoveReport {
    pub from: String,
    pub to: String,
    pub tables: u64,
    pub rows: u64,
    pub evidence: u64,
}

/// Moves everything from one database into another, empty one, and compares every value afterwards. Sessions go along.
///
/// # Errors
/// The other is not empty, or does not hold the same afterwards.
pub async fn transfer(from: &Store, to: &StoreConfig, shelves: Option<(&Shelf, &Shelf)>) -> Result<MoveReport> {
    let target = Store::open_at(to, &from.migrations().await?).await?;
    let result = transfer_into(from, &target, shelves).await;
    target.close().await;
    result
}

async fn transfer_into(from: &Store, target: &Store, shelves: Option<(&Shelf, &Shelf)>) -> Result<MoveReport> {
    let mut evidence = 0;
    if let Some((here, there)) = shelves {
        for name in here.names().await.map_err(BackupError::disk("evidence"))? {
            let bytes = here.get(&name).await.map_err(BackupError::disk("evidence"))?;
            let bytes = bytes.filter(|bytes| hex(&Sha256::digest(bytes)) == name);
            let bytes = bytes.ok_or_else(|| BackupError::Damaged(format!("evidence {name} was changed")))?;
            there.put(&name, bytes).await.map_err(BackupError::disk("evidence"))?;
            evidence += 1;
        }
    }
    let came = into(target, stream::out_of(from).await?, &[]).await?;
    let rows = prove(target, &came, &[]).await?;
    Ok(MoveReport {
        from: from.engine().to_owned(),
        to: target.engine().to_owned(),
        tables: came.len() as u64,
        rows,
        evidence,
    })
}

/// The tables in which two databases differ, by rows and by the hash of all values.
///
/// # Errors
/// A database error.
pub async fn compare(one: &Store, other: &Store) -> Result<Vec<String>> {
    let (one, other) = (stream::digests(one).await?, stream::digests(other).await?);
    let name = |digest: &Digested| digest.table.name.clone();
    let mut differ: Vec<String> = one.iter().filter(|digest| !other.contains(digest)).map(name).collect();
    differ.extend(other.iter().filter(|digest| one.iter().all(|o| o.table.name != digest.table.name)).map(name));
    Ok(differ)
}
