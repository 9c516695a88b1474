//! Automatic numbers of Word: `numbering.xml` says how a list counts, a paragraph or its style says which list it is in.

use std::collections::HashMap;
use std::io::BufRead;

use crate::files::FileError;
use crate::files::numbering::Style;
use crate::files::xml::{Step, Xml};

/// Levels that a list of Word has.
const LEVELS: usize = 9;

#[derive(Clone)]
struct Level {
    start: i64,
    style: Style,
    /// `%1.%2` stands for the numbers of the levels.
    text: String,
    /// Whether all numbers in it print as decimals (`w:isLgl`).
    legal: bool,
}

#[derive(Clone, Default)]
struct List {
    definition: String,
    /// Starts that this list has instead of its definition's.
    starts: HashMap<usize, i64>,
}

#[derive(Clone, Default)]
struct ParagraphStyle {
    based_on: Option<String>,
    list: Option<String>,
    level: Option<usize>,
}

/// How the lists of a document count.
#[derive(Default)]
pub(super) struct Lists {
    definitions: HashMap<String, Vec<Level>>,
    lists: HashMap<String, List>,
    styles: HashMap<String, ParagraphStyle>,
}

/// Where the lists of a document have come to. Lists of one definition count on from each other.
#[derive(Default)]
pub(super) struct Counters {
    numbers: HashMap<String, [Option<i64>; LEVELS]>,
    begun: HashMap<(String, usize), ()>,
}

impl Lists {
    pub(super) fn read_numbering(&mut self, xml: &mut Xml<impl BufRead>) -> Result<(), FileError> {
        let (mut definition, mut list, mut level) = (None::<String>, None::<String>, 0_usize);
        loop {
            let element = match xml.next()? {
                Step::Eof => return Ok(()),
                Step::End(name) => {
                    match name.as_str() {
                        "abstractNum" => definition = None,
                        "num" => list = None,
                        _ => {}
                    }
                    continue;
                }
                Step::Text(_) => continue,
                Step::Start(element) => element,
            };
            let number = || element.val().and_then(|value| value.parse().ok());
            match element.name.as_str() {
                "abstractNum" => definition = element.get("abstractNumId").map(str::to_owned),
                "num" => list = element.get("numId").map(str::to_owned),
                "abstractNumId" => {
                    if let Some(list) = &list {
                        self.lists.entry(list.clone()).or_default().definition =
                            element.val().unwrap_or_default().into();
                    }
                }
                "lvl" | "lvlOverride" => level = element.get("ilvl").and_then(|level| level.parse().ok()).unwrap_or(0),
                "startOverride" => {
                    if let (Some(list), Some(start)) = (&list, number()) {
                        self.lists.entry(list.clone()).or_default().starts.insert(level, start);
                    }
                }
                "start" => self.level(&definition, level, |level| level.start = number().unwrap_or(1)),
                "numFmt" => {
                    self.level(&definition, level, |level| {
                        level.style = Style::of_word(element.val().unwrap_or_default())
                    });
                }
                "lvlText" => {
                    self.level(&definition, level, |level| level.text = element.val().unwrap_or_default().into())
                }
                "isLgl" => self.level(&definition, level, |level| level.legal = element.val() != Some("0")),
                _ => {}
            }
        }
    }

    fn level(&mut self, definition: &Option<String>, index: usize, set: impl FnOnce(&mut Level)) {
        let Some(definition) = definition else { return };
        let plain = Level { start: 1, style: Style::Decimal, text: String::new(), legal: false };
        let levels = self.definitions.entry(definition.clone()).or_insert_with(|| vec![plain; LEVELS]);
        if let Some(level) = levels.get_mut(index) {
            set(level);
        }
    }

    pub(super) fn read_styles(&mut self, xml: &mut Xml<impl BufRead>) -> Result<(), FileError> {
        let mut id = None;
        loop {
            match xml.next()? {
                Step::Eof => return Ok(()),
                Step::Start(element) if element.name == "style" => id = element.get("styleId").map(str::to_owned),
                Step::Start(element) => {
                    let Some(id) = &id else { continue };
                    let style = self.styles.entry(id.clone()).or_default();
                    let value = element.val().map(str::to_owned);
                    match element.name.as_str() {
                        "basedOn" => style.based_on = value,
                        "numId" => style.list = value,
                        "ilvl" => style.level = value.and_then(|level| level.parse().ok()),
                        _ => {}
                    }
                }
                Step::End(name) if name == "style" => id = None,
                Step::End(_) | Step::Text(_) => {}
            }
        }
    }

    /// The number that Word prints before a paragraph, with a blank after it, and counts on.
    pub(super) fn number(
        &self,
        counters: &mut Counters,
        style: Option<&str>,
        list: Option<&str>,
        level: Option<usize>,
    ) -> Option<String> {
        let (styled_list, styled_level) = self.of_style(style);
        let id = list.map(str::to_owned).or(styled_list)?;
        let index = level.or(styled_level).unwrap_or(0);
        // numId 0 takes a paragraph out of the list of its style.
        let list = self.lists.get(&id).filter(|_| id != "0")?;
        let levels = self.definitions.get(&list.definition)?;
        let own = levels.get(index)?;
        let start = |index: usize, level: &Level| list.starts.get(&index).copied().unwrap_or(level.start);
        let numbers = counters.numbers.entry(list.definition.clone()).or_default();
        let restart = list.starts.contains_key(&index) && counters.begun.insert((id, index), ()).is_none();
        numbers[index] = match numbers[index] {
            Some(number) if !restart => Some(number.saturating_add(1)),
            _ => Some(start(index, own)),
        };
        numbers[index + 1..].fill(None);
        Some(render(own, index, |at| {
            let level = levels.get(at)?;
            let number = numbers[at].unwrap_or_else(|| start(at, level));
            Some(if own.legal { number.to_string() } else { level.style.number(number) })
        }))
        .filter(|text| !text.trim().is_empty())
    }

    /// The list and level of a style or of the styles it is based on.
    fn of_style(&self, style: Option<&str>) -> (Option<String>, Option<usize>) {
        let (mut list, mut level) = (None, None);
        let mut next = style.and_then(|id| self.styles.get(id));
        // Bounded, because styles of a damaged file may be based on each other.
        for _ in 0..16 {
            let Some(style) = next else { break };
            list = list.or_else(|| style.list.clone());
            level = level.or(style.level);
            next = style.based_on.as_deref().and_then(|id| self.styles.get(id));
        }
        (list, level)
    }
}

/// Fills the numbers into a level's text.
fn render(level: &Level, index: usize, number: impl Fn(usize) -> Option<String>) -> String {
    if level.style == Style::Bullet {
        // Bullets are glyphs of symbol fonts in the private use area; the text says that there is one.
        let own = level.text.chars().find(|c| !('\u{e000}'..='\u{f8ff}').contains(c) && !c.is_whitespace());
        return format!("{} ", own.unwrap_or('・'));
    }
    let mut text = String::new();
    let mut chars = level.text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().and_then(|digit| digit.to_digit(10))) {
            ('%', Some(digit @ 1..)) => {
                chars.next();
                let at = digit as usize - 1;
                text.push_str(&(at <= index).then(|| number(at)).flatten().unwrap_or_default());
            }
            _ => text.push(c),
        }
    }
    text.push(' ');
    text
}
