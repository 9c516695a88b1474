//! The table reader reads the real documents 000 and 003: numbers, titles, parents, levels, evidence, rows of tables.
//!
//! The expectations under `expect/` were checked by eye against the documents. The documents themselves are not in the
//! repository: `SAKIMORI_SEEDS` names their folder, else `../shared/seeds` beside the repository is taken.

use std::path::{Path, PathBuf};

use sakimori_domain::standards::{Catalogue, Item, Provision, Record};
use sakimori_interop::grammar::{Profile, read};
use sakimori_interop::source::lines_of;
use serde::Deserialize;

/// id, title, parent, kind, levels or labels of the items.
type Row = (String, String, String, String, String);

#[derive(Deserialize)]
struct Expect {
    nodes: Vec<Row>,
    /// Table and how many rows it has.
    tables: Vec<(String, usize)>,
    /// Rows of records: table, then the cells that are facts.
    #[serde(default)]
    rows: Vec<Vec<String>>,
}

fn document(number: &str) -> String {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds");
    let folder = std::env::var_os("SAKIMORI_SEEDS").map_or_else(beside, PathBuf::from);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("the source documents are needed: set SAKIMORI_SEEDS to their folder ({}: {error})", folder.display())
    });
    let path = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number)))
        .unwrap_or_else(|| panic!("document {number} is missing in {}", folder.display()));
    std::fs::read_to_string(path).expect("the document is UTF-8")
}

fn catalogue(number: &str) -> Catalogue {
    let profile = Profile::built_in().iter().find(|p| p.name().starts_with(number)).expect("a built-in grammar");
    read(profile, &lines_of(&document(number))).catalogue
}

fn expect(number: &str) -> Expect {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/expect/{number}.toml"));
    toml::from_str(&std::fs::read_to_string(path).expect("an expectation")).expect("sound TOML")
}

/// The title, cut short where it is as long as a sentence, as in the expectations.
fn short(title: &str) -> String {
    if title.chars().filter(|c| !c.is_whitespace()).count() < 30 {
        title.to_owned()
    } else {
        title.chars().take(20).collect::<String>() + "…"
    }
}

fn labels(items: &[Item]) -> String {
    items.iter().map(|item| format!("{}{}", item.label, if item.items.is_empty() { "" } else { "+" })).collect()
}

fn row(provision: &Provision) -> Row {
    let levels: Vec<&str> = provision.levels.iter().map(|(_, level)| level.code()).collect();
    let last = if levels.is_empty() { labels(&provision.items) } else { levels.join(" ") };
    let parent = provision.parent.clone().unwrap_or_default();
    (provision.id.clone(), short(&provision.title), parent, provision.kind.code().to_owned(), last)
}

fn cell<'r>(record: &'r Record, column: &str) -> &'r str {
    record.cells.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text)
}

fn as_expected(number: &str, columns: &[(&str, &[&str])]) -> Catalogue {
    let catalogue = catalogue(number);
    let expect = expect(number);
    let rows: Vec<Row> = catalogue.provisions.iter().map(row).collect();
    for (read, wanted) in rows.iter().zip(&expect.nodes) {
        assert_eq!(read, wanted, "document {number}");
    }
    assert_eq!(rows.len(), expect.nodes.len(), "document {number}");
    for (table, wanted) in &expect.tables {
        let found = catalogue.records.iter().filter(|record| record.table == *table).count();
        assert_eq!(found, *wanted, "document {number}, table {table}");
    }
    let facts = |record: &Record| {
        let (table, columns) = columns.iter().find(|(table, _)| *table == record.table)?;
        let cells = columns.iter().map(|column| cell(record, column).to_owned());
        Some(std::iter::once((*table).to_owned()).chain(cells).collect::<Vec<String>>())
    };
    let found: Vec<Vec<String>> = catalogue.records.iter().filter_map(facts).collect();
    for (read, wanted) in found.iter().zip(&expect.rows) {
        assert_eq!(read, wanted, "document {number}");
    }
    assert_eq!(found.len(), expect.rows.len(), "document {number}");
    catalogue
}

#[test]
fn the_telecom_review_has_every_number_title_level_and_piece_of_evidence() {
    let facts: &[(&str, &[&str])] = &[
        ("comparison", &["item", "citation", "direction"]),
        ("incident", &["case", "item"]),
        ("case", &["case", "network"]),
    ];
    let catalogue = as_expected("000", facts);
    let odd: Vec<_> = catalogue.problems.iter().filter(|p| p.code != "noise-removed").collect();
    assert!(odd.is_empty(), "{odd:?}");
}

/// As the file readers hand it over: nothing behind the last letter of a line.
#[test]
fn blanks_at_the_end_of_lines_do_not_matter() {
    for number in ["000", "003"] {
        let profile = Profile::built_in().iter().find(|p| p.name().starts_with(number)).expect("a built-in grammar");
        let mut lines = lines_of(&document(number));
        lines.iter_mut().for_each(|line| line.text.truncate(line.text.trim_end().len()));
        assert_eq!(read(profile, &lines).catalogue.records, catalogue(number).records, "document {number}");
    }
}

#[test]
fn no_running_head_stands_in_a_text_of_the_telecom_review() {
    let catalogue = catalogue("000");
    for head in ["資料名", "論点（方向性）", "実施指針", "基準への反映", "根拠資料", "事業 その"]
    {
        for provision in catalogue.provisions.iter().filter(|p| p.id.starts_with("別表")) {
            assert!(!provision.text.contains(head), "{head} in {}", provision.id);
        }
        for record in catalogue.records.iter().filter(|r| r.table == "comparison") {
            assert!(record.cells.iter().all(|(_, text)| !text.contains(head)), "{head} in {record:?}");
        }
    }
    for provision in catalogue.provisions.iter().filter(|p| !p.levels.is_empty()) {
        assert!(provision.text.ends_with("。"), "{} ends in the middle: {}", provision.id, provision.text);
    }
}

#[test]
fn the_action_plan_slides_have_every_theme_point_and_table() {
    let facts: &[(&str, &[&str])] = &[
        ("sectors", &["sector"]),
        ("sector-standards", &["sector", "subsector", "class"]),
        ("statutory-services", &["sector", "law"]),
        ("foreign-sectors", &["country", "金融", "水道", "物流"]),
        ("paths", &["from", "to", "form"]),
    ];
    let catalogue = as_expected("003", facts);
    let odd: Vec<_> =
        catalogue.problems.iter().filter(|p| !matches!(p.code.as_str(), "noise-removed" | "inferred")).collect();
    assert!(odd.is_empty(), "{odd:?}");
    for provision in &catalogue.provisions {
        let leaked =
            provision.items.iter().any(|item| item.text.contains("【【") || item.text.contains("事務局案（事務局案"));
        assert!(!leaked, "a running head in {}", provision.id);
    }
}

/// A document of our own with the same traps: titles at the foot, letters that begin anew, evidence beside the levels.
const HARBOUR: &str = "\
name = 'harbour'
reader = 'tables'
[edition]
id = 'harbour'
[tables]
noise = ['^付録1$']
point = '(ではないか)。$'
sources = [{ name = '岸壁の手引き', first = '岸壁の', last = '手引き' }]
parts = [{ kind = 'levels', from = '^付録1', id = '付録1', title = '備え' }]
";

fn harbour(text: &str) -> Catalogue {
    let profile = Profile::parse(HARBOUR).unwrap_or_else(|faults| panic!("{faults:?}"));
    read(&profile, &lines_of(text)).catalogue
}

#[test]
fn titles_at_the_foot_of_the_page_go_to_the_runs_of_rows_in_their_order() {
    let text = "付録1\n\nア 綱を点検すること。 ◎ ◎ ○ －\n\nイ 灯を\nともすこと。\n\n◎ ◎ ◎＊ ◎＊ 岸壁の\n手引き\n\n（１）イ（ウ）灯の数\n\n\
                ア 鍵を掛けること。 ○ ○ ○ ○ ○鍵の数を決めるべきではないか。\n\n(2)かぎ\n\n(1)あかりと\n綱\n\n１　港の門\n";
    let catalogue = harbour(text);
    let ids: Vec<&str> = catalogue.provisions.iter().map(|p| p.id.as_str()).collect();
    let rows = ["付録1/1/(1)/ア", "付録1/1/(1)/イ", "付録1/1/(2)/ア"];
    assert_eq!(ids, [&["付録1", "付録1/1", "付録1/1/(1)", "付録1/1/(2)"], rows.as_slice()].concat());
    let light = catalogue.provisions.iter().find(|p| p.id == rows[1]).expect("the row");
    assert_eq!(light.text, "灯をともすこと。");
    assert_eq!(light.levels.iter().map(|(_, level)| level.code()).collect::<Vec<_>>(), ["◎", "◎", "◎＊", "◎＊"]);
    let title = |id: &str| catalogue.provisions.iter().find(|p| p.id == id).map(|p| p.title.clone());
    assert_eq!(title("付録1/1/(1)").as_deref(), Some("あかりと綱"));
    let evidence: Vec<_> =
        catalogue.records.iter().map(|r| (cell(r, "item"), cell(r, "citation"), cell(r, "direction"))).collect();
    assert_eq!(evidence, [(rows[1], "(1)/イ/(ウ)", ""), (rows[2], "", "○")]);
    let odd: Vec<_> = catalogue.problems.iter().filter(|p| p.code != "noise-removed").collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn what_cannot_be_placed_is_a_problem_with_its_line() {
    let catalogue = harbour("付録1\n\nア 綱を点検すること。\n\nイ 灯をともすこと。 ◎ ◎ ◎ ◎\n\n(1)綱\n\n(2)灯\n");
    let codes: Vec<(&str, bool)> = catalogue.problems.iter().map(|p| (p.code.as_str(), p.line > 0)).collect();
    assert!(codes.contains(&("levels-missing", true)), "{codes:?}");
    assert!(codes.contains(&("titles-unassigned", true)), "{codes:?}");
}

#[test]
fn hostile_and_empty_documents_are_read_without_a_panic() {
    for text in [
        "",
        "\n\n",
        "付録1",
        "付録1\n(1)",
        "付録1\n◎ ◎ ◎ ◎",
        "付録1\nア \u{0}\n",
        "付録1\n\n(99)a\n\n(99)b\n\nア x ◎ ◎ ◎ ◎",
    ] {
        let _ = harbour(text);
    }
    for number in ["000", "003"] {
        let profile = Profile::built_in().iter().find(|p| p.name().starts_with(number)).expect("a built-in grammar");
        let document = document(number);
        for skip in [1, 7, 50] {
            let torn: Vec<&str> = document.lines().skip(skip).step_by(skip).collect();
            let _ = read(profile, &lines_of(&torn.join("\n")));
        }
    }
}
