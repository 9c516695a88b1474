//! The draft of the next Edition: the base with every accepted wording in it. Same input, same draft.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{ChangeKind, Direction, Wording};
use crate::standards::{Item, ItemKind, Provision, ProvisionKind, Strength};

/// Label of what an accepted △ adds below an item.
const COMMENTARY: &str = "解説";

/// An accepted point as it enters the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Number of the point, for messages and for the order of what is added.
    pub issue: i64,
    /// [`Direction::Standard`] or [`Direction::Commentary`].
    pub direction: Direction,
    pub wording: Wording,
}

/// Why an accepted point cannot be put into the draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftProblem {
    #[error("issue {issue} has no wording yet")]
    NoWording { issue: i64 },
    #[error("issue {issue}: the base edition has no item {number}")]
    NoSuchItem { issue: i64, number: String },
    #[error("issue {issue}: {number} is a number of the base edition already, or of another new item")]
    NumberTaken { issue: i64, number: String },
    #[error("issues {first} and {issue} both change {number}")]
    Twice { first: i64, issue: i64, number: String },
    #[error("issue {issue} drops {number}, but {below} below it stays")]
    ItemsBelow { issue: i64, number: String, below: String },
}

/// The draft: its Provisions in order, and what was done to which.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    pub provisions: Vec<Provision>,
    /// Numbers of the base whose text or title changed.
    pub reworded: Vec<String>,
    pub added: Vec<String>,
    pub dropped: Vec<String>,
    /// Numbers that got commentary.
    pub commented: Vec<String>,
}

/// Puts accepted points into a base Edition. All of them, or none.
///
/// # Errors
/// Every point that cannot be put in, in the order of their numbers.
pub fn draft(base: &[Provision], accepted: &[Accepted]) -> Result<Draft, Vec<DraftProblem>> {
    let mut accepted: Vec<&Accepted> = accepted.iter().collect();
    accepted.sort_by_key(|a| a.issue);
    let problems = problems(base, &accepted);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut draft = Draft { provisions: base.to_vec(), ..Draft::default() };
    for a in &accepted {
        match (a.direction, a.wording.kind) {
            (Direction::Commentary, ChangeKind::Reword) => draft.comment(&a.wording),
            (_, ChangeKind::Reword) => draft.reword(&a.wording),
            (_, ChangeKind::Add) => draft.add(a),
            (_, ChangeKind::Drop) => draft.dropped.push(a.wording.number.clone()),
            (_, ChangeKind::Open) => {}
        }
    }
    let dropped: BTreeSet<&String> = draft.dropped.iter().collect();
    draft.provisions.retain(|p| !dropped.contains(&p.id));
    Ok(draft)
}

fn problems(base: &[Provision], accepted: &[&Accepted]) -> Vec<DraftProblem> {
    let mut numbers: BTreeSet<&str> = base.iter().map(|p| p.id.as_str()).collect();
    let dropped: BTreeSet<&str> =
        accepted.iter().filter(|a| a.wording.kind == ChangeKind::Drop).map(|a| a.wording.number.as_str()).collect();
    let mut changed: BTreeMap<&str, i64> = BTreeMap::new();
    let mut problems = Vec::new();
    for a in accepted {
        let (issue, w) = (a.issue, &a.wording);
        let number = w.number.clone();
        match w.kind {
            ChangeKind::Open => problems.push(DraftProblem::NoWording { issue }),
            ChangeKind::Add if numbers.contains(w.number.as_str()) => {
                problems.push(DraftProblem::NumberTaken { issue, number });
            }
            ChangeKind::Add if !numbers.contains(w.after.as_str()) => {
                problems.push(DraftProblem::NoSuchItem { issue, number: w.after.clone() });
            }
            ChangeKind::Add => _ = numbers.insert(&w.number),
            _ if !base.iter().any(|p| p.id == w.number) => problems.push(DraftProblem::NoSuchItem { issue, number }),
            ChangeKind::Reword if a.direction == Direction::Commentary => {
                if dropped.contains(w.number.as_str()) {
                    problems.push(DraftProblem::NoSuchItem { issue, number });
                }
            }
            ChangeKind::Reword | ChangeKind::Drop => match changed.insert(&w.number, issue) {
                Some(first) => problems.push(DraftProblem::Twice { first, issue, number }),
                None if w.kind == ChangeKind::Drop => {
                    let below = base
                        .iter()
                        .find(|p| p.parent.as_deref() == Some(&w.number) && !dropped.contains(p.id.as_str()));
                    problems.extend(below.map(|p| DraftProblem::ItemsBelow { issue, number, below: p.id.clone() }));
                }
                None => {}
            },
        }
    }
    problems
}

impl Draft {
    fn reword(&mut self, w: &Wording) {
        if let Some(p) = self.provisions.iter_mut().find(|p| p.id == w.number) {
            if !w.title.trim().is_empty() {
                p.title = w.title.trim().to_owned();
            }
            if !w.new_text.trim().is_empty() {
                set_body(p, &w.new_text);
            }
            self.reworded.push(w.number.clone());
        }
    }

    fn comment(&mut self, w: &Wording) {
        if let Some(p) = self.provisions.iter_mut().find(|p| p.id == w.number) {
            p.items.push(item(COMMENTARY, w.new_text.trim(), None));
            self.commented.push(w.number.clone());
        }
    }

    fn add(&mut self, a: &Accepted) {
        let w = &a.wording;
        let Some(at) = self.provisions.iter().position(|p| p.id == w.after) else { return };
        let mut new = Provision::new(&w.number, ProvisionKind::Control, w.title.trim());
        // A number that continues the other's is an item below it, any other one stands beside it.
        let is_below = w.number.strip_prefix(&w.after).is_some_and(|rest| rest.starts_with(['/', '.']));
        new.parent = if is_below { Some(w.after.clone()) } else { self.provisions[at].parent.clone() };
        if a.direction == Direction::Commentary {
            new.kind = ProvisionKind::Note;
        }
        new.text = w.new_text.trim().to_owned();
        let end = self.end_of(at);
        self.provisions.insert(end, new);
        self.added.push(w.number.clone());
    }

    /// The place behind an item and everything below it.
    fn end_of(&self, at: usize) -> usize {
        let parents: HashMap<&str, Option<&str>> =
            self.provisions.iter().map(|p| (p.id.as_str(), p.parent.as_deref())).collect();
        let root = self.provisions[at].id.as_str();
        let is_below = |number: &str| {
            let mut next = parents.get(number).copied().flatten();
            // The number of Provisions bounds this, even if parents formed a ring.
            for _ in 0..self.provisions.len() {
                match next {
                    Some(up) if up == root => return true,
                    Some(up) => next = parents.get(up).copied().flatten(),
                    None => return false,
                }
            }
            false
        };
        at + 1 + self.provisions[at + 1..].iter().take_while(|p| is_below(&p.id)).count()
    }
}

fn item(label: &str, text: &str, like: Option<&Item>) -> Item {
    Item {
        label: label.to_owned(),
        text: text.to_owned(),
        kind: like.map_or(ItemKind::Guidance, |i| i.kind),
        strength: like.map_or(Strength::None, |i| i.strength),
        marks: like.map_or_else(Vec::new, |i| i.marks.clone()),
        audience: like.map_or_else(Vec::new, |i| i.audience.clone()),
        items: Vec::new(),
        line: 0,
    }
}

/// Writes a wording into a Provision. A line that begins with the label of an old item stays an item of its kind, with its
/// marks; what stands before the first one is text.
fn set_body(p: &mut Provision, wording: &str) {
    let old: Vec<Item> = flatten(&p.items);
    let mut used = vec![false; old.len()];
    let (mut text, mut items): (Vec<&str>, Vec<Item>) = (Vec::new(), Vec::new());
    for line in wording.trim().lines().map(str::trim).filter(|line| !line.is_empty()) {
        let like = (0..old.len()).find(|at| {
            let label = &old[*at].label;
            !used[*at] && !label.is_empty() && line.strip_prefix(label.as_str()).is_some_and(|r| r.starts_with(' '))
        });
        match like {
            Some(at) => {
                used[at] = true;
                items.push(item(&old[at].label, line[old[at].label.len()..].trim(), Some(&old[at])));
            }
            None if items.is_empty() => text.push(line),
            None => items.push(item("", line, items.last())),
        }
    }
    p.text = text.join("\n");
    p.items = items;
}

fn flatten(items: &[Item]) -> Vec<Item> {
    items.iter().flat_map(|i| std::iter::once(i.clone()).chain(flatten(&i.items))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Vec<Provision> {
        let node = |id: &str, parent: Option<&str>, text: &str| Provision {
            parent: parent.map(str::to_owned),
            text: text.to_owned(),
            ..Provision::new(id, ProvisionKind::Control, format!("題{id}"))
        };
        vec![
            node("1", None, ""),
            node("1.1", Some("1"), "灯火を点検すること。"),
            node("1.2", Some("1"), "記録を残すこと。"),
            node("2", None, "連絡先を掲げること。"),
        ]
    }

    fn accepted(issue: i64, kind: ChangeKind, number: &str, after: &str, text: &str) -> Accepted {
        let title = if kind == ChangeKind::Add { "新しい項目" } else { "" };
        let wording = Wording {
            kind,
            number: number.to_owned(),
            after: after.to_owned(),
            title: title.to_owned(),
            new_text: text.to_owned(),
            ..Wording::default()
        };
        Accepted { issue, direction: Direction::Standard, wording }
    }

    fn ids(draft: &Draft) -> Vec<&str> {
        draft.provisions.iter().map(|p| p.id.as_str()).collect()
    }

    #[test]
    fn wordings_new_and_dropped_items_enter_the_draft_in_any_order_alike() {
        let all = [
            accepted(3, ChangeKind::Drop, "1.2", "", ""),
            accepted(1, ChangeKind::Reword, "1.1", "", "灯火を毎日点検すること。"),
            accepted(2, ChangeKind::Add, "1.3", "1.2", "霧笛を鳴らすこと。"),
            accepted(4, ChangeKind::Add, "2.1", "2", "夜間の連絡先を含めること。"),
        ];
        let made = draft(&base(), &all).expect("a draft");
        assert_eq!(ids(&made), ["1", "1.1", "1.3", "2", "2.1"]);
        assert_eq!(made.provisions[1].text, "灯火を毎日点検すること。");
        assert_eq!(made.provisions[2].parent.as_deref(), Some("1"));
        assert_eq!(made.provisions[4].parent.as_deref(), Some("2"));
        let mut reversed = all.to_vec();
        reversed.reverse();
        assert_eq!(draft(&base(), &reversed).expect("a draft"), made);
    }

    #[test]
    fn a_new_item_below_stands_behind_all_that_is_below() {
        let made = draft(&base(), &[accepted(1, ChangeKind::Add, "3", "1", "x")]).expect("a draft");
        assert_eq!(ids(&made), ["1", "1.1", "1.2", "3", "2"]);
    }

    #[test]
    fn commentary_is_added_below_the_item_and_leaves_its_text() {
        let mut a = accepted(1, ChangeKind::Reword, "2", "", "携帯電話の番号を含めるとよい。");
        a.direction = Direction::Commentary;
        let made = draft(&base(), &[a]).expect("a draft");
        assert_eq!(made.provisions[3].text, "連絡先を掲げること。");
        assert_eq!(made.provisions[3].items[0].kind, ItemKind::Guidance);
        assert_eq!(made.commented, ["2"]);
    }

    #[test]
    fn items_keep_their_labels_and_kinds() {
        let mut base = base();
        base[3].items = vec![Item { kind: ItemKind::Example, ..item("・", "船舶電話", None) }];
        let made = draft(&base, &[accepted(1, ChangeKind::Reword, "2", "", "連絡先を掲げること。\n・ 衛星電話\n補足")]);
        let items = made.expect("a draft").provisions[3].items.clone();
        assert_eq!((items[0].kind, items[0].text.as_str()), (ItemKind::Example, "衛星電話"));
        assert_eq!(items[1].text, "補足");
    }

    #[test]
    fn what_does_not_fit_is_refused_whole_and_named() {
        let all = [
            accepted(1, ChangeKind::Reword, "9", "", "x"),
            accepted(2, ChangeKind::Reword, "1.1", "", "x"),
            accepted(3, ChangeKind::Drop, "1.1", "", ""),
            accepted(4, ChangeKind::Drop, "1", "", ""),
            accepted(5, ChangeKind::Add, "2", "1", "x"),
            accepted(6, ChangeKind::Add, "7", "8", "x"),
            accepted(7, ChangeKind::Open, "", "", ""),
        ];
        let problems = draft(&base(), &all).expect_err("problems");
        let number = |n: &str| n.to_owned();
        assert_eq!(
            problems,
            [
                DraftProblem::NoSuchItem { issue: 1, number: number("9") },
                DraftProblem::Twice { first: 2, issue: 3, number: number("1.1") },
                DraftProblem::ItemsBelow { issue: 4, number: number("1"), below: number("1.2") },
                DraftProblem::NumberTaken { issue: 5, number: number("2") },
                DraftProblem::NoSuchItem { issue: 6, number: number("8") },
                DraftProblem::NoWording { issue: 7 },
            ]
        );
    }
}
