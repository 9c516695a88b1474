//! What a person has said of a line goes before what the rules say.

use sakimori_domain::standards::{Item, ItemKind, Strength};

use super::super::clean::Line;
use super::super::corrections::Verdict;
use super::super::trace::{LineRole, ReadLine};
use super::super::words::join;
use super::{Moved, Reader, Start};

impl<'a> Reader<'a> {
    /// What a person has said the line begins.
    pub(super) fn forced(&self, line: &Line) -> Option<Start> {
        Some(match &self.corrections.at(line.source)?.verdict {
            Verdict::Heading { level, number, title } => Start::Heading {
                rule: self.rule_of(*level, line),
                number: number.clone(),
                title: title.clone(),
                rest: None,
            },
            Verdict::Item { depth } => self.forced_item(line, *depth),
            Verdict::Text | Verdict::Joined | Verdict::Noise => Start::Plain,
        })
    }

    /// The heading rule of a level: one that may stand here and fits the line, else one that may stand here, else the
    /// nearest.
    fn rule_of(&self, level: u32, line: &Line) -> usize {
        let score = |at: usize| {
            let rule = &self.rules.headings[at];
            let may_stand = (rule.under.is_empty() || self.is_open(&rule.under)) && !self.is_open(&rule.not_under);
            let fits = rule.pattern.is_match(&line.text);
            (rule.level.abs_diff(level), !may_stand, !fits, at)
        };
        (0..self.rules.headings.len()).min_by_key(|at| score(*at)).unwrap_or(0)
    }

    fn forced_item(&self, line: &Line, depth: u32) -> Start {
        let found = self
            .rules
            .lists
            .iter()
            .enumerate()
            .find_map(|(rule, list)| Some((rule, list.pattern.captures(&line.text)?)));
        let depth = Some(depth);
        match found {
            Some((rule, found)) => {
                let group = |name: &str| found.name(name).map_or("", |m| m.as_str()).trim().to_owned();
                Start::Item { rule, label: group("label"), text: group("text"), depth }
            }
            None => Start::Item { rule: 0, label: "・".to_owned(), text: line.text.clone(), depth },
        }
    }

    /// Joins a line to the block before it, or to the title of the heading right above; `false` where there is neither.
    pub(super) fn joins_by_hand(&mut self, line: &Line) -> bool {
        if self.block.is_some() {
            self.extend(line);
            self.trace(line, LineRole::Joined);
            return true;
        }
        let Some(node) = self.nodes.last_mut() else { return false };
        if !node.provision.text.is_empty() || !node.provision.items.is_empty() {
            return false;
        }
        join(&mut node.provision.title, &line.text);
        self.trace(line, LineRole::Heading);
        true
    }

    pub(super) fn trace(&mut self, line: &Line, role: LineRole) {
        let level = match role {
            LineRole::Heading => self.open.last().map_or(0, |(rule, _)| self.rules.headings[*rule].level),
            _ => 0,
        };
        self.trace.push(ReadLine {
            source: line.source,
            role,
            level,
            node: self.nodes.len().checked_sub(1),
            by_hand: line.kept,
        });
    }

    /// Sets a finished block aside for the Provision that it belongs to, which may come later in the document.
    pub(super) fn move_block(&mut self, start: Start, text: String, line: u32, to: &'a str, traced: usize) {
        let from = self.nodes.len().checked_sub(1);
        self.moved.push(Moved { start, text, line, to, from, traced: traced..self.trace.len() });
    }

    pub(super) fn put_moved(&mut self) {
        for moved in std::mem::take(&mut self.moved) {
            let target = self.ids.get(moved.to).copied();
            if target.is_none() {
                let message = format!("手直しの行き先「{}」がないため、元の位置の項目に入れました。", moved.to);
                self.problem(moved.line, "correction-without-place", message);
            }
            let Some(at) = target.or(moved.from) else {
                self.problem(moved.line, super::BEFORE_FIRST, "最初の見出しより前の文です。".to_owned());
                continue;
            };
            for traced in self.trace.get_mut(moved.traced).unwrap_or_default() {
                traced.node = Some(at);
            }
            let provision = &mut self.nodes[at].provision;
            if let Start::Item { label, .. } = moved.start {
                let kind = provision.items.last().map_or(ItemKind::Guidance, |item| item.kind);
                provision.items.push(Item {
                    label,
                    text: moved.text,
                    kind,
                    strength: Strength::None,
                    marks: Vec::new(),
                    audience: Vec::new(),
                    items: Vec::new(),
                    line: moved.line,
                });
            } else {
                if !provision.text.is_empty() {
                    provision.text.push('\n');
                }
                provision.text.push_str(&moved.text);
            }
        }
    }
}
