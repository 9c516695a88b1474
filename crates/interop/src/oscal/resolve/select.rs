//! The import phase: which controls of a catalogue an import takes.

use std::collections::HashSet;

use crate::oscal::model::SelectControls;

use super::glob;
use super::tree::{Branch, Leaf, Loose, Tree};

/// What is taken and what is left out; leaving out wins.
pub(super) struct Choice<'a> {
    all: bool,
    include: Vec<Rule<'a>>,
    exclude: Vec<Rule<'a>>,
}

struct Rule<'a> {
    ids: HashSet<&'a str>,
    patterns: Vec<&'a str>,
    with_children: bool,
}

impl<'a> Choice<'a> {
    pub fn new(all: bool, include: &'a [SelectControls], exclude: &'a [SelectControls]) -> Self {
        let rules = |selects: &'a [SelectControls]| selects.iter().map(Rule::new).collect();
        Self { all, include: rules(include), exclude: rules(exclude) }
    }

    /// Whether a control with this id, inside of controls with those ids, is taken.
    fn takes(&self, id: &str, above: &[&str]) -> bool {
        let named = |rules: &[Rule<'_>]| rules.iter().any(|rule| rule.names(id, above));
        (self.all || named(&self.include)) && !named(&self.exclude)
    }

    /// Whether it can take anything at all.
    pub fn is_empty(&self) -> bool {
        !self.all && self.include.is_empty()
    }

    /// Ids that the rules name and the catalogue does not have, in order.
    pub fn unknown(&self, root: &Branch) -> Vec<&'a str> {
        let mut known = HashSet::new();
        root.each_leaf(&mut |leaf| {
            known.insert(leaf.control.id.as_str());
        });
        let named = self.include.iter().chain(&self.exclude).flat_map(|rule| &rule.ids);
        let mut unknown: Vec<&str> = named.copied().filter(|id| !known.contains(id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}

impl<'a> Rule<'a> {
    fn new(select: &'a SelectControls) -> Self {
        let patterns = select.matching.iter().filter_map(|matching| matching.pattern.as_deref());
        Self {
            ids: select.with_ids.iter().map(String::as_str).collect(),
            patterns: patterns.filter(|pattern| !pattern.is_empty()).collect(),
            with_children: select.with_child_controls.as_deref() == Some("yes"),
        }
    }

    fn names(&self, id: &str, above: &[&str]) -> bool {
        let hits = |id: &str| self.ids.contains(id) || self.patterns.iter().any(|pattern| glob::matches(pattern, id));
        hits(id) || (self.with_children && above.iter().any(|id| hits(id)))
    }
}

/// The selected controls in the groups they stand in. A control whose parent is left out takes the parent's place; its
/// parameters become loose when it is left out itself.
pub(super) fn select(tree: &Tree, choice: &Choice<'_>) -> Tree {
    let mut orphans = Vec::new();
    let root = branch(&tree.root, choice, &mut orphans);
    let mut loose = tree.loose.clone();
    loose.extend(orphans);
    Tree { root, loose, ..tree.clone_without_controls() }
}

fn branch(from: &Branch, choice: &Choice<'_>, orphans: &mut Vec<Loose>) -> Branch {
    Branch {
        group: from.group.clone(),
        origin: from.origin,
        controls: leaves(&from.controls, choice, &mut Vec::new(), orphans),
        groups: from.groups.iter().map(|group| branch(group, choice, orphans)).collect(),
    }
}

/// The selected ones of a list of controls.
pub(super) fn leaves<'a>(
    from: &'a [Leaf],
    choice: &Choice<'_>,
    above: &mut Vec<&'a str>,
    orphans: &mut Vec<Loose>,
) -> Vec<Leaf> {
    let mut taken = Vec::new();
    for leaf in from {
        let id = leaf.control.id.as_str();
        let is_taken = choice.takes(id, above);
        if !is_taken {
            let params = leaf.control.params.iter().cloned();
            orphans.extend(params.map(|param| Loose { param, group: None, is_orphan: true }));
        }
        above.push(id);
        let children = leaves(&leaf.children, choice, above, orphans);
        above.pop();
        if is_taken {
            let (control, above) = (leaf.control.clone(), leaf.above.clone());
            taken.push(Leaf { control, origin: leaf.origin, above, children });
        } else {
            taken.extend(children);
        }
    }
    taken
}

impl Tree {
    fn clone_without_controls(&self) -> Tree {
        Tree {
            root: Branch::new(self.root.group.clone(), self.root.origin),
            loose: Vec::new(),
            resources: self.resources.clone(),
            oscal_version: self.oscal_version.clone(),
            roles: self.roles.clone(),
            parties: self.parties.clone(),
        }
    }
}
