//! Points for the next edition: raised, discussed, decided, printed, drafted; on both databases.

use axum::http::StatusCode;
use sakimori_app::ingest::{self, Grammar, Options};
use sakimori_app::revision::{self, IssueInput, MeetingInput, NoteInput, Step};
use sakimori_app::{Actor, standards};
use sakimori_domain::comparison::Change;
use sakimori_domain::identity::Role;
use sakimori_domain::revision::{ChangeKind, Decision, Direction, EvidenceDocument, Stage, Wording};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp};

/// A standard of nobody.
const STANDARD: &str = "架空の灯台安全基準\n\n第1章 総則\n1 目的\nこの基準は灯台の運用を安全に保つ。\n\n2 体制\n灯台守は責任者を定めること。\n\n\
第2章 対策\n1 灯火の管理\n灯火の交換を記録すること。\n\n2 停電への備え\n予備の電源を年に一度試すこと。\n";

/// Loads [`STANDARD`] for an organisation and returns its id and the numbers of its items.
pub(super) async fn standard(t: &TestApp, officer: &Actor) -> (String, Vec<String>) {
    let read = ingest::recognise(t.app.program(), "灯台.txt", STANDARD.as_bytes(), &Grammar::BestFit, &[])
        .await
        .expect("read");
    let options = Options { edition: "lighthouse".to_owned(), replace: false };
    let kept = ingest::keep(&t.app, officer, &read, &options).await.expect("kept");
    let id = kept.plan().target.entry().id.clone();
    let view = standards::edition(&t.app, officer, &id).await.expect("the standard");
    (id, view.provisions.iter().map(|p| p.provision.id.clone()).collect())
}

pub(super) fn point(edition: &str, item: &str, title: &str, wording: Wording) -> IssueInput {
    IssueInput {
        edition_id: edition.to_owned(),
        items: if item.is_empty() { Vec::new() } else { vec![item.to_owned()] },
        title: title.to_owned(),
        point: format!("{title}を基準に書くかどうか。"),
        evidence: vec![EvidenceDocument {
            title: "架空の調査報告".to_owned(),
            place: "3章".to_owned(),
            content: "夜間の停電が二度あった。".to_owned(),
        }],
        wording,
        ..IssueInput::default()
    }
}

pub(super) fn reword(number: &str, text: &str) -> Wording {
    Wording { kind: ChangeKind::Reword, number: number.to_owned(), new_text: text.to_owned(), ..Wording::default() }
}

pub(super) fn decide(direction: Direction) -> Step {
    let decision = Decision { on: "2026-11-20".to_owned(), by: "第1回 検討会".to_owned(), ..Decision::default() };
    Step::Decide(direction, decision)
}

fn code<T: std::fmt::Debug>(result: sakimori_app::Result<T>) -> &'static str {
    result.expect_err("a refusal").refusal().expect("a refusal, not a fault").code
}

#[tokio::test]
async fn a_point_goes_from_raised_to_the_draft_edition() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        let officer = t.officer("ministry");
        let (edition, numbers) = standard(&t, &officer).await;
        let (lights, power) = (&numbers[numbers.len() - 2], &numbers[numbers.len() - 1]);
        let meeting = MeetingInput {
            body: "灯台検討会".to_owned(),
            round: "1".to_owned(),
            held_on: "2026-11-20".to_owned(),
            ..MeetingInput::default()
        };
        let meeting = revision::keep_meeting(&t.app, &officer, "", meeting).await.expect("a meeting");

        let wording = reword(power, "予備の電源を半年に一度試し、結果を残すこと。");
        let first = revision::raise(
            &t.app,
            &officer,
            IssueInput { meeting_id: meeting.clone(), ..point(&edition, power, "停電の試験", wording) },
        )
        .await
        .expect("raised");
        let added = Wording {
            kind: ChangeKind::Add,
            number: format!("{power}の2"),
            after: power.clone(),
            title: "霧笛の点検".to_owned(),
            new_text: "霧笛を毎月鳴らすこと。".to_owned(),
            ..Wording::default()
        };
        let second = revision::raise(&t.app, &officer, point(&edition, "", "霧笛の点検", added)).await.expect("raised");
        let third = revision::raise(&t.app, &officer, point(&edition, lights, "灯火の記録", Wording::default()))
            .await
            .expect("raised");

        let note = NoteInput {
            text: "回数を増やす費用はわずか。".to_owned(),
            speaker: "構成員（港湾）".to_owned(),
            ..NoteInput::default()
        };
        revision::note(&t.app, &officer, &first, note).await.expect("noted");
        let view = revision::view(&t.app, &officer, &first).await.expect("the point");
        assert_eq!((view.issue.number, view.issue.standing.stage(), view.issue.version), (1, Stage::Discussing, 2));
        assert!(view.present.contains("年に一度"), "{database:?}: the loaded text is the old wording");

        assert_eq!(code(revision::make_draft(&t.app, &officer, &edition).await), "nothing-accepted");
        revision::step(&t.app, &officer, &first, 2, decide(Direction::Standard)).await.expect("decided");
        revision::step(&t.app, &officer, &second, 1, decide(Direction::Standard)).await.expect("decided");
        revision::step(&t.app, &officer, &third, 1, decide(Direction::Commentary)).await.expect("decided");
        assert_eq!(code(revision::make_draft(&t.app, &officer, &edition).await), "draft", "the third has no wording");
        revision::step(&t.app, &officer, &third, 2, Step::Reopen("文言がまだない".to_owned()))
            .await
            .expect("open again");

        let draft = revision::make_draft(&t.app, &officer, &edition).await.expect("a draft");
        let compared = standards::compare(&t.app, &officer, &edition, &draft).await.expect("compared");
        let count = |change| compared.rows.iter().filter(|row| row.change == change).count();
        assert_eq!((count(Change::Changed), count(Change::New), count(Change::Dropped)), (1, 1, 0), "{database:?}");
        assert_eq!((compared.new.origin.as_str(), compared.new.edition.label.as_str()), ("draft", "改訂案"));
        let again = revision::make_draft(&t.app, &officer, &edition).await.expect("the same draft");
        let remade = standards::edition(&t.app, &officer, &again).await.expect("the draft").entry;
        assert_eq!((again, remade.content_hash), (draft, compared.new.content_hash), "same input, same edition");
        let history = revision::view(&t.app, &officer, &third).await.expect("the point").history;
        let actions: Vec<&str> = history.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(actions, ["revision.reopen", "revision.decide", "revision.raise"]);
    }
}

#[tokio::test]
async fn what_does_not_hold_is_refused_whole() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("ministry", carrier_profile()).await;
        t.organisation("other", carrier_profile()).await;
        let (officer, stranger) = (t.officer("ministry"), t.officer("other"));
        let (edition, numbers) = standard(&t, &officer).await;
        let item = numbers.last().expect("an item");
        let raise = |input: IssueInput| revision::raise(&t.app, &officer, input);
        assert_eq!(code(raise(point(&edition, "99", "x", Wording::default())).await), "item");
        assert_eq!(code(raise(point("nowhere", item, "x", Wording::default())).await), "edition");
        assert_eq!(code(raise(point(&edition, item, " ", Wording::default())).await), "title");
        assert_eq!(code(raise(point(&edition, item, "x", reword(item, " "))).await), "wording");
        assert!(revision::list(&t.app, &officer).await.expect("the list").lines.is_empty(), "{database:?}");

        let id = raise(point(&edition, item, "x", Wording::default())).await.expect("raised");
        let late = revision::step(&t.app, &officer, &id, 7, Step::Discuss).await;
        assert_eq!(code(late), "conflict");
        let tomorrow = Decision { on: "2026-11-21".to_owned(), by: "会議".to_owned(), ..Decision::default() };
        let step = Step::Decide(Direction::Standard, tomorrow);
        assert_eq!(code(revision::step(&t.app, &officer, &id, 1, step).await), "future");
        assert_eq!(code(revision::view(&t.app, &stranger, &id).await.map(|_| ())), "not-found");
        assert_eq!(code(revision::step(&t.app, &stranger, &id, 1, Step::Discuss).await), "not-found");
        assert_eq!(
            code(revision::raise(&t.app, &stranger, point(&edition, item, "x", Wording::default())).await),
            "edition"
        );
        let member = t.actor("ministry", Role::DepartmentMember, "");
        assert_eq!(code(revision::list(&t.app, &member).await.map(|_| ())), "forbidden");
        let auditor = t.actor("ministry", Role::Auditor, "");
        assert_eq!(code(revision::make_draft(&t.app, &auditor, &edition).await), "forbidden");
    }
}

#[tokio::test]
async fn the_pages_lead_from_a_gap_to_the_printed_table() {
    // SQLite alone: the pages ask the same functions as the stories above, which run on both.
    let t = TestApp::new(Database::Sqlite).await;
    t.organisation("ministry", carrier_profile()).await;
    let officer = t.browser("ministry-security-officer").await;
    assert!(officer.get("/revision").await.text().contains("まだ論点がありません"));
    let actor = t.officer("ministry");
    let guideline = standards::edition(&t.app, &actor, "nisc-measures-3").await.expect("the guideline");
    let gap = &guideline.provisions.iter().find(|p| p.provision.is_answerable()).expect("a control").provision;
    let asked: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("edition", "telecom-safety-review"), ("number", "別表第2/5/(1)")])
        .append_pair("from", &format!("nisc-measures-3:{}", gap.id))
        .finish();
    let form = officer.get(&format!("/revision/new?{asked}")).await.text();
    assert!(form.contains("別表第2/5/(1)") && form.contains(&gap.id), "the form starts with the gap");
    let fields = [
        ("edition", "telecom-safety-review"),
        ("items", "別表第2/5/(1)"),
        ("title", "方針の見直し"),
        ("change", "open"),
    ];
    let raised = officer.post("/revision", &fields).await;
    assert_eq!(raised.status, StatusCode::SEE_OTHER, "{}", raised.text());
    let record = raised.location().to_owned();
    assert!(officer.get(&record).await.text().contains("方針の見直し"));
    let refused =
        officer.post(&format!("{record}/step"), &[("version", "1"), ("step", "decide"), ("by", "会議")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for page in ["/revision?view=board", "/revision/meetings", "/revision/drafts", &format!("{record}/edit")] {
        assert_eq!(officer.get(page).await.status, StatusCode::OK, "{page}");
    }
    let book = officer.get("/revision/table.xlsx").await;
    assert!(book.status == StatusCode::OK && book.bytes.starts_with(b"PK"));
    let paper = officer.get("/revision/table.pdf").await;
    assert!(paper.status == StatusCode::OK && paper.bytes.starts_with(b"%PDF"), "{}", paper.text());
}
