//! An OSCAL catalogue as a catalogue of ours: groups and controls become Provisions, parts become text and items.

use std::collections::{BTreeMap, HashSet};

use sakimori_domain::standards::{
    Audience, Catalogue, Consideration, Disposition, Edition, Item, ItemKind, Level, Mandate, NetworkClass, Problem,
    Provision, ProvisionKind, Strength,
};
use sakimori_domain::text::number_id;
use serde_json::Value;

use super::names;
use super::params::Params;
use super::prose::{plain, unescaped};
use super::token;
use crate::oscal::model::{Catalog, Control, Group, Metadata, Part, Property};

/// Most provisions that are taken.
const PROVISIONS_MAX: usize = crate::simple::NODES_MAX;

/// Why a catalogue cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the catalogue has more than {0} groups and controls")]
    TooMany(usize),
    #[error("the catalogue has neither groups nor controls")]
    Empty,
}

impl ImportError {
    /// What happened, in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Self::TooMany(limit) => format!("カタログのグループと管理策が {limit} を超えています。"),
            Self::Empty => "カタログにグループも管理策もありません。".to_owned(),
        }
    }
}

/// The catalogue with the problems of its reading.
///
/// # Errors
/// One that is too large or has nothing in it.
pub fn from_oscal(catalog: &Catalog) -> Result<Catalogue, ImportError> {
    let props = &catalog.metadata.props;
    let is_ours = names::find(props, names::FORMAT) == Some(names::FORMAT_CATALOGUE);
    let is_japanese = names::find(props, names::LANGUAGE) == Some("ja");
    let params = Params::of(catalog, is_japanese);
    let mut reader = Reader {
        params,
        is_ours,
        provisions: Vec::new(),
        order: Vec::new(),
        numbers: HashSet::new(),
        left_out: BTreeMap::new(),
        problems: Vec::new(),
    };
    reader.level(&catalog.groups, &catalog.controls, None)?;
    if reader.provisions.is_empty() {
        return Err(ImportError::Empty);
    }
    let mut problems = reader.problems;
    for (name, count) in reader.left_out {
        let message = format!("「{name}」の部分 {count} 件は本文ではないため取り込みませんでした。");
        problems.push(Problem { line: 0, code: "part-left-out".to_owned(), message });
    }
    let mut provisions = reader.provisions;
    if is_ours {
        let mut ordered: Vec<(Option<u32>, Provision)> = reader.order.into_iter().zip(provisions).collect();
        ordered.sort_by_key(|(order, _)| order.unwrap_or(u32::MAX));
        provisions = ordered.into_iter().map(|(_, provision)| provision).collect();
    }
    Ok(Catalogue { edition: edition(&catalog.metadata, &catalog.uuid), provisions, records: Vec::new(), problems })
}

/// The number that a control, group or part of this catalogue has after the import, by its OSCAL id.
pub fn numbers(catalog: &Catalog) -> BTreeMap<String, String> {
    let is_ours = names::find(&catalog.metadata.props, names::FORMAT) == Some(names::FORMAT_CATALOGUE);
    let mut used = HashSet::new();
    let mut out = BTreeMap::new();
    fn walk(
        groups: &[Group],
        controls: &[Control],
        is_ours: bool,
        used: &mut HashSet<String>,
        out: &mut BTreeMap<String, String>,
    ) {
        for group in groups {
            if names::find(&group.props, names::WRAPPER).is_some() {
                walk(&group.groups, &group.controls, is_ours, used, out);
                continue;
            }
            let id = group.id.as_deref().unwrap_or_default();
            let (number, _) = number_of(id, &group.props, is_ours, used);
            out.insert(id.to_owned(), number);
            walk(&group.groups, &group.controls, is_ours, used, out);
        }
        for control in controls {
            let (number, _) = number_of(&control.id, &control.props, is_ours, used);
            statements(&control.parts, &number, out);
            out.insert(control.id.clone(), number);
            walk(&[], &control.controls, is_ours, used, out);
        }
    }
    walk(&catalog.groups, &catalog.controls, is_ours, &mut used, &mut out);
    out
}

/// A statement of a control counts as the control.
fn statements(parts: &[Part], number: &str, out: &mut BTreeMap<String, String>) {
    for part in parts {
        if let Some(id) = &part.id {
            out.insert(id.clone(), number.to_owned());
        }
        statements(&part.parts, number, out);
    }
}

/// A number that nothing else has: ours from the token, else the printed label, else the id. Also whether it had to be
/// made unlike the printed one.
fn number_of(id: &str, props: &[Property], is_ours: bool, used: &mut HashSet<String>) -> (String, bool) {
    let own = is_ours.then(|| token::number(id)).flatten();
    // NIST's catalogues have further labels with a class (sp800-53a, zero-padded).
    let labels = props.iter().filter(|prop| prop.name == "label" && prop.ns.as_deref().is_none_or(is_oscal_ns));
    let label = labels.min_by_key(|prop| prop.class.is_some()).map(|prop| number_id(&prop.value));
    let candidates = own.into_iter().chain(label).chain([number_id(id)]).filter(|number| !number.is_empty());
    for (at, candidate) in candidates.enumerate() {
        if used.insert(candidate.clone()) {
            return (candidate, at > 0 && !is_ours);
        }
    }
    let base = if id.is_empty() { "group".to_owned() } else { number_id(id) };
    let mut again = 2_u32;
    loop {
        let candidate = format!("{base}~{again}");
        if used.insert(candidate.clone()) {
            return (candidate, !id.is_empty());
        }
        again += 1;
    }
}

fn is_oscal_ns(ns: &str) -> bool {
    ns == "http://csrc.nist.gov/ns/oscal"
}

struct Reader<'a> {
    params: Params<'a>,
    is_ours: bool,
    provisions: Vec<Provision>,
    /// `sort-id` of each provision, where it is a number.
    order: Vec<Option<u32>>,
    numbers: HashSet<String>,
    /// Parts that are not text of the standard (assessment objectives …), counted by name.
    left_out: BTreeMap<String, usize>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn level(&mut self, groups: &[Group], controls: &[Control], parent: Option<&str>) -> Result<(), ImportError> {
        for group in groups {
            if names::find(&group.props, names::WRAPPER).is_some() {
                self.level(&group.groups, &group.controls, parent)?;
                continue;
            }
            let id = group.id.as_deref().unwrap_or_default();
            let kind = self.kind(group.class.as_deref(), ProvisionKind::Group);
            let mut provision = self.provision(id, kind, &group.title, &group.props, parent)?;
            self.texts(&mut provision, &group.parts);
            let number = provision.id.clone();
            self.provisions.push(provision);
            self.level(&group.groups, &group.controls, Some(&number))?;
        }
        for control in controls {
            // A withdrawn control asks nothing any more.
            let is_withdrawn = control.props.iter().any(|prop| prop.name == "status" && prop.value == "withdrawn");
            let usual = if is_withdrawn { ProvisionKind::Note } else { ProvisionKind::Control };
            let kind = self.kind(control.class.as_deref(), usual);
            let mut provision = self.provision(&control.id, kind, &control.title, &control.props, parent)?;
            self.texts(&mut provision, &control.parts);
            let number = provision.id.clone();
            self.provisions.push(provision);
            self.level(&[], &control.controls, Some(&number))?;
        }
        Ok(())
    }

    /// The class of our own exports is the kind; other catalogues use it otherwise.
    fn kind(&self, class: Option<&str>, usual: ProvisionKind) -> ProvisionKind {
        class.filter(|_| self.is_ours).and_then(ProvisionKind::from_code).unwrap_or(usual)
    }

    fn provision(
        &mut self,
        id: &str,
        kind: ProvisionKind,
        title: &str,
        props: &[Property],
        parent: Option<&str>,
    ) -> Result<Provision, ImportError> {
        if self.provisions.len() >= PROVISIONS_MAX {
            return Err(ImportError::TooMany(PROVISIONS_MAX));
        }
        let (number, is_changed) = number_of(id, props, self.is_ours, &mut self.numbers);
        if is_changed {
            let message = format!("識別子「{id}」の番号は他と重なるため「{number}」としました。");
            self.problems.push(Problem { line: 0, code: "number-changed".to_owned(), message });
        }
        let mut provision = Provision::new(number, kind, self.text(title).replace('\n', " "));
        provision.parent = parent.map(str::to_owned);
        let sort = props.iter().find(|prop| prop.name == "sort-id").and_then(|prop| prop.value.parse().ok());
        self.order.push(sort);
        if self.is_ours {
            facts(&mut provision, props);
        }
        Ok(provision)
    }

    fn text(&self, text: &str) -> String {
        self.params.filled(&unescaped_insertions(text, self.is_ours))
    }

    fn prose(&self, prose: Option<&str>) -> String {
        prose.map_or_else(String::new, |prose| {
            let filled = if self.is_ours { prose.to_owned() } else { self.params.filled(prose) };
            plain(&filled)
        })
    }

    fn texts(&mut self, provision: &mut Provision, parts: &[Part]) {
        for part in parts {
            match part.name.as_str() {
                "statement" | "overview" | "instruction" if provision.text.is_empty() => {
                    provision.text = self.prose(part.prose.as_deref());
                    let items = self.items(&part.parts);
                    provision.items.extend(items);
                }
                name if name.starts_with("assessment") || name == "objective" || name == "objects" => {
                    *self.left_out.entry(name.to_owned()).or_default() += 1;
                }
                _ => {
                    let item = self.item(part);
                    provision.items.push(item);
                }
            }
        }
    }

    fn items(&mut self, parts: &[Part]) -> Vec<Item> {
        parts.iter().map(|part| self.item(part)).collect()
    }

    fn item(&mut self, part: &Part) -> Item {
        let label = part.props.iter().find(|prop| prop.name == "label" && prop.ns.as_deref().is_none_or(is_oscal_ns));
        let own_kind = part.class.as_deref().filter(|_| self.is_ours).and_then(ItemKind::from_code);
        let kind = own_kind.unwrap_or(match part.name.as_str() {
            "guidance" | "overview" | "instruction" => ItemKind::Guidance,
            "example" => ItemKind::Example,
            "definition" | "glossary" => ItemKind::Definition,
            "item" | "statement" => ItemKind::Requirement,
            _ => ItemKind::Note,
        });
        let mut text = self.prose(part.prose.as_deref());
        if let Some(title) = part.title.as_deref().filter(|_| !self.is_ours) {
            let title = self.text(title);
            text = if text.is_empty() { title } else { format!("{title}\n{text}") };
        }
        let mut item = Item {
            label: label.map(|prop| prop.value.clone()).unwrap_or_default(),
            text,
            kind,
            strength: Strength::None,
            marks: Vec::new(),
            audience: Vec::new(),
            items: self.items(&part.parts),
            line: 0,
        };
        if self.is_ours {
            let props = &part.props;
            item.strength = one(props, names::STRENGTH, Strength::from_code).unwrap_or(Strength::None);
            item.marks = many(props, names::MANDATE, Mandate::from_code);
            item.audience = many(props, names::AUDIENCE, Audience::from_code);
            item.line = number(props, names::LINE);
        }
        item
    }
}

/// Titles of ours have no insertions, only escapes.
fn unescaped_insertions(text: &str, is_ours: bool) -> String {
    if is_ours { unescaped(text) } else { text.to_owned() }
}

/// What our props say about a provision.
fn facts(provision: &mut Provision, props: &[Property]) {
    if names::find(props, names::UNTITLED).is_some() {
        provision.title.clear();
    }
    provision.strength = one(props, names::STRENGTH, Strength::from_code).unwrap_or(Strength::None);
    provision.disposition = one(props, names::DISPOSITION, Disposition::from_code);
    provision.consideration = one(props, names::CONSIDERATION, Consideration::from_code);
    for class in NetworkClass::ALL {
        let level = one(props, names::level_name(*class), Level::from_code);
        provision.levels.extend(level.map(|level| (*class, level)));
    }
    provision.marks = many(props, names::MANDATE, Mandate::from_code);
    provision.audience = many(props, names::AUDIENCE, Audience::from_code);
    provision.references = names::all(props, names::REFERENCE).map(str::to_owned).collect();
    provision.page = number(props, names::PAGE);
    provision.line = number(props, names::LINE);
}

fn one<T>(props: &[Property], name: &str, from: fn(&str) -> Option<T>) -> Option<T> {
    names::find(props, name).and_then(from)
}

fn many<T>(props: &[Property], name: &str, from: fn(&str) -> Option<T>) -> Vec<T> {
    names::all(props, name).filter_map(from).collect()
}

fn number(props: &[Property], name: &str) -> u32 {
    names::find(props, name).and_then(|value| value.parse().ok()).unwrap_or_default()
}

fn edition(metadata: &Metadata, uuid: &str) -> Edition {
    let props = &metadata.props;
    let own = |name: &str| names::find(props, name).unwrap_or_default().to_owned();
    let or = |own: String, other: String| if own.is_empty() { other } else { own };
    let is_ours = names::find(props, names::FORMAT) == Some(names::FORMAT_CATALOGUE);
    let title = or(own(names::TITLE), unescaped(&metadata.title));
    let published = metadata.rest.get("published").and_then(Value::as_str).unwrap_or_default();
    let issuer = metadata.parties.iter().filter_map(|party| party.get("name").and_then(Value::as_str)).next();
    let other = |text: &str| if is_ours { String::new() } else { text.to_owned() };
    Edition {
        id: or(own(names::EDITION), id_of(&title, uuid)),
        standard: or(own(names::STANDARD), other(&id_of(&title, uuid))),
        title_en: own(names::TITLE_EN),
        short: or(own(names::SHORT), other(&title.chars().take(40).collect::<String>())),
        label: or(own(names::LABEL), other(&metadata.version)),
        issuer: or(own(names::ISSUER), other(issuer.unwrap_or_default())),
        authority: own(names::AUTHORITY),
        valid_from: or(own(names::VALID_FROM), other(published.get(..10).unwrap_or_default())),
        valid_to: own(names::VALID_TO),
        profile: or(own(names::GRAMMAR), other("oscal")),
        title,
    }
}

/// An id out of the title's ASCII words, else out of the uuid.
fn id_of(title: &str, uuid: &str) -> String {
    let mut id = String::new();
    for c in title.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => id.push(c.to_ascii_lowercase()),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let short: String = id.chars().take(48).collect();
    let short = short.trim_matches('-');
    if short.len() >= 4 {
        short.to_owned()
    } else {
        format!("oscal-{}", uuid.get(..8).unwrap_or("document").to_lowercase())
    }
}
