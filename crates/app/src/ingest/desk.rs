//! 読み取りの手直し: the lines of a waiting document beside what they were read as, and what people say of them. A correction
//! is kept for the organisation and the Standard by the letters of its line, so that it holds for the next file too.

use sakimori_domain::identity::Permission;
use sakimori_interop::SourceLine;
use sakimori_interop::grammar::{
    CORRECTIONS_MAX, Correction, CorrectionFault, ReadLine, Verdict, line_key, verdict_of,
};
use sakimori_store::reading::{self as store, CorrectionRow};
use serde_json::json;

use super::recognise::{blocking, structured_of};
use super::{Grammar, Recognised, Upload, grammar_of, open, own_grammar};
use crate::{Actor, App, AppError, Refusal, RefusalKind, Result};

/// A waiting document on the desk.
pub struct Desk {
    pub recognised: Recognised,
    pub lines: Vec<SourceLine>,
    /// Every printed line and what it was read as.
    pub read: Vec<ReadLine>,
    /// What its corrections are kept under.
    pub standard: String,
    /// What people have said, oldest first.
    pub corrections: Vec<CorrectionRow>,
    /// Levels of headings that the grammar knows; none where tables are read.
    pub levels: Vec<u32>,
}

impl Desk {
    /// The correction that holds for a printed line.
    pub fn correction_of(&self, at: usize) -> Option<&CorrectionRow> {
        let line = self.read.get(at).filter(|line| line.by_hand)?;
        let text = &self.lines.get(line.source)?.text;
        let (key, before) = (line_key(text), self.key_before(at));
        let of_line = |row: &&CorrectionRow| row.line_hash == key;
        let exact = self.corrections.iter().filter(of_line).find(|row| row.before_hash == before);
        let general = || self.corrections.iter().filter(of_line).find(|row| row.before_hash.is_empty());
        exact.or_else(general).or_else(|| self.corrections.iter().find(of_line))
    }

    /// How many printed lines have the letters of this one.
    pub fn repeats(&self, at: usize) -> usize {
        let text = |line: &ReadLine| self.lines.get(line.source).map(|line| line_key(&line.text));
        let Some(key) = self.read.get(at).and_then(text) else { return 0 };
        self.read.iter().filter(|line| text(line).as_ref() == Some(&key)).count()
    }

    fn key_before(&self, at: usize) -> String {
        let before = at.checked_sub(1).and_then(|before| self.read.get(before));
        before.and_then(|line| self.lines.get(line.source)).map_or(String::new(), |line| line_key(&line.text))
    }
}

/// What somebody says of a line.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The printed line, counted from 0.
    pub at: usize,
    /// `heading`, `text`, `joined`, `item` or `noise`.
    pub code: String,
    pub level: u32,
    pub number: String,
    pub title: String,
    pub depth: u32,
    /// Number of the Provision that it belongs to; empty: where it stands.
    pub to: String,
    /// Every line with the same letters is meant.
    pub everywhere: bool,
}

/// Reads a waiting document with the organisation's corrections.
///
/// # Errors
/// A role that may not; what is wrong with the file or its grammar; a database error.
pub async fn desk(app: &App, actor: &Actor, upload: &Upload) -> Result<Desk> {
    actor.require(Permission::LoadStandards)?;
    let choice = &upload.choice;
    let grammar = match (choice.own_grammar.as_str(), choice.grammar.as_str()) {
        ("", "") => Grammar::BestFit,
        ("", name) => grammar_of(name)?,
        (toml, _) => own_grammar(toml)?,
    };
    if let Some(recognised) = structured_of(app.program(), &choice.file_name, &upload.bytes, &grammar).await? {
        let (lines, read, corrections) = (Vec::new(), Vec::new(), Vec::new());
        return Ok(Desk { recognised, lines, read, standard: String::new(), corrections, levels: Vec::new() });
    }
    let document = open(app.program(), &choice.file_name, &upload.bytes, &grammar).await?;
    let standard = document.standard();
    let rows = store::corrections(&mut app.read().await?, &actor.organisation_id, &standard).await?;
    let corrections = rows.iter().map(correction).collect::<Result<Vec<_>>>()?;
    blocking(move || {
        let (recognised, read) = document.read(&corrections)?;
        let levels = document.profile.heading_levels();
        Ok(Desk { recognised, lines: document.text.lines, read, standard, corrections: rows, levels })
    })
    .await
}

fn correction(row: &CorrectionRow) -> Result<Correction> {
    let number = u32::try_from(row.level).unwrap_or(0);
    let verdict = verdict_of(&row.verdict, number, row.number.clone(), row.title.clone(), number)
        .map_err(|fault| AppError::Internal(format!("reading_correction {}: {fault}", row.id)))?;
    Ok(Correction {
        line: row.line_hash.clone(),
        before: row.before_hash.clone(),
        text: row.line_text.clone(),
        verdict,
        to: row.belongs_to.clone(),
    })
}

fn refused(fault: CorrectionFault) -> Refusal {
    Refusal::invalid("correction", fault.ja, fault.en)
        .next("入力を直して、もう一度押してください。", "Mend the entry and try again.")
}

/// Keeps what somebody says of a line of a waiting document.
///
/// # Errors
/// A role that may not; a line that is not there; a heading without number and title; too many corrections.
pub async fn correct(app: &App, actor: &Actor, desk: &Desk, said: &Said) -> Result<()> {
    let text =
        |at: usize| desk.read.get(at).and_then(|line| desk.lines.get(line.source)).map(|line| line.text.as_str());
    let line = text(said.at).ok_or_else(Refusal::not_found)?;
    let before = said.at.checked_sub(1).and_then(text).filter(|_| !said.everywhere).unwrap_or_default();
    let verdict = verdict_of(&said.code, said.level, said.number.clone(), said.title.clone(), said.depth);
    let made = verdict.and_then(|verdict| Correction::new(line, before, verdict, &said.to)).map_err(refused)?;
    if desk.levels.is_empty() && made.verdict != Verdict::Noise {
        return Err(Refusal::invalid(
            "tables-only",
            "この文書は表から読み取るため、行ごとに直せるのは「本文でない」だけです。",
            "This document is read from its tables: a line can only be taken out.",
        )
        .next("取込文法を直してください（docs/import-grammars.md）。", "Change the import grammar instead.")
        .into());
    }
    let mut op = app.operate(actor, Permission::LoadStandards).await?;
    let kept = store::corrections(&mut op.write, &actor.organisation_id, &desk.standard).await?;
    if kept.len() >= CORRECTIONS_MAX {
        return Err(Refusal::new(
            RefusalKind::Limit,
            "too-many-corrections",
            format!("手直しは{CORRECTIONS_MAX}件までです。"),
            format!("At most {CORRECTIONS_MAX} corrections."),
        )
        .next("取込文法に規則として書いてください。", "Write a rule of the import grammar instead.")
        .into());
    }
    let (level, number, title) = match &made.verdict {
        Verdict::Heading { level, number, title } => (*level, number.clone(), title.clone()),
        Verdict::Item { depth } => (*depth, String::new(), String::new()),
        _ => (0, String::new(), String::new()),
    };
    let row = CorrectionRow {
        id: app.new_id(),
        standard: desk.standard.clone(),
        line_hash: made.line,
        before_hash: made.before,
        line_text: made.text,
        verdict: made.verdict.code().to_owned(),
        level: i64::from(level),
        number,
        title,
        belongs_to: made.to,
        actor_name: actor.name.clone(),
        at: op.now.clone(),
    };
    // What was said of this very line before, and what holds for it wherever it stands, would speak against it.
    let replaced = desk.correction_of(said.at).filter(|old| said.everywhere || !old.before_hash.is_empty());
    op.trail("reading.correct", ("reading", &row.standard), replaced.map(facts).as_ref(), Some(&facts(&row))).await?;
    if let Some(old) = replaced {
        store::remove_correction(&mut op.write, &actor.organisation_id, &old.id).await?;
    }
    store::put_correction(&mut op.write, &actor.organisation_id, &row).await?;
    op.commit().await
}

fn facts(row: &CorrectionRow) -> serde_json::Value {
    json!({
        "line": row.line_text, "is": row.verdict, "level": row.level, "number": row.number, "title": row.title,
        "to": row.belongs_to, "everywhere": row.before_hash.is_empty(),
    })
}

/// Forgets a correction.
///
/// # Errors
/// A role that may not; one that is not there or not the organisation's.
pub async fn withdraw(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let mut op = app.operate(actor, Permission::LoadStandards).await?;
    let row = store::correction_by_id(&mut op.write, &actor.organisation_id, id).await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    op.trail::<_, ()>("reading.withdraw", ("reading", &row.standard), Some(&facts(&row)), None).await?;
    store::remove_correction(&mut op.write, &actor.organisation_id, id).await?;
    op.commit().await
}
