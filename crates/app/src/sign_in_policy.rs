//! What an organisation demands of signing in: second factors, limits of sessions, age of passwords, unused accounts.

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::{Permission, Role, SESSION_HOURS, SESSION_IDLE_MINUTES};
use sakimori_store::Connection;
use sakimori_store::sign_in as store;
use serde::{Deserialize, Serialize};

use crate::notice::{self, Audience};
use crate::{Actor, App, AppError, Refusal, Result};

/// The rules. What is missing in a kept policy holds as it does by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Codes of roles that sign in with a second factor only.
    pub second_factor_roles: Vec<String>,
    /// A session ends after this long without a request.
    pub idle_minutes: i64,
    /// … and in any case after this long.
    pub session_hours: i64,
    /// A password older than this is mentioned to its owner; 0: never. Nobody is forced to change one without cause.
    pub password_days: i64,
    /// An account counts as unused after this long; who comes back later confirms who they are.
    pub unused_days: i64,
    /// An unused account is suspended after this long; 0: never.
    pub suspend_days: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            second_factor_roles: Vec::new(),
            idle_minutes: SESSION_IDLE_MINUTES,
            session_hours: SESSION_HOURS,
            password_days: 365,
            unused_days: 90,
            suspend_days: 180,
        }
    }
}

/// A number of the policy: its code, words, smallest and largest value. The upper bounds hold whatever an organisation
/// would like: a session for a week would be no limit at all.
pub const LIMITS: [(&str, &str, &str, i64, i64); 5] = [
    ("idle_minutes", "操作がないときに終了するまで（分）", "Minutes without a request until a session ends", 5, 240),
    ("session_hours", "サインインしていられる最長（時間）", "Hours that a session lasts at most", 1, 24),
    (
        "password_days",
        "パスワードの古さを知らせるまで（日、0は知らせない）",
        "Days until an old password is mentioned (0: never)",
        0,
        1095,
    ),
    ("unused_days", "未使用とみなすまで（日）", "Days until an account counts as unused", 30, 365),
    (
        "suspend_days",
        "未使用の利用を停止するまで（日、0は停止しない）",
        "Days until an unused account is suspended (0: never)",
        0,
        730,
    ),
];

impl Policy {
    /// What an installation is founded with: who administers or is responsible for security has a second factor.
    pub fn founding() -> Self {
        let roles = [Role::Administrator, Role::SecurityOfficer];
        Self { second_factor_roles: roles.iter().map(|role| role.code().to_owned()).collect(), ..Self::default() }
    }

    /// A policy as it is kept. One that cannot be read is the default one: signing in must not fail by it.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() { Self::default() } else { serde_json::from_str(text).unwrap_or_default() }
    }

    /// Whether a role signs in with a second factor only.
    pub fn demands_factor(&self, role: Role) -> bool {
        self.second_factor_roles.iter().any(|code| code == role.code())
    }

    /// Whether an account that was last alive at a moment counts as unused.
    pub fn is_unused(&self, alive_at: &str, now: Timestamp) -> bool {
        older_than(alive_at, self.unused_days, now)
    }

    /// A number by its code.
    pub fn number(&self, code: &str) -> i64 {
        match code {
            "idle_minutes" => self.idle_minutes,
            "session_hours" => self.session_hours,
            "password_days" => self.password_days,
            "unused_days" => self.unused_days,
            "suspend_days" => self.suspend_days,
            _ => 0,
        }
    }

    fn check(&self) -> Result<()> {
        for (code, ja, en, least, most) in LIMITS {
            if !(least..=most).contains(&self.number(code)) {
                return Err(Refusal::invalid(
                    "policy-number",
                    format!("「{ja}」は{least}から{most}までの数で入力してください。"),
                    format!("{en}: enter a number from {least} to {most}."),
                )
                .into());
            }
        }
        if self.suspend_days != 0 && self.suspend_days < self.unused_days {
            return Err(Refusal::invalid(
                "policy-order",
                "利用を停止するまでの日数は、未使用とみなすまでの日数以上にしてください。",
                "An account is suspended no earlier than it counts as unused.",
            )
            .into());
        }
        if self.second_factor_roles.iter().any(|code| Role::from_code(code).is_none()) {
            return Err(Refusal::invalid("role", "役割を選んでください。", "Choose a role.").into());
        }
        Ok(())
    }
}

/// Whether a moment lies more than some days back; an unreadable one does not.
pub(crate) fn older_than(at: &str, days: i64, now: Timestamp) -> bool {
    at.parse::<Timestamp>().is_ok_and(|at| now.duration_since(at) > SignedDuration::from_hours(24 * days))
}

/// An organisation's policy and its version (0: the defaults).
///
/// # Errors
/// A database error.
pub async fn of(c: &mut Connection, organisation_id: &str) -> Result<(Policy, i64)> {
    Ok(store::policy(c, organisation_id)
        .await?
        .map_or((Policy::default(), 0), |(text, version)| (Policy::parse(&text), version)))
}

/// Changes the policy of the actor's organisation. A dangerous act: administrators and security officers are told.
///
/// # Errors
/// A number out of bounds, somebody was faster, or a role that may not.
pub async fn change(app: &App, actor: &Actor, policy: &Policy, version: i64) -> Result<()> {
    policy.check()?;
    let mut op = app.operate(actor, Permission::ManageSignIn).await?;
    let (before, _) = of(&mut op.write, &actor.organisation_id).await?;
    if before == *policy {
        return Ok(());
    }
    store::put_policy(&mut op.write, &actor.organisation_id, &to_text(policy)?, version).await?;
    let organisation = &actor.organisation_id;
    op.trail("account.policy", ("organisation", organisation), Some(&before), Some(policy)).await?;
    for role in [Role::Administrator, Role::SecurityOfficer] {
        let text = (
            format!("{}がサインインの規則を変更しました。", actor.name),
            format!("{} changed the rules of signing in.", actor.name),
        );
        let text = (text.0.as_str(), text.1.as_str());
        notice::tell(&mut op, organisation, Audience::Role(role), "account.policy", ("sign-in-policy", ""), text)
            .await?;
    }
    op.commit().await
}

pub(crate) fn to_text(policy: &Policy) -> Result<String> {
    serde_json::to_string(policy).map_err(|error| AppError::Internal(format!("policy: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_bounds_and_an_old_one_gets_the_new_defaults() {
        assert!(Policy::default().check().is_ok() && Policy::founding().check().is_ok());
        for bad in [
            Policy { idle_minutes: 10_000, ..Policy::default() },
            Policy { session_hours: 0, ..Policy::default() },
            Policy { suspend_days: 40, ..Policy::default() },
            Policy { second_factor_roles: vec!["nobody".to_owned()], ..Policy::default() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert_eq!(Policy::parse("{\"idle_minutes\":15}"), Policy { idle_minutes: 15, ..Policy::default() });
        assert_eq!(Policy::parse("broken"), Policy::default());
    }
}
