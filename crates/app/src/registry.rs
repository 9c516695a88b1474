//! The organisation's own profile (組織の属性), from which follows what binds it.

use std::sync::LazyLock;

use sakimori_domain::identity::Permission;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::{Audience, NetworkClass};
use sakimori_store::registry::{self as store, Department, Organisation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Actor, App, Refusal, Result, applicability};

/// A sector of critical infrastructure, as shipped.
#[derive(Debug, Clone, Deserialize)]
pub struct Sector {
    pub id: String,
    pub name: String,
    pub name_en: String,
    /// ISO date.
    pub valid_from: String,
    /// ISO date of the first day it no longer holds; empty while it holds.
    #[serde(default)]
    pub valid_to: String,
}

/// A kind of operator, as shipped.
#[derive(Debug, Clone, Deserialize)]
pub struct OperatorKind {
    pub id: String,
    pub name: String,
    pub name_en: String,
}

#[derive(Deserialize)]
struct Shipped {
    sector: Vec<Sector>,
    operator_kind: Vec<OperatorKind>,
}

static SHIPPED: LazyLock<Result<Shipped, String>> =
    LazyLock::new(|| toml::from_str(include_str!("../../../content/sectors/sectors.toml")).map_err(|e| e.to_string()));

fn shipped() -> Result<&'static Shipped> {
    SHIPPED.as_ref().map_err(|e| crate::AppError::Internal(format!("content/sectors/sectors.toml: {e}")))
}

/// The sectors in force on a day.
///
/// # Errors
/// The shipped content is faulty (a test reads it).
pub fn sectors(today: jiff::civil::Date) -> Result<Vec<&'static Sector>> {
    let day = today.to_string();
    let holds = |s: &&Sector| s.valid_from <= day && (s.valid_to.is_empty() || day < s.valid_to);
    Ok(shipped()?.sector.iter().filter(holds).collect())
}

/// The kinds of operator.
///
/// # Errors
/// The shipped content is faulty (a test reads it).
pub fn operator_kinds() -> Result<&'static [OperatorKind]> {
    Ok(&shipped()?.operator_kind)
}

/// A profile as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The version that the person saw.
    pub version: i64,
    pub name: String,
    pub sectors: Vec<String>,
    pub operator_kinds: Vec<String>,
    /// Codes of [`NetworkClass`].
    pub network_classes: Vec<String>,
    pub ports: Vec<String>,
    /// Codes of [`Audience`].
    pub audiences: Vec<String>,
    pub marking: String,
}

const PORTS_MAX: usize = 50;

/// The organisation of the actor.
///
/// # Errors
/// A database error.
pub async fn own(app: &App, actor: &Actor) -> Result<Organisation> {
    let found = store::organisation_by_id(&mut app.read().await?, &actor.organisation_id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

/// The departments and systems of the actor's organisation.
///
/// # Errors
/// A database error.
pub async fn departments(app: &App, actor: &Actor) -> Result<Vec<Department>> {
    Ok(store::departments(&mut app.read().await?, &actor.organisation_id).await?)
}

/// Changes the profile and works out what binds, in one transaction.
///
/// # Errors
/// Unknown codes, texts that are too long, somebody was faster, or a role that may not.
pub async fn change_profile(app: &App, actor: &Actor, change: ProfileChange) -> Result<()> {
    let profile = checked(&change)?;
    let name = line("name", "名称", &change.name, 100)?;
    if name.is_empty() {
        return Err(Refusal::invalid("name", "名称を入力してください。", "Enter a name.").into());
    }
    let marking = line("marking", "取扱区分", &change.marking, 30)?;
    let mut op = app.operate(actor, Permission::EditProfile).await?;
    let before =
        store::organisation_by_id(&mut op.write, &actor.organisation_id).await?.ok_or_else(Refusal::not_found)?;
    let after = Organisation { name, profile, marking, version: change.version, ..before.clone() };
    store::update_organisation(&mut op.write, &after).await?;
    applicability::recompute(&mut op, &after).await?;
    op.trail(
        "organisation.profile",
        ("organisation", &actor.organisation_id),
        Some(&facts(&before)),
        Some(&facts(&after)),
    )
    .await?;
    op.commit().await
}

fn facts(o: &Organisation) -> Value {
    let p = &o.profile;
    json!({
        "name": o.name,
        "sectors": p.sectors,
        "operator_kinds": p.operator_kinds,
        "network_classes": p.network_classes.iter().map(|c| c.code()).collect::<Vec<_>>(),
        "ports": p.ports,
        "audiences": p.audiences.iter().map(|a| a.code()).collect::<Vec<_>>(),
        "marking": o.marking,
    })
}

/// One line of text: trimmed, without control characters, bounded.
fn line(code: &'static str, what: &str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > max || text.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            code,
            format!("{what}は{max}文字以内の1行で入力してください。"),
            format!("{code}: one line of at most {max} characters."),
        )
        .into());
    }
    Ok(text.to_owned())
}

fn unknown(what: &str, code: &str) -> Refusal {
    let code: String = code.chars().take(50).collect();
    Refusal::invalid(
        "profile-code",
        format!("{what}「{code}」は選択肢にありません。"),
        format!("{code} is not among the choices."),
    )
    .next("画面を開き直して選び直してください。", "Open the page again and choose anew.")
}

fn checked(change: &ProfileChange) -> Result<OrganisationProfile> {
    let shipped = shipped()?;
    if let Some(code) = change.sectors.iter().find(|code| shipped.sector.iter().all(|s| s.id != **code)) {
        return Err(unknown("分野", code).into());
    }
    if let Some(code) = change.operator_kinds.iter().find(|code| shipped.operator_kind.iter().all(|k| k.id != **code)) {
        return Err(unknown("事業者の種別", code).into());
    }
    let class = |code: &String| NetworkClass::from_code(code).ok_or_else(|| unknown("ネットワークの区分", code));
    let audience = |code: &String| Audience::from_code(code).ok_or_else(|| unknown("役割", code));
    let mut ports = Vec::new();
    for port in &change.ports {
        let port = line("port", "港の名前", port, 50)?;
        if !port.is_empty() && !ports.contains(&port) {
            ports.push(port);
        }
    }
    if ports.len() > PORTS_MAX {
        return Err(Refusal::invalid(
            "ports",
            format!("港は{PORTS_MAX}までです。"),
            format!("At most {PORTS_MAX} ports."),
        )
        .into());
    }
    Ok(OrganisationProfile {
        sectors: change.sectors.clone(),
        operator_kinds: change.operator_kinds.clone(),
        network_classes: change.network_classes.iter().map(class).collect::<Result<_, _>>()?,
        ports,
        audiences: change.audiences.iter().map(audience).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_sectors_are_read_and_there_are_fifteen_today() {
        let today = jiff::civil::date(2026, 11, 20);
        assert_eq!(sectors(today).unwrap().len(), 15);
        assert_eq!(operator_kinds().unwrap().len(), 3);
        // Ten when the second action plan's review was written.
        assert_eq!(sectors(jiff::civil::date(2008, 2, 1)).unwrap().len(), 10);
    }

    #[test]
    fn a_profile_with_an_invented_sector_is_refused() {
        let change = ProfileChange { sectors: vec!["space".to_owned()], ..ProfileChange::default() };
        assert_eq!(checked(&change).unwrap_err().refusal().unwrap().code, "profile-code");
    }
}
