//! The trail as people read it: in words, narrowed, taken along.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use sakimori_app::answers::{self, Change};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_domain::assurance::AnswerField;
use sakimori_interop::workbook::{CellLimits, read_cells, read_delimited};
use sakimori_testkit::people::terminal_profile;
use sakimori_testkit::{BOTH, TestApp};

#[tokio::test]
async fn the_trail_is_read_in_words_and_narrowed_in_the_address() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", terminal_profile()).await;
        test.organisation("beta", terminal_profile()).await;
        let officer = test.officer("alpha");
        let new = NewAssessment {
            title: "令和8年度 自己点検".to_owned(),
            fiscal_year: 2026,
            editions: vec!["port-guideline-2024-tos".to_owned()],
            previous_id: String::new(),
        };
        let id = assessment::create(&test.app, &officer, new).await.expect("an assessment");
        let (_, rows) = assessment::rows(&test.app, &officer, &id).await.expect("rows");
        let mut change = Change::default();
        change.set(AnswerField::Status, "triangle").expect("a mark");
        change.set(AnswerField::Current, "=手順書 & <b>台帳</b>").expect("a text");
        answers::save(&test.app, &officer, &rows[0].id, rows[0].version, change).await.expect("saved");

        let auditor = test.browser("alpha-auditor").await;
        let page = auditor.get("/trail").await;
        assert_eq!(page.status, StatusCode::OK);
        let text = page.text();
        for words in [
            "回答を変更しました",
            "自己点検を始めました",
            "対応状況",
            "△",
            "未回答",
            "令和8年度 自己点検",
            &rows[0].number,
        ] {
            assert!(text.contains(words), "{words}");
        }
        assert!(text.contains("&#60;b&#62;台帳") && !text.contains("<b>台帳"), "what people typed stays text");
        assert!(!text.contains("triangle"), "no codes");

        let only = auditor.get("/trail?kind=answer").await.text();
        assert!(only.contains("回答を変更しました") && !only.contains("自己点検を始めました"));
        assert!(!auditor.get("/trail?from=2031-01-01").await.text().contains("回答を変更しました"));
        let today = test.app.today();
        let days = auditor.get(&format!("/trail?from={today}&to={today}")).await.text();
        assert!(days.contains("回答を変更しました"), "a day holds what happened on it");
        assert!(!auditor.get("/trail?person=nobody").await.text().contains("回答を変更しました"));
        // What is no filter of ours narrows nothing and breaks nothing.
        let odd = auditor.get("/trail?kind=%25&from=yesterday&to=9999-12-31&before=-3").await;
        assert_eq!(odd.status, StatusCode::OK);

        let xlsx = auditor.get("/trail?kind=answer&format=xlsx").await;
        let sheets = read_cells(&xlsx.bytes, &CellLimits::default()).expect("a workbook");
        assert!(sheets[0].cells.iter().any(|cell| cell.text.contains("対応状況: 未回答 → △")), "{:?}", sheets[0].cells);
        let csv = auditor.get("/trail?format=csv").await;
        assert_eq!(csv.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
        let sheet = read_delimited(&csv.bytes, "trail.csv", &CellLimits::default()).expect("a table");
        assert!(sheet.cells.iter().any(|cell| cell.text == "回答を変更しました"));

        let stranger = test.browser("beta-security-officer").await;
        assert!(!stranger.get("/trail").await.text().contains("自己点検を始めました"));
        let member = test.browser("alpha-department-member").await;
        assert_eq!(member.get("/trail").await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_handbook_is_in_the_program() {
    let test = TestApp::new(BOTH[0]).await;
    test.organisation("alpha", terminal_profile()).await;
    let member = test.browser("alpha-department-member").await;
    let first = member.get("/help").await.text();
    assert!(first.contains("導入と最初の起動") && first.contains("/help/05-assessment"));
    let keys = member.get("/help/05-assessment").await.text();
    assert!(keys.contains("Ctrl+Enter") && !keys.contains("../screenshots"));
    assert_eq!(member.get("/help/no-such-chapter").await.status, StatusCode::NOT_FOUND);
}
