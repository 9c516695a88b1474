//! Making a generation while the installation runs, and letting old ones go.

use std::path::Path;
use std::str::FromStr as _;

use age::x25519::Recipient;
use sakimori_store::dump::Piece;
use sakimori_store::durable::{self as store, UpkeepRun};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::repository::{Cutter, Repository, Writer, evidence_name};
use super::stream::{self, Digests};
use super::{BackupError, Manifest, Result, TableEntry, aside, rule};
use crate::identity::hex;
use crate::{Actor, App, AppError};

/// A generation that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Created {
    pub repository: String,
    pub sequence: u64,
    pub manifest_hash: String,
    pub rows: u64,
    pub evidence: u64,
    /// What was not there before.
    pub new_files: u64,
    pub new_bytes: u64,
}

/// Makes a generation in a folder. `recipients` (`age1…`) may open it beside the installation's own key; then the keys
/// of the installation are in it too, sealed for them.
///
/// # Errors
/// The folder is none of ours or cannot be written, evidence is damaged, or a database error. What was made so far stays
/// and counts for nothing.
pub async fn create(app: &App, folder: &Path, recipients: &[String]) -> Result<Created> {
    let started_at = app.now().to_string();
    let deposited = !recipients.is_empty();
    let recipients = all_recipients(app, recipients)?;
    let (_, damaged) = crate::evidence::seal_the_open(app).await?;
    if !damaged.is_empty() {
        tracing::error!(
            files = damaged.len(),
            "evidence that an older program kept is damaged; it is not in the backup"
        );
    }
    let (place, fresh) = (folder.to_owned(), app.new_id());
    let repository = aside(move || Repository::open_or_create(&place, &fresh)).await?;
    let name_key = name_key(app, &repository.id).await?;
    let generations = repository.generations()?;
    let noted = adopt(app, &repository).await?;
    let newest = generations.last().map_or(0, |generation| generation.sequence);
    let sequence = noted.kept.iter().map(|(sequence, _)| *sequence).max().unwrap_or(0).max(newest) + 1;
    let previous = match generations.last() {
        Some(generation) => repository.sealed_manifest(generation)?.1,
        None => String::new(),
    };
    let opened = repository.clone();
    let writer = aside(move || Writer::new(opened, recipients, name_key)).await?;
    let (mut writer, tables, names) = keep_rows(app, writer).await?;
    for name in &names {
        writer = keep_evidence(app, writer, name).await?;
    }
    let (list, list_hash) = writer.list();
    let manifest = Manifest {
        format: 1,
        product: env!("CARGO_PKG_VERSION").to_owned(),
        repository: repository.id.clone(),
        sequence,
        at: started_at.clone(),
        previous,
        engine: app.store().engine().to_owned(),
        migrations: app.store().migrations().await?,
        evidence: names,
        name_key: hex(&name_key),
        keys: app.keys().ids(),
        key_text: if deposited { app.keys().to_text() } else { String::new() },
        trail_key: app.trail_key().to_text(),
        list_hash,
        trail_position: sakimori_store::trail::stamp(&mut app.read().await?, "").await?.shared,
        tables,
    };
    let written = writer.written;
    let (rows, files) = (manifest.tables.iter().map(|table| table.rows).sum(), manifest.evidence.len() as u64);
    let manifest_hash = aside(move || writer.finish(&manifest, &list)).await?;
    let created = Created {
        repository: repository.id,
        sequence,
        manifest_hash,
        rows,
        evidence: files,
        new_files: written.0,
        new_bytes: written.1,
    };
    note(app, &created, started_at, damaged.len()).await?;
    Ok(created)
}

/// Reads the whole database as it is now and keeps its rows as chunks; also gives the names of the sealed files.
async fn keep_rows(app: &App, mut writer: Writer) -> Result<(Writer, Vec<TableEntry>, Vec<String>)> {
    let mut pieces = stream::out_of(app.store()).await?;
    let mut tables: Vec<TableEntry> = Vec::new();
    let (mut digests, mut cutter) = (Digests::default(), Cutter::default());
    let mut evidence = EvidenceRows::default();
    loop {
        let piece = pieces.recv().await.transpose()?;
        let chunks = match &piece {
            Some(Piece::Rows(bytes)) => cutter.push(bytes),
            _ => cutter.end(),
        };
        if let (Some(entry), false) = (tables.last_mut(), chunks.is_empty()) {
            let (back, names) = keep_chunks(writer, chunks).await?;
            writer = back;
            entry.chunks.extend(names);
        }
        let Some(piece) = piece else { break };
        digests.pass(&piece);
        match piece {
            Piece::Table(table) => {
                evidence.table(&table);
                tables.push(TableEntry { table, rows: 0, hash: String::new(), chunks: Vec::new() });
            }
            Piece::Rows(bytes) => evidence.rows(&bytes)?,
        }
    }
    for (entry, digest) in tables.iter_mut().zip(digests.end()) {
        (entry.rows, entry.hash) = (digest.rows, digest.hash);
    }
    Ok((writer, tables, evidence.names))
}

fn all_recipients(app: &App, others: &[String]) -> Result<Vec<Recipient>> {
    let mut all = vec![app.keys().recipient()];
    for text in others {
        all.push(Recipient::from_str(text.trim()).map_err(|_| {
            BackupError::refused(
                format!("{text} は受取人の鍵（age1…）ではありません"),
                format!("{text} is no recipient (age1…)"),
            )
        })?);
    }
    Ok(all)
}

/// The key that names the chunks of a folder; made at its first backup.
async fn name_key(app: &App, repository: &str) -> Result<[u8; 32]> {
    if let Some(kept) = kept_name_key(app, repository).await? {
        return Ok(kept);
    }
    let fresh: [u8; 32] = app.random();
    let sealed = app.keys().seal_text(&fresh)?;
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    op.trail_new("backup.folder", ("backup", repository), &json!({ "repository": repository })).await?;
    let now = op.now.clone();
    store::put_repository(&mut op.write, repository, &sealed, &now).await?;
    op.commit().await?;
    Ok(fresh)
}

async fn kept_name_key(app: &App, repository: &str) -> Result<Option<[u8; 32]>> {
    let kept = store::repository_name_key(&mut app.read().await.map_err(BackupError::App)?, repository).await?;
    let Some(kept) = kept else { return Ok(None) };
    let plain = app.keys().unseal_text(&kept)?;
    let key = plain.try_into().map_err(|_| AppError::Internal("a name key has 32 bytes".to_owned()))?;
    Ok(Some(key))
}

async fn keep_chunks(mut writer: Writer, chunks: Vec<Vec<u8>>) -> Result<(Writer, Vec<String>)> {
    aside(move || {
        let names = chunks.iter().map(|chunk| writer.chunk(chunk)).collect::<Result<Vec<_>>>()?;
        Ok((writer, names))
    })
    .await
}

async fn keep_evidence(app: &App, mut writer: Writer, sealed_hash: &str) -> Result<Writer> {
    let name = evidence_name(sealed_hash);
    if writer.has(&name) {
        return Ok(writer);
    }
    let sealed = app.shelf().get(sealed_hash).await.map_err(BackupError::disk("evidence"))?;
    let sealed = sealed.filter(|sealed| hex(&Sha256::digest(sealed)) == sealed_hash).ok_or_else(|| {
        BackupError::refused(
            format!("証跡のファイル {sealed_hash} が失われているか、書き換えられています。sakimori admin scrub で調べ、前の控えから戻してください"),
            format!("the evidence file {sealed_hash} is gone or was changed; see sakimori admin scrub and restore it from an earlier backup"),
        )
    })?;
    aside(move || writer.write(&name, &sealed).map(|()| writer)).await
}

/// Picks the names of sealed files out of the rows that pass.
#[derive(Default)]
struct EvidenceRows {
    column: Option<usize>,
    names: Vec<String>,
}

impl EvidenceRows {
    fn table(&mut self, table: &sakimori_store::dump::Table) {
        let place = || table.columns.iter().position(|column| column.name == "sealed_hash");
        self.column = if table.name == "evidence_file" { place() } else { None };
    }

    fn rows(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(column) = self.column else { return Ok(()) };
        // A line that is not understood would leave its file out of the backup.
        let odd = |line: &[u8]| BackupError::Damaged(format!("evidence_file: {}", String::from_utf8_lossy(line)));
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row: Vec<serde_json::Value> = serde_json::from_slice(line).map_err(|_| odd(line))?;
            let name = row.get(column).and_then(|value| value.as_str()).ok_or_else(|| odd(line))?;
            self.names.push(name.to_owned());
        }
        Ok(())
    }
}

async fn note(app: &App, created: &Created, started_at: String, damaged: usize) -> Result<()> {
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let run = UpkeepRun {
        id: app.new_id(),
        kind: "backup".to_owned(),
        started_at,
        ended_at: op.now.clone(),
        is_good: damaged == 0,
        repository: created.repository.clone(),
        sequence: i64::try_from(created.sequence).unwrap_or(i64::MAX),
        report: serde_json::to_string(created).map_err(|error| AppError::Internal(error.to_string()))?,
    };
    op.trail_new("backup.create", ("backup", &format!("{}/{}", created.repository, created.sequence)), created).await?;
    store::insert_upkeep_run(&mut op.write, &run).await?;
    op.commit().await?;
    Ok(())
}

/// What the trail knows of the generations of a folder.
#[derive(Default)]
pub(super) struct Noted {
    /// Those that nobody let go: number and hash of the manifest.
    pub(super) kept: Vec<(u64, String)>,
    gone: Vec<u64>,
}

/// The generations of a folder that the trail knows.
pub(super) async fn noted_generations(app: &App, repository: &str) -> Result<Noted> {
    let mut c = app.read().await?;
    let filter = sakimori_store::trail::Filter { kind: "backup".to_owned(), ..Default::default() };
    let (mut noted, mut before) = (Noted::default(), i64::MAX);
    loop {
        let events = sakimori_store::trail::filtered(&mut c, "", &filter, before, 500).await?;
        for event in &events {
            let Some(sequence) = event.subject_id.strip_prefix(&format!("{repository}/")) else { continue };
            let Ok(sequence) = sequence.parse::<u64>() else { continue };
            let after: serde_json::Value = serde_json::from_str(&event.after).unwrap_or_default();
            match event.action.as_str() {
                "backup.create" | "backup.adopt" => {
                    noted.kept.push((sequence, after["manifest_hash"].as_str().unwrap_or_default().to_owned()));
                }
                "backup.prune" => noted.gone.push(sequence),
                _ => {}
            }
        }
        match events.last() {
            Some(last) if events.len() == 500 => before = last.position,
            _ => break,
        }
    }
    noted.kept.retain(|(sequence, _)| !noted.gone.contains(sequence));
    noted.kept.sort();
    Ok(noted)
}

/// Tells the trail of generations that it does not know although this installation made them: the machine failed between
/// the last file and the event, or the data came back from one of them, which cannot hold its own event. Theirs is the
/// key that names the folder's chunks; it stands nowhere but in the database and inside sealed manifests.
pub(super) async fn adopt(app: &App, repository: &Repository) -> Result<Noted> {
    let mut noted = noted_generations(app, &repository.id).await?;
    let Some(own) = kept_name_key(app, &repository.id).await? else { return Ok(noted) };
    for generation in repository.generations()? {
        let sequence = generation.sequence;
        if noted.gone.contains(&sequence) || noted.kept.iter().any(|(known, _)| *known == sequence) {
            continue;
        }
        let (folder, keys) = (repository.clone(), app.keys().clone());
        let Ok((manifest, hash)) = aside(move || folder.manifest(&generation, &keys)).await else { continue };
        if manifest.name_key != hex(&own) || manifest.repository != repository.id || manifest.sequence != sequence {
            continue;
        }
        let system = Actor::system("");
        let mut op = app.operate_as(&system).await?;
        let after = json!({ "sequence": sequence, "at": manifest.at, "manifest_hash": hash });
        op.trail_new("backup.adopt", ("backup", &format!("{}/{sequence}", repository.id)), &after).await?;
        op.commit().await?;
        noted.kept.push((sequence, hash));
    }
    noted.kept.sort();
    Ok(noted)
}

/// Lets generations go that the rule does not keep, and the files that no other needs. The trail is told first: a
/// generation that is gone without a word in the trail was taken by somebody else.
///
/// # Errors
/// The folder refuses, or a database error.
pub async fn prune(app: &App, folder: &Path) -> Result<rule::Choice> {
    let repository = Repository::open(folder)?;
    let generations = repository.generations()?;
    let mut points = Vec::new();
    for generation in &generations {
        let at = generation.folder.file_name().and_then(|name| name.to_str()).and_then(time_of).unwrap_or(0);
        points.push(rule::Point { sequence: generation.sequence, at });
    }
    let choice = rule::choose(&points);
    if choice.clock_leapt {
        tracing::warn!("the clock leapt between the last two backups; no generation is let go this time");
    }
    for sequence in &choice.goes {
        let system = Actor::system("");
        let mut op = app.operate_as(&system).await?;
        let subject = format!("{}/{sequence}", repository.id);
        op.trail_new("backup.prune", ("backup", &subject), &json!({ "sequence": sequence })).await?;
        op.commit().await?;
    }
    if !choice.goes.is_empty() {
        let goes = choice.goes.clone();
        aside(move || remove(&repository, &generations, &goes)).await?;
    }
    Ok(choice)
}

/// `000007-20261121T131858` → seconds.
fn time_of(name: &str) -> Option<i64> {
    let text = name.split_once('-')?.1;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text.get(..15)?).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

fn remove(repository: &Repository, generations: &[super::Generation], goes: &[u64]) -> Result<()> {
    let (mut kept, mut left) = (std::collections::HashSet::new(), std::collections::HashSet::new());
    for generation in generations {
        let files = repository.files(generation)?.0.into_keys();
        if goes.contains(&generation.sequence) { left.extend(files) } else { kept.extend(files) }
    }
    // The manifest goes first: from then on nobody takes the generation for a whole one.
    for generation in generations.iter().filter(|generation| goes.contains(&generation.sequence)) {
        std::fs::remove_file(generation.folder.join("manifest.age"))
            .and_then(|()| std::fs::remove_dir_all(&generation.folder))
            .map_err(BackupError::disk(generation.folder.display().to_string()))?;
    }
    for name in left.difference(&kept) {
        match std::fs::remove_file(repository.place(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(BackupError::Disk { what: name.clone(), source: error });
            }
            _ => {}
        }
    }
    Ok(())
}
