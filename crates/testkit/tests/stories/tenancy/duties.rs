//! What the people of an organisation have with each other, and what stands before their signing in: deputies, approvals,
//! the access review, a handover, networks, rules, a provider. Built through the pages, as people build them.

use axum::http::StatusCode;
use sakimori_app::oidc::{self, Rule, Settings};
use sakimori_app::trail::sign_what_is_new;
use sakimori_app::trail::sinks::{Sink, Target};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::Record as Row;
use sakimori_store::testing::Record;
use sakimori_testkit::TestApp;
use sakimori_testkit::web::Browser;

use super::world::{done, dump, owner};
use crate::single;

/// Account of a login.
fn account(records: &[Record], login: &str) -> String {
    let found = records.iter().find(|r| r.table == "account" && r.get("login") == login);
    found.unwrap_or_else(|| panic!("an account {login}")).get("id").to_owned()
}

/// One row of a table of an organisation.
fn first<'r>(records: &'r [Record], table: &str, organisation: &str) -> &'r Record {
    let found = records.iter().find(|r| r.table == table && owner(r) == organisation);
    found.unwrap_or_else(|| panic!("{organisation} has a row in {table}"))
}

/// Who does what, in an organisation.
pub struct People<'b> {
    pub organisation: &'b str,
    pub officer: &'b Browser,
    /// Logins: who stands in, of whom the review says something, who moves and who follows.
    pub deputy: &'b str,
    pub reviewed: &'b str,
}

/// A deputy, and the access review of the year with a word about one seat.
pub async fn between(test: &TestApp, who: &People<'_>) {
    let records = dump(test).await;
    let deputy = [
        ("deputy", account(&records, who.deputy)),
        ("from", "2026-11-20".to_owned()),
        ("to", "2026-12-04".to_owned()),
        ("reason", format!("{}の出張のため", who.organisation)),
    ];
    let deputy: Vec<(&str, &str)> = deputy.iter().map(|(name, value)| (*name, value.as_str())).collect();
    done(&who.officer.post("/seats/deputies", &deputy).await, "a deputy");
    let opened = who.officer.post("/access-reviews", &[]).await;
    done(&opened, "an access review");
    let seat = format!("{}/seats/{}", opened.location(), account(&records, who.reviewed));
    let reason = format!("{}の担当から外れたため", who.organisation);
    let decision = [("version", "1"), ("decision", "remove"), ("reason", reason.as_str())];
    done(&who.officer.post(&seat, &decision).await, "a decision of the review");
}

/// Every other seat is kept, and the review is put forward.
pub async fn whole_review(test: &TestApp, organisation: &str, officer: &Browser) {
    let records = dump(test).await;
    let review = first(&records, "access_review", organisation).get("id");
    let open = |r: &&Record| r.table == "access_review_seat" && r.get("review_id") == review;
    for seat in records.iter().filter(open).filter(|r| r.get("decision").is_empty()) {
        let path = format!("/access-reviews/{review}/seats/{}", seat.get("account_id"));
        done(&officer.post(&path, &[("version", "1"), ("decision", "keep")]).await, "a seat is kept");
    }
    let draft = [("kind", "access-review"), ("subject", review)];
    done(&officer.post("/approvals", &draft).await, "a draft of the review");
}

/// The result of the closed assessment, drafted and checked.
pub async fn approval(test: &TestApp, organisation: &str, officer: &Browser, checker: &Browser) {
    let records = dump(test).await;
    let closed = |r: &&Record| r.table == "assessment" && owner(r) == organisation && r.get("state") == "closed";
    let closed = records.iter().find(closed).expect("a closed assessment").get("id").to_owned();
    let draft = [("kind", "assessment-result"), ("subject", closed.as_str()), ("note", "蒼岬局の分を含みます")];
    let drafted = officer.post("/approvals", &draft).await;
    done(&drafted, "a draft");
    let step = [("version", "1"), ("step", "check"), ("note", "蒼岬局の件数を確かめました")];
    done(&checker.post(&format!("{}/step", drafted.location()), &step).await, "a check");
}

/// Somebody moves and hands over.
pub async fn handover(test: &TestApp, administrator: &Browser, leaving: &str, successor: &str) {
    let records = dump(test).await;
    let leaving = account(&records, leaving);
    let seat = records.iter().find(|r| r.table == "membership" && r.get("account_id") == leaving).expect("a seat");
    let (version, successor) = (seat.get("version").to_owned(), account(&records, successor));
    let fields = [
        ("successor", successor.as_str()),
        ("ends_on", ""),
        ("reason", "蒼岬局への異動のため"),
        ("version", version.as_str()),
    ];
    done(&administrator.post(&format!("/administration/accounts/{leaving}/handover"), &fields).await, "a handover");
}

/// What stands before signing in: the rules, the provider with somebody on the way to it, and at last the networks, since
/// from then on the pages of administration are shut to who comes from nowhere.
pub async fn doors(test: &TestApp, organisation: &str, administrator: Browser) {
    let rules = [
        ("version", "0"),
        ("idle_minutes", "35"),
        ("session_hours", "11"),
        ("password_days", "365"),
        ("unused_days", "91"),
        ("suspend_days", "0"),
    ];
    done(&administrator.post("/administration/sign-in-rules", &rules).await, "rules of signing in");
    let settings = Settings {
        issuer: single::provider().await.issuer,
        client_id: "蒼岬の照会先".to_owned(),
        public_url: "https://sakimori.example".to_owned(),
        scopes: Vec::new(),
        role_claim: "groups".to_owned(),
        second_factor: Vec::new(),
        create_accounts: false,
        label: String::new(),
        rules: vec![Rule {
            value: "蒼岬の責任者".to_owned(),
            role: "security-officer".to_owned(),
            department: String::new(),
        }],
    };
    oidc::set_up(&test.app, organisation, &settings, "a secret of the operator").await.expect("a provider");
    done(&test.stranger().get(&format!("/sign-in/single/{organisation}")).await, "a way to the provider");
    let inside = administrator.moved_to("203.0.113.130");
    let networks = [("area", "administration"), ("networks", "203.0.113.128/25\n2001:db8:7731::/48")];
    done(&inside.post("/administration/networks", &networks).await, "networks");
    let outside = inside.moved_to("192.0.2.9").get("/administration").await;
    assert_eq!(outside.status, StatusCode::FORBIDDEN, "the networks hold");
}

/// Rows of a table of the organisation's own document. Only the grammars of two real documents read such rows, and their
/// texts are not in the repository.
pub async fn rows_of_tables(test: &TestApp, organisation: &str) {
    let records = dump(test).await;
    let edition = first(&records, "edition", organisation).get("id").to_owned();
    let cell = ("時刻".to_owned(), "蒼岬の満潮の刻限の表".to_owned());
    let row = Row { table: "tides".to_owned(), cells: vec![cell], line: 6 };
    let officer = test.officer(organisation);
    let mut op = test.app.operate(&officer, Permission::LoadStandards).await.expect("an operation");
    let kept = sakimori_store::edition::replace_records(&mut op.write, &edition, organisation, &[row]).await;
    kept.expect("rows of a table");
    op.trail_new("test.rows", ("edition", &edition), &1).await.expect("an event");
    op.commit().await.expect("a commit");
}

/// A round of the installation's tree, and how far a sink of the trail has been served.
pub async fn rounds(test: &TestApp) {
    sign_what_is_new(&test.app).await.expect("signed");
    let mut sink = Sink::new("file", Target::File(test.app.folder().join("trail.jsonl")), 10);
    sink.serve(&test.app).await.expect("served");
}
