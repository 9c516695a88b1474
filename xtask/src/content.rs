//! `content`: reads the source documents and writes the facts of each as `content/standards/<edition>/catalogue.json`.
//!
//! The documents are not in the repository: `SAKIMORI_SEEDS` names their folder, else `../shared/seeds` is taken. What is
//! written has no sentence of theirs, and is the same bytes every time.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sakimori_domain::standards::{Catalogue, Disposition, Provision, ProvisionKind};
use sakimori_interop::grammar::{Profile, best_fit, facts_only, read};
use sakimori_interop::simple::to_simple_json;
use sakimori_interop::source::lines_of;
use serde::Deserialize;

#[derive(Deserialize)]
struct Questions {
    control: Vec<Question>,
}

/// The part of a question that the catalogue needs.
#[derive(Deserialize)]
struct Question {
    id: String,
    #[serde(default)]
    title: String,
}

/// Writes every catalogue whose document and grammar are there; says what was written.
pub fn write(repository: &Path) -> Result<()> {
    for path in documents(repository)? {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let lines = lines_of(&text);
        let fits = best_fit(Profile::built_in(), &lines);
        let (name, fit) = fits.first().context("there is no built-in grammar")?;
        let profile =
            Profile::built_in().iter().find(|profile| profile.name() == name).context("the grammar is there")?;
        let edition = profile.edition();
        if edition.id.is_empty() || fit.share < 0.8 {
            println!("{}: no grammar fits (best {name}, {:.0} %)", path.display(), fit.share * 100.0);
            continue;
        }
        let mut catalogue = facts_only(&read(profile, &lines).catalogue);
        let folder = repository.join("content/standards").join(&edition.id);
        let added = add_from_questions(&mut catalogue, &folder)?;
        std::fs::create_dir_all(&folder)?;
        let mut json = to_simple_json(&catalogue);
        json.push('\n');
        std::fs::write(folder.join("catalogue.json"), json)?;
        let controls = catalogue.provisions.iter().filter(|p| p.is_answerable()).count();
        println!(
            "{}: {} nodes, {controls} controls, {added} from our questions",
            edition.id,
            catalogue.provisions.len()
        );
    }
    Ok(())
}

/// The source documents in the order of their names.
fn documents(repository: &Path) -> Result<Vec<PathBuf>> {
    let folder = std::env::var_os("SAKIMORI_SEEDS").map_or_else(|| repository.join("../shared/seeds"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        bail!("the source documents are not in {}: set SAKIMORI_SEEDS to their folder", folder.display());
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    Ok(paths)
}

/// A standard that takes a whole clause over from another one prints only the clause. The controls below it, which people
/// answer all the same, are in our questions; they become Provisions under the clause.
fn add_from_questions(catalogue: &mut Catalogue, folder: &Path) -> Result<usize> {
    let Ok(text) = std::fs::read_to_string(folder.join("questions.toml")) else { return Ok(0) };
    let questions: Questions = toml::from_str(&text).with_context(|| folder.display().to_string())?;
    let known: HashSet<String> = catalogue.provisions.iter().map(|p| p.id.clone()).collect();
    let mut added = 0;
    for question in questions.control.into_iter().filter(|q| !known.contains(&q.id)) {
        let taken_over = |p: &Provision| p.disposition == Some(Disposition::ReferenceOnly);
        let parent = prefixes(&question.id).into_iter().find(|id| known.contains(*id)).map(str::to_owned);
        let at = parent.as_ref().and_then(|id| catalogue.provisions.iter().position(|p| p.id == *id && taken_over(p)));
        let (Some(parent), Some(at)) = (parent, at) else {
            println!("  question {} has no provision in {}", question.id, folder.display());
            continue;
        };
        let below = catalogue.provisions[at + 1..].iter().take_while(|p| p.parent.as_deref() == Some(&parent)).count();
        let mut provision = Provision::new(question.id, ProvisionKind::Control, question.title);
        provision.parent = Some(parent);
        provision.disposition = Some(Disposition::ReferenceOnly);
        catalogue.provisions.insert(at + 1 + below, provision);
        added += 1;
    }
    Ok(added)
}

/// `5.1` and `5` of `5.1.1`, the longest first.
fn prefixes(id: &str) -> Vec<&str> {
    let mut cuts: Vec<&str> = id.match_indices('.').map(|(at, _)| &id[..at]).collect();
    cuts.reverse();
    cuts
}
