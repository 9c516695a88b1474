//! What the schemas cannot say: ids are unique, references lead somewhere, an import selects something.
//!
//! The checks walk the JSON itself, so that every fault has its place and members that we do not know are walked too.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::resolve::inserted;
use super::{Fault, Kind, Pointer};

/// Relations between items of two catalogues: the tokens of OSCAL and their older spellings.
pub(super) const RELATIONSHIPS: [&str; 7] =
    ["equal-to", "equivalent-to", "equal", "subset-of", "superset-of", "intersects-with", "no-relationship"];

/// Every broken constraint of one document, alone.
pub(super) fn check(kind: Kind, document: &Value, limit: usize) -> Vec<Fault> {
    let Some(body) = document.get(kind.member()) else { return Vec::new() };
    let mut known = Known::default();
    let mut at = Pointer::default();
    at.push_name(kind.member());
    let mut walk = Walk { faults: Vec::new(), limit, kind };
    walk.collect(&mut known, body, &mut at, "");
    walk.references(&known, body, &mut at, "");
    if kind == Kind::Profile {
        walk.profile(body, &mut at);
    }
    walk.faults
}

/// What a document has.
#[derive(Default)]
struct Known {
    /// Controls, groups and parts share one name space.
    ids: HashMap<String, String>,
    params: HashMap<String, String>,
    uuids: HashMap<String, String>,
    resources: HashSet<String>,
    parties: HashSet<String>,
    roles: HashSet<String>,
}

struct Walk {
    faults: Vec<Fault>,
    limit: usize,
    kind: Kind,
}

impl Walk {
    fn push(&mut self, fault: Fault) {
        // Warnings must not crowd errors out.
        let same = self.faults.iter().filter(|other| other.severity == fault.severity).count();
        if same < self.limit {
            self.faults.push(fault);
        }
    }

    /// Notes ids and uuids; `list` is the member whose items are walked.
    fn collect(&mut self, known: &mut Known, value: &Value, at: &mut Pointer, list: &str) {
        match value {
            Value::Object(members) => {
                self.identify(known, members, at, list);
                for (name, inner) in members {
                    at.push_name(name);
                    self.collect(known, inner, at, name);
                    at.pop();
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    at.push_index(index);
                    self.collect(known, inner, at, list);
                    at.pop();
                }
            }
            _ => {}
        }
    }

    fn identify(&mut self, known: &mut Known, members: &Map<String, Value>, at: &Pointer, list: &str) {
        if let Some(id) = members.get("id").and_then(Value::as_str) {
            let space = match list {
                "controls" | "groups" | "parts" => Some(&mut known.ids),
                "params" => Some(&mut known.params),
                "roles" => {
                    known.roles.insert(id.to_owned());
                    None
                }
                _ => None,
            };
            let before = space.and_then(|space| space.insert(id.to_owned(), at.to_string()));
            if let Some(before) = before {
                let (ja, en) = (
                    format!("識別子「{id}」は {before} にもあります。"),
                    format!("The id \"{id}\" is used at {before} already."),
                );
                self.push(Fault::new(at, "id-twice", ja, en));
            }
        }
        if let Some(uuid) = members.get("uuid").and_then(Value::as_str) {
            let uuid = uuid.to_ascii_lowercase();
            match list {
                "resources" => {
                    known.resources.insert(uuid.clone());
                }
                "parties" => {
                    known.parties.insert(uuid.clone());
                }
                _ => {}
            }
            if let Some(before) = known.uuids.insert(uuid.clone(), at.to_string()) {
                let (ja, en) = (
                    format!("UUID {uuid} は {before} にもあります。"),
                    format!("The uuid {uuid} is used at {before} already."),
                );
                self.push(Fault::new(at, "uuid-twice", ja, en));
            }
        }
    }

    fn references(&mut self, known: &Known, value: &Value, at: &mut Pointer, name: &str) {
        match value {
            Value::Object(members) => {
                for (name, inner) in members {
                    at.push_name(name);
                    self.references(known, inner, at, name);
                    at.pop();
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    at.push_index(index);
                    self.references(known, inner, at, name);
                    at.pop();
                }
            }
            Value::String(text) => self.reference(known, text, at, name),
            _ => {}
        }
    }

    fn reference(&mut self, known: &Known, text: &str, at: &Pointer, name: &str) {
        // A profile's texts refer to what its imports bring.
        if self.kind == Kind::Catalog {
            for id in inserted(text).filter(|id| !known.params.contains_key(*id)) {
                let (ja, en) = (
                    format!("本文が参照するパラメータ「{id}」がありません。"),
                    format!("The text inserts the parameter \"{id}\", which does not exist."),
                );
                self.push(Fault::new(at, "param-unknown", ja, en));
            }
        }
        match name {
            "href" => {
                if let Some(target) = text.strip_prefix('#') {
                    self.anchor(known, target, at);
                }
            }
            "party-uuids" if !known.parties.contains(&text.to_ascii_lowercase()) => {
                let (ja, en) = (format!("parties に {text} がありません。"), format!("There is no party {text}."));
                // Profiles that NIST itself publishes have this.
                self.push(Fault::warning(at, "party-unknown", ja, en));
            }
            "role-id" if !known.roles.contains(text) => {
                let (ja, en) = (format!("roles に {text} がありません。"), format!("There is no role {text}."));
                self.push(Fault::warning(at, "role-unknown", ja, en));
            }
            "relationship" if !RELATIONSHIPS.contains(&text) => {
                let (ja, en) =
                    (format!("関係「{text}」は分かりません。"), format!("The relationship \"{text}\" is not known."));
                self.push(Fault::warning(at, "relationship-unknown", ja, en));
            }
            _ => {}
        }
    }

    /// A link into the document itself.
    fn anchor(&mut self, known: &Known, target: &str, at: &Pointer) {
        let lower = target.to_ascii_lowercase();
        if known.resources.contains(&lower) || known.uuids.contains_key(&lower) {
            return;
        }
        let is_uuid = target.len() == 36 && target.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if is_uuid {
            let (ja, en) = (
                format!("back-matter に資料 {target} がありません。"),
                format!("The back matter has no resource {target}."),
            );
            self.push(Fault::new(at, "resource-unknown", ja, en));
        } else if self.kind == Kind::Catalog && !known.ids.contains_key(target) && !known.params.contains_key(target) {
            // A resolved baseline refers to controls that it does not have: valid, yet worth saying.
            let (ja, en) = (
                format!("参照先「{target}」がこの文書にありません。"),
                format!("The link's target \"{target}\" is not in this document."),
            );
            self.push(Fault::warning(at, "link-unknown", ja, en));
        }
    }

    fn profile(&mut self, body: &Value, at: &mut Pointer) {
        at.push_name("imports");
        for (index, import) in body.get("imports").and_then(Value::as_array).into_iter().flatten().enumerate() {
            at.push_index(index);
            match (import.get("include-all").is_some(), import.get("include-controls").is_some()) {
                (true, true) => self.push(Fault::new(
                    at,
                    "include-both",
                    "include-all と include-controls の両方があります。".to_owned(),
                    "Both include-all and include-controls are given.".to_owned(),
                )),
                (false, false) => self.push(Fault::warning(
                    at,
                    "include-none",
                    "include-all も include-controls もないため、何も選ばれません。".to_owned(),
                    "Neither include-all nor include-controls is given: nothing is selected.".to_owned(),
                )),
                _ => {}
            }
            at.pop();
        }
        at.pop();
        at.push_name("modify");
        for (list, member) in [("set-parameters", "param-id"), ("alters", "control-id")] {
            at.push_name(list);
            self.once(body.get("modify").and_then(|modify| modify.get(list)), member, at);
            at.pop();
        }
        at.pop();
    }

    fn once(&mut self, list: Option<&Value>, member: &str, at: &mut Pointer) {
        let mut seen = HashSet::new();
        for (index, item) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(id) = item.get(member).and_then(Value::as_str) else { continue };
            if !seen.insert(id) {
                at.push_index(index);
                let (ja, en) =
                    (format!("「{id}」への指定が二度あります。"), format!("\"{id}\" is addressed a second time."));
                self.push(Fault::warning(at, "set-twice", ja, en));
                at.pop();
            }
        }
    }
}
