//! Crosswalks on both databases: suggested, judged, undone, reviewed, and nobody else's.

use axum::http::StatusCode;
use sakimori_app::crosswalk::{self as app, Desk, DeskQuery, Direction, Judgement};
use sakimori_app::{Actor, AppError};
use sakimori_domain::crosswalk::{Cover, MappingStatus, Relation};
use sakimori_domain::identity::Role;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp};

const OWN: &str = "nisc-measures-3";
const OTHER: &str = "jt-x1051-2018";
const ITEM: &str = "(1)/ウ/(イ)/○不正プログラム";

fn code<T>(result: Result<T, AppError>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(error) => error.refusal().map_or("broken", |refusal| refusal.code),
    }
}

fn second(test: &TestApp) -> Actor {
    Actor { account_id: "alpha-second".to_owned(), ..test.actor("alpha", Role::SecurityOfficer, "") }
}

async fn at(test: &TestApp, actor: &Actor, id: &str, number: &str) -> Desk {
    let query = DeskQuery { at: number.to_owned(), ..DeskQuery::default() };
    app::desk(&test.app, actor, id, query).await.expect("the desk")
}

fn related(other: &str, relation: Relation, version: i64) -> Judgement {
    Judgement {
        direction: Direction::Forward,
        own: ITEM.to_owned(),
        other: other.to_owned(),
        relation: Some(relation),
        status: MappingStatus::Confirmed,
        rationale: Some("検知と更新は同じ。教育は相手だけ。".to_owned()),
        version,
    }
}

#[tokio::test]
async fn an_item_is_suggested_judged_undone_and_reviewed() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let (id, _) = app::create(&test.app, &officer, OWN, OTHER).await.expect("a crosswalk");
        let again = app::create(&test.app, &officer, OTHER, OWN).await.expect("the same pair");
        assert_eq!(again, (id.clone(), Direction::Reverse), "a pair is kept once");

        let desk = at(&test, &officer, &id, ITEM).await;
        assert_eq!(desk.candidates.len(), app::CANDIDATES);
        let best = desk.other(desk.candidates[0].place).expect("a Provision").provision.id.clone();
        assert!(best.starts_with("12.2"), "malware finds malware: {best}");

        app::judge(&test.app, &officer, &id, &related(&best, Relation::SubsetOf, 0)).await.expect("judged");
        let stale = app::judge(&test.app, &officer, &id, &related(&best, Relation::Equal, 0)).await;
        assert_eq!(code(stale), "conflict", "whoever did not see the judgement does not overwrite it");
        let desk = at(&test, &officer, &id, ITEM).await;
        assert_eq!(desk.view.cover(desk.at), Cover::Covered);
        assert_eq!(desk.history.len(), 1);

        // From the other side the same Mapping is turned around.
        let query = DeskQuery { direction: Direction::Reverse, at: best.clone(), ..DeskQuery::default() };
        let turned = app::desk(&test.app, &officer, &id, query).await.expect("the other side");
        let reading = turned.view.of(&best).next().expect("a Mapping");
        assert_eq!((reading.other.as_str(), reading.relation), (ITEM, Relation::SupersetOf));
        assert_eq!(turned.history.len(), 1);

        let mapping = desk.view.readings[0].mapping.clone();
        let own = app::review(&test.app, &officer, &id, (&mapping.id, mapping.version), true, "").await;
        assert_eq!(code(own), "crosswalk-own-review");
        let second = second(&test);
        let mute = app::review(&test.app, &second, &id, (&mapping.id, mapping.version), false, " ").await;
        assert_eq!(code(mute), "crosswalk-review-note");
        app::review(&test.app, &second, &id, (&mapping.id, mapping.version), false, "広すぎる").await.expect("said");
        assert_eq!(at(&test, &officer, &id, ITEM).await.disputed, 1);
        // What somebody else has added to since is not silently taken back.
        assert_eq!(code(app::undo(&test.app, &officer, &id, Direction::Forward).await), "conflict");

        let version = mapping.version + 1;
        app::judge(&test.app, &officer, &id, &related(&best, Relation::Intersects, version)).await.expect("anew");
        assert_eq!(at(&test, &officer, &id, ITEM).await.disputed, 0, "a new decision wants a new look");
        app::undo(&test.app, &officer, &id, Direction::Forward).await.expect("undone");
        let desk = at(&test, &officer, &id, ITEM).await;
        assert_eq!((desk.disputed, desk.view.readings[0].relation), (1, Relation::SubsetOf), "{database:?}");
    }
}

#[tokio::test]
async fn no_counterpart_rejections_and_where_one_stopped() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let (id, _) = app::create(&test.app, &officer, OWN, OTHER).await.expect("a crosswalk");
        let first = app::desk(&test.app, &officer, &id, DeskQuery::default()).await.expect("the desk");
        let number = first.item().expect("an item").provision.id.clone();
        let best = first.other(first.candidates[0].place).expect("a Provision").provision.id.clone();
        let judgement = |other: &str, relation, status| Judgement {
            own: number.clone(),
            other: other.to_owned(),
            relation,
            status,
            rationale: None,
            direction: Direction::Forward,
            version: 0,
        };
        let reject = judgement(&best, None, MappingStatus::Rejected);
        app::judge(&test.app, &officer, &id, &reject).await.expect("rejected");
        let desk = at(&test, &officer, &id, &number).await;
        assert!(desk.candidates.iter().all(|c| desk.other(c.place).is_some_and(|e| e.provision.id != best)));
        assert_eq!(desk.view.cover(desk.at), Cover::Unjudged, "a rejection is no judgement of the item");
        let none = judgement("", Some(Relation::None), MappingStatus::Confirmed);
        app::judge(&test.app, &officer, &id, &none).await.expect("no counterpart");
        let wrong = judgement("", Some(Relation::Equal), MappingStatus::Confirmed);
        assert_eq!(code(app::judge(&test.app, &officer, &id, &wrong).await), "crosswalk-relation");
        let unknown = judgement("99.9", Some(Relation::Equal), MappingStatus::Confirmed);
        assert_eq!(code(app::judge(&test.app, &officer, &id, &unknown).await), "crosswalk-number");

        let resumed = app::desk(&test.app, &officer, &id, DeskQuery::default()).await.expect("the desk");
        assert_eq!(resumed.item().map(|e| &e.provision.id), first.next.as_ref(), "{database:?}");
        assert_eq!(resumed.progress.not, 1);
        let found = DeskQuery { find: "施設 監視".to_owned(), ..DeskQuery::default() };
        app::desk(&test.app, &officer, &id, found).await.expect("a search");
    }
}

#[tokio::test]
async fn an_auditor_reads_and_another_organisation_sees_nothing() {
    let test = TestApp::new(Database::Sqlite).await;
    test.organisation("alpha", carrier_profile()).await;
    test.organisation("beta", carrier_profile()).await;
    let officer = test.officer("alpha");
    let (id, _) = app::create(&test.app, &officer, OWN, OTHER).await.expect("a crosswalk");
    let path = format!("/crosswalks/{id}/desk");
    let auditor = test.browser("alpha-auditor").await;
    assert_eq!(auditor.get(&path).await.status, StatusCode::OK);
    assert!(!auditor.get(&path).await.text().contains("name=\"verdict\""), "an auditor has no buttons to judge with");
    let stranger = test.browser("beta-security-officer").await;
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    let judged = stranger.post(&format!("/crosswalks/{id}/judge"), &[("at", ITEM), ("verdict", "none")]).await;
    assert_eq!(judged.status, StatusCode::NOT_FOUND);
    let own = test.browser("alpha-security-officer").await;
    let done = own.post(&format!("/crosswalks/{id}/judge"), &[("at", ITEM), ("verdict", "none")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "the desk works as a form");
    assert!(own.get(done.location()).await.text().contains("「対応なし」を外す"));
}

fn imported(source: &str, target: &str, relation: Relation, seen: Option<i64>) -> app::ImportedMapping {
    app::ImportedMapping {
        source: source.to_owned(),
        target: target.to_owned(),
        relation,
        status: MappingStatus::Confirmed,
        rationale: "外から受け取った対応。".to_owned(),
        seen,
    }
}

#[tokio::test]
async fn mappings_from_a_file_are_compared_and_taken_whole_or_not_at_all() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let first =
            vec![imported(ITEM, "12.2.1", Relation::SubsetOf, None), imported(ITEM, "99.9", Relation::Equal, None)];
        let preview = app::preview_mappings(&test.app, &officer, OWN, OTHER, &first).await.expect("a preview");
        assert_eq!((preview.changes.len(), preview.problems.len()), (1, 1));
        let refused = app::import_mappings(&test.app, &officer, OWN, OTHER, first.clone()).await;
        assert_eq!(code(refused), "crosswalk-number");
        assert!(app::list(&test.app, &officer).await.expect("the list").is_empty(), "nothing of it is there");
        let mut good = first;
        good.pop();
        let done = app::import_mappings(&test.app, &officer, OWN, OTHER, good.clone()).await.expect("taken");
        assert_eq!((done.created, done.changed, done.unchanged), (1, 0, 0));
        let again = app::import_mappings(&test.app, &officer, OWN, OTHER, good).await.expect("again");
        assert_eq!((again.created, again.changed, again.unchanged), (0, 0, 1));
        // The same pair from the other side is the same Mapping.
        let turned = vec![imported("12.2.1", ITEM, Relation::SupersetOf, None)];
        let back = app::import_mappings(&test.app, &officer, OTHER, OWN, turned).await.expect("turned");
        assert_eq!((back.crosswalk_id, back.direction, back.unchanged), (done.crosswalk_id, Direction::Reverse, 1));
        let stale = vec![imported(ITEM, "12.2.1", Relation::Equal, Some(0))];
        assert_eq!(
            code(app::import_mappings(&test.app, &officer, OWN, OTHER, stale).await),
            "conflict",
            "{database:?}"
        );
    }
}

#[tokio::test]
async fn coverage_contradictions_derived_mappings_and_neighbours() {
    const THIRD: &str = "telecom-safety-review";
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let app_of = &test.app;
        let pairs = vec![
            imported(ITEM, "12.2.1", Relation::Equal, None),
            imported(ITEM, "12.6.1", Relation::Equal, None),
            imported("(2)/エ/(イ)", "", Relation::None, None),
        ];
        let id = app::import_mappings(app_of, &officer, OWN, OTHER, pairs).await.expect("taken").crosswalk_id;
        let coverage = app::coverage(app_of, &officer, &id, Direction::Forward).await.expect("the coverage");
        assert_eq!((coverage.progress.covered, coverage.progress.not, coverage.progress.total()), (1, 1, 67));
        assert_eq!(coverage.contradictions.len(), 1, "equal to two different things");
        let cells: usize = coverage.matrix.cells.iter().flatten().map(|cell| cell.items).sum();
        assert_eq!(cells, 1, "one item, and both counterparts stand in one chapter");
        let sums: usize = coverage.matrix.sums.iter().map(|sum| sum.total()).sum();
        assert_eq!(sums, coverage.progress.total(), "every item stands in one chapter");
        let row = coverage.rows.iter().find(|row| row.cover == Cover::Not).expect("the row");
        assert_eq!(coverage.remark(row, false), "カバーなし（対応する項目がない）。外から受け取った対応。");
        let table = app::table(app_of, &officer, &coverage, &app::RowFilter::default()).await.expect("the table");
        assert_eq!(table.rows.len(), 67);
        let turned = app::coverage(app_of, &officer, &id, Direction::Reverse).await.expect("the other side");
        assert_eq!((turned.progress.covered, turned.progress.not), (2, 0), "what has no counterpart says nothing back");

        let third = vec![imported("別表第2/5/(1)", "12.2.1", Relation::SubsetOf, None)];
        app::import_mappings(app_of, &officer, THIRD, OTHER, third).await.expect("taken");
        let (across, _) = app::create(app_of, &officer, THIRD, OWN).await.expect("a crosswalk");
        let desk = at(&test, &officer, &across, "別表第2/5/(1)").await;
        let derived = desk.candidates[0].derived.as_ref().expect("what follows comes first");
        assert_eq!(
            (derived.other.as_str(), derived.relation, derived.between.as_str()),
            (ITEM, Relation::SubsetOf, "12.2.1")
        );
        assert_eq!(desk.progress.judged(), 0, "what follows is offered and not taken for a fact");

        let item = sakimori_app::standards::item(app_of, &officer, OTHER, "12.2.1").await.expect("the item");
        let known: Vec<_> = item.neighbours.iter().map(|n| (n.number.as_str(), n.relation)).collect();
        assert_eq!(known, [(ITEM, Relation::Equal), ("別表第2/5/(1)", Relation::SupersetOf)], "{database:?}");
        let none = sakimori_app::standards::item(app_of, &officer, OWN, "(2)/エ/(イ)").await.expect("the item");
        assert_eq!(none.without_counterpart.len(), 1);
        let member = test.actor("alpha", Role::DepartmentMember, "");
        let seen = sakimori_app::standards::item(app_of, &member, OTHER, "12.2.1").await.expect("the item");
        assert!(seen.neighbours.is_empty(), "who may not read crosswalks sees none");
    }
}

#[tokio::test]
async fn synonyms_of_the_organisation_change_the_candidates_at_once() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let (id, _) = app::create(&test.app, &officer, OWN, OTHER).await.expect("a crosswalk");
        let best = |desk: &Desk| {
            desk.candidates.iter().map(|c| desk.other(c.place).expect("there").provision.id.clone()).collect::<Vec<_>>()
        };
        let number = "(1)/ウ/(ア)/○負荷分散";
        let before = best(&at(&test, &officer, &id, number).await);
        assert_eq!(code(app::put_synonyms(&test.app, &officer, ("", 0), "負荷分散").await), "synonyms");
        app::put_synonyms(&test.app, &officer, ("", 0), "負荷分散、知的財産権").await.expect("a group");
        let after = best(&at(&test, &officer, &id, number).await);
        assert_ne!(before, after, "the group shows at once");
        assert!(after.contains(&"18.1.2".to_owned()), "{after:?}");
        let own = app::synonym_table(&test.app, &officer).await.expect("the table").own;
        let stale = app::put_synonyms(&test.app, &officer, (&own[0].id, 7), "負荷、分散").await;
        assert_eq!(code(stale), "conflict");
        app::delete_synonyms(&test.app, &officer, &own[0].id, own[0].version).await.expect("deleted");
        assert_eq!(best(&at(&test, &officer, &id, number).await), before, "{database:?}");
        let other = test.officer("beta");
        assert!(app::synonym_table(&test.app, &other).await.expect("the table").own.is_empty());
    }
}
