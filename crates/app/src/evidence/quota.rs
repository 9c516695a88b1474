//! How much evidence an organisation may keep: bytes on the disk and files. One organisation must not take the room of
//! the others, whether by mistake or on purpose.
//!
//! The installation has a limit for everybody (`--evidence-gib`, `--evidence-files`); who runs the machine sets another for
//! an organisation with `sakimori admin quota`. It is counted in the transaction that adds a file, behind the head of the
//! organisation's trail, where its writers queue: two uploads at the same moment do not both take the last room.

use sakimori_domain::identity::Role;
use sakimori_store::{Connection, Write, durable, quota as store};
use serde_json::json;

use crate::notice::{self, Audience};
use crate::{Actor, App, Operation, Refusal, RefusalKind, Result};

pub use sakimori_store::quota::Amount;

/// Bytes of a GiB.
pub const GIB: i64 = 1 << 30;
/// What every organisation may keep, if nobody says otherwise.
pub const DEFAULT: Amount = Amount { bytes: 20 * GIB, files: 20_000 };
/// From here on the security officers are told.
const NEARLY_FULL: i64 = 80;
/// Code of the refusal.
pub(super) const FULL: &str = "evidence-quota";
/// They are told again after this long.
const TOLD_AGAIN_DAYS: i64 = 7;

/// What an organisation keeps and how much it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub kept: Amount,
    pub limit: Amount,
    /// The limit was set for this organisation.
    pub is_own: bool,
}

impl Room {
    /// How much of the limit is used, in percent: of bytes or of files, whichever is more.
    pub fn percent(&self) -> i64 {
        let part = |kept: i64, limit: i64| kept.saturating_mul(100) / limit.max(1);
        part(self.kept.bytes, self.limit.bytes).max(part(self.kept.files, self.limit.files))
    }

    /// Whether the limit is near.
    pub fn is_nearly_full(&self) -> bool {
        self.percent() >= NEARLY_FULL
    }

    fn holds(&self, more: Amount) -> bool {
        self.kept.bytes.saturating_add(more.bytes) <= self.limit.bytes
            && self.kept.files.saturating_add(more.files) <= self.limit.files
    }
}

/// A size as people read it.
pub fn size(bytes: i64) -> String {
    let tenths = |unit: i64| (i128::from(bytes) * 10 + i128::from(unit) / 2) / i128::from(unit);
    let (tenths, unit) = if bytes >= GIB { (tenths(GIB), "GB") } else { (tenths(1 << 20), "MB") };
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

/// What an organisation keeps and may keep.
///
/// # Errors
/// A database error.
pub async fn room(app: &App, c: &mut Connection, organisation_id: &str) -> Result<Room> {
    let own = store::own_limit(c, organisation_id).await?;
    Ok(Room {
        kept: store::kept(c, organisation_id).await?,
        limit: own.unwrap_or_else(|| app.evidence_limit()),
        is_own: own.is_some(),
    })
}

/// Refuses a new file of so many bytes where there is no room for it. One that lies there damaged takes no more room.
pub(super) async fn require(app: &App, organisation_id: &str, file_hash: &str, bytes: usize) -> Result<()> {
    let more = Amount { bytes: i64::try_from(bytes).unwrap_or(i64::MAX), files: 1 };
    let mut c = app.read().await?;
    let room = room(app, &mut c, organisation_id).await?;
    if room.holds(more) || durable::sealed_file(&mut c, organisation_id, file_hash).await?.is_some() {
        Ok(())
    } else {
        Err(full(&room).into())
    }
}

fn full(room: &Room) -> Refusal {
    let (kept, limit) = (room.kept, room.limit);
    Refusal::new(
        RefusalKind::Limit,
        FULL,
        format!(
            "組織の証跡の上限（{}・{}件）を超えるため、添付していません（いま {}・{}件）。",
            size(limit.bytes),
            limit.files,
            size(kept.bytes),
            kept.files
        ),
        format!(
            "Your organisation may keep {} in {} files of evidence and has {} in {}; the file was not attached.",
            size(limit.bytes),
            limit.files,
            size(kept.bytes),
            kept.files
        ),
    )
    .next(
        "保管場所へのリンクを登録するか、セキュリティ責任者を通じてサーバーの管理者に上限の変更を依頼してください。",
        "Register a link to where it is kept, or ask, through your security officer, who runs the server for more.",
    )
}

/// After a new file was named, before the commit: refuses when it went beyond the limit, and tells the security officers
/// when the limit is near. The operation has written its event already, so nobody else of the organisation adds meanwhile.
pub(super) async fn settle(op: &mut Operation<'_>) -> Result<()> {
    let organisation = op.actor.organisation_id.clone();
    let room = room(op.app, &mut op.write, &organisation).await?;
    if !room.holds(Amount { bytes: 0, files: 0 }) {
        return Err(full(&room).into());
    }
    if room.is_nearly_full() {
        let percent = room.percent();
        let ja = format!("証跡の保管が上限の{percent}%になりました。上限に達すると、新しいファイルを添付できません。");
        let en = format!("Evidence has reached {percent}% of the limit; at the limit no new file can be attached.");
        let (to, subject) = (Audience::Role(Role::SecurityOfficer), ("upkeep", "evidence"));
        notice::tell_once(op, &organisation, to, "evidence.room", subject, (&ja, &en), TOLD_AGAIN_DAYS).await?;
    }
    Ok(())
}

/// Sets another limit for an organisation, or (`None`) lets the installation's hold again.
///
/// # Errors
/// There is no such organisation, the limit is none, or a database error.
pub async fn set(app: &App, organisation_id: &str, limit: Option<Amount>) -> Result<()> {
    if limit.is_some_and(|limit| limit.bytes < 1 || limit.files < 1) {
        return Err(Refusal::invalid("quota", "上限は1以上にしてください。", "A limit is at least 1.").into());
    }
    let system = Actor::system(organisation_id);
    let mut op = app.operate_as(&system).await?;
    let known = sakimori_store::registry::organisation_by_id(&mut op.write, organisation_id).await?;
    known.ok_or_else(Refusal::not_found)?;
    let before = store::own_limit(&mut op.write, organisation_id).await?;
    let told = |limit: Option<Amount>| limit.map(|limit| json!({ "bytes": limit.bytes, "files": limit.files }));
    op.trail("evidence.quota", ("organisation", organisation_id), told(before).as_ref(), told(limit).as_ref()).await?;
    write(&mut op.write, organisation_id, limit, &op.now).await?;
    op.commit().await
}

async fn write(w: &mut Write, organisation_id: &str, limit: Option<Amount>, at: &str) -> Result<()> {
    match limit {
        Some(limit) => store::set_limit(w, organisation_id, limit, at).await?,
        None => store::clear_limit(w, organisation_id).await.map(|_| ())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people_and_the_fuller_of_the_two_counts() {
        assert_eq!((size(0), size(1 << 20), size(20 * GIB)), ("0 MB".into(), "1 MB".into(), "20 GB".into()));
        assert_eq!((size(GIB + GIB / 2), size(700 << 10)), ("1.5 GB".into(), "0.7 MB".into()));
        let room = |bytes, files| Room { kept: Amount { bytes, files }, limit: DEFAULT, is_own: false };
        assert_eq!((room(0, 0).percent(), room(10 * GIB, 1).percent(), room(1, 19_000).percent()), (0, 50, 95));
        assert!(room(0, 19_999).holds(Amount { bytes: GIB, files: 1 }));
        assert!(!room(0, 20_000).holds(Amount { bytes: 1, files: 1 }));
        assert!(!room(20 * GIB, 1).holds(Amount { bytes: 1, files: 1 }));
    }
}
