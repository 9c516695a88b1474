//! What resolution works on: a catalogue as a tree whose controls and groups know where they come from.

use crate::oscal::model::{Catalog, Control, Group, Parameter, Resource};

/// Where a control or group stood: the document, and the place in it in reading order. Two things with the same origin
/// are the same thing, imported twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin {
    pub document: u32,
    pub place: u32,
}

/// A control without the controls inside it.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub control: Control,
    pub origin: Origin,
    /// The controls it stood in, outermost first.
    pub above: Vec<Origin>,
    pub children: Vec<Leaf>,
}

/// A group without its controls and groups; the whole catalogue is a group of its own.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub group: Group,
    pub origin: Origin,
    pub controls: Vec<Leaf>,
    pub groups: Vec<Branch>,
}

/// A parameter that is not in a control of the result.
#[derive(Debug, Clone)]
pub(super) struct Loose {
    pub param: Parameter,
    /// The group that holds it.
    pub group: Option<Origin>,
    /// It stood in a control that was not selected: kept only while something refers to it.
    pub is_orphan: bool,
}

/// A catalogue in work.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub root: Branch,
    /// Parameters of the catalogue, of groups, and of controls that were left out.
    pub loose: Vec<Loose>,
    pub resources: Vec<Resource>,
    pub oscal_version: String,
    /// Roles and parties that ask to be kept.
    pub roles: Vec<serde_json::Value>,
    pub parties: Vec<serde_json::Value>,
}

impl Branch {
    pub fn new(group: Group, origin: Origin) -> Self {
        Self { group, origin, controls: Vec::new(), groups: Vec::new() }
    }

    /// Whether any control stands in it or below.
    pub fn has_controls(&self) -> bool {
        !self.controls.is_empty() || self.groups.iter().any(Branch::has_controls)
    }

    /// Calls for every control, outer before inner.
    pub fn each_leaf<'a>(&'a self, call: &mut impl FnMut(&'a Leaf)) {
        self.controls.iter().for_each(|leaf| leaf.each(call));
        self.groups.iter().for_each(|group| group.each_leaf(call));
    }

    /// Calls for every group below.
    pub fn each_group<'a>(&'a self, call: &mut impl FnMut(&'a Branch)) {
        for group in &self.groups {
            call(group);
            group.each_group(call);
        }
    }

    /// The first control that meets a condition.
    pub fn find_leaf(&mut self, wanted: &impl Fn(&Leaf) -> bool) -> Option<&mut Leaf> {
        if let Some(found) = find(&mut self.controls, wanted) {
            return Some(found);
        }
        self.groups.iter_mut().find_map(|group| group.find_leaf(wanted))
    }
}

fn find<'a>(leaves: &'a mut [Leaf], wanted: &impl Fn(&Leaf) -> bool) -> Option<&'a mut Leaf> {
    for leaf in leaves {
        if wanted(leaf) {
            return Some(leaf);
        }
        if let Some(found) = find(&mut leaf.children, wanted) {
            return Some(found);
        }
    }
    None
}

impl Leaf {
    pub fn each<'a>(&'a self, call: &mut impl FnMut(&'a Leaf)) {
        call(self);
        self.children.iter().for_each(|child| child.each(call));
    }
}

/// The catalogue of one document as a tree.
pub(super) fn plant(mut catalog: Catalog, document: u32) -> Tree {
    let mut planter = Planter { document, place: 0, loose: Vec::new() };
    let params = std::mem::take(&mut catalog.params);
    planter.loose.extend(params.into_iter().map(|param| Loose { param, group: None, is_orphan: false }));
    let mut root = Branch::new(Group::default(), planter.next());
    root.controls = planter.leaves(std::mem::take(&mut catalog.controls), &[]);
    root.groups = planter.branches(std::mem::take(&mut catalog.groups));
    let kept = |values: Vec<serde_json::Value>| values.into_iter().filter(asks_to_stay).collect();
    Tree {
        root,
        loose: planter.loose,
        resources: catalog.back_matter.map(|back| back.resources).unwrap_or_default(),
        oscal_version: catalog.metadata.oscal_version,
        roles: kept(catalog.metadata.roles),
        parties: kept(catalog.metadata.parties),
    }
}

fn asks_to_stay(value: &serde_json::Value) -> bool {
    let props = value.get("props").and_then(serde_json::Value::as_array);
    props.is_some_and(|props| {
        props.iter().any(|prop| {
            prop.get("name").is_some_and(|name| name == "keep") && prop.get("value").is_some_and(|v| v == "always")
        })
    })
}

struct Planter {
    document: u32,
    place: u32,
    loose: Vec<Loose>,
}

impl Planter {
    fn next(&mut self) -> Origin {
        self.place += 1;
        Origin { document: self.document, place: self.place }
    }

    fn leaves(&mut self, controls: Vec<Control>, above: &[Origin]) -> Vec<Leaf> {
        controls
            .into_iter()
            .map(|mut control| {
                let origin = self.next();
                let inner = std::mem::take(&mut control.controls);
                let mut path = above.to_vec();
                path.push(origin);
                let children = self.leaves(inner, &path);
                path.pop();
                Leaf { control, origin, above: path, children }
            })
            .collect()
    }

    fn branches(&mut self, groups: Vec<Group>) -> Vec<Branch> {
        groups
            .into_iter()
            .map(|mut group| {
                let origin = self.next();
                let (controls, inner) = (std::mem::take(&mut group.controls), std::mem::take(&mut group.groups));
                let params = group.params.iter().cloned();
                self.loose.extend(params.map(|param| Loose { param, group: Some(origin), is_orphan: false }));
                let controls = self.leaves(controls, &[]);
                let groups = self.branches(inner);
                Branch { group, origin, controls, groups }
            })
            .collect()
    }
}

/// The tree as the lists of a catalogue.
pub(super) fn harvest(root: Branch) -> (Vec<Control>, Vec<Group>) {
    (root.controls.into_iter().map(control_of).collect(), root.groups.into_iter().map(group_of).collect())
}

fn control_of(leaf: Leaf) -> Control {
    let mut control = leaf.control;
    control.controls = leaf.children.into_iter().map(control_of).collect();
    control
}

fn group_of(branch: Branch) -> Group {
    let mut group = branch.group;
    group.controls = branch.controls.into_iter().map(control_of).collect();
    group.groups = branch.groups.into_iter().map(group_of).collect();
    group
}
