//! Incident cases against standards: taken over, judged, what is not covered; on both databases.

use axum::http::StatusCode;
use sakimori_app::incident_case::{self, CaseInput, Standing, Verdict};
use sakimori_domain::identity::Role;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp};

const STANDARD: &str = "telecom-safety-review";

fn code<T>(result: sakimori_app::Result<T>) -> &'static str {
    result.err().expect("a refusal").refusal().expect("a refusal, not a fault").code
}

fn input() -> CaseInput {
    CaseInput {
        label: "1".to_owned(),
        title: "架空の灯台の停電".to_owned(),
        problems: "消灯｜予備の電源を試していなかった\n海図の更新を船に知らせていなかった\n".to_owned(),
        ..CaseInput::default()
    }
}

#[tokio::test]
async fn causes_are_judged_and_what_nothing_covers_is_found() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        t.organisation("other", carrier_profile()).await;
        let (officer, stranger) = (t.officer("ministry"), t.officer("other"));
        let id = incident_case::add(&t.app, &officer, input()).await.expect("a case");
        let view = incident_case::list(&t.app, &officer, STANDARD, &id).await.expect("the case");
        let problems = &view.cases[0].problems;
        assert_eq!((problems.len(), problems[0].problem.accident.as_str()), (2, "消灯"));
        assert!(!problems[0].suggestions.is_empty(), "{database:?}: a power supply is in the standard");
        let (power, charts) = (&problems[0].problem.id, &problems[1].problem.id);
        let candidate = &problems[0].suggestions[0].number;
        let judge = |problem, number, verdict| {
            incident_case::judge(&t.app, &officer, problem, (STANDARD, number), verdict, None)
        };
        judge(charts, "", Verdict::Nothing).await.expect("nothing covers it");
        judge(power, "", Verdict::Nothing).await.expect("nothing covers it");
        judge(power, candidate, Verdict::Confirm).await.expect("after all");
        assert_eq!(code(judge(power, "99/99", Verdict::Confirm).await), "item");
        assert_eq!(code(judge(power, "", Verdict::Reject).await), "item");
        let view = incident_case::list(&t.app, &officer, STANDARD, "").await.expect("the cases");
        let standings: Vec<Standing> = view.cases[0].problems.iter().map(|p| p.standing).collect();
        assert_eq!(standings, [Standing::Covered, Standing::Uncovered], "{database:?}");
        assert!(view.cases[0].problems[0].none.is_none(), "a confirmed item takes 'nothing' back");
        judge(charts, "", Verdict::Clear).await.expect("taken back");

        let late = CaseInput { version: 9, ..input() };
        assert_eq!(code(incident_case::change(&t.app, &officer, &id, late).await), "conflict");
        assert_eq!(code(incident_case::list(&t.app, &stranger, STANDARD, &id).await), "not-found");
        let foreign =
            incident_case::judge(&t.app, &stranger, power, (STANDARD, candidate), Verdict::Reject, None).await;
        assert_eq!(code(foreign), "not-found");
        let auditor = t.actor("ministry", Role::Auditor, "");
        assert_eq!(code(incident_case::add(&t.app, &auditor, input()).await), "forbidden");
    }
}

#[tokio::test]
async fn the_cases_of_a_document_are_taken_over_once() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        let officer = t.officer("ministry");
        assert_eq!(code(incident_case::take_over(&t.app, &officer, "nisc-measures-3").await), "nothing-to-take-over");
        // The shipped catalogue has some of the problems as facts; the words of all of them come with the user's document.
        let found = std::fs::read_dir(sakimori_testkit::seeds()).expect("the seeds").filter_map(Result::ok);
        let file = found.map(|e| e.path()).find(|p| p.to_string_lossy().contains("/000_")).expect("document 000");
        let bytes = std::fs::read(&file).expect("a readable document");
        let grammar = sakimori_app::ingest::Grammar::BestFit;
        let read =
            sakimori_app::ingest::recognise(t.app.program(), "000.txt", &bytes, &grammar, &[]).await.expect("read");
        let options = sakimori_app::ingest::Options::default();
        sakimori_app::ingest::keep(&t.app, &officer, &read, &options).await.expect("kept");
        assert_eq!(incident_case::take_over(&t.app, &officer, STANDARD).await.expect("taken over"), 4);
        let view = incident_case::list(&t.app, &officer, STANDARD, "").await.expect("the cases");
        let problems: usize = view.cases.iter().map(|c| c.problems.len()).sum();
        let covered: usize = view.cases.iter().flat_map(|c| &c.problems).map(|p| p.covers.len()).sum();
        assert!(problems == 23 && covered >= 39, "{database:?}: {problems} problems, {covered} items");
        assert_eq!(code(incident_case::take_over(&t.app, &officer, STANDARD).await), "nothing-to-take-over");
    }
}

#[tokio::test]
async fn the_pages_lead_from_a_cause_to_a_point() {
    // SQLite alone: the pages ask the same functions as the stories above, which run on both.
    let t = TestApp::new(Database::Sqlite).await;
    t.organisation("ministry", carrier_profile()).await;
    let officer = t.browser("ministry-security-officer").await;
    let fields = [("title", "灯台の停電"), ("problems", "消灯｜海図の更新を知らせていなかった")];
    let added = officer.post("/cases", &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    let record = format!("{}?edition={STANDARD}", added.location());
    let page = officer.get(&record).await.text();
    let problem =
        page.split("name=\"problem\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a problem");
    let verdict = [("problem", problem), ("edition", STANDARD), ("verdict", "nothing")];
    let judged = officer.post(&format!("{}/judge", added.location()), &verdict).await;
    assert_eq!(judged.status, StatusCode::SEE_OTHER, "{}", judged.text());
    let causes = officer.get(&format!("/cases/causes?edition={STANDARD}")).await.text();
    assert!(causes.contains("海図の更新") && causes.contains("/revision/new?edition=telecom-safety-review"));
    for file in ["/cases/table.xlsx", "/cases/table.pdf"] {
        let answer = officer.get(&format!("{file}?edition={STANDARD}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}: {}", answer.text());
    }
}
