//! The first organisation of an installation and its administrator: made once, by who runs the machine.

use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_store::registry::{self, Organisation};
use serde_json::json;

use crate::identity::{checked_login, checked_name, put_account};
use crate::{Actor, App, Refusal, RefusalKind, Result, applicability};

/// What the first organisation and its administrator are called.
pub struct Founding {
    pub organisation: String,
    pub login: String,
    /// Name of the administrator, by post.
    pub name: String,
}

/// The administrator's sign-in. The password is nowhere else.
pub struct Founded {
    pub login: String,
    pub password: String,
}

/// Makes the first organisation and its administrator with a password of its own making.
///
/// # Errors
/// There is an organisation already; a name or login that cannot be.
pub async fn found(app: &App, new: Founding) -> Result<Founded> {
    let login = checked_login(&new.login)?;
    let (name, organisation_name) = (checked_name(&new.name)?, checked_name(&new.organisation)?);
    let password = app.code(4, 5);
    let password_hash = app.hash_password(&password).await?;
    let actor = Actor::system(&app.new_id());
    let mut op = app.operate_as(&actor).await?;
    let organisation = Organisation {
        id: actor.organisation_id.clone(),
        name: organisation_name,
        kind: "operator".to_owned(),
        profile: OrganisationProfile::default(),
        marking: String::new(),
        is_demo: false,
        version: 1,
        created_at: op.now.clone(),
    };
    let after = json!({ "name": organisation.name, "login": login });
    op.trail_new("organisation.found", ("organisation", &organisation.id), &after).await?;
    if !registry::organisations(&mut op.write).await?.is_empty() {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "already-set-up",
            "すでに組織があります。何も変えていません。",
            "There is an organisation already; nothing was changed.",
        )
        .next(
            "利用者は、管理者が「利用者と部署」で登録します。",
            "The administrator registers people under People and departments.",
        )
        .into());
    }
    registry::insert_organisation(&mut op.write, &organisation).await?;
    put_account(&mut op, (login.clone(), name, password_hash), Role::Administrator, "").await?;
    let policy = crate::sign_in_policy::to_text(&crate::sign_in_policy::Policy::founding())?;
    sakimori_store::sign_in::put_policy(&mut op.write, &organisation.id, &policy, 0).await?;
    applicability::recompute(&mut op, &organisation).await?;
    op.commit().await?;
    Ok(Founded { login, password })
}
