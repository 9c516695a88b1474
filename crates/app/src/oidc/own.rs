//! One's own account and the provider of one's organisation: linked and unlinked by the person, after proving anew who they
//! are. The provider says which subject it is, in the same exchange as a sign-in; nobody types one.

use sakimori_store::oidc as store;
use serde_json::json;

use super::client::Said;
use super::{Leaving, Settings, leave, load};
use crate::{Actor, App, AppError, Refusal, RefusalKind, Result};

/// How one's own account stands to the provider.
pub struct OwnLink {
    /// Words of its button; may be empty.
    pub label: String,
    /// Subject and since when; `None` while it is not linked.
    pub subject: Option<(String, String)>,
}

/// How the actor's account stands to the provider of their organisation; `None` where there is no provider.
///
/// # Errors
/// A database error.
pub async fn own(app: &App, actor: &Actor) -> Result<Option<OwnLink>> {
    let mut c = app.read().await?;
    let Some(found) = store::provider(&mut c, &actor.organisation_id).await? else { return Ok(None) };
    let settings: Settings =
        serde_json::from_str(&found.settings).map_err(|error| AppError::Internal(format!("oidc settings: {error}")))?;
    let subject = store::subject_of(&mut c, &settings.issuer, &actor.account_id).await?;
    Ok(Some(OwnLink { label: settings.label, subject }))
}

/// Sends the actor to the provider, to come back with the subject that is theirs.
///
/// # Errors
/// No provider, or it does not answer.
pub async fn begin_link(app: &App, actor: &Actor, next: &str) -> Result<Leaving> {
    own(app, actor).await?.ok_or_else(no_provider)?;
    leave(app, &actor.organisation_id, next, &actor.account_id).await
}

/// Links what the provider said. A subject that is somebody else's stays theirs, and an account has one.
pub(super) async fn link(app: &App, actor: &Actor, issuer: &str, said: &Said) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let present = store::account_of(&mut op.write, issuer, &said.subject).await?;
    let own = store::subject_of(&mut op.write, issuer, &actor.account_id).await?;
    if present == actor.account_id {
        return Ok(());
    }
    if !present.is_empty() || own.is_some() {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "single-linked",
            "この身元か、このアカウントは、すでに結び付いています。",
            "This identity or this account is linked already.",
        )
        .next(
            "自分の設定で今の結び付きを外してから、やり直してください。ほかの人のものなら、管理者に連絡してください。",
            "Take the present link away in your settings and try again; if it is somebody else's, ask your administrator.",
        )
        .into());
    }
    let now = op.now.clone();
    store::link(&mut op.write, issuer, &said.subject, &actor.account_id, &now).await?;
    let what = json!({ "login": actor.login, "subject": said.subject });
    op.trail_new("oidc.link", ("account", &actor.account_id), &what).await?;
    op.commit().await
}

/// Takes the link away again.
///
/// # Errors
/// No provider, or nothing is linked; a database error.
pub async fn unlink_own(app: &App, actor: &Actor) -> Result<()> {
    own(app, actor).await?.ok_or_else(no_provider)?;
    let (settings, _) = load(app, &actor.organisation_id).await?;
    let mut op = app.operate_as(actor).await?;
    let subject = store::subject_of(&mut op.write, &settings.issuer, &actor.account_id).await?;
    let (subject, _) = subject.ok_or_else(|| {
        Refusal::invalid("single-not-linked", "このアカウントは結び付いていません。", "This account is not linked.")
            .next("外すものはありません。", "There is nothing to take away.")
    })?;
    store::unlink(&mut op.write, &settings.issuer, &actor.account_id).await?;
    let before = json!({ "login": actor.login, "subject": subject });
    op.trail::<_, ()>("oidc.unlink", ("account", &actor.account_id), Some(&before), None).await?;
    op.commit().await
}

fn no_provider() -> Refusal {
    Refusal::invalid(
        "single-absent",
        "この組織では、シングルサインオンを設定していません。",
        "This organisation has set up no single sign-on.",
    )
    .next("使いたいときは、サーバーの管理者に設定を頼んでください。", "Ask who runs the server to set it up.")
}
