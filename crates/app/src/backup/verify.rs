//! Are the generations of a folder whole? Without keys: every file is there and is what it was. With keys also: every
//! manifest opens and follows the one before, every table has the lines that it had. Beside a running installation also:
//! every generation that its trail knows is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sakimori_store::durable::{self as store, UpkeepRun};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::create::{adopt, noted_generations};
use super::repository::{Repository, closed, read_kept};
use super::{BackupError, Generation, Manifest, Result};
use crate::identity::hex;
use crate::keys::Keys;
use crate::{Actor, App};

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verified {
    pub repository: String,
    pub generations: Vec<u64>,
    pub files: u64,
    /// Whether keys were at hand to look inside.
    pub opened: bool,
    pub rows: u64,
    /// Generations whose files are whole and whose manifest is the one that the trail knows, sealed with a key that was
    /// retired: nobody looked inside.
    pub unopened: Vec<u64>,
    pub faults: Vec<String>,
}

impl Verified {
    /// Nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Looks at a folder of backups, or at one generation of it.
///
/// # Errors
/// It is no such folder.
pub fn verify(path: &Path, keys: Option<&Keys>) -> Result<Verified> {
    let repository = Repository::open(path)?;
    let mut generations = repository.generations()?;
    if path != repository.folder {
        generations.retain(|generation| generation.folder == path);
    }
    let mut found = Verified { repository: repository.id.clone(), opened: keys.is_some(), ..Verified::default() };
    if generations.is_empty() {
        found.faults.push("控えの世代がありません / there is no generation".to_owned());
    }
    let mut looked_at = BTreeSet::new();
    let mut before: Option<(u64, String)> = None;
    for generation in &generations {
        found.generations.push(generation.sequence);
        look_at_files(&repository, generation, &mut looked_at, &mut found);
        let hash = match repository.sealed_manifest(generation) {
            Ok((_, hash)) => hash,
            Err(error) => {
                found.faults.push(error.to_string());
                continue;
            }
        };
        if let Some(keys) = keys {
            look_inside(&repository, generation, keys, before.as_ref(), &mut found);
        }
        before = Some((generation.sequence, hash));
    }
    found.files = looked_at.len() as u64;
    Ok(found)
}

fn look_at_files(repository: &Repository, generation: &Generation, seen: &mut BTreeSet<String>, found: &mut Verified) {
    let files = match repository.files(generation) {
        Ok((files, _)) => files,
        Err(error) => return found.faults.push(error.to_string()),
    };
    for (name, hash) in files {
        if !seen.insert(name.clone()) {
            continue;
        }
        match read_kept(&repository.place(&name)) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == hash => {}
            Ok(_) => found.faults.push(format!("書き換えられています / changed: {name}")),
            Err(error) => found.faults.push(format!("読めません / cannot be read: {name} ({error})")),
        }
    }
}

fn look_inside(
    repository: &Repository,
    generation: &Generation,
    keys: &Keys,
    before: Option<&(u64, String)>,
    found: &mut Verified,
) {
    let manifest = match repository.manifest(generation, keys) {
        Ok((manifest, _)) => manifest,
        Err(error) => return found.faults.push(error.to_string()),
    };
    if manifest.sequence != generation.sequence || manifest.repository != repository.id {
        found.faults.push(format!(
            "第{0}世代の目録は別のものです / the manifest of generation {0} is another's",
            generation.sequence
        ));
    }
    if let Some((_, hash)) = before.filter(|(sequence, _)| sequence + 1 == generation.sequence)
        && *hash != manifest.previous
    {
        found.faults.push(format!(
            "第{0}世代は前の世代に続いていません / generation {0} does not follow the one before",
            generation.sequence
        ));
    }
    match repository.files(generation) {
        Ok((_, hash)) if hash == manifest.list_hash => {}
        _ => found.faults.push(format!(
            "第{0}世代の一覧が書き換えられています / files.txt of generation {0} was changed",
            generation.sequence
        )),
    }
    look_at_tables(repository, &manifest, keys, found);
}

fn look_at_tables(repository: &Repository, manifest: &Manifest, keys: &Keys, found: &mut Verified) {
    for entry in &manifest.tables {
        let (mut hash, mut rows) = (Sha256::new(), 0);
        for name in &entry.chunks {
            match repository.lines(name, keys) {
                Ok(lines) => {
                    rows += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
                    hash.update(&lines);
                }
                Err(error) => found.faults.push(error.to_string()),
            }
        }
        if rows != entry.rows || hex(&hash.finalize()) != entry.hash {
            found.faults.push(format!(
                "第{0}世代の表 {1} が元のとおりではありません / table {1} of generation {0} is not what it was",
                manifest.sequence, entry.table.name
            ));
        }
        found.rows += rows;
    }
}

/// The generations of a folder that do not open without a key: their manifest, or evidence in them, is sealed for no other
/// key at hand.
///
/// # Errors
/// It is no such folder, or a file of it cannot be read.
pub fn needing(folder: &Path, keys: &Keys, key_id: &str) -> Result<Vec<u64>> {
    let repository = Repository::open(folder)?;
    let only = |sealed: &[u8]| keys.opens_but("", sealed) && !keys.opens_but(key_id, sealed);
    let mut needing = Vec::new();
    // Most evidence is in many generations.
    let mut known = BTreeMap::new();
    for generation in repository.generations()? {
        let mut needs = only(&repository.sealed_manifest(&generation)?.0);
        let files = repository.files(&generation)?.0.into_keys();
        for name in files.filter(|name| name.starts_with("evidence/")) {
            if needs {
                break;
            }
            needs = match known.get(&name) {
                Some(needs) => *needs,
                None => {
                    let needs = only(&repository.beginning(&name)?);
                    known.insert(name, needs);
                    needs
                }
            };
        }
        if needs {
            needing.push(generation.sequence);
        }
    }
    Ok(needing)
}

/// How many generations the trail knows that nobody let go, over all folders.
///
/// # Errors
/// A database error.
pub async fn noted(app: &App) -> Result<usize> {
    let mut many = 0;
    for repository in store::repositories(&mut app.read().await?).await? {
        many += noted_generations(app, &repository).await?.kept.len();
    }
    Ok(many)
}

/// Compares a folder with what an installation's trail knows: a generation that somebody took away or put in another's
/// place is a fault.
///
/// # Errors
/// The folder cannot be read, or a database error.
pub async fn verify_against(app: &App, folder: &Path, found: &mut Verified) -> Result<()> {
    let repository = Repository::open(folder)?;
    let noted = adopt(app, &repository).await?.kept;
    let has_retired = store::seal_keys(&mut app.read().await?).await?.iter().any(|key| key.state == "retired");
    let generations = repository.generations()?;
    for (sequence, hash) in &noted {
        match generations.iter().find(|generation| generation.sequence == *sequence) {
            None => found.faults.push(format!(
                "第{sequence}世代が取り去られています（操作記録にはあります） / generation {sequence} was taken away (the trail has it)"
            )),
            Some(generation) if repository.sealed_manifest(generation)?.1 != *hash => found.faults.push(format!(
                "第{sequence}世代が差し替えられています / generation {sequence} was replaced"
            )),
            Some(_) => {
                let fault = closed(*sequence).to_string();
                if has_retired && found.faults.contains(&fault) {
                    found.faults.retain(|other| *other != fault);
                    found.unopened.push(*sequence);
                }
            }
        }
    }
    for generation in generations {
        if noted.iter().all(|(sequence, _)| *sequence != generation.sequence) {
            found.faults.push(format!(
                "第{0}世代は操作記録にありません / the trail does not know generation {0}",
                generation.sequence
            ));
        }
    }
    Ok(())
}

/// Keeps the result for the page of the administrator, with its event.
///
/// # Errors
/// A database error.
pub async fn note_verified(app: &App, found: &Verified) -> Result<()> {
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let run = UpkeepRun {
        id: app.new_id(),
        kind: "verify".to_owned(),
        started_at: op.now.clone(),
        ended_at: op.now.clone(),
        is_good: found.is_good(),
        repository: found.repository.clone(),
        sequence: found.generations.last().and_then(|number| i64::try_from(*number).ok()).unwrap_or(0),
        report: serde_json::to_string(found).map_err(|error| BackupError::Damaged(error.to_string()))?,
    };
    op.trail_new("backup.verify", ("backup", &found.repository), found).await?;
    store::insert_upkeep_run(&mut op.write, &run).await?;
    op.commit().await?;
    Ok(())
}
