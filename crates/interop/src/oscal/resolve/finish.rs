//! The end of resolution: what nothing refers to goes, the rest becomes a catalogue.

use std::collections::HashSet;

use serde::Serialize;

use super::merge::is_kept;
use super::tree::{Branch, Loose, harvest};
use crate::oscal::model::{BackMatter, Catalog, Link, Metadata, Modify, Parameter, Profile, Property, Resource};
use crate::oscal::uuid;

/// The parts of a resolved profile.
pub(super) struct Finished {
    pub root: Branch,
    pub params: Vec<Parameter>,
    pub resources: Vec<Resource>,
}

/// Leaves out loose parameters and resources that nothing in the result refers to.
pub(super) fn prune(
    root: Branch,
    loose: Vec<Loose>,
    resources: Vec<Resource>,
    metadata: &Metadata,
    modify: Option<&Modify>,
) -> Finished {
    let mut found = References::default();
    let mut inside = HashSet::new();
    root.each_leaf(&mut |leaf| {
        found.scan(&leaf.control);
        inside.extend(leaf.control.params.iter().map(|param| param.id.clone()));
    });
    root.each_group(&mut |branch| {
        found.scan(&branch.group);
        inside.extend(branch.group.params.iter().map(|param| param.id.clone()));
    });
    found.scan(metadata);
    let set: HashSet<&str> =
        modify.iter().flat_map(|modify| &modify.set_parameters).map(|set| set.param_id.as_str()).collect();
    let mut candidates: Vec<Option<Loose>> =
        loose.into_iter().filter(|one| inside.insert(one.param.id.clone())).map(Some).collect();
    let mut kept: Vec<Option<Parameter>> = candidates.iter().map(|_| None).collect();
    // A parameter may be referred to by another one that is kept.
    loop {
        let before = found.params.len();
        let mut is_changed = false;
        for (slot, candidate) in kept.iter_mut().zip(&mut candidates) {
            let stays = candidate.as_ref().is_some_and(|one| {
                let id = one.param.id.as_str();
                found.params.contains(id) || is_kept(&one.param.props) || (!one.is_orphan && set.contains(id))
            });
            if let Some(one) = candidate.take_if(|_| stays) {
                found.scan(&one.param);
                *slot = Some(one.param);
                is_changed = true;
            }
        }
        if !is_changed && found.params.len() == before {
            break;
        }
    }
    let resources = prune_resources(resources, &mut found);
    Finished { root, params: kept.into_iter().flatten().collect(), resources }
}

/// Of resources with one uuid the last stands, unless an earlier one asks to be kept.
fn prune_resources(all: Vec<Resource>, found: &mut References) -> Vec<Resource> {
    let mut unique: Vec<Resource> = Vec::new();
    for resource in all {
        match unique.iter().position(|other| other.uuid == resource.uuid) {
            Some(at) if is_kept(&unique[at].props) && !is_kept(&resource.props) => {}
            Some(at) => {
                unique.remove(at);
                unique.push(resource);
            }
            None => unique.push(resource),
        }
    }
    let mut is_in = vec![false; unique.len()];
    loop {
        let mut is_changed = false;
        for (resource, is_in) in unique.iter().zip(&mut is_in) {
            if !*is_in && (is_kept(&resource.props) || found.anchors.contains(&resource.uuid.to_ascii_lowercase())) {
                *is_in = true;
                is_changed = true;
                found.scan(resource);
            }
        }
        if !is_changed {
            break;
        }
    }
    unique.into_iter().zip(is_in).filter_map(|(resource, is_in)| is_in.then_some(resource)).collect()
}

/// What texts refer to.
#[derive(Default)]
struct References {
    /// Ids of parameters that are inserted somewhere.
    params: HashSet<String>,
    /// What stands behind `#` and may be a uuid, in lower case.
    anchors: HashSet<String>,
}

impl References {
    fn scan<T: Serialize>(&mut self, value: &T) {
        // The written form has every text in it, those of unknown members too.
        let text = serde_json::to_string(value).unwrap_or_default();
        for id in inserted(&text) {
            if !self.params.contains(id) {
                self.params.insert(id.to_owned());
            }
        }
        for (at, _) in text.match_indices('#') {
            let anchor = text.as_bytes().get(at + 1..at + 37).unwrap_or_default();
            let is_uuid = anchor.len() == 36 && anchor.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
            if let (true, Ok(anchor)) = (is_uuid, std::str::from_utf8(anchor)) {
                self.anchors.insert(anchor.to_ascii_lowercase());
            }
        }
    }
}

/// Ids of the parameters that a text inserts: `{{ insert: param, ID }}`, in old documents `{{ ID }}`.
pub(in crate::oscal) fn inserted(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("{{").filter_map(|(at, _)| {
        let inside = text[at + 2..].split_once("}}")?.0.trim();
        let id = match inside.split_once(':') {
            Some((kind, rest)) if kind.trim() == "insert" => {
                let (what, id) = rest.split_once(',')?;
                (what.trim() == "param").then_some(id.trim())?
            }
            Some(_) => return None,
            None => inside,
        };
        (!id.is_empty() && !id.contains(char::is_whitespace)).then_some(id)
    })
}

/// The catalogue that a profile stands for.
pub(super) fn catalog(profile: &Profile, metadata: Metadata, finished: Finished) -> Catalog {
    let (controls, groups) = harvest(finished.root);
    let back_matter =
        (!finished.resources.is_empty()).then(|| BackMatter { resources: finished.resources, ..BackMatter::default() });
    let mut catalog =
        Catalog { params: finished.params, controls, groups, back_matter, metadata, ..Catalog::default() };
    // The same profile over the same sources has the same uuid, whenever it is resolved.
    let mut named = catalog.metadata.clone();
    named.last_modified.clear();
    let content = serde_json::to_string(&(&profile.uuid, &named, &catalog.params, &catalog.controls, &catalog.groups));
    catalog.uuid = uuid::of(&content.unwrap_or_default());
    catalog
}

/// The metadata of the result: the profile's own, who resolved it, from what.
pub(super) fn metadata(profile: &Profile, now: &str, oscal_version: String, source: &str) -> Metadata {
    let mut metadata = profile.metadata.clone();
    metadata.last_modified = now.to_owned();
    metadata.oscal_version = oscal_version;
    metadata.props.retain(|prop| prop.name != "resolution-tool");
    let tool = Property { name: "resolution-tool".into(), value: "Sakimori".into(), ..Property::default() };
    metadata.props.push(tool);
    metadata.links.retain(|link| link.rel.as_deref() != Some("source-profile"));
    metadata.links.push(Link { href: source.to_owned(), rel: Some("source-profile".into()), ..Link::default() });
    metadata
}
