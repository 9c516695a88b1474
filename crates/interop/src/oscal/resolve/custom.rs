//! A structure of the profile's own: its groups, and which controls stand where.

use std::collections::HashMap;

use super::Report;
use super::merge::groups_by_id;
use super::select::{Choice, leaves};
use super::tree::{Branch, Leaf, Origin};
use crate::oscal::model::{Custom, CustomGroup, Group, InsertControls};

/// Puts the controls where the arrangement says; those it does not name are not in the result.
pub(super) fn arrange(roots: Vec<Branch>, custom: &Custom, document: u32, report: &mut Report<'_>) -> Branch {
    let mut all = Vec::new();
    let known = groups_by_id(&roots);
    roots.into_iter().for_each(|root| gather(root, &mut all));
    let mut arranger = Arranger { all, known, document, place: 0, report };
    let mut root = Branch::new(Group::default(), arranger.next());
    root.controls = arranger.insert(&custom.insert_controls);
    root.groups = custom.groups.iter().map(|group| arranger.group(group)).collect();
    root
}

fn gather(branch: Branch, into: &mut Vec<Leaf>) {
    into.extend(branch.controls);
    branch.groups.into_iter().for_each(|group| gather(group, into));
}

struct Arranger<'a, 'r> {
    all: Vec<Leaf>,
    /// Groups of the imports, whose contents a group of the same id takes over.
    known: HashMap<String, Group>,
    document: u32,
    place: u32,
    report: &'a mut Report<'r>,
}

impl Arranger<'_, '_> {
    fn next(&mut self) -> Origin {
        self.place += 1;
        Origin { document: self.document, place: self.place }
    }

    fn group(&mut self, custom: &CustomGroup) -> Branch {
        let origin = self.next();
        let source = custom.id.as_ref().and_then(|id| self.known.get(id)).cloned().unwrap_or_default();
        let mut group = Group {
            id: custom.id.clone(),
            class: custom.class.clone().or(source.class),
            title: if custom.title.is_empty() { source.title } else { custom.title.clone() },
            params: source.params,
            props: source.props,
            links: source.links,
            parts: source.parts,
            rest: source.rest,
            ..Group::default()
        };
        add_other(&mut group.params, &custom.params);
        add_other(&mut group.props, &custom.props);
        add_other(&mut group.links, &custom.links);
        add_other(&mut group.parts, &custom.parts);
        group.rest.extend(custom.rest.clone());
        let mut branch = Branch::new(group, origin);
        branch.controls = self.insert(&custom.insert_controls);
        branch.groups = custom.groups.iter().map(|inner| self.group(inner)).collect();
        branch
    }

    fn insert(&mut self, inserts: &[InsertControls]) -> Vec<Leaf> {
        let mut out = Vec::new();
        for insert in inserts {
            let choice = Choice::new(insert.include_all.is_some(), &insert.include_controls, &insert.exclude_controls);
            let mut taken = leaves(&self.all, &choice, &mut Vec::new(), &mut Vec::new());
            if taken.is_empty() {
                self.report.warn(
                    "insert-nothing",
                    "custom の insert-controls に当たる管理策がありません。".to_owned(),
                    "An insert-controls of custom meets no control.".to_owned(),
                );
            }
            match insert.order.as_deref() {
                Some("ascending") => taken.sort_by(|a, b| a.control.id.cmp(&b.control.id)),
                Some("descending") => taken.sort_by(|a, b| b.control.id.cmp(&a.control.id)),
                _ => {}
            }
            out.extend(taken);
        }
        out
    }
}

fn add_other<T: Clone + PartialEq>(to: &mut Vec<T>, from: &[T]) {
    let new: Vec<T> = from.iter().filter(|one| !to.contains(one)).cloned().collect();
    to.extend(new);
}
