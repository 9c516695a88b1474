//! What the home page shows to those whose work is not an assessment: who administers accounts, and the desks that look
//! at other organisations.

use jiff::{SignedDuration, Timestamp};
use sakimori_app::tenancy::{self, Member};
use sakimori_app::{Actor, account_care};
use sakimori_domain::identity::Permission;
use sakimori_store::durable;

use super::Task;
use crate::error::WebError;
use crate::page::{Page, bar};
use crate::state::WebState;

/// Organisations on the page; the rest is behind a link.
const MEMBERS_SHOWN: usize = 8;
/// A backup that is older than this is said to be old.
const BACKUP_OLD_HOURS: i64 = 48;

/// The people of an organisation in numbers, for who administers them.
pub struct People {
    pub active: usize,
    pub suspended: usize,
    pub signed_in: usize,
    pub without_factor: usize,
    unused: usize,
    backup_is_old: bool,
}

impl People {
    /// The numbers; `None` for everybody else.
    pub async fn of(state: &WebState, actor: &Actor) -> Result<Option<Self>, WebError> {
        if !actor.may(Permission::ManageAccounts) {
            return Ok(None);
        }
        let (members, _) = account_care::members(&state.app, actor).await?;
        let runs = durable::upkeep_runs(&mut state.app.read().await?, "backup", 1).await?;
        let newest = runs.first().and_then(|run| run.ended_at.parse::<Timestamp>().ok());
        let hours = SignedDuration::from_hours(BACKUP_OLD_HOURS);
        let active = || members.iter().filter(|(member, _)| member.state == "active");
        Ok(Some(Self {
            active: active().count(),
            suspended: members.len() - active().count(),
            signed_in: members.iter().filter(|(member, _)| member.sessions > 0).count(),
            without_factor: active().filter(|(member, _)| !member.has_totp && member.passkeys == 0).count(),
            unused: members.iter().filter(|(_, unused)| *unused).count(),
            backup_is_old: newest.is_none_or(|at| state.app.now().duration_since(at) > hours),
        }))
    }

    /// What they have to do about them.
    pub fn tasks(&self, p: &Page) -> Vec<Task> {
        let task = |title: String, note: &str, href: &str| Task {
            title,
            href: href.to_owned(),
            note: note.to_owned(),
            due: String::new(),
        };
        let mut tasks = Vec::new();
        if self.unused > 0 {
            let title = match p.english {
                true => format!("Look at {} unused accounts", self.unused),
                false => format!("未使用の利用者{}人を確かめる", self.unused),
            };
            let note = p.t("要らないものは停止します", "suspend what is not needed");
            tasks.push(task(title, note, "/administration/sign-in"));
        }
        if self.backup_is_old {
            let title = p.t("控えを取る", "Make a backup").to_owned();
            let note = p.t("2日以内の控えがありません", "there is none of the last two days");
            tasks.push(task(title, note, "/administration/upkeep"));
        }
        tasks
    }
}

/// The first organisations below one's own; nothing for those who answer for an organisation themselves.
pub async fn members(state: &WebState, actor: &Actor) -> Result<Vec<Member>, WebError> {
    if actor.may(Permission::ReadAssessments) || !actor.may(Permission::ReadMembers) {
        return Ok(Vec::new());
    }
    Ok(tenancy::first_members(&state.app, actor, MEMBERS_SHOWN).await?)
}

/// The bar of an organisation that shows its counts.
pub fn bar_of(member: &Member, p: &Page) -> String {
    member.totals.as_ref().map_or_else(String::new, |(_, tally)| bar(tally, p))
}
