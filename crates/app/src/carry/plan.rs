//! What would follow: for every row of a sheet the mapped answers, what they say together, and why.

use std::collections::{BTreeMap, HashMap, HashSet};

use sakimori_domain::assurance::carry::{self, Outcome, Source, together};
use sakimori_domain::assurance::{Answer, AnswerStatus};
use sakimori_domain::crosswalk::{Relation, compose};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self as assessments, Assessment, SheetRow};
use sakimori_store::{Connection, crosswalk, edition};

use crate::{Actor, App, Refusal, Result};

/// Deeper than any document; a parent chain that loops ends here.
const DEPTH_MAX: usize = 32;

/// A mapped Provision of the source with what was answered to it.
#[derive(Debug, Clone)]
pub struct PlanSource {
    /// Short name of the Edition.
    pub edition: String,
    pub number: String,
    /// Read from the target.
    pub relation: Relation,
    /// Of a heading: what the items below it say together.
    pub answer: Answer,
    pub complete: bool,
    /// The answers behind it: one, or those below a heading.
    pub rows: Vec<SheetRow>,
}

/// One row of the sheet for which something follows.
#[derive(Debug, Clone)]
pub struct PlanRow {
    pub row: SheetRow,
    pub outcome: Outcome,
    /// Those that say something and those that do not; [`Outcome::used`] tells which.
    pub sources: Vec<PlanSource>,
    /// The row says so already.
    pub same: bool,
}

impl PlanRow {
    /// What a person has seen when ticking the row: its version, and those of its sources.
    pub fn seen(&self) -> String {
        let rows = self.outcome.used.iter().filter_map(|at| self.sources.get(*at)).flat_map(|source| &source.rows);
        let (count, sum) = rows.fold((0_u32, 0_i64), |(count, sum), row| (count + 1, sum + row.version));
        format!("{}-{count}-{sum}", self.row.version)
    }
}

/// What would follow for an Assessment from another one, or from its own other Editions.
pub struct Plan {
    pub assessment: Assessment,
    pub from: Assessment,
    /// In the order of the sheet.
    pub rows: Vec<PlanRow>,
    /// Rows of the sheet.
    pub all: usize,
    /// Confirmed Mappings between the Editions of the two.
    pub mappings: usize,
}

/// Whether nobody has written an answer yet; a person in charge or a date is no answer.
pub fn is_empty(row: &SheetRow) -> bool {
    let a = &row.answer;
    a.status == AnswerStatus::Unanswered
        && a.maturity.is_none()
        && [&a.na_reason, &a.current, &a.plan].into_iter().all(String::is_empty)
}

/// Works out what would follow.
///
/// # Errors
/// No such Assessment; a role that may not read assessments; a database error.
pub async fn plan(app: &App, actor: &Actor, assessment_id: &str, from: &str) -> Result<Plan> {
    plan_in(&mut app.read().await?, actor, assessment_id, from).await
}

pub(super) async fn plan_in(c: &mut Connection, actor: &Actor, assessment_id: &str, from: &str) -> Result<Plan> {
    actor.require(Permission::ReadAssessments)?;
    let org = actor.organisation_id.as_str();
    let assessment = assessments::assessment_by_id(c, org, assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let from = assessments::assessment_by_id(c, org, from).await?.ok_or_else(Refusal::not_found)?;
    let targets = assessments::sheet(c, org, assessment_id).await?;
    let given = if from.id == assessment.id { targets.clone() } else { assessments::sheet(c, org, &from.id).await? };
    let atlas = Atlas::read(c, org, &targets, given, from.id != assessment.id).await?;
    let all = targets.len();
    let rows = targets.into_iter().filter_map(|row| atlas.row(row)).collect();
    Ok(Plan { assessment, from, rows, all, mappings: atlas.mappings })
}

/// Edition and number.
type Node = (String, String);

/// Everything that is needed to follow Mappings from the rows of a sheet to given answers.
struct Atlas {
    given: Vec<SheetRow>,
    /// Places in `given`.
    at: HashMap<Node, usize>,
    /// Places in `given` of the rows below each node.
    below: HashMap<Node, Vec<usize>>,
    parents: HashMap<Node, String>,
    /// From a node of the target to nodes of the source, with the relation as read from the target.
    links: BTreeMap<Node, Vec<(Node, Relation)>>,
    names: HashMap<String, String>,
    mappings: usize,
    /// The same Provision in another Assessment speaks for itself.
    other: bool,
}

impl Atlas {
    async fn read(
        c: &mut Connection,
        org: &str,
        targets: &[SheetRow],
        given: Vec<SheetRow>,
        other: bool,
    ) -> Result<Self> {
        let of = |rows: &[SheetRow]| rows.iter().map(|row| row.edition_id.clone()).collect::<HashSet<String>>();
        let (to, from) = (of(targets), of(&given));
        let mut parents = HashMap::new();
        for edition_id in to.union(&from) {
            for row in edition::outline(c, org, edition_id).await? {
                parents.insert((row.edition_id, row.number), row.parent);
            }
        }
        let names = edition::editions(c, org).await?.into_iter().map(|e| (e.id, e.edition.short)).collect();
        let at: HashMap<Node, usize> =
            given.iter().enumerate().map(|(at, row)| ((row.edition_id.clone(), row.number.clone()), at)).collect();
        let mut atlas =
            Self { below: HashMap::new(), links: BTreeMap::new(), mappings: 0, given, at, parents, names, other };
        for (place, row) in atlas.given.iter().enumerate() {
            for above in ancestors(&atlas.parents, &row.edition_id, &row.number) {
                atlas.below.entry(above).or_default().push(place);
            }
        }
        let rows: HashSet<Node> = targets.iter().map(|row| (row.edition_id.clone(), row.number.clone())).collect();
        atlas.read_links(c, org, (&to, &from), &rows).await?;
        Ok(atlas)
    }

    /// The confirmed Mappings between the two sides, in whichever direction they are kept. One that names a part below a
    /// row of the sheet speaks of part of that row.
    async fn read_links(
        &mut self,
        c: &mut Connection,
        org: &str,
        (to, from): (&HashSet<String>, &HashSet<String>),
        rows: &HashSet<Node>,
    ) -> Result<()> {
        for walk in crosswalk::crosswalks(c, org).await? {
            let forth = from.contains(&walk.source_edition) && to.contains(&walk.target_edition);
            let back = to.contains(&walk.source_edition) && from.contains(&walk.target_edition);
            if !forth && !back {
                continue;
            }
            let mappings = crosswalk::mappings(c, org, &walk.id).await?;
            for link in mappings.iter().filter_map(crosswalk::Mapping::confirmed).filter(|l| !l.target.is_empty()) {
                self.mappings += 1;
                let source = (walk.source_edition.clone(), link.source.to_owned());
                let target = (walk.target_edition.clone(), link.target.to_owned());
                if forth {
                    self.link(rows, target.clone(), source.clone(), link.relation.reversed());
                }
                if back {
                    self.link(rows, source, target, link.relation);
                }
            }
        }
        Ok(())
    }

    fn link(&mut self, rows: &HashSet<Node>, target: Node, source: Node, relation: Relation) {
        if !rows.contains(&target)
            && let Some(row) = ancestors(&self.parents, &target.0, &target.1).find(|node| rows.contains(node))
        {
            if let Some(relation) = compose(Relation::SupersetOf, relation) {
                self.links.entry(row).or_default().push((source, relation));
            }
            return;
        }
        self.links.entry(target).or_default().push((source, relation));
    }

    fn row(&self, row: SheetRow) -> Option<PlanRow> {
        let sources = self.sources(&row);
        let labels: Vec<String> = sources.iter().map(|s| format!("{} {}", s.edition, s.number)).collect();
        let given: Vec<Source<'_>> = sources
            .iter()
            .zip(&labels)
            .map(|(s, label)| Source { relation: s.relation, answer: &s.answer, complete: s.complete, label })
            .collect();
        let outcome = carry::carry(&given)?;
        let (now, then) = (&row.answer, &outcome.answer);
        let same = now.status == then.status && now.current == then.current && now.plan == then.plan;
        Some(PlanRow { same, sources, outcome, row })
    }

    /// The mapped sources of a row: its own Mappings first, then those of the headings above it, each source once.
    fn sources(&self, row: &SheetRow) -> Vec<PlanSource> {
        let own: Node = (row.edition_id.clone(), row.number.clone());
        let mut found: Vec<(Node, Relation)> = Vec::new();
        if self.other && self.at.contains_key(&own) {
            found.push((own.clone(), Relation::Equal));
        }
        found.extend(self.links.get(&own).into_iter().flatten().cloned());
        for above in ancestors(&self.parents, &own.0, &own.1) {
            for (node, relation) in self.links.get(&above).into_iter().flatten() {
                // What lies in the heading lies in what the heading lies in; nothing else follows for its parts.
                found.extend(compose(Relation::SubsetOf, *relation).map(|relation| (node.clone(), relation)));
            }
        }
        let mut seen: HashSet<Node> = HashSet::new();
        let mut sources = Vec::new();
        for (node, relation) in found {
            let Some((node, source)) = self.source(node, relation) else { continue };
            let is_itself = !self.other && source.rows.iter().any(|given| given.id == row.id);
            if !is_itself && seen.insert(node) {
                sources.push(source);
            }
        }
        sources
    }

    /// The answer to a node of the source: its own, what is below it together, or that of the row in which it lies.
    fn source(&self, node: Node, relation: Relation) -> Option<(Node, PlanSource)> {
        let of = |(edition_id, number): &Node, relation, answer, complete, rows| PlanSource {
            edition: self.names.get(edition_id).cloned().unwrap_or_else(|| edition_id.clone()),
            number: number.clone(),
            relation,
            answer,
            complete,
            rows,
        };
        if let Some(row) = self.at.get(&node).and_then(|at| self.given.get(*at)) {
            let source = of(&node, relation, row.answer.clone(), true, vec![row.clone()]);
            return Some((node, source));
        }
        if let Some(below) = self.below.get(&node) {
            let rows: Vec<SheetRow> = below.iter().filter_map(|at| self.given.get(*at)).cloned().collect();
            let parts: Vec<(&str, &Answer)> = rows.iter().map(|row| (row.number.as_str(), &row.answer)).collect();
            let (answer, complete) = together(&parts);
            let source = of(&node, relation, answer, complete, rows);
            return Some((node, source));
        }
        let above = ancestors(&self.parents, &node.0, &node.1).find(|node| self.at.contains_key(node))?;
        let relation = compose(relation, Relation::SubsetOf)?;
        let row = self.at.get(&above).and_then(|at| self.given.get(*at))?;
        let source = of(&above, relation, row.answer.clone(), true, vec![row.clone()]);
        Some((above, source))
    }
}

/// The nodes above one, nearest first.
fn ancestors<'a>(
    parents: &'a HashMap<Node, String>,
    edition_id: &str,
    number: &str,
) -> impl Iterator<Item = Node> + use<'a> {
    let edition_id = edition_id.to_owned();
    let up = move |node: &Node| {
        parents.get(node).filter(|parent| !parent.is_empty()).map(|parent| (node.0.clone(), parent.clone()))
    };
    std::iter::successors(up(&(edition_id, number.to_owned())), up).take(DEPTH_MAX)
}
