//! Parameters as people read them.

use std::collections::HashMap;

use crate::oscal::model::{Catalog, Control, Group, Parameter};

/// How deep parameters may stand in each other's texts.
const DEPTH_MAX: usize = 8;
/// Longest text that parameters may make of one text, in bytes.
const TEXT_MAX: usize = 256 * 1024;

/// All parameters of a catalogue by id.
pub(super) struct Params<'a> {
    by_id: HashMap<&'a str, &'a Parameter>,
    is_japanese: bool,
}

impl<'a> Params<'a> {
    pub fn of(catalog: &'a Catalog, is_japanese: bool) -> Self {
        let mut by_id = HashMap::new();
        note(&mut by_id, &catalog.params);
        controls(&mut by_id, &catalog.controls);
        groups(&mut by_id, &catalog.groups);
        Self { by_id, is_japanese }
    }

    /// The text with every insertion replaced by the value, the choice, or the name of what is to be filled in.
    pub fn filled(&self, text: &str) -> String {
        self.at_depth(text, 0)
    }

    fn at_depth(&self, text: &str, depth: usize) -> String {
        if !text.contains("{{") {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let insertion = after.split_once("}}").and_then(|(inside, rest)| Some((id_of(inside)?, rest)));
            match insertion.filter(|_| depth < DEPTH_MAX && out.len() < TEXT_MAX) {
                Some((id, behind)) => {
                    out.push_str(&self.one(id, depth));
                    rest = behind;
                }
                None => {
                    out.push_str("{{");
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn one(&self, id: &str, depth: usize) -> String {
        let Some(param) = self.by_id.get(id) else { return format!("[{id}]") };
        let word = |ja: &'static str, en: &'static str| if self.is_japanese { ja } else { en };
        if !param.values.is_empty() {
            let values: Vec<String> = param.values.iter().map(|value| self.at_depth(value, depth + 1)).collect();
            return values.join(word("、", ", "));
        }
        if let Some(select) = &param.select {
            let choices: Vec<String> = select.choice.iter().map(|choice| self.at_depth(choice, depth + 1)).collect();
            let several = select.how_many.as_deref() == Some("one-or-more");
            let many = if several { word("（一つ以上）", " (one or more)") } else { "" };
            return format!("[{}{many}: {}]", word("選択", "Selection"), choices.join("; "));
        }
        let label = param.label.as_deref().map_or_else(|| id.to_owned(), |label| self.at_depth(label, depth + 1));
        format!("[{}: {label}]", word("割当", "Assignment"))
    }
}

fn id_of(inside: &str) -> Option<&str> {
    let (kind, rest) = inside.split_once(':')?;
    let (what, id) = rest.split_once(',')?;
    (kind.trim() == "insert" && what.trim() == "param").then_some(id.trim())
}

fn note<'a>(by_id: &mut HashMap<&'a str, &'a Parameter>, params: &'a [Parameter]) {
    for param in params {
        by_id.entry(&param.id).or_insert(param);
    }
}

fn controls<'a>(by_id: &mut HashMap<&'a str, &'a Parameter>, list: &'a [Control]) {
    for control in list {
        note(by_id, &control.params);
        controls(by_id, &control.controls);
    }
}

fn groups<'a>(by_id: &mut HashMap<&'a str, &'a Parameter>, list: &'a [Group]) {
    for group in list {
        note(by_id, &group.params);
        controls(by_id, &group.controls);
        groups(by_id, &group.groups);
    }
}
