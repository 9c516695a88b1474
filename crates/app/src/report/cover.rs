//! The cover of the gap report: title, handling marking, record of revisions, boxes for approval; chosen once, printed
//! every time.

use jiff::civil::Date;
use sakimori_domain::assurance::{DUE_FIRST, DUE_LAST};
use sakimori_domain::identity::Permission;
use sakimori_store::Connection;
use sakimori_store::assessment;
use sakimori_store::cover::{self as store, ReportCover};
use serde::{Deserialize, Serialize};

use crate::{Actor, App, AppError, Refusal, Result};

/// Characters of each text of the cover.
pub const TEXT_MAX: usize = 100;
/// Rows of the record of revisions.
pub const REVISIONS_MAX: usize = 30;
/// Boxes for approval: six are as many as stand side by side on A4.
pub const APPROVALS_MAX: usize = 6;

/// What a person chooses for the cover. What is empty takes the usual words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cover {
    /// Title of the report; empty for that of the Assessment.
    pub title: String,
    /// Handling marking of every page; `None` takes the organisation's own, an empty text prints none.
    pub marking: Option<String>,
    /// Oldest first.
    pub revisions: Vec<CoverRevision>,
    pub approvals: Vec<CoverApproval>,
}

/// A row of the record of revisions (改訂履歴).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverRevision {
    /// e.g. `第1.0版`.
    pub version: String,
    /// ISO date; empty for the day of printing.
    pub date: String,
    pub description: String,
    pub author: String,
}

/// A box for approval.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverApproval {
    /// What its owner does: 起案, 確認, 承認.
    pub role: String,
    /// Post and name; empty leaves the box for the hand.
    pub name: String,
    /// ISO date; empty leaves it for the hand.
    pub date: String,
}

/// A stored cover with the version that a change has to name.
#[derive(Debug, Clone, Default)]
pub struct StoredCover {
    pub cover: Cover,
    /// 0 while nobody has chosen one.
    pub version: i64,
}

fn fits(text: &str) -> bool {
    text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control)
}

fn trim(text: &mut String) {
    *text = text.trim().to_owned();
}

fn is_date(text: &str) -> bool {
    text.is_empty() || text.parse::<Date>().is_ok_and(|day| (DUE_FIRST..=DUE_LAST).contains(&day))
}

impl Cover {
    /// The cover without blank rows and blanks at the ends of texts; refuses what does not fit on paper.
    ///
    /// # Errors
    /// A text that is too long, too many rows, a date that is none, a revision without its version.
    pub fn checked(mut self) -> Result<Self> {
        trim(&mut self.title);
        self.marking.iter_mut().for_each(trim);
        for r in &mut self.revisions {
            [&mut r.version, &mut r.date, &mut r.description, &mut r.author].into_iter().for_each(trim);
        }
        for a in &mut self.approvals {
            [&mut a.role, &mut a.name, &mut a.date].into_iter().for_each(trim);
        }
        self.revisions.retain(|r| !r.version.is_empty() || !r.description.is_empty());
        self.approvals.retain(|a| !a.role.is_empty() || !a.name.is_empty());
        let of_revisions = self.revisions.iter().flat_map(|r| [&r.version, &r.description, &r.author]);
        let of_approvals = self.approvals.iter().flat_map(|a| [&a.role, &a.name]);
        let texts = self.marking.iter().chain([&self.title]).chain(of_revisions).chain(of_approvals);
        if !texts.into_iter().all(|text| fits(text)) {
            return Err(refused(
                format!("表紙に入れる文字は、1か所につき{TEXT_MAX}文字以内の1行にしてください。"),
                format!("Each text of the cover is one line of at most {TEXT_MAX} characters."),
            ));
        }
        if self.revisions.len() > REVISIONS_MAX || self.approvals.len() > APPROVALS_MAX {
            return Err(refused(
                format!("改訂履歴は{REVISIONS_MAX}行、承認欄は{APPROVALS_MAX}つまでです。"),
                format!("At most {REVISIONS_MAX} revisions and {APPROVALS_MAX} boxes for approval."),
            ));
        }
        let mut dates = self.revisions.iter().map(|r| &r.date).chain(self.approvals.iter().map(|a| &a.date));
        if !dates.all(|date| is_date(date)) {
            return Err(refused(
                format!("日付は{}年から{}年までの年月日で入力してください。", DUE_FIRST.year(), DUE_LAST.year()),
                format!("A date must be a day from {} to {}.", DUE_FIRST.year(), DUE_LAST.year()),
            ));
        }
        if self.revisions.iter().any(|r| r.version.is_empty()) {
            return Err(refused(
                "改訂履歴の行には版数を入力してください。".to_owned(),
                "Every row of the record of revisions needs its version.".to_owned(),
            ));
        }
        Ok(self)
    }
}

fn refused(ja: String, en: String) -> AppError {
    Refusal::invalid("cover", ja, en)
        .next("直してから、もう一度保存してください。", "Correct it and save again.")
        .into()
}

/// The cover of an Assessment as chosen; the usual one while nobody has.
pub(super) async fn read(c: &mut Connection, organisation_id: &str, assessment_id: &str) -> Result<StoredCover> {
    let Some(row) = store::cover(c, organisation_id, assessment_id).await? else { return Ok(StoredCover::default()) };
    let cover = serde_json::from_str(&row.cover)
        .map_err(|error| AppError::Internal(format!("report_cover {assessment_id}: {error}")))?;
    Ok(StoredCover { cover, version: row.version })
}

/// The cover of an Assessment that the actor may read.
///
/// # Errors
/// No such Assessment, or a role that may not read assessments.
pub async fn cover(app: &App, actor: &Actor, assessment_id: &str) -> Result<StoredCover> {
    actor.require(Permission::ReadAssessments)?;
    let mut c = app.read().await?;
    let found = assessment::assessment_by_id(&mut c, &actor.organisation_id, assessment_id).await?;
    found.ok_or_else(Refusal::not_found)?;
    read(&mut c, &actor.organisation_id, assessment_id).await
}

/// Stores the cover of an Assessment over the version that the person saw.
///
/// # Errors
/// What does not fit on a cover, no such Assessment, somebody was faster, or a role that may not.
pub async fn set_cover(app: &App, actor: &Actor, assessment_id: &str, version: i64, cover: Cover) -> Result<()> {
    let cover = cover.checked()?;
    let text = serde_json::to_string(&cover).map_err(|error| AppError::Internal(format!("cover: {error}")))?;
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let organisation = &actor.organisation_id;
    let found = assessment::assessment_by_id(&mut op.write, organisation, assessment_id).await?;
    found.ok_or_else(Refusal::not_found)?;
    let before = read(&mut op.write, organisation, assessment_id).await?;
    let before = (before.version > 0).then_some(before.cover);
    op.trail("report.cover", ("assessment", assessment_id), before.as_ref(), Some(&cover)).await?;
    let row = ReportCover { assessment_id: assessment_id.to_owned(), cover: text, version };
    store::put_cover(&mut op.write, organisation, &row).await?;
    op.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(version: &str, date: &str, description: &str) -> CoverRevision {
        CoverRevision {
            version: version.into(),
            date: date.into(),
            description: description.into(),
            ..Default::default()
        }
    }

    #[test]
    fn blank_rows_go_and_what_does_not_fit_is_refused() {
        let kept = Cover {
            title: " 報告書 ".into(),
            revisions: vec![revision("第1.0版", "2026-11-20", "初版"), revision(" ", "2026-11-21", "")],
            approvals: vec![CoverApproval::default()],
            ..Cover::default()
        };
        let kept = kept.checked().expect("fits");
        assert_eq!((kept.title.as_str(), kept.revisions.len(), kept.approvals.len()), ("報告書", 1, 0));
        let bad = [
            Cover { title: "題".repeat(101), ..Cover::default() },
            Cover { marking: Some("社外秘\n".repeat(2)), ..Cover::default() },
            Cover { revisions: vec![revision("", "", "版のない行")], ..Cover::default() },
            Cover { revisions: vec![revision("第1版", "2026-02-30", "")], ..Cover::default() },
            Cover { revisions: vec![revision("第1版", "", ""); 31], ..Cover::default() },
            Cover {
                approvals: vec![CoverApproval { role: "承認".into(), ..Default::default() }; 7],
                ..Cover::default()
            },
        ];
        for cover in bad {
            assert_eq!(cover.clone().checked().unwrap_err().refusal().map(|r| r.code), Some("cover"), "{cover:?}");
        }
    }
}
