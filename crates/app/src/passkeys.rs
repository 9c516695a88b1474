//! Passkeys (WebAuthn): adding one, and the second step of signing in with one.
//!
//! The state of a ceremony is kept sealed with its session in the database, for five minutes, and is taken once: any
//! process may answer the second half, nobody can play an answer back. The browser checks who the user is (PIN, finger),
//! so a passkey is two factors by itself; it still comes after the password here, until single sign-on says otherwise.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use sakimori_store::second_factor as store;
use sakimori_store::{identity as accounts, sign_in as sessions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid,
    Webauthn, WebauthnBuilder,
};

use crate::identity::{SignedIn, actor, token_hash};
use crate::sign_in::{self, Origin};
use crate::{Actor, App, AppError, Refusal, Result, second_factor};

/// How long a ceremony may take.
const CEREMONY_MINUTES: i64 = 5;
/// Passkeys of one person at most.
const PASSKEYS_MAX: usize = 10;

/// The address that passkeys are bound to.
pub struct Site {
    webauthn: Webauthn,
    /// Scheme, host and port, as a browser says them.
    pub origin: String,
}

impl Site {
    /// A site from its public address, e.g. `https://sakimori.example.jp`.
    ///
    /// # Errors
    /// Not an address with a name: a passkey cannot be bound to a number.
    pub fn new(public_url: &str) -> Result<Self, String> {
        let url = Url::parse(public_url).map_err(|error| error.to_string())?;
        let host = url.domain().ok_or_else(|| format!("{public_url} has no name"))?.to_owned();
        let builder = WebauthnBuilder::new(&host, &url).map_err(|error| error.to_string())?;
        let webauthn = builder.rp_name("Sakimori").build().map_err(|error| error.to_string())?;
        Ok(Self { webauthn, origin: url.origin().ascii_serialization() })
    }
}

fn broken(what: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("passkey: {what}"))
}

/// What the person sees when the browser's answer does not hold.
fn refused() -> Refusal {
    Refusal::invalid(
        "passkey-refused",
        "パスキーを確認できませんでした。時間切れか、この利用者のものではありません。",
        "The passkey could not be verified: too late, or not one of this account.",
    )
    .next("もう一度お試しください。", "Try again.")
}

async fn keep<T: Serialize>(app: &App, token: &str, state: &T) -> Result<()> {
    let plain = serde_json::to_vec(state).map_err(broken)?;
    let sealed = app.keys().seal_text(&plain)?;
    let until = (app.now() + SignedDuration::from_mins(CEREMONY_MINUTES)).to_string();
    // Bookkeeping of the session, like the moment it was last seen: the trail says what comes of it.
    let mut write = app.store().write().await?;
    sessions::set_challenge(&mut write, &token_hash(token), &sealed, &until).await?;
    Ok(write.commit().await?)
}

async fn taken<T: DeserializeOwned>(app: &App, token: &str) -> Result<T> {
    let mut write = app.store().write().await?;
    let now = app.now().to_string();
    let sealed = sessions::take_challenge(&mut write, &token_hash(token), &now).await?;
    write.commit().await?;
    let plain = app.keys().unseal_text(&sealed.ok_or_else(refused)?)?;
    serde_json::from_slice(&plain).map_err(broken)
}

async fn passkeys(app: &App, account_id: &str) -> Result<Vec<(store::Passkey, Passkey)>> {
    let kept = store::passkeys(&mut app.read().await?, account_id).await?;
    kept.into_iter()
        .map(|row| {
            let passkey = serde_json::from_str(&row.passkey).map_err(broken)?;
            Ok((row, passkey))
        })
        .collect()
}

/// Begins to add a passkey: what the browser needs, as JSON.
///
/// # Errors
/// Too many already; a database error.
pub async fn begin_adding(app: &App, site: &Site, actor: &Actor, token: &str) -> Result<serde_json::Value> {
    let present = passkeys(app, &actor.account_id).await?;
    if present.len() >= PASSKEYS_MAX {
        return Err(Refusal::invalid(
            "passkey-many",
            "パスキーは10個までです。使わないものを取り消してください。",
            "Ten passkeys at most: remove one that you do not use.",
        )
        .into());
    }
    // The authenticator is told a number that says nothing of the account.
    let hash = Sha256::digest(format!("passkey {}", actor.account_id).as_bytes());
    let user = Uuid::from_slice(&hash[..16]).map_err(broken)?;
    let exclude = present.iter().map(|(_, passkey)| passkey.cred_id().clone()).collect();
    let (challenge, state) =
        site.webauthn.start_passkey_registration(user, &actor.login, &actor.name, Some(exclude)).map_err(broken)?;
    keep(app, token, &state).await?;
    serde_json::to_value(challenge).map_err(broken)
}

/// Adds the passkey that the browser made. Gives recovery codes with the first factor of an account, else none.
///
/// # Errors
/// The answer does not fit what was asked; a database error.
pub async fn add(app: &App, site: &Site, actor: &Actor, token: &str, name: &str, answer: &str) -> Result<Vec<String>> {
    let name = crate::texts::line(("name", "パスキーの名前", "Name of the passkey"), name, 50)?;
    let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| refused())?;
    let state: PasskeyRegistration = taken(app, token).await?;
    let passkey = site.webauthn.finish_passkey_registration(&answer, &state).map_err(|error| {
        tracing::info!(%error, "a passkey was not added");
        refused()
    })?;
    let mut op = app.operate_as(actor).await?;
    accounts::account_held(&mut op.write, &actor.account_id).await?;
    let row = store::Passkey {
        id: app.new_id(),
        account_id: actor.account_id.clone(),
        credential_id: URL_SAFE_NO_PAD.encode(passkey.cred_id()),
        name: if name.is_empty() { "パスキー".to_owned() } else { name },
        passkey: serde_json::to_string(&passkey).map_err(broken)?,
        created_at: op.now.clone(),
        used_at: String::new(),
    };
    store::insert_passkey(&mut op.write, &row).await?;
    let codes = second_factor::codes_if_none(&mut op).await?;
    second_factor::added(&mut op, "passkey").await?;
    op.commit().await?;
    Ok(codes)
}

/// Begins the second step of signing in with a passkey: what the browser needs, as JSON.
///
/// # Errors
/// The account has none; a database error.
pub async fn begin_step(app: &App, site: &Site, actor: &Actor, token: &str) -> Result<serde_json::Value> {
    let present: Vec<Passkey> =
        passkeys(app, &actor.account_id).await?.into_iter().map(|(_, passkey)| passkey).collect();
    if present.is_empty() {
        return Err(refused().into());
    }
    let (challenge, state) = site.webauthn.start_passkey_authentication(&present).map_err(broken)?;
    keep(app, token, &state).await?;
    serde_json::to_value(challenge).map_err(broken)
}

/// The second step of signing in, with the browser's answer. A wrong one counts as a wrong code does.
///
/// # Errors
/// The answer does not hold; the account rests.
pub async fn step(app: &App, site: &Site, token: &str, answer: &str, origin: Origin<'_>) -> Result<SignedIn> {
    let found = accounts::signed_in(&mut app.read().await?, &token_hash(token)).await?;
    let (_, account, seat) = found.ok_or_else(sign_in::wrong)?;
    let verified = verify(app, site, &account.id, token, answer).await;
    let Ok((row, passkey)) = verified else {
        return sign_in::failed_step(app, token, origin, refused()).await;
    };
    let person = actor(&account, &seat, origin.address);
    let mut op = app.operate_as(&person).await?;
    let text = serde_json::to_string(&passkey).map_err(broken)?;
    let now = op.now.clone();
    store::update_passkey(&mut op.write, &row.id, &text, &now).await?;
    sign_in::passed_with_passkey(op, token, origin).await
}

async fn verify(
    app: &App,
    site: &Site,
    account_id: &str,
    token: &str,
    answer: &str,
) -> Result<(store::Passkey, Passkey)> {
    let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| refused())?;
    let state: PasskeyAuthentication = taken(app, token).await?;
    let result = site.webauthn.finish_passkey_authentication(&answer, &state).map_err(|error| {
        tracing::info!(%error, "a passkey was refused");
        refused()
    })?;
    let mut present = passkeys(app, account_id).await?;
    let at = present.iter().position(|(_, passkey)| passkey.cred_id() == result.cred_id()).ok_or_else(refused)?;
    let (row, mut passkey) = present.swap_remove(at);
    passkey.update_credential(&result);
    Ok((row, passkey))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_name() {
        assert_eq!(Site::new("http://localhost:8080").expect("a site").origin, "http://localhost:8080");
        assert_eq!(Site::new("https://sakimori.example.jp/").expect("a site").origin, "https://sakimori.example.jp");
        for bad in ["http://127.0.0.1:8080", "sakimori", ""] {
            assert!(Site::new(bad).is_err(), "{bad}");
        }
    }
}
