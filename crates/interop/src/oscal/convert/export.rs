//! Our catalogue as an OSCAL catalogue.
//!
//! Headings become groups, everything that may be answered or cited becomes a control. What OSCAL has no member for
//! stands in props of our namespace (`docs/oscal.md` lists them), so that reading it back gives the same catalogue.

use std::collections::{HashMap, HashSet};

use sakimori_domain::standards::{Catalogue, Item, Provision, ProvisionKind, Strength};
use serde_json::json;

use super::names::{self, own, standard};
use super::prose::{line, multiline, value};
use super::token::token;
use crate::oscal::model::{Catalog, Control, Group, Metadata, Part, Property, Resource, ResourceLink};
use crate::oscal::resolve::OSCAL_VERSION;
use crate::oscal::uuid;

/// The catalogue as OSCAL; `now` is RFC 3339 with an offset. Records of tables and problems of the reading are not part
/// of it.
pub fn to_oscal(catalogue: &Catalogue, now: &str) -> Catalog {
    let provisions = &catalogue.provisions;
    let mut children: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
    let known: HashSet<&str> = provisions.iter().map(|p| p.id.as_str()).collect();
    for (at, provision) in provisions.iter().enumerate() {
        // A parent that is not there cannot hold anything.
        let parent = provision.parent.as_deref().filter(|parent| known.contains(parent));
        children.entry(parent).or_default().push(at);
    }
    let writer = Writer { provisions, children };
    let (groups, controls) = writer.below(None, false);
    let mut catalog = Catalog { metadata: metadata(catalogue, now), controls, groups, ..Catalog::default() };
    catalog.uuid = uuid_of(&catalog);
    catalog
}

/// The uuid of a catalogue: the same content has the same one.
fn uuid_of(catalog: &Catalog) -> String {
    let mut metadata = catalog.metadata.clone();
    metadata.last_modified.clear();
    let content = serde_json::to_string(&("catalog", metadata, &catalog.controls, &catalog.groups));
    uuid::of(&content.unwrap_or_default())
}

fn metadata(catalogue: &Catalogue, now: &str) -> Metadata {
    let edition = &catalogue.edition;
    let mut props = vec![own(names::FORMAT, names::FORMAT_CATALOGUE), own(names::LANGUAGE, language(catalogue))];
    for (name, text) in [
        (names::EDITION, &edition.id),
        (names::STANDARD, &edition.standard),
        (names::TITLE, &edition.title),
        (names::TITLE_EN, &edition.title_en),
        (names::SHORT, &edition.short),
        (names::LABEL, &edition.label),
        (names::ISSUER, &edition.issuer),
        (names::AUTHORITY, &edition.authority),
        (names::VALID_FROM, &edition.valid_from),
        (names::VALID_TO, &edition.valid_to),
        (names::GRAMMAR, &edition.profile),
    ] {
        props.extend(value(text).map(|text| own(name, &text)));
    }
    let mut metadata = head(&edition.title, &edition.id, &edition.label, now);
    metadata.props = props;
    if let Some(issuer) = value(&edition.issuer) {
        let party = uuid::of(&format!("party {issuer}"));
        metadata.parties = vec![json!({"uuid": party, "type": "organization", "name": issuer})];
        metadata.roles = vec![json!({"id": "creator", "title": "Document creator"})];
        let responsible = json!([{"role-id": "creator", "party-uuids": [party]}]);
        metadata.rest.insert("responsible-parties".to_owned(), responsible);
    }
    metadata
}

/// Japanese has kana in it.
fn language(catalogue: &Catalogue) -> &'static str {
    let is_kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}');
    let texts = catalogue.provisions.iter().flat_map(|provision| [&provision.title, &provision.text]);
    if texts.chain([&catalogue.edition.title]).any(|text| text.contains(is_kana)) { "ja" } else { "en" }
}

/// The members that every document has.
pub(super) fn head(title: &str, id: &str, version: &str, now: &str) -> Metadata {
    Metadata {
        title: line(title).or_else(|| line(id)).unwrap_or_else(|| "Sakimori".to_owned()),
        last_modified: now.to_owned(),
        version: value(version).unwrap_or_else(|| "1".to_owned()),
        oscal_version: OSCAL_VERSION.to_owned(),
        ..Metadata::default()
    }
}

struct Writer<'a> {
    provisions: &'a [Provision],
    children: HashMap<Option<&'a str>, Vec<usize>>,
}

/// Deepest tree that is written: as deep as readers of JSON go.
const DEPTH_MAX: usize = 24;

impl Writer<'_> {
    fn below(&self, parent: Option<&str>, in_control: bool) -> (Vec<Group>, Vec<Control>) {
        self.level(parent, in_control, 0)
    }

    fn level(&self, parent: Option<&str>, in_control: bool, depth: usize) -> (Vec<Group>, Vec<Control>) {
        let (mut groups, mut controls) = (Vec::new(), Vec::new());
        if depth >= DEPTH_MAX {
            return (groups, controls);
        }
        for at in self.children.get(&parent).into_iter().flatten() {
            let provision = &self.provisions[*at];
            let has_children = self.children.contains_key(&Some(provision.id.as_str()));
            let is_group = !in_control && is_heading(provision, has_children);
            let (inner_groups, inner_controls) = self.level(Some(&provision.id), !is_group, depth + 1);
            let (title, props) = (title_of(provision), props_of(provision, *at));
            let (id, class) = (token(&provision.id), provision.kind.code().to_owned());
            if is_group {
                let (inner_groups, inner_controls) = wrapped(inner_groups, inner_controls, &id, &title);
                let parts = parts_of(provision, "overview", &id).into_iter().collect();
                let (id, class) = (Some(id), Some(class));
                groups.push(Group {
                    id,
                    class,
                    title,
                    props,
                    parts,
                    groups: inner_groups,
                    controls: inner_controls,
                    ..Group::default()
                });
            } else {
                let parts = parts_of(provision, "statement", &id).into_iter().collect();
                let class = Some(class);
                controls.push(Control {
                    id,
                    class,
                    title,
                    props,
                    parts,
                    controls: inner_controls,
                    ..Control::default()
                });
            }
        }
        (groups, controls)
    }
}

/// A group of OSCAL holds groups or controls, not both: beside groups, controls get a group of their own.
fn wrapped(mut groups: Vec<Group>, controls: Vec<Control>, id: &str, title: &str) -> (Vec<Group>, Vec<Control>) {
    if groups.is_empty() || controls.is_empty() {
        return (groups, controls);
    }
    let id = Some(format!("{id}_g"));
    let props = vec![own(names::WRAPPER, "yes")];
    groups.push(Group { id, title: title.to_owned(), props, controls, ..Group::default() });
    (groups, Vec::new())
}

/// Whether a provision only holds others.
fn is_heading(provision: &Provision, has_children: bool) -> bool {
    match provision.kind {
        ProvisionKind::Control => false,
        ProvisionKind::Clause | ProvisionKind::Group | ProvisionKind::Annex => true,
        _ => has_children,
    }
}

fn title_of(provision: &Provision) -> String {
    line(&provision.title).or_else(|| line(&provision.id)).unwrap_or_else(|| "-".to_owned())
}

fn props_of(provision: &Provision, at: usize) -> Vec<Property> {
    let mut props = Vec::new();
    props.extend(value(&provision.id).map(|label| standard("label", &label)));
    // Groups and controls stand in two lists: this is the order of the document.
    props.push(standard("sort-id", &format!("{:06}", at + 1)));
    if line(&provision.title).is_none() {
        props.push(own(names::UNTITLED, "yes"));
    }
    if provision.strength != Strength::None {
        props.push(own(names::STRENGTH, provision.strength.code()));
    }
    props.extend(provision.disposition.map(|disposition| own(names::DISPOSITION, disposition.code())));
    props.extend(provision.consideration.map(|consideration| own(names::CONSIDERATION, consideration.code())));
    props.extend(provision.levels.iter().map(|(class, level)| own(names::level_name(*class), level.code())));
    props.extend(provision.marks.iter().map(|mark| own(names::MANDATE, mark.code())));
    props.extend(provision.audience.iter().map(|audience| own(names::AUDIENCE, audience.code())));
    props.extend(
        provision.references.iter().filter_map(|reference| value(reference)).map(|r| own(names::REFERENCE, &r)),
    );
    props.extend(number_prop(names::PAGE, provision.page));
    props.extend(number_prop(names::LINE, provision.line));
    props
}

fn number_prop(name: &str, number: u32) -> Option<Property> {
    (number > 0).then(|| own(name, &number.to_string()))
}

/// Text and list items as one part.
fn parts_of(provision: &Provision, name: &str, id: &str) -> Option<Part> {
    if provision.text.is_empty() && provision.items.is_empty() {
        return None;
    }
    let id = format!("{id}_smt");
    let prose = (!provision.text.is_empty()).then(|| multiline(&provision.text));
    let parts = items_of(&provision.items, &id);
    Some(Part { id: Some(id), name: name.to_owned(), prose, parts, ..Part::default() })
}

fn items_of(items: &[Item], above: &str) -> Vec<Part> {
    let part = |(at, item): (usize, &Item)| {
        let id = format!("{above}.{}", at + 1);
        let mut props: Vec<Property> = value(&item.label).map(|label| standard("label", &label)).into_iter().collect();
        if item.strength != Strength::None {
            props.push(own(names::STRENGTH, item.strength.code()));
        }
        props.extend(item.marks.iter().map(|mark| own(names::MANDATE, mark.code())));
        props.extend(item.audience.iter().map(|audience| own(names::AUDIENCE, audience.code())));
        props.extend(number_prop(names::LINE, item.line));
        Part {
            name: "item".to_owned(),
            class: Some(item.kind.code().to_owned()),
            props,
            prose: (!item.text.is_empty()).then(|| multiline(&item.text)),
            parts: items_of(&item.items, &id),
            id: Some(id),
            ..Part::default()
        }
    };
    items.iter().enumerate().map(part).collect()
}

/// A resource of the back matter that points at a JSON file.
pub(super) fn resource(title: &str, href: &str, kind: &str) -> Resource {
    Resource {
        uuid: uuid::of(&format!("resource {title} {href}")),
        title: line(title),
        rlinks: vec![ResourceLink {
            href: href.to_owned(),
            media_type: Some(format!("application/oscal.{kind}+json")),
            ..ResourceLink::default()
        }],
        ..Resource::default()
    }
}
