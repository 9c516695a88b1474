//! Where a reading belongs: the Edition whose numbers it has, or a new one; and what differs from what is there.

use std::collections::{HashMap, HashSet};

use sakimori_domain::standards::{Guide, Problem, Provision};
use sakimori_store::Connection;
use sakimori_store::edition::{self as store, EditionEntry, OutlineRow, TextDifference};

use super::Recognised;
use crate::{Refusal, Result};

/// What the person wants beside the file itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Edition to read into, or the id of a new one; empty: the one that the grammar names.
    pub edition: String,
    /// Replace texts that differ.
    pub replace: bool,
}

/// The Edition a reading goes to.
#[derive(Debug, Clone)]
pub enum Target {
    /// One that is there: texts join its tree by number.
    Known(EditionEntry),
    /// A new one, with the reading as its tree.
    New(EditionEntry),
}

impl Target {
    /// The Edition.
    pub fn entry(&self) -> &EditionEntry {
        match self {
            Self::Known(entry) | Self::New(entry) => entry,
        }
    }
}

/// What keeping a reading would do.
#[derive(Debug, Clone)]
pub struct Plan {
    pub target: Target,
    /// Provisions of the reading that have a place in the tree.
    pub placed: usize,
    /// Numbers of the reading that the tree does not have; their texts are kept beside it.
    pub without_place: Vec<(String, String)>,
    /// Provisions of the tree that the reading does not have.
    pub without_text: Vec<OutlineRow>,
    pub difference: TextDifference,
    /// The very file was read before.
    pub is_same_file: bool,
    /// Nothing would change.
    pub is_unchanged: bool,
    /// The reading's problems and what the joining found.
    pub problems: Vec<Problem>,
}

impl Plan {
    /// Loaded texts would be replaced by those of another document.
    pub fn is_conflict(&self) -> bool {
        self.difference.differs() && !self.is_same_file
    }
}

/// Works out what keeping a reading for `owner` ('' is the whole installation) would do.
///
/// # Errors
/// A reading that is of another document than the Edition named, or an unusable id; a database error.
pub async fn plan(c: &mut Connection, owner: &str, now: &str, read: &Recognised, options: &Options) -> Result<Plan> {
    let target = target(c, owner, now, read, options).await?;
    let entry = target.entry();
    let provisions = &read.catalogue.provisions;
    let outline = match &target {
        Target::Known(entry) => store::outline(c, owner, &entry.id).await?,
        Target::New(_) => Vec::new(),
    };
    let known: HashSet<&str> = outline.iter().map(|row| row.number.as_str()).collect();
    let given: HashSet<&str> = provisions.iter().map(|p| p.id.as_str()).collect();
    let is_own = is_own_tree(&target, owner);
    let stray: Vec<&Provision> = provisions.iter().filter(|p| !is_own && !known.contains(p.id.as_str())).collect();
    let without_text: Vec<OutlineRow> =
        outline.iter().filter(|row| !given.contains(row.number.as_str())).cloned().collect();
    let placed = provisions.len() - stray.len();
    if !is_own && placed * 2 < outline.len() {
        return Err(another_document(read, entry, placed, outline.len()).into());
    }
    let difference = store::text_difference(c, &entry.id, owner, provisions).await?;
    let last = store::ingests(c, owner, &entry.id).await?.into_iter().find(|i| i.owner == owner);
    let is_same_file = last.is_some_and(|last| last.file_hash == read.file_hash);
    let records_same =
        read.catalogue.records.is_empty() || store::records(c, owner, &entry.id).await? == read.catalogue.records;
    let mut problems = read.catalogue.problems.clone();
    problems.extend(stray.iter().map(|p| stray_problem(p)));
    problems.extend(without_text.iter().map(missing_problem));
    Ok(Plan {
        placed,
        without_place: stray.iter().map(|p| (p.id.clone(), p.title.clone())).collect(),
        is_unchanged: is_same_file && difference.is_none() && records_same,
        without_text,
        difference,
        is_same_file,
        problems,
        target,
    })
}

/// Whether the tree is made by readings of this owner, so that a reading may add to it.
pub(super) fn is_own_tree(target: &Target, owner: &str) -> bool {
    match target {
        Target::New(_) => true,
        Target::Known(entry) => entry.origin != "built-in" && entry.owner == owner,
    }
}

fn stray_problem(p: &Provision) -> Problem {
    Problem {
        line: p.line,
        code: "number-not-in-contents".to_owned(),
        message: format!("番号 {}（{}）は目次にありません。本文は目次の外に保管しました。", p.id, p.title),
    }
}

fn missing_problem(row: &OutlineRow) -> Problem {
    Problem {
        line: 0,
        code: "text-missing".to_owned(),
        message: format!("目次の {}（{}）に当たる本文が文書にありません。", row.number, row.title),
    }
}

async fn target(c: &mut Connection, owner: &str, now: &str, read: &Recognised, options: &Options) -> Result<Target> {
    let from_grammar = &read.catalogue.edition;
    let id = match (options.edition.trim(), from_grammar.id.as_str()) {
        ("", "") => format!("document-{}", read.file_hash.get(..12).unwrap_or_default()),
        ("", id) => id.to_owned(),
        (wanted, _) => wanted.to_owned(),
    };
    check_id(&id, owner)?;
    let own = if owner.is_empty() { id.clone() } else { format!("{owner}~{id}") };
    for candidate in [own.as_str(), id.as_str()] {
        if let Some(entry) = store::edition(c, owner, candidate).await? {
            return Ok(Target::Known(entry));
        }
    }
    Ok(Target::New(new_entry(read, owner, own, id, now)))
}

fn new_entry(read: &Recognised, owner: &str, key: String, code: String, now: &str) -> EditionEntry {
    let mut edition = read.catalogue.edition.clone();
    edition.profile.clone_from(&read.profile);
    if edition.id != code {
        // The grammar's dates and label are those of the edition it was written for.
        edition.label.clone_from(&code);
        edition.valid_from.clear();
        edition.valid_to.clear();
    }
    if edition.title.is_empty() {
        edition.title.clone_from(&read.title);
    }
    if edition.short.is_empty() {
        edition.short = edition.title.chars().take(24).collect();
    }
    if edition.standard.is_empty() {
        edition.standard.clone_from(&code);
    }
    edition.id = code;
    EditionEntry {
        id: key,
        owner: owner.to_owned(),
        edition,
        origin: "ingested".to_owned(),
        content_hash: read.file_hash.clone(),
        created_at: now.to_owned(),
        provisions: 0,
        controls: 0,
        texts: 0,
    }
}

/// Longest id of an Edition, in characters.
const ID_MAX: usize = 64;

fn check_id(id: &str, owner: &str) -> Result<()> {
    let bare =
        id.strip_prefix(owner).and_then(|rest| rest.strip_prefix('~')).filter(|_| !owner.is_empty()).unwrap_or(id);
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
    if !bare.is_empty() && bare.len() <= ID_MAX && bare.chars().all(is_plain) && !bare.starts_with('.') {
        return Ok(());
    }
    Err(Refusal::invalid(
        "edition-id",
        format!("版の識別子「{id}」は使えません。"),
        format!("\"{id}\" cannot be the id of an edition."),
    )
    .next(
        "英小文字・数字・「-」「.」「_」で 64 文字以内にしてください。例: port-guideline-2027",
        "Use lower-case letters, digits, - . _, at most 64, e.g. port-guideline-2027.",
    )
    .into())
}

fn another_document(read: &Recognised, entry: &EditionEntry, placed: usize, of: usize) -> Refusal {
    Refusal::invalid(
        "another-document",
        format!(
            "「{}」の目次 {of} 項目のうち、この文書にあるのは {placed} 項目だけです（文法 {}、適合 {}%）。途中までの文書か、別の版です。",
            entry.edition.short,
            read.profile,
            read.per_cent()
        ),
        format!(
            "Of the {of} items of {} this document has only {placed} (grammar {}, fit {}%): it is incomplete or another edition.",
            entry.id,
            read.profile,
            read.per_cent()
        ),
    )
    .next(
        "文書全体のファイルを選ぶか、別の版として取り込んでください（--edition 新しい識別子）。",
        "Choose the file of the whole document, or load it as another edition (--edition NEW-ID).",
    )
}

/// Our own words for a new Edition: those of the latest Edition of the same Standard, for Provisions that are still the
/// same ones there.
pub(super) async fn carried_guides(
    c: &mut Connection,
    owner: &str,
    entry: &EditionEntry,
) -> Result<HashMap<(String, String), Guide>> {
    let editions = store::editions(c, owner).await?;
    let before = editions
        .into_iter()
        .filter(|other| other.id != entry.id && other.edition.standard == entry.edition.standard)
        .max_by(|a, b| a.edition.valid_from.cmp(&b.edition.valid_from));
    let Some(before) = before else { return Ok(HashMap::new()) };
    let provisions = store::provisions(c, owner, &before.id).await?;
    Ok(provisions.into_iter().map(|e| ((e.provision.id, e.provision.title), e.guide)).collect())
}
