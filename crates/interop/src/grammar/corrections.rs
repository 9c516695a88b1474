//! Corrections by hand (手直し): what a person says a line of a document is. They are data that a grammar's reading takes
//! as input, found again by the letters of the line, so that they hold for the next file and the next edition.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::fold;
use crate::source::SourceLine;

/// Most corrections of one document.
pub const CORRECTIONS_MAX: usize = 2_000;
/// Longest number and title of a heading, in letters.
pub const NUMBER_MAX: usize = 40;
pub const TITLE_MAX: usize = 120;
/// Levels of headings, and depths of list items.
pub const LEVEL_MAX: u32 = 20;
pub const DEPTH_MAX: u32 = 6;
/// Largest file of corrections, in bytes.
const FILE_MAX: usize = 1 << 20;
/// Letters of a line that are kept to show it.
const SHOWN: usize = 200;

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A heading of this level (1 is the topmost), with its number and title.
    Heading { level: u32, number: String, title: String },
    /// The beginning of a paragraph, and no heading or list item.
    Text,
    /// The continuation of the line before it.
    Joined,
    /// The beginning of a list item; depth 1 is the outermost.
    Item { depth: u32 },
    /// Not part of the text.
    Noise,
}

impl Verdict {
    /// The stable code of files and the store.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Heading { .. } => "heading",
            Self::Text => "text",
            Self::Joined => "joined",
            Self::Item { .. } => "item",
            Self::Noise => "noise",
        }
    }
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// [`line_key`] of the line.
    pub line: String,
    /// [`line_key`] of the printed line before it; empty: wherever the line stands.
    pub before: String,
    /// The line as printed, for showing.
    pub text: String,
    pub verdict: Verdict,
    /// Number of the Provision that a paragraph or item belongs to; empty: the one that it stands under.
    pub to: String,
}

/// Why a correction or a file of them was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{ja} / {en}")]
pub struct CorrectionFault {
    pub ja: String,
    pub en: String,
}

fn fault(ja: impl Into<String>, en: impl Into<String>) -> CorrectionFault {
    CorrectionFault { ja: ja.into(), en: en.into() }
}

/// What a line is found again by: its letters, whatever their width and the blanks between them.
pub fn line_key(text: &str) -> String {
    let digest = Sha256::digest(fold(text).as_bytes());
    digest.iter().take(16).fold(String::with_capacity(32), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl Correction {
    /// A correction of the line `text`.
    ///
    /// # Errors
    /// An empty line; a level, depth, number or title out of bounds.
    pub fn new(text: &str, before: &str, verdict: Verdict, to: &str) -> Result<Self, CorrectionFault> {
        if fold(text).is_empty() {
            return Err(fault("空の行は直せません。", "An empty line cannot be corrected."));
        }
        let verdict = checked(verdict)?;
        let to = sakimori_domain::text::number_id(to);
        if to.chars().count() > NUMBER_MAX {
            return Err(fault(
                format!("項目の番号は{NUMBER_MAX}文字までです。"),
                format!("A number has at most {NUMBER_MAX} letters."),
            ));
        }
        let takes_place = matches!(verdict, Verdict::Text | Verdict::Item { .. });
        Ok(Self {
            line: line_key(text),
            before: if before.is_empty() { String::new() } else { line_key(before) },
            text: text.trim().chars().take(SHOWN).collect(),
            verdict,
            to: if takes_place { to } else { String::new() },
        })
    }
}

fn checked(verdict: Verdict) -> Result<Verdict, CorrectionFault> {
    match verdict {
        Verdict::Heading { level, number, title } => {
            let (number, title) = (number.trim().to_owned(), title.trim().to_owned());
            let is_plain =
                |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
            if !(1..=LEVEL_MAX).contains(&level) {
                return Err(fault(
                    format!("見出しの段は1から{LEVEL_MAX}までです。"),
                    format!("The level of a heading is 1 to {LEVEL_MAX}."),
                ));
            }
            if number.is_empty() && title.is_empty() || !is_plain(&number, NUMBER_MAX) || !is_plain(&title, TITLE_MAX) {
                return Err(fault(
                    format!("見出しには番号（{NUMBER_MAX}文字まで）か題名（{TITLE_MAX}文字まで）を入れてください。"),
                    format!(
                        "A heading needs a number (at most {NUMBER_MAX} letters) or a title (at most {TITLE_MAX})."
                    ),
                ));
            }
            Ok(Verdict::Heading { level, number, title })
        }
        Verdict::Item { depth } if !(1..=DEPTH_MAX).contains(&depth) => Err(fault(
            format!("箇条の深さは1から{DEPTH_MAX}までです。"),
            format!("The depth of a list item is 1 to {DEPTH_MAX}."),
        )),
        other => Ok(other),
    }
}

/// One `[[correction]]` of a TOML file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    line: String,
    #[serde(default)]
    before: String,
    r#as: String,
    #[serde(default)]
    level: u32,
    #[serde(default)]
    number: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    depth: Option<u32>,
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    #[serde(default)]
    correction: Vec<Wire>,
}

/// Reads a file of corrections (docs/import-grammars.md).
///
/// # Errors
/// The first fault, with the number of its entry.
pub fn parse_corrections(toml: &str) -> Result<Vec<Correction>, CorrectionFault> {
    if toml.len() > FILE_MAX {
        return Err(fault(
            "手直しのファイルが大きすぎます（1 MBまで）。",
            "The file of corrections is larger than 1 MB.",
        ));
    }
    let file: WireFile = toml::from_str(toml).map_err(|error| {
        let reason = error.to_string();
        fault(
            format!("手直しのファイルを読めません（{reason}）。[[correction]] の項目を確かめてください。"),
            format!("The file of corrections is not sound: {reason}"),
        )
    })?;
    if file.correction.len() > CORRECTIONS_MAX {
        return Err(fault(
            format!("手直しは{CORRECTIONS_MAX}件までです。"),
            format!("At most {CORRECTIONS_MAX} corrections."),
        ));
    }
    let each = file.correction.into_iter().enumerate();
    each.map(|(at, wire)| {
        let Wire { line, before, r#as, level, number, title, depth, to } = wire;
        let verdict = verdict_of(&r#as, level, number, title, depth.unwrap_or(1));
        let read = verdict.and_then(|verdict| Correction::new(&line, &before, verdict, &to));
        read.map_err(|f| fault(format!("{}件目: {}", at + 1, f.ja), format!("Entry {}: {}", at + 1, f.en)))
    })
    .collect()
}

/// The verdict of a code with the fields that belong to it.
///
/// # Errors
/// An unknown code.
pub fn verdict_of(
    code: &str,
    level: u32,
    number: String,
    title: String,
    depth: u32,
) -> Result<Verdict, CorrectionFault> {
    Ok(match code {
        "heading" => Verdict::Heading { level, number, title },
        "text" => Verdict::Text,
        "joined" => Verdict::Joined,
        "item" => Verdict::Item { depth },
        "noise" => Verdict::Noise,
        other => {
            return Err(fault(
                format!("「{other}」は使えません。heading, text, joined, item, noise のどれかです。"),
                format!("\"{other}\" is not one of heading, text, joined, item, noise."),
            ));
        }
    })
}

/// Which correction holds for which line of a document.
#[derive(Debug, Default)]
pub(crate) struct Applied<'a> {
    /// By the index of the source line.
    by_line: HashMap<usize, &'a Correction>,
    /// Corrections whose line the document does not have.
    pub unused: Vec<&'a Correction>,
}

impl<'a> Applied<'a> {
    pub(crate) fn of(corrections: &'a [Correction], lines: &[SourceLine]) -> Self {
        if corrections.is_empty() {
            return Self::default();
        }
        let mut wanted: HashMap<&str, Vec<&'a Correction>> = HashMap::new();
        for correction in corrections.iter().take(CORRECTIONS_MAX) {
            wanted.entry(&correction.line).or_default().push(correction);
        }
        // Lines that some correction may mean, with the key of the printed line before.
        let mut places: HashMap<&str, Vec<(usize, String)>> = HashMap::new();
        let mut before = String::new();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.text.trim().is_empty()) {
            let key = line_key(&line.text);
            if let Some((known, _)) = wanted.get_key_value(key.as_str()) {
                places.entry(known).or_default().push((at, before));
            }
            before = key;
        }
        let mut applied = Self::default();
        for (key, list) in wanted {
            let found = places.remove(key).unwrap_or_default();
            for correction in list {
                applied.place(correction, &found);
            }
        }
        applied.unused.sort_by(|a, b| a.text.cmp(&b.text));
        applied
    }

    /// One that names the line before is stronger than one for wherever the line stands; where the line stands only once,
    /// the line before may have changed.
    fn place(&mut self, correction: &'a Correction, found: &[(usize, String)]) {
        let mut used = false;
        for (at, before) in found {
            if correction.before == *before || found.len() == 1 {
                self.by_line.insert(*at, correction);
                used = true;
            } else if correction.before.is_empty() {
                self.by_line.entry(*at).or_insert(correction);
                used = true;
            }
        }
        if !used {
            self.unused.push(correction);
        }
    }

    /// The correction of a source line, by its index.
    pub(crate) fn at(&self, index: usize) -> Option<&'a Correction> {
        self.by_line.get(&index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::lines_of;

    fn correction(text: &str, before: &str) -> Correction {
        Correction::new(text, before, Verdict::Noise, "").expect("sound")
    }

    #[test]
    fn a_line_is_found_by_its_letters_and_the_line_before_it() {
        let lines = lines_of("a\n\n灯 台\nb\n灯台\nc\n");
        let everywhere = [correction("灯台", "")];
        let applied = Applied::of(&everywhere, &lines);
        assert!(applied.at(2).is_some() && applied.at(4).is_some() && applied.at(0).is_none());
        let one = [correction("灯台", "ｂ")];
        let applied = Applied::of(&one, &lines);
        assert!(applied.at(2).is_none() && applied.at(4).is_some());
        let gone = [correction("灯台", "x"), correction("浮標", "")];
        assert_eq!(Applied::of(&gone, &lines).unused.len(), 2);
        // The only such line is meant, even if another one stands before it in the next edition.
        let moved = [correction("c", "x")];
        assert!(Applied::of(&moved, &lines).at(5).is_some());
    }

    #[test]
    fn a_file_of_corrections_is_read_or_refused_with_the_entry() {
        let sound = "[[correction]]\nline = \"2 灯\"\nas = \"heading\"\nlevel = 2\nnumber = \"2\"\ntitle = \"灯\"\n\
                     [[correction]]\nline = \"・油\"\nas = \"item\"\nto = \"２\"\n";
        let read = parse_corrections(sound).expect("sound");
        assert_eq!((read[1].to.as_str(), &read[1].verdict), ("2", &Verdict::Item { depth: 1 }));
        for (wrong, says) in [
            ("[[correction]]\nline = \"a\"\nas = \"chapter\"\n", "Entry 1"),
            ("[[correction]]\nline = \" \"\nas = \"noise\"\n", "empty line"),
            ("[[correction]]\nline = \"a\"\nas = \"heading\"\nlevel = 0\n", "level"),
            ("[[correction]]\nline = \"a\"\nas = \"noise\"\ncolour = 1\n", "colour"),
        ] {
            let fault = parse_corrections(wrong).expect_err(wrong);
            assert!(fault.en.contains(says), "{fault}");
        }
    }
}
