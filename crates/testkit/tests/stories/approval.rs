//! 起案 → 確認 → 承認 and what rests on it: the result of an assessment, deputies, the access review, handing over.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use sakimori_app::access_review::{self, Decision};
use sakimori_app::approval;
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::deputy::{self, NewDeputy};
use sakimori_app::handover::{self, NewHandover};
use sakimori_app::report;
use sakimori_app::requests::{self, NewRequest, Step as RequestStep};
use sakimori_app::{Actor, AppError, answers, identity, revision};
use sakimori_domain::approval::{Kind, State, Step};
use sakimori_domain::identity::{Permission, Role};
use sakimori_domain::revision::Direction;
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, Database, TestApp};

use super::revision::{decide, point, reword, standard};

const TELECOM: &str = "jt-x1051-2018";

/// The person of a login, with their real account, as a session would make them.
async fn person(test: &TestApp, login: &str) -> Actor {
    let token = identity::sign_in(&test.app, login, PASSWORD, "192.0.2.1").await.expect("signs in").token;
    identity::session(&test.app, &token, "192.0.2.1").await.expect("a query").expect("a session").actor
}

fn code(error: &AppError) -> &'static str {
    error.refusal().map_or("no refusal", |refusal| refusal.code)
}

async fn closed_assessment(test: &TestApp, officer: &Actor) -> String {
    let new = NewAssessment {
        title: "令和8年度 自己点検".to_owned(),
        fiscal_year: 2026,
        editions: vec![TELECOM.to_owned()],
        previous_id: String::new(),
    };
    let id = assessment::create(&test.app, officer, new).await.expect("an assessment");
    let early = approval::draft(&test.app, officer, Kind::AssessmentResult, &id, "").await.expect_err("still open");
    assert_eq!(code(&early), "assessment-open");
    assessment::set_open(&test.app, officer, &id, 1, false).await.expect("closed");
    id
}

/// An organisation with its officer, its executive and an assessment that is closed.
async fn scene(database: Database) -> (TestApp, Actor, Actor, String) {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    let officer = person(&test, "alpha-security-officer").await;
    let executive = person(&test, "alpha-executive").await;
    let id = closed_assessment(&test, &officer).await;
    (test, officer, executive, id)
}

#[tokio::test]
async fn a_result_is_drafted_checked_and_approved_by_others_and_then_stands() {
    for database in BOTH {
        let (test, officer, executive, id) = scene(database).await;
        let draft =
            approval::draft(&test.app, &officer, Kind::AssessmentResult, &id, "お願いします").await.expect("drafted");
        let twice = approval::draft(&test.app, &officer, Kind::AssessmentResult, &id, "").await.expect_err("running");
        assert_eq!(code(&twice), "approval-running");
        let own = approval::step(&test.app, &officer, &draft, 1, Step::Check, "").await.expect_err("one's own");
        assert_eq!(code(&own), "approval-own-draft");
        let bare = approval::step(&test.app, &executive, &draft, 1, Step::SendBack, " ").await.expect_err("no reason");
        assert_eq!(code(&bare), "reason");
        approval::step(&test.app, &executive, &draft, 1, Step::SendBack, "件数を確かめてください")
            .await
            .expect("sent back");
        approval::step(&test.app, &officer, &draft, 2, Step::Draft, "確かめました").await.expect("again");
        let (one, two) = tokio::join!(
            approval::step(&test.app, &executive, &draft, 3, Step::Check, ""),
            approval::step(&test.app, &executive, &draft, 3, Step::Check, "")
        );
        assert!(one.is_ok() != two.is_ok(), "{database:?}: two at once, one holds");
        approval::step(&test.app, &executive, &draft, 4, Step::Approve, "承認します").await.expect("approved");
        let view = approval::view(&test.app, &officer, &draft).await.expect("a view");
        assert_eq!(view.approval.state, State::Approved);
        assert_eq!(view.steps.len(), 5, "nothing of the way is lost");
        // The report of what was approved says who did what, to everybody who reads it; under way, to who has a part.
        let auditor = person(&test, "alpha-auditor").await;
        let report = report::gap(&test.app, &auditor, &id, None).await.expect("a report");
        let boxes: Vec<_> = report.approvals.iter().map(|b| (b.role.as_str(), b.name.clone(), b.date)).collect();
        let day = Some(test.app.today());
        let (drafter, approver) = (Some(officer.name.clone()), Some(executive.name.clone()));
        let stamped = [("起案", drafter, day), ("確認", approver.clone(), day), ("承認", approver, day)];
        assert_eq!(boxes, stamped, "{database:?}");
        let kept = report.approval_record.expect("a record");
        assert_eq!((kept.state.as_str(), kept.hash.as_str()), ("承認済み", view.approval.subject_hash.as_str()));
        assert_eq!(kept.steps.len(), 3, "of the last round");
        // On paper the whole way is printed, with the checkpoint of the trail.
        let browser = test.browser("alpha-executive").await;
        sakimori_app::trail::sign_what_is_new(&test.app).await.expect("signed");
        let paper = browser.get(&format!("/approvals/{draft}")).await.text();
        for word in ["件数を確かめてください", "確かめました", "checkpoint print-only", &view.approval.subject_hash]
        {
            assert!(paper.contains(word), "{word}");
        }
        let reopened = assessment::set_open(&test.app, &officer, &id, 2, true).await.expect_err("approved");
        assert_eq!(code(&reopened), "approved-already");
        let member = person(&test, "alpha-department-member").await;
        assert!(approval::view(&test.app, &member, &draft).await.is_err(), "no part in it, so it is not there");
        assert!(approval::view(&test.app, &auditor, &draft).await.is_err(), "nor for the auditor, who takes no step");
    }
}

#[tokio::test]
async fn a_draft_edition_is_approved_as_it_stands_and_no_other() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = person(&test, "alpha-security-officer").await;
        let executive = person(&test, "alpha-executive").await;
        let (edition, numbers) = standard(&test, &officer).await;
        let drafted_with = async |number: &String| {
            let wording = reword(number, &format!("{number}を半年に一度試すこと。"));
            let issue = revision::raise(&test.app, &officer, point(&edition, number, "回数", wording)).await;
            let decided = decide(Direction::Standard);
            revision::step(&test.app, &officer, &issue.expect("raised"), 1, decided).await.expect("decided");
            revision::make_draft(&test.app, &officer, &edition).await.expect("a draft")
        };
        let draft = drafted_with(&numbers[numbers.len() - 1]).await;
        let kind = Kind::DraftEdition;
        let published = approval::draft(&test.app, &officer, kind, &edition, "").await.expect_err("no draft");
        assert_eq!(code(&published), "not-found");
        let first = approval::draft(&test.app, &officer, kind, &draft, "お願いします").await.expect("drafted");
        assert_eq!(drafted_with(&numbers[numbers.len() - 2]).await, draft, "made anew in its place");
        let void = approval::step(&test.app, &executive, &first, 1, Step::Check, "").await.expect_err("another text");
        assert_eq!(code(&void), "approval-void");
        let second = approval::draft(&test.app, &officer, kind, &draft, "").await.expect("drafted anew");
        let own = approval::step(&test.app, &officer, &second, 1, Step::Check, "").await.expect_err("one's own");
        assert_eq!(code(&own), "approval-own-draft");
        approval::step(&test.app, &executive, &second, 1, Step::Check, "").await.expect("checked");
        approval::step(&test.app, &executive, &second, 2, Step::Approve, "").await.expect("approved");
        let view = approval::view(&test.app, &officer, &second).await.expect("a view");
        assert_eq!(view.approval.state, State::Approved, "{database:?}");
        let browser = test.browser("alpha-security-officer").await;
        let page = browser.get("/revision/drafts").await.text();
        let way = format!("/approvals/subject/draft-edition/{draft}");
        assert!(page.contains(&way), "the draft leads to its approval");
        assert_eq!(browser.get(&way).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_changed_after_drafting_is_void() {
    for database in BOTH {
        let (test, officer, executive, id) = scene(database).await;
        let draft = approval::draft(&test.app, &officer, Kind::AssessmentResult, &id, "").await.expect("drafted");
        for (login, seen) in [("alpha-executive", true), ("alpha-auditor", false)] {
            let reader = person(&test, login).await;
            let report = report::gap(&test.app, &reader, &id, None).await.expect("a report");
            assert_eq!(report.approval_record.is_some(), seen, "{login}");
        }
        assessment::set_open(&test.app, &officer, &id, 2, true).await.expect("reopened");
        assert!(approval::view(&test.app, &executive, &draft).await.expect("a view").has_changed);
        let report = report::gap(&test.app, &executive, &id, None).await.expect("a report");
        assert!(report.approval_record.is_none() && report.approvals.iter().all(|b| b.name.is_none()), "{database:?}");
        let void = approval::step(&test.app, &executive, &draft, 1, Step::Check, "").await.expect_err("void");
        assert_eq!(code(&void), "approval-void");
        let view = approval::view(&test.app, &executive, &draft).await.expect("a view");
        assert_eq!(view.approval.state, State::Void, "and it says so from now on");
        assessment::set_open(&test.app, &officer, &id, 3, false).await.expect("closed");
        approval::draft(&test.app, &officer, Kind::AssessmentResult, &id, "").await.expect("drafted anew");
    }
}

fn stand_in(deputy: &Actor, permissions: &[Permission]) -> NewDeputy {
    NewDeputy {
        deputy_id: deputy.account_id.clone(),
        from_on: "2026-11-20".to_owned(),
        to_on: "2026-11-22".to_owned(),
        permissions: permissions.iter().map(|p| p.code().to_owned()).collect(),
        reason: "出張".to_owned(),
    }
}

#[tokio::test]
async fn a_deputy_acts_in_anothers_name_until_the_last_day() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let alpha = test.organisation("alpha", carrier_profile()).await;
        let officer = person(&test, "alpha-security-officer").await;
        let member = person(&test, "alpha-department-member").await;
        for (other, why) in [("alpha-administrator", "administers"), ("alpha-auditor", "audits")] {
            let other = person(&test, other).await;
            let refused = deputy::name(&test.app, &officer, stand_in(&other, &[])).await.expect_err(why);
            assert_eq!(code(&refused), "deputy-duties", "{why}");
        }
        let row = deputy::name(&test.app, &officer, stand_in(&member, &[])).await.expect("named");
        let browser = test.browser("alpha-department-member").await;
        assert_eq!(browser.get("/assessments").await.status, StatusCode::FORBIDDEN);
        let acted = browser.post(&format!("/seats/deputies/{row}/act"), &[]).await;
        assert_eq!(acted.status, StatusCode::SEE_OTHER, "{}", acted.text());
        let page = browser.get("/assessments").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("alpha セキュリティ責任者</strong> の代理として"), "the banner");
        let passed_on = [("deputy", alpha.id.as_str()), ("from", "2026-11-20"), ("to", "2026-11-21")];
        let passed_on = browser.post("/seats/deputies", &passed_on).await;
        assert!(passed_on.text().contains("代理を指名できません"));
        assert_eq!(browser.post("/seats/self", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.get("/assessments").await.status, StatusCode::FORBIDDEN, "oneself again");
        // The executive may approve, but not what was drafted by their own deputy in their name.
        let executive = person(&test, "alpha-executive").await;
        deputy::name(&test.app, &executive, stand_in(&officer, &[Permission::Approve])).await.expect("named");
        let deputised = Actor {
            role: Role::Executive,
            on_behalf_of: (executive.account_id.clone(), executive.name.clone()),
            only: Some(vec![Permission::Approve]),
            ..officer.clone()
        };
        let id = closed_assessment(&test, &officer).await;
        let draft = approval::draft(&test.app, &officer, Kind::AssessmentResult, &id, "").await.expect("drafted");
        let checker = person(&test, "alpha-executive").await;
        approval::step(&test.app, &checker, &draft, 1, Step::Check, "").await.expect("checked");
        let own = approval::step(&test.app, &deputised, &draft, 2, Step::Approve, "").await.expect_err("own draft");
        assert_eq!(code(&own), "approval-own-draft");
        // The last day ends; the session that acts falls back to the person themself.
        browser.post(&format!("/seats/deputies/{row}/act"), &[]).await;
        assert_eq!(browser.get("/assessments").await.status, StatusCode::OK);
        deputy::end(&test.app, &officer, &row, 1).await.expect("ended by hand");
        assert_eq!(browser.get("/assessments").await.status, StatusCode::FORBIDDEN, "at once");
        test.pass(3 * 24 * 3600);
        let mine = deputy::mine(&test.app, &officer).await.expect("a list");
        assert!(mine.for_others.is_empty(), "over with its last day");
    }
}

#[tokio::test]
async fn a_part_of_the_rights_is_a_part() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = person(&test, "alpha-security-officer").await;
        let member = person(&test, "alpha-department-member").await;
        let part = stand_in(&member, &[Permission::ReadAssessments]);
        let row = deputy::name(&test.app, &officer, part).await.expect("named");
        let browser = test.browser("alpha-department-member").await;
        browser.post(&format!("/seats/deputies/{row}/act"), &[]).await;
        assert_eq!(browser.get("/assessments").await.status, StatusCode::OK);
        assert_eq!(browser.get("/assessments/new").await.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get("/trail").await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn an_access_review_holds_when_a_second_person_has_signed_it_off() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = person(&test, "alpha-security-officer").await;
        let auditor = person(&test, "alpha-auditor").await;
        let review = access_review::open(&test.app, &officer, "").await.expect("a review");
        assert!(access_review::open(&test.app, &officer, "").await.is_err(), "one a year");
        let all = access_review::review(&test.app, &officer, &review).await.expect("the review");
        assert!(all.seats.iter().any(|s| s.login == "alpha-executive" && s.marks.contains("unused")));
        assert!(all.seats.iter().all(|s| s.login != "alpha-auditor" || !s.marks.contains("unused")), "just signed in");
        let due = async |day: &str, version| access_review::set_due(&test.app, &officer, &review, day, version).await;
        for day in ["2000-01-01", "2099-12-31", "x"] {
            assert!(due(day, 1).await.is_err(), "{day} is no day of the year that is left");
        }
        due("2027-01-29", 1).await.expect("another day");
        assert!(due("2027-02-26", 1).await.is_err(), "somebody was faster");
        let early = approval::draft(&test.app, &officer, Kind::AccessReview, &review, "").await.expect_err("undecided");
        assert_eq!(code(&early), "review-undecided");
        for seat in &all.seats {
            let (decision, new_role, reason) = match seat.login.as_str() {
                "alpha-executive" => ("remove", "", "退任"),
                "alpha-department-member" => ("change", "executive", "昇任"),
                _ => ("keep", "", ""),
            };
            let decision = Decision {
                version: 1,
                decision: decision.to_owned(),
                new_role: new_role.to_owned(),
                reason: reason.to_owned(),
            };
            access_review::decide(&test.app, &officer, &review, &seat.account_id, decision).await.expect("decided");
        }
        assert_eq!(person(&test, "alpha-department-member").await.role, Role::DepartmentMember, "nothing holds yet");
        let leaving = test.browser("alpha-executive").await;
        let draft = approval::draft(&test.app, &officer, Kind::AccessReview, &review, "").await.expect("drafted");
        approval::step(&test.app, &auditor, &draft, 1, Step::Check, "").await.expect("checked");
        approval::step(&test.app, &auditor, &draft, 2, Step::Approve, "").await.expect("signed off");
        assert_eq!(person(&test, "alpha-department-member").await.role, Role::Executive);
        assert_eq!(leaving.get("/").await.status, StatusCode::SEE_OTHER, "out at once");
        let done = access_review::review(&test.app, &auditor, &review).await.expect("the review");
        assert_eq!(done.review.state, "closed");
    }
}

/// A request, a deputy and two answers that a person is in charge of: the sheet and the request.
async fn burden(test: &TestApp, officer: &Actor, member: &Actor, department: &str) -> (String, String) {
    let opened = NewAssessment {
        title: "点検".to_owned(),
        fiscal_year: 2026,
        editions: vec![TELECOM.to_owned()],
        previous_id: String::new(),
    };
    let sheet = assessment::create(&test.app, officer, opened).await.expect("an assessment");
    let rows = assessment::sheet(&test.app, officer, &sheet).await.expect("a sheet").rows;
    let asked = NewRequest {
        assessment_id: sheet.clone(),
        answers: vec![rows[0].id.clone()],
        department_id: department.to_owned(),
        due: "2026-12-18".to_owned(),
        message: String::new(),
    };
    let request = requests::ask(&test.app, officer, asked).await.expect("asked");
    let delegate = RequestStep::Delegate { account_id: member.account_id.clone() };
    requests::step(&test.app, officer, &request, 1, delegate).await.expect("delegated");
    deputy::name(&test.app, officer, stand_in(member, &[])).await.expect("named");
    let owner = answers::Change { owner: Some(member.name.clone()), ..answers::Change::default() };
    answers::save_many(&test.app, officer, &sheet, &[rows[0].id.clone(), rows[1].id.clone()], &owner)
        .await
        .expect("in charge");
    (sheet, request)
}

#[tokio::test]
async fn a_person_who_moves_hands_everything_over_in_one_act() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let alpha = test.organisation("alpha", carrier_profile()).await;
        let officer = person(&test, "alpha-security-officer").await;
        let administrator = person(&test, "alpha-administrator").await;
        let member = person(&test, "alpha-department-member").await;
        let new = identity::NewAccount {
            login: "alpha-successor".to_owned(),
            name: "後任".to_owned(),
            password: PASSWORD.to_owned(),
            role: Role::DepartmentMember,
            department_id: alpha.department.clone(),
            is_issued: false,
        };
        let successor = identity::add_account(&test.app, &administrator, new).await.expect("a successor");
        let (sheet, request) = burden(&test, &officer, &member, &alpha.department).await;
        let preview = handover::preview(&test.app, &administrator, &member.account_id).await.expect("a preview");
        let count = |code: &str| preview.lines.iter().find(|l| l.duty.code == code).map_or(0, |l| l.count);
        assert_eq!((count("request"), count("deputy"), count("owner")), (1, 1, 2));
        assert!(preview.lines.iter().all(|line| line.things.is_empty()), "an administrator sees numbers, not contents");
        let leaving = test.browser("alpha-department-member").await;
        let new = |version| NewHandover {
            successor_id: successor.clone(),
            ends_on: "2026-11-20".to_owned(),
            reason: "人事異動".to_owned(),
            version,
        };
        assert!(
            handover::hand_over(&test.app, &officer, &member.account_id, new(1)).await.is_err(),
            "not the officer's"
        );
        assert!(
            handover::hand_over(&test.app, &administrator, &member.account_id, new(9)).await.is_err(),
            "an old page"
        );
        let desk = requests::desk(&test.app, &officer, &request).await.expect("the request");
        assert_eq!(desk.request.delegate_id, member.account_id, "and nothing of it was done");
        let made =
            handover::hand_over(&test.app, &administrator, &member.account_id, new(1)).await.expect("handed over");
        let desk = requests::desk(&test.app, &officer, &request).await.expect("the request");
        assert_eq!(desk.request.delegate_id, successor);
        let rows = assessment::sheet(&test.app, &officer, &sheet).await.expect("a sheet").rows;
        let named = |name: &str| rows.iter().filter(|row| row.answer.owner == name).count();
        assert_eq!((named("後任"), named(&member.name)), (2, 0), "who is in charge is the successor");
        assert_eq!(leaving.get("/").await.status, StatusCode::SEE_OTHER, "signed out");
        let note = test.browser("alpha-administrator").await.get(&format!("/handovers/{made}")).await;
        assert!(note.text().contains("引継書") && note.text().contains("後任"));
        let stranger = test.browser("alpha-auditor").await.get(&format!("/handovers/{made}")).await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        test.pass(24 * 3600);
        assert!(identity::sign_in(&test.app, "alpha-department-member", PASSWORD, "").await.is_err(), "the next day");
    }
}

/// Every column that may hold an account is a duty that is handed over, or says why it is none.
#[tokio::test]
async fn no_account_column_is_forgotten() {
    // SQLite alone: both migration folders have the same tables, and another test compares them.
    let test = TestApp::new(Database::Sqlite).await;
    let mut c = test.app.read().await.expect("a connection");
    let columns = sakimori_store::handover::columns(&mut c).await.expect("the schema");
    let names = [
        "account_id",
        "on_behalf_of_id",
        "actor_id",
        "delegate_id",
        "principal_id",
        "deputy_id",
        "successor_id",
        "drafted_for",
        "audience",
        "owner",
    ];
    let holds = |name: &str| name.ends_with("_by") || names.contains(&name) || name.ends_with("account");
    let found: BTreeSet<(String, String)> =
        columns.into_iter().filter(|(table, name)| holds(name) && !table.starts_with("sqlite_")).collect();
    let duties = handover::DUTIES.iter().flat_map(|duty| duty.columns.iter().copied());
    let known: BTreeSet<(String, String)> = duties
        .chain(handover::HISTORY.iter().map(|(table, column, _)| (*table, *column)))
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    let forgotten: Vec<_> = found.difference(&known).collect();
    assert!(forgotten.is_empty(), "neither in DUTIES nor in HISTORY of app/src/handover.rs: {forgotten:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "listed in app/src/handover.rs but not in the schema: {gone:?}");
}
