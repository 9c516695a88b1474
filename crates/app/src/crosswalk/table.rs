//! The 対照表 as a printed product: rows of the coverage with their remarks, for paper, workbook and JSON.

use sakimori_domain::crosswalk::{Contradiction, Cover, MappingStatus, Relation};
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{Cell, ColumnKind, Lang, ListColumn, ListSheet, PrintHead};
use sakimori_store::edition::EditionEntry;
use sakimori_store::registry;
use serde_json::{Value, json};

use super::coverage::{Coverage, Row, lies_in};
use crate::{Actor, App, Refusal, Result};

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// `None`: all.
    pub cover: Option<Cover>,
    /// Only what binds or is asked for most strongly.
    pub strong: bool,
    /// Numbers of headings; empty: all.
    pub own: String,
    pub other: String,
}

impl RowFilter {
    /// The rows of a coverage that the filter lets through.
    pub fn rows<'a>(&'a self, coverage: &'a Coverage) -> impl Iterator<Item = &'a Row> {
        coverage
            .rows
            .iter()
            .filter(|row| self.cover.is_none_or(|cover| row.cover == cover))
            .filter(|row| !self.strong || row.strong)
            .filter(|row| {
                self.own.is_empty() && self.other.is_empty() || lies_in(coverage, row, &self.own, &self.other)
            })
    }

    /// What the filter says, as it is printed under the title.
    fn words(&self, english: bool) -> String {
        let say = |ja: &str, en: &str| if english { en.to_owned() } else { ja.to_owned() };
        let mut words = Vec::new();
        words.extend(self.cover.map(|cover| say(cover.ja(), cover.en())));
        if self.strong {
            words.push(say("強く求める項目のみ", "strongly asked items only"));
        }
        words.extend([&self.own, &self.other].into_iter().filter(|number| !number.is_empty()).cloned());
        words.join(if english { ", " } else { "、" })
    }
}

/// Short name and label of an Edition.
pub fn edition_name(entry: &EditionEntry) -> String {
    format!("{} {}", entry.edition.short, entry.edition.label).trim().to_owned()
}

/// The table with the organisation's name and handling mark.
///
/// # Errors
/// A database error.
pub async fn table(app: &App, actor: &Actor, coverage: &Coverage, filter: &RowFilter) -> Result<ListSheet> {
    let organisation = registry::organisation_by_id(&mut app.read().await?, &actor.organisation_id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let english = actor.language == "en";
    let say = |ja: &str, en: &str| if english { en.to_owned() } else { ja.to_owned() };
    let (own, other) = (edition_name(&coverage.view.own.entry), edition_name(&coverage.view.other.entry));
    let p = coverage.progress;
    let summary = if english {
        format!(
            "{} items: covered {}, partly {}, not covered {}, not judged {}",
            p.total(),
            p.covered,
            p.partly,
            p.not,
            p.unjudged
        )
    } else {
        format!(
            "{}項目のうち カバー {}、一部カバー {}、カバーなし {}、未判定 {}",
            p.total(),
            p.covered,
            p.partly,
            p.not,
            p.unjudged
        )
    };
    let narrowed = filter.words(english);
    let narrowed = if narrowed.is_empty() { say("すべて", "everything") } else { narrowed };
    let column = |ja: &str, en: &str, width: f64, kind| ListColumn { name: say(ja, en), width, kind };
    Ok(ListSheet {
        head: PrintHead {
            lang: if english { Lang::En } else { Lang::Ja },
            organisation: organisation.name,
            title: say(&format!("対照表　{own} → {other}"), &format!("Crosswalk: {own} → {other}")),
            marking: organisation.marking,
            report_date: app.today(),
            checkpoint: TrailMark::default(),
        },
        filter: if english { format!("{narrowed} ({summary})") } else { format!("{narrowed}（{summary}）") },
        columns: vec![
            column("番号", "Number", 9.0, ColumnKind::Text),
            column("項目", "Item", 14.0, ColumnKind::Text),
            column("強さ", "Force", 8.0, ColumnKind::Text),
            column("判定", "Cover", 5.0, ColumnKind::Text),
            column("関係と相手の項目", "Relation and counterpart", 24.0, ColumnKind::Text),
            column("備考", "Remark", 22.0, ColumnKind::Text),
        ],
        rows: filter.rows(coverage).map(|row| cells(coverage, row, english)).collect(),
    })
}

fn cells(coverage: &Coverage, row: &Row, english: bool) -> Vec<Cell> {
    let pick = |ja: &str, en: &str| if english && !en.is_empty() { en.to_owned() } else { ja.to_owned() };
    let Some(entry) = coverage.own(row) else { return Vec::new() };
    let found: Vec<String> = row
        .readings
        .iter()
        .filter(|r| r.relation != Relation::None)
        .filter_map(|r| Some((r, coverage.other(r)?)))
        .map(|(r, e)| format!("{} {} {}", r.relation.sign(), r.other, pick(&e.provision.title, &e.guide.title_en)))
        .collect();
    vec![
        Cell::from(entry.provision.id.as_str()),
        Cell::Text(pick(&entry.provision.title, &entry.guide.title_en)),
        Cell::Text(force_words(&entry.provision, english).join("、")),
        Cell::Text(pick(row.cover.ja(), row.cover.en())),
        Cell::Text(found.join("\n")),
        Cell::Text(coverage.remark(row, english)),
    ]
}

/// How strongly an item asks, in the document's own marks.
pub fn force_words(provision: &sakimori_domain::standards::Provision, english: bool) -> Vec<String> {
    let mut words: Vec<String> = provision.marks.iter().map(|mark| mark.code().to_owned()).collect();
    if let Some((_, first)) = provision.levels.first() {
        // One level for every class of network is said once.
        if provision.levels.iter().all(|(_, level)| level == first) {
            words.push(first.code().to_owned());
        } else {
            words.extend(provision.levels.iter().map(|(class, level)| format!("{} {}", class.code(), level.code())));
        }
    }
    words.extend(provision.consideration.map(|c| if english { c.code() } else { c.ja() }.to_owned()));
    if words.is_empty() && provision.strength != sakimori_domain::standards::Strength::None {
        words.push(if english { provision.strength.code() } else { provision.strength.ja() }.to_owned());
    }
    words
}

/// A contradiction in words.
pub fn contradiction_words(found: &Contradiction, english: bool) -> String {
    let join = |numbers: &[String]| numbers.join(if english { ", " } else { "、" });
    match found {
        Contradiction::EqualToSeveral { number, others, .. } if english => {
            format!("{number} is equal to several: {}", join(others))
        }
        Contradiction::EqualToSeveral { number, others, .. } => {
            format!("{number} が {} のいずれとも同等とされています", join(others))
        }
        Contradiction::NoneAndSome { source, targets } if english => {
            format!("{source} has no counterpart, and yet {}", join(targets))
        }
        Contradiction::NoneAndSome { source, targets } => {
            format!("{source} は「対応なし」なのに {} との対応があります", join(targets))
        }
        Contradiction::SubsetCycle { members } => {
            let circle: Vec<&str> = members.iter().map(|(_, number)| number.as_str()).collect();
            let circle = circle.join(" ⊂ ");
            if english {
                format!("A circle of subsets: {circle}")
            } else {
                format!("含む・含まれるが輪になっています: {circle}")
            }
        }
    }
}

/// The own number at which a contradiction is looked at on the desk.
pub fn contradiction_place(found: &Contradiction) -> (bool, &str) {
    match found {
        Contradiction::EqualToSeveral { of_source, number, .. } => (*of_source, number),
        Contradiction::NoneAndSome { source, .. } => (true, source),
        Contradiction::SubsetCycle { members } => {
            members.iter().find(|(own, _)| *own).map_or((true, ""), |(own, number)| (*own, number))
        }
    }
}

/// The coverage as JSON: what `report crosswalk --out FILE.json` writes.
pub fn as_json(coverage: &Coverage, mark: &TrailMark, english: bool) -> Value {
    let counts = |p: &super::Progress| json!({ "covered": p.covered, "partly": p.partly, "not": p.not, "unjudged": p.unjudged, "total": p.total() });
    let rows = coverage.rows.iter().filter_map(|row| {
        let entry = coverage.own(row)?;
        let mappings: Vec<Value> = row
            .readings
            .iter()
            .map(|r| json!({ "target": r.other, "relation": r.relation.code(), "rationale": r.mapping.rationale, "review": r.mapping.review }))
            .collect();
        Some(json!({
            "id": entry.provision.id, "title": entry.provision.title, "cover": row.cover.code(), "strong": row.strong,
            "mappings": mappings, "remark": coverage.remark(row, english),
        }))
    });
    json!({
        "crosswalk": coverage.view.crosswalk.id,
        "from": coverage.view.own.entry.id,
        "to": coverage.view.other.entry.id,
        "counts": counts(&coverage.progress),
        "strong": counts(&coverage.strong),
        "rejected": coverage.view.readings.iter().filter(|r| r.mapping.status == MappingStatus::Rejected).count(),
        "contradictions": coverage.contradictions.iter().map(|c| contradiction_words(c, english)).collect::<Vec<_>>(),
        "trail-checkpoint": mark.note,
        "rows": rows.collect::<Vec<_>>(),
    })
}
