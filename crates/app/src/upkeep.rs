//! Upkeep: the scrub that looks whether everything is still whole, and the change of keys.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_domain::identity::Role;
use sakimori_interop::trail::export::Demand;
use sakimori_store::dump;
use sakimori_store::durable::{self as store, SealedFile, UpkeepRun};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::evidence::{self, Damage};
use crate::keys::text_mark;
use crate::notice::{self, Audience};
use crate::trail::{self, verify::Means};
use crate::{Actor, App, AppError, Result, key_check};

/// Files looked at between two reads of the database.
const PAGE: i64 = 200;

/// What a scrub found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scrub {
    pub database: Vec<String>,
    /// Trails of which something is not as it was signed: id of the organisation.
    #[serde(default)]
    pub trails: Vec<String>,
    pub files: u64,
    pub damaged: Vec<DamagedFile>,
    /// Names on the shelf that nothing refers to. One that was there last time too is taken away.
    pub orphans: Vec<String>,
    pub removed: u64,
    /// Files that an older program kept open and that are sealed now.
    pub sealed: u64,
}

/// A file of evidence that is gone, changed, or closed for good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DamagedFile {
    pub organisation: String,
    pub file_hash: String,
    pub what: String,
}

impl Scrub {
    /// Everything is whole.
    pub fn is_good(&self) -> bool {
        self.database.is_empty() && self.trails.is_empty() && self.damaged.is_empty()
    }
}

fn word(damage: Damage) -> &'static str {
    match damage {
        Damage::Missing => "missing",
        Damage::Changed => "changed",
        Damage::NoKey => "no-key",
    }
}

/// Looks at the database and at every file of evidence, keeps the report, and tells the security officers of damage.
///
/// # Errors
/// The database or the shelf does not answer.
pub async fn scrub(app: &App) -> Result<Scrub> {
    let started_at = app.now().to_string();
    if let Err(error) = app.keys().reload() {
        tracing::error!(%error, "the key file cannot be read again");
    }
    let mut found = Scrub { database: dump::check(app.store()).await?, ..Scrub::default() };
    let (keys, demand) = (app.trail_key().publics(), Demand::default());
    let means = Means { keys: &keys, demand: &demand };
    let verified = trail::verify::verify(&mut app.read().await?, &means, None).await?;
    let broken = verified.trails.into_iter().filter(|trail| !trail.verdict.findings.is_empty());
    found.trails = broken.map(|trail| trail.organisation).collect();
    let (sealed, open) = evidence::seal_the_open(app).await?;
    found.sealed = sealed as u64;
    let broken = |organisation: &str, hash: &str, damage| DamagedFile {
        organisation: organisation.to_owned(),
        file_hash: hash.to_owned(),
        what: word(damage).to_owned(),
    };
    found.damaged.extend(open.iter().map(|(organisation, hash, damage)| broken(organisation, hash, *damage)));
    let mut named = BTreeSet::new();
    let mut after = String::new();
    loop {
        let page = store::all_sealed_files(&mut app.read().await?, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        last.sealed_hash.clone_into(&mut after);
        for file in &page {
            found.files += 1;
            if let Err(damage) = evidence::open(app, file).await? {
                // Sealed anew since the page was read: then it lies elsewhere and is looked at there.
                let now = store::sealed_file(&mut app.read().await?, &file.organisation_id, &file.file_hash).await?;
                if now.as_ref() == Some(file) {
                    found.damaged.push(broken(&file.organisation_id, &file.file_hash, damage));
                }
            }
            named.insert(file.sealed_hash.clone());
        }
    }
    sweep(app, &mut found, &named).await?;
    keep(app, &found, started_at).await?;
    Ok(found)
}

/// Takes away what nothing refers to, twice in a row: what was put there a moment ago may get its row yet.
async fn sweep(app: &App, found: &mut Scrub, named: &BTreeSet<String>) -> Result<()> {
    let last = store::upkeep_runs(&mut app.read().await?, "scrub", 1).await?;
    let before: Scrub = last.first().and_then(|run| serde_json::from_str(&run.report).ok()).unwrap_or_default();
    for name in app.shelf().names().await.map_err(AppError::disk("evidence"))? {
        if named.contains(&name) {
            continue;
        }
        if before.orphans.contains(&name) {
            app.shelf().remove(&name).await.map_err(AppError::disk("evidence"))?;
            found.removed += 1;
        } else {
            found.orphans.push(name);
        }
    }
    Ok(())
}

async fn keep(app: &App, found: &Scrub, started_at: String) -> Result<()> {
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let run = UpkeepRun {
        id: app.new_id(),
        kind: "scrub".to_owned(),
        started_at,
        ended_at: op.now.clone(),
        is_good: found.is_good(),
        repository: String::new(),
        sequence: 0,
        report: serde_json::to_string(found).map_err(|error| AppError::Internal(error.to_string()))?,
    };
    let (damaged, trails, database) = (found.damaged.len(), found.trails.len(), found.database.len());
    let after = json!({ "files": found.files, "damaged": damaged, "trails": trails, "database": database });
    op.trail_new("upkeep.scrub", ("installation", ""), &after).await?;
    store::insert_upkeep_run(&mut op.write, &run).await?;
    op.commit().await?;
    let mut per_organisation: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &found.damaged {
        *per_organisation.entry(file.organisation.as_str()).or_default() += 1;
    }
    for (organisation, many) in per_organisation {
        let system = Actor::system(organisation);
        let mut op = app.operate_as(&system).await?;
        let after = json!({ "damaged": many });
        op.trail_new("evidence.damaged", ("organisation", organisation), &after).await?;
        let text_ja = format!("証跡のファイル{many}件が失われているか、書き換えられています。控えから戻してください。");
        let text_en = format!("{many} evidence files are gone or were changed. Restore them from a backup.");
        let audience = Audience::Role(Role::SecurityOfficer);
        let subject = ("organisation", organisation);
        notice::tell_once(&mut op, organisation, audience, "evidence.damaged", subject, (&text_ja, &text_en), 7)
            .await?;
        op.commit().await?;
    }
    Ok(())
}

/// What still needs a key that is not the one that seals.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyState {
    /// The key that seals.
    pub sealing: String,
    /// Per key: how many values and files it alone opens.
    pub needed: BTreeMap<String, u64>,
    /// Values and files that no key opens.
    pub closed: u64,
    /// Keys at hand that nothing in the installation needs. Backups may.
    pub free: Vec<String>,
}

/// Seals everything anew that the newest key does not open, and says what is left.
///
/// # Errors
/// The database or the shelf does not answer.
pub async fn reseal(app: &App) -> Result<KeyState> {
    let mut state = KeyState { sealing: app.keys().id(), ..KeyState::default() };
    reseal_values(app, &mut state).await?;
    let mut after = String::new();
    loop {
        let page = store::all_sealed_files(&mut app.read().await?, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        last.sealed_hash.clone_into(&mut after);
        for file in &page {
            if file.key_id != state.sealing {
                reseal_file(app, file, &mut state).await?;
            }
        }
    }
    state.free =
        app.keys().ids().into_iter().filter(|id| *id != state.sealing && !state.needed.contains_key(id)).collect();
    Ok(state)
}

/// The old bytes stay on the shelf until the scrub finds them unneeded twice: a backup under way may want them.
async fn reseal_file(app: &App, file: &SealedFile, state: &mut KeyState) -> Result<()> {
    match evidence::open(app, file).await? {
        Ok(bytes) => {
            let fresh = evidence::keep(app, &file.organisation_id, &file.file_hash, bytes).await?;
            evidence::note(app, "evidence.reseal", &fresh).await
        }
        Err(_) if app.keys().ids().contains(&file.key_id) => {
            *state.needed.entry(file.key_id.clone()).or_default() += 1;
            Ok(())
        }
        Err(_) => {
            state.closed += 1;
            Ok(())
        }
    }
}

async fn reseal_values(app: &App, state: &mut KeyState) -> Result<()> {
    for value in dump::sealed_values(&mut app.read().await?, &text_mark()).await? {
        // The known values of the keys themselves stay as they are.
        if value.table() == "seal_key" || app.keys().is_newest(&value.value) {
            continue;
        }
        let Ok(plain) = app.keys().unseal_text(&value.value) else {
            state.closed += 1;
            continue;
        };
        let fresh = app.keys().seal_text(&plain)?;
        let system = Actor::system("");
        let mut op = app.operate_as(&system).await?;
        let after = json!({ "table": value.table(), "column": value.column });
        op.trail_new("key.reseal", ("key", &state.sealing), &after).await?;
        dump::replace_sealed(&mut op.write, &value, fresh).await?;
        op.commit().await?;
    }
    Ok(())
}

/// Puts a new key on top and seals everything anew with it.
///
/// # Errors
/// The key file cannot be written, or as [`reseal`]. A rotation that was cut off is finished by the next one, or by
/// [`reseal`]: until then the old key opens what it sealed.
pub async fn rotate(app: &App) -> Result<KeyState> {
    app.keys().rotate().map_err(|error| AppError::Internal(format!("the key file: {error}")))?;
    key_check::note_sealing_key(app).await?;
    reseal(app).await
}

/// Lets a key go that nothing here needs. Backups made with it cannot be opened without it: keep it in the safe.
///
/// # Errors
/// Something still needs it, or the key file cannot be written.
pub async fn retire(app: &App, id: &str) -> Result<KeyState> {
    let state = reseal(app).await?;
    if !state.free.iter().any(|free| free == id) {
        return Err(crate::Refusal::invalid(
            "key-needed",
            format!("鍵 {id} は、まだ必要か、この鍵ファイルにありません。"),
            format!("key {id} is still needed, or is not in this key file."),
        )
        .next(
            "sakimori admin key list で、何が使っているかを確かめてください。",
            "See sakimori admin key list for what needs it.",
        )
        .into());
    }
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    op.trail_new("key.retire", ("key", id), &json!({ "key": id })).await?;
    store::retire_seal_key(&mut op.write, id).await?;
    op.commit().await?;
    app.keys().forget(id).map_err(|error| AppError::Internal(format!("the key file: {error}")))?;
    reseal(app).await
}
