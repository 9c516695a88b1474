//! 答えは一度: an operator answers one standard, sees what of another follows, carries it over, and takes it back; a source
//! that changes asks for review; a new Edition reaches a running Assessment. On both databases.

use axum::http::StatusCode;
use sakimori_app::answers::{self, Change};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::carry::{self, Decision, Take};
use sakimori_app::{Actor, AppError, edition_change};
use sakimori_domain::assurance::carry::{How, Reached};
use sakimori_domain::assurance::{AnswerField, AnswerStatus};
use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::{Edition, Guide, Provision, ProvisionKind};
use sakimori_store::assessment::SheetRow;
use sakimori_store::crosswalk::{Crosswalk, Mapping, insert_crosswalk, insert_mapping};
use sakimori_store::edition::{EditionEntry, put_edition, put_provisions};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp};

const TELECOM: &str = "jt-x1051-2018";
const GUIDELINE: &str = "nisc-measures-3";
const PORT: &str = "port-guideline-2024-tos";

fn code<T>(result: Result<T, AppError>) -> &'static str {
    match result {
        Err(AppError::Refused(refusal)) => refusal.code,
        Err(other) => panic!("broke: {other}"),
        Ok(_) => panic!("was not refused"),
    }
}

/// A carrier that answers the telecom standard and, in another Assessment, the guideline.
struct Scene {
    test: TestApp,
    officer: Actor,
    telecom: String,
    guideline: String,
    department: String,
}

impl Scene {
    async fn new(database: Database) -> Self {
        let test = TestApp::new(database).await;
        let profile = OrganisationProfile {
            operator_kinds: vec!["critical-infrastructure-operator".to_owned()],
            ..carrier_profile()
        };
        let carrier = test.organisation("alpha", profile).await;
        let officer = test.officer("alpha");
        let open = async |edition: &str, title: &str| {
            let new = NewAssessment {
                title: title.to_owned(),
                fiscal_year: 2026,
                editions: vec![edition.to_owned()],
                previous_id: String::new(),
            };
            assessment::create(&test.app, &officer, new).await.expect("an assessment")
        };
        let telecom = open(TELECOM, "電気通信の点検").await;
        let guideline = open(GUIDELINE, "指針の点検").await;
        Self { officer, telecom, guideline, department: carrier.department, test }
    }

    /// Rows of an Assessment by number.
    async fn row(&self, assessment: &str, number: &str) -> SheetRow {
        let rows = assessment::rows(&self.test.app, &self.officer, assessment).await.expect("rows").1;
        rows.into_iter().find(|row| row.number == number).unwrap_or_else(|| panic!("no row {number}"))
    }

    async fn answer(&self, assessment: &str, number: &str, status: &str, current: &str) {
        let row = self.row(assessment, number).await;
        let mut change = Change::default();
        change.set(AnswerField::Status, status).expect("a mark");
        change.set(AnswerField::Current, current).expect("a text");
        change.set(AnswerField::NaReason, if status == "na" { "設備がない" } else { "" }).expect("a reason");
        answers::save(&self.test.app, &self.officer, &row.id, row.version, change).await.expect("saved");
    }

    /// Confirmed mappings from the telecom standard to the guideline.
    async fn map(&self, pairs: &[(&str, &str, Relation)]) {
        self.map_to(GUIDELINE, pairs).await;
    }

    /// The same to any Edition.
    async fn map_to(&self, target_edition: &str, pairs: &[(&str, &str, Relation)]) {
        let walk = format!("walk-{target_edition}");
        let mut write = self.test.app.store().write().await.expect("write");
        let crosswalk = Crosswalk {
            id: walk.clone(),
            source_edition: TELECOM.to_owned(),
            target_edition: target_edition.to_owned(),
            created_by: "判定者".to_owned(),
            created_at: "2026-11-01T00:00:00Z".to_owned(),
        };
        insert_crosswalk(&mut write, &self.officer.organisation_id, &crosswalk).await.expect("a crosswalk");
        for (at, (source, target, relation)) in pairs.iter().enumerate() {
            let mapping = Mapping {
                id: format!("{walk}-{at}"),
                crosswalk_id: walk.clone(),
                source_number: (*source).to_owned(),
                target_number: (*target).to_owned(),
                relation: *relation,
                status: MappingStatus::Confirmed,
                rationale: String::new(),
                origin: "person".to_owned(),
                decided_by: "判定者".to_owned(),
                decided_at: "2026-11-01T00:00:00Z".to_owned(),
                review: String::new(),
                review_note: String::new(),
                reviewed_by: String::new(),
                reviewed_at: String::new(),
                version: 1,
            };
            insert_mapping(&mut write, &self.officer.organisation_id, &mapping).await.expect("a mapping");
        }
        write.commit().await.expect("commit");
    }

    async fn plan(&self) -> carry::Plan {
        carry::plan(&self.test.app, &self.officer, &self.guideline, &self.telecom).await.expect("a plan")
    }

    /// Ticks every row of the plan that has no answer yet.
    async fn ticks(&self) -> Vec<Take> {
        let rows = self.plan().await.rows;
        rows.iter()
            .filter(|row| carry::is_empty(&row.row))
            .map(|row| Take { answer_id: row.row.id.clone(), seen: row.seen(), overwrite: false })
            .collect()
    }

    async fn apply(&self, takes: &[Take]) -> Result<(String, usize), AppError> {
        carry::apply(&self.test.app, &self.officer, &self.guideline, &self.telecom, takes).await
    }
}

const HOLES: &str = "(1)/ウ/(イ)/○セキュリティホール";
const MALWARE: &str = "(1)/ウ/(イ)/○不正プログラム";
const AUTHENTICATION: &str = "(1)/ウ/(ア)/○主体認証";
const STRUCTURE: &str = "(1)/ア/(ア)/○組織・体制の確立";
const WHEN_PLACED: &str = "(1)/エ/(イ)/○設置時";

/// 12.6.1 asks the same as one item, 9.4 (a heading) holds another, 6.1.1 meets a third, 11.2.1 is part of a fourth.
async fn mapped(database: Database) -> Scene {
    let scene = Scene::new(database).await;
    scene
        .map(&[
            ("12.6.1", HOLES, Relation::Equal),
            ("9.4", AUTHENTICATION, Relation::SupersetOf),
            ("6.1.1", STRUCTURE, Relation::Intersects),
            ("11.2.1", WHEN_PLACED, Relation::SubsetOf),
        ])
        .await;
    scene
}

/// A carrier that also runs systems of a port terminal answers the telecom standard once.
#[tokio::test]
async fn one_answer_reaches_the_guideline_and_the_port_volume() {
    for database in BOTH {
        let scene = Scene::new(database).await;
        let sectors = vec!["information-communications".to_owned(), "port".to_owned()];
        let profile = OrganisationProfile { sectors, ports: vec!["名古屋港".to_owned()], ..carrier_profile() };
        scene.test.organisation("beta", profile).await;
        let (app, officer) = (scene.test.app.clone(), scene.test.officer("beta"));
        let open = async |editions: &[&str], title: &str| {
            let editions = editions.iter().map(|id| (*id).to_owned()).collect();
            let new =
                NewAssessment { title: title.to_owned(), fiscal_year: 2026, editions, previous_id: String::new() };
            assessment::create(&app, &officer, new).await.expect("an assessment")
        };
        let telecom = open(&[TELECOM], "電気通信の点検").await;
        let others = open(&[GUIDELINE, PORT], "指針と港湾の点検").await;
        let scene = Scene { officer: officer.clone(), telecom, guideline: others, department: String::new(), ..scene };
        scene.map_to(GUIDELINE, &[("12.2.1", MALWARE, Relation::Equal)]).await;
        scene
            .map_to(PORT, &[("12.2.1", "2.7.1", Relation::SupersetOf), ("12.3.1", "2.7.2", Relation::Intersects)])
            .await;
        scene.answer(&scene.telecom, "12.2.1", "o", "全端末で検知する").await;
        scene.answer(&scene.telecom, "12.3.1", "o", "毎夜とる").await;
        let plan = scene.plan().await;
        let followed: Vec<(&str, &str, How)> = plan
            .rows
            .iter()
            .map(|row| (row.row.edition_id.as_str(), row.row.number.as_str(), row.outcome.how))
            .collect();
        let expected =
            [(GUIDELINE, MALWARE, How::Carried), (PORT, "2.7.1", How::Carried), (PORT, "2.7.2", How::Proposed)];
        assert_eq!(followed, expected);
        let takes = scene.ticks().await;
        assert_eq!(scene.apply(&takes).await.expect("carried").1, 3);
        let backup = scene.row(&scene.guideline, "2.7.2").await;
        assert_eq!(backup.answer.status, AnswerStatus::Partly, "an overlap never says ○");
        assert_eq!(backup.carried.expect("its source").sources[0].number, "12.3.1");
    }
}

#[tokio::test]
async fn answers_follow_confirmed_mappings_with_their_source_and_can_be_taken_back() {
    for database in BOTH {
        let scene = mapped(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        assert!(scene.plan().await.rows.is_empty(), "nothing has been answered yet");
        scene.answer(&scene.telecom, "12.6.1", "triangle", "月に一度、台帳と照合する").await;
        scene.answer(&scene.telecom, "6.1.1", "o", "任命している").await;
        scene.answer(&scene.telecom, "11.2.1", "o", "施錠している").await;
        let headed: Vec<String> = {
            let rows = assessment::rows(app, officer, &scene.telecom).await.unwrap().1;
            rows.into_iter().filter(|row| row.parent == "9.4").map(|row| row.number).collect()
        };
        assert!(headed.len() > 2, "9.4 is a heading of several controls");
        for number in &headed[1..] {
            scene.answer(&scene.telecom, number, "o", "規程どおり").await;
        }
        let plan = scene.plan().await;
        assert_eq!(plan.mappings, 4);
        let outcome = |plan: &carry::Plan, number: &str| {
            let row = plan.rows.iter().find(|row| row.row.number == number).expect("follows");
            (row.outcome.how, row.outcome.answer.status)
        };
        assert_eq!(outcome(&plan, HOLES), (How::Carried, AnswerStatus::Partly));
        assert_eq!(outcome(&plan, STRUCTURE), (How::Proposed, AnswerStatus::Partly));
        assert_eq!(outcome(&plan, WHEN_PLACED), (How::Proposed, AnswerStatus::Partly));
        assert_eq!(outcome(&plan, AUTHENTICATION).0, How::Proposed, "one control below 9.4 is not answered");
        scene.answer(&scene.telecom, &headed[0], "o", "規程どおり").await;
        assert_eq!(outcome(&scene.plan().await, AUTHENTICATION), (How::Carried, AnswerStatus::Yes));

        scene.test.pass(60);
        let takes = scene.ticks().await;
        let (id, count) = scene.apply(&takes).await.expect("carried");
        assert_eq!(count, 4);
        let holes = scene.row(&scene.guideline, HOLES).await;
        let carried = holes.carried.as_ref().expect("it says where it came from");
        assert_eq!((holes.answer.status, carried.confirmed, carried.how), (AnswerStatus::Partly, false, How::Carried));
        let source = &carried.sources[0];
        assert_eq!((source.number.as_str(), source.status), ("12.6.1", AnswerStatus::Partly));
        assert_eq!(source.answered_at, "2026-11-20T00:00:00Z");
        assert_eq!(source.answered_by, officer.name);
        let authentication = scene.row(&scene.guideline, AUTHENTICATION).await;
        assert_eq!(
            authentication.carried.expect("carried").sources.len(),
            headed.len(),
            "every answer below the heading"
        );
        assert_eq!(code(scene.apply(&takes).await), "plan-stale", "the same ticks again");

        // One row is rewritten, then the whole is taken back: that row stays and is named.
        scene.answer(&scene.guideline, HOLES, "o", "自分の言葉で書いた").await;
        let (_, undone) = carry::undo(app, officer, &id).await.expect("undone");
        assert_eq!((undone.restored, undone.left), (3, vec![HOLES.to_owned()]));
        assert!(carry::is_empty(&scene.row(&scene.guideline, STRUCTURE).await), "{database:?}");
        assert_eq!(scene.row(&scene.guideline, STRUCTURE).await.carried, None);
        assert_eq!(scene.row(&scene.guideline, HOLES).await.answer.current, "自分の言葉で書いた");
        assert_eq!(code(carry::undo(app, officer, &id).await), "conflict");
        let entries = carry::applications(app, officer, &scene.guideline).await.expect("a list");
        assert_eq!((entries.len(), entries[0].left.as_slice()), (1, [HOLES.to_owned()].as_slice()));
    }
}

#[tokio::test]
async fn nothing_is_overwritten_unless_asked_row_by_row_and_nothing_is_half_applied() {
    for database in BOTH {
        let scene = mapped(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        scene.answer(&scene.telecom, "12.6.1", "o", "毎月").await;
        scene.answer(&scene.telecom, "6.1.1", "na", "").await;
        scene.answer(&scene.guideline, HOLES, "x", "前から書いていた").await;
        let plan = scene.plan().await;
        let take = |overwrite| -> Vec<Take> {
            plan.rows.iter().map(|row| Take { answer_id: row.row.id.clone(), seen: row.seen(), overwrite }).collect()
        };
        assert_eq!(take(false).len(), 2);
        assert_eq!(code(scene.apply(&take(false)).await), "overwrite");
        assert!(carry::is_empty(&scene.row(&scene.guideline, STRUCTURE).await), "nothing half applied");
        assert_eq!(code(scene.apply(&[]).await), "selection");
        let foreign = Take { answer_id: "of-somebody-else".to_owned(), seen: String::new(), overwrite: true };
        assert_eq!(code(scene.apply(&[foreign]).await), "plan-stale");
        let auditor = scene.test.actor("alpha", Role::Auditor, "");
        assert_eq!(code(carry::apply(app, &auditor, &scene.guideline, &scene.telecom, &take(true)).await), "forbidden");
        scene.test.organisation("beta", carrier_profile()).await;
        let stranger = scene.test.officer("beta");
        assert_eq!(code(carry::plan(app, &stranger, &scene.guideline, &scene.telecom).await), "not-found");
        let (id, _) = scene.apply(&take(true)).await.expect("asked for");
        assert_eq!(code(carry::undo(app, &stranger, &id).await), "not-found");
        let row = scene.row(&scene.guideline, STRUCTURE).await;
        assert_eq!((row.answer.status, row.answer.na_reason.as_str()), (AnswerStatus::NotApplicable, "設備がない"));
        assert_eq!(row.carried.expect("carried").how, How::Proposed, "－ only proposes");
        carry::undo(app, officer, &id).await.expect("undone");
        assert_eq!(scene.row(&scene.guideline, HOLES).await.answer.current, "前から書いていた");
        assessment::set_open(app, officer, &scene.guideline, 1, false).await.expect("closed");
        assert_eq!(code(scene.apply(&scene.ticks().await).await), "assessment-closed");
    }
}

#[tokio::test]
async fn a_source_that_changes_asks_for_review() {
    for database in BOTH {
        let scene = mapped(database).await;
        let (app, officer) = (&scene.test.app, &scene.officer);
        scene.answer(&scene.telecom, "12.6.1", "o", "毎月").await;
        scene.answer(&scene.telecom, "6.1.1", "o", "任命済み").await;
        scene.apply(&scene.ticks().await).await.expect("carried");
        let row = scene.row(&scene.guideline, HOLES).await;
        let browser = scene.test.browser("alpha-security-officer").await;
        let home = browser.get("/").await.text();
        assert!(!home.contains("元の回答が変わった"));
        // Giving the source row to a department is no change of its answer.
        let mut give = Change::default();
        give.set(AnswerField::Department, &scene.department).expect("a department");
        let source = scene.row(&scene.telecom, "12.6.1").await;
        answers::save_many(app, officer, &scene.telecom, &[source.id], &give).await.expect("given");
        assert!(!scene.row(&scene.guideline, HOLES).await.carried.expect("carried").source_changed());

        carry::decide(app, officer, &row.id, Decision::Confirm).await.expect("confirmed");
        assert!(scene.row(&scene.guideline, HOLES).await.carried.expect("carried").confirmed);
        scene.answer(&scene.telecom, "12.6.1", "x", "止めた").await;
        assert!(scene.row(&scene.guideline, HOLES).await.carried.expect("carried").source_changed());
        assert_eq!(code(carry::decide(app, officer, &row.id, Decision::Confirm).await), "source-changed");
        assert_eq!(
            carry::to_review(app, officer).await.unwrap(),
            [(scene.guideline.clone(), "指針の点検".to_owned(), 1)]
        );
        let home = browser.get("/").await.text();
        assert!(home.contains("元の回答が変わった項目を確かめる"), "{database:?}");
        let filtered = browser.get(&format!("/assessments/{}?show=changed", scene.guideline)).await.text();
        assert!(filtered.contains("セキュリティホール") && !filtered.contains("組織・体制の確立</a>"));
        let api = browser.get(&format!("/api/v1/assessments/{}/answers", scene.guideline)).await.text();
        assert!(api.contains("\"source_changed\":true") && api.contains("\"number\":\"12.6.1\""));

        let posted =
            browser.post(&format!("/answers/{}/carried", row.id), &[("decision", "take"), ("back", "/")]).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
        let taken = scene.row(&scene.guideline, HOLES).await;
        assert_eq!((taken.answer.status, taken.answer.current.as_str()), (AnswerStatus::No, "止めた"));
        assert!(taken.carried.as_ref().is_some_and(|c| c.confirmed && !c.source_changed()));
        let api = browser.get(&format!("/api/v1/assessments/{}/answers", scene.guideline)).await.text();
        assert!(!api.contains("\"source_changed\":true") && api.contains("止めた"), "the list follows");

        scene.answer(&scene.telecom, "12.6.1", "o", "再開した").await;
        carry::decide(app, officer, &row.id, Decision::Keep).await.expect("kept");
        let kept = scene.row(&scene.guideline, HOLES).await;
        assert_eq!(kept.answer.status, AnswerStatus::No);
        assert!(!kept.carried.expect("carried").source_changed());
        assert!(carry::to_review(app, officer).await.unwrap().is_empty());

        let structure = scene.row(&scene.guideline, STRUCTURE).await;
        let ids = [structure.id.clone(), row.id.clone()];
        assert_eq!(carry::confirm_many(app, officer, &scene.guideline, &ids).await.unwrap(), 1, "the other one is");
        let plain = scene.row(&scene.guideline, WHEN_PLACED).await;
        assert_eq!(code(carry::decide(app, officer, &plain.id, Decision::Confirm).await), "not-carried");
        let member = scene.test.actor("alpha", Role::DepartmentMember, &scene.department);
        assert_eq!(code(carry::decide(app, &member, &row.id, Decision::Keep).await), "not-found");
    }
}

/// An in-house standard with one control per line: number, title, text.
async fn publish(test: &TestApp, id: &str, label: &str, from: &str, controls: &[(&str, &str, &str)]) {
    let entry = EditionEntry {
        id: format!("alpha~{id}"),
        owner: "alpha".to_owned(),
        edition: Edition {
            id: id.to_owned(),
            standard: "alpha-rules".to_owned(),
            title: "社内規程".to_owned(),
            short: "社内規程".to_owned(),
            label: label.to_owned(),
            valid_from: from.to_owned(),
            ..Edition::default()
        },
        origin: "ingested".to_owned(),
        content_hash: String::new(),
        created_at: test.app.now().to_string(),
        provisions: 0,
        controls: 0,
        texts: 0,
    };
    let provisions: Vec<(Provision, Guide)> = controls
        .iter()
        .map(|(number, title, _)| (Provision::new(*number, ProvisionKind::Control, *title), Guide::default()))
        .collect();
    let mut write = test.app.store().write().await.expect("write");
    put_edition(&mut write, &entry).await.expect("an edition");
    put_provisions(&mut write, &entry.id, &provisions).await.expect("its items");
    write.commit().await.expect("commit");
}

// tidy: long because it is one story, from the old edition to the new one and back.
#[tokio::test]
async fn a_new_edition_reaches_a_running_assessment_and_can_be_taken_back() {
    const OLD: &str = "alpha~rules-1";
    const NEW: &str = "alpha~rules-2";
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let old = [
            ("1", "責任者の任命", ""),
            ("2", "媒体の廃棄の手順", ""),
            ("3", "入退室の記録", ""),
            ("4", "教育の実施", ""),
        ];
        publish(&test, "rules-1", "改訂前の版", "2024-04-01", &old).await;
        let open = async |title: &str, previous: &str| {
            let new = NewAssessment {
                title: title.to_owned(),
                fiscal_year: 2026,
                editions: vec![OLD.to_owned(), TELECOM.to_owned()],
                previous_id: previous.to_owned(),
            };
            assessment::create(&test.app, &officer, new).await.expect("an assessment")
        };
        let last = open("前回", "").await;
        let id = open("今回", &last).await;
        let rows = async || assessment::rows(&test.app, &officer, &id).await.expect("rows").1;
        let save = async |row: &SheetRow, status: &str| {
            let mut change = Change::default();
            change.set(AnswerField::Status, status).expect("a mark");
            change.set(AnswerField::Current, &format!("{}の現状", row.title)).expect("a text");
            answers::save(&test.app, &officer, &row.id, row.version, change).await.expect("saved");
        };
        for row in assessment::rows(&test.app, &officer, &last).await.unwrap().1.iter().take(4) {
            save(row, "x").await;
        }
        for row in rows().await.iter().take(4) {
            save(row, "o").await;
        }
        assert!(edition_change::successors(&test.app, &officer, &id).await.unwrap().1.is_empty());
        let new = [
            ("1", "責任者の任命", ""),
            ("1の2", "委託先の確認", ""),
            ("3", "入退室の記録と点検", ""),
            ("5", "教育の実施", ""),
        ];
        publish(&test, "rules-2", "改訂後の版", "2026-10-01", &new).await;
        let preview = edition_change::preview(&test.app, &officer, &id, OLD, NEW).await.expect("a preview");
        let seen: Vec<(Reached, usize)> = Reached::ALL.iter().map(|r| (*r, preview.count(*r))).collect();
        let one_each = Reached::ALL.iter().map(|r| (*r, 1)).collect::<Vec<_>>();
        assert_eq!(seen, one_each);
        let before = rows().await;
        assert_eq!(code(edition_change::apply(&test.app, &officer, &id, (OLD, NEW), "0-0").await), "preview-stale");
        assert_eq!(code(edition_change::apply(&test.app, &officer, &id, (NEW, OLD), "0-0").await), "not-found");
        let applied =
            edition_change::apply(&test.app, &officer, &id, (OLD, NEW), &preview.seen()).await.expect("applied");

        let sheet = rows().await;
        let numbers: Vec<&str> = sheet.iter().take(5).map(|row| row.number.as_str()).collect();
        assert_eq!(numbers[..4], ["1", "1の2", "3", "5"]);
        assert_eq!(sheet.len(), before.len(), "one came, one went");
        assert!(sheet.windows(2).all(|pair| pair[0].position < pair[1].position));
        let marks: Vec<AnswerStatus> = sheet.iter().take(4).map(|row| row.answer.status).collect();
        assert_eq!(marks, [AnswerStatus::Yes, AnswerStatus::Unanswered, AnswerStatus::Unanswered, AnswerStatus::Yes]);
        let asked = &sheet[2];
        assert_eq!(asked.asked_again.as_deref(), Some("3"));
        assert_eq!(
            asked.last.as_ref().map(|last| last.current.as_str()),
            Some("入退室の記録の現状"),
            "the old answer in grey"
        );
        assert_eq!(sheet[3].id, before[3].id, "the row itself moved, with its evidence and requests");
        assert_eq!(
            sheet[3].last.as_ref().map(|last| last.status),
            Some(AnswerStatus::No),
            "last year's is found again"
        );
        assert_eq!(sheet[0].edition_id, NEW);
        let browser = test.browser("alpha-security-officer").await;
        let page = browser.get(&format!("/assessments/{id}?show=asked")).await.text();
        assert!(page.contains("再確認") && page.contains("入退室の記録と点検"));
        let report = browser.get(&format!("/assessments/{id}/report")).await.text();
        assert!(report.contains("改訂後の版") && !report.contains("改訂前の版"), "the report says which edition");

        // What is new was answered: the way back is closed until that answer is gone.
        save(&sheet[1], "o").await;
        save(asked, "triangle").await;
        assert_eq!(code(carry::undo(&test.app, &officer, &applied).await), "edition-in-use");
        let added = rows().await.swap_remove(1);
        let mut clear = Change::default();
        clear.set(AnswerField::Status, "blank").expect("a mark");
        clear.set(AnswerField::Current, "").expect("a text");
        answers::save(&test.app, &officer, &added.id, added.version, clear).await.expect("cleared");
        let (_, undone) = carry::undo(&test.app, &officer, &applied).await.expect("undone");
        assert_eq!(undone.left, ["3"], "answered since: it keeps the new words under its old number");
        let back = rows().await;
        assert_eq!(
            back.iter().map(|row| (&row.id, &row.number)).collect::<Vec<_>>(),
            before.iter().map(|row| (&row.id, &row.number)).collect::<Vec<_>>(),
            "{database:?}"
        );
        let marks: Vec<AnswerStatus> = back.iter().take(4).map(|row| row.answer.status).collect();
        assert_eq!(marks, [AnswerStatus::Yes, AnswerStatus::Yes, AnswerStatus::Partly, AnswerStatus::Yes]);
        let again = edition_change::preview(&test.app, &officer, &id, OLD, NEW).await.expect("again");
        edition_change::apply(&test.app, &officer, &id, (OLD, NEW), &again.seen()).await.expect("applied again");
    }
}
