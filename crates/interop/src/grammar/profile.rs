//! The grammar as written in TOML.

use std::fmt;

use sakimori_domain::standards::Edition;
use serde::Deserialize;

/// Something wrong with a grammar as written, with its place and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileFault {
    /// 1-based line of the TOML; 0 when the fault is about the whole.
    pub line: u32,
    /// Dotted key, e.g. `heading[2].pattern`.
    pub key: String,
    /// What is wrong and the next step.
    pub ja: String,
    pub en: String,
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行目 {}: {} / {}", self.line, self.key, self.ja, self.en)
    }
}

/// The facts about the Edition that a document of this grammar is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EditionFacts {
    pub id: String,
    pub standard: String,
    pub title: String,
    pub title_en: String,
    pub short: String,
    pub label: String,
    pub issuer: String,
    pub authority: String,
    pub valid_from: String,
    pub valid_to: String,
}

/// How to recognise a document of this grammar.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Detect {
    pub expect: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Wire {
    name: String,
    #[serde(default)]
    reader: String,
    #[serde(default)]
    edition: EditionFacts,
    #[serde(default)]
    detect: Detect,
}

/// An import grammar, checked and ready to read with.
#[derive(Debug, Clone)]
pub struct Profile {
    wire: Wire,
    raw: toml::Table,
}

impl Profile {
    /// Parses and checks a grammar; every fault is returned, not only the first.
    pub fn parse(text: &str) -> Result<Profile, Vec<ProfileFault>> {
        let fault = |line: u32, message: String| ProfileFault {
            line,
            key: String::new(),
            ja: format!("文法の書き方に誤りがあります（{message}）。docs/import-grammars.md を見て直してください。"),
            en: format!("This is not a sound grammar ({message}); see docs/import-grammars.md."),
        };
        let raw: toml::Table = toml::from_str(text).map_err(|e| vec![fault(0, e.message().to_owned())])?;
        let wire: Wire = toml::from_str(text).map_err(|e| vec![fault(0, e.message().to_owned())])?;
        Ok(Profile { wire, raw })
    }

    /// The grammars that ship with the product.
    pub fn built_in() -> &'static [Profile] {
        &[]
    }

    pub fn name(&self) -> &str {
        &self.wire.name
    }

    /// `grammar`, or the name of a table reader (`crate::tabular`).
    pub fn reader(&self) -> &str {
        if self.wire.reader.is_empty() { "grammar" } else { &self.wire.reader }
    }

    /// The whole TOML, for the keys that a table reader defines.
    pub fn raw(&self) -> &toml::Table {
        &self.raw
    }

    /// Strings that a document of this grammar has, blanks ignored.
    pub fn expect(&self) -> &[String] {
        &self.wire.detect.expect
    }

    /// The Edition that this grammar's documents are.
    pub fn edition(&self) -> Edition {
        let facts = &self.wire.edition;
        Edition {
            id: facts.id.clone(),
            standard: facts.standard.clone(),
            title: facts.title.clone(),
            title_en: facts.title_en.clone(),
            short: facts.short.clone(),
            label: facts.label.clone(),
            issuer: facts.issuer.clone(),
            authority: facts.authority.clone(),
            valid_from: facts.valid_from.clone(),
            valid_to: facts.valid_to.clone(),
            profile: self.wire.name.clone(),
        }
    }
}
