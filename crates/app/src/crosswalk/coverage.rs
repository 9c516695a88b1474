//! Coverage (カバー): what of one Edition the other asks too, as figures, as a matrix of chapters, row by row.

use std::collections::{BTreeMap, HashMap, HashSet};

use sakimori_domain::crosswalk::{Contradiction, Cover, Link, Relation, contradictions};
use sakimori_domain::standards::{Consideration, Level, Provision, Strength};
use sakimori_store::edition::ProvisionEntry;

use super::kept::EditionText;
use super::view::names;
use super::{Direction, Progress, Reading, View, view};
use crate::{Actor, App, Result};

/// A matrix is drawn with chapters of the first level that gives at least this many …
const CHAPTERS_MIN: usize = 5;
/// … and at most this many.
const CHAPTERS_MAX: usize = 26;

/// A heading with its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Place of the heading in its Edition.
    pub place: usize,
    /// Places of its items.
    pub items: Vec<usize>,
}

/// One row of the 対照表: an item, or a heading that was judged itself.
pub struct Row {
    /// Place in the own Edition.
    pub place: usize,
    pub cover: Cover,
    /// Confirmed Mappings of the row itself; empty where a heading above speaks for it.
    pub readings: Vec<Reading>,
    /// Number of the heading above whose judgement holds here; empty: its own.
    pub above: String,
    /// Whether the document binds or asks with its strongest words.
    pub strong: bool,
}

/// A cell: items of the own chapter that have a counterpart in the other chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    pub items: usize,
    /// Of them those that the other asks in full (equal or subset).
    pub covered: usize,
}

/// Chapters × chapters.
pub struct Matrix {
    pub own: Vec<Chapter>,
    pub other: Vec<Chapter>,
    /// One line per own chapter, one cell per other chapter.
    pub cells: Vec<Vec<Cell>>,
    /// Covers of each own chapter's items.
    pub sums: Vec<Progress>,
}

/// Everything that the coverage pages and papers show.
pub struct Coverage {
    pub view: View,
    pub progress: Progress,
    /// Of the items that bind or are asked for most strongly.
    pub strong: Progress,
    pub matrix: Matrix,
    pub rows: Vec<Row>,
    pub contradictions: Vec<Contradiction>,
    /// Names of people by account.
    pub names: HashMap<String, String>,
}

impl Coverage {
    /// The Provision of a row.
    pub fn own(&self, row: &Row) -> Option<&ProvisionEntry> {
        self.view.own.provisions.get(row.place)
    }

    /// The other Provision of a Mapping.
    pub fn other(&self, reading: &Reading) -> Option<&ProvisionEntry> {
        self.view.other.get(&reading.other)
    }

    /// The remark of a row as tables of standards print it: how far, by what, and why.
    pub fn remark(&self, row: &Row, english: bool) -> String {
        let own = row_words(row, english);
        let reasons: Vec<&str> =
            row.readings.iter().map(|r| r.mapping.rationale.trim()).filter(|text| !text.is_empty()).collect();
        if reasons.is_empty() {
            own
        } else {
            format!("{own}{}{}", if english { ". " } else { "。" }, reasons.join(" "))
        }
    }
}

fn row_words(row: &Row, english: bool) -> String {
    let say = |ja: &str, en: &str| if english { en.to_owned() } else { ja.to_owned() };
    if !row.above.is_empty() {
        let above = &row.above;
        return match row.cover {
            Cover::Covered => {
                say(&format!("カバー（上の見出し {above} の判定による）"), &format!("Covered (as heading {above})"))
            }
            _ => say(
                &format!("カバーなし（上の見出し {above} の判定による）"),
                &format!("Not covered (as heading {above})"),
            ),
        };
    }
    let of = |wanted: &[Relation]| {
        let numbers: Vec<&str> =
            row.readings.iter().filter(|r| wanted.contains(&r.relation)).map(|r| r.other.as_str()).collect();
        numbers.join(if english { ", " } else { "、" })
    };
    match row.cover {
        Cover::Unjudged => say("未判定", "Not judged"),
        Cover::Not => say("カバーなし（対応する項目がない）", "Not covered: no counterpart"),
        Cover::Covered => {
            let numbers = of(&[Relation::Equal, Relation::SubsetOf]);
            if numbers.is_empty() {
                say("カバー（下の項目がすべてカバーされている）", "Covered: everything below it is")
            } else {
                say(&format!("カバー（{numbers}）"), &format!("Covered by {numbers}"))
            }
        }
        Cover::Partly => {
            let nearly = of(&[Relation::SupersetOf]);
            let partly = of(&[Relation::Intersects]);
            match (nearly.is_empty(), partly.is_empty()) {
                (true, true) => {
                    say("一部カバー（下の項目の一部がカバーされている）", "Partly covered: some of what is below it")
                }
                (true, false) => {
                    say(&format!("一部カバー（{partly} と重なる）"), &format!("Partly covered: overlaps {partly}"))
                }
                (false, true) => say(
                    &format!("ほぼカバー（{nearly} を含み、なお求めるものがある）"),
                    &format!("Nearly covered: holds {nearly} and asks more"),
                ),
                (false, false) => say(
                    &format!("ほぼカバー（{nearly} を含み、{partly} と重なる）"),
                    &format!("Nearly covered: holds {nearly}, overlaps {partly}"),
                ),
            }
        }
    }
}

/// Reads the coverage of a Crosswalk from one side.
///
/// # Errors
/// A Crosswalk that is not the actor's; a role that may not; a database error.
pub async fn coverage(app: &App, actor: &Actor, id: &str, direction: Direction) -> Result<Coverage> {
    let view = view(app, actor, id, direction).await?;
    let rows = rows(&view);
    let items: HashSet<usize> = view.own.items.iter().copied().collect();
    let strong = rows.iter().filter(|row| row.strong && items.contains(&row.place)).map(|row| row.cover);
    Ok(Coverage {
        progress: view.progress(),
        strong: super::counted(strong),
        matrix: matrix(&view, &rows),
        contradictions: found(&view),
        rows,
        names: names(app, &actor.organisation_id).await?,
        view,
    })
}

/// The contradictions among the confirmed Mappings, numbers told from the own side.
pub(super) fn found(view: &View) -> Vec<Contradiction> {
    let links: Vec<Link<'_>> = view.readings.iter().filter_map(Reading::link).collect();
    contradictions(&links)
}

/// Whether a Provision binds, or asks with the strongest words its document has.
pub fn asks_strongly(provision: &Provision) -> bool {
    !provision.marks.is_empty()
        || provision.levels.iter().any(|(_, level)| matches!(level, Level::Should | Level::ShouldInStages))
        || provision.consideration == Some(Consideration::Must)
        || provision.strength == Strength::Required
}

fn rows(view: &View) -> Vec<Row> {
    let mut own: HashMap<&str, Vec<Reading>> = HashMap::new();
    for reading in view.readings.iter().filter(|r| r.is_confirmed()) {
        own.entry(reading.own.as_str()).or_default().push(reading.clone());
    }
    let items: HashSet<usize> = view.own.items.iter().copied().collect();
    let judged_above = |number: &str| {
        let above = view.own.path(number).into_iter().rev().find(|up| own.contains_key(up.provision.id.as_str()));
        above.map_or(String::new(), |up| up.provision.id.clone())
    };
    (0..view.own.provisions.len())
        .filter_map(|place| Some((place, view.own.provisions.get(place)?)))
        .filter(|(place, entry)| items.contains(place) || own.contains_key(entry.provision.id.as_str()))
        .map(|(place, entry)| {
            let number = entry.provision.id.as_str();
            let readings = own.get(number).cloned().unwrap_or_default();
            let cover = view.cover(place);
            let from_above = readings.is_empty() && matches!(cover, Cover::Covered | Cover::Not);
            let above = if from_above { judged_above(number) } else { String::new() };
            Row { place, cover, readings, above, strong: asks_strongly(&entry.provision) }
        })
        .collect()
}

/// The headings of the first level of the tree that is fine enough for a picture, with their items.
pub fn chapters(text: &EditionText) -> Vec<Chapter> {
    let mut best: Vec<Chapter> = Vec::new();
    for depth in 0..6 {
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for item in &text.items {
            let number = text.provisions.get(*item).map_or("", |e| e.provision.id.as_str());
            let path = text.path(number);
            let heading = path.get(depth).or(path.last()).and_then(|up| text.place(&up.provision.id)).unwrap_or(*item);
            found.entry(heading).or_default().push(*item);
        }
        if found.len() > CHAPTERS_MAX && !best.is_empty() {
            break;
        }
        best = found.into_iter().map(|(place, items)| Chapter { place, items }).collect();
        if best.len() >= CHAPTERS_MIN {
            break;
        }
    }
    best
}

/// The chapter that a Provision stands in, as a place in `chapters`.
fn chapter_of(text: &EditionText, chapters: &[Chapter], number: &str) -> Option<usize> {
    let mut places: Vec<usize> = text.path(number).iter().filter_map(|up| text.place(&up.provision.id)).collect();
    places.extend(text.place(number));
    places.iter().rev().find_map(|place| chapters.iter().position(|chapter| chapter.place == *place))
}

fn matrix(view: &View, rows: &[Row]) -> Matrix {
    let (own, other) = (chapters(&view.own), chapters(&view.other));
    let by_place: HashMap<usize, &Row> = rows.iter().map(|row| (row.place, row)).collect();
    let by_number: HashMap<&str, &Row> =
        rows.iter().filter_map(|row| Some((view.own.provisions.get(row.place)?.provision.id.as_str(), row))).collect();
    let mut cells = vec![vec![Cell::default(); other.len()]; own.len()];
    for (line, chapter) in own.iter().enumerate() {
        for row in chapter.items.iter().filter_map(|item| by_place.get(item)) {
            // What was said of the heading above counts for the item.
            let said = if row.above.is_empty() { Some(*row) } else { by_number.get(row.above.as_str()).copied() };
            let mut hit: BTreeMap<usize, bool> = BTreeMap::new();
            for reading in said.iter().flat_map(|row| &row.readings).filter(|r| r.relation != Relation::None) {
                if let Some(column) = chapter_of(&view.other, &other, &reading.other) {
                    let full = matches!(reading.relation, Relation::Equal | Relation::SubsetOf);
                    *hit.entry(column).or_default() |= full;
                }
            }
            for (column, full) in hit {
                if let Some(cell) = cells.get_mut(line).and_then(|line| line.get_mut(column)) {
                    cell.items += 1;
                    cell.covered += usize::from(full);
                }
            }
        }
    }
    let sums = own.iter().map(|chapter| super::counted(chapter.items.iter().map(|at| view.cover(*at)))).collect();
    Matrix { own, other, cells, sums }
}

/// Whether a row lies in an own chapter and, if one is asked for, has a counterpart in an other chapter.
pub fn lies_in(coverage: &Coverage, row: &Row, own: &str, other: &str) -> bool {
    let view = &coverage.view;
    let below = |text: &EditionText, number: &str, heading: &str| {
        heading.is_empty() || number == heading || text.path(number).iter().any(|up| up.provision.id == heading)
    };
    let Some(entry) = view.own.provisions.get(row.place) else { return false };
    let number = entry.provision.id.as_str();
    if !below(&view.own, number, own) {
        return false;
    }
    let said = if row.above.is_empty() { number } else { row.above.as_str() };
    other.is_empty()
        || view
            .of(said)
            .any(|r| r.is_confirmed() && r.relation != Relation::None && below(&view.other, &r.other, other))
}
