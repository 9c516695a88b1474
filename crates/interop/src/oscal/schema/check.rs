//! Checks a document against a compiled schema and says every fault with its place.

use serde_json::Value;

use super::compile::{Node, Schema};
use crate::oscal::{Fault, Pointer};

/// Every fault of the document, in the order of its places; at most `limit`.
pub fn check(schema: &Schema, document: &Value, limit: usize) -> Vec<Fault> {
    let mut checker = Checker { schema, faults: Vec::new(), limit, at: Pointer::default() };
    checker.value(schema.root, document);
    checker.faults
}

struct Checker<'s> {
    schema: &'s Schema,
    faults: Vec<Fault>,
    limit: usize,
    at: Pointer,
}

/// Longest value that a message repeats, in characters.
const SHOWN: usize = 60;

impl Checker<'_> {
    fn fault(&mut self, code: &'static str, ja: String, en: String) {
        if self.faults.len() < self.limit {
            self.faults.push(Fault::new(&self.at, code, ja, en));
        }
    }

    fn value(&mut self, node: usize, value: &Value) {
        let node: &Node = &self.schema.nodes[node];
        if let Some(target) = node.reference {
            return self.value(target, value);
        }
        if let Some(kind) = node.kind
            && !kind.fits(value)
        {
            let (ja, en) = kind.words();
            return self.fault("type", format!("{ja}ではありません。"), format!("This is not {en}."));
        }
        match value {
            Value::Object(members) => self.object(node, members),
            Value::Array(items) => self.array(node, items),
            Value::String(text) => self.text(node, text),
            _ => {}
        }
        if !node.values.is_empty() && !node.values.contains(value) {
            let known: Vec<String> = node.values.iter().map(ToString::to_string).collect();
            let (shown, known) = (shown(value), known.join(", "));
            self.fault(
                "enum",
                format!("値 {shown} は使えません。使える値: {known}"),
                format!("The value {shown} is not one of {known}."),
            );
        }
        for inner in &node.all_of {
            self.value(*inner, value);
        }
        if !node.any_of.is_empty() {
            self.any_of(&node.any_of, value);
        }
    }

    fn object(&mut self, node: &Node, members: &serde_json::Map<String, Value>) {
        for name in &node.required {
            if !members.contains_key(name) {
                self.fault("required", format!("「{name}」がありません。"), format!("\"{name}\" is missing."));
            }
        }
        for (name, value) in members {
            match node.properties.get(name) {
                Some(inner) => {
                    self.at.push_name(name);
                    self.value(*inner, value);
                    self.at.pop();
                }
                None if node.is_closed => {
                    self.at.push_name(name);
                    self.fault(
                        "unknown-member",
                        "OSCAL にない項目です。".to_owned(),
                        "OSCAL has no such member here.".to_owned(),
                    );
                    self.at.pop();
                }
                None => {}
            }
        }
    }

    fn array(&mut self, node: &Node, items: &[Value]) {
        if items.len() < node.min_items {
            self.fault(
                "empty",
                "空の配列は書けません。項目ごと省いてください。".to_owned(),
                "An empty list is not allowed: leave the member out.".to_owned(),
            );
        }
        let Some(inner) = node.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.at.push_index(index);
            self.value(inner, item);
            self.at.pop();
        }
    }

    fn text(&mut self, node: &Node, text: &str) {
        if let Some(pattern) = &node.pattern
            && !pattern.is_match(text)
        {
            let (shown, reason) = (shown(&Value::from(text)), reason(pattern.as_str()));
            self.fault(
                "pattern",
                format!("値 {shown} は形式に合いません（{}）。", reason.0),
                format!("The value {shown} does not have the form {}.", reason.1),
            );
        }
        if node.is_uri_reference && !is_uri_reference(text) {
            let shown = shown(&Value::from(text));
            self.fault(
                "uri-reference",
                format!("{shown} は URI として書けません（空白や日本語は %XX に直します）。"),
                format!("{shown} is no URI reference (write blanks and other letters as %XX)."),
            );
        }
    }

    /// One of the alternatives must hold; if none does, the faults of the nearest one are told.
    fn any_of(&mut self, alternatives: &[usize], value: &Value) {
        let mut nearest: Option<(usize, Vec<Fault>)> = None;
        let depth = self.at.depth();
        for alternative in alternatives {
            let outer = std::mem::take(&mut self.faults);
            self.value(*alternative, value);
            let faults = std::mem::replace(&mut self.faults, outer);
            if faults.is_empty() {
                return;
            }
            // The alternative that is meant fits at its top, whatever is wrong further in.
            let shallow = faults.iter().filter(|fault| fault.pointer.matches('/').count() <= depth + 1).count();
            if nearest.as_ref().is_none_or(|(top, all)| (shallow, faults.len()) < (*top, all.len())) {
                nearest = Some((shallow, faults));
            }
        }
        let room = self.limit.saturating_sub(self.faults.len());
        self.faults.extend(nearest.map(|(_, faults)| faults).unwrap_or_default().into_iter().take(room));
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN { text } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

/// What the patterns of OSCAL's data types ask for, in words.
fn reason(pattern: &str) -> (String, String) {
    let words = match pattern {
        p if p.contains(r"\p{L}|_") => (
            "文字か _ で始まり、文字・数字・. - _ だけ",
            "of a token: begins with a letter or _, then letters, digits, . - _",
        ),
        p if p.contains("[45][0-9A-Fa-f]") => ("UUID（版 4 か 5）", "of a UUID (version 4 or 5)"),
        p if p.contains("02-29") => {
            ("日時。例 2026-11-20T09:00:00+09:00", "of a date and time with an offset, e.g. 2026-11-20T09:00:00+09:00")
        }
        r"^\S(.*\S)?$" => ("前後に空白がなく、改行がない", "without blanks at the ends and without line breaks"),
        p if p.starts_with("^[^") => ("一行", "of one line"),
        p if p.starts_with("^[a-zA-Z][") => ("URI。例 https://…", "of a URI with its scheme"),
        other => (other, other),
    };
    (words.0.to_owned(), words.1.to_owned())
}

/// RFC 3986 as far as letters go.
fn is_uri_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
        other => other.is_ascii_graphic(),
    })
}
