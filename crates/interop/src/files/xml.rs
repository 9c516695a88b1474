//! XML as a stream of what our readers need: local names, attributes and text. Document types are refused, entities
//! other than the five of XML are not known, nesting is bounded.

use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::{Counted, FileError, Format, Limits};

/// One step of the stream.
pub(super) enum Step {
    Start(Element),
    End(String),
    Text(String),
    Eof,
}

/// A start tag.
pub(super) struct Element {
    /// The name without its prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of the attribute with this local name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The attribute `val`, which OOXML uses for most properties.
    pub(super) fn val(&self) -> Option<&str> {
        self.get("val")
    }
}

/// A reader of one XML part.
pub(super) struct Xml<R> {
    reader: quick_xml::Reader<R>,
    buffer: Vec<u8>,
    depth: u64,
    limit: u64,
    format: Format,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(input: R, format: Format, limits: &Limits) -> Self {
        let mut reader = quick_xml::Reader::from_reader(input);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, limit: limits.depth, format }
    }

    /// The next step; a part that ends inside an element is damaged.
    pub(super) fn next(&mut self) -> Result<Step, FileError> {
        loop {
            self.buffer.clear();
            let format = self.format;
            let damaged = |detail: String| FileError::Damaged { format, detail };
            let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| damaged(error.to_string()))?;
            let step = match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > self.limit {
                        return Err(FileError::TooMany { what: Counted::Depth, limit: self.limit, line: None });
                    }
                    Step::Start(element(&start).map_err(damaged)?)
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    Step::End(end.local_name().as_ref().to_owned())
                }
                Event::Text(text) => Step::Text(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
                Event::CData(data) => Step::Text(data.to_string()),
                Event::GeneralRef(reference) => Step::Text(resolve(&reference).map_err(damaged)?),
                Event::DocType(_) => return Err(damaged("a document type declaration is not accepted".to_owned())),
                Event::Eof if self.depth > 0 => return Err(damaged("an element is not closed".to_owned())),
                Event::Eof => Step::Eof,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            return Ok(step);
        }
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(c) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(c.to_string());
    }
    match &**reference {
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "amp" => Ok("&".to_owned()),
        "quot" => Ok("\"".to_owned()),
        "apos" => Ok("'".to_owned()),
        other => Err(format!("the entity &{other}; is not known")),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name: start.local_name().as_ref().to_owned(), attributes })
}
