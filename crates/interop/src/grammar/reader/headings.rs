//! Opening a heading: its title, its number in the tree, and what it closes.

use sakimori_domain::standards::Provision;
use sakimori_domain::text::number_id;

use super::super::words::{ordinal, undouble};
use super::{BEFORE_FIRST, Node, Reader};

impl Reader<'_> {
    pub(super) fn open_heading(&mut self, rule_index: usize, number: &str, printed: &str, page: u32, line: u32) {
        let rule = &self.rules.headings[rule_index];
        let mut title = printed.to_owned();
        if !self.rules.keep_doubled
            && let Some(single) = undouble(&title)
        {
            self.problem(line, "overprint", "重ね刷りの題名を一つにしました。".to_owned());
            title = single;
        }
        if title.is_empty() {
            title = self.title_before(rule_index).unwrap_or_default();
        }
        let mut consideration = None;
        for (pattern, value) in &self.rules.suffixes {
            if let Some(found) = pattern.find(&title) {
                consideration = consideration.or(*value);
                title = format!("{}{}", &title[..found.start()], &title[found.end()..]).trim().to_owned();
            }
        }
        let parent = self.parent_of(rule_index);
        let id = self.unique(self.fill(rule_index, number, &title, parent), parent, line);
        // A number by hand that is out of turn (2の2) does not make those that follow out of turn.
        let in_turn = rule.gap.is_none_or(|gap| self.follows(parent, rule.level, number, gap));
        if let Some(place) = ordinal(number).filter(|_| in_turn) {
            self.last.insert((parent, rule.level), place);
        }
        let mut provision = Provision::new(id.clone(), rule.kind, title);
        provision.parent = parent.map(|node| self.nodes[node].provision.id.clone());
        provision.consideration = consideration;
        provision.page = page;
        provision.line = line;
        while self.open.last().is_some_and(|(open, _)| self.rules.headings[*open].level >= rule.level) {
            self.open.pop();
        }
        if rule.root {
            self.open.clear();
        }
        if let Some(parent) = parent {
            self.nodes[parent].children += 1;
        }
        let node = self.nodes.len();
        self.ids.insert(id, node);
        self.open.push((rule_index, node));
        self.nodes.push(Node {
            provision,
            rule: rule_index,
            number: number.to_owned(),
            children: 0,
            control: false,
            statement: Vec::new(),
        });
        self.items.clear();
        self.label = None;
        self.sub_label = None;
        self.fresh_label = false;
    }

    /// Takes back the last paragraph if it was the title of the heading that follows (`（目的）` above `第１条`).
    fn title_before(&mut self, rule: usize) -> Option<String> {
        let pattern = self.rules.headings[rule].title_before.as_ref()?;
        let Some(node) = self.nodes.last_mut() else {
            let title = pattern.captures(self.orphan.as_ref()?)?.name("title")?.as_str().to_owned();
            self.problems.pop_if(|problem| problem.code == BEFORE_FIRST);
            return Some(title);
        };
        let text = &mut node.provision.text;
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        let title = pattern.captures(&text[start..])?.name("title")?.as_str().to_owned();
        text.truncate(start.saturating_sub(1));
        Some(title)
    }

    fn fill(&self, rule: usize, number: &str, title: &str, parent: Option<usize>) -> String {
        let rule = &self.rules.headings[rule];
        let mut id = rule.id.replace("{number}", number).replace("{title}", title);
        for (open, node) in &self.open {
            id = id.replace(&format!("{{{}}}", self.rules.headings[*open].name), &self.nodes[*node].provision.id);
        }
        let above = parent.map_or("", |node| self.nodes[node].provision.id.as_str());
        number_id(&id.replace("{parent}", above)).trim_start_matches('/').to_owned()
    }

    /// Two headings never share an id: a repeated number is told apart by its parent, then by a count.
    fn unique(&mut self, id: String, parent: Option<usize>, line: u32) -> String {
        let id = if id.is_empty() { format!("L{line}") } else { id };
        if !self.ids.contains_key(&id) {
            return id;
        }
        self.problem(line, "repeated-number", format!("番号「{id}」が二度現れます。別の項目として読みました。"));
        let base = parent.map_or_else(|| id.clone(), |node| format!("{}/{id}", self.nodes[node].provision.id));
        let mut count = 1;
        let mut unique = base.clone();
        while self.ids.contains_key(&unique) {
            count += 1;
            unique = format!("{base}#{count}");
        }
        unique
    }
}
