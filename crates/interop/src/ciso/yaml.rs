//! YAML as a tree of values, bounded in size, depth and repetition.
//!
//! Scalars stay text: a number such as 1.10 is a number of a requirement here, not of arithmetic.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::CisoError;

/// Largest text.
const TEXT_MAX: usize = 32 * 1024 * 1024;
/// Deepest nesting.
const DEPTH_MAX: usize = 64;
/// Most values, those that aliases repeat counted as often as they stand there.
const VALUES_MAX: usize = 1_000_000;

/// The first document of the text.
pub(super) fn read(text: &str) -> Result<Value, CisoError> {
    if text.len() > TEXT_MAX {
        return Err(CisoError::Limit { line: 0, what: "bytes", limit: TEXT_MAX });
    }
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), values: 0, done: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| CisoError::Yaml {
            line: error.marker().line(),
            message: error.info().chars().take(120).collect(),
        })?;
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => builder.value(scalar(&text, style), anchor, line)?,
            Event::SequenceStart(anchor, _) => builder.start(Open::List(Vec::new()), anchor, line)?,
            Event::MappingStart(anchor, _) => builder.start(Open::Members(Map::new(), None), anchor, line)?,
            Event::SequenceEnd | Event::MappingEnd => builder.end(line)?,
            Event::Alias(anchor) => {
                let (value, size) = builder.anchors.get(&anchor).cloned().unwrap_or((Value::Null, 1));
                builder.count(size, line)?;
                builder.put(value, line)?;
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    builder.done.ok_or_else(|| CisoError::Shape("empty".to_owned()))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        "true" | "True" | "TRUE" if style == ScalarStyle::Plain => Value::Bool(true),
        "false" | "False" | "FALSE" if style == ScalarStyle::Plain => Value::Bool(false),
        other => Value::from(other),
    }
}

enum Open {
    List(Vec<Value>),
    Members(Map<String, Value>, Option<String>),
}

struct Builder {
    open: Vec<(Open, usize, usize)>,
    /// What an anchor stands for, and how many values that is.
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
    done: Option<Value>,
}

impl Builder {
    fn count(&mut self, size: usize, line: usize) -> Result<(), CisoError> {
        self.values += size;
        if self.values > VALUES_MAX {
            return Err(CisoError::Limit { line, what: "values", limit: VALUES_MAX });
        }
        Ok(())
    }

    fn start(&mut self, open: Open, anchor: usize, line: usize) -> Result<(), CisoError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(CisoError::Limit { line, what: "nesting", limit: DEPTH_MAX });
        }
        self.count(1, line)?;
        self.open.push((open, anchor, self.values));
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), CisoError> {
        let Some((open, anchor, before)) = self.open.pop() else { return Ok(()) };
        let value = match open {
            Open::List(items) => Value::Array(items),
            Open::Members(members, _) => Value::Object(members),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), self.values - before + 1));
        }
        self.put(value, line)
    }

    fn value(&mut self, value: Value, anchor: usize, line: usize) -> Result<(), CisoError> {
        self.count(1, line)?;
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), 1));
        }
        self.put(value, line)
    }

    fn put(&mut self, value: Value, line: usize) -> Result<(), CisoError> {
        match self.open.last_mut() {
            None => self.done = self.done.take().or(Some(value)),
            Some((Open::List(items), ..)) => items.push(value),
            Some((Open::Members(members, name), ..)) => match name.take() {
                Some(name) => {
                    if members.insert(name.clone(), value).is_some() {
                        return Err(CisoError::Yaml { line, message: format!("the member {name} occurs twice") });
                    }
                }
                None => match value {
                    Value::String(text) => *name = Some(text),
                    Value::Bool(_) | Value::Null => *name = Some(value.to_string()),
                    _ => return Err(CisoError::Yaml { line, message: "a member's name is no text".to_owned() }),
                },
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{CisoError, read};
    use serde_json::json;

    #[test]
    fn scalars_stay_text_and_aliases_are_followed() {
        let text = "a: &x\n  - 1.10\n  - 'true'\n  - true\n  - ~\nb: *x\nc: |\n  two\n  lines\n";
        let list = json!(["1.10", "true", true, null]);
        assert_eq!(read(text), Ok(json!({"a": list, "b": list, "c": "two\nlines\n"})));
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let line = vec![format!("*a{}", at - 1); 10].join(", ");
            bomb.push_str(&format!("a{at}: &a{at} [{line}]\n"));
        }
        assert!(matches!(read(&bomb), Err(CisoError::Limit { what: "values", .. })));
        let deep = format!("a: {}{}", "[".repeat(500), "]".repeat(500));
        assert!(matches!(read(&deep), Err(CisoError::Limit { .. } | CisoError::Yaml { .. })));
        for text in ["a: 1\na: 2\n", "a: [", "{a: b", "\t- x: y\n a"] {
            assert!(matches!(read(text), Err(CisoError::Yaml { .. })), "{text}");
        }
        assert!(read("").is_err());
    }
}
