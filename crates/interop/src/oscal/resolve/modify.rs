//! The modify phase: parameters filled in, contents of controls added and removed.

use std::collections::{HashMap, HashSet};

use super::Report;
use super::tree::{Branch, Leaf, Loose};
use crate::oscal::model::{Add, Alter, Link, Modify, Parameter, Part, Property, Remove, SetParameter};

/// The namespace of names that say none.
const OSCAL_NS: &str = "http://csrc.nist.gov/ns/oscal";

/// Applies the directives to the merged tree.
pub(super) fn modify(root: &mut Branch, loose: &mut [Loose], modify: &Modify, report: &mut Report<'_>) {
    let mut work = Work { alters: HashMap::new(), sets: HashMap::new(), set: HashSet::new(), met: HashSet::new() };
    for alter in &modify.alters {
        work.alters.entry(&alter.control_id).or_default().push(alter);
    }
    for setting in &modify.set_parameters {
        work.sets.entry(&setting.param_id).or_default().push(setting);
    }
    loose.iter_mut().for_each(|one| work.parameter(&mut one.param));
    work.branch(root);
    work.warn(modify, report);
}

struct Work<'a> {
    alters: HashMap<&'a str, Vec<&'a Alter>>,
    sets: HashMap<&'a str, Vec<&'a SetParameter>>,
    /// Parameters that were there to be set.
    set: HashSet<&'a str>,
    /// Controls that were there to be altered, and targets that were there to add to.
    met: HashSet<&'a str>,
}

impl<'a> Work<'a> {
    fn branch(&mut self, branch: &mut Branch) {
        branch.group.params.iter_mut().for_each(|param| self.parameter(param));
        for leaf in &mut branch.controls {
            self.leaf(leaf, &[]);
        }
        branch.groups.iter_mut().for_each(|group| self.branch(group));
    }

    fn parameter(&mut self, param: &mut Parameter) {
        let Some((id, settings)) = self.sets.get_key_value(param.id.as_str()) else { return };
        self.set.insert(id);
        for setting in settings {
            set(param, setting);
        }
    }

    /// Alters one control; `outer` are the alterations of the controls around it, which reach into it.
    fn leaf(&mut self, leaf: &mut Leaf, outer: &[&'a Alter]) {
        leaf.control.params.iter_mut().for_each(|param| self.parameter(param));
        let own = match self.alters.get_key_value(leaf.control.id.as_str()) {
            Some((id, own)) => {
                self.met.insert(id);
                own.clone()
            }
            None => Vec::new(),
        };
        let mut all = outer.to_vec();
        all.extend(&own);
        if !all.is_empty() {
            self.alter(leaf, outer, &own, &all);
        }
        for child in &mut leaf.children {
            self.leaf(child, &all);
        }
        if !all.is_empty() {
            let removes: Vec<&Remove> = all.iter().flat_map(|alter| &alter.removes).collect();
            leaf.children.retain(|child| {
                let (id, class) = (Some(child.control.id.as_str()), child.control.class.as_deref());
                let is_removed =
                    removes.iter().any(|r| meets(r, &Thing { item: "control", id, name: None, class, ns: None }));
                !is_removed
            });
        }
    }

    fn alter(&mut self, leaf: &mut Leaf, outer: &[&'a Alter], own: &[&'a Alter], all: &[&'a Alter]) {
        let id = leaf.control.id.clone();
        let mut targeted: HashMap<&'a str, Vec<&'a Add>> = HashMap::new();
        let (mut first, mut last): (Vec<&Add>, Vec<&Add>) = (Vec::new(), Vec::new());
        let mut whole = |add: &'a Add| match add.position.as_deref() {
            Some("before" | "starting") => first.push(add),
            _ => last.push(add),
        };
        for add in own.iter().flat_map(|alter| &alter.adds) {
            match add.by_id.as_deref() {
                None => whole(add),
                Some(target) if target == id => whole(add),
                Some(target) => targeted.entry(target).or_default().push(add),
            }
        }
        for add in outer.iter().flat_map(|alter| &alter.adds) {
            match add.by_id.as_deref() {
                Some(target) if target == id => {
                    self.met.insert(target);
                    whole(add);
                }
                Some(target) => targeted.entry(target).or_default().push(add),
                None => {}
            }
        }
        let removes: Vec<&Remove> = all.iter().flat_map(|alter| &alter.removes).collect();
        let control = &mut leaf.control;
        let mut spill = Spill::default();
        control.params = self.params(std::mem::take(&mut control.params), &removes, &targeted, &mut spill);
        control.props.retain(|prop| !removes.iter().any(|remove| meets(remove, &prop_of(prop))));
        control.links.retain(|link| !removes.iter().any(|remove| meets(remove, &link_of(link))));
        control.parts = self.parts(std::mem::take(&mut control.parts), &removes, &targeted, &mut spill);
        control.props.splice(0..0, spill.props);
        control.links.splice(0..0, spill.links);
        control.parts.splice(0..0, spill.parts);
        if let Some(title) = first.iter().chain(&last).rev().find_map(|add| add.title.clone()) {
            control.title = title;
        }
        put_first(&mut control.params, first.iter().flat_map(|add| &add.params));
        put_first(&mut control.props, first.iter().flat_map(|add| &add.props));
        put_first(&mut control.links, first.iter().flat_map(|add| &add.links));
        put_first(&mut control.parts, first.iter().flat_map(|add| &add.parts));
        for add in last {
            control.params.extend(add.params.iter().cloned());
            control.props.extend(add.props.iter().cloned());
            control.links.extend(add.links.iter().cloned());
            control.parts.extend(add.parts.iter().cloned());
        }
    }

    fn params(
        &mut self,
        params: Vec<Parameter>,
        removes: &[&Remove],
        targeted: &HashMap<&'a str, Vec<&'a Add>>,
        spill: &mut Spill,
    ) -> Vec<Parameter> {
        let mut out = Vec::with_capacity(params.len());
        for mut param in params {
            let thing =
                Thing { item: "param", id: Some(&param.id), name: None, class: param.class.as_deref(), ns: None };
            let is_removed = removes.iter().any(|remove| meets(remove, &thing));
            param.props.retain(|prop| !removes.iter().any(|remove| meets(remove, &prop_of(prop))));
            param.links.retain(|link| !removes.iter().any(|remove| meets(remove, &link_of(link))));
            let Some((id, adds)) = targeted.get_key_value(param.id.as_str()) else {
                if !is_removed {
                    out.push(param);
                }
                continue;
            };
            self.met.insert(id);
            let mut after = Vec::new();
            for add in adds {
                match add.position.as_deref() {
                    Some("before") => out.extend(add.params.iter().cloned()),
                    Some("after") => after.extend(add.params.iter().cloned()),
                    Some("starting") => {
                        put_first(&mut param.props, add.props.iter());
                        put_first(&mut param.links, add.links.iter());
                    }
                    _ => {
                        param.props.extend(add.props.iter().cloned());
                        param.links.extend(add.links.iter().cloned());
                    }
                }
                if matches!(add.position.as_deref(), Some("before" | "after")) {
                    spill.props.extend(add.props.iter().cloned());
                    spill.links.extend(add.links.iter().cloned());
                    spill.parts.extend(add.parts.iter().cloned());
                }
            }
            if !is_removed {
                out.push(param);
            }
            out.extend(after);
        }
        out
    }

    fn parts(
        &mut self,
        parts: Vec<Part>,
        removes: &[&Remove],
        targeted: &HashMap<&'a str, Vec<&'a Add>>,
        spill: &mut Spill,
    ) -> Vec<Part> {
        let mut out = Vec::with_capacity(parts.len());
        for mut part in parts {
            let is_removed = removes.iter().any(|remove| meets(remove, &part_of(&part)));
            part.props.retain(|prop| !removes.iter().any(|remove| meets(remove, &prop_of(prop))));
            part.links.retain(|link| !removes.iter().any(|remove| meets(remove, &link_of(link))));
            let mut inner = Spill::default();
            part.parts = self.parts(std::mem::take(&mut part.parts), removes, targeted, &mut inner);
            part.props.extend(inner.props);
            part.links.extend(inner.links);
            let target = part.id.as_deref().and_then(|id| targeted.get_key_value(id));
            let Some((id, adds)) = target else {
                if !is_removed {
                    out.push(part);
                }
                continue;
            };
            self.met.insert(id);
            let mut after = Vec::new();
            for add in adds {
                match add.position.as_deref() {
                    Some("before") => out.extend(add.parts.iter().cloned()),
                    Some("after") => after.extend(add.parts.iter().cloned()),
                    Some("starting") => {
                        put_first(&mut part.props, add.props.iter());
                        put_first(&mut part.links, add.links.iter());
                        put_first(&mut part.parts, add.parts.iter());
                    }
                    _ => {
                        part.props.extend(add.props.iter().cloned());
                        part.links.extend(add.links.iter().cloned());
                        part.parts.extend(add.parts.iter().cloned());
                    }
                }
                if matches!(add.position.as_deref(), Some("before" | "after")) {
                    spill.props.extend(add.props.iter().cloned());
                    spill.links.extend(add.links.iter().cloned());
                } else if let Some(title) = &add.title {
                    part.title = Some(title.clone());
                }
            }
            if !is_removed {
                out.push(part);
            }
            out.extend(after);
        }
        out
    }

    fn warn(&self, modify: &Modify, report: &mut Report<'_>) {
        for setting in &modify.set_parameters {
            let id = setting.param_id.as_str();
            if !self.set.contains(id) {
                report.warn(
                    "set-parameter-unknown",
                    format!("set-parameter の対象「{id}」は、取り込んだ管理策にありません。"),
                    format!("set-parameter: there is no parameter \"{id}\" among what was imported."),
                );
            }
        }
        for alter in &modify.alters {
            let id = alter.control_id.as_str();
            if !self.met.contains(id) {
                report.warn(
                    "alter-unknown",
                    format!("alter の対象「{id}」は、取り込んだ管理策にありません。"),
                    format!("alter: there is no control \"{id}\" among what was imported."),
                );
                continue;
            }
            for target in alter.adds.iter().filter_map(|add| add.by_id.as_deref()) {
                if target != id && !self.met.contains(target) {
                    report.warn(
                        "add-unknown",
                        format!("add の対象「{target}」は、管理策「{id}」の中にありません。"),
                        format!("add: there is nothing with the id \"{target}\" in control \"{id}\"."),
                    );
                }
            }
        }
    }
}

/// Contents that are added beside a target and belong to what is around it.
#[derive(Default)]
struct Spill {
    props: Vec<Property>,
    links: Vec<Link>,
    parts: Vec<Part>,
}

fn put_first<'x, T: Clone + 'x>(to: &mut Vec<T>, new: impl Iterator<Item = &'x T>) {
    let new: Vec<T> = new.cloned().collect();
    to.splice(0..0, new);
}

/// What a removal looks at.
struct Thing<'x> {
    item: &'x str,
    id: Option<&'x str>,
    name: Option<&'x str>,
    class: Option<&'x str>,
    ns: Option<&'x str>,
}

fn prop_of(prop: &Property) -> Thing<'_> {
    Thing { item: "prop", id: None, name: Some(&prop.name), class: prop.class.as_deref(), ns: prop.ns.as_deref() }
}

fn link_of(_: &Link) -> Thing<'_> {
    Thing { item: "link", id: None, name: None, class: None, ns: None }
}

fn part_of(part: &Part) -> Thing<'_> {
    let (id, class, ns) = (part.id.as_deref(), part.class.as_deref(), part.ns.as_deref());
    Thing { item: "part", id, name: Some(&part.name), class, ns }
}

/// Whether a thing meets all the criteria that a removal names; one that names none removes nothing.
fn meets(remove: &Remove, thing: &Thing<'_>) -> bool {
    let is = |wanted: &Option<String>, have: Option<&str>| wanted.as_deref().is_none_or(|wanted| have == Some(wanted));
    let criteria = [&remove.by_name, &remove.by_class, &remove.by_id, &remove.by_item_name, &remove.by_ns];
    let in_namespace = match remove.by_ns.as_deref() {
        Some(OSCAL_NS) => thing.ns.is_none_or(|ns| ns.trim() == OSCAL_NS),
        Some(wanted) => thing.ns.is_some_and(|ns| ns.trim() == wanted),
        None => true,
    };
    criteria.iter().any(|criterion| criterion.is_some())
        && in_namespace
        && is(&remove.by_name, thing.name)
        && is(&remove.by_class, thing.class)
        && is(&remove.by_id, thing.id)
        && is(&remove.by_item_name, Some(thing.item))
}

/// One setting applied: single members are replaced, lists grow; a value takes the place of a choice.
fn set(param: &mut Parameter, setting: &SetParameter) {
    let replace = |to: &mut Option<String>, from: &Option<String>| {
        if from.is_some() {
            to.clone_from(from);
        }
    };
    replace(&mut param.class, &setting.class);
    replace(&mut param.depends_on, &setting.depends_on);
    replace(&mut param.label, &setting.label);
    replace(&mut param.usage, &setting.usage);
    param.props.retain(|old| old.uuid.is_none() || !setting.props.iter().any(|new| new.uuid == old.uuid));
    param.props.extend(setting.props.iter().cloned());
    param.links.extend(setting.links.iter().filter(|link| !param.links.contains(link)).cloned().collect::<Vec<_>>());
    param.constraints.extend(setting.constraints.iter().cloned());
    param.guidelines.extend(setting.guidelines.iter().cloned());
    if !setting.values.is_empty() {
        param.values.clone_from(&setting.values);
        param.select = None;
    } else if setting.select.is_some() {
        param.select.clone_from(&setting.select);
        param.values.clear();
    }
}
