//! One program with every fuzz target, so that it is linked once: `SAKIMORI_FUZZ=<target>` chooses. libFuzzer gives the
//! bytes; a target fails by panicking, hanging or taking too much memory. `./x fuzz` runs them all.
#![no_main]

use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use sakimori_domain::text;
use sakimori_interop::files::{self, Limits};
use sakimori_interop::workbook::{self, CellLimits, SheetCells};
use sakimori_interop::trail::tree::consistent;
use sakimori_interop::trail::{AddCheckpoint, Edge, PublicKey, SignedCheckpoint, SigningKey, TlogProof, export};
use sakimori_interop::{Profile, ciso, grammar, oscal, simple, source, synonyms};
use zip::write::SimpleFileOptions;

type Target = fn(&[u8]);

/// Every parser of outside input that needs no database. The folders of `corpus/` have the same names.
const TARGETS: &[(&str, Target)] = &[
    ("document", document),
    ("pdf", pdf),
    ("word", word),
    ("excel", excel),
    ("reading", reading),
    ("grammar", grammar_toml),
    ("corrections", corrections),
    ("simple-json", simple_json),
    ("oscal", oscal_json),
    ("ciso", ciso_yaml),
    ("synonyms", synonym_table),
    ("csv", csv),
    ("search", search),
    ("cells", cell_values),
    ("trail", trail),
    ("witness", witness),
];

fuzz_target!(|bytes: &[u8]| {
    static CHOSEN: OnceLock<Target> = OnceLock::new();
    let target = CHOSEN.get_or_init(|| {
        let name = std::env::var("SAKIMORI_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("SAKIMORI_FUZZ names no target: {:?}", names())).1
    });
    target(bytes);
});

fn names() -> Vec<&'static str> {
    TARGETS.iter().map(|(name, _)| *name).collect()
}

/// Small, so that a limit that does not hold shows as a time-out or as memory.
fn limits() -> Limits {
    Limits { bytes: 1 << 20, text_bytes: 1 << 20, unpacked_bytes: 8 << 20, cells: 20_000, lines: 20_000, ..Limits::default() }
}

fn cell_limits() -> CellLimits {
    CellLimits { file_bytes: 1 << 20, unpacked_bytes: 8 << 20, cells: 20_000, visited: 200_000, ..CellLimits::default() }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whatever a person may choose as a file: the kind is decided by the bytes.
fn document(bytes: &[u8]) {
    if let Ok(read) = files::read_file("a", bytes, &limits()) {
        assert!(read.lines.len() <= 20_000, "the limit of lines holds");
    }
    let _ = files::read_cells("a", bytes, &limits());
    sheets_of(workbook::read_cells(bytes, &cell_limits()).unwrap_or_default());
}

fn pdf(bytes: &[u8]) {
    let _ = files::read_file("a.pdf", &[b"%PDF-1.7\n", bytes].concat(), &limits());
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        zip.start_file(*name, options).expect("a part can be started");
        zip.write_all(content).expect("a part can be written");
    }
    zip.finish().expect("the container can be closed").into_inner()
}

/// The XML inside a Word document: its text, then after a NUL byte its numbering.
fn word(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (body, numbering) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let _ = files::read_file("a.docx", &zipped(&[("word/document.xml", body), ("word/numbering.xml", numbering)]), &limits());
}

/// The XML inside a workbook: a sheet, then after a NUL byte its shared strings.
fn excel(bytes: &[u8]) {
    const BOOK: &[u8] = br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#;
    const RELATIONS: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
    const ROOT: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (sheet, strings) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"<sst/>"));
    let file = zipped(&[
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ]);
    if let Ok(book) = files::read_cells("a.xlsx", &file, &limits()) {
        let _ = ciso::from_cells(&book);
    }
    sheets_of(workbook::read_cells(&file, &cell_limits()).unwrap_or_default());
}

/// Everything that reads sheets: our own workbook, a foreign one, mappings.
fn sheets_of(sheets: Vec<SheetCells>) {
    let _ = workbook::read_workbook(&sheets);
    let _ = workbook::read_mappings("crosswalk", &sheets);
    if let Some(mapping) = workbook::guess_mapping(&sheets) {
        let known = workbook::KnownRow { key: "1".to_owned(), number: "1.1".to_owned(), title: "a".to_owned() };
        let _ = workbook::apply_mapping(&sheets, &mapping, &[known]);
    }
}

/// The lines of a document against every grammar that ships.
fn reading(bytes: &[u8]) {
    let lines = source::lines_of(&utf8(bytes));
    for profile in Profile::built_in() {
        let read = grammar::read(profile, &lines);
        let _ = grammar::facts_only(&read.catalogue);
        for provision in read.catalogue.provisions.iter().take(50) {
            let _ = grammar::citations(Some(profile), &provision.title);
        }
    }
    let _ = grammar::suggest(&lines);
}

const SAMPLE: &str = "第１章 総則\n１ 目的\n（１）設備の点検を行うこと。\nア 記録を残すこと。\n別表第１\n1.1 Access\n";

fn grammar_toml(bytes: &[u8]) {
    let text = utf8(bytes);
    let _ = grammar::check(&text);
    if let Ok(profile) = Profile::parse(&text) {
        let _ = grammar::read(&profile, &source::lines_of(SAMPLE));
    }
}

fn corrections(bytes: &[u8]) {
    if let Ok(corrections) = grammar::parse_corrections(&utf8(bytes)) {
        let lines = source::lines_of(SAMPLE);
        for profile in Profile::built_in() {
            let _ = grammar::read_corrected(profile, &lines, &corrections);
        }
    }
}

/// What was read and written is read again as the same.
fn simple_json(bytes: &[u8]) {
    if let Ok(catalogue) = simple::from_simple_json(&utf8(bytes)) {
        let again = simple::from_simple_json(&simple::to_simple_json(&catalogue)).expect("our own file is read");
        assert_eq!(simple::to_simple_json(&catalogue), simple::to_simple_json(&again));
    }
}

fn oscal_json(bytes: &[u8]) {
    let _ = oscal::validate(bytes, None);
    match oscal::Document::read(bytes) {
        Ok(oscal::Document::Catalog(catalog)) => {
            if let Ok(catalogue) = oscal::convert::from_oscal(&catalog) {
                let _ = oscal::convert::to_oscal(&catalogue, "2026-11-20T00:00:00Z");
            }
        }
        Ok(oscal::Document::MappingCollection(collection)) => {
            let _ = oscal::convert::from_mapping_collection(&collection, &Default::default());
        }
        _ => {}
    }
}

fn ciso_yaml(bytes: &[u8]) {
    let _ = ciso::from_yaml(&utf8(bytes));
}

fn synonym_table(bytes: &[u8]) {
    let _ = synonyms::parse(&utf8(bytes));
}

fn csv(bytes: &[u8]) {
    if let Ok(sheet) = workbook::read_delimited(bytes, "a.csv", &cell_limits()) {
        sheets_of(vec![sheet]);
    }
}

/// A search: the first line is the query, the rest is the text.
fn search(bytes: &[u8]) {
    let both = utf8(bytes);
    let (query, body) = both.split_once('\n').unwrap_or((&both, &both));
    let _ = text::query_grams(query);
    let _ = text::search_grams(body);
    let mut last = 0;
    for range in text::highlights(body, query) {
        assert!(range.start >= last && range.end >= range.start, "in order and without overlap");
        assert!(body.get(range.clone()).is_some(), "on the borders of characters");
        last = range.end;
    }
    let _ = grammar::citations(None, body);
    let _ = text::number_id(query);
}

/// What a person may type into a cell.
fn cell_values(bytes: &[u8]) {
    let text = utf8(bytes);
    let _ = workbook::value::parse_status(&text);
    let _ = workbook::value::parse_maturity(&text);
    let _ = workbook::value::fold(&text);
    for kind in [workbook::CellKind::Text, workbook::CellKind::Number] {
        let _ = workbook::value::parse_date(&text, kind);
    }
    if let Some(id) = workbook::row_id::RowId::parse(&text) {
        assert_eq!(workbook::row_id::RowId::parse(&id.print()), Some(id));
    }
}

/// What an auditor or a witness is handed: an exported trail, a proof, a checkpoint, a key.
fn trail(bytes: &[u8]) {
    let _ = export::verify(bytes, &export::Demand::default());
    let text = utf8(bytes);
    if let Ok(read) = SignedCheckpoint::parse(&text) {
        assert_eq!(SignedCheckpoint::parse(&read.to_text()).as_ref(), Ok(&read));
    }
    if let Ok(proof) = TlogProof::parse(&text) {
        assert_eq!(TlogProof::parse(&proof.to_text()).map(|again| again.to_text()), Ok(proof.to_text()));
    }
    if let Ok(key) = PublicKey::parse(&text) {
        assert_eq!(PublicKey::parse(&key.vkey()).map(|again| again.key), Ok(key.key));
    }
    if let Some((first, rest)) = bytes.split_first() {
        let _ = Edge::parse(u64::from(*first), &utf8(rest));
    }
}

/// What witnesses carry between installations: a request for a cosignature, then after a NUL byte the lines that come back,
/// then after another the key that they are checked with.
fn witness(bytes: &[u8]) {
    /// The key of a published example, which signed the checkpoint of the corpus.
    const LOG: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let mut parts = bytes.splitn(3, |byte| *byte == 0).map(utf8);
    let mut next = || parts.next().unwrap_or_default();
    let (asked, lines, key) = (next(), next(), next());
    let _ = SigningKey::parts(&key);
    let Ok(asked) = AddCheckpoint::parse(&asked) else { return };
    assert_eq!(AddCheckpoint::parse(&asked.to_text()).as_ref(), Ok(&asked));
    let older = sakimori_interop::trail::Checkpoint { size: asked.old, ..asked.note.checkpoint.clone() };
    let _ = consistent(&asked.proof, &older, &asked.note.checkpoint);
    let log = PublicKey::parse(LOG).expect("the key");
    let mut note = asked.note.clone();
    let is_signed = note.signed_by(&log);
    if note.add(&lines).is_ok() {
        assert!(note.signed_by(&log) || !is_signed, "lines of witnesses take no signature away");
        assert_eq!(note.checkpoint, asked.note.checkpoint, "and change nothing of what was signed");
        let before = note.names().len();
        note.add(&lines).expect("the same lines again");
        assert_eq!(note.names().len(), before, "each line once");
        if let Ok(again) = SignedCheckpoint::parse(&note.to_text()) {
            assert_eq!(again, note);
        }
    }
    if let Ok(key) = PublicKey::parse(&key) {
        let line = note.line_of(&key);
        assert_eq!(line.is_some(), note.cosigned_by(&key).is_some());
        let _ = note.signed_by(&key);
    }
}
