//! API トークン: a program uses the API for a person, in a narrower scope, for a limited time.
//!
//! A token is shown once and kept as its hash. At every use its holder's account and seat are read anew: who is suspended
//! or has lost a right has lost it for the tokens too. The trail says of every write which token it came through.

use jiff::SignedDuration;
use sakimori_domain::identity::{Permission, TokenScope};
use sakimori_store::api_token::{self as store, ApiToken};
use sakimori_store::identity as accounts;
use serde_json::json;

use crate::identity::{actor, hex, token_hash};
use crate::notice::{self, Audience};
use crate::{Actor, App, Refusal, Result, allow_list, texts};

/// How every token begins, so that people and scanners of sources recognise one.
pub const PREFIX: &str = "sakimori_";
/// Longest life of a token, in days.
pub const DAYS_MAX: i64 = 365;
/// Tokens of one person in one organisation.
const TOKENS_MAX: usize = 20;
/// The holder is told this long before the end.
const TELL_DAYS: i64 = 14;

/// What is asked of a new token.
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<TokenScope>,
    pub days: i64,
}

/// The scopes of a token; a code that this program does not know opens nothing.
pub fn scopes(token: &ApiToken) -> Vec<TokenScope> {
    token.scopes.split(' ').filter_map(TokenScope::from_code).collect()
}

/// The scopes that a person can give: those in which they may do anything themselves.
pub fn possible(actor: &Actor) -> Vec<TokenScope> {
    let opens = |scope: &TokenScope| scope.permissions().iter().any(|permission| actor.may(*permission));
    TokenScope::ALL.iter().copied().filter(opens).collect()
}

/// Makes a token of one's own and returns it: the only time that it is seen.
///
/// # Errors
/// No name, no scope or one beyond the person's rights, a life of less than a day or more than a year, too many tokens.
pub async fn create(app: &App, actor: &Actor, new: NewToken) -> Result<String> {
    if actor.only.is_some() || !actor.on_behalf_of.0.is_empty() {
        return Err(Refusal::forbidden().into());
    }
    let name = texts::needed(("token-name", "名称", "The name"), &new.name, 60)?;
    let possible = possible(actor);
    if new.scopes.is_empty() || new.scopes.iter().any(|scope| !possible.contains(scope)) {
        return Err(Refusal::invalid(
            "token-scope",
            "自分の権限の中から、できることを1つ以上選んでください。",
            "Choose at least one scope within your own rights.",
        )
        .into());
    }
    if !(1..=DAYS_MAX).contains(&new.days) {
        let (ja, en) = ("期限は1日から365日の間で決めてください。", "A token lives for 1 to 365 days.");
        return Err(Refusal::invalid("token-days", ja, en).into());
    }
    let mut op = app.operate_as(actor).await?;
    let present = store::live(&mut op.write, &actor.organisation_id, &actor.account_id, &op.now).await?;
    if present.len() >= TOKENS_MAX {
        return Err(Refusal::invalid("token-many", "トークンは20個までです。", "There may be 20 tokens.")
            .next("使っていないものを失効させてください。", "Revoke those that are not used.")
            .into());
    }
    let plain = format!("{PREFIX}{}", hex(&app.random::<32>()));
    let codes: Vec<&str> = new.scopes.iter().map(|scope| scope.code()).collect();
    let token = ApiToken {
        id: app.new_id(),
        account_id: actor.account_id.clone(),
        organisation_id: actor.organisation_id.clone(),
        name,
        scopes: codes.join(" "),
        created_at: op.now.clone(),
        expires_at: (app.now() + SignedDuration::from_hours(24 * new.days)).to_string(),
        used_at: String::new(),
        used_address: String::new(),
        revoked_at: String::new(),
        login: String::new(),
    };
    store::insert(&mut op.write, &token, &token_hash(&plain)).await?;
    let after = json!({ "name": token.name, "scopes": token.scopes, "expires_at": token.expires_at });
    op.trail_new("token.create", ("token", &token.id), &after).await?;
    let (ja, en) = (
        format!(
            "APIトークン「{}」を作りました。心当たりがない場合は、失効させて管理者に連絡してください。",
            token.name
        ),
        format!("You made the API token {}. If this was not you, revoke it and tell your administrator.", token.name),
    );
    let (to, subject) = (Audience::Account(&actor.account_id), ("token", token.id.as_str()));
    notice::tell(&mut op, &actor.organisation_id, to, "token.create", subject, (&ja, &en)).await?;
    op.commit().await?;
    Ok(plain)
}

/// Whose token it is, with what is left of their rights; `None` for anything but a live token of a person who may enter.
///
/// # Errors
/// A database error.
pub async fn bearer(app: &App, plain: &str, address: &str) -> Result<Option<Actor>> {
    if !plain.starts_with(PREFIX) || plain.len() != PREFIX.len() + 64 {
        return Ok(None);
    }
    let now = app.now().to_string();
    let mut c = app.read().await?;
    let found = store::by_hash(&mut c, &token_hash(plain)).await?;
    let Some(token) = found.filter(|token| token.revoked_at.is_empty() && token.expires_at > now) else {
        return Ok(None);
    };
    let account = accounts::account_by_id(&mut c, &token.account_id).await?;
    let seat = accounts::membership_of(&mut c, &token.account_id, &token.organisation_id).await?;
    let (Some(account), Some(seat)) = (account, seat) else { return Ok(None) };
    let may_enter = account.state == "active" && seat.is_active_on(app.today());
    if !may_enter || !allow_list::admits(&mut c, &token.organisation_id, address).await?.members {
        return Ok(None);
    }
    drop(c);
    // As for sessions, one write a minute is enough.
    let minute = |at: &str| at.get(..16).unwrap_or("").to_owned();
    if minute(&token.used_at) != minute(&now) || token.used_address != address {
        let mut write = app.store().write().await?;
        store::touch(&mut write, &token.id, &now, address).await?;
        write.commit().await?;
    }
    let only = scopes(&token).iter().flat_map(|scope| scope.permissions()).copied().collect();
    let person = actor(&account, &seat, &format!("{address} (token {})", token.name));
    Ok(Some(Actor { only: Some(only), ..person }))
}

/// One's own tokens that may still be used.
///
/// # Errors
/// A database error.
pub async fn own(app: &App, actor: &Actor) -> Result<Vec<ApiToken>> {
    let now = app.now().to_string();
    Ok(store::live(&mut app.read().await?, &actor.organisation_id, &actor.account_id, &now).await?)
}

/// Everybody's tokens of the organisation.
///
/// # Errors
/// A role that may not; a database error.
pub async fn all(app: &App, actor: &Actor) -> Result<Vec<ApiToken>> {
    actor.require(Permission::ManageAccounts)?;
    let now = app.now().to_string();
    Ok(store::live(&mut app.read().await?, &actor.organisation_id, "", &now).await?)
}

/// Ends a token at once: one's own, or anybody's of the organisation for who manages accounts.
///
/// # Errors
/// No such token, or somebody else's.
pub async fn revoke(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let token = store::by_id(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    if token.account_id != actor.account_id && !actor.may(Permission::ManageAccounts) {
        return Err(Refusal::not_found().into());
    }
    revoke_in(op, &token).await
}

/// Ends a token from the command line of the machine.
///
/// # Errors
/// No such token.
pub async fn revoke_on_machine(app: &App, organisation_id: &str, id: &str) -> Result<()> {
    let system = Actor::system(organisation_id);
    let mut op = app.operate_as(&system).await?;
    let token = store::by_id(&mut op.write, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    revoke_in(op, &token).await
}

async fn revoke_in(mut op: crate::Operation<'_>, token: &ApiToken) -> Result<()> {
    let now = op.now.clone();
    if !store::revoke(&mut op.write, &token.id, &now).await? {
        return Err(Refusal::not_found().into());
    }
    op.trail_new("token.revoke", ("token", &token.id), &json!({ "name": token.name, "login": token.login })).await?;
    if op.actor.account_id != token.account_id {
        let (ja, en) = (
            format!("あなたのAPIトークン「{}」が失効しました。", token.name),
            format!("Your API token {} was revoked.", token.name),
        );
        let to = Audience::Account(&token.account_id);
        notice::tell(&mut op, &token.organisation_id, to, "token.revoke", ("token", &token.id), (&ja, &en)).await?;
    }
    op.commit().await
}

/// Tells holders whose tokens end soon; says how many.
///
/// # Errors
/// A database error.
pub async fn tell_of_ends(app: &App) -> Result<usize> {
    let until = (app.now() + SignedDuration::from_hours(24 * TELL_DAYS)).to_string();
    let ending = store::ending(&mut app.read().await?, &app.now().to_string(), &until).await?;
    let mut told = 0;
    for token in &ending {
        let system = Actor::system(&token.organisation_id);
        let mut op = app.operate_as(&system).await?;
        let (ja, en) = (
            format!(
                "APIトークン「{}」の期限が近づいています。続けて使う場合は、新しいトークンを作って入れ替えてください。",
                token.name
            ),
            format!(
                "Your API token {} ends soon. If it is still used, make a new one and put it in its place.",
                token.name
            ),
        );
        let to = Audience::Account(&token.account_id);
        let subject = ("token", token.id.as_str());
        let is_new =
            notice::tell_once(&mut op, &token.organisation_id, to, "token.ending", subject, (&ja, &en), 365).await?;
        if is_new {
            op.trail_new("token.ending", subject, &json!({ "name": token.name, "login": token.login })).await?;
            op.commit().await?;
            told += 1;
        }
    }
    Ok(told)
}
