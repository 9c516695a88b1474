//! CISO Assistant's layouts, with libraries of our own.

use sakimori_domain::crosswalk::Relation;
use sakimori_domain::standards::ProvisionKind;
use sakimori_interop::ciso::{CisoError, from_cells, from_yaml};
use sakimori_interop::files::{Cell, CellBook, CellSheet};

const LIBRARY: &str = "\
urn: urn:kakuu:risk:library:harbour
locale: en
ref_id: HARBOUR-1
name: Harbour library
version: 3
provider: Fictional harbour office
publication_date: 2026-04-01
objects:
  framework:
    urn: urn:kakuu:risk:framework:harbour
    ref_id: HARBOUR-1
    name: Harbour rules
    requirement_nodes:
      - urn: urn:kakuu:risk:req_node:harbour:1
        assessable: false
        depth: 1
        ref_id: '1'
        name: Mooring
        translations: {ja: {name: 係留}}
      - urn: urn:kakuu:risk:req_node:harbour:1.10
        parent_urn: urn:kakuu:risk:req_node:harbour:1
        assessable: true
        depth: 2
        ref_id: 1.10
        description: |-
          Ropes are looked at every morning by those who moored the ship, and what is found is written down.
          A second line.
        annotation: Look at the ends.
        typical_evidence: A list.
  requirement_mapping_sets:
    - urn: urn:kakuu:risk:req_mapping_set:a-to-b
      name: A to B
      source_framework_urn: urn:kakuu:risk:framework:harbour
      target_framework_urn: urn:kakuu:risk:framework:other
      requirement_mappings:
        - {source_requirement_urn: 'urn:k:risk:req_node:harbour:1.10', target_requirement_urn: 'urn:k:risk:req_node:other:x', relationship: subset, rationale: semantic}
        - {source_requirement_urn: 'urn:k:risk:req_node:harbour:1.10', target_requirement_urn: 'urn:k:risk:req_node:other:y', relationship: not_related}
        - {source_requirement_urn: 'urn:k:risk:req_node:harbour:1', target_requirement_urn: 'urn:k:risk:req_node:other:z', relationship: strange}
";

#[test]
fn a_framework_becomes_a_catalogue_and_mappings_pairs() {
    let library = from_yaml(LIBRARY).expect("reads").expect("a library");
    let catalogue = &library.frameworks[0];
    let edition = &catalogue.edition;
    assert_eq!(
        (edition.id.as_str(), edition.title.as_str(), edition.short.as_str()),
        ("harbour", "Harbour rules", "HARBOUR-1")
    );
    assert_eq!((edition.label.as_str(), edition.valid_from.as_str()), ("3", "2026-04-01"));
    let [group, control] = catalogue.provisions.as_slice() else { panic!("{:?}", catalogue.provisions) };
    assert_eq!((group.id.as_str(), group.title.as_str(), group.kind), ("1", "係留", ProvisionKind::Group));
    assert_eq!(
        (control.id.as_str(), control.parent.as_deref(), control.kind),
        ("1.10", Some("1"), ProvisionKind::Control)
    );
    assert!(control.title.starts_with("Ropes are looked at") && control.title.ends_with('…'));
    assert!(control.text.ends_with("A second line.") && control.items.len() == 2);
    let set = &library.mappings[0];
    assert_eq!((set.from.edition.as_str(), set.to.edition.as_str()), ("harbour", "other"));
    let pairs: Vec<(&str, &str, Relation)> =
        set.pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str(), pair.relation)).collect();
    assert_eq!(pairs, [("1.10", "x", Relation::SubsetOf), ("1.10", "y", Relation::None)]);
    assert_eq!(set.problems[0].code, "relationship-unknown");
}

#[test]
fn the_same_in_the_excel_layout() {
    let sheet = |name: &str, rows: &[&[&str]]| CellSheet {
        name: name.to_owned(),
        hidden: false,
        cells: rows
            .iter()
            .enumerate()
            .flat_map(|(row, cells)| {
                cells.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(move |(col, text)| Cell {
                    row: row as u32,
                    col: col as u32,
                    text: (*text).to_owned(),
                })
            })
            .collect(),
    };
    let book = CellBook {
        sheets: vec![
            sheet(
                "library_meta",
                &[&["type", "library"], &["ref_id", "HARBOUR-1"], &["name", "Harbour library"], &["version", "3"]],
            ),
            sheet(
                "h_meta",
                &[
                    &["type", "framework"],
                    &["base_urn", "urn:k:req_node:harbour"],
                    &["urn", "urn:k:framework:harbour"],
                    &["name", "Harbour rules"],
                ],
            ),
            sheet(
                "h_content",
                &[
                    &["assessable", "depth", "ref_id", "name", "description", "name[ja]"],
                    &["", "1", "1", "Mooring", "", "係留"],
                    &["x", "2", "1.10", "Ropes", "Look.", ""],
                    &["x", "2", "1.11", "Anchors", "Look.", ""],
                    &["", "1", "2", "Watch", "", ""],
                ],
            ),
            sheet(
                "m_meta",
                &[
                    &["type", "requirement_mapping_set"],
                    &["source_framework_urn", "urn:k:framework:harbour"],
                    &["target_framework_urn", "urn:k:framework:other"],
                    &["source_node_base_urn", "urn:k:h"],
                    &["target_node_base_urn", "urn:k:o"],
                ],
            ),
            sheet("m_content", &[&["source_node_id", "target_node_id", "relationship"], &["1.10", "x", "Equal"]]),
        ],
    };
    let library = from_cells(&book).expect("reads").expect("a library");
    let provisions = &library.frameworks[0].provisions;
    let tree: Vec<(&str, Option<&str>)> = provisions.iter().map(|p| (p.id.as_str(), p.parent.as_deref())).collect();
    assert_eq!(tree, [("1", None), ("1.10", Some("1")), ("1.11", Some("1")), ("2", None)]);
    assert_eq!((provisions[0].title.as_str(), provisions[1].kind), ("係留", ProvisionKind::Control));
    assert_eq!(library.mappings[0].pairs[0].relation, Relation::Equal);
    assert_eq!(from_cells(&CellBook { sheets: vec![sheet("回答", &[&["a", "b"]])] }), Ok(None), "any other workbook");
}

#[test]
fn broken_libraries_are_refused_whole() {
    assert_eq!(from_yaml("A text that is none.\n"), Ok(None));
    let with = |from: &str, to: &str| from_yaml(&LIBRARY.replacen(from, to, 1)).expect_err(to);
    let orphan = with("parent_urn: urn:kakuu:risk:req_node:harbour:1\n", "parent_urn: urn:none\n");
    assert!(matches!(orphan, CisoError::Parent { .. }), "{orphan}");
    let own =
        with("parent_urn: urn:kakuu:risk:req_node:harbour:1\n", "parent_urn: urn:kakuu:risk:req_node:harbour:1.10\n");
    assert!(matches!(own, CisoError::Cycle { .. }), "{own}");
    let twice = with("urn: urn:kakuu:risk:req_node:harbour:1.10", "urn: urn:kakuu:risk:req_node:harbour:1");
    assert!(matches!(twice, CisoError::Twice { .. } | CisoError::Cycle { .. }), "{twice}");
    assert!(matches!(with("requirement_nodes:", "nodes:"), CisoError::Shape(_)));
    assert!(matches!(with("    name: Harbour rules", "    name: [1"), CisoError::Yaml { .. }));
}
