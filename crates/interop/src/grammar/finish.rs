//! Last step of reading: strength, audience, references, disposition and final kind of every Provision.

use regex::Regex;
use sakimori_domain::standards::{Audience, Item, Problem, Provision, Strength};
use unicode_normalization::UnicodeNormalization;

use super::profile::Rules;
use super::reader::{Node, final_kind};

pub(crate) fn finish(rules: &Rules, nodes: Vec<Node>, mut problems: Vec<Problem>) -> (Vec<Provision>, Vec<Problem>) {
    let mut provisions = Vec::with_capacity(nodes.len());
    for node in nodes {
        let kind = final_kind(rules, &node);
        let stated = node.statement.iter().map(|text| strength_of(rules, text)).min();
        let mut provision = node.provision;
        provision.kind = kind;
        finish_items(rules, &mut provision.items);
        let of_items = || provision.items.iter().map(|item| item.strength).min().filter(|_| provision.is_answerable());
        provision.strength = stated.or_else(of_items).unwrap_or(Strength::None);
        provision.audience = audience_of(rules, &provision);
        provision.references = references(rules, &provision);
        provision.disposition = rules.dispositions.iter().find(|rule| holds(rule, &provision)).map(|rule| rule.value);
        provisions.push(provision);
    }
    problems.sort_by_key(|problem| problem.line);
    (provisions, problems)
}

fn holds(rule: &super::profile::DispositionRule, provision: &Provision) -> bool {
    let line = |regex: &Regex| provision.text.lines().any(|text| regex.is_match(text));
    rule.id.as_ref().is_none_or(|regex| regex.is_match(&provision.id))
        && rule.label.as_ref().is_none_or(line)
        && rule.text.as_ref().is_none_or(line)
}

fn finish_items(rules: &Rules, items: &mut [Item]) {
    for item in items {
        item.strength = strength_of(rules, &item.text);
        if item.audience.is_empty() {
            item.audience = audiences(rules, &item.text);
        }
        finish_items(rules, &mut item.items);
    }
}

/// The strongest wording among the sentences.
pub(crate) fn strength_of(rules: &Rules, text: &str) -> Strength {
    text.split(['。', '\n']).map(|sentence| sentence_strength(rules, sentence)).min().unwrap_or(Strength::None)
}

fn sentence_strength(rules: &Rules, sentence: &str) -> Strength {
    let mut end = sentence.trim();
    while let Some(open) = end.rfind(['（', '('])
        && end.ends_with(['）', ')'])
        && open > 0
    {
        end = end[..open].trim_end();
    }
    rules.strengths.iter().find(|(cue, _)| cue.is_match(end)).map_or(Strength::None, |(_, value)| *value)
}

fn audiences(rules: &Rules, text: &str) -> Vec<Audience> {
    let mut found: Vec<Audience> =
        rules.audiences.iter().filter(|(cue, _)| cue.is_match(text)).map(|(_, value)| *value).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Everybody whom the document, or one of the items, addresses.
fn audience_of(rules: &Rules, provision: &Provision) -> Vec<Audience> {
    fn gather(items: &[Item], found: &mut Vec<Audience>) {
        for item in items {
            found.extend(&item.audience);
            gather(&item.items, found);
        }
    }
    let mut found = Vec::new();
    gather(&provision.items, &mut found);
    if !provision.items.is_empty() {
        found.extend(&rules.audience_all);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Citations in the order of their first appearance, in their canonical spelling.
fn references(rules: &Rules, provision: &Provision) -> Vec<String> {
    fn gather(items: &[Item], text: &mut String) {
        for item in items {
            text.push('\n');
            text.push_str(&item.text);
            gather(&item.items, text);
        }
    }
    if rules.references.is_empty() {
        return Vec::new();
    }
    let mut text = provision.text.clone();
    gather(&provision.items, &mut text);
    let text: String = text.nfkc().collect();
    let mut cited: Vec<String> = Vec::new();
    for (_, reference) in super::citations::cited(&rules.references, &text) {
        if reference != provision.id && !cited.contains(&reference) {
            cited.push(reference);
        }
    }
    cited
}
