//! The TOML of a grammar, key by key. docs/import-grammars.md explains every key to its users.

use serde::Deserialize;
use toml::Spanned;

/// A regular expression or text with its place in the TOML.
pub(crate) type Placed = Spanned<String>;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wire {
    pub name: String,
    #[serde(default)]
    pub title: String,
    /// `grammar` (default), or the name of a table reader.
    #[serde(default)]
    pub reader: Option<Placed>,
    #[serde(default)]
    pub edition: EditionFacts,
    #[serde(default)]
    pub detect: Detect,
    #[serde(default)]
    pub text: TextRules,
    #[serde(default)]
    pub noise: Vec<Noise>,
    pub footnote: Option<Footnote>,
    #[serde(default)]
    pub rewrite: Vec<Rewrite>,
    #[serde(default)]
    pub heading: Vec<Heading>,
    #[serde(default)]
    pub suffix: Vec<Suffix>,
    #[serde(default)]
    pub label: Vec<Label>,
    #[serde(default)]
    pub list: Vec<List>,
    #[serde(default)]
    pub note: Vec<Note>,
    #[serde(default)]
    pub mark: Vec<Cue>,
    #[serde(default)]
    pub strength: Vec<Cue>,
    #[serde(default)]
    pub audience: Vec<Cue>,
    #[serde(default)]
    pub reference: Vec<Reference>,
    #[serde(default)]
    pub disposition: Vec<DispositionRule>,
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
    /// Strings that such a document has, blanks and letter widths ignored.
    pub expect: Vec<String>,
    /// How many headings such a document has at least.
    pub headings: usize,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TextRules {
    /// `as-given` (default) or `leading-blank`: a line that begins with a blank right after a printed line starts a page.
    pub pages: Option<Placed>,
    /// `auto` (default), `wrapped` (lines are cut by the typesetter) or `lines` (a line is a paragraph).
    pub joining: Option<Placed>,
    /// Everything before the first line that matches is front matter.
    pub front_until: Option<Placed>,
    /// Everything from the first line that matches, after the start, is back matter.
    pub back_from: Option<Placed>,
    /// Keep doubled letters as printed.
    pub keep_doubled: bool,
    /// Audiences of the whole document.
    pub audience: Vec<Placed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Noise {
    pub code: String,
    pub pattern: Placed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Footnote {
    /// Groups `number` and `text`. A line is a footnote only if its number is printed, glued to a word, earlier on its page.
    pub pattern: Placed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rewrite {
    pub pattern: Placed,
    #[serde(default)]
    pub with: String,
    pub code: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heading {
    pub name: String,
    /// 1 is the top; a heading closes all open ones of its own level and below.
    pub level: u32,
    /// Groups `number`, `title` and, where the line goes on with text, `text`.
    pub pattern: Placed,
    pub kind: Placed,
    /// Kind of a heading without headings below it.
    pub leaf_kind: Option<Placed>,
    /// `{number}`, `{title}`, `{parent}`; default `{number}`.
    pub id: Option<Placed>,
    /// `open` (default): the nearest open heading above; `none`: a root.
    pub parent: Option<Placed>,
    /// Only inside an open heading of one of these names.
    #[serde(default)]
    pub under: Vec<Placed>,
    /// Never inside an open heading of one of these names.
    #[serde(default)]
    pub not_under: Vec<Placed>,
    /// The number must begin with the parent's number and a full stop.
    #[serde(default)]
    pub nested_number: bool,
    /// The number must follow its last sibling's, with at most this many missing.
    pub gap: Option<u32>,
    /// The title stands on the next printed line.
    #[serde(default)]
    pub title_next: bool,
    /// The title stands on the line before: the paragraph that matches, with a group `title`.
    pub title_before: Option<Placed>,
    /// Longest title in letters; default 80.
    pub title_max: Option<usize>,
    /// Unmarked paragraphs after a list item belong to the item.
    #[serde(default)]
    pub item_paragraphs: bool,
}

/// Something printed at the end of a title that is not part of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suffix {
    pub pattern: Placed,
    pub consideration: Option<Placed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    pub name: String,
    /// The whole line, or with a group `text` its beginning.
    pub pattern: Placed,
    /// Kind of the items under it.
    pub item_kind: Option<Placed>,
    /// The Provision that has it is a control.
    #[serde(default)]
    pub control: bool,
    /// The Provision's strength is that of what stands under it.
    #[serde(default)]
    pub statement: bool,
    /// Label of an item that follows without its printed glyph.
    pub lost_glyph: Option<String>,
    /// Audience of the items under it.
    pub audience: Option<Placed>,
    /// A heading inside a list: the list goes on under it.
    #[serde(default)]
    pub inside_list: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub name: String,
    /// Groups `label` and `text`.
    pub pattern: Placed,
    /// A marker of a higher rank nests under an open item of a lower one.
    pub rank: u32,
    /// The item is a group: paragraphs right after it are its text, and marks are attached to it.
    #[serde(default)]
    pub group: bool,
    pub item_kind: Option<Placed>,
    #[serde(default)]
    pub under: Vec<Placed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    pub pattern: Placed,
}

/// A wording and the value it stands for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cue {
    pub pattern: Placed,
    pub value: Placed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    pub pattern: Placed,
    /// The canonical citation, `$1` for the first group.
    pub to: String,
}

/// All conditions given must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DispositionRule {
    pub value: Placed,
    pub id: Option<Placed>,
    /// A label line that the Provision has.
    pub label: Option<Placed>,
    /// A paragraph that the Provision has.
    pub text: Option<Placed>,
}
