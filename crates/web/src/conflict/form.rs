//! A form of one of our own pages, read back: which fields it has, what they are called, and what stands in them now.
//!
//! It reads what our templates write (every attribute quoted, every text escaped) and nothing else; what it does not
//! understand it leaves out.

use std::collections::HashMap;

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub name: String,
    /// What the page calls it; empty where it has no words.
    pub label: String,
    pub kind: Kind,
    /// What stands there now; several of boxes that are ticked.
    pub now: Vec<String>,
}

/// Value and words of something to choose.
pub type Choice = (String, String);

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Carries something along that nobody types.
    Hidden,
    /// One line, with the type of the input.
    Line(String),
    Lines,
    /// One of these.
    One(Vec<Choice>),
    /// Any of these.
    Any(Vec<Choice>),
    /// Sends the form with its name and value.
    Button,
}

/// A piece of a page.
enum Piece<'a> {
    Open(&'a str, Vec<(&'a str, String)>),
    Close(&'a str),
    Text(&'a str),
}

/// Splits a page into tags and text.
fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            out.push(Piece::Text(&rest[..at]));
        }
        // An attribute may hold a `>`: our templates escape it, so the next one ends the tag.
        let Some(end) = rest[at..].find('>') else { return out };
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            out.push(Piece::Close(name.trim()));
        } else if tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            out.push(Piece::Open(name.trim_end_matches('/'), attributes_of(attributes)));
        }
    }
    out
}

fn attributes_of(text: &str) -> Vec<(&str, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        let quoted = rest.strip_prefix('=').and_then(|after| {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            after[1..].split_once(quote)
        });
        let value = match quoted {
            Some((value, after)) => {
                rest = after;
                unescape(value)
            }
            None => {
                rest = rest.strip_prefix('=').unwrap_or(rest);
                String::new()
            }
        };
        out.push((name, value));
        rest = rest.trim_start();
    }
    out
}

/// Text as it was before a template escaped it.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.find(';').map(|end| &rest[1..end]).unwrap_or("");
        let known = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.strip_prefix('#').and_then(|number| {
                let hex = number.strip_prefix('x').map(|hex| u32::from_str_radix(hex, 16));
                hex.unwrap_or_else(|| number.parse()).ok().and_then(char::from_u32)
            }),
        };
        match known {
            Some(c) => {
                out.push(c);
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Words between tags, with single spaces.
fn words(text: &str) -> String {
    unescape(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is being read.
#[derive(Default)]
struct Reader {
    controls: Vec<Control>,
    /// Ids of the controls, to find their labels.
    ids: Vec<String>,
    labels: HashMap<String, String>,
    legend: String,
    /// Words since the last tag that begins a text, and what they are for.
    text: String,
    label_for: Option<String>,
    in_select: bool,
    /// Words that are no part of a label (必須).
    skips: bool,
}

impl Reader {
    fn control(&mut self, name: &str, id: &str, label: &str, kind: Kind, now: Vec<String>) {
        self.controls.push(Control { name: name.to_owned(), label: label.to_owned(), kind, now });
        self.ids.push(id.to_owned());
    }

    /// The choices of the last control.
    fn choices(&mut self) -> Option<&mut Vec<Choice>> {
        match self.controls.last_mut().map(|control| &mut control.kind) {
            Some(Kind::One(choices) | Kind::Any(choices)) => Some(choices),
            _ => None,
        }
    }

    fn input(&mut self, get: impl Fn(&str) -> String, has: impl Fn(&str) -> bool) {
        let (name, kind, value) = (get("name"), get("type"), get("value"));
        if name.is_empty() {
            return;
        }
        match kind.as_str() {
            "hidden" => self.control(&name, "", "", Kind::Hidden, vec![value]),
            "checkbox" | "radio" => {
                if self.controls.last().is_none_or(|last| last.name != name) {
                    let kind = if kind == "radio" { Kind::One(Vec::new()) } else { Kind::Any(Vec::new()) };
                    let legend = self.legend.clone();
                    self.control(&name, "", &legend, kind, Vec::new());
                }
                let value = if value.is_empty() && kind == "checkbox" { "on".to_owned() } else { value };
                if let Some(choices) = self.choices() {
                    choices.push((value.clone(), String::new()));
                }
                if let Some(last) = self.controls.last_mut().filter(|_| has("checked")) {
                    last.now.push(value);
                }
            }
            "file" | "submit" | "button" | "password" => {}
            _ => self.control(&name, &get("id"), &get("aria-label"), Kind::Line(kind), vec![value]),
        }
    }

    fn open(&mut self, tag: &str, attributes: &[(&str, String)]) {
        let get = |wanted: &str| {
            attributes.iter().find(|(name, _)| *name == wanted).map_or(String::new(), |(_, value)| value.clone())
        };
        let has = |wanted: &str| attributes.iter().any(|(name, _)| *name == wanted);
        match tag {
            "label" => {
                self.label_for = Some(get("for"));
                self.text.clear();
            }
            "legend" | "button" | "textarea" | "option" => self.text.clear(),
            "span" if get("class") == "field__need" => self.skips = true,
            _ => {}
        }
        match tag {
            "input" => self.input(get, has),
            "select" => {
                self.control(&get("name"), &get("id"), &get("aria-label"), Kind::One(Vec::new()), Vec::new());
                self.in_select = true;
            }
            "option" if self.in_select => {
                let value = get("value");
                if let Some(choices) = self.choices() {
                    choices.push((value.clone(), String::new()));
                }
                if let Some(last) = self.controls.last_mut().filter(|last| has("selected") || last.now.is_empty()) {
                    // A browser shows the first option where none is chosen.
                    last.now = vec![value];
                }
            }
            "textarea" => self.control(&get("name"), &get("id"), &get("aria-label"), Kind::Lines, Vec::new()),
            "button" if has("name") => self.control(&get("name"), "", "", Kind::Button, vec![get("value")]),
            _ => {}
        }
    }

    fn close(&mut self, tag: &str) {
        let text = words(&self.text);
        match tag {
            "label" => match self.label_for.take() {
                Some(id) if !id.is_empty() => _ = self.labels.insert(id, text),
                _ => self.name_choice(text),
            },
            "legend" => self.legend = text,
            "fieldset" => self.legend.clear(),
            "option" if self.in_select => self.name_choice(text),
            "select" => self.in_select = false,
            "textarea" => {
                let raw = unescape(&self.text);
                if let Some(last) = self.controls.last_mut() {
                    last.now = vec![raw];
                }
            }
            "button" => {
                if let Some(last) = self.controls.last_mut().filter(|last| last.kind == Kind::Button) {
                    last.label = if last.label.is_empty() { text } else { std::mem::take(&mut last.label) };
                }
            }
            "span" => self.skips = false,
            _ => {}
        }
    }

    fn name_choice(&mut self, text: String) {
        if let Some((_, words)) = self.choices().and_then(|choices| choices.last_mut()).filter(|(_, w)| w.is_empty()) {
            *words = text;
        }
    }

    fn done(mut self) -> Vec<Control> {
        for (control, id) in self.controls.iter_mut().zip(&self.ids) {
            if let Some(label) = self.labels.get(id).filter(|_| !id.is_empty()) {
                control.label.clone_from(label);
            }
        }
        self.controls
    }
}

/// The forms of a page that are sent to `action`.
pub fn forms_to(html: &str, action: &str) -> Vec<Vec<Control>> {
    let mut out = Vec::new();
    let mut reading: Option<Reader> = None;
    for piece in pieces(html) {
        match (piece, &mut reading) {
            (Piece::Open("form", attributes), _) => {
                let leads = attributes.iter().any(|(name, value)| *name == "action" && value == action);
                reading = leads.then(Reader::default);
            }
            (Piece::Close("form"), _) => out.extend(reading.take().map(Reader::done)),
            (Piece::Open(tag, attributes), Some(reader)) => reader.open(tag, &attributes),
            (Piece::Close(tag), Some(reader)) => reader.close(tag),
            (Piece::Text(text), Some(reader)) if !reader.skips => reader.text.push_str(text),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<form action="/elsewhere"><input name="x" value="1"></form>
      <form class="panel" method="post" action="/organisation"><input type="hidden" name="version" value="4">
      <div class="field"><label class="field__label" for="name">名称 <span class="field__need">必須</span></label><input class="input" id="name" name="name" value="甲 &#38; 乙&#34;" required></div>
      <fieldset><legend>分野</legend><label class="choice"><input type="checkbox" name="sector" value="telecom" checked>電気通信</label><label class="choice"><input type="checkbox" name="sector" value="port">港湾</label></fieldset>
      <label for="role">役割</label><select id="role" name="role"><option value="">なし</option><option value="auditor" selected>監査人</option></select>
      <textarea name="ports" aria-label="港">名古屋港
&lt;大阪港&gt;</textarea>
      <button class="button" name="step" value="check" type="submit">確認する</button></form>"##;

    #[test]
    fn a_form_is_read_as_its_page_shows_it() {
        let forms = forms_to(PAGE, "/organisation");
        assert_eq!(forms.len(), 1);
        let by = |name: &str| forms[0].iter().find(|control| control.name == name).cloned();
        let shown = |name: &str| by(name).map(|control| (control.label, control.now));
        let is = |label: &str, now: &[&str]| Some((label.to_owned(), now.iter().map(|n| (*n).to_owned()).collect()));
        assert_eq!(shown("name"), is("名称", &["甲 & 乙\""]));
        assert_eq!(shown("version"), is("", &["4"]));
        assert_eq!(shown("sector"), is("分野", &["telecom"]));
        assert_eq!(shown("role"), is("役割", &["auditor"]));
        assert_eq!(shown("ports"), is("港", &["名古屋港\n<大阪港>"]));
        assert_eq!(shown("step"), is("確認する", &["check"]));
        let choices = by("sector").map(|control| control.kind);
        let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
        assert_eq!(choices, Some(Kind::Any(vec![pair("telecom", "電気通信"), pair("port", "港湾")])));
        assert!(shown("x").is_none());
    }

    #[test]
    fn what_is_no_page_of_ours_is_no_form() {
        for html in ["", "<form", "<form action=\"/a\"", "<p>a < b", "<form action=\"/a\"><select><option></form>"] {
            assert!(forms_to(html, "/b").is_empty(), "{html}");
        }
    }
}
