//! What ships with the product: the built-in catalogues with our questions, put into the store at the first start and
//! again when a new version of the product brings other content.

use std::collections::HashMap;

use sakimori_domain::standards::{Catalogue, Guide, Provision};
use sakimori_interop::simple;
use sakimori_store::Write;
use sakimori_store::edition::{self as store, EditionEntry};
use sakimori_store::search::{self, SearchEntry};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::identity::hex;
use crate::jobs::{self, APPLICABILITY};
use crate::{Actor, App, AppError, Result};

/// A catalogue as it ships: facts, and our own words about them.
struct Shipped {
    folder: &'static str,
    catalogue: &'static str,
    questions: &'static str,
}

macro_rules! shipped {
    ($($folder:literal),+ $(,)?) => {
        [$(Shipped {
            folder: $folder,
            catalogue: include_str!(concat!("../../../content/standards/", $folder, "/catalogue.json")),
            questions: include_str!(concat!("../../../content/standards/", $folder, "/questions.toml")),
        }),+]
    };
}

static SHIPPED: [Shipped; 5] = shipped![
    "telecom-safety-review",
    "nisc-measures-3",
    "jt-x1051-2018",
    "action-plan-review-2008",
    "port-guideline-2024-tos",
];

#[derive(Deserialize)]
struct Questions {
    control: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    /// Ours where the document prints only a sentence; else the printed one, which the catalogue has too.
    #[serde(default)]
    title: String,
    #[serde(default)]
    title_en: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    question_en: String,
    #[serde(default)]
    explanation: String,
    #[serde(default)]
    explanation_en: String,
}

/// Puts the shipped catalogues into the store. Does nothing for those that are there unchanged.
///
/// # Errors
/// The shipped content is faulty (a test reads all of it), or a database error.
pub async fn seed(app: &App) -> Result<()> {
    let present: HashMap<String, String> = store::editions(&mut app.read().await?, "")
        .await?
        .into_iter()
        .map(|entry| (entry.id, entry.content_hash))
        .collect();
    let mut changed = false;
    for shipped in &SHIPPED {
        let hash = hex(&Sha256::digest([shipped.catalogue, shipped.questions].concat().as_bytes()));
        if present.get(shipped.folder) != Some(&hash) {
            seed_one(app, shipped, hash).await?;
            changed = true;
        }
    }
    if changed {
        jobs::run_now(app, &APPLICABILITY, "").await?;
    }
    Ok(())
}

async fn seed_one(app: &App, shipped: &Shipped, content_hash: String) -> Result<()> {
    let (catalogue, guided) = read(shipped)?;
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    // The event first: it holds the head of the trail, where processes that start at the same moment queue. Who comes
    // second finds the work done.
    op.trail_new("edition.seed", ("edition", shipped.folder), &json!({ "content": content_hash })).await?;
    if store::edition(&mut op.write, "", shipped.folder).await?.is_some_and(|there| there.content_hash == content_hash)
    {
        return Ok(());
    }
    let entry = EditionEntry {
        id: shipped.folder.to_owned(),
        owner: String::new(),
        edition: catalogue.edition,
        origin: "built-in".to_owned(),
        content_hash,
        created_at: op.now.clone(),
        provisions: 0,
        controls: 0,
        texts: 0,
    };
    store::put_edition(&mut op.write, &entry).await?;
    store::put_provisions(&mut op.write, &entry.id, &guided).await?;
    store::replace_records(&mut op.write, &entry.id, "", &catalogue.records).await?;
    index_texts(&mut op.write, "", &entry.id).await?;
    jobs::ask(&mut op, APPLICABILITY.name, "", "").await?;
    op.commit().await
}

fn read(shipped: &Shipped) -> Result<(Catalogue, Vec<(Provision, Guide)>)> {
    let faulty = |what: String| AppError::Internal(format!("content/standards/{}: {what}", shipped.folder));
    let mut catalogue = simple::from_simple_json(shipped.catalogue).map_err(|e| faulty(e.to_string()))?;
    shipped.folder.clone_into(&mut catalogue.edition.id);
    let questions: Questions = toml::from_str(shipped.questions).map_err(|e| faulty(e.to_string()))?;
    let mut guides: HashMap<String, Question> = questions.control.into_iter().map(|q| (q.id.clone(), q)).collect();
    let guided = catalogue.provisions.drain(..).map(|provision| guided(provision, &mut guides)).collect();
    Ok((catalogue, guided))
}

fn guided(mut provision: Provision, guides: &mut HashMap<String, Question>) -> (Provision, Guide) {
    let Some(q) = guides.remove(&provision.id) else { return (provision, Guide::default()) };
    if provision.title.is_empty() {
        provision.title = q.title;
    }
    let guide = Guide {
        title_en: q.title_en,
        question: q.question,
        question_en: q.question_en,
        explanation: q.explanation,
        explanation_en: q.explanation_en,
    };
    (provision, guide)
}

/// Makes an Edition findable for `owner` with the official texts that it has.
pub(crate) async fn index_texts(w: &mut Write, owner: &str, edition_id: &str) -> Result<()> {
    let entries = store::provisions(w, owner, edition_id).await?;
    let guided: Vec<(Provision, Guide)> = entries.into_iter().map(|entry| (entry.provision, entry.guide)).collect();
    index(w, owner, edition_id, &guided).await
}

/// Makes the Provisions of an Edition findable: number, title, our words and, where loaded, the official text.
async fn index(w: &mut Write, owner: &str, edition_id: &str, guided: &[(Provision, Guide)]) -> Result<()> {
    let entries: Vec<SearchEntry> = guided
        .iter()
        .map(|(p, g)| SearchEntry {
            owner: owner.to_owned(),
            kind: "provision".to_owned(),
            scope: edition_id.to_owned(),
            subject: p.id.clone(),
            title: p.title.clone(),
            body: [&g.question, &g.explanation, &p.text, &store::items_text(&p.items)]
                .into_iter()
                .filter(|part| !part.trim().is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .collect();
    Ok(search::replace(w, owner, "provision", edition_id, &entries).await?)
}
