//! Organisations with data of every kind, and a stranger among them.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use rust_xlsxwriter::Workbook;
use sakimori_app::demo;
use sakimori_app::evidence::quota;
use sakimori_app::notice::{Audience, tell};
use sakimori_app::workbook::Scope;
use sakimori_app::workbook::import::{self, Stage};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::testing::{Record, everything};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::web::{Answer, Browser};
use sakimori_testkit::{Database, TestApp};

use super::duties::{self, People};
use super::kinds::Kind;

/// The operator whose data strangers ask for, and where kinds that it does not have are taken from.
pub const OPERATOR: &str = "mikawa-mirai";
/// Who has nothing to do with any of the others.
pub const STRANGER: &str = "stranger";

/// A document of nobody.
const GUIDE: &str = "架空の潮汐指針\n\n第1章 総則\n1 目的\n満潮の刻に誰も岸壁に立たない。\n\n2 範囲\n港の入口から沖までとする。\n\n見回りの記録\n見回りの様子を帳面に書くこと。\n";

pub struct World {
    pub test: TestApp,
    /// Every id of a kind with the organisation that it belongs to.
    ids: BTreeMap<Kind, Vec<(Vec<String>, String)>>,
}

impl World {
    /// Builds it.
    pub async fn new(database: Database) -> Self {
        let test = TestApp::new(database).await;
        demo::seed(&test.app).await.expect("the demonstration");
        enrich(&test, OPERATOR, &test.browser_with("mm-ciso", demo::PASSWORD).await).await;
        let officer = test.browser_with("mm-ciso", demo::PASSWORD).await;
        let token = [("name", "集計プログラム"), ("days", "30"), ("scope", "read-standards")];
        assert_eq!(officer.post("/me/tokens", &token).await.status, StatusCode::OK, "a token");
        let invited = [("login", "outside.person"), ("role", "auditor")];
        let administrator = test.browser_with("mm-admin", demo::PASSWORD).await;
        done(&administrator.post("/administration/invitations", &invited).await, "an invitation");
        let people =
            People { organisation: OPERATOR, officer: &officer, deputy: "mm-it-head", reviewed: "mm-planning-b" };
        duties::between(&test, &people).await;
        let executive = test.browser_with("mm-executive", demo::PASSWORD).await;
        duties::approval(&test, OPERATOR, &officer, &executive).await;
        duties::handover(&test, &administrator, "mm-general-a", "mm-general-head").await;
        duties::rows_of_tables(&test, OPERATOR).await;
        duties::doors(&test, OPERATOR, administrator).await;
        quota::set(&test.app, OPERATOR, Some(quota::DEFAULT)).await.expect("a limit of its own");
        test.organisation(STRANGER, carrier_profile()).await;
        settle(&test).await;
        duties::rounds(&test).await;
        let mut ids: BTreeMap<Kind, Vec<(Vec<String>, String)>> = BTreeMap::new();
        let records = dump(&test).await;
        for kind in Kind::ALL {
            let (table, column) = kind.place();
            let rows = records.iter().filter(|r| r.table == table && !owner(r).is_empty());
            let mut found: Vec<_> = rows.map(|r| (owners(r), r.get(column).to_owned())).collect();
            // The operator's come first: it has most.
            found.sort_by_key(|(owners, _)| owners[0] != OPERATOR);
            ids.insert(kind, found);
        }
        Self { test, ids }
    }

    /// An id that belongs to another organisation.
    pub fn foreign(&self, organisation: &str, kind: Kind) -> &str {
        let found = self.ids[&kind].iter().find(|(owners, _)| owners.iter().all(|owner| owner != organisation));
        &found.unwrap_or_else(|| panic!("nobody has anything of the kind {kind:?}: build one in world.rs")).1
    }

    /// An id of one's own; one that nothing has where there is none.
    pub fn own(&self, organisation: &str, kind: Kind) -> String {
        let found = self.ids[&kind].iter().find(|(owners, _)| owners.iter().any(|owner| owner == organisation));
        found.map_or_else(|| absent(self.foreign(organisation, kind)), |(_, id)| id.clone())
    }
}

/// Whose row it is; the organisation itself is its own, a relation that of its lower side or who offered it.
pub fn owner(record: &Record) -> &str {
    match record.table.as_str() {
        "organisation" => record.get("id"),
        "organisation_relation" if record.get("lower_id").is_empty() => record.get("offered_by"),
        "organisation_relation" => record.get("lower_id"),
        _ => record.owner.as_deref().unwrap_or(""),
    }
}

/// Everybody whose row it is: a relation has two sides.
fn owners(record: &Record) -> Vec<String> {
    let sides = ["upper_id", "offered_by"].map(|column| record.get(column).to_owned());
    let sides = sides.into_iter().filter(|_| record.table == "organisation_relation");
    std::iter::once(owner(record).to_owned()).chain(sides).collect()
}

/// An id of the same shape that nothing has.
pub fn absent(id: &str) -> String {
    let mut out = id.to_owned();
    let last = out.pop().expect("an id");
    out.push(if last == 'q' { 'r' } else { 'q' });
    out
}

/// Everything in the database.
pub async fn dump(test: &TestApp) -> Vec<Record> {
    everything(&mut test.app.read().await.expect("a connection")).await.expect("every table")
}

/// The rows that belong to others than one organisation, directly or by an id that they hold.
pub fn rows_of_others(records: &[Record], organisation: &str) -> Vec<Record> {
    let is_others = |r: &Record| owners(r).iter().all(|owner| !["", organisation].contains(&owner.as_str()));
    let ids: BTreeSet<&str> = records.iter().filter(|r| is_others(r)).map(|r| r.get("id")).collect();
    let holds =
        |r: &Record| r.owner.is_none() && r.cells.iter().any(|(_, text)| text.len() > 6 && ids.contains(text.as_str()));
    records.iter().filter(|r| is_others(r) || holds(r)).cloned().collect()
}

pub fn done(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{what}: {}", answer.text());
}

/// Gives an organisation of the demonstration what it does not have yet.
async fn enrich(test: &TestApp, organisation: &str, officer: &Browser) {
    let records = dump(test).await;
    let of_house = |table: &'static str| records.iter().filter(move |r| r.table == table && owner(r) == organisation);
    let open = of_house("assessment").find(|r| r.get("state") == "open").expect("an open assessment").get("id");
    let asked = |r: &&Record| r.get("assessment_id") == open && !r.get("department_id").is_empty();
    let answer = of_house("answer").find(asked).expect("an answer").get("id").to_owned();
    let file = ("file", "秘密の結線図.pdf", b"%PDF-1.4 wiring".as_slice());
    done(&officer.upload(&format!("/answers/{answer}/evidence"), &[("title", "秘密の結線図")], file).await, "evidence");
    let link = [("title", "局舎の写真"), ("url", "https://photos.example/plan-7731")];
    done(&officer.post(&format!("/answers/{answer}/links"), &link).await, "a link");
    let tailor = [
        ("edition", "jt-x1051-2018"),
        ("number", "12.2.1"),
        ("decision", "in"),
        ("justification", "蒼い岬局だけに残る設備のため"),
    ];
    done(&officer.post("/applicability/tailor", &tailor).await, "tailoring");
    done(&officer.post("/crosswalks/synonyms", &[("words", "蒼岬局、第七局舎")]).await, "synonyms");
    let crosswalk = records.iter().find(|r| r.table == "crosswalk" && owner(r) == organisation).expect("a crosswalk");
    officer.get(&format!("/crosswalks/{}/desk", crosswalk.get("id"))).await;
    officer.json("PATCH", &format!("/assessments/{open}/presence"), &serde_json::json!({ "row": answer })).await;
    notice(test, organisation).await;
    column_mapping(test, organisation, open).await;
    documents(officer).await;
}

/// お知らせ to the officers.
async fn notice(test: &TestApp, organisation: &str) {
    let officer = test.officer(organisation);
    let mut op = test.app.operate(&officer, Permission::EditProfile).await.expect("an operation");
    let to = Audience::Role(Role::SecurityOfficer);
    let text = ("蒼岬局の鍵を替えました", "the keys of Aomisaki were changed");
    tell(&mut op, organisation, to, "test", ("organisation", organisation), text).await.expect("a notice");
    op.trail_new("test.notice", ("organisation", organisation), &1).await.expect("an event");
    op.commit().await.expect("a commit");
}

/// A workbook of another layout that waits, and the mapping that reads it.
async fn column_mapping(test: &TestApp, organisation: &str, assessment: &str) {
    let officer = test.officer(organisation);
    let (_, rows) = sakimori_app::assessment::rows(&test.app, &officer, assessment).await.expect("rows");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (col, word) in (0_u16..).zip(["項番", "点検項目", "実施状況", "備考"]) {
        sheet.write_string(4, col, word).expect("a header");
    }
    for (at, row) in (5_u32..).zip(rows.iter().take(3)) {
        sheet.write_string(at, 0, &row.number).expect("a number");
        sheet.write_string(at, 2, "済").expect("a word");
        sheet.write_string(at, 3, "蒼岬の点検結果").expect("a text");
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    let scope = Scope::Assessment(assessment.to_owned());
    let id = import::upload(&test.app, &officer, &scope, "蒼岬.xlsx", &bytes).await.expect("an upload");
    let Stage::Mapping(layout) = import::look(&test.app, &officer, &id).await.expect("an import").stage else {
        panic!("a foreign layout needs a mapping")
    };
    let proposal = layout.proposal.expect("a proposal");
    import::choose_mapping(&test.app, &officer, &id, proposal, &format!("{organisation}の様式")).await.expect("mapped");
}

/// A document with a correction by hand that is loaded, and another that waits.
async fn documents(officer: &Browser) {
    let send = async |edition: &str, text: &str| {
        let file = ("file", "潮汐.txt", text.as_bytes());
        let sent = officer.upload("/standards/load", &[("edition", edition)], file).await;
        done(&sent, "a document");
        sent.location().to_owned()
    };
    let path = send("tides-1", GUIDE).await;
    let line = [
        ("at", "6"),
        ("as", "heading"),
        ("level", "5"),
        ("number", "3"),
        ("title", "見回りの記録"),
        ("depth", "1"),
        ("to", ""),
    ];
    done(&officer.post(&format!("{path}/desk"), &line).await, "a correction");
    done(&officer.post(&path, &[("edition", "tides-1")]).await, "a loaded document");
    send("tides-2", &GUIDE.replace("満潮", "干潮")).await;
}

/// What the stranger has of its own, so that forms get as far as the id that is not its own.
async fn settle(test: &TestApp) {
    let officer = test.browser(&format!("{STRANGER}-security-officer")).await;
    let post = async |path: &str, fields: &[(&str, &str)]| done(&officer.post(path, fields).await, path);
    post(
        "/assessments",
        &[
            ("title", "自分の点検"),
            ("fiscal_year", "2026"),
            ("edition", "jt-x1051-2018"),
            ("edition", "nisc-measures-3"),
        ],
    )
    .await;
    let records = dump(test).await;
    let first = |table: &str| {
        records.iter().find(|r| r.table == table && owner(r) == STRANGER).expect(table).get("id").to_owned()
    };
    let (assessment, answer, department) = (first("assessment"), first("answer"), first("department"));
    post(
        "/requests",
        &[("assessment", &assessment), ("row", &answer), ("department", &department), ("due", "2026-12-24")],
    )
    .await;
    post("/crosswalks", &[("source", "jt-x1051-2018"), ("target", "nisc-measures-3")]).await;
    post("/crosswalks/synonyms", &[("words", "灯台、灯火")]).await;
    post(
        "/revision/meetings",
        &[("body", "自分の会議"), ("round", "1"), ("held_on", "2026-11-01"), ("state", "planned")],
    )
    .await;
    post(
        "/revision",
        &[("edition", "nisc-measures-3"), ("title", "自分の論点"), ("point", "自分の論点"), ("change", "open")],
    )
    .await;
    post("/cases", &[("title", "自分の事例"), ("problems", "事故｜自分の問題")]).await;
    post("/sector-standards", &[("sector", "自分の分野"), ("title", "自分の基準"), ("authority", "in-house")]).await;
    column_mapping(test, STRANGER, &assessment).await;
    documents(&officer).await;
    notice(test, STRANGER).await;
    let offered = officer.post("/administration/relations", &[("as", "group.upper")]).await;
    assert_eq!(offered.status, StatusCode::OK, "{}", offered.text());
    let (deputy, reviewed) = (format!("{STRANGER}-department-member"), format!("{STRANGER}-auditor"));
    let people = People { organisation: STRANGER, officer: &officer, deputy: &deputy, reviewed: &reviewed };
    duties::between(test, &people).await;
    duties::whole_review(test, STRANGER, &officer).await;
}
