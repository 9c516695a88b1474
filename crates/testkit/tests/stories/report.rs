//! The gap report says what the sheet says, on the page, on paper and as a workbook.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use sakimori_app::answers::{self, Change};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::report::{Cover, CoverApproval, CoverRevision, cover, gap, set_cover};
use sakimori_app::{Actor, RefusalKind};
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerField, AnswerStatus, Tally};
use sakimori_domain::identity::Role;
use sakimori_interop::workbook::{CellLimits, read_cells};
use sakimori_testkit::people::terminal_profile;
use sakimori_testkit::{BOTH, TestApp};

async fn open(test: &TestApp, officer: &Actor, year: i64, previous_id: &str) -> String {
    let new = NewAssessment {
        title: format!("令和{}年度 自己点検", year - 2018),
        fiscal_year: year,
        editions: vec!["port-guideline-2024-tos".to_owned()],
        previous_id: previous_id.to_owned(),
    };
    assessment::create(&test.app, officer, new).await.expect("an assessment")
}

/// Answers the rows in turn with these marks; the rest stays blank.
async fn answer(test: &TestApp, officer: &Actor, id: &str, marks: &[&str]) {
    let (_, rows) = assessment::rows(&test.app, officer, id).await.expect("rows");
    for (row, mark) in rows.iter().zip(marks.iter().cycle()).take(rows.len() - 4) {
        let mut change = Change::default();
        change.set(AnswerField::Status, mark).expect("a mark");
        change.set(AnswerField::NaReason, if *mark == "na" { "設備がない" } else { "" }).expect("a reason");
        change.set(AnswerField::Due, if *mark == "x" { "2026-10-31" } else { "" }).expect("a date");
        answers::save(&test.app, officer, &row.id, row.version, change).await.expect("saved");
    }
}

#[tokio::test]
async fn the_numbers_are_those_of_the_sheet() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", terminal_profile()).await;
        let officer = test.officer("alpha");
        let last = open(&test, &officer, 2025, "").await;
        answer(&test, &officer, &last, &["x", "triangle"]).await;
        let id = open(&test, &officer, 2026, &last).await;
        answer(&test, &officer, &id, &["o", "triangle", "x", "na"]).await;

        let (_, rows) = assessment::rows(&test.app, &officer, &id).await.expect("rows");
        let tally: Tally = rows.iter().map(|row| row.answer.status).collect();
        let report = gap(&test.app, &officer, &id, None).await.expect("a report");
        let of_sheet = [tally.yes, tally.partly, tally.no, tally.not_applicable, tally.unanswered];
        assert_eq!(report.total().in_order(), of_sheet);
        let sum = |counts: Vec<[u32; 5]>| counts.into_iter().fold([0; 5], |a, b| std::array::from_fn(|i| a[i] + b[i]));
        assert_eq!(sum(report.forces.iter().map(|f| f.counts.in_order()).collect()), of_sheet);
        assert_eq!(sum(report.chapters.iter().map(|c| c.counts.in_order()).collect()), of_sheet);
        assert_eq!(report.gaps.len() as u32, tally.partly + tally.no);
        assert_eq!(report.exclusions.len() as u32, tally.not_applicable);
        assert_eq!(report.unanswered.len() as u32, tally.unanswered);
        assert_eq!(report.standards[0].achieved, tally.score());
        let mandatory = rows.iter().filter(|row| row.force == Force::Mandatory).count() as u32;
        let line = report.forces.iter().find(|line| line.force == Force::Mandatory.ja());
        assert_eq!(line.map_or(0, |line| line.counts.total()), mandatory);
        assert!(report.chapters.iter().any(|chapter| chapter.achieved_last.is_some()), "last time stands beside");
        assert_eq!(
            (report.fiscal_year, report.last_fiscal_year, report.head.marking.as_str()),
            (2026, Some(2025), "社外秘")
        );
        assert!(report.exclusions.iter().all(|line| line.reason == "設備がない"));

        let chapters = assessment::chapters(&test.app, &rows).await.expect("chapters");
        let numbers: Vec<_> = chapters.iter().map(|c| (c.number.clone(), c.tally.answered())).collect();
        let printed: Vec<_> =
            report.chapters.iter().map(|c| (c.number.clone(), c.counts.total() - c.counts.unanswered)).collect();
        assert_eq!(printed, numbers, "the chapters are those of the sheet");
    }
}

#[tokio::test]
async fn page_paper_and_workbook_are_there_for_who_may_read_and_for_nobody_else() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", terminal_profile()).await;
        test.organisation("beta", terminal_profile()).await;
        let officer = test.officer("alpha");
        let id = open(&test, &officer, 2026, "").await;
        answer(&test, &officer, &id, &["o", "x"]).await;
        let base = format!("/assessments/{id}/report");
        let auditor = test.browser("alpha-auditor").await;
        let page = auditor.get(&base).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("<svg class=\"radar\"") && page.text().contains("期限超過"));
        let pdf = auditor.get(&format!("{base}.pdf")).await;
        assert_eq!(
            (pdf.status, pdf.headers[CONTENT_TYPE].to_str().ok()),
            (StatusCode::OK, Some("application/pdf")),
            "{}",
            pdf.text()
        );
        assert!(pdf.bytes.starts_with(b"%PDF"));
        let xlsx = auditor.get(&format!("{base}.xlsx")).await;
        let sheets = read_cells(&xlsx.bytes, &CellLimits::default()).expect("a workbook");
        let gaps = sheets.iter().find(|sheet| sheet.name == "課題一覧").expect("the gaps");
        let (_, rows) = assessment::rows(&test.app, &officer, &id).await.expect("rows");
        let short = rows.iter().filter(|row| row.answer.status == AnswerStatus::No);
        assert_eq!(gaps.cells.iter().filter(|cell| cell.text == "×").count(), short.count());

        let stranger = test.browser("beta-security-officer").await;
        let member = test.browser("alpha-department-member").await;
        for ending in ["", ".pdf", ".xlsx"] {
            assert_eq!(stranger.get(&format!("{base}{ending}")).await.status, StatusCode::NOT_FOUND);
            assert_eq!(member.get(&format!("{base}{ending}")).await.status, StatusCode::FORBIDDEN);
        }
        let long = gap(&test.app, &officer, &id, Some("秘".repeat(101))).await;
        assert_eq!(long.err().and_then(|e| e.refusal().map(|r| r.kind)), Some(RefusalKind::Invalid));
        let member = test.actor("alpha", Role::DepartmentMember, "");
        assert!(gap(&test.app, &member, &id, None).await.is_err());
    }
}

fn chosen() -> Cover {
    let revision = |version: &str, date: &str, description: &str| CoverRevision {
        version: version.to_owned(),
        date: date.to_owned(),
        description: description.to_owned(),
        author: "対策推進課".to_owned(),
    };
    let approval =
        |role: &str, name: &str| CoverApproval { role: role.to_owned(), name: name.to_owned(), date: String::new() };
    Cover {
        title: "経営会議 報告書".to_owned(),
        marking: Some("TLP:AMBER".to_owned()),
        revisions: vec![
            revision("第0.9版", "2026-11-01", "部門内の確認"),
            revision("第1.0版", "2026-11-16", "経営会議に付議"),
        ],
        approvals: vec![approval("起案", "対策推進課長"), approval("承認", "")],
    }
}

#[tokio::test]
async fn a_chosen_cover_is_kept_and_printed_until_somebody_chooses_another() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", terminal_profile()).await;
        test.organisation("beta", terminal_profile()).await;
        let officer = test.officer("alpha");
        let id = open(&test, &officer, 2026, "").await;
        set_cover(&test.app, &officer, &id, 0, chosen()).await.expect("stored");
        let report = gap(&test.app, &officer, &id, None).await.expect("a report");
        assert_eq!((report.head.title.as_str(), report.head.marking.as_str()), ("経営会議 報告書", "TLP:AMBER"));
        let versions: Vec<_> = report.revisions.iter().map(|r| (r.version.as_str(), r.date.to_string())).collect();
        assert_eq!(versions, [("第0.9版", "2026-11-01".to_owned()), ("第1.0版", "2026-11-16".to_owned())]);
        let boxes: Vec<_> = report.approvals.iter().map(|a| (a.role.as_str(), a.name.as_deref())).collect();
        assert_eq!(boxes, [("起案", Some("対策推進課長")), ("承認", None)]);
        let named = gap(&test.app, &officer, &id, Some("持出禁止".to_owned())).await.expect("a report");
        assert_eq!(named.head.marking, "持出禁止", "what the caller names comes first");

        let browser = test.browser("alpha-security-officer").await;
        let base = format!("/assessments/{id}/report");
        let page = browser.get(&base).await.text();
        assert!(page.contains("経営会議に付議") && page.contains("対策推進課長"));
        let xlsx = browser.get(&format!("{base}.xlsx")).await;
        let sheets = read_cells(&xlsx.bytes, &CellLimits::default()).expect("a workbook");
        for text in ["第0.9版", "経営会議に付議", "対策推進課長", "TLP:AMBER"] {
            assert!(sheets[0].cells.iter().any(|cell| cell.text == text), "{text}");
        }

        // Two people with the same page open: the second is told.
        let late = set_cover(&test.app, &officer, &id, 0, Cover::default()).await;
        assert_eq!(late.err().and_then(|e| e.refusal().map(|r| r.kind)), Some(RefusalKind::Conflict));
        let sent = browser
            .post(
                &format!("{base}/cover"),
                &[
                    ("version", "1"),
                    ("revision-version", ""),
                    ("revision-date", ""),
                    ("revision-description", "版のない行"),
                    ("revision-author", ""),
                ],
            )
            .await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(sent.text().contains("版のない行"), "what was typed is still there");
        let own = [
            ("version", "1"),
            ("title", "令和8年度 自己点検"),
            ("usual-title", "令和8年度 自己点検"),
            ("marking", "社外秘"),
        ];
        assert_eq!(browser.post(&format!("{base}/cover"), &own).await.status, StatusCode::SEE_OTHER);
        let stored = cover(&test.app, &officer, &id).await.expect("a cover");
        assert_eq!((stored.version, stored.cover), (2, Cover::default()), "what is printed anyway is not kept");

        let stranger = test.actor("beta", Role::SecurityOfficer, "");
        let kind = set_cover(&test.app, &stranger, &id, 0, chosen()).await.err();
        assert_eq!(kind.and_then(|e| e.refusal().map(|r| r.kind)), Some(RefusalKind::NotFound));
        let auditor = test.actor("alpha", Role::Auditor, "");
        let kind = set_cover(&test.app, &auditor, &id, 2, chosen()).await.err();
        assert_eq!(kind.and_then(|e| e.refusal().map(|r| r.kind)), Some(RefusalKind::Forbidden));
    }
}
