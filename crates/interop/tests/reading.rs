//! The built-in grammars read the real documents: every number, title and parent, every list item, nothing lost.
//!
//! The expectations under `expect/` were checked by eye against the documents. The documents themselves are not in the
//! repository: `SAKIMORI_SEEDS` names their folder, else `../shared/seeds` beside the repository is taken.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use sakimori_domain::standards::{Catalogue, Item, Provision};
use sakimori_interop::grammar::{Profile, best_fit, facts_only, read, suggest};
use sakimori_interop::simple::{from_simple_json, to_simple_json};
use sakimori_interop::source::{SourceLine, lines_of};
use serde::Deserialize;

/// id, title, parent, kind, items directly under it, items in all, disposition or consideration or marks.
type Row = (String, String, String, String, usize, usize, String);

#[derive(Deserialize)]
struct Expect {
    items: usize,
    nodes: Vec<Row>,
}

fn seeds() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds");
    std::env::var_os("SAKIMORI_SEEDS").map_or_else(beside, PathBuf::from)
}

fn document(number: &str) -> String {
    let folder = seeds();
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

fn profile(number: &str) -> &'static Profile {
    Profile::built_in().iter().find(|profile| profile.name().starts_with(number)).expect("a built-in grammar")
}

fn catalogue(number: &str) -> (Vec<SourceLine>, Catalogue) {
    let lines = lines_of(&document(number));
    let reading = read(profile(number), &lines);
    (lines, reading.catalogue)
}

fn expect(number: &str) -> Expect {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/expect/{number}.toml"));
    toml::from_str(&std::fs::read_to_string(path).expect("an expectation")).expect("sound TOML")
}

fn count(items: &[Item]) -> usize {
    items.iter().map(|item| 1 + count(&item.items)).sum()
}

fn blanks_out(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn extra(provision: &Provision) -> String {
    if let Some(disposition) = provision.disposition {
        return disposition.code().to_owned();
    }
    if let Some(consideration) = provision.consideration {
        return consideration.code().to_owned();
    }
    let mut marks: Vec<&str> = provision.marks.iter().map(|mark| mark.code()).collect();
    marks.sort_unstable();
    marks.join("+")
}

/// The title, cut short where it is as long as a sentence, as in the expectations.
fn short(title: &str) -> String {
    if blanks_out(title).chars().count() < 30 {
        title.to_owned()
    } else {
        title.chars().take(20).collect::<String>() + "…"
    }
}

fn row(provision: &Provision) -> Row {
    (
        provision.id.clone(),
        short(&provision.title),
        provision.parent.clone().unwrap_or_default(),
        provision.kind.code().to_owned(),
        provision.items.len(),
        count(&provision.items),
        extra(provision),
    )
}

fn structure_is_as_expected(number: &str) {
    let (_, catalogue) = catalogue(number);
    let expect = expect(number);
    let rows: Vec<Row> = catalogue.provisions.iter().map(row).collect();
    for (read, wanted) in rows.iter().zip(&expect.nodes) {
        assert_eq!(read, wanted, "document {number}");
    }
    assert_eq!(rows.len(), expect.nodes.len(), "document {number}");
    assert_eq!(catalogue.provisions.iter().map(|p| count(&p.items)).sum::<usize>(), expect.items, "document {number}");
}

#[test]
fn the_nisc_measures_have_every_number_title_parent_and_item() {
    structure_is_as_expected("001");
}

#[test]
fn jt_x1051_has_every_number_title_parent_and_item() {
    structure_is_as_expected("002");
}

#[test]
fn the_port_guideline_has_every_number_title_parent_and_item() {
    structure_is_as_expected("004");
}

/// The same document as other tools extract it: without blank lines, without indents, with and without pages.
fn variants(lines: &[SourceLine]) -> Vec<(&'static str, Vec<SourceLine>)> {
    let starts_page = |at: usize| lines[at].text.starts_with(' ') && at > 0 && !lines[at - 1].text.trim().is_empty();
    let mut page = 1;
    let mut paged = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        page += u32::from(starts_page(at));
        if !line.text.trim().is_empty() {
            paged.push(SourceLine { text: line.text.trim().to_owned(), page, line: line.line });
        }
    }
    let unpaged = paged.iter().map(|line| SourceLine { page: 0, ..line.clone() }).collect();
    let ragged = lines.iter().filter(|line| !line.text.trim().is_empty()).cloned().collect();
    vec![("paged", paged), ("unpaged", unpaged), ("ragged", ragged)]
}

#[test]
fn the_structure_does_not_depend_on_the_tool_that_extracted_the_text() {
    for number in ["001", "002", "004"] {
        let (lines, full) = catalogue(number);
        let expect = expect(number);
        for (name, variant) in variants(&lines) {
            let catalogue = read(profile(number), &variant).catalogue;
            let rows: Vec<Row> = catalogue.provisions.iter().map(row).collect();
            let wrong: Vec<_> = rows.iter().filter(|row| !expect.nodes.contains(row)).collect();
            assert!(wrong.is_empty(), "{number} {name}: {wrong:#?}");
            assert_eq!(rows.len(), expect.nodes.len(), "{number} {name}");
            let blocks =
                |catalogue: &Catalogue| everything(catalogue).lines().map(str::to_owned).collect::<HashSet<_>>();
            let (wanted, got) = (blocks(&full), blocks(&catalogue));
            let same = wanted.intersection(&got).count();
            assert!(same * 1000 >= wanted.len() * 985, "{number} {name}: {same} of {} blocks", wanted.len());
        }
    }
}

/// Everything that was read, without blanks: headings, labels and paragraphs, and items with their labels.
fn everything(catalogue: &Catalogue) -> String {
    fn items(list: &[Item], out: &mut String) {
        for item in list {
            out.push('\n');
            out.push_str(&blanks_out(&item.label));
            out.push_str(&blanks_out(&item.text));
            items(&item.items, out);
        }
    }
    let mut out = String::new();
    for provision in &catalogue.provisions {
        out.push('\n');
        out.push_str(&blanks_out(&provision.title));
        for paragraph in provision.text.lines() {
            out.push('\n');
            out.push_str(&blanks_out(paragraph));
        }
        items(&provision.items, &mut out);
    }
    out
}

/// Every printed line is in the catalogue, or a problem names it (or the footnote or front matter that it belongs to).
fn nothing_is_lost(number: &str, tolerated: &[u32]) {
    let (lines, catalogue) = catalogue(number);
    let all = everything(&catalogue);
    let headings: HashSet<u32> = catalogue.provisions.iter().map(|p| p.line).collect();
    let named: BTreeMap<u32, &str> = catalogue.problems.iter().map(|p| (p.line, p.code.as_str())).collect();
    let messages: String = catalogue.problems.iter().map(|p| blanks_out(&p.message)).collect();
    let first = catalogue.provisions.first().expect("something was read").line;
    let mut lost = Vec::new();
    for line in lines.iter().filter(|line| !line.text.trim().is_empty() && line.line >= first) {
        let text = blanks_out(&line.text);
        let found = all.contains(&text) || messages.contains(&text) || headings.contains(&line.line);
        let noise = named.get(&line.line).is_some_and(|code| !matches!(*code, "lost-glyph"));
        if !found && !noise && !tolerated.contains(&line.line) {
            lost.push(format!("{}: {}", line.line, line.text));
        }
    }
    assert!(lost.is_empty(), "document {number}: lines that are nowhere:\n{}", lost.join("\n"));
}

#[test]
fn no_line_of_the_nisc_measures_is_lost() {
    // The class of a title broken over two lines (【要検討事／項】).
    nothing_is_lost("001", &[1325, 1440]);
}

#[test]
fn no_line_of_jt_x1051_is_lost() {
    // The continuation lines of titles on the line after (附属書A, 附属書B) are titles themselves.
    nothing_is_lost("002", &[]);
}

#[test]
fn no_line_of_the_port_guideline_is_lost() {
    // Lines from which a glued footnote digit, a note mark or the other half of a broken label was cut.
    nothing_is_lost("004", &[325, 612, 864, 866, 868, 870, 896, 1233, 2529]);
}

/// Noise is in no text: neither running heads nor the markers of another block at a line break.
#[test]
fn nothing_leaks_into_texts() {
    for (number, heads) in
        [("002", vec!["ＪＴ－Ｘ１０５１"]), ("004", vec!["https://www.soumu.go.jp/main_content/000702974.pdf"])]
    {
        let (_, catalogue) = catalogue(number);
        let all = everything(&catalogue);
        for head in heads {
            assert!(!all.contains(head), "document {number} has {head} in a text");
        }
    }
    let (_, port) = catalogue("004");
    for provision in &port.provisions {
        let all = everything(&Catalogue { provisions: vec![provision.clone()], ..Catalogue::default() });
        for glyph in ["。●", "。➢", "。✓", "。・ "] {
            assert!(!all.contains(glyph), "{}: {glyph} inside a text", provision.id);
        }
    }
}

fn item<'a>(catalogue: &'a Catalogue, id: &str, path: &[usize]) -> &'a Item {
    let provision = catalogue.provisions.iter().find(|p| p.id == id).unwrap_or_else(|| panic!("{id}"));
    let (first, rest) = path.split_first().expect("a path");
    rest.iter().fold(&provision.items[*first], |item, at| &item.items[*at])
}

/// First and last letters of items, where the document makes it hard to see where they end.
#[test]
fn items_end_where_they_end_in_the_document() {
    let cases: [(&str, &str, &[usize], &str, &str); 14] = [
        ("002", "4.2.2", &[2], "運用及び", "要請"),
        ("002", "4.2.2", &[8], "電気通信サ", "を参照）。"),
        ("002", "11.1.2", &[2], "訪問者", "望ましい。"),
        ("002", "16.1.1", &[6], "影響を受", "実施する。"),
        ("002", "TEL.13.1.4", &[3], "緊急時", "参照）"),
        ("002", "TEL.13.1.4", &[7], "電気通信サ", "切換。"),
        ("002", "TEL.18.1.7", &[19], "国の法", "重要通信"),
        ("004", "2.2.1", &[3], "外部との", "参照）"),
        ("004", "2.4", &[3, 0], "パケット", "リング"),
        ("004", "2.4", &[3, 4], "CDN", "の使用"),
        ("004", "2.6.3", &[0], "システム", "実施する。"),
        ("004", "2.6.3", &[1], "情報シ", "（例）"),
        ("004", "2.7.1", &[6, 4], "なりすまし", "】参照）"),
        ("004", "3.1", &[3, 0], "NIST", "れている。"),
    ];
    let mut read_once: BTreeMap<&str, Catalogue> = BTreeMap::new();
    for (number, id, path, begins, ends) in cases {
        let catalogue = read_once.entry(number).or_insert_with(|| catalogue(number).1);
        let text = &item(catalogue, id, path).text;
        assert!(text.starts_with(begins) && text.ends_with(ends), "{id} {path:?}: {text}");
    }
}

#[test]
fn marks_stay_with_their_group() {
    let (_, port) = catalogue("004");
    let group = item(&port, "2.1.1", &[3]);
    assert_eq!(group.marks.iter().map(|m| m.code()).collect::<Vec<_>>(), ["全ての港", "五港"]);
    assert!(group.items.iter().all(|inner| inner.marks.is_empty()));
    assert!(item(&port, "2.1.1", &[5]).marks.is_empty(), "the next group is not marked");
    assert_eq!(item(&port, "2.7.1", &[5]).marks.iter().map(|m| m.code()).collect::<Vec<_>>(), ["五港"]);
}

#[test]
fn citations_have_one_spelling() {
    let (_, jt) = catalogue("002");
    let of = |id: &str| jt.provisions.iter().find(|p| p.id == id).map(|p| p.references.clone()).unwrap_or_default();
    assert_eq!(of("8.2.1"), ["ISO/IEC27002:8.2.1", "TEL.18.1.7"]);
    assert_eq!(of("TEL.13.1.4"), ["TEL.18.1.7", "TEL.13.1.5", "TEL.13.1.6", "ISO/IEC27002:12.6.1"]);
    let (_, port) = catalogue("004");
    let refs = |id: &str| port.provisions.iter().find(|p| p.id == id).map(|p| p.references.clone()).unwrap_or_default();
    assert_eq!(refs("2.1.2"), ["2.1.1"]);
    assert_eq!(refs("2.7.4"), ["2.7.1"]);
}

#[test]
fn each_document_is_recognised() {
    for number in ["001", "002", "004"] {
        let fits = best_fit(Profile::built_in(), &lines_of(&document(number)));
        assert!(fits[0].0.starts_with(number) && fits[0].1.share > 0.95, "{number}: {fits:?}");
        assert!(fits[1].1.share < 0.5, "{number}: {fits:?}");
    }
}

#[test]
fn reading_again_gives_the_same_and_json_brings_it_back() {
    for number in ["001", "002", "004"] {
        let (lines, first) = catalogue(number);
        let again = read(profile(number), &lines).catalogue;
        assert_eq!(first, again);
        let json = to_simple_json(&first);
        let back = from_simple_json(&json).expect("our own JSON is read");
        assert_eq!(to_simple_json(&back), json);
        assert_eq!(back.provisions, first.provisions);
    }
}

#[test]
fn facts_have_the_structure_and_no_sentence() {
    for number in ["001", "002", "004"] {
        let (_, full) = catalogue(number);
        let facts = facts_only(&full);
        assert_eq!(facts.provisions.len(), full.provisions.len());
        assert!(facts.provisions.iter().all(|p| p.text.is_empty() && !p.title.contains('。')));
        let counted: usize = facts.provisions.iter().map(|p| count(&p.items)).sum();
        assert_eq!(counted, expect(number).items);
        let json = to_simple_json(&facts);
        let sentences: Vec<&str> =
            full.provisions.iter().flat_map(|p| p.text.lines()).filter(|l| l.ends_with('。')).collect();
        assert!(sentences.iter().all(|sentence| !json.contains(sentence)));
    }
}

/// The suggested grammar is sound and reads nearly all headings of a document whose grammar it has never seen.
#[test]
fn a_suggested_grammar_reads_the_document_it_was_written_for() {
    for (number, share) in [("002", 0.7), ("004", 0.9)] {
        let (lines, catalogue) = catalogue(number);
        let written = suggest(&lines);
        let profile = Profile::parse(&written).unwrap_or_else(|faults| panic!("{number}: {faults:?}\n{written}"));
        let titles: HashSet<String> =
            read(&profile, &lines).catalogue.provisions.into_iter().map(|p| p.title).collect();
        let wanted: Vec<&Provision> = catalogue.provisions.iter().filter(|p| p.is_answerable()).collect();
        let found = wanted.iter().filter(|p| titles.contains(&p.title)).count();
        assert!(found as f64 >= share * wanted.len() as f64, "{number}: {found} of {}", wanted.len());
    }
}
