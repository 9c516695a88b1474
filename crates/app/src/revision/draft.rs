//! The draft of the next Edition (改訂案) out of what was accepted.

use sakimori_domain::identity::Permission;
use sakimori_domain::revision::{self as domain, Accepted, DraftProblem};
use sakimori_domain::standards::{Edition, Guide, Provision};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::revision::{self as store, Issue};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Actor, App, Operation, Refusal, Result, content};

/// A base Edition with what has been accepted for its next one.
pub struct DraftView {
    pub base: EditionEntry,
    /// Accepted points, in the order of their numbers.
    pub accepted: Vec<Issue>,
    /// Points that still wait for a decision.
    pub open: usize,
    /// The draft as it was made last.
    pub draft: Option<EditionEntry>,
}

/// What has been accepted, for every Edition that has points.
///
/// # Errors
/// A role that may not; a database error.
pub async fn accepted(app: &App, actor: &Actor) -> Result<Vec<DraftView>> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let issues = store::issues(&mut c, organisation_id).await?;
    let editions = edition::editions(&mut c, organisation_id).await?;
    let mut views = Vec::new();
    for base in &editions {
        let own: Vec<&Issue> = issues.iter().filter(|i| i.edition_id == base.id).collect();
        if !own.is_empty() {
            let id = draft_id(organisation_id, base);
            views.push(DraftView {
                base: base.clone(),
                accepted: own.iter().filter(|i| i.standing.is_accepted()).map(|i| (*i).clone()).collect(),
                open: own.iter().filter(|i| i.standing.is_open()).count(),
                draft: editions.iter().find(|e| e.id == id && e.is_draft()).cloned(),
            });
        }
    }
    Ok(views)
}

fn draft_code(base: &EditionEntry) -> String {
    format!("{}-draft", base.edition.id)
}

fn draft_id(organisation_id: &str, base: &EditionEntry) -> String {
    format!("{organisation_id}~{}", draft_code(base))
}

/// Makes the draft of the next Edition, or makes it anew, and returns its id. The same accepted points give the same draft.
///
/// # Errors
/// No such Edition, nothing accepted, points that cannot be put in; a role that may not.
pub async fn make_draft(app: &App, actor: &Actor, base_id: &str) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    if base_id.is_empty() {
        return Err(super::unknown_edition().into());
    }
    let base = edition::edition(&mut op.write, organisation_id, base_id).await?;
    let base = base.filter(|e| !e.is_draft()).ok_or_else(Refusal::not_found)?;
    let issues = store::issues(&mut op.write, organisation_id).await?;
    let accepted: Vec<Accepted> = issues
        .iter()
        .filter(|i| i.edition_id == base.id && i.standing.is_accepted())
        .map(|i| Accepted { issue: i.number, direction: i.standing.direction(), wording: i.wording.clone() })
        .collect();
    if accepted.is_empty() {
        return Err(Refusal::invalid(
            "nothing-accepted",
            "反映すると決まった論点がまだありません。",
            "No point has been accepted yet.",
        )
        .next("論点を ○ または △ で決定してから作ってください。", "Decide points with ○ or △ first.")
        .into());
    }
    let entries = edition::provisions(&mut op.write, organisation_id, &base.id).await?;
    let with_text: Vec<String> = entries.iter().filter(|e| e.has_text).map(|e| e.provision.id.clone()).collect();
    let provisions: Vec<Provision> = entries.iter().map(|e| e.provision.clone()).collect();
    let draft = domain::draft(&provisions, &accepted).map_err(|problems| refused(&problems))?;
    let entry = draft_entry(&op, &base, organisation_id, &draft.provisions);
    let after = json!({
        "base": base.id, "issues": accepted.iter().map(|a| a.issue).collect::<Vec<_>>(), "reworded": draft.reworded,
        "added": draft.added, "dropped": draft.dropped, "commentary": draft.commented, "content": entry.content_hash,
    });
    op.trail_new("revision.draft", ("edition", &entry.id), &after).await?;
    let guides: std::collections::HashMap<&str, &Guide> =
        entries.iter().map(|e| (e.provision.id.as_str(), &e.guide)).collect();
    let changed = |number: &str| {
        [&draft.reworded, &draft.added, &draft.commented].into_iter().any(|list| list.iter().any(|n| n == number))
    };
    // Our question of an item that now asks something else would mislead.
    let guide = |p: &Provision| {
        if draft.reworded.contains(&p.id) {
            Guide::default()
        } else {
            guides.get(p.id.as_str()).map_or_else(Guide::default, |g| (*g).clone())
        }
    };
    let guided: Vec<(Provision, Guide)> = draft.provisions.iter().map(|p| (p.clone(), guide(p))).collect();
    let texts: Vec<Provision> =
        draft.provisions.iter().filter(|p| with_text.contains(&p.id) || changed(&p.id)).cloned().collect();
    edition::put_edition(&mut op.write, &entry).await?;
    edition::clear_provisions(&mut op.write, &entry.id).await?;
    edition::put_provisions(&mut op.write, &entry.id, &guided).await?;
    edition::replace_texts(&mut op.write, &entry.id, organisation_id, &texts).await?;
    content::index_texts(&mut op.write, organisation_id, &entry.id).await?;
    op.commit().await?;
    Ok(entry.id)
}

fn draft_entry(
    op: &Operation<'_>,
    base: &EditionEntry,
    organisation_id: &str,
    provisions: &[Provision],
) -> EditionEntry {
    let mut hash = Sha256::new();
    for p in provisions {
        for part in [&p.id, &p.title, &crate::standards::whole_text(p)] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let content_hash = crate::identity::hex(&hash.finalize());
    EditionEntry {
        id: draft_id(organisation_id, base),
        owner: organisation_id.to_owned(),
        edition: Edition {
            id: draft_code(base),
            label: "改訂案".to_owned(),
            valid_from: String::new(),
            valid_to: String::new(),
            ..base.edition.clone()
        },
        origin: edition::DRAFT.to_owned(),
        content_hash,
        created_at: op.now.clone(),
        provisions: 0,
        controls: 0,
        texts: 0,
    }
}

/// How many problems a message names before it only counts.
const NAMED: usize = 5;

fn refused(problems: &[DraftProblem]) -> Refusal {
    let named = |word: fn(&DraftProblem) -> String, join: &str| {
        let mut parts: Vec<String> = problems.iter().take(NAMED).map(word).collect();
        if problems.len() > NAMED {
            parts.push(format!("… +{}", problems.len() - NAMED));
        }
        parts.join(join)
    };
    Refusal::invalid(
        "draft",
        format!("改訂案を作れません。{}", named(problem_ja, "／")),
        format!("The draft cannot be made: {}.", named(|p| p.to_string(), "; ")),
    )
    .next(
        "挙がった論点の「次の版」の欄を直してから、もう一度作ってください。",
        "Correct the next wording of these points and make it again.",
    )
}

fn problem_ja(problem: &DraftProblem) -> String {
    match problem {
        DraftProblem::NoWording { issue } => format!("論点{issue}: 次の版の文言がまだありません"),
        DraftProblem::NoSuchItem { issue, number } => format!("論点{issue}: もとの版に項目 {number} がありません"),
        DraftProblem::NumberTaken { issue, number } => format!("論点{issue}: 番号 {number} はすでに使われています"),
        DraftProblem::Twice { first, issue, number } => {
            format!("論点{first}と論点{issue}が、どちらも {number} を変えています")
        }
        DraftProblem::ItemsBelow { issue, number, below } => {
            format!("論点{issue}: {number} を削ると、その下の {below} が残ります")
        }
    }
}
