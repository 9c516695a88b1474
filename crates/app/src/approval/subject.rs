//! What can be approved: its name, its hash, whether it is ready, and what happens when it is.

use sakimori_domain::approval::Kind;
use sakimori_store::approval::Approval;
use sakimori_store::{Connection, assessment, edition};
use sha2::{Digest, Sha256};

use crate::identity::hex;
use crate::{Operation, Refusal, Result, access_review};

/// A thing as it is now.
pub struct Subject {
    pub title: String,
    pub hash: String,
    pub href: String,
    /// Why it cannot be drafted yet.
    pub obstacle: Option<Refusal>,
}

impl Subject {
    pub(super) fn require_ready(&self) -> Result<()> {
        self.obstacle.clone().map_or(Ok(()), |refusal| Err(refusal.into()))
    }
}

/// The subject of an approval.
///
/// # Errors
/// There is none in this organisation.
pub(super) async fn of(c: &mut Connection, organisation_id: &str, kind: Kind, id: &str) -> Result<Subject> {
    match kind {
        Kind::AssessmentResult => result(c, organisation_id, id).await,
        Kind::AccessReview => access_review::subject(c, organisation_id, id).await,
        Kind::DraftEdition => draft_edition(c, organisation_id, id).await,
    }
}

/// Keeps the subject as it is until the transaction ends.
pub(super) async fn hold(op: &mut Operation<'_>, kind: Kind, id: &str) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    match kind {
        Kind::AssessmentResult => assessment::hold_assessment(&mut op.write, &organisation_id, id).await?,
        Kind::AccessReview => sakimori_store::access_review::hold(&mut op.write, &organisation_id, id).await?,
        Kind::DraftEdition => edition::hold_edition(&mut op.write, &organisation_id, id).await?,
    }
    Ok(())
}

/// What an approval brings about, in its own transaction.
pub(super) async fn approved(op: &mut Operation<'_>, approval: &Approval) -> Result<()> {
    match approval.kind {
        // A closed assessment stays closed from now on: see `assessment::set_open`.
        // A draft that is made anew is another one, by its hash: the approval does not speak of it.
        Kind::AssessmentResult | Kind::DraftEdition => Ok(()),
        Kind::AccessReview => access_review::apply(op, &approval.subject_id).await,
    }
}

/// Feeds texts into a hash so that none can run into the next.
pub(crate) fn hash_of<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

async fn draft_edition(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Subject> {
    let found = edition::edition(c, organisation_id, id).await?.filter(|e| e.is_draft() && e.owner == organisation_id);
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Subject {
        title: format!("{} {}", found.edition.short, found.edition.label),
        hash: found.content_hash,
        href: format!("/standards/{id}"),
        obstacle: None,
    })
}

async fn result(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Subject> {
    let found = assessment::assessment_by_id(c, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let rows = assessment::sheet(c, organisation_id, id).await?;
    let mut parts = vec![found.title.clone(), found.state.clone(), found.version.to_string()];
    for row in &rows {
        parts.push(row.id.clone());
        parts.push(format!("{} {} {}", row.version, row.answer.status.code(), row.evidence));
    }
    let obstacle = (found.state == "open").then(|| {
        Refusal::invalid(
            "assessment-open",
            "締め切られていない点検は起案できません。",
            "An assessment that is still open cannot be put forward.",
        )
        .next("点検を締め切ってから起案してください。", "Close the assessment first.")
    });
    Ok(Subject { title: found.title, hash: hash_of(&parts), href: format!("/assessments/{id}"), obstacle })
}
