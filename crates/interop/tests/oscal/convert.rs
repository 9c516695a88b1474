//! Ours to OSCAL and back: catalogues, profiles, crosswalks; NIST's catalogue taken in.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_domain::crosswalk::Relation;
use sakimori_domain::standards::{
    Audience, Catalogue, Disposition, Edition, Item, ItemKind, Level, Mandate, NetworkClass, Provision, ProvisionKind,
    Strength,
};
use sakimori_interop::oscal::convert::{
    MappedPair, MappedSet, MappedSide, TailoredItem, TailoredSet, from_mapping_collection, from_oscal, numbers,
    to_mapping_collection, to_oscal, to_profile, token,
};
use sakimori_interop::oscal::model::{CatalogDocument, MappingDocument, ProfileDocument};
use sakimori_interop::oscal::resolve::{Folder, Reading, resolve};
use sakimori_interop::oscal::{Document, to_json, validate};

use crate::data::{folder, scratch, settings};

const NOW: &str = "2026-11-20T09:00:00Z";

fn item(label: &str, text: &str) -> Item {
    Item {
        label: label.to_owned(),
        text: text.to_owned(),
        kind: ItemKind::Requirement,
        strength: Strength::Required,
        marks: vec![Mandate::AllPorts],
        audience: vec![Audience::Handler],
        items: Vec::new(),
        line: 12,
    }
}

fn provision(id: &str, kind: ProvisionKind, title: &str, parent: Option<&str>) -> Provision {
    Provision { parent: parent.map(str::to_owned), ..Provision::new(id, kind, title) }
}

/// A catalogue with everything that a catalogue can have, in an order that groups and controls alone do not keep.
fn harbour() -> Catalogue {
    let mut first = provision("1/(1)/ア", ProvisionKind::Control, "錨の点検", Some("1"));
    first.text = "錨を見る。\n鎖も見る。\n\n{{ 括弧 }} と *印* と [角]".to_owned();
    let mut outer = item("➢", "- 毎朝見ること。\n# 二行目");
    outer.items =
        vec![Item { kind: ItemKind::Example, strength: Strength::None, label: String::new(), ..item("", "") }];
    first.items = vec![outer, item("a)", "記録を残すこと")];
    first.strength = Strength::Recommended;
    first.disposition = Some(Disposition::Extended);
    first.levels = vec![(NetworkClass::Business, Level::ShouldInStages), (NetworkClass::User, Level::NotApplicable)];
    first.marks = vec![Mandate::SpecifiedPorts];
    first.audience = vec![Audience::Executive, Audience::SystemStaff];
    first.references = vec!["TEL.1.2".to_owned(), "別表第２".to_owned()];
    (first.page, first.line) = (3, 44);
    let mut chapter = provision("1", ProvisionKind::Clause, "停泊", None);
    chapter.text = "章のまえがき".to_owned();
    Catalogue {
        edition: Edition {
            id: "harbour-2026".to_owned(),
            standard: "harbour".to_owned(),
            title: "港のきまり".to_owned(),
            title_en: "Harbour rules".to_owned(),
            short: "港".to_owned(),
            label: "第２版".to_owned(),
            issuer: "架空港湾局".to_owned(),
            authority: "state".to_owned(),
            valid_from: "2026-04-01".to_owned(),
            valid_to: String::new(),
            profile: "own".to_owned(),
        },
        provisions: vec![
            chapter,
            first,
            provision("1/(1)", ProvisionKind::Group, "点検", Some("1")),
            provision("1/(1)/イ", ProvisionKind::Control, "", Some("1/(1)")),
            provision("1/(1)/イ/※", ProvisionKind::Note, "注", Some("1/(1)/イ")),
            provision("1/(2)", ProvisionKind::Control, "当直", Some("1")),
            provision("用語", ProvisionKind::Definition, "用語の意味", None),
        ],
        records: Vec::new(),
        problems: Vec::new(),
    }
}

fn assert_valid(json: &str) {
    let validation = validate(json.as_bytes(), None).expect("OSCAL");
    assert!(validation.is_valid(), "{:#?}", validation.faults);
}

#[test]
fn a_catalogue_of_ours_is_valid_oscal_and_comes_back_unchanged() {
    let ours = harbour();
    let catalog = to_oscal(&ours, NOW);
    let json = to_json(&CatalogDocument { catalog: catalog.clone() });
    assert_valid(&json);
    assert_eq!(json, to_json(&CatalogDocument { catalog: to_oscal(&ours, NOW) }), "the same every time");
    let Document::Catalog(read) = Document::read(json.as_bytes()).expect("reads") else { panic!("a catalogue") };
    let back = from_oscal(&read).expect("ours");
    assert_eq!(back.edition, ours.edition);
    for (back, ours) in back.provisions.iter().zip(&ours.provisions) {
        assert_eq!(back, ours);
    }
    assert_eq!(back.provisions.len(), ours.provisions.len());
    assert_eq!(back.problems, []);
    let known = numbers(&read);
    assert_eq!(known[&token("1/(1)/ア")], "1/(1)/ア");
}

#[test]
fn every_shipped_catalogue_comes_back_unchanged() {
    let content = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/standards");
    let mut read = 0;
    for entry in std::fs::read_dir(content).expect("content/standards") {
        let path = entry.expect("an entry").path().join("catalogue.json");
        let text = std::fs::read_to_string(&path).expect("a catalogue");
        let ours = sakimori_interop::simple::from_simple_json(&text).expect("simple JSON");
        let json = to_json(&CatalogDocument { catalog: to_oscal(&ours, NOW) });
        assert_valid(&json);
        let Document::Catalog(catalog) = Document::read(json.as_bytes()).expect("reads") else { panic!("a catalogue") };
        let back = from_oscal(&catalog).expect("ours");
        assert!(back.provisions == ours.provisions && back.edition == ours.edition, "{}", path.display());
        read += 1;
    }
    assert!(read >= 5, "only {read} catalogues were found");
}

#[test]
fn nist_s_catalogue_is_read_with_labels_and_readable_parameters() {
    let bytes = std::fs::read(folder().join("rev5.0.1/catalog.json")).expect("the catalogue");
    let Document::Catalog(catalog) = Document::read(&bytes).expect("reads") else { panic!("a catalogue") };
    let read = from_oscal(&catalog).expect("a catalogue");
    assert_eq!(read.provisions.len(), 20 + 322 + 867);
    let ids: BTreeSet<&str> = read.provisions.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids.len(), read.provisions.len());
    let find = |id: &str| read.provisions.iter().find(|p| p.id == id).unwrap_or_else(|| panic!("{id} of {ids:?}"));
    let enhancement = find("AC-2(1)");
    assert_eq!(enhancement.parent.as_deref(), Some("AC-2"));
    let policy = find("AC-1");
    assert_eq!(policy.parent.as_deref(), Some("ac"), "the families have no label");
    assert_eq!(policy.items[0].label, "a.");
    assert!(
        policy.items[0].text.contains("[Assignment: organization-defined personnel or roles]"),
        "{:?}",
        policy.items[0]
    );
    assert!(policy.items[0].items[0].text.contains("[Selection (one or more): Organization-level;"));
    assert!(!read.provisions.iter().any(|p| p.text.contains("{{") || p.items.iter().any(|i| i.text.contains("{{"))));
    assert!(policy.items.iter().any(|item| item.kind == ItemKind::Guidance));
    assert!(read.edition.id.starts_with("nist-special-publication-800-53-revision-5"), "{:?}", read.edition);
    assert_eq!(numbers(&catalog)["ac-2.1"], "AC-2(1)");
}

fn set() -> TailoredSet {
    let one = |number: &str, binds: bool, decision: &str| TailoredItem {
        number: number.to_owned(),
        binds,
        force: "mandatory".to_owned(),
        reason: "全ての港のため".to_owned(),
        decision: decision.to_owned(),
        justification: if decision.is_empty() { String::new() } else { "係船しない\nため".to_owned() },
    };
    TailoredSet {
        organisation: "架空港湾".to_owned(),
        organisation_id: "kaku".to_owned(),
        edition: "harbour-2026".to_owned(),
        edition_title: "港のきまり".to_owned(),
        href: "harbour-2026.json".to_owned(),
        items: vec![one("1/(1)/ア", true, "in"), one("1/(1)/イ", true, ""), one("1/(2)", false, "out")],
    }
}

#[test]
fn an_organisation_s_profile_resolves_to_what_it_has_taken_on() {
    let place = scratch("tailored");
    std::fs::write(place.join("harbour-2026.json"), to_json(&CatalogDocument { catalog: to_oscal(&harbour(), NOW) }))
        .expect("written");
    let json = to_json(&ProfileDocument { profile: to_profile(&set(), NOW) });
    assert_valid(&json);
    let path = place.join("profile.json");
    std::fs::write(&path, &json).expect("written");
    let files = Folder::new(&place).expect("the folder");
    let resolved = resolve(&files, &path, &settings(Reading::Published)).expect("resolves");
    assert_eq!(resolved.warnings, []);
    assert_valid(&to_json(&CatalogDocument { catalog: resolved.catalog.clone() }));
    let back = from_oscal(&resolved.catalog).expect("a catalogue");
    let controls: Vec<&str> = back.provisions.iter().filter(|p| p.is_answerable()).map(|p| p.title.as_str()).collect();
    assert_eq!(controls.len(), 2, "{controls:?}");
    let text = to_json(&CatalogDocument { catalog: resolved.catalog });
    assert!(text.contains("全ての港のため") && text.contains("係船しない ため"));
    let mut nothing = set();
    nothing.items.iter_mut().for_each(|item| item.binds = false);
    assert_valid(&to_json(&ProfileDocument { profile: to_profile(&nothing, NOW) }));
}

#[test]
fn a_crosswalk_comes_back_unchanged() {
    let side = |edition: &str| MappedSide {
        edition: edition.to_owned(),
        title: format!("{edition}の題"),
        href: format!("{edition}.json"),
    };
    let pair = |source: &str, target: &str, relation: Relation, rationale: &str| MappedPair {
        source: source.to_owned(),
        target: target.to_owned(),
        relation,
        status: "confirmed".to_owned(),
        rationale: rationale.to_owned(),
        person: "担当 花子".to_owned(),
        at: NOW.to_owned(),
    };
    let set = MappedSet {
        from: side("a"),
        to: side("b"),
        pairs: vec![
            pair("1/ア", "6.1", Relation::Equal, "同じ\n二行目 *x*"),
            pair("1/ア", "6.2", Relation::SubsetOf, ""),
            pair("2", "別紙1/1.2", Relation::SupersetOf, ""),
            pair("3", "6.1", Relation::Intersects, ""),
            pair("4", "", Relation::None, "相手にない"),
            pair("5", "", Relation::None, ""),
        ],
        problems: Vec::new(),
    };
    let collection = to_mapping_collection("対照", std::slice::from_ref(&set), NOW);
    let json = to_json(&MappingDocument { mapping_collection: collection });
    assert_valid(&json);
    let Document::MappingCollection(read) = Document::read(json.as_bytes()).expect("reads") else {
        panic!("a mapping")
    };
    assert_eq!(from_mapping_collection(&read, &BTreeMap::new()), [set]);
}

#[test]
fn relations_of_several_items_say_no_more_than_they_do() {
    let map = |relationship: &str, sources: &[&str], targets: &[&str]| {
        let items = |ids: &[&str]| {
            ids.iter().map(|id| serde_json::json!({"type": "control", "id-ref": id})).collect::<Vec<_>>()
        };
        serde_json::json!({"uuid": "61111111-2222-4333-8444-555555555555", "relationship": relationship,
            "sources": items(sources), "targets": items(targets)})
    };
    let json = serde_json::json!({"mapping-collection": {"uuid": "41111111-2222-4333-8444-555555555555", "metadata": {},
        "mappings": {"uuid": "51111111-2222-4333-8444-555555555555",
            "source-resource": {"type": "catalog", "href": "a.json"}, "target-resource": {"type": "catalog", "href": "b.json"},
            "maps": [map("equivalent-to", &["a"], &["b"]), map("equal-to", &["a"], &["c", "d"]),
                     map("subset-of", &["a"], &["e", "f"]), map("unheard-of", &["a"], &["g"]), map("no-relationship", &["a"], &["h"])]}}});
    let Document::MappingCollection(read) = Document::read(json.to_string().as_bytes()).expect("reads") else {
        panic!()
    };
    let known = BTreeMap::from([("b.json".to_owned(), BTreeMap::from([("b".to_owned(), "B(1)".to_owned())]))]);
    let sets = from_mapping_collection(&read, &known);
    let pairs: Vec<(&str, Relation)> = sets[0].pairs.iter().map(|p| (p.target.as_str(), p.relation)).collect();
    use Relation::{Equal, Intersects, None, SupersetOf};
    assert_eq!(
        pairs,
        [("B(1)", Equal), ("c", SupersetOf), ("d", SupersetOf), ("e", Intersects), ("f", Intersects), ("h", None)]
    );
    let codes: Vec<&str> = sets[0].problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["relation-of-several", "relation-of-several", "relationship-unknown"]);
}
