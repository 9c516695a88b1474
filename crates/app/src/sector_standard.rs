//! 基準一覧: every sector's Standards, how binding they are, when they are kept up, and what they need not have.

use sakimori_domain::identity::Permission;
use sakimori_domain::revision::CycleStep;
use sakimori_domain::standards::{AuthorityClass, Record};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::sector_standard::{self as store, Exclusion, SectorStandard, Step};
use sakimori_store::{Connection, crosswalk};
use serde_json::json;

use crate::texts::{self, Field};
use crate::{Actor, App, Refusal, Result, seen};

/// Rows of one organisation.
const ROWS_MAX: usize = 1_000;
/// Fiscal years of the calendar that can be entered.
const YEARS: std::ops::RangeInclusive<i64> = 2000..=2100;
/// Longest cycle, in months.
const CYCLE_MAX: i64 = 240;

const SECTOR: Field = ("sector", "分野", "The sector");
const SUBSECTOR: Field = ("subsector", "区分", "The part of the sector");
const TITLE: Field = ("title", "名称", "The name");
const ISSUER: Field = ("issuer", "策定者", "The issuer");
const LABEL: Field = ("label", "版", "The edition");
const NOTE: Field = ("note", "備考", "The note");
const REASON: Field = ("reason", "不要とする理由", "Why it is not needed");

/// Everything that the register shows.
pub struct Register {
    pub rows: Vec<SectorStandard>,
    pub steps: Vec<Step>,
    pub exclusions: Vec<Exclusion>,
    pub editions: Vec<EditionEntry>,
    /// Crosswalks: id, source and target Edition.
    pub crosswalks: Vec<(String, String, String)>,
    /// Documents that bring rows which are not taken over yet, and how many.
    pub sources: Vec<(EditionEntry, usize)>,
}

/// A row as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct RowInput {
    /// The version that the person saw; 0 for a new one.
    pub version: i64,
    pub sector: String,
    pub subsector: String,
    pub title: String,
    pub issuer: String,
    /// Code of [`AuthorityClass`].
    pub authority: String,
    pub label: String,
    pub edition_id: String,
    pub supplement_of: String,
    pub cycle_months: String,
    pub revised_on: String,
    pub next_review_on: String,
    pub valid_from: String,
    pub valid_to: String,
    pub note: String,
}

/// The register of the organisation.
///
/// # Errors
/// A role that may not; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Register> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let rows = store::standards(&mut c, organisation_id).await?;
    let editions = edition::editions(&mut c, organisation_id).await?;
    let mut sources = Vec::new();
    for e in &editions {
        let records = edition::records(&mut c, organisation_id, &e.id).await?;
        let waiting =
            records.iter().filter(|r| r.table == TABLE && rows.iter().all(|row| row.source != source(&e.id, r)));
        let waiting = waiting.count();
        if waiting > 0 {
            sources.push((e.clone(), waiting));
        }
    }
    let crosswalks = crosswalk::crosswalks(&mut c, organisation_id).await?;
    Ok(Register {
        steps: store::steps(&mut c, organisation_id).await?,
        exclusions: store::exclusions(&mut c, organisation_id, "").await?,
        crosswalks: crosswalks.into_iter().map(|x| (x.id, x.source_edition, x.target_edition)).collect(),
        rows,
        editions,
        sources,
    })
}

/// The table of sector standards in an imported document (003).
const TABLE: &str = "sector-standards";

fn cell<'r>(record: &'r Record, name: &str) -> &'r str {
    record.cells.iter().find(|(column, _)| column == name).map_or("", |(_, text)| text.as_str())
}

fn source(edition_id: &str, record: &Record) -> String {
    format!("records:{edition_id}:{}:{}", cell(record, "sector"), cell(record, "name"))
}

/// Writes a row (a new one where `id` is empty) and returns its id.
///
/// # Errors
/// Fields that are missing or cannot be taken; somebody was faster; a role that may not.
pub async fn keep(app: &App, actor: &Actor, id: &str, input: RowInput) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let rows = store::standards(&mut op.write, organisation_id).await?;
    let mut row = checked(&mut op.write, actor, &rows, id, &input).await?;
    let said = |s: &SectorStandard| {
        json!({ "sector": s.sector, "title": s.title, "issuer": s.issuer, "authority": s.authority.code(), "label": s.label,
                "cycle": s.cycle_months, "revised": s.revised_on, "next": s.next_review_on })
    };
    if id.is_empty() {
        if rows.len() >= ROWS_MAX {
            return Err(too_many().into());
        }
        row.id = app.new_id();
        row.position = rows.iter().map(|r| r.position).max().unwrap_or(0) + 1;
        row.version = 1;
        op.trail_new("sector-standard.add", ("sector-standard", &row.id), &said(&row)).await?;
        store::insert_standard(&mut op.write, organisation_id, &row).await?;
    } else {
        let before = rows.iter().find(|r| r.id == id).ok_or_else(Refusal::not_found)?;
        op.trail("sector-standard.change", ("sector-standard", id), Some(&said(before)), Some(&said(&row))).await?;
        store::update_standard(&mut op.write, organisation_id, &row).await?;
    }
    op.commit().await?;
    Ok(row.id)
}

fn too_many() -> Refusal {
    Refusal::invalid("too-many", format!("基準は{ROWS_MAX}件までです。"), format!("At most {ROWS_MAX} standards."))
}

async fn checked(
    c: &mut Connection,
    actor: &Actor,
    rows: &[SectorStandard],
    id: &str,
    input: &RowInput,
) -> Result<SectorStandard> {
    let authority = AuthorityClass::from_code(&input.authority).ok_or_else(|| {
        Refusal::invalid("authority", "位置づけ（①〜④）を選んでください。", "Choose the authority class.")
    })?;
    let cycle_months: Option<i64> = match input.cycle_months.trim() {
        "" => Some(0),
        typed => typed.parse().ok().filter(|months| (0..=CYCLE_MAX).contains(months)),
    };
    let edition_id = input.edition_id.trim();
    if !edition_id.is_empty() && edition::edition(c, &actor.organisation_id, edition_id).await?.is_none() {
        return Err(Refusal::invalid(
            "edition",
            "取り込んだ版を選び直してください。",
            "Choose the loaded edition again.",
        )
        .into());
    }
    let supplement_of = input.supplement_of.trim();
    if !supplement_of.is_empty() && (supplement_of == id || !rows.iter().any(|row| row.id == supplement_of)) {
        return Err(Refusal::invalid(
            "supplement",
            "追補のもとの基準を選び直してください。",
            "Choose again what it supplements.",
        )
        .into());
    }
    let row = SectorStandard {
        id: id.to_owned(),
        position: 0,
        sector: texts::needed(SECTOR, &input.sector, 100)?,
        subsector: texts::line(SUBSECTOR, &input.subsector, 100)?,
        title: texts::needed(TITLE, &input.title, 300)?,
        issuer: texts::line(ISSUER, &input.issuer, 200)?,
        authority,
        label: texts::line(LABEL, &input.label, 100)?,
        edition_id: edition_id.to_owned(),
        supplement_of: supplement_of.to_owned(),
        cycle_months: cycle_months.ok_or_else(|| {
            Refusal::invalid(
                "cycle",
                format!("見直しの周期は0から{CYCLE_MAX}の月数で入力してください。"),
                format!("The cycle is a number of months up to {CYCLE_MAX}."),
            )
        })?,
        revised_on: texts::day(("revised-on", "直近の改定", "The last revision"), &input.revised_on)?,
        next_review_on: texts::day(("next-review", "次の見直し", "The next review"), &input.next_review_on)?,
        valid_from: texts::day(("valid-from", "有効期間の始め", "The first day"), &input.valid_from)?,
        valid_to: texts::day(("valid-to", "有効期間の終わり", "The last day"), &input.valid_to)?,
        note: texts::text(NOTE, &input.note, 2_000)?,
        source: String::new(),
        version: input.version,
    };
    if !row.valid_to.is_empty() && row.valid_to < row.valid_from {
        return Err(
            Refusal::invalid("valid-to", "有効期間の終わりが始めより前です。", "It ends before it begins.").into()
        );
    }
    Ok(row)
}

/// Takes over the sector standards that an Edition's document lists. Rows that are there already stay as they are.
/// Returns how many were new.
///
/// # Errors
/// No such Edition, or nothing to take over; a role that may not.
pub async fn take_over(app: &App, actor: &Actor, edition_id: &str) -> Result<usize> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let entry = edition::edition(&mut op.write, organisation_id, edition_id).await?;
    let records = match entry {
        Some(_) => edition::records(&mut op.write, organisation_id, edition_id).await?,
        None => Vec::new(),
    };
    op.trail_new("sector-standard.take-over", ("edition", edition_id), &json!({ "edition": edition_id })).await?;
    let rows = store::standards(&mut op.write, organisation_id).await?;
    let mut position = rows.iter().map(|r| r.position).max().unwrap_or(0);
    let mut taken: Vec<String> = rows.into_iter().map(|row| row.source).collect();
    let before = taken.len();
    for record in records.iter().filter(|r| r.table == TABLE) {
        let from = source(edition_id, record);
        let Some(authority) = AuthorityClass::from_code(cell(record, "class")) else { continue };
        if taken.contains(&from) || taken.len() >= ROWS_MAX {
            continue;
        }
        position += 1;
        let row = SectorStandard {
            id: app.new_id(),
            position,
            sector: texts::line(SECTOR, cell(record, "sector"), 100)?,
            subsector: texts::line(SUBSECTOR, cell(record, "subsector"), 100)?,
            title: texts::line(TITLE, cell(record, "name"), 300)?,
            issuer: texts::line(ISSUER, cell(record, "issuer").trim_matches(['【', '】']), 200)?,
            authority,
            label: String::new(),
            edition_id: String::new(),
            supplement_of: String::new(),
            cycle_months: 0,
            revised_on: String::new(),
            next_review_on: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
            note: String::new(),
            source: from.clone(),
            version: 1,
        };
        store::insert_standard(&mut op.write, organisation_id, &row).await?;
        taken.push(from);
    }
    if taken.len() == before {
        return Err(Refusal::invalid(
            "nothing-to-take-over",
            "この文書には、まだ取り込んでいない基準がありません。",
            "This document lists no standard that is not there already.",
        )
        .next(
            "一覧を含む文書を先に取り込むか、手で加えてください。",
            "Load a document with such a list first, or enter them.",
        )
        .into());
    }
    op.commit().await?;
    Ok(taken.len() - before)
}

fn steps_seen(steps: &[Step]) -> String {
    seen::mark(steps.iter().map(|s| format!("{}\t{}\t{}", s.id, s.is_done, s.version)))
}

fn exclusions_seen(exclusions: &[Exclusion]) -> String {
    seen::mark(exclusions.iter().map(|e| format!("{}\t{}\t{}\t{}", e.edition_id, e.number, e.reason, e.decided_at)))
}

impl Register {
    /// What a page that shows the calendar saw.
    pub fn steps_seen(&self) -> String {
        steps_seen(&self.steps)
    }

    /// What a page saw that shows what a Standard need not have.
    pub fn exclusions_seen(&self, standard_id: &str) -> String {
        let own: Vec<Exclusion> = self.exclusions.iter().filter(|e| e.standard_id == standard_id).cloned().collect();
        exclusions_seen(&own)
    }
}

/// Puts a step into the calendar, marks it done or not, or takes it out (`action`: `plan`, `done`, `remove`).
/// `standard_id` is empty for the guideline that all follow.
///
/// # Errors
/// A Standard that is not there, a half-year that is none; a role that may not.
pub async fn set_step(
    app: &App,
    actor: &Actor,
    standard_id: &str,
    (fiscal_year, half): (i64, i64),
    step: &str,
    action: &str,
    seen: Option<&str>,
) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let step = CycleStep::from_code(step)
        .filter(|_| YEARS.contains(&fiscal_year) && (1..=2).contains(&half))
        .ok_or_else(|| Refusal::invalid("step", "年度・半期・作業を選んでください。", "Choose year, half and step."))?;
    let rows = store::standards(&mut op.write, organisation_id).await?;
    if !standard_id.is_empty() && !rows.iter().any(|row| row.id == standard_id) {
        return Err(Refusal::not_found().into());
    }
    let subject = if standard_id.is_empty() { "guideline" } else { standard_id };
    let after = json!({ "fiscal_year": fiscal_year, "half": half, "step": step.code(), "action": action });
    op.trail_new("sector-standard.step", ("sector-standard", subject), &after).await?;
    let steps = store::steps(&mut op.write, organisation_id).await?;
    seen::require(&steps_seen(&steps), seen)?;
    let there = steps
        .iter()
        .find(|s| (s.standard_id.as_str(), s.fiscal_year, s.half, s.step) == (standard_id, fiscal_year, half, step));
    if action == "remove" {
        let there = there.ok_or_else(Refusal::not_found)?;
        store::delete_step(&mut op.write, organisation_id, &there.id).await?;
    } else {
        let new = Step {
            id: app.new_id(),
            standard_id: standard_id.to_owned(),
            fiscal_year,
            half,
            step,
            is_done: action == "done",
            version: 1,
        };
        store::put_step(&mut op.write, organisation_id, &new).await?;
    }
    op.commit().await
}

/// Says why a Standard need not have an item of a guideline.
///
/// # Errors
/// A Standard, Edition or item that is not there; no reason; a role that may not.
pub async fn exclude(
    app: &App,
    actor: &Actor,
    standard_id: &str,
    (edition_id, number): (&str, &str),
    reason: &str,
    seen: Option<&str>,
) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let rows = store::standards(&mut op.write, organisation_id).await?;
    if !rows.iter().any(|row| row.id == standard_id) {
        return Err(Refusal::not_found().into());
    }
    let there = store::exclusions(&mut op.write, organisation_id, standard_id).await?;
    seen::require(&exclusions_seen(&there), seen)?;
    let number = sakimori_domain::text::number_id(number);
    let readable = edition::edition(&mut op.write, organisation_id, edition_id).await?.is_some();
    if !readable || edition::provision(&mut op.write, organisation_id, edition_id, &number).await?.is_none() {
        return Err(Refusal::invalid(
            "item",
            "指針とその項目の番号を確かめてください。",
            "Check guideline and item number.",
        )
        .into());
    }
    let exclusion = Exclusion {
        standard_id: standard_id.to_owned(),
        edition_id: edition_id.to_owned(),
        number,
        reason: texts::text(REASON, reason, 2_000)?,
        decided_by: actor.name.clone(),
        decided_at: op.now.clone(),
        version: 1,
    };
    if exclusion.reason.is_empty() {
        return Err(
            Refusal::invalid("reason", "不要とする理由を入力してください。", "Say why it is not needed.").into()
        );
    }
    let after = json!({ "edition": edition_id, "number": exclusion.number, "text": exclusion.reason });
    op.trail_new("sector-standard.exclude", ("sector-standard", standard_id), &after).await?;
    store::put_exclusion(&mut op.write, organisation_id, &exclusion).await?;
    op.commit().await
}
