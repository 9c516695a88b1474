//! Second step of reading: lines become blocks (heading, label, list item, note, paragraph), and blocks the tree.

mod forced;
mod headings;
mod joining;

use std::collections::HashMap;

use sakimori_domain::standards::{Item, ItemKind, Problem, Provision, ProvisionKind, Strength};
use sakimori_domain::text::number_id;

use super::clean::{Clean, Line, list_margins};
use super::corrections::{Applied, Verdict};
use super::finish;
use super::profile::Rules;
use super::trace::{LineRole, ReadLine};
use super::words::{join, open_bracket, ordinal, tidy, trim_unopened, width};

/// Most Provisions and items of one document.
const NODES_MAX: usize = 20_000;
const ITEMS_MAX: usize = 100_000;
/// Code of the problem of text that stands under no heading.
const BEFORE_FIRST: &str = "before-first-heading";

/// What a line begins.
#[derive(Debug, Clone)]
enum Start {
    Heading {
        rule: usize,
        number: String,
        title: String,
        rest: Option<String>,
    },
    Label {
        rule: usize,
        rest: Option<String>,
    },
    /// `depth` is 1-based and given where a person has said so.
    Item {
        rule: usize,
        label: String,
        text: String,
        depth: Option<u32>,
    },
    Note,
    Plain,
}

/// The block that is being put together.
#[derive(Debug)]
struct Block<'a> {
    start: Start,
    text: String,
    /// Columns of the last printed line, of a full first line, and of the label before the text.
    last_width: usize,
    margin: usize,
    label_width: usize,
    lines: usize,
    page: u32,
    line: u32,
    /// Number of the Provision that a person has said it belongs to.
    to: Option<&'a str>,
    /// Its first entry in the trace.
    traced: usize,
}

/// A finished block that a person has put under another Provision.
#[derive(Debug)]
struct Moved<'a> {
    start: Start,
    text: String,
    line: u32,
    to: &'a str,
    /// The Provision that it stands under.
    from: Option<usize>,
    traced: std::ops::Range<usize>,
}

/// What reading the lines gave.
pub(crate) struct Parts {
    pub provisions: Vec<Provision>,
    pub problems: Vec<Problem>,
    pub lines: Vec<ReadLine>,
}

/// A Provision with what is needed to finish it.
#[derive(Debug)]
pub(crate) struct Node {
    pub provision: Provision,
    pub rule: usize,
    /// As printed.
    pub number: String,
    pub children: usize,
    /// Some label makes it a control.
    pub control: bool,
    /// The sentences that decide its strength.
    pub statement: Vec<String>,
}

/// An open item: its rank, and whether it is a group that stays open when a paragraph follows.
#[derive(Debug, Clone, Copy)]
struct OpenItem {
    rank: u32,
    list: usize,
    group: bool,
}

pub(crate) struct Reader<'a> {
    rules: &'a Rules,
    margin: usize,
    wrapped: bool,
    block_gap: usize,
    list_margins: Vec<usize>,
    pub nodes: Vec<Node>,
    pub problems: Vec<Problem>,
    corrections: &'a Applied<'a>,
    /// What each line was read as.
    trace: Vec<ReadLine>,
    /// Blocks that belong elsewhere, put there at the end.
    moved: Vec<Moved<'a>>,
    ids: HashMap<String, usize>,
    /// Open headings from the top: rule, node.
    open: Vec<(usize, usize)>,
    /// Last ordinal of each level under each parent.
    last: HashMap<(Option<usize>, u32), u32>,
    items: Vec<OpenItem>,
    item_count: usize,
    label: Option<usize>,
    sub_label: Option<usize>,
    /// A label was read and nothing has followed it yet.
    fresh_label: bool,
    /// The last paragraph before the first heading.
    orphan: Option<String>,
    block: Option<Block<'a>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(rules: &'a Rules, clean: &Clean, corrections: &'a Applied<'a>) -> Self {
        Self {
            rules,
            margin: clean.margin,
            wrapped: clean.wrapped,
            block_gap: clean.block_gap,
            list_margins: list_margins(rules, clean),
            nodes: Vec::new(),
            problems: clean.problems.clone(),
            corrections,
            trace: Vec::with_capacity(clean.lines.len()),
            moved: Vec::new(),
            ids: HashMap::new(),
            open: Vec::new(),
            last: HashMap::new(),
            items: Vec::new(),
            item_count: 0,
            label: None,
            sub_label: None,
            fresh_label: false,
            orphan: None,
            block: None,
        }
    }

    pub(crate) fn run(mut self, lines: &[Line]) -> Parts {
        for line in lines {
            if self.nodes.len() > NODES_MAX || self.item_count > ITEMS_MAX {
                self.problem(line.line, "too-many", "項目が多すぎるため、ここから先は読んでいません。".to_owned());
                break;
            }
            let verdict = self.corrections.at(line.source).map(|correction| &correction.verdict);
            if verdict == Some(&Verdict::Joined) && self.joins_by_hand(line) {
                continue;
            }
            let start = self.start(line);
            let goes_on = matches!(start, Start::Plain) && verdict.is_none() && self.continues(line);
            let role = if goes_on { LineRole::Joined } else { role(&start) };
            if goes_on {
                self.extend(line);
            } else {
                self.flush();
                self.begin(start, line);
            }
            // What the next line begins depends on the headings that are open, so a heading is opened at once.
            let heading = self.block.as_ref().is_some_and(|block| matches!(block.start, Start::Heading { .. }));
            if heading && !self.awaits_title() {
                self.flush();
            }
            self.trace(line, role);
        }
        self.flush();
        self.put_moved();
        let (provisions, problems) = finish::finish(self.rules, self.nodes, self.problems);
        Parts { provisions, problems, lines: self.trace }
    }

    fn problem(&mut self, line: u32, code: &str, message: String) {
        self.problems.push(Problem { line, code: code.to_owned(), message });
    }

    fn is_open(&self, names: &[String]) -> bool {
        self.open.iter().any(|(rule, _)| names.contains(&self.rules.headings[*rule].name))
    }

    /// What the line begins, by the rules that hold where it stands.
    fn start(&mut self, line: &Line) -> Start {
        if let Some(start) = self.forced(line) {
            return start;
        }
        if self.awaits_title() {
            return Start::Plain;
        }
        if let Some(heading) = self.heading(line) {
            return heading;
        }
        for (rule, label) in self.rules.labels.iter().enumerate() {
            if let Some(found) = label.pattern.captures(&line.text) {
                return Start::Label { rule, rest: found.name("text").map(|m| m.as_str().to_owned()) };
            }
        }
        if self.rules.notes.iter().any(|note| note.is_match(&line.text)) {
            return Start::Note;
        }
        for (rule, list) in self.rules.lists.iter().enumerate() {
            if !list.under.is_empty() && !self.is_open(&list.under) {
                continue;
            }
            if let Some(found) = list.pattern.captures(&line.text) {
                let group = |name: &str| found.name(name).map_or("", |m| m.as_str()).trim().to_owned();
                return Start::Item { rule, label: group("label"), text: group("text"), depth: None };
            }
        }
        Start::Plain
    }

    fn heading(&mut self, line: &Line) -> Option<Start> {
        for (index, rule) in self.rules.headings.iter().enumerate() {
            let Some(found) = rule.pattern.captures(&line.text) else { continue };
            if !rule.under.is_empty() && !self.is_open(&rule.under) || self.is_open(&rule.not_under) {
                continue;
            }
            let group = |name: &str| found.name(name).map(|m| m.as_str().trim().to_owned());
            let number = group("number").unwrap_or_default();
            let title = group("title").unwrap_or_default();
            if title.chars().count() > rule.title_max {
                continue;
            }
            let parent = self.parent_of(index);
            if rule.nested_number && !self.number_nests(parent, &number) {
                continue;
            }
            if let Some(gap) = rule.gap
                && !self.follows(parent, rule.level, &number, gap)
            {
                let message =
                    format!("見出しの形ですが番号「{number}」が前の番号に続かないため、本文として読みました。");
                self.problem(line.line, "number-out-of-order", message);
                continue;
            }
            return Some(Start::Heading { rule: index, number, title, rest: group("text") });
        }
        None
    }

    /// The node that a heading of this rule would stand under.
    fn parent_of(&self, rule: usize) -> Option<usize> {
        let rule = &self.rules.headings[rule];
        if rule.root {
            return None;
        }
        let above = self.open.iter().rev().find(|(open, _)| self.rules.headings[*open].level < rule.level);
        above.map(|(_, node)| *node)
    }

    fn number_nests(&self, parent: Option<usize>, number: &str) -> bool {
        let Some(parent) = parent else { return false };
        let above = number_id(&self.nodes[parent].number);
        !above.is_empty() && number_id(number).strip_prefix(&above).is_some_and(|rest| rest.starts_with('.'))
    }

    fn follows(&self, parent: Option<usize>, level: u32, number: &str, gap: u32) -> bool {
        let Some(place) = ordinal(number) else { return false };
        let last = self.last.get(&(parent, level)).copied().unwrap_or(0);
        place > last && place <= last.saturating_add(1).saturating_add(gap)
    }

    /// A heading whose title stands on the next line, or goes on there in an open bracket, has been read.
    fn awaits_title(&self) -> bool {
        self.block.as_ref().is_some_and(|block| match &block.start {
            Start::Heading { rule, .. } if block.lines == 1 => {
                let open = self.wrapped && open_bracket(&block.text).is_some();
                open || self.rules.headings[*rule].title_next && block.text.is_empty()
            }
            _ => false,
        })
    }

    fn extend(&mut self, line: &Line) {
        let Some(block) = &mut self.block else { return };
        join(&mut block.text, &line.text);
        block.last_width = line.width;
        block.lines += 1;
    }

    fn begin(&mut self, start: Start, line: &Line) {
        let start = match start {
            Start::Heading { rule, number, title, rest: Some(rest) } => {
                self.open_heading(rule, &number, &tidy(&title), line.page, line.line);
                self.begin_block(Start::Plain, rest, 0, self.margin, line);
                return;
            }
            other => other,
        };
        let (text, label_width, margin) = match &start {
            Start::Heading { title, .. } => (title.clone(), 0, self.margin),
            Start::Label { rest, .. } => (rest.clone().unwrap_or_else(|| line.text.clone()), 0, self.margin),
            Start::Item { rule, text, .. } => {
                let label = line.width.saturating_sub(width(text));
                (text.clone(), label, self.list_margin(*rule))
            }
            Start::Note | Start::Plain => (line.text.clone(), 0, self.paragraph_margin()),
        };
        self.begin_block(start, text, label_width, margin, line);
    }

    /// Columns of a full line of a paragraph here: inside an item it is as narrow as the item.
    fn paragraph_margin(&self) -> usize {
        let inside = self.open.last().is_some_and(|(rule, _)| self.rules.headings[*rule].item_paragraphs);
        match self.items.last() {
            Some(item) if inside => self.list_margin(item.list).saturating_sub(3),
            _ => self.margin,
        }
    }

    fn list_margin(&self, list: usize) -> usize {
        self.list_margins.get(list).copied().unwrap_or(self.margin)
    }

    fn begin_block(&mut self, start: Start, text: String, label_width: usize, margin: usize, line: &Line) {
        self.block = Some(Block {
            start,
            text,
            last_width: line.width,
            margin,
            label_width,
            lines: 1,
            page: line.page,
            line: line.line,
            to: self.corrections.at(line.source).map(|c| c.to.as_str()).filter(|to| !to.is_empty()),
            traced: self.trace.len(),
        });
    }

    /// Puts the finished block into the tree.
    fn flush(&mut self) {
        let Some(block) = self.block.take() else { return };
        let mut text = tidy(&block.text);
        for (pattern, with, code) in &self.rules.rewrite {
            if pattern.is_match(&text) {
                text = pattern.replace_all(&text, with.as_str()).into_owned();
                self.problems.push(Problem {
                    line: block.line,
                    code: code.clone(),
                    message: "本文に付いた印を外しました。".to_owned(),
                });
            }
        }
        if let Some(to) = block.to {
            self.move_block(block.start, text, block.line, to, block.traced);
            return;
        }
        match block.start {
            Start::Heading { rule, number, .. } => self.open_heading(rule, &number, &text, block.page, block.line),
            Start::Label { rule, rest } => self.open_label(rule, rest.is_some(), text, block.line),
            Start::Item { rule, label, depth, .. } => self.item(rule, label, &text, block.line, depth),
            Start::Note => self.paragraph(text, block.line, true),
            Start::Plain => self.paragraph(text, block.line, false),
        }
    }

    fn open_label(&mut self, rule: usize, inline: bool, text: String, line: u32) {
        let label = &self.rules.labels[rule];
        if label.inside_list {
            self.sub_label = Some(rule);
            self.close_to_groups();
        } else {
            self.label = Some(rule);
            self.sub_label = None;
            self.items.clear();
            self.fresh_label = !inline;
        }
        if let Some(node) = self.nodes.last_mut() {
            node.control |= label.control;
        }
        if inline {
            self.sentence(&text);
        }
        self.push_text(&text, line);
    }

    fn item(&mut self, rule: usize, label: String, text: &str, line: u32, depth: Option<u32>) {
        // Only a person's word makes an item where the grammar has no lists at all.
        let list = self.rules.lists.get(rule);
        let mut rank = list.map_or(1, |list| list.rank);
        if list.is_some_and(|list| list.group) {
            self.sub_label = None;
        }
        if let Some(depth) = depth {
            self.items.truncate(depth.saturating_sub(1) as usize);
            rank = rank.max(self.items.last().map_or(0, |open| open.rank + 1));
        }
        while self.items.last().is_some_and(|open| open.rank >= rank) {
            self.items.pop();
        }
        let kind = list.and_then(|list| list.item_kind).or_else(|| self.label_kind());
        self.add_item(label, trim_unopened(text), kind.unwrap_or(ItemKind::Guidance), line);
        self.items.push(OpenItem { rank, list: rule, group: list.is_some_and(|list| list.group) });
    }

    fn label_kind(&self) -> Option<ItemKind> {
        self.label.and_then(|label| self.rules.labels[label].item_kind)
    }

    /// Adds an item under the innermost open one.
    fn add_item(&mut self, label: String, text: &str, kind: ItemKind, line: u32) {
        self.fresh_label = false;
        self.item_count += 1;
        if self.items.is_empty() || self.label.is_some_and(|l| self.rules.labels[l].statement) {
            self.sentence(text);
        }
        let audience = self.sub_label.or(self.label).and_then(|l| self.rules.labels[l].audience);
        let item = Item {
            label,
            text: text.to_owned(),
            kind,
            strength: Strength::None,
            marks: Vec::new(),
            audience: audience.into_iter().collect(),
            items: Vec::new(),
            line,
        };
        let depth = self.items.len();
        let Some(node) = self.nodes.last_mut() else {
            self.problem(line, BEFORE_FIRST, "最初の見出しより前の箇条です。".to_owned());
            return;
        };
        let mut list = &mut node.provision.items;
        for _ in 0..depth {
            let Some(last) = list.len().checked_sub(1) else { break };
            list = &mut list[last].items;
        }
        list.push(item);
    }

    /// The innermost open item.
    fn open_item(&mut self) -> Option<&mut Item> {
        let depth = self.items.len();
        let mut item = self.nodes.last_mut()?.provision.items.last_mut()?;
        for _ in 1..depth {
            item = item.items.last_mut()?;
        }
        (depth > 0).then_some(item)
    }

    fn close_to_groups(&mut self) {
        let keep = self.items.iter().rposition(|open| open.group).map_or(0, |at| at + 1);
        self.items.truncate(keep);
    }

    fn paragraph(&mut self, text: String, line: u32, note: bool) {
        if self.attach_mark(&text) {
            self.push_text(&text, line);
            return;
        }
        let label = self.label.map(|l| &self.rules.labels[l]);
        if self.fresh_label
            && let Some(label) = label
            && let Some(glyph) = &label.lost_glyph
        {
            let (glyph, kind) = (glyph.clone(), label.item_kind.unwrap_or(ItemKind::Guidance));
            self.problem(line, "lost-glyph", format!("記号「{glyph}」が失われた箇条として読みました。"));
            self.add_item(glyph, &text, kind, line);
            if let Some(list) = self.rules.lists.first() {
                self.items.push(OpenItem { rank: list.rank, list: 0, group: false });
            }
            return;
        }
        self.fresh_label = false;
        let whole = self.open.last().is_some_and(|(rule, _)| self.rules.headings[*rule].item_paragraphs);
        let in_group = self.items.last().is_some_and(|open| open.group);
        if let Some(item) = self.open_item()
            && (whole || in_group && item.items.is_empty() && !note)
        {
            item.text.push('\n');
            item.text.push_str(&text);
            return;
        }
        self.close_to_groups();
        self.sentence(&text);
        self.push_text(&text, line);
    }

    /// Marks belong to the group before them and to the Provision, never to the group's items.
    fn attach_mark(&mut self, text: &str) -> bool {
        let marks: Vec<_> =
            self.rules.marks.iter().filter(|(pattern, _)| pattern.is_match(text)).map(|(_, mark)| *mark).collect();
        if marks.is_empty() {
            return false;
        }
        self.close_to_groups();
        for mark in marks {
            if let Some(item) = self.open_item()
                && !item.marks.contains(&mark)
            {
                item.marks.push(mark);
            }
            if let Some(node) = self.nodes.last_mut()
                && !node.provision.marks.contains(&mark)
            {
                node.provision.marks.push(mark);
            }
        }
        true
    }

    /// A sentence that decides the Provision's strength, if it stands under a label that says so.
    fn sentence(&mut self, text: &str) {
        let labelled = self.rules.labels.iter().any(|label| label.statement);
        let stated = self.label.is_some_and(|l| self.rules.labels[l].statement);
        if (stated || !labelled && self.label.is_none())
            && let Some(node) = self.nodes.last_mut()
        {
            node.statement.push(text.to_owned());
        }
    }

    fn push_text(&mut self, text: &str, line: u32) {
        let Some(node) = self.nodes.last_mut() else {
            self.problem(line, BEFORE_FIRST, "最初の見出しより前の文です。".to_owned());
            self.orphan = Some(text.to_owned());
            return;
        };
        let target = &mut node.provision.text;
        if !target.is_empty() {
            target.push('\n');
        }
        target.push_str(text);
    }
}

fn role(start: &Start) -> LineRole {
    match start {
        Start::Heading { .. } => LineRole::Heading,
        Start::Label { .. } => LineRole::Label,
        Start::Item { .. } => LineRole::Item,
        Start::Note => LineRole::Note,
        Start::Plain => LineRole::Text,
    }
}

/// The kind of a node once its children and labels are known.
pub(crate) fn final_kind(rules: &Rules, node: &Node) -> ProvisionKind {
    match rules.headings[node.rule].leaf_kind {
        _ if node.control => ProvisionKind::Control,
        Some(kind) if node.children == 0 => kind,
        _ => node.provision.kind,
    }
}
