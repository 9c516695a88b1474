//! The form for the cover of the gap report.

use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::report::{
    self as app, APPROVALS_MAX, Cover, CoverApproval, CoverRevision, REVISIONS_MAX, StoredCover, TEXT_MAX,
};
use sakimori_app::workbook::Part;
use sakimori_report::GapReport;

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm, typed};
use crate::identity::see_other;
use crate::state::WebState;

/// Blank rows below the revisions, so that new ones can be entered without scripts.
const BLANK_REVISIONS: usize = 2;

/// The cover as the form shows it: what is chosen, else what would be printed.
pub struct CoverForm {
    /// Version to save over.
    pub version: i64,
    pub title: String,
    pub marking: String,
    /// With blank rows at the end.
    pub revisions: Vec<CoverRevision>,
    /// With a blank box at the end while there is room.
    pub approvals: Vec<CoverApproval>,
    pub text_max: usize,
}

impl CoverForm {
    pub fn new(stored: StoredCover, report: &GapReport, part: &Part) -> Self {
        let StoredCover { cover, version } = stored;
        let mut revisions = cover.revisions;
        if revisions.is_empty() {
            revisions.extend(report.revisions.iter().map(|r| CoverRevision {
                version: r.version.clone(),
                date: r.date.to_string(),
                description: r.description.clone(),
                author: r.author.clone(),
            }));
        }
        let blank = (revisions.len() + BLANK_REVISIONS).min(REVISIONS_MAX);
        revisions.resize(blank.max(revisions.len()), CoverRevision::default());
        let mut approvals = cover.approvals;
        if approvals.is_empty() {
            let role = |role: &String| CoverApproval { role: role.clone(), ..CoverApproval::default() };
            approvals.extend(report.approvals.iter().map(|a| role(&a.role)));
        }
        if approvals.len() < APPROVALS_MAX {
            approvals.push(CoverApproval::default());
        }
        Self {
            version,
            title: if cover.title.is_empty() { part.assessment.title.clone() } else { cover.title },
            marking: cover.marking.unwrap_or_else(|| part.organisation.marking.clone()),
            revisions,
            approvals,
            text_max: TEXT_MAX,
        }
    }
}

/// The cover that a form sends. A title or marking that says what is printed anyway is not kept, so that it follows when
/// that changes.
fn sent(fields: &Fields, part_title: &str, own_marking: &str) -> Cover {
    let text = |name: &str| fields.get(name).trim().to_owned();
    let (title, marking) = (text("title"), text("marking"));
    let column = |name: &str| fields.all(name).into_iter();
    let revisions = column("revision-version").zip(column("revision-date"));
    let revisions = revisions.zip(column("revision-description")).zip(column("revision-author"));
    let approvals = column("approval-role").zip(column("approval-name")).zip(column("approval-date"));
    Cover {
        title: if title == part_title { String::new() } else { title },
        marking: (marking != own_marking).then_some(marking),
        revisions: revisions
            .map(|(((version, date), description), author)| CoverRevision { version, date, description, author })
            .collect(),
        approvals: approvals.map(|((role, name), date)| CoverApproval { role, name, date }).collect(),
    }
}

/// POST /assessments/{id}/report/cover
pub async fn save(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let (person, fields) = (&form.person, &form.fields);
    let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(person))?;
    let version = fields.get("version").parse().unwrap_or(0);
    let cover = sent(fields, fields.get("usual-title"), &organisation.marking);
    let done = app::set_cover(&state.app, &person.actor, &id, version, cover.clone()).await;
    match typed(person, done)? {
        Ok(()) => see_other(&format!("/assessments/{id}/report?cover=stored"), None),
        Err(refusal) => super::page(&state, person, id, false, Some((StoredCover { cover, version }, refusal))).await,
    }
}
