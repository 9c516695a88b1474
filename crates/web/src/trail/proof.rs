//! The proof of the trail on its page, and as files: checkpoint, one event's proof, the whole trail.

use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::{Refusal, RefusalKind, trail as app};
use sakimori_store::trail::tree::{self as store, SinkState};

use crate::assurance::told;
use crate::error::WebError;
use crate::page::Page;
use crate::person::Person;
use crate::report::download;
use crate::state::WebState;

/// Events of an export through the browser; the command line has no limit.
const EXPORT_MAX: i64 = 100_000;

/// State of the proof.
pub struct Proof {
    pub size: u64,
    pub root: String,
    pub signed_at: String,
    pub origin: String,
    pub key: String,
    /// Name, size, when.
    pub witnesses: Vec<(String, i64, String)>,
    pub sinks: Vec<SinkState>,
    /// Why nothing is signed; empty while all is well.
    pub stopped: String,
}

impl Proof {
    /// As it stands; nothing is signed for it.
    ///
    /// # Errors
    /// A database error.
    pub async fn of(state: &WebState, p: &Page) -> Result<Self, WebError> {
        let organisation_id = p.actor.organisation_id.as_str();
        let key = app::TrailKey::signing(state.app.trail_key());
        let origin = app::origin_of(state.app.trail_key().origin(), organisation_id);
        let mut c = state.app.read().await?;
        let newest = app::newest(&mut c, organisation_id).await?;
        let witnesses = store::witnesses(&mut c, organisation_id).await?;
        let (size, root, signed_at) = newest.map_or((0, String::new(), String::new()), |given| {
            let head = given.note.checkpoint;
            (head.size, head.short_root(), p.moment(&given.signed_at))
        });
        Ok(Self {
            size,
            root,
            signed_at,
            key: key.public.named(&origin).vkey(),
            origin,
            witnesses: witnesses.into_iter().map(|(name, size, at)| (name, size, p.moment(&at))).collect(),
            sinks: store::sinks(&mut c, organisation_id).await?,
            stopped: state.app.watch().stopped(organisation_id).unwrap_or_default(),
        })
    }
}

/// GET /trail/checkpoint: signed now, over everything so far.
pub async fn checkpoint(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let given = app::checkpoint(&state.app, &person.actor.organisation_id).await.map_err(told(&person))?;
    let name = format!("checkpoint_{}.txt", given.note.checkpoint.size);
    download(&name, "text/plain; charset=utf-8", given.note.to_text().into_bytes(), &app::mark(&given.note))
}

/// GET /trail/{position}/proof: one event with its proof (C2SP tlog-proof).
pub async fn event_proof(
    State(state): State<WebState>,
    person: Person,
    Path(position): Path<String>,
) -> Result<Response, WebError> {
    let position: i64 = position.parse().map_err(|_| told(&person)(Refusal::not_found().into()))?;
    let organisation_id = &person.actor.organisation_id;
    let proof = app::prove(&state.app, organisation_id, position).await.map_err(told(&person))?;
    let name = format!("trail_{position}.tlog-proof");
    download(&name, "text/plain; charset=utf-8", proof.to_text().into_bytes(), &app::mark(&proof.checkpoint))
}

/// GET /trail/export.jsonl: the whole trail, for an auditor.
pub async fn export(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let mut c = state.app.read().await?;
    let head = store::head(&mut c, &person.actor.organisation_id).await?;
    drop(c);
    if head > EXPORT_MAX {
        let refusal = Refusal::new(
            RefusalKind::Limit,
            "trail-long",
            format!("記録が{head}件あり、画面からは書き出せません。"),
            format!("The trail has {head} events, too many for the browser."),
        )
        .next("サーバーで sakimori trail export を実行してください。", "Run sakimori trail export on the server.");
        return Err(told(&person)(refusal.into()));
    }
    let mut bytes = Vec::new();
    let note = app::export(&state.app, &person.actor, &mut bytes).await.map_err(told(&person))?;
    download("trail.jsonl", "application/jsonl; charset=utf-8", bytes, &app::mark(&note))
}
