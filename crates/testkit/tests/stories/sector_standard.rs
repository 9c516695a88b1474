//! The register of sector standards: kept, taken over, planned by half-year; on both databases.

use axum::http::StatusCode;
use sakimori_app::ingest::{self, Grammar, Options};
use sakimori_app::sector_standard::{self, RowInput};
use sakimori_domain::identity::Role;
use sakimori_domain::standards::AuthorityClass;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp, seeds};

const GUIDELINE: &str = "nisc-measures-3";

fn code<T>(result: sakimori_app::Result<T>) -> &'static str {
    result.err().expect("a refusal").refusal().expect("a refusal, not a fault").code
}

fn input() -> RowInput {
    RowInput {
        sector: "港湾".to_owned(),
        title: "架空の灯台安全基準".to_owned(),
        authority: "state".to_owned(),
        cycle_months: "24".to_owned(),
        next_review_on: "2027-03-31".to_owned(),
        ..RowInput::default()
    }
}

#[tokio::test]
async fn a_standard_is_kept_planned_and_what_it_need_not_have_is_said() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        t.organisation("other", carrier_profile()).await;
        let (officer, stranger) = (t.officer("ministry"), t.officer("other"));
        let keep = |id: String, input: RowInput| {
            let (app, officer) = (t.app.clone(), officer.clone());
            async move { sector_standard::keep(&app, &officer, &id, input).await }
        };
        let id = keep(String::new(), input()).await.expect("a row");
        assert_eq!(code(keep(String::new(), RowInput { authority: "x".to_owned(), ..input() }).await), "authority");
        assert_eq!(code(keep(String::new(), RowInput { cycle_months: "999".to_owned(), ..input() }).await), "cycle");
        assert_eq!(code(keep(id.clone(), RowInput { version: 9, ..input() }).await), "conflict");
        let supplement = RowInput { supplement_of: id.clone(), version: 1, ..input() };
        assert_eq!(code(keep(id.clone(), supplement.clone()).await), "supplement", "nothing supplements itself");
        keep(String::new(), RowInput { version: 0, ..supplement }).await.expect("a supplement");

        let set = |year: i64, step: &'static str, action: &'static str| {
            let (app, officer, id) = (t.app.clone(), officer.clone(), id.clone());
            async move { sector_standard::set_step(&app, &officer, &id, (year, 1), step, action, None).await }
        };
        set(2026, "revise", "plan").await.expect("planned");
        set(2026, "revise", "done").await.expect("done");
        set(2027, "survey", "plan").await.expect("planned");
        set(2027, "survey", "remove").await.expect("taken out");
        assert_eq!(code(set(1900, "survey", "plan").await), "step");
        let number = "(1)/ウ/(ア)/○負荷分散";
        let exclude = |number: &'static str, reason: &'static str| {
            let (app, officer, id) = (t.app.clone(), officer.clone(), id.clone());
            async move { sector_standard::exclude(&app, &officer, &id, (GUIDELINE, number), reason, None).await }
        };
        exclude(number, "灯台は一基である。").await.expect("a reason");
        assert_eq!(code(exclude(number, " ").await), "reason");
        assert_eq!(code(exclude("99", "x").await), "item");
        let register = sector_standard::list(&t.app, &officer).await.expect("the register");
        assert_eq!((register.rows.len(), register.steps.len(), register.exclusions.len()), (2, 1, 1), "{database:?}");
        assert!(register.steps[0].is_done);

        assert!(sector_standard::list(&t.app, &stranger).await.expect("their own").rows.is_empty());
        let foreign = sector_standard::keep(&t.app, &stranger, &id, RowInput { version: 1, ..input() }).await;
        assert_eq!(code(foreign), "not-found");
        let auditor = t.actor("ministry", Role::Auditor, "");
        assert_eq!(code(sector_standard::keep(&t.app, &auditor, "", input()).await), "forbidden");
    }
}

#[tokio::test]
async fn the_sector_standards_of_the_action_plan_are_taken_over_once() {
    let found = std::fs::read_dir(seeds()).expect("the seeds").filter_map(Result::ok).map(|entry| entry.path());
    let file =
        found.into_iter().find(|path| path.to_string_lossy().contains("/003_")).expect("document 003 in the seeds");
    let bytes = std::fs::read(&file).expect("a readable document");
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        let officer = t.officer("ministry");
        let read = ingest::recognise(t.app.program(), "003.txt", &bytes, &Grammar::BestFit, &[]).await.expect("read");
        let kept = ingest::keep(&t.app, &officer, &read, &Options::default()).await.expect("kept");
        let edition = kept.plan().target.entry().id.clone();
        assert_eq!(sector_standard::take_over(&t.app, &officer, &edition).await.expect("taken over"), 16);
        let rows = sector_standard::list(&t.app, &officer).await.expect("the register").rows;
        let of = |class| rows.iter().filter(|row| row.authority == class).count();
        assert_eq!((of(AuthorityClass::Law), of(AuthorityClass::State), of(AuthorityClass::Industry)), (1, 7, 8));
        assert!(rows.iter().all(|row| !row.issuer.starts_with('【')), "{database:?}");
        assert_eq!(code(sector_standard::take_over(&t.app, &officer, &edition).await), "nothing-to-take-over");
    }
}

#[tokio::test]
async fn the_register_has_its_pages_and_papers() {
    // SQLite alone: the pages ask the same functions as the stories above, which run on both.
    let t = TestApp::new(Database::Sqlite).await;
    t.organisation("ministry", carrier_profile()).await;
    let officer = t.browser("ministry-security-officer").await;
    let fields = [("sector", "港湾"), ("title", "架空の灯台安全基準"), ("authority", "law")];
    assert_eq!(officer.post("/sector-standards", &fields).await.status, StatusCode::SEE_OTHER);
    let missing = officer.post("/sector-standards", &fields[..1]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let list = officer.get("/sector-standards").await.text();
    let record = list.split("data-href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a row");
    assert!(officer.get(record).await.text().contains("架空の灯台安全基準"));
    for file in ["/sector-standards/table.xlsx", "/sector-standards/table.pdf"] {
        let answer = officer.get(file).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}: {}", answer.text());
    }
}
