//! Single sign-on with OpenID Connect: an organisation's own provider says who somebody is.
//!
//! Set up from the command line of the machine only: an issuer is an address that this server calls, and who administers one
//! organisation must not make it call into the network of another. Nothing is called unless a provider is set up.

mod client;
mod enter;
mod own;

use jiff::SignedDuration;
use sakimori_domain::identity::Role;
use sakimori_store::identity as accounts;
use sakimori_store::oidc as store;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::identity::{hex, token_hash};
use crate::{Actor, App, AppError, Refusal, RefusalKind, Result};

pub use enter::{Finished, finish};
pub use own::{OwnLink, begin_link, own, unlink_own};

/// A sign-in must come back from the provider within this time.
pub(crate) const ATTEMPT_MINUTES: i64 = 10;

/// What a provider is set up with. The secret is kept apart, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Address of the provider, exactly as its tokens say it.
    pub issuer: String,
    pub client_id: String,
    /// Address of this product as people type it, e.g. `https://sakimori.example`.
    pub public_url: String,
    /// Asked for beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Claim of the ID token that says what somebody is, e.g. `groups`.
    pub role_claim: String,
    /// Values of `amr` or `acr` that mean that the provider saw a second factor; empty: never.
    #[serde(default)]
    pub second_factor: Vec<String>,
    /// Whether an account is made for who has none yet.
    #[serde(default)]
    pub create_accounts: bool,
    /// Words of the button on the sign-in page; empty: no button, only the address.
    #[serde(default)]
    pub label: String,
    /// First match wins; no match: no entry.
    pub rules: Vec<Rule>,
}

/// Whoever has this value in the role claim has this role.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub value: String,
    /// Code of a role.
    pub role: String,
    /// Name of a department; empty for none.
    #[serde(default)]
    pub department: String,
}

/// A sign-in under way: sealed in the database, so that any process can finish it.
#[derive(Serialize, Deserialize)]
struct Attempt {
    nonce: String,
    verifier: String,
    /// Hash of what the browser keeps in a cookie: a stolen address is of no use in another browser.
    browser: String,
    next: String,
    /// The account that the subject is to be linked to instead of coming in; empty for a sign-in.
    #[serde(default)]
    link_to: String,
}

/// The one refusal for everything that can go wrong: the outsider learns nothing, the log and the trail say why.
pub(crate) fn refused() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "single-sign-on",
        "シングルサインオンでは入れませんでした。",
        "Single sign-on did not let you in.",
    )
    .next(
        "もう一度サインインから始めてください。続く場合は、組織の管理者に連絡してください。",
        "Start again from the sign-in page; if it goes on, ask your administrator.",
    )
}

async fn load(app: &App, organisation_id: &str) -> Result<(Settings, String)> {
    let found = store::provider(&mut app.read().await?, organisation_id).await?.ok_or_else(Refusal::not_found)?;
    let settings =
        serde_json::from_str(&found.settings).map_err(|error| AppError::Internal(format!("oidc settings: {error}")))?;
    let secret = String::from_utf8(app.keys().unseal_text(&found.secret)?)
        .map_err(|error| AppError::Internal(format!("oidc secret: {error}")))?;
    Ok((settings, secret))
}

fn check(settings: &Settings) -> Result<()> {
    let fault = |what: &str| Err(AppError::from(Refusal::invalid("oidc-settings", what, what)));
    let is_safe = |url: &str| {
        let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or(""));
        url.starts_with("https://") || matches!(host, Some("127.0.0.1" | "localhost"))
    };
    if !is_safe(&settings.issuer) || !is_safe(&settings.public_url) {
        return fault("issuer and public-url begin with https://");
    }
    if settings.client_id.is_empty() || settings.role_claim.is_empty() || settings.rules.is_empty() {
        return fault("client-id, role-claim and at least one of rules are needed");
    }
    match settings.rules.iter().find(|rule| rule.value.is_empty() || Role::from_code(&rule.role).is_none()) {
        Some(rule) => fault(&format!("a rule needs a value and a role that there is: {rule:?}")),
        None => Ok(()),
    }
}

/// Sets up an organisation's provider, from the command line of the machine.
///
/// # Errors
/// Settings that cannot be; no such organisation.
pub async fn set_up(app: &App, organisation_id: &str, settings: &Settings, secret: &str) -> Result<()> {
    check(settings)?;
    let text = serde_json::to_string(settings).map_err(|error| AppError::Internal(error.to_string()))?;
    let provider = store::Provider {
        organisation_id: organisation_id.to_owned(),
        settings: text,
        secret: app.keys().seal_text(secret.as_bytes())?,
    };
    let system = Actor::system(organisation_id);
    let mut op = app.operate_as(&system).await?;
    store::put_provider(&mut op.write, &provider).await?;
    op.trail_new("oidc.set-up", ("organisation", organisation_id), settings).await?;
    op.commit().await
}

/// Takes an organisation's provider away.
///
/// # Errors
/// A database error.
pub async fn remove(app: &App, organisation_id: &str) -> Result<()> {
    let system = Actor::system(organisation_id);
    let mut op = app.operate_as(&system).await?;
    store::delete_provider(&mut op.write, organisation_id).await?;
    op.trail_new("oidc.remove", ("organisation", organisation_id), &json!({})).await?;
    op.commit().await
}

/// Says whose account a subject of the organisation's provider is. Never by e-mail or name: the operator looked.
///
/// # Errors
/// No provider, or nobody of the organisation has the login.
pub async fn link(app: &App, organisation_id: &str, login: &str, subject: &str) -> Result<()> {
    let (settings, _) = load(app, organisation_id).await?;
    let system = Actor::system(organisation_id);
    let mut op = app.operate_as(&system).await?;
    let account = accounts::account_by_login(&mut op.write, login).await?.ok_or_else(Refusal::not_found)?;
    if accounts::membership_of(&mut op.write, &account.id, organisation_id).await?.is_none() {
        return Err(Refusal::not_found().into());
    }
    let now = op.now.clone();
    store::link(&mut op.write, &settings.issuer, subject, &account.id, &now).await?;
    op.trail_new("oidc.link", ("account", &account.id), &json!({ "login": login, "subject": subject })).await?;
    op.commit().await
}

/// The buttons of the sign-in page: organisation and words.
///
/// # Errors
/// A database error.
pub async fn buttons(app: &App) -> Result<Vec<(String, String)>> {
    let all = store::providers(&mut app.read().await?).await?;
    let label =
        |p: &store::Provider| serde_json::from_str::<Settings>(&p.settings).map_or_else(|_| String::new(), |s| s.label);
    Ok(all.iter().map(|p| (p.organisation_id.clone(), label(p))).filter(|(_, label)| !label.is_empty()).collect())
}

/// Where a browser is sent, and what it must keep.
pub struct Leaving {
    pub url: String,
    pub browser: String,
}

/// Sends somebody to their organisation's provider.
///
/// # Errors
/// No provider, or it does not answer.
pub async fn start(app: &App, organisation_id: &str, next: &str) -> Result<Leaving> {
    leave(app, organisation_id, next, "").await
}

async fn leave(app: &App, organisation_id: &str, next: &str, link_to: &str) -> Result<Leaving> {
    let (settings, secret) = load(app, organisation_id).await?;
    let (state, nonce) = (hex(&app.random::<32>()), hex(&app.random::<32>()));
    let (verifier, browser) = (hex(&app.random::<32>()), hex(&app.random::<32>()));
    let url = client::authorize_url(&settings, &secret, &state, &nonce, &verifier).await?;
    let attempt =
        Attempt { nonce, verifier, browser: token_hash(&browser), next: next.to_owned(), link_to: link_to.to_owned() };
    let plain = serde_json::to_vec(&attempt).map_err(|error| AppError::Internal(error.to_string()))?;
    let sealed = app.keys().seal_text(&plain)?;
    let until = (app.now() + SignedDuration::from_mins(ATTEMPT_MINUTES)).to_string();
    let mut write = app.store().write().await?;
    let now = app.now().to_string();
    store::insert_attempt(&mut write, &token_hash(&state), organisation_id, &sealed, &now, &until).await?;
    write.commit().await?;
    Ok(Leaving { url, browser })
}
