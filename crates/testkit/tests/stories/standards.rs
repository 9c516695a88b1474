//! Loading documents of the user's own, browsing, searching, comparing editions; on both databases.

use axum::http::StatusCode;
use sakimori_app::ingest::{self, Grammar, Options, Outcome, Recognised, Target};
use sakimori_app::{Actor, standards};
use sakimori_domain::comparison::Change;
use sakimori_domain::identity::Role;
use sakimori_testkit::people::{carrier_profile, terminal_profile};
use sakimori_testkit::{BOTH, TestApp, seeds};

/// A guideline of nobody, in the shape of a ministry's.
const GUIDE: &str = "架空の灯台安全指針\n\n第1章 総則\n1 目的\nこの指針は灯台の運用を安全に保つ。\n\n2 体制\n灯台守は責任者を定めること。\n\
・交代の順を決めること。\n・連絡先を掲示することが望ましい。\n\n第2章 対策\n1 灯火の管理\n灯火の交換を記録すること。\n\n2 停電への備え\n\
予備の電源を年に一度試すこと。\n";

/// Its next edition: one text changed, one item new, one dropped.
const GUIDE_NEXT: &str = "架空の灯台安全指針\n\n第1章 総則\n1 目的\nこの指針は灯台の運用を安全に保つ。\n\n2 体制\n灯台守は責任者と代行者を定めること。\n\
・交代の順を決めること。\n・連絡先を掲示することが望ましい。\n\n第2章 対策\n1 灯火の管理\n灯火の交換を記録すること。\n\n2 霧笛の点検\n\
霧笛は毎月鳴らして確かめること。\n";

async fn read(t: &TestApp, name: &str, bytes: &[u8]) -> Recognised {
    ingest::recognise(t.app.program(), name, bytes, &Grammar::BestFit, &[])
        .await
        .expect("a document that is understood")
}

fn refused<T: std::fmt::Debug>(result: sakimori_app::Result<T>) -> sakimori_app::Refusal {
    result.expect_err("a refusal").refusal().expect("a refusal, not a fault").clone()
}

fn options(edition: &str, replace: bool) -> Options {
    Options { edition: edition.to_owned(), replace }
}

fn seed_file(start: &str) -> (String, Vec<u8>) {
    let found = std::fs::read_dir(seeds()).expect("the seeds").filter_map(Result::ok).find(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(start) && name.ends_with(".txt")
    });
    let entry = found.unwrap_or_else(|| panic!("no document {start} among the seeds; set SAKIMORI_SEEDS"));
    (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a readable document"))
}

#[tokio::test]
async fn the_five_real_documents_join_the_built_in_catalogues_and_reading_again_changes_nothing() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        let system = Actor::system("");
        for start in ["000", "001", "002", "003", "004"] {
            let (name, bytes) = seed_file(start);
            let recognised = read(&t, &name, &bytes).await;
            assert!(recognised.fit.share > 0.9, "{start}: {:?}", recognised.fit);
            let outcome = ingest::keep(&t.app, &system, &recognised, &Options::default()).await.expect("kept");
            let Outcome::Stored(plan) = outcome else { panic!("{start}: the first reading is stored") };
            let Target::Known(entry) = &plan.target else { panic!("{start}: a built-in edition") };
            assert_eq!(entry.origin, "built-in");
            assert!(plan.without_place.is_empty(), "{start}: {:?}", plan.without_place);
            assert_eq!(plan.placed, recognised.catalogue.provisions.len());
            let again = ingest::keep(&t.app, &system, &recognised, &Options::default()).await.expect("kept");
            assert!(matches!(again, Outcome::Unchanged(_)), "{start}: reading again changes nothing");
        }
        let list = standards::list(&t.app, &system).await.expect("the list");
        // The built-in catalogues also have what the documents only point to, e.g. controls of ISO/IEC 27002.
        assert!(list.iter().all(|e| e.texts * 4 > e.provisions * 3), "{database:?}: the items have their texts");
    }
}

#[tokio::test]
async fn a_document_of_no_known_family_becomes_an_edition_of_the_organisation_alone() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        t.organisation("terminal", terminal_profile()).await;
        let (officer, stranger) = (t.officer("carrier"), t.officer("terminal"));
        let recognised = read(&t, "灯台.txt", GUIDE.as_bytes()).await;
        assert_eq!(recognised.profile, "generic");
        let kept = ingest::keep(&t.app, &officer, &recognised, &options("lighthouse-2026", false)).await.expect("kept");
        let id = kept.plan().target.entry().id.clone();
        assert_eq!(id, "carrier~lighthouse-2026");

        let view = standards::edition(&t.app, &officer, &id).await.expect("the new edition");
        assert_eq!(view.entry.edition.title, "架空の灯台安全指針");
        assert_eq!(view.readings.len(), 1);
        let numbers: Vec<&str> = view.provisions.iter().map(|e| e.provision.id.as_str()).collect();
        assert!(numbers.len() >= 6, "{numbers:?}");
        let (groups, total) = standards::search(&t.app, &officer, "霧笛").await.expect("a search");
        assert_eq!((groups.len(), total), (0, 0));
        let (groups, _) = standards::search(&t.app, &officer, "灯火").await.expect("a search");
        assert_eq!(groups.len(), 1, "found by its own organisation");

        assert_eq!(
            standards::edition(&t.app, &stranger, &id).await.err().expect("hidden").refusal().expect("a refusal").code,
            "not-found"
        );
        assert_eq!(standards::search(&t.app, &stranger, "灯火").await.expect("a search").1, 0, "{database:?}");
    }
}

#[tokio::test]
async fn other_texts_are_refused_unless_as_a_new_edition_or_a_replacement_and_editions_are_compared() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        let officer = t.officer("carrier");
        let old = read(&t, "灯台.txt", GUIDE.as_bytes()).await;
        let new = read(&t, "灯台改.txt", GUIDE_NEXT.as_bytes()).await;
        ingest::keep(&t.app, &officer, &old, &options("lighthouse-1", false)).await.expect("the first edition");
        let refusal = refused(ingest::keep(&t.app, &officer, &new, &options("lighthouse-1", false)).await);
        assert_eq!(refusal.code, "text-differs");
        assert!(refusal.next_en.contains("--edition"), "{refusal:?}");
        let before = standards::edition(&t.app, &officer, "carrier~lighthouse-1").await.expect("an edition");
        assert_eq!(before.readings.len(), 1, "nothing half applied");

        ingest::keep(&t.app, &officer, &new, &options("lighthouse-2", false)).await.expect("a new edition");
        let view = standards::compare(&t.app, &officer, "carrier~lighthouse-1", "carrier~lighthouse-2")
            .await
            .expect("a comparison");
        let count = |change| view.rows.iter().filter(|row| row.change == change).count();
        assert_eq!((count(Change::Changed), count(Change::New), count(Change::Dropped)), (1, 1, 1), "{database:?}");

        ingest::keep(&t.app, &officer, &new, &options("lighthouse-1", true)).await.expect("replaced");
        let after = standards::edition(&t.app, &officer, "carrier~lighthouse-1").await.expect("an edition");
        assert_eq!(after.readings.len(), 2);
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_one_message_and_leaves_nothing() {
    let t = TestApp::new(BOTH[0]).await; // What is refused never reaches a database.
    let refuse = async |name: &str, bytes: &[u8], grammar: &Grammar| {
        refused(ingest::recognise(t.app.program(), name, bytes, grammar, &[]).await)
    };
    let cases: [(&str, &[u8], &str); 4] = [
        ("空.txt", b"", "file.empty"),
        ("古い.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of it", "file.old-office"),
        ("混在.txt", b"\xe3\x81\x82\xff\xfe\x82\xa0 and more", "file.unsure-encoding"),
        ("手紙.txt", "拝啓 今年も灯台祭りの季節になりました。".as_bytes(), "not-recognised"),
    ];
    for (name, bytes, code) in cases {
        let refusal = refuse(name, bytes, &Grammar::BestFit).await;
        if code == "file.unsure-encoding" {
            assert!(refusal.code.ends_with("encoding"), "{name}: {refusal:?}");
        } else {
            assert_eq!(refusal.code, code, "{name}");
        }
        assert!(!refusal.ja.is_empty() && !refusal.next_ja.is_empty(), "{name}: {refusal:?}");
    }
    let port = ingest::grammar_of("004-port-guideline").expect("a built-in grammar");
    let refusal = refuse("灯台.txt", GUIDE.as_bytes(), &port).await;
    assert_eq!(refusal.code, "grammar-does-not-fit");
    assert!(refusal.ja.contains('%') && refusal.next_ja.contains("generic"), "{refusal:?}");
    assert_eq!(refused(ingest::grammar_of("no-such")).code, "unknown-grammar");
    assert_eq!(refused(ingest::own_grammar("name = 1")).code, "grammar-faults");
}

#[tokio::test]
async fn half_of_a_document_is_not_taken_for_the_whole() {
    let t = TestApp::new(BOTH[0]).await; // The refusal is worked out before anything is written.
    let (name, bytes) = seed_file("002");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let part = lines[..lines.len() / 3].join("\n");
    let port = ingest::grammar_of("002-jt-x1051").expect("a built-in grammar");
    let code = match ingest::recognise(t.app.program(), &name, part.as_bytes(), &port, &[]).await {
        Err(error) => error.refusal().expect("a refusal").code,
        Ok(recognised) => {
            refused(ingest::keep(&t.app, &Actor::system(""), &recognised, &Options::default()).await).code
        }
    };
    assert!(["grammar-does-not-fit", "another-document"].contains(&code), "{code}");
    let list = standards::list(&t.app, &Actor::system("")).await.expect("the list");
    assert!(list.iter().all(|e| e.texts == 0));
}

#[tokio::test]
async fn the_pages_load_a_document_after_a_preview_and_show_it() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        let officer = t.browser("carrier-security-officer").await;
        let empty =
            officer.upload("/standards/load", &[], ("file", "手紙.txt", "拝啓 お元気ですか。".as_bytes())).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        let sent = officer
            .upload("/standards/load", &[("edition", "lighthouse-1")], ("file", "灯台.txt", GUIDE.as_bytes()))
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let preview = sent.location().to_owned();
        let page = officer.get(&preview).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("灯火の管理") && page.text().contains("新しい版"));
        let before = standards::list(&t.app, &t.officer("carrier")).await.expect("the list");
        assert!(before.iter().all(|e| e.owner.is_empty()), "nothing stored before the confirmation");

        let done = officer.post(&preview, &[("edition", "lighthouse-1")]).await;
        assert_eq!(done.location(), "/standards/carrier~lighthouse-1?done=stored", "{}", done.text());
        assert_eq!(officer.get(&preview).await.status, StatusCode::NOT_FOUND, "the file waits no more");
        let page = officer.get("/standards/carrier~lighthouse-1").await;
        assert!(page.text().contains("停電への備え"), "{database:?}");
        let view = standards::edition(&t.app, &t.officer("carrier"), "carrier~lighthouse-1").await.expect("an edition");
        let number =
            &view.provisions.iter().find(|e| e.provision.title == "停電への備え").expect("the item").provision.id;
        let path = format!("/standards/carrier~lighthouse-1/{}", form_path(number));
        let page = officer.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text().contains("予備の電源"), "the official text is shown");
        let hits = officer.get("/search?q=%E7%81%AF%E5%8F%B0").await.text();
        assert!(hits.contains("<mark>灯台</mark>"), "hits are marked");
    }
}

/// A number in an address.
fn form_path(number: &str) -> String {
    number
        .split('/')
        .map(|part| part.bytes().map(|b| format!("%{b:02X}")).collect::<String>())
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_item_of_the_built_in_catalogues_has_its_page() {
    let t = TestApp::new(BOTH[0]).await; // Reading one row by its key is the same on both; the stories above run on both.
    t.organisation("carrier", carrier_profile()).await;
    let auditor = t.browser("carrier-auditor").await;
    let actor = t.actor("carrier", Role::Auditor, "");
    for entry in standards::list(&t.app, &actor).await.expect("the list") {
        let page = auditor.get(&format!("/standards/{}", entry.id)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", entry.id);
        let view = standards::edition(&t.app, &actor, &entry.id).await.expect("an edition");
        for provision in &view.provisions {
            let path = format!("/standards/{}/{}", entry.id, form_path(&provision.provision.id));
            assert_eq!(auditor.get(&path).await.status, StatusCode::OK, "{path}");
        }
    }
    assert_eq!(auditor.get("/standards/load").await.status, StatusCode::FORBIDDEN);
    assert_eq!(auditor.get("/standards/no-such/1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn citations_lead_to_provisions_of_the_same_and_of_other_documents() {
    let t = TestApp::new(BOTH[0]).await; // Resolving is done in memory; what it reads is read on both above.
    let system = Actor::system("");
    let leads = async |edition: &str, number: &str| -> Vec<Option<(String, String)>> {
        let item = standards::item(&t.app, &system, edition, number).await.expect("an item");
        item.citations.into_iter().map(|c| c.target.map(|row| (row.edition_id, row.number))).collect()
    };
    let to = |edition: &str, number: &str| Some((edition.to_owned(), number.to_owned()));
    assert_eq!(leads("telecom-safety-review", "別表第1/第1/1/(11)/オ").await, [to("nisc-measures-3", "(1)/ウ/(イ)")]);
    assert_eq!(leads("port-guideline-2024-tos", "2.1.2").await, [to("port-guideline-2024-tos", "2.1.1")]);
    // Another volume, which is not here: nothing is guessed.
    assert_eq!(leads("port-guideline-2024-tos", "2.6.4").await, [None]);
}
