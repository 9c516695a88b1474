//! Ids that occur more than once: keep all, use the first, or merge.

use std::collections::{HashMap, HashSet};

use super::Report;
use super::tree::{Branch, Leaf};
use crate::oscal::model::{Control, Merge};

/// What becomes of controls with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Keep,
    UseFirst,
    Merge,
}

impl Method {
    pub fn of(directive: &Merge, report: &mut Report<'_>) -> Self {
        match directive.combine.as_ref().and_then(|combine| combine.method.as_deref()) {
            None | Some("keep") => Self::Keep,
            Some("use-first") => Self::UseFirst,
            Some("merge") => {
                report.warn(
                    "combine-merge",
                    "combine の method「merge」は仕様で廃止予定です。同じ識別子の内容を一つにまとめました。".to_owned(),
                    "The combine method \"merge\" is deprecated; contents of the same id were joined.".to_owned(),
                );
                Self::Merge
            }
            Some(other) => {
                report.warn(
                    "combine-unknown",
                    format!("combine の method「{other}」は分からないため、keep として扱いました。"),
                    format!("The combine method \"{other}\" is unknown and was taken as keep."),
                );
                Self::Keep
            }
        }
    }
}

/// Ids that occur more than once.
pub(super) fn clashes(roots: &[Branch]) -> HashSet<String> {
    let (mut seen, mut twice) = (HashSet::new(), HashSet::new());
    for root in roots {
        root.each_leaf(&mut |leaf| {
            if !seen.insert(leaf.control.id.as_str()) {
                twice.insert(leaf.control.id.clone());
            }
        });
    }
    twice
}

/// Applies the method over all imports, in their order, outer controls before inner ones.
pub(super) fn combine(roots: &mut [Branch], method: Method, report: &mut Report<'_>) {
    let twice = clashes(roots);
    if twice.is_empty() {
        return;
    }
    if method == Method::Keep {
        let mut ids: Vec<&str> = twice.iter().map(String::as_str).collect();
        ids.sort_unstable();
        let ids = ids.join(", ");
        report.warn(
            "ids-twice",
            format!("同じ識別子の管理策が二つ以上残ります（merge の combine が keep）: {ids}"),
            format!("Controls with the same id are kept side by side (combine: keep): {ids}"),
        );
        return;
    }
    let mut state = Seen { ids: HashSet::new(), later: HashMap::new(), homeless: Vec::new() };
    for root in roots.iter_mut() {
        state.branch(root);
    }
    let Seen { mut later, homeless, .. } = state;
    // Inner controls of one that was discarded move into the one that stays.
    for (parent, leaf) in homeless {
        let home = roots.iter_mut().find_map(|root| root.find_leaf(&|kept: &Leaf| kept.control.id == parent));
        if let Some(home) = home {
            home.children.push(leaf);
        }
    }
    if method == Method::Merge {
        for root in roots.iter_mut() {
            absorb(&mut root.controls, &mut later);
            root.groups.iter_mut().for_each(|group| absorb_group(group, &mut later));
        }
    }
}

struct Seen {
    ids: HashSet<String>,
    /// What was discarded, by id.
    later: HashMap<String, Vec<Control>>,
    /// Inner controls that are still needed, with the id of the control they stand in.
    homeless: Vec<(String, Leaf)>,
}

impl Seen {
    fn branch(&mut self, branch: &mut Branch) {
        branch.controls = self.leaves(std::mem::take(&mut branch.controls));
        branch.groups.iter_mut().for_each(|group| self.branch(group));
    }

    fn leaves(&mut self, leaves: Vec<Leaf>) -> Vec<Leaf> {
        let mut kept = Vec::with_capacity(leaves.len());
        for mut leaf in leaves {
            let is_first = self.ids.insert(leaf.control.id.clone());
            let children = self.leaves(std::mem::take(&mut leaf.children));
            if is_first {
                leaf.children = children;
                kept.push(leaf);
            } else {
                self.homeless.extend(children.into_iter().map(|child| (leaf.control.id.clone(), child)));
                self.later.entry(leaf.control.id.clone()).or_default().push(leaf.control);
            }
        }
        kept
    }
}

fn absorb_group(branch: &mut Branch, later: &mut HashMap<String, Vec<Control>>) {
    absorb(&mut branch.controls, later);
    branch.groups.iter_mut().for_each(|group| absorb_group(group, later));
}

fn absorb(leaves: &mut [Leaf], later: &mut HashMap<String, Vec<Control>>) {
    for leaf in leaves {
        for other in later.remove(&leaf.control.id).unwrap_or_default() {
            let control = &mut leaf.control;
            add_new(&mut control.params, other.params, |a, b| a.id == b.id);
            add_new(&mut control.props, other.props, |a, b| a == b);
            add_new(&mut control.links, other.links, |a, b| a == b);
            add_new(&mut control.parts, other.parts, |a, b| a == b || (a.id.is_some() && a.id == b.id));
        }
        absorb(&mut leaf.children, later);
    }
}

fn add_new<T>(to: &mut Vec<T>, from: Vec<T>, is_same: impl Fn(&T, &T) -> bool) {
    for new in from {
        if !to.iter().any(|old| is_same(old, &new)) {
            to.push(new);
        }
    }
}
