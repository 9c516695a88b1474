//! The Excel round trip: out, filled in, compared, taken over. On both databases.

use axum::http::StatusCode;
use axum::http::header::CONTENT_DISPOSITION;
use rust_xlsxwriter::Workbook;
use sakimori_app::answers::{self, Change};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::requests::{self, NewRequest};
use sakimori_app::workbook::import::{self, Import, Review, Stage, Tick};
use sakimori_app::workbook::{Scope, export_csv, export_xlsx, mappings};
use sakimori_app::{Actor, RefusalKind};
use sakimori_domain::assurance::{AnswerField, AnswerStatus};
use sakimori_domain::identity::Role;
use sakimori_interop::workbook::{CellLimits, SheetCells, TextEncoding, guess_mapping, read_cells};
use sakimori_store::assessment::SheetRow;
use sakimori_store::trail;
use sakimori_testkit::people::{Carrier, terminal_profile};
use sakimori_testkit::{BOTH, TestApp};

const XLSX: &str = "表.xlsx";

/// An organisation with one open Assessment.
struct Stage1 {
    test: TestApp,
    body: Carrier,
    officer: Actor,
    assessment: String,
}

impl Stage1 {
    async fn rows(&self) -> Vec<SheetRow> {
        assessment::rows(&self.test.app, &self.officer, &self.assessment).await.expect("rows").1
    }

    fn scope(&self) -> Scope {
        Scope::Assessment(self.assessment.clone())
    }

    async fn sheets(&self) -> Vec<SheetCells> {
        let bytes = export_xlsx(&self.test.app, &self.officer, &self.scope()).await.expect("an export").bytes;
        read_cells(&bytes, &CellLimits::default()).expect("our own workbook")
    }

    async fn upload(&self, sheets: &[SheetCells]) -> Import {
        let id =
            import::upload(&self.test.app, &self.officer, &self.scope(), XLSX, &book(sheets)).await.expect("an upload");
        import::look(&self.test.app, &self.officer, &id).await.expect("an import")
    }

    async fn save(&self, row: &SheetRow, field: AnswerField, text: &str) {
        let mut change = Change::default();
        change.set(field, text).expect("a value");
        answers::save(&self.test.app, &self.officer, &row.id, row.version, change).await.expect("saved");
    }
}

async fn stage(database: sakimori_testkit::Database) -> Stage1 {
    let test = TestApp::new(database).await;
    let body = test.organisation("alpha", terminal_profile()).await;
    let officer = test.officer("alpha");
    let assessment = open(&test, &officer, "").await;
    Stage1 { test, body, officer, assessment }
}

async fn open(test: &TestApp, officer: &Actor, previous_id: &str) -> String {
    let new = NewAssessment {
        title: "令和8年度 自己点検".to_owned(),
        fiscal_year: 2026,
        editions: vec!["port-guideline-2024-tos".to_owned()],
        previous_id: previous_id.to_owned(),
    };
    assessment::create(&test.app, officer, new).await.expect("an assessment")
}

/// The bytes of a workbook with these texts, as somebody's spreadsheet program would save it.
fn book(sheets: &[SheetCells]) -> Vec<u8> {
    let mut book = Workbook::new();
    for sheet in sheets {
        let out = book.add_worksheet();
        out.set_name(&sheet.name).expect("a name");
        for cell in &sheet.cells {
            out.write_string(cell.row, u16::try_from(cell.col).expect("a column"), &cell.text).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// The sheet of answers.
fn answers_sheet(sheets: &mut [SheetCells]) -> &mut SheetCells {
    sheets
        .iter_mut()
        .find(|sheet| sheet.cells.iter().any(|cell| cell.text == "対応状況" && cell.row == 2))
        .expect("a sheet of answers")
}

/// Writes a text into the column of a header, in the row of a number.
fn fill(sheets: &mut [SheetCells], number: &str, header: &str, text: &str) -> String {
    let sheet = answers_sheet(sheets);
    let at = |text: &str| sheet.cells.iter().find(|cell| cell.text == text);
    let (row, col) = (at(number).expect("a number").row, at(header).expect("a header").col);
    sheet.cells.retain(|cell| (cell.row, cell.col) != (row, col));
    sheet.cells.push(sakimori_interop::workbook::Cell {
        row,
        col,
        text: text.to_owned(),
        kind: sakimori_interop::workbook::CellKind::Text,
        formula: false,
    });
    sheet.cells.sort_by_key(|cell| (cell.row, cell.col));
    sakimori_interop::workbook::value::cell_name(row, col)
}

fn review(import: &Import) -> &Review {
    match &import.stage {
        Stage::Review(review) => review,
        Stage::Mapping(_) => panic!("taken for a foreign layout"),
        Stage::Ended => panic!("ended"),
    }
}

fn ready(review: &Review) -> Vec<Tick> {
    review.changes.iter().filter(|change| !change.conflict && !change.blocked).map(Tick::of).collect()
}

#[tokio::test]
async fn what_was_filled_in_is_shown_cell_by_cell_and_stands_in_the_sheet_once_confirmed() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        let mut sheets = stage.sheets().await;
        fill(&mut sheets, &rows[0].number, "対応状況", "○");
        fill(&mut sheets, &rows[0].number, "現状", "台帳を整備\n毎月見直す");
        fill(&mut sheets, &rows[1].number, "対応状況", "△");
        fill(&mut sheets, &rows[1].number, "期限", "令和9年3月31日");
        fill(&mut sheets, &rows[1].number, "担当部署", "設備運用部");
        let import = stage.upload(&sheets).await;
        let found = review(&import);
        assert_eq!((found.changes.len(), found.problems.len(), found.missing.len()), (5, 0, 0), "{:?}", found.problems);
        assert_eq!(stage.rows().await[0].answer, rows[0].answer, "nothing is written before it is confirmed");

        let applied = import::apply(&stage.test.app, &stage.officer, &import.id, &ready(found)).await.expect("applied");
        assert_eq!((applied.cells, applied.rows), (5, 2));
        let now = stage.rows().await;
        assert_eq!(now[0].answer.status, AnswerStatus::Yes);
        assert_eq!(now[0].answer.current, "台帳を整備\n毎月見直す");
        assert_eq!(now[1].answer.due, Some(jiff::civil::date(2027, 3, 31)));
        assert_eq!(now[1].department_id, stage.body.department);
        assert_eq!(now[2].version, rows[2].version, "what was not in the file is not touched");

        let mut c = stage.test.app.read().await.expect("a connection");
        let events = trail::of_subject(&mut c, "alpha", "answer", &rows[0].id).await.expect("events");
        assert!(events.iter().any(|e| e.action == "answer.change"
            && e.after.contains("毎月見直す")
            && e.before.contains("\"current\":\"\"")));
        let events = trail::of_subject(&mut c, "alpha", "workbook-import", &import.id).await.expect("events");
        let actions: Vec<_> = events.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(actions, ["workbook.apply", "workbook.read"]);
        drop(c);

        let again = import::apply(&stage.test.app, &stage.officer, &import.id, &ready(found)).await;
        assert_eq!(again.expect_err("ended").refusal().expect("a refusal").code, "import-ended");
        let unchanged = stage.upload(&stage.sheets().await).await;
        assert!(review(&unchanged).changes.is_empty(), "a workbook as exported changes nothing");
    }
}

#[tokio::test]
async fn an_answer_that_moves_on_while_somebody_looks_is_never_overwritten() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        let mut sheets = stage.sheets().await;
        fill(&mut sheets, &rows[0].number, "現状", "表で書いたこと");
        fill(&mut sheets, &rows[1].number, "現状", "別の項目");
        let import = stage.upload(&sheets).await;
        let ticks = ready(review(&import));
        stage.save(&rows[0], AnswerField::Current, "画面で書いたこと").await;

        let refused =
            import::apply(&stage.test.app, &stage.officer, &import.id, &ticks).await.expect_err("refused whole");
        assert_eq!(refused.refusal().expect("a refusal").kind, RefusalKind::Conflict);
        let now = stage.rows().await;
        assert_eq!((now[0].answer.current.as_str(), now[1].answer.current.as_str()), ("画面で書いたこと", ""));

        // Shown again, the cell is marked as a conflict, and only a person's tick takes it over.
        let again = import::look(&stage.test.app, &stage.officer, &import.id).await.expect("an import");
        let found = review(&again);
        let conflict = found.changes.iter().find(|change| change.conflict).expect("a conflict");
        assert_eq!((conflict.now.as_str(), conflict.new.as_str()), ("画面で書いたこと", "表で書いたこと"));
        assert_eq!(found.ready(), 1);
        import::apply(&stage.test.app, &stage.officer, &import.id, &[Tick::of(conflict)]).await.expect("applied");
        let now = stage.rows().await;
        assert_eq!((now[0].answer.current.as_str(), now[1].answer.current.as_str()), ("表で書いたこと", ""));
    }
}

#[tokio::test]
async fn problems_name_their_cells_and_a_bad_row_is_all_or_nothing() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        let mut sheets = stage.sheets().await;
        let unread = fill(&mut sheets, &rows[0].number, "対応状況", "ほぼ○");
        fill(&mut sheets, &rows[1].number, "対応状況", "－");
        fill(&mut sheets, &rows[2].number, "担当部署", "存在しない部");
        fill(&mut sheets, &rows[3].number, "対応状況", "－");
        fill(&mut sheets, &rows[3].number, "対象外の理由", "設備がない");
        let import = stage.upload(&sheets).await;
        let found = review(&import);
        let codes: Vec<(&str, &str)> = found.problems.iter().map(|p| (p.code.as_str(), p.cell.as_str())).collect();
        assert!(codes.contains(&("status-unknown", unread.as_str())), "{codes:?}");
        assert!(codes.iter().any(|(code, _)| *code == "na-reason-missing"), "{codes:?}");
        assert!(codes.iter().any(|(code, _)| *code == "department-unknown"), "{codes:?}");
        let blocked = found.changes.iter().find(|change| change.blocked).expect("a blocked change");
        let refused = import::apply(&stage.test.app, &stage.officer, &import.id, &[Tick::of(blocked)]).await;
        assert_eq!(refused.expect_err("refused").refusal().expect("a refusal").code, "blocked");
        // － ticked without its reason would leave an answer that may not be kept: the whole import is refused.
        let alone: Vec<Tick> = ready(found).into_iter().filter(|tick| tick.field == AnswerField::Status).collect();
        let refused = import::apply(&stage.test.app, &stage.officer, &import.id, &alone).await.expect_err("refused");
        assert_eq!(refused.refusal().expect("a refusal").code, "na-reason-missing");
        assert!(stage.rows().await.iter().all(|row| row.answer.status == AnswerStatus::Unanswered));
        import::apply(&stage.test.app, &stage.officer, &import.id, &ready(found)).await.expect("applied");
        assert_eq!(stage.rows().await[3].answer.na_reason, "設備がない");
    }
}

#[tokio::test]
async fn another_layout_is_read_by_a_mapping_that_is_saved() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        let mut foreign = Workbook::new();
        let sheet = foreign.add_worksheet();
        sheet.set_name("本社様式").expect("a name");
        for (col, word) in (0_u16..).zip(["項番", "点検項目", "実施状況", "備考"]) {
            sheet.write_string(4, col, word).expect("a header");
        }
        for (at, (row, word)) in (5_u32..).zip(rows.iter().zip(["済", "未", "済"])) {
            sheet.write_string(at, 0, &row.number).expect("a number");
            sheet.write_string(at, 2, word).expect("a word");
            sheet.write_string(at, 3, "本社へ報告済").expect("a text");
        }
        let bytes = foreign.save_to_buffer().expect("a workbook");
        let id =
            import::upload(&stage.test.app, &stage.officer, &stage.scope(), XLSX, &bytes).await.expect("an upload");
        let import = import::look(&stage.test.app, &stage.officer, &id).await.expect("an import");
        let Stage::Mapping(layout) = import.stage else { panic!("a foreign layout needs a mapping") };
        let proposal = layout.proposal.expect("a proposal");
        assert_eq!(Some(&proposal), guess_mapping(&layout.sheets).as_ref());
        import::choose_mapping(&stage.test.app, &stage.officer, &id, proposal, "本社様式 2026").await.expect("mapped");
        let import = import::look(&stage.test.app, &stage.officer, &id).await.expect("an import");
        import::apply(&stage.test.app, &stage.officer, &id, &ready(review(&import))).await.expect("applied");
        let now = stage.rows().await;
        let status: Vec<_> = now.iter().take(4).map(|row| row.answer.status).collect();
        assert_eq!(status, [AnswerStatus::Yes, AnswerStatus::No, AnswerStatus::Yes, AnswerStatus::Unanswered]);

        let id =
            import::upload(&stage.test.app, &stage.officer, &stage.scope(), XLSX, &bytes).await.expect("an upload");
        let import = import::look(&stage.test.app, &stage.officer, &id).await.expect("an import");
        let Stage::Mapping(layout) = import.stage else { panic!("it is still foreign") };
        assert_eq!(layout.saved.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["本社様式 2026"]);

        // The saved mapping is seen, renamed and deleted; by whom runs assessments, in their organisation alone.
        let (app, officer) = (&stage.test.app, &stage.officer);
        let saved = mappings::list(app, officer).await.expect("a list");
        let (mapping, version) = (saved[0].id.clone(), saved[0].version);
        let browser = stage.test.browser("alpha-security-officer").await;
        let page = browser.get("/column-mappings").await.text();
        assert!(page.contains("本社様式 2026") && page.contains("実施状況") && page.contains("済 → ○"), "{page}");
        let auditor = stage.test.actor("alpha", Role::Auditor, "");
        assert!(mappings::rename(app, &auditor, &mapping, version, "別名").await.is_err());
        test_code(mappings::rename(app, officer, &mapping, version, " ").await, "mapping-name");
        let gone = mappings::rename(app, officer, "no-such-mapping", 1, "別名").await;
        test_code(gone, "not-found");
        mappings::rename(app, officer, &mapping, version, " 支社様式 ").await.expect("renamed");
        test_code(mappings::rename(app, officer, &mapping, version, "三つ目").await, "conflict");
        let saved = mappings::list(app, officer).await.expect("a list");
        let names: Vec<_> =
            saved.iter().map(|s| (s.name.as_str(), s.mapping.as_ref().map(|m| m.name.as_str()))).collect();
        assert_eq!(names, [("支社様式", Some("支社様式"))]);
        test_code(mappings::delete(app, officer, &mapping, version).await, "conflict");
        mappings::delete(app, officer, &mapping, saved[0].version).await.expect("deleted");
        assert!(mappings::list(app, officer).await.expect("a list").is_empty());
    }
}

#[tokio::test]
async fn csv_makes_the_same_trip_in_both_encodings() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        stage.save(&rows[0], AnswerField::Current, "=1+1 と ～ を書く").await;
        for encoding in [TextEncoding::Utf8, TextEncoding::ShiftJis] {
            let sent = export_csv(&stage.test.app, &stage.officer, &stage.scope(), encoding).await.expect("a file");
            assert_eq!(sent.lost, 0);
            let id = import::upload(&stage.test.app, &stage.officer, &stage.scope(), "a.csv", &sent.bytes)
                .await
                .expect("an upload");
            let import = import::look(&stage.test.app, &stage.officer, &id).await.expect("an import");
            assert!(review(&import).changes.is_empty(), "{:?}", review(&import).changes);
        }
    }
}

async fn ask(stage: &Stage1, rows: &[SheetRow]) -> String {
    let new = NewRequest {
        assessment_id: stage.assessment.clone(),
        answers: rows.iter().map(|row| row.id.clone()).collect(),
        department_id: stage.body.department.clone(),
        due: "2026-12-18".to_owned(),
        message: String::new(),
    };
    requests::ask(&stage.test.app, &stage.officer, new).await.expect("a request")
}

#[tokio::test]
async fn a_department_gets_and_gives_its_own_part_only() {
    for database in BOTH {
        let stage = stage(database).await;
        let app = &stage.test.app;
        let rows = stage.rows().await;
        let request = ask(&stage, &rows[..3]).await;
        let member = stage.test.actor("alpha", Role::DepartmentMember, &stage.body.department);
        let other = stage.test.actor("alpha", Role::DepartmentMember, &stage.body.other_department);
        let scope = Scope::Request(request);
        let sent = export_xlsx(app, &member, &scope).await.expect("its own part");
        assert!(sent.name.contains("設備運用部"), "{}", sent.name);
        let mut sheets = read_cells(&sent.bytes, &CellLimits::default()).expect("a workbook");
        assert_eq!(answers_sheet(&mut sheets).cells.iter().filter(|cell| cell.text.starts_with("sk1|")).count(), 3);

        // The whole assessment, another department's part: as if it were not there.
        assert!(export_xlsx(app, &member, &stage.scope()).await.is_err());
        assert_eq!(
            export_xlsx(app, &other, &scope).await.err().expect("refused").refusal().expect("a refusal").kind,
            RefusalKind::NotFound
        );

        // Rows of the whole sheet smuggled into the part are rows that it does not know; departments stay as they are.
        let mut whole = stage.sheets().await;
        fill(&mut whole, &rows[0].number, "現状", "自部署の回答");
        fill(&mut whole, &rows[0].number, "担当部署", "情報システム部");
        fill(&mut whole, &rows[5].number, "現状", "他部署の回答");
        let id = import::upload(app, &member, &scope, XLSX, &book(&whole)).await.expect("an upload");
        let import = import::look(app, &member, &id).await.expect("an import");
        let found = review(&import);
        assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
        assert!(found.problems.iter().any(|problem| problem.code == "department-fixed"));
        import::apply(app, &member, &id, &ready(found)).await.expect("applied");
        let now = stage.rows().await;
        assert_eq!((now[0].answer.current.as_str(), now[5].answer.current.as_str()), ("自部署の回答", ""));

        // Nobody else sees the import, and nobody imports once the part has been returned.
        let id = import::upload(app, &member, &scope, XLSX, &book(&whole)).await.expect("an upload");
        let ticks: Vec<Tick> = review(&import).changes.iter().map(Tick::of).collect();
        assert!(import::look(app, &stage.officer, &id).await.is_err());
        let Scope::Request(request) = &scope else { unreachable!("a request") };
        for row in &stage.rows().await[..3] {
            stage.save(row, AnswerField::Status, "x").await;
        }
        let desk = requests::desk(app, &member, request).await.expect("a desk");
        requests::step(app, &member, request, desk.request.version, requests::Step::Return).await.expect("returned");
        assert!(import::upload(app, &member, &scope, XLSX, &book(&whole)).await.is_err());
        let late = import::apply(app, &member, &id, &ticks).await.expect_err("returned");
        assert_eq!(late.refusal().expect("a refusal").code, "request-closed");
        assert!(export_xlsx(app, &member, &scope).await.is_ok(), "reading goes on");
    }
}

#[tokio::test]
async fn another_organisation_learns_nothing_and_its_workbook_changes_nothing() {
    for database in BOTH {
        let stage = stage(database).await;
        stage.test.organisation("beta", terminal_profile()).await;
        let stranger = stage.test.officer("beta");
        let refused = export_xlsx(&stage.test.app, &stranger, &stage.scope()).await.err().expect("refused");
        assert_eq!(refused.refusal().expect("a refusal").kind, RefusalKind::NotFound);
        let refused =
            import::upload(&stage.test.app, &stranger, &stage.scope(), XLSX, b"PK").await.expect_err("refused");
        assert_eq!(refused.refusal().expect("a refusal").kind, RefusalKind::NotFound);

        let theirs = open(&stage.test, &stranger, "").await;
        let bytes = export_xlsx(&stage.test.app, &stranger, &Scope::Assessment(theirs)).await.expect("their own").bytes;
        let mut sheets = read_cells(&bytes, &CellLimits::default()).expect("a workbook");
        let number = stage.rows().await[0].number.clone();
        fill(&mut sheets, &number, "現状", "よその回答");
        let import = stage.upload(&sheets).await;
        let found = review(&import);
        assert!(found.changes.is_empty() && !found.problems.is_empty() && !found.unknown.is_empty());
    }
}

#[tokio::test]
async fn the_pages_walk_from_file_to_confirmation_and_bad_files_are_explained() {
    for database in BOTH {
        let stage = stage(database).await;
        let rows = stage.rows().await;
        let browser = stage.test.browser("alpha-security-officer").await;
        let base = format!("/assessments/{}", stage.assessment);
        let sent = browser.get(&format!("{base}/workbook.xlsx")).await;
        assert_eq!(sent.status, StatusCode::OK);
        let name = sent.headers[CONTENT_DISPOSITION].to_str().expect("ASCII");
        assert!(name.contains("filename*=UTF-8''%E4%BB%A4%E5%92%8C8%E5%B9%B4%E5%BA%A6"), "{name}");
        let mut sheets = read_cells(&sent.bytes, &CellLimits::default()).expect("a workbook");
        fill(&mut sheets, &rows[0].number, "現状", "<b>太字</b> & 改行\n二行目");

        let bad = browser.upload(&format!("{base}/import"), &[], ("file", "x.xlsx", b"PK not a zip")).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.text().contains("壊れている"), "{}", bad.text());
        let none = browser.post(&format!("{base}/import"), &[]).await;
        assert_ne!(none.status, StatusCode::SEE_OTHER);

        let sent = browser.upload(&format!("{base}/import"), &[], ("file", XLSX, &book(&sheets))).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let page = browser.get(sent.location()).await.text();
        assert!(page.contains("&#60;b&#62;太字") || page.contains("&lt;b&gt;太字"), "texts of the file are escaped");
        let tick = page.split("name=\"take\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a tick");
        let applied = browser.post(&format!("{}/apply", sent.location()), &[("take", tick)]).await;
        assert_eq!(applied.location(), format!("{base}/import?cells=1&rows=1"));
        assert!(browser.get(applied.location()).await.text().contains("1項目、1セル"));
        let gone = browser.post(&format!("{}/apply", sent.location()), &[("take", tick)]).await;
        assert_eq!(gone.status, StatusCode::CONFLICT);
    }
}

fn test_code(outcome: sakimori_app::Result<()>, code: &str) {
    assert_eq!(outcome.err().and_then(|error| error.refusal().map(|refusal| refusal.code)), Some(code));
}
