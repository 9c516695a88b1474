//! The telecom carrier's second assessment of the year: the same house against the cross-sector guideline, begun with what
//! it had answered already. One source has changed since, so that a review waits.

use sakimori_domain::assurance::AnswerField;
use sakimori_domain::assurance::carry::How;
use sakimori_store::assessment::{self, Assessment};

use super::faulty;
use crate::answers::{self, Change};
use crate::carry::{self, Take};
use crate::{Actor, App, Operation, Result};

const CARRIER: &str = "mikawa-mirai";
const GUIDELINE: &str = "nisc-measures-3";
/// This year's assessment against the telecom standard.
const ANSWERED: &str = "mikawa-mirai-2026";
const ID: &str = "mikawa-mirai-2026-guideline";
/// The source that changed afterwards, and what it says now.
const CHANGED: (&str, &str, &str) = (
    "12.2.1",
    "triangle",
    "全端末に検知ソフトを導入しているが、11月の更新で保守用端末3台の定義が古いままと分かり、切り離して確認している。",
);

/// Opens the second assessment, carries over what follows, confirms some of it, and changes one source.
pub(super) async fn seed(app: &App) -> Result<()> {
    let person = |name: &str| Actor { name: name.to_owned(), ..Actor::system(CARRIER) };
    let office = person("情報セキュリティ統括室 担当A");
    open(app, &office).await?;
    crate::assessment::add_missing_rows(app, &office, ID).await?;
    let plan = carry::plan(app, &office, ID, ANSWERED).await?;
    let take = |row: &carry::PlanRow| Take { answer_id: row.row.id.clone(), seen: row.seen(), overwrite: false };
    let takes: Vec<Take> = plan.rows.iter().map(take).collect();
    carry::apply(app, &office, ID, ANSWERED, &takes).await?;
    let sure = plan.rows.iter().filter(|row| row.outcome.how == How::Carried).take(3);
    let sure: Vec<String> = sure.map(|row| row.row.id.clone()).collect();
    carry::confirm_many(app, &office, ID, &sure).await?;
    let (number, status, current) = CHANGED;
    let (_, rows) = crate::assessment::rows(app, &office, ANSWERED).await?;
    let row = rows.into_iter().find(|row| row.number == number).ok_or_else(|| faulty(number))?;
    let mut change = Change::default();
    change.set(AnswerField::Status, status)?;
    change.set(AnswerField::Current, current)?;
    answers::save(app, &person("設備運用部 担当A"), &row.id, row.version, change).await?;
    Ok(())
}

async fn open(app: &App, actor: &Actor) -> Result<()> {
    let mut op: Operation<'_> = app.operate_as(actor).await?;
    let row = Assessment {
        id: ID.to_owned(),
        organisation_id: CARRIER.to_owned(),
        title: "令和8年度 指針（対策編）の点検".to_owned(),
        fiscal_year: super::THIS_YEAR,
        state: "open".to_owned(),
        previous_id: String::new(),
        created_at: "2026-05-15T00:00:00Z".to_owned(),
        version: 1,
    };
    assessment::insert_assessment(&mut op.write, &row, &[GUIDELINE.to_owned()]).await?;
    op.trail_new("assessment.open", ("assessment", ID), &row.title).await?;
    op.commit().await
}
