//! The merge phase: what becomes of ids that occur twice, and how the result is arranged.

use std::collections::{HashMap, HashSet};

use super::combine::{self, Method};
use super::custom;
use super::tree::{Branch, Leaf, Loose, Origin, Tree};
use super::{Reading, Report, ResolveError};
use crate::oscal::model::{Merge, Property};

/// Whether something asks never to be pruned.
pub(super) fn is_kept(props: &[Property]) -> bool {
    props.iter().any(|prop| prop.name == "keep" && prop.value == "always")
}

/// One tree out of the selections of all imports.
pub(super) fn merge(
    selections: Vec<Tree>,
    directive: Option<&Merge>,
    reading: Reading,
    document: u32,
    report: &mut Report<'_>,
) -> Result<(Branch, Vec<Loose>), ResolveError> {
    let none = Merge::default();
    let directive = directive.unwrap_or(&none);
    let is_flat = directive.flat.as_ref().is_some_and(|flat| *flat != serde_json::Value::Bool(false));
    let is_as_is = directive.as_is == Some(true);
    if usize::from(is_flat) + usize::from(is_as_is) + usize::from(directive.custom.is_some()) > 1 {
        return Err(ResolveError::Structure { file: report.file.to_owned() });
    }
    let method = Method::of(directive, report);
    let (mut roots, mut loose) = (Vec::with_capacity(selections.len()), Vec::new());
    for tree in selections {
        roots.push(tree.root);
        loose.extend(tree.loose);
    }
    // NIST's published results take the first control of each group here; see `Reading`.
    let is_first_of_group = is_as_is && method == Method::UseFirst && reading == Reading::Published;
    let clashes = if is_first_of_group { combine::clashes(&roots) } else { HashSet::new() };
    if !is_first_of_group {
        combine::combine(&mut roots, method, report);
    }
    let mut root = if let Some(arrangement) = &directive.custom {
        custom::arrange(roots, arrangement, document, report)
    } else if is_as_is {
        let mut root = as_is(roots);
        if is_first_of_group {
            first_of_groups(&mut root, &clashes, report);
            let mut single = vec![root];
            combine::combine(&mut single, method, report);
            root = single.remove(0);
        }
        prune_groups(&mut root);
        root
    } else {
        flat(roots)
    };
    if !is_as_is {
        return Ok((root, loose));
    }
    if reading == Reading::Published {
        drop_params_of_nameless(&mut root, report);
    }
    // A group that stays has its parameters in it.
    let mut staying = HashSet::new();
    root.each_group(&mut |group| {
        staying.insert(group.origin);
    });
    loose.retain(|one| one.group.is_none_or(|group| !staying.contains(&group)));
    Ok((root, loose))
}

fn flat(roots: Vec<Branch>) -> Branch {
    let mut out: Option<Branch> = None;
    for root in roots {
        let bare = Branch::new(root.group.clone(), root.origin);
        let out = out.get_or_insert(bare);
        flatten(root, &mut out.controls);
    }
    out.unwrap_or_else(|| Branch::new(Default::default(), Origin { document: 0, place: 0 }))
}

fn flatten(branch: Branch, into: &mut Vec<Leaf>) {
    into.extend(branch.controls);
    branch.groups.into_iter().for_each(|group| flatten(group, into));
}

/// The structure of the sources: the same group imported twice is one group, and what comes of one document stands in
/// that document's order.
fn as_is(roots: Vec<Branch>) -> Branch {
    let mut roots = roots.into_iter();
    let Some(mut out) = roots.next() else { return flat(Vec::new()) };
    let mut is_joined = false;
    for root in roots {
        is_joined = true;
        join(&mut out, root);
    }
    if is_joined {
        nest(&mut out);
    }
    out
}

fn join(into: &mut Branch, from: Branch) {
    for leaf in from.controls {
        let at = place(into.controls.iter().map(|other| other.origin), leaf.origin);
        into.controls.insert(at, leaf);
    }
    for group in from.groups {
        if let Some(same) = into.groups.iter_mut().find(|other| other.origin == group.origin) {
            join(same, group);
        } else {
            let at = place(into.groups.iter().map(|other| other.origin), group.origin);
            into.groups.insert(at, group);
        }
    }
}

/// Before the first one that comes later in the same document, else at the end.
fn place(siblings: impl ExactSizeIterator<Item = Origin>, new: Origin) -> usize {
    let count = siblings.len();
    let mut siblings = siblings;
    siblings.position(|other| other.document == new.document && other.place > new.place).unwrap_or(count)
}

/// Controls whose parent came with another import go back into it.
fn nest(root: &mut Branch) {
    let mut present = HashSet::new();
    root.each_leaf(&mut |leaf| {
        present.insert(leaf.origin);
    });
    let mut moved = Vec::new();
    take_strays(root, &present, &mut moved);
    for (parent, leaf) in moved {
        if let Some(home) = root.find_leaf(&|candidate: &Leaf| candidate.origin == parent) {
            let at = place(home.children.iter().map(|other| other.origin), leaf.origin);
            home.children.insert(at, leaf);
        }
    }
}

/// Controls directly in a group although one of the controls they stood in is there; the outermost first.
fn take_strays(branch: &mut Branch, present: &HashSet<Origin>, moved: &mut Vec<(Origin, Leaf)>) {
    for leaf in std::mem::take(&mut branch.controls) {
        match leaf.above.iter().rev().find(|above| present.contains(above)) {
            Some(parent) => moved.push((*parent, leaf)),
            None => branch.controls.push(leaf),
        }
    }
    branch.groups.iter_mut().for_each(|group| take_strays(group, present, moved));
    moved.sort_by_key(|(_, leaf)| leaf.above.len());
}

/// Groups without controls go, unless they ask to stay.
fn prune_groups(branch: &mut Branch) {
    branch.groups.retain(|group| group.has_controls() || is_kept(&group.group.props));
    branch.groups.iter_mut().for_each(prune_groups);
}

/// In a group with an id that another import has too, the first control stands for the group.
fn first_of_groups(branch: &mut Branch, clashes: &HashSet<String>, report: &mut Report<'_>) {
    if branch.controls.len() > 1 && branch.controls.iter().any(|leaf| clashes.contains(&leaf.control.id)) {
        let mut lost: Vec<&str> = Vec::new();
        branch.controls[1..].iter().for_each(|leaf| leaf.each(&mut |inner| lost.push(&inner.control.id)));
        let ids = lost.join(", ");
        report.warn(
            "use-first-as-is",
            format!("as-is と use-first を併用し識別子が衝突するグループでは、NIST の公表結果と同じく先頭の管理策だけを残します。除いた管理策: {ids}。仕様の文面どおりに残すには --reading text を指定してください。"),
            format!("With as-is, use-first and clashing ids NIST's published results keep only the first control of a group; left out: {ids}. `--reading text` follows the wording of the specification."),
        );
        branch.controls.truncate(1);
    }
    branch.groups.iter_mut().for_each(|group| first_of_groups(group, clashes, report));
}

fn drop_params_of_nameless(branch: &mut Branch, report: &mut Report<'_>) {
    for group in &mut branch.groups {
        if group.group.id.is_none() && !group.group.params.is_empty() {
            let ids: Vec<&str> = group.group.params.iter().map(|param| param.id.as_str()).collect();
            let ids = ids.join(", ");
            report.warn(
                "params-of-nameless-group",
                format!("識別子のないグループのパラメータは、NIST の公表結果と同じく引き継ぎません: {ids}。引き継ぐには --reading text を指定するか、グループに id を付けてください。"),
                format!("Parameters of a group without an id are not carried over, as in NIST's published results: {ids}. `--reading text`, or an id for the group, keeps them."),
            );
            group.group.params.clear();
        }
        drop_params_of_nameless(group, report);
    }
}

/// Groups by their id, for arrangements that name them.
pub(super) fn groups_by_id(roots: &[Branch]) -> HashMap<String, crate::oscal::model::Group> {
    let mut groups = HashMap::new();
    for root in roots {
        root.each_group(&mut |branch| {
            if let Some(id) = &branch.group.id {
                groups.entry(id.clone()).or_insert_with(|| branch.group.clone());
            }
        });
    }
    groups
}
