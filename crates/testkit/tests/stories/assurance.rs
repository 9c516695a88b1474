//! What binds, assessments, answers of several people at once, requests to departments, evidence: on both databases.

use sakimori_app::answers::{self, Change, Saved};
use sakimori_app::applicability::{self, Decision};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::evidence::{self, NewFile};
use sakimori_app::registry::{self, ProfileChange};
use sakimori_app::requests::{self, NewRequest, Stage, Step};
use sakimori_app::{Actor, AppError, RefusalKind};
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerField, AnswerStatus};
use sakimori_domain::identity::Role;
use sakimori_store::assessment::SheetRow;
use sakimori_testkit::people::{carrier_profile, terminal_profile};
use sakimori_testkit::{BOTH, Database, TestApp};

const TELECOM: &str = "jt-x1051-2018";
const PORT: &str = "port-guideline-2024-tos";

/// Code of a refusal; fails for anything else.
fn code<T>(result: Result<T, AppError>) -> &'static str {
    match result {
        Err(AppError::Refused(refusal)) => refusal.code,
        Err(other) => panic!("broke: {other}"),
        Ok(_) => panic!("was not refused"),
    }
}

fn set(field: AnswerField, text: &str) -> Change {
    let mut change = Change::default();
    change.set(field, text).expect("a value of the field");
    change
}

fn version(saved: Saved) -> i64 {
    match saved {
        Saved::Done { row, .. } => row.version,
        Saved::Conflict { fields, .. } => panic!("a conflict in {fields:?}"),
    }
}

/// A telecom carrier with an open assessment: the officer, the rows.
struct Scene {
    test: TestApp,
    officer: Actor,
    member: Actor,
    other_member: Actor,
    department: String,
    assessment: String,
}

impl Scene {
    async fn new(database: Database) -> Self {
        let test = TestApp::new(database).await;
        let carrier = test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let new = NewAssessment {
            title: "令和8年度".to_owned(),
            fiscal_year: 2026,
            editions: vec![TELECOM.to_owned()],
            previous_id: String::new(),
        };
        let assessment = assessment::create(&test.app, &officer, new).await.expect("an assessment");
        Self {
            member: test.actor("alpha", Role::DepartmentMember, &carrier.department),
            other_member: test.actor("alpha", Role::DepartmentMember, &carrier.other_department),
            department: carrier.department,
            test,
            officer,
            assessment,
        }
    }

    async fn rows(&self) -> Vec<SheetRow> {
        assessment::rows(&self.test.app, &self.officer, &self.assessment).await.expect("the rows").1
    }

    async fn ask(&self, rows: &[SheetRow]) -> String {
        let new = NewRequest {
            assessment_id: self.assessment.clone(),
            answers: rows.iter().map(|row| row.id.clone()).collect(),
            department_id: self.department.clone(),
            due: "2026-12-01".to_owned(),
            message: "お願いします".to_owned(),
        };
        requests::ask(&self.test.app, &self.officer, new).await.expect("a request")
    }
}

#[tokio::test]
async fn the_profile_decides_what_binds_and_a_person_may_decide_otherwise_with_a_reason() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let change = |version, sectors: &[&str], ports: &[&str]| ProfileChange {
            version,
            name: "架空の事業者".to_owned(),
            sectors: sectors.iter().map(|s| (*s).to_owned()).collect(),
            ports: ports.iter().map(|s| (*s).to_owned()).collect(),
            ..ProfileChange::default()
        };
        registry::change_profile(&test.app, &officer, change(1, &["information-communications"], &[]))
            .await
            .expect("saved");
        let binding = async |edition: &str| {
            let all = applicability::list(&test.app, &officer, Some(edition)).await.expect("a list");
            let lines = all.into_iter().flat_map(|e| e.lines).collect::<Vec<_>>();
            (lines.iter().filter(|l| l.applicability.binds).count(), lines)
        };
        assert!(binding(TELECOM).await.0 > 100);
        assert_eq!(binding(PORT).await.0, 0, "a carrier is no port");
        assert_eq!(
            code(registry::change_profile(&test.app, &officer, change(1, &["port"], &[])).await),
            "conflict",
            "a stale page"
        );
        registry::change_profile(&test.app, &officer, change(2, &["port"], &["名古屋港"])).await.expect("saved");
        let (bound, lines) = binding(PORT).await;
        assert!(bound > 20 && lines.iter().any(|l| l.applicability.force == Force::Mandatory && l.applicability.binds));
        assert_eq!(binding(TELECOM).await.0, 0);

        let number = lines.iter().find(|l| l.applicability.binds).expect("a binding item").number.clone();
        assert_eq!(
            code(applicability::tailor(&test.app, &officer, PORT, &number, Decision::Out, " ", None).await),
            "justification"
        );
        applicability::tailor(&test.app, &officer, PORT, &number, Decision::Out, "この設備を持たない", None)
            .await
            .expect("tailored");
        let (after, lines) = binding(PORT).await;
        assert_eq!(after, bound - 1);
        let line = lines.iter().find(|l| l.number == number).expect("still listed");
        assert!(line.applicability.reason.contains("この設備を持たない"));
        applicability::tailor(&test.app, &officer, PORT, &number, Decision::AsProfile, "", None)
            .await
            .expect("taken back");
        assert_eq!(binding(PORT).await.0, bound);

        let auditor = test.actor("alpha", Role::Auditor, "");
        assert_eq!(
            code(applicability::tailor(&test.app, &auditor, PORT, &number, Decision::Out, "x", None).await),
            "forbidden"
        );
        assert_eq!(code(registry::change_profile(&test.app, &auditor, change(3, &[], &[])).await), "forbidden");
        assert_eq!(
            code(applicability::tailor(&test.app, &officer, "no-such", &number, Decision::Out, "x", None).await),
            "not-found"
        );
        assert_eq!(
            code(registry::change_profile(&test.app, &officer, change(3, &["atlantis"], &[])).await),
            "profile-code"
        );
    }
}

#[tokio::test]
async fn an_assessment_has_a_blank_row_for_everything_that_binds_and_grows_with_it() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        let rows = scene.rows().await;
        assert!(rows.len() > 100 && rows.iter().all(|row| row.answer.is_blank() && row.binds));
        let again = NewAssessment {
            title: "次".to_owned(),
            fiscal_year: 2027,
            editions: vec![PORT.to_owned()],
            previous_id: String::new(),
        };
        assert_eq!(code(assessment::create(app, officer, again.clone()).await), "nothing-binds");
        let number = applicability::list(app, officer, Some(PORT))
            .await
            .unwrap()
            .into_iter()
            .flat_map(|e| e.lines)
            .next()
            .unwrap()
            .number;
        applicability::tailor(app, officer, PORT, &number, Decision::In, "自社でも行う", None).await.expect("tailored");
        let editions = vec![PORT.to_owned(), TELECOM.to_owned(), PORT.to_owned()];
        let next = NewAssessment { editions, previous_id: scene.assessment.clone(), ..again };
        let first = &rows[0];
        answers::save(app, officer, &first.id, 1, set(AnswerField::Status, "o")).await.expect("saved");
        let next = assessment::create(app, officer, next).await.expect("the next year's");
        let (_, sheet) = assessment::rows(app, officer, &next).await.unwrap();
        assert_eq!(sheet.len(), rows.len() + 1, "editions named twice count once");
        assert_eq!(sheet[0].edition_id, PORT);
        let same = sheet.iter().find(|row| row.number == first.number && row.edition_id == TELECOM).unwrap();
        assert_eq!(same.last.as_ref().map(|last| last.status), Some(AnswerStatus::Yes));
        assert!(same.answer.is_blank(), "last year's answer is shown, not taken over");
        applicability::tailor(app, officer, PORT, &number, Decision::Out, "やめた", None).await.expect("tailored");
        assert_eq!(assessment::add_missing_rows(app, officer, &next).await.unwrap(), 0);
        let (_, sheet) = assessment::rows(app, officer, &next).await.unwrap();
        assert!(!sheet[0].binds, "the row stays and says so");

        let chapters = assessment::chapters(app, &sheet).await.unwrap();
        assert_eq!(chapters.iter().map(|c| c.rows.len()).sum::<usize>(), sheet.len(), "every row is in one chapter");

        assessment::set_open(app, officer, &next, 1, false).await.expect("closed");
        assert_eq!(code(assessment::set_open(app, officer, &next, 1, true).await), "conflict");
        assert_eq!(
            code(answers::save(app, officer, &sheet[1].id, 1, set(AnswerField::Status, "o")).await),
            "assessment-closed"
        );
        let list = assessment::list(app, officer).await.unwrap();
        assert_eq!((list.len(), list[1].tally.yes), (2, 1));
    }
}

#[tokio::test]
async fn two_people_in_one_row_lose_nothing() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        let row = &scene.rows().await[0];
        let save = async |seen, change| answers::save(app, officer, &row.id, seen, change).await.expect("an outcome");
        assert_eq!(version(save(1, set(AnswerField::Current, "月に一度")).await), 2);
        assert_eq!(
            version(save(1, set(AnswerField::Plan, "週に一度にする")).await),
            3,
            "another field, older version: merged"
        );
        assert_eq!(
            version(save(1, set(AnswerField::Current, "月に一度\r\n")).await),
            3,
            "the same words again: nothing to do"
        );
        match save(1, set(AnswerField::Current, "毎日")).await {
            Saved::Conflict { row, fields } => {
                assert_eq!((row.version, fields), (3, vec![AnswerField::Current]));
                assert_eq!(row.answer.current, "月に一度", "what is there comes back");
            }
            Saved::Done { .. } => panic!("somebody's words were overwritten"),
        }
        assert_eq!(version(save(3, set(AnswerField::Current, "毎日")).await), 4, "after having seen it");
        let refused = async |seen, change| code(answers::save(app, officer, &row.id, seen, change).await);
        assert_eq!(refused(9, set(AnswerField::Current, "x")).await, "version");
        assert_eq!(refused(0, set(AnswerField::Current, "x")).await, "version");
        assert_eq!(refused(4, set(AnswerField::Status, "na")).await, "na-reason-missing");
        assert_eq!(refused(4, set(AnswerField::Current, &"長".repeat(10_001))).await, "text-too-long");
        assert_eq!(refused(4, set(AnswerField::Department, "of-somebody-else")).await, "not-found");
        let after = &scene.rows().await[0];
        assert_eq!(
            (after.answer.current.as_str(), after.answer.plan.as_str(), after.version),
            ("毎日", "週に一度にする", 4)
        );
        let detail = answers::detail(app, officer, &row.id).await.unwrap();
        assert_eq!(detail.history.len(), 3, "one event for every change that was kept");
    }
}

#[tokio::test]
async fn eight_at_once_on_one_row_all_arrive() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let row = scene.rows().await.remove(0);
        let changes = [
            (AnswerField::Status, "triangle"),
            (AnswerField::Maturity, "3"),
            (AnswerField::Current, "現状"),
            (AnswerField::Plan, "方針"),
            (AnswerField::Due, "2027-03-31"),
            (AnswerField::Owner, "運用係"),
            (AnswerField::NaReason, "理由"),
        ];
        let tasks: Vec<_> = changes
            .iter()
            .map(|(field, text)| {
                let (app, officer, id, change) =
                    (scene.test.app.clone(), scene.officer.clone(), row.id.clone(), set(*field, text));
                tokio::spawn(async move { answers::save(&app, &officer, &id, 1, change).await })
            })
            .collect();
        for task in tasks {
            assert!(matches!(task.await.expect("ran").expect("saved"), Saved::Done { .. }), "{database:?}");
        }
        let after = &scene.rows().await[0];
        for (field, text) in changes {
            assert_eq!(answers::field_text(after, field), text, "{database:?}");
        }
        assert_eq!(after.version, 8);
    }
}

#[tokio::test]
async fn many_rows_change_together_or_not_at_all() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        let ids: Vec<String> = scene.rows().await.iter().take(5).map(|row| row.id.clone()).collect();
        let mut change = set(AnswerField::Status, "x");
        change.set(AnswerField::Department, &scene.department).unwrap();
        assert_eq!(answers::save_many(app, officer, &scene.assessment, &ids, &change).await.unwrap(), 5);
        assert_eq!(answers::save_many(app, officer, &scene.assessment, &ids, &change).await.unwrap(), 0);
        assert_eq!(
            code(answers::save_many(app, officer, &scene.assessment, &ids, &set(AnswerField::Status, "na")).await),
            "na-reason-missing"
        );
        let mut with_foreign = ids.clone();
        with_foreign.push("of-somebody-else".to_owned());
        assert_eq!(
            code(
                answers::save_many(app, officer, &scene.assessment, &with_foreign, &set(AnswerField::Status, "o"))
                    .await
            ),
            "not-found"
        );
        let rows = scene.rows().await;
        assert!(
            rows.iter().take(5).all(|r| r.answer.status == AnswerStatus::No && r.department_id == scene.department)
        );
        assert!(rows.iter().skip(5).all(|r| r.answer.is_blank()));
    }
}

#[tokio::test]
async fn a_department_sees_and_changes_its_part_while_it_is_its_turn() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer, member) = (&scene.test.app, &scene.officer, &scene.member);
        let rows = scene.rows().await;
        let (mine, foreign) = (&rows[0], &rows[2]);
        assert_eq!(code(assessment::rows(app, member, &scene.assessment).await), "not-found", "nothing was asked yet");
        assert_eq!(code(answers::save(app, member, &mine.id, 1, set(AnswerField::Status, "o")).await), "not-found");
        let request = scene.ask(&rows[..2]).await;
        let (_, visible) = assessment::rows(app, member, &scene.assessment).await.unwrap();
        assert_eq!(visible.iter().map(|r| &r.id).collect::<Vec<_>>(), [&rows[0].id, &rows[1].id]);
        assert_eq!(code(answers::detail(app, member, &foreign.id).await.map(|_| ())), "not-found");
        assert_eq!(code(answers::save(app, member, &foreign.id, 1, set(AnswerField::Status, "o")).await), "not-found");
        assert_eq!(code(requests::desk(app, &scene.other_member, &request).await.map(|_| ())), "not-found");
        assert!(requests::list(app, &scene.other_member).await.unwrap().is_empty());
        assert_eq!(
            code(answers::save(app, &scene.other_member, &mine.id, 1, set(AnswerField::Status, "o")).await),
            "not-found"
        );
        // A request to another department's member makes no one else's row visible; nor may a member hand rows over.
        assert_eq!(code(answers::save(app, member, &mine.id, 1, set(AnswerField::Department, "")).await), "forbidden");

        answers::save(app, member, &mine.id, 1, set(AnswerField::Status, "o")).await.expect("saved");
        let step = async |actor: &Actor, step| {
            let version = requests::desk(app, officer, &request).await.unwrap().request.version;
            requests::step(app, actor, &request, version, step).await
        };
        assert_eq!(code(step(member, Step::Return).await), "unanswered");
        answers::save(app, member, &rows[1].id, 1, set(AnswerField::Status, "x")).await.expect("saved");
        assert_eq!(code(step(member, Step::Accept).await), "forbidden");
        assert_eq!(code(step(&scene.other_member, Step::Return).await), "not-found");
        assert_eq!(code(requests::step(app, member, &request, 99, Step::Return).await), "conflict");
        step(member, Step::Return).await.expect("returned");
        assert_eq!(
            code(answers::save(app, member, &mine.id, 2, set(AnswerField::Status, "x")).await),
            "request-closed"
        );
        let back =
            |due: &str| Step::SendBack { reason: "根拠を書いてください".to_owned(), due: due.to_owned() };
        assert_eq!(code(step(officer, back("2026-11-19")).await), "due");
        step(officer, back("2026-12-10")).await.expect("sent back");
        answers::save(app, member, &mine.id, 2, set(AnswerField::Current, "台帳")).await.expect("open again");
        step(member, Step::Return).await.expect("returned");
        step(officer, Step::Accept).await.expect("accepted");
        assert_eq!(code(step(officer, Step::Withdraw).await), "request-state");
        let desk = requests::desk(app, member, &request).await.unwrap();
        assert_eq!(Stage::of(&desk.request, app.today()), Stage::Accepted);
        assert!(desk.request.message.contains("根拠を書いてください") && desk.request.message.contains("お願いします"));
        assert!(!desk.may_answer);
    }
}

#[tokio::test]
async fn a_request_is_followed_up() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        let rows = scene.rows().await;
        let request = scene.ask(&rows[..3]).await;
        let people = requests::desk(app, officer, &request).await.unwrap().people;
        let person = people.first().expect("the department's account").account_id.clone();
        let delegate = |id: &str| Step::Delegate { account_id: id.to_owned() };
        assert_eq!(
            code(requests::step(app, &scene.member, &request, 1, delegate("of-somebody-else")).await),
            "delegate"
        );
        requests::step(app, &scene.member, &request, 1, delegate(&person)).await.expect("passed on");
        answers::save(app, officer, &rows[0].id, 1, set(AnswerField::Status, "o")).await.expect("saved");
        let open = requests::unanswered(app, officer).await.unwrap();
        assert_eq!((open.len(), open[0].1.len()), (1, 2));
        assert_eq!(Stage::of(&open[0].0, app.today()), Stage::Answering);
        scene.test.pass(15 * 24 * 3600);
        assert_eq!(Stage::of(&open[0].0, app.today()), Stage::Overdue);
        assert_eq!(requests::remind(app, officer, std::slice::from_ref(&request)).await.unwrap(), 1);
        assert!(!requests::desk(app, officer, &request).await.unwrap().request.reminded_at.is_empty());
        assert_eq!(code(requests::remind(app, &scene.member, std::slice::from_ref(&request)).await), "forbidden");
        assert_eq!(code(requests::unanswered(app, &scene.member).await), "forbidden");
        let version = requests::desk(app, officer, &request).await.unwrap().request.version;
        requests::step(app, officer, &request, version, Step::Withdraw).await.expect("withdrawn");
        assert_eq!(code(requests::desk(app, &scene.member, &request).await.map(|_| ())), "not-found");
        assert_eq!(code(assessment::rows(app, &scene.member, &scene.assessment).await), "not-found");
    }
}

/// Where the sealed bytes of a file of `alpha` lie.
async fn sealed_path(app: &sakimori_app::App, file_hash: &str) -> std::path::PathBuf {
    let mut c = app.read().await.expect("read");
    let row = sakimori_store::durable::sealed_file(&mut c, "alpha", file_hash).await.expect("row").expect("sealed");
    app.folder().join("evidence").join(&row.sealed_hash[..2]).join(format!("{}.age", row.sealed_hash))
}

#[tokio::test]
async fn evidence_is_whole_or_refused() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        let rows = scene.rows().await;
        let file = |bytes: &[u8]| NewFile {
            title: "",
            name: "点検記録.pdf",
            media_type: "application/pdf",
            bytes: bytes.to_vec(),
        };
        let id = evidence::add_file(app, officer, &rows[0].id, file(b"record")).await.expect("kept");
        let twin =
            evidence::add_file(app, officer, &rows[1].id, file(b"record")).await.expect("the same bytes elsewhere");
        let (found, bytes) = evidence::read_file(app, officer, &id).await.expect("read");
        assert_eq!((found.title.as_str(), bytes.as_slice()), ("点検記録.pdf", b"record".as_slice()));
        assert_eq!(scene.rows().await[0].evidence, 1);
        assert_eq!(code(evidence::add_file(app, officer, &rows[0].id, file(b"")).await), "file");
        let large = vec![0; evidence::FILE_MAX + 1];
        assert_eq!(code(evidence::add_file(app, officer, &rows[0].id, file(&large)).await), "file-size");
        for url in
            ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://", "https://a b", "ftp://example.org"]
        {
            assert_eq!(code(evidence::add_link(app, officer, &rows[0].id, "名称", url).await), "url", "{url}");
        }
        evidence::add_link(app, officer, &rows[0].id, "", "https://example.org/記録").await.expect("a link");
        assert_eq!(
            code(evidence::read_file(app, &scene.member, &id).await),
            "not-found",
            "not asked of the department"
        );
        assert_eq!(code(evidence::add_file(app, &scene.member, &rows[0].id, file(b"x")).await), "not-found");
        let auditor = scene.test.actor("alpha", Role::Auditor, "");
        assert!(evidence::read_file(app, &auditor, &id).await.is_ok());
        assert_eq!(code(evidence::add_file(app, &auditor, &rows[0].id, file(b"x")).await), "forbidden");
        let path = sealed_path(app, &found.file_hash).await;
        assert!(!std::fs::read(&path).expect("a sealed file").windows(6).any(|part| part == b"record"));
        std::fs::write(&path, b"forged").expect("somebody changes the file");
        assert_eq!(code(evidence::read_file(app, officer, &twin).await), "evidence-damaged");
        std::fs::remove_file(&path).expect("somebody takes the file away");
        assert_eq!(code(evidence::read_file(app, officer, &id).await), "evidence-damaged");
        evidence::add_file(app, officer, &rows[3].id, file(b"record")).await.expect("the same file again heals it");
        assert!(evidence::read_file(app, officer, &id).await.is_ok());
    }
}

#[tokio::test]
async fn what_belongs_to_another_organisation_is_not_there() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let app = &scene.test.app;
        let beta = scene.test.organisation("beta", terminal_profile()).await;
        let stranger = scene.test.officer("beta");
        let row = &scene.rows().await[0];
        let request = scene.ask(&scene.rows().await[..1]).await;
        let id = scene.assessment.as_str();
        assert_eq!(code(assessment::rows(app, &stranger, id).await), "not-found");
        assert_eq!(code(assessment::sheet(app, &stranger, id).await.map(|_| ())), "not-found");
        assert_eq!(code(assessment::set_open(app, &stranger, id, 1, false).await), "not-found");
        assert_eq!(code(assessment::add_missing_rows(app, &stranger, id).await), "not-found");
        assert_eq!(code(answers::save(app, &stranger, &row.id, 1, set(AnswerField::Status, "o")).await), "not-found");
        assert_eq!(code(answers::detail(app, &stranger, &row.id).await.map(|_| ())), "not-found");
        assert_eq!(
            code(
                answers::save_many(app, &stranger, id, std::slice::from_ref(&row.id), &set(AnswerField::Status, "o"))
                    .await
            ),
            "not-found"
        );
        assert_eq!(code(requests::desk(app, &stranger, &request).await.map(|_| ())), "not-found");
        assert_eq!(code(requests::step(app, &stranger, &request, 1, Step::Withdraw).await), "not-found");
        assert_eq!(code(requests::remind(app, &stranger, &[request]).await), "not-found");
        assert_eq!(code(evidence::add_link(app, &stranger, &row.id, "", "https://example.org").await), "not-found");
        let new = NewRequest {
            assessment_id: id.to_owned(),
            answers: vec![row.id.clone()],
            department_id: beta.department,
            due: "2026-12-01".to_owned(),
            message: String::new(),
        };
        assert_eq!(code(requests::ask(app, &stranger, new.clone()).await), "not-found");
        assert_eq!(
            code(requests::ask(app, &scene.officer, new).await),
            "department",
            "another organisation's department"
        );
        let again = NewAssessment {
            title: "x".to_owned(),
            fiscal_year: 2026,
            editions: vec![PORT.to_owned()],
            previous_id: id.to_owned(),
        };
        assert_eq!(
            code(assessment::create(app, &stranger, again).await),
            "not-found",
            "another organisation's answers as the last ones"
        );
        assert!(assessment::list(app, &stranger).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn kinds_of_refusal_are_what_the_pages_count_on() {
    let scene = Scene::new(Database::Sqlite).await;
    let refused = answers::save(&scene.test.app, &scene.officer, "nothing", 1, Change::default()).await;
    match refused {
        Err(AppError::Refused(refusal)) => assert_eq!(refusal.kind, RefusalKind::NotFound),
        _ => panic!("was not refused"),
    }
}
