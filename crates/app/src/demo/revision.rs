//! The ministry of the demonstration: its standard, the points for its next edition and the meetings that discuss them.

use sakimori_domain::crosswalk::MappingStatus;
use sakimori_domain::revision::{
    ChangeKind, CycleStep, Decision, Direction, EvidenceDocument, MeetingState, Stage, Standing, Wording,
};
use sakimori_domain::standards::{AuthorityClass, Edition, Guide, Level, NetworkClass, Provision, ProvisionKind};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::incident_case::{self as cases, Case, Cover, Problem};
use sakimori_store::revision::{self as store, Issue, Meeting, Note};
use sakimori_store::sector_standard::{self as register, SectorStandard};
use serde::Deserialize;
use serde_json::json;

use super::faulty;
use crate::{Actor, App, Operation, Result, content};

#[derive(Deserialize)]
struct Content {
    organisation: String,
    officer: String,
    standard: BodyStandard,
    provision: Vec<BodyProvision>,
    meeting: Vec<BodyMeeting>,
    issue: Vec<BodyIssue>,
    case: Vec<BodyCase>,
    register: Vec<BodyRow>,
}

#[derive(Deserialize)]
struct BodyRow {
    sector: String,
    #[serde(default)]
    subsector: String,
    title: String,
    issuer: String,
    authority: String,
    #[serde(default)]
    label: String,
    /// `own` for the standard of this file.
    #[serde(default)]
    edition: String,
    #[serde(default)]
    supplement_of: String,
    #[serde(default)]
    cycle: i64,
    #[serde(default)]
    revised_on: String,
    #[serde(default)]
    next_review_on: String,
    /// Fiscal year, half, step, whether it is done.
    #[serde(default)]
    steps: Vec<(i64, i64, String, bool)>,
    /// Item of the guideline, and why it is not needed.
    #[serde(default)]
    not_needed: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct BodyCase {
    label: String,
    title: String,
    happened_on: String,
    network: String,
    summary: String,
    problem: Vec<BodyProblem>,
}

#[derive(Deserialize)]
struct BodyProblem {
    accident: String,
    problem: String,
    #[serde(default)]
    covered: Vec<String>,
    #[serde(default)]
    verdict: String,
}

#[derive(Deserialize)]
struct BodyStandard {
    code: String,
    title: String,
    title_en: String,
    short: String,
    label: String,
    issuer: String,
    authority: String,
    valid_from: String,
}

#[derive(Deserialize)]
struct BodyProvision {
    id: String,
    #[serde(default)]
    kind: String,
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    levels: Vec<String>,
}

#[derive(Deserialize)]
struct BodyMeeting {
    body: String,
    round: i64,
    held_on: String,
    held: bool,
    minutes: String,
}

#[derive(Deserialize)]
struct BodyIssue {
    items: Vec<String>,
    title: String,
    point: String,
    stage: String,
    direction: String,
    round: i64,
    #[serde(default)]
    decided_on: String,
    #[serde(default)]
    decision: String,
    change: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    change_title: String,
    #[serde(default)]
    new_text: String,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    evidence: Vec<BodyEvidence>,
    #[serde(default)]
    note: Vec<BodyNote>,
}

#[derive(Deserialize)]
struct BodyEvidence {
    title: String,
    place: String,
    content: String,
}

#[derive(Deserialize)]
struct BodyNote {
    on: String,
    round: i64,
    speaker: String,
    text: String,
}

/// Puts the ministry's standard, meetings and points into an installation whose organisations have just been made.
///
/// # Errors
/// The shipped content is faulty (a test reads it), or a database error.
pub(super) async fn seed(app: &App) -> Result<()> {
    let content: Content = toml::from_str(include_str!("../../../../content/demo/revision.toml")).map_err(faulty)?;
    let officer = Actor { name: content.officer.clone(), ..Actor::system(&content.organisation) };
    let mut op = app.operate_as(&officer).await?;
    let edition_id = seed_standard(&mut op, &content).await?;
    let meetings = seed_meetings(&mut op, &content).await?;
    for (number, body) in (1..).zip(&content.issue) {
        seed_issue(&mut op, &edition_id, &meetings, number, body).await?;
    }
    for body in &content.case {
        seed_case(&mut op, &edition_id, body).await?;
    }
    seed_register(&mut op, &edition_id, &content.register).await?;
    op.commit().await
}

async fn seed_standard(op: &mut Operation<'_>, content: &Content) -> Result<String> {
    let (owner, s) = (content.organisation.as_str(), &content.standard);
    let entry = EditionEntry {
        id: format!("{owner}~{}", s.code),
        owner: owner.to_owned(),
        edition: Edition {
            id: s.code.clone(),
            standard: s.code.clone(),
            title: s.title.clone(),
            title_en: s.title_en.clone(),
            short: s.short.clone(),
            label: s.label.clone(),
            issuer: s.issuer.clone(),
            authority: s.authority.clone(),
            valid_from: s.valid_from.clone(),
            ..Edition::default()
        },
        origin: "ingested".to_owned(),
        content_hash: String::new(),
        created_at: op.now.clone(),
        provisions: 0,
        controls: 0,
        texts: 0,
    };
    let provisions: Vec<Provision> = content.provision.iter().map(provision).collect::<Result<_>>()?;
    let guided: Vec<(Provision, Guide)> = provisions.iter().map(|p| (p.clone(), Guide::default())).collect();
    let texts: Vec<Provision> = provisions.into_iter().filter(|p| !p.text.is_empty()).collect();
    op.trail_new("edition.ingest", ("edition", &entry.id), &json!({ "provisions": guided.len() })).await?;
    edition::put_edition(&mut op.write, &entry).await?;
    edition::put_provisions(&mut op.write, &entry.id, &guided).await?;
    edition::replace_texts(&mut op.write, &entry.id, owner, &texts).await?;
    content::index_texts(&mut op.write, owner, &entry.id).await?;
    Ok(entry.id)
}

fn provision(body: &BodyProvision) -> Result<Provision> {
    let kind = if body.kind.is_empty() { "control" } else { &body.kind };
    let kind = ProvisionKind::from_code(kind).ok_or_else(|| faulty(kind))?;
    let level = |(class, code): (&NetworkClass, &String)| {
        Level::from_code(code).map(|level| (*class, level)).ok_or_else(|| faulty(code))
    };
    Ok(Provision {
        parent: body.id.rsplit_once('.').map(|(parent, _)| parent.to_owned()),
        text: body.text.clone(),
        levels: NetworkClass::ALL.iter().zip(&body.levels).map(level).collect::<Result<_>>()?,
        ..Provision::new(&body.id, kind, &body.title)
    })
}

/// The meetings' ids by round, with their names.
async fn seed_meetings(op: &mut Operation<'_>, content: &Content) -> Result<Vec<(i64, String, String)>> {
    let mut meetings = Vec::new();
    for body in &content.meeting {
        let meeting = Meeting {
            id: op.app.new_id(),
            body: body.body.clone(),
            round: body.round,
            held_on: body.held_on.clone(),
            state: if body.held { MeetingState::Held } else { MeetingState::Planned },
            minutes: body.minutes.clone(),
            version: 1,
        };
        let after = json!({ "body": body.body, "round": body.round });
        op.trail_new("revision.meeting", ("review-meeting", &meeting.id), &after).await?;
        store::insert_meeting(&mut op.write, &content.organisation, &meeting).await?;
        meetings.push((body.round, meeting.id, format!("{} 第{}回", body.body, body.round)));
    }
    Ok(meetings)
}

fn standing(body: &BodyIssue, meeting: &(i64, String, String)) -> Result<Standing> {
    let stage = Stage::from_code(&body.stage).ok_or_else(|| faulty(&body.stage))?;
    let direction = Direction::from_code(&body.direction).ok_or_else(|| faulty(&body.direction))?;
    let decision = Decision {
        on: body.decided_on.clone(),
        by: meeting.2.clone(),
        meeting_id: meeting.1.clone(),
        text: body.decision.clone(),
    };
    Standing::kept(stage, direction, (stage == Stage::Decided).then_some(decision)).map_err(faulty)
}

async fn seed_issue(
    op: &mut Operation<'_>,
    edition_id: &str,
    meetings: &[(i64, String, String)],
    number: i64,
    body: &BodyIssue,
) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let of_round = |round: i64| meetings.iter().find(|m| m.0 == round).ok_or_else(|| faulty(&body.title));
    let meeting = of_round(body.round)?;
    let evidence = |e: &BodyEvidence| EvidenceDocument {
        title: e.title.clone(),
        place: e.place.clone(),
        content: e.content.clone(),
    };
    let issue = Issue {
        id: op.app.new_id(),
        number,
        edition_id: edition_id.to_owned(),
        items: body.items.clone(),
        title: body.title.clone(),
        point: body.point.clone(),
        evidence: body.evidence.iter().map(evidence).collect(),
        standing: standing(body, meeting)?,
        meeting_id: meeting.1.clone(),
        wording: Wording {
            kind: ChangeKind::from_code(&body.change).ok_or_else(|| faulty(&body.change))?,
            number: body.number.clone(),
            after: body.after.clone(),
            title: body.change_title.clone(),
            old_text: String::new(),
            new_text: body.new_text.clone(),
        },
        origin: body.origin.clone(),
        created_by: op.actor.name.clone(),
        created_at: op.now.clone(),
        updated_by: op.actor.name.clone(),
        updated_at: op.now.clone(),
        version: 1,
    };
    op.trail_new("revision.raise", ("revision-issue", &issue.id), &json!({ "title": issue.title })).await?;
    store::insert_issue(&mut op.write, &organisation_id, &issue).await?;
    for said in &body.note {
        let note = Note {
            id: op.app.new_id(),
            issue_id: issue.id.clone(),
            said_on: said.on.clone(),
            meeting_id: of_round(said.round)?.1.clone(),
            speaker: said.speaker.clone(),
            text: said.text.clone(),
            written_by: op.actor.name.clone(),
            written_at: op.now.clone(),
        };
        op.trail_new("revision.note", ("revision-issue", &issue.id), &json!({ "text": said.text })).await?;
        store::insert_note(&mut op.write, &organisation_id, &note).await?;
    }
    if let Some(decision) = issue.standing.decision() {
        let after = json!({ "direction": body.direction, "text": decision.text });
        op.trail_new("revision.decide", ("revision-issue", &issue.id), &after).await?;
    }
    Ok(())
}

async fn seed_case(op: &mut Operation<'_>, edition_id: &str, body: &BodyCase) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let case = Case {
        id: op.app.new_id(),
        label: body.label.clone(),
        title: body.title.clone(),
        happened_on: body.happened_on.clone(),
        network: body.network.clone(),
        summary: body.summary.clone(),
        source: String::new(),
        created_by: op.actor.name.clone(),
        created_at: op.now.clone(),
        version: 1,
    };
    op.trail_new("case.add", ("incident-case", &case.id), &json!({ "title": case.title })).await?;
    cases::insert_case(&mut op.write, &organisation_id, &case).await?;
    for (position, p) in (0..).zip(&body.problem) {
        let problem = Problem {
            id: op.app.new_id(),
            case_id: case.id.clone(),
            position,
            accident: p.accident.clone(),
            problem: p.problem.clone(),
            version: 1,
        };
        cases::insert_problem(&mut op.write, &organisation_id, &problem).await?;
        let none = (p.verdict == "none").then(String::new);
        for number in p.covered.iter().cloned().chain(none) {
            let cover = Cover {
                problem_id: problem.id.clone(),
                edition_id: edition_id.to_owned(),
                number,
                status: MappingStatus::Confirmed,
                decided_by: op.actor.name.clone(),
                decided_at: op.now.clone(),
                version: 0,
            };
            cases::put_cover(&mut op.write, &organisation_id, &cover).await?;
        }
    }
    Ok(())
}

async fn seed_register(op: &mut Operation<'_>, edition_id: &str, bodies: &[BodyRow]) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let mut ids: Vec<(String, String)> = Vec::new();
    for (position, body) in (1..).zip(bodies) {
        let row = SectorStandard {
            id: op.app.new_id(),
            position,
            sector: body.sector.clone(),
            subsector: body.subsector.clone(),
            title: body.title.clone(),
            issuer: body.issuer.clone(),
            authority: AuthorityClass::from_code(&body.authority).ok_or_else(|| faulty(&body.authority))?,
            label: body.label.clone(),
            edition_id: if body.edition == "own" { edition_id.to_owned() } else { String::new() },
            supplement_of: ids
                .iter()
                .find(|(title, _)| *title == body.supplement_of)
                .map_or(String::new(), |x| x.1.clone()),
            cycle_months: body.cycle,
            revised_on: body.revised_on.clone(),
            next_review_on: body.next_review_on.clone(),
            valid_from: body.revised_on.clone(),
            valid_to: String::new(),
            note: String::new(),
            source: String::new(),
            version: 1,
        };
        op.trail_new("sector-standard.add", ("sector-standard", &row.id), &json!({ "title": row.title })).await?;
        register::insert_standard(&mut op.write, &organisation_id, &row).await?;
        for (fiscal_year, half, step, is_done) in &body.steps {
            let step = register::Step {
                id: op.app.new_id(),
                standard_id: row.id.clone(),
                fiscal_year: *fiscal_year,
                half: *half,
                step: CycleStep::from_code(step).ok_or_else(|| faulty(step))?,
                is_done: *is_done,
                version: 1,
            };
            register::put_step(&mut op.write, &organisation_id, &step).await?;
        }
        for (number, reason) in &body.not_needed {
            let exclusion = register::Exclusion {
                standard_id: row.id.clone(),
                edition_id: "nisc-measures-3".to_owned(),
                number: number.clone(),
                reason: reason.clone(),
                decided_by: op.actor.name.clone(),
                decided_at: op.now.clone(),
                version: 1,
            };
            register::put_exclusion(&mut op.write, &organisation_id, &exclusion).await?;
        }
        ids.push((body.title.clone(), row.id));
    }
    Ok(())
}
