//! A grammar, checked and compiled.

use std::fmt;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use sakimori_domain::standards::{
    Audience, AuthorityClass, Consideration, Disposition, Edition, ItemKind, Mandate, ProvisionKind, Strength,
};
use toml::Spanned;

use super::wire::{self, Placed, Wire};

/// Longest regular expression of a grammar, in bytes, and the largest program it may compile to.
const PATTERN_MAX: usize = 1_000;
const PROGRAM_MAX: usize = 1 << 20;
/// Largest grammar, in bytes, and most rules of one kind.
const GRAMMAR_MAX: usize = 256 * 1024;
const RULES_MAX: usize = 100;

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
        write!(f, "{}行目 {}: {} / line {}: {}", self.line, self.key, self.ja, self.line, self.en)
    }
}

impl std::error::Error for ProfileFault {}

#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub name: String,
    pub level: u32,
    pub pattern: Regex,
    pub kind: ProvisionKind,
    pub leaf_kind: Option<ProvisionKind>,
    pub id: String,
    pub root: bool,
    pub under: Vec<String>,
    pub not_under: Vec<String>,
    pub nested_number: bool,
    pub gap: Option<u32>,
    pub title_next: bool,
    pub title_before: Option<Regex>,
    pub title_max: usize,
    pub item_paragraphs: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub pattern: Regex,
    pub item_kind: Option<ItemKind>,
    pub control: bool,
    pub statement: bool,
    pub lost_glyph: Option<String>,
    pub audience: Option<Audience>,
    pub inside_list: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct List {
    pub pattern: Regex,
    pub rank: u32,
    pub group: bool,
    pub item_kind: Option<ItemKind>,
    pub under: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct DispositionRule {
    pub value: Disposition,
    pub id: Option<Regex>,
    pub label: Option<Regex>,
    pub text: Option<Regex>,
}

/// How lines become paragraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joining {
    Auto,
    Wrapped,
    Lines,
}

/// The compiled rules of a grammar.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub pages_by_blank: bool,
    pub joining: Joining,
    pub front_until: Option<Regex>,
    pub back_from: Option<Regex>,
    pub keep_doubled: bool,
    pub audience_all: Vec<Audience>,
    pub noise: Vec<(String, Regex)>,
    pub footnote: Option<Regex>,
    pub rewrite: Vec<(Regex, String, String)>,
    pub headings: Vec<Heading>,
    pub suffixes: Vec<(Regex, Option<Consideration>)>,
    pub labels: Vec<Label>,
    pub lists: Vec<List>,
    pub notes: Vec<Regex>,
    pub marks: Vec<(Regex, Mandate)>,
    pub strengths: Vec<(Regex, Strength)>,
    pub audiences: Vec<(Regex, Audience)>,
    pub references: Vec<(Regex, String)>,
    pub dispositions: Vec<DispositionRule>,
}

/// An import grammar, checked and ready to read with.
#[derive(Debug, Clone)]
pub struct Profile {
    wire: Wire,
    raw: toml::Table,
    pub(crate) rules: Rules,
}

impl Profile {
    /// Parses and checks a grammar; every fault is returned, not only the first.
    ///
    /// # Errors
    /// The faults, in the order of the file.
    pub fn parse(text: &str) -> Result<Profile, Vec<ProfileFault>> {
        if text.len() > GRAMMAR_MAX {
            return Err(vec![ProfileFault {
                line: 0,
                key: String::new(),
                ja: format!("文法が大きすぎます（上限 {GRAMMAR_MAX} バイト）。分けてください。"),
                en: format!("The grammar is too large (at most {GRAMMAR_MAX} bytes); split it."),
            }]);
        }
        let raw: toml::Table = toml::from_str(text).map_err(|e| vec![shape_fault(text, &e)])?;
        let wire: Wire = toml::from_str(text).map_err(|e| vec![shape_fault(text, &e)])?;
        let mut check = Check { text, faults: Vec::new() };
        let rules = check.rules(&wire);
        check.whole(&wire, &raw);
        if check.faults.is_empty() {
            Ok(Profile { wire, raw, rules })
        } else {
            check.faults.sort_by_key(|fault| fault.line);
            Err(check.faults)
        }
    }

    /// The grammars that ship with the product.
    ///
    /// # Panics
    /// Never in a released build: a test parses each of them.
    pub fn built_in() -> &'static [Profile] {
        static BUILT_IN: LazyLock<Vec<Profile>> = LazyLock::new(|| {
            super::built_in::SOURCES.iter().filter_map(|(_, text)| Profile::parse(text).ok()).collect()
        });
        &BUILT_IN
    }

    /// The name given in the grammar, e.g. `002-jt-x1051`.
    pub fn name(&self) -> &str {
        &self.wire.name
    }

    /// What the grammar is for, in words.
    pub fn title(&self) -> &str {
        &self.wire.title
    }

    /// `grammar`, or the name of a table reader (`crate::tabular`).
    pub fn reader(&self) -> &str {
        self.wire.reader.as_ref().map_or("grammar", |r| r.get_ref().as_str())
    }

    /// The whole TOML, for the keys that a table reader defines.
    pub fn raw(&self) -> &toml::Table {
        &self.raw
    }

    /// Strings that a document of this grammar has, blanks ignored.
    pub fn expect(&self) -> &[String] {
        &self.wire.detect.expect
    }

    /// The rules as written.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// How many headings a document of this grammar has at least.
    pub(crate) fn headings_expected(&self) -> usize {
        self.wire.detect.headings
    }

    /// The Edition that this grammar's documents are.
    pub fn edition(&self) -> Edition {
        let facts = self.wire.edition.clone();
        Edition {
            id: facts.id,
            standard: facts.standard,
            title: facts.title,
            title_en: facts.title_en,
            short: facts.short,
            label: facts.label,
            issuer: facts.issuer,
            authority: facts.authority,
            valid_from: facts.valid_from,
            valid_to: facts.valid_to,
            profile: self.wire.name.clone(),
        }
    }
}

fn line_at(text: &str, offset: usize) -> u32 {
    let newlines = text.bytes().take(offset).filter(|b| *b == b'\n').count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

fn shape_fault(text: &str, error: &toml::de::Error) -> ProfileFault {
    let message = error.message();
    ProfileFault {
        line: error.span().map_or(0, |span| line_at(text, span.start)),
        key: String::new(),
        ja: format!(
            "TOML の書き方か項目名に誤りがあります（{message}）。docs/import-grammars.md の例と見比べてください。"
        ),
        en: format!("The TOML or a key is wrong ({message}); compare with docs/import-grammars.md."),
    }
}

/// Collects faults while compiling.
struct Check<'a> {
    text: &'a str,
    faults: Vec<ProfileFault>,
}

impl Check<'_> {
    fn fault(&mut self, at: Option<&Placed>, key: &str, ja: String, en: String) {
        let line = at.map_or(0, |placed| line_at(self.text, placed.span().start));
        self.faults.push(ProfileFault { line, key: key.to_owned(), ja, en });
    }

    fn regex(&mut self, key: &str, placed: &Placed, groups: &[&str]) -> Option<Regex> {
        let source = placed.get_ref();
        if source.len() > PATTERN_MAX {
            let ja = format!("正規表現が長すぎます（上限 {PATTERN_MAX} バイト）。規則を分けてください。");
            let en = format!("The pattern is too long (at most {PATTERN_MAX} bytes); split the rule.");
            self.fault(Some(placed), key, ja, en);
            return None;
        }
        match RegexBuilder::new(source).size_limit(PROGRAM_MAX).dfa_size_limit(PROGRAM_MAX).build() {
            Ok(regex) => {
                for group in groups {
                    if !regex.capture_names().flatten().any(|name| name == *group) {
                        let ja = format!("名前つきの括弧 (?P<{group}>…) がありません。加えてください。");
                        let en = format!("The named group (?P<{group}>…) is missing; add it.");
                        self.fault(Some(placed), key, ja, en);
                    }
                }
                Some(regex)
            }
            Err(error) => {
                let reason = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
                let ja = format!("正規表現として読めません（{reason}）。括弧や記号を確かめてください。");
                let en = format!("Not a sound regular expression ({reason}); check brackets and escapes.");
                self.fault(Some(placed), key, ja, en);
                None
            }
        }
    }

    fn optional(&mut self, key: &str, placed: Option<&Placed>) -> Option<Regex> {
        placed.and_then(|p| self.regex(key, p, &[]))
    }

    fn code<T: Copy>(
        &mut self,
        key: &str,
        placed: &Placed,
        from: fn(&str) -> Option<T>,
        allowed: &[&str],
    ) -> Option<T> {
        let value = from(placed.get_ref());
        if value.is_none() {
            let list = allowed.join(", ");
            let ja = format!("値「{}」は使えません。次から選んでください: {list}", placed.get_ref());
            let en = format!("\"{}\" is not allowed here; use one of: {list}", placed.get_ref());
            self.fault(Some(placed), key, ja, en);
        }
        value
    }

    fn choice<T: Copy>(&mut self, key: &str, placed: Option<&Placed>, values: &[(&str, T)], default: T) -> T {
        let Some(placed) = placed else { return default };
        if let Some((_, value)) = values.iter().find(|(code, _)| code == placed.get_ref()) {
            return *value;
        }
        let allowed: Vec<&str> = values.iter().map(|(code, _)| *code).collect();
        self.code::<bool>(key, placed, |_| None, &allowed);
        default
    }

    fn whole(&mut self, wire: &Wire, raw: &toml::Table) {
        if wire.name.trim().is_empty() {
            self.fault(None, "name", "名前が空です。".to_owned(), "The name is empty.".to_owned());
        }
        let reader = wire.reader.as_ref().map_or("grammar", |r| r.get_ref().as_str());
        if reader == "grammar" {
            self.unknown_keys(raw);
            if wire.heading.is_empty() {
                let ja =
                    "見出しの規則 [[heading]] が一つもありません。章や節の書き方を一つ以上書いてください。".to_owned();
                let en = "There is no [[heading]] rule; describe at least one level of headings.".to_owned();
                self.fault(None, "heading", ja, en);
            }
        } else if !crate::tabular::READERS.contains(&reader) {
            let known = crate::tabular::READERS.join(", ");
            let ja = format!("読み取り器「{reader}」はありません。grammar か次から選んでください: {known}");
            let en = format!("There is no reader \"{reader}\"; use grammar or one of: {known}");
            self.fault(wire.reader.as_ref(), "reader", ja, en);
        } else if let Some(reason) = crate::tabular::fault(raw) {
            let ja = format!("表の読み方に誤りがあります（{reason}）。組み込みの文法と見比べてください。");
            let en = format!("The description of the tables is wrong ({reason}); compare with the built-in grammars.");
            self.fault(wire.reader.as_ref(), "part", ja, en);
        }
        let authority = &wire.edition.authority;
        if !authority.is_empty() && AuthorityClass::from_code(authority).is_none() {
            let ja = format!(
                "edition.authority「{authority}」は使えません。law, state, industry, in-house のどれかにしてください。"
            );
            let en = format!("edition.authority \"{authority}\" is not one of law, state, industry, in-house.");
            self.fault(None, "edition.authority", ja, en);
        }
    }

    /// A mistyped table name would be ignored in silence otherwise. Table readers define keys of their own.
    fn unknown_keys(&mut self, raw: &toml::Table) {
        const KNOWN: [&str; 20] = [
            "name",
            "title",
            "reader",
            "edition",
            "detect",
            "text",
            "noise",
            "footnote",
            "rewrite",
            "heading",
            "suffix",
            "label",
            "list",
            "note",
            "mark",
            "strength",
            "audience",
            "reference",
            "disposition",
            "about",
        ];
        for key in raw.keys().filter(|key| !KNOWN.contains(&key.as_str())) {
            let ja =
                format!("項目「{key}」は知られていません。つづりを確かめてください。使えるもの: {}", KNOWN.join(", "));
            let en = format!("The key \"{key}\" is unknown; known keys: {}", KNOWN.join(", "));
            self.fault(None, key, ja, en);
        }
    }

    fn rules(&mut self, wire: &Wire) -> Rules {
        self.limits(wire);
        let text = &wire.text;
        let pages = [("as-given", false), ("leading-blank", true)];
        let joining = [("auto", Joining::Auto), ("wrapped", Joining::Wrapped), ("lines", Joining::Lines)];
        Rules {
            pages_by_blank: self.choice("text.pages", text.pages.as_ref(), &pages, false),
            joining: self.choice("text.joining", text.joining.as_ref(), &joining, Joining::Auto),
            front_until: self.optional("text.front_until", text.front_until.as_ref()),
            back_from: self.optional("text.back_from", text.back_from.as_ref()),
            keep_doubled: text.keep_doubled,
            audience_all: self.audiences("text.audience", &text.audience),
            noise: self.each("noise", &wire.noise, |check, key, rule| {
                Some((rule.code.clone(), check.regex(&format!("{key}.pattern"), &rule.pattern, &[])?))
            }),
            footnote: wire.footnote.as_ref().and_then(|f| self.regex("footnote.pattern", &f.pattern, &["number"])),
            rewrite: self.each("rewrite", &wire.rewrite, |check, key, rule| {
                let regex = check.regex(&format!("{key}.pattern"), &rule.pattern, &[])?;
                Some((regex, rule.with.clone(), rule.code.clone()))
            }),
            headings: self.each("heading", &wire.heading, |check, key, rule| check.heading(key, rule, wire)),
            suffixes: self.each("suffix", &wire.suffix, |check, key, rule| {
                let regex = check.regex(&format!("{key}.pattern"), &rule.pattern, &[])?;
                let value = rule.consideration.as_ref().and_then(|placed| {
                    check.code(
                        &format!("{key}.consideration"),
                        placed,
                        Consideration::from_code,
                        &["must", "reference"],
                    )
                });
                Some((regex, value))
            }),
            labels: self.each("label", &wire.label, Self::label),
            lists: self.each("list", &wire.list, |check, key, rule| check.list(key, rule, wire)),
            notes: self.each("note", &wire.note, |check, key, rule| {
                check.regex(&format!("{key}.pattern"), &rule.pattern, &[])
            }),
            marks: self.cues("mark", &wire.mark, Mandate::from_code, &codes(Mandate::ALL, Mandate::code)),
            strengths: self.cues(
                "strength",
                &wire.strength,
                Strength::from_code,
                &codes(Strength::ALL, Strength::code),
            ),
            audiences: self.cues(
                "audience",
                &wire.audience,
                Audience::from_code,
                &codes(Audience::ALL, Audience::code),
            ),
            references: self.each("reference", &wire.reference, |check, key, rule| {
                Some((check.regex(&format!("{key}.pattern"), &rule.pattern, &[])?, rule.to.clone()))
            }),
            dispositions: self.each("disposition", &wire.disposition, Self::disposition),
        }
    }

    fn each<W, T>(
        &mut self,
        name: &str,
        rules: &[W],
        mut compile: impl FnMut(&mut Self, &str, &W) -> Option<T>,
    ) -> Vec<T> {
        let mut out = Vec::new();
        for (index, rule) in rules.iter().take(RULES_MAX).enumerate() {
            out.extend(compile(self, &format!("{name}[{}]", index + 1), rule));
        }
        out
    }

    fn limits(&mut self, wire: &Wire) {
        let counts = [
            ("noise", wire.noise.len()),
            ("heading", wire.heading.len()),
            ("label", wire.label.len()),
            ("list", wire.list.len()),
            ("reference", wire.reference.len()),
        ];
        for (key, count) in counts {
            if count > RULES_MAX {
                let ja = format!("規則が多すぎます（{count} 個、上限 {RULES_MAX}）。まとめてください。");
                let en = format!("Too many rules ({count}, at most {RULES_MAX}); merge some.");
                self.fault(None, key, ja, en);
            }
        }
    }

    fn cues<T: Copy>(
        &mut self,
        name: &str,
        cues: &[wire::Cue],
        from: fn(&str) -> Option<T>,
        allowed: &[&str],
    ) -> Vec<(Regex, T)> {
        self.each(name, cues, |check, key, cue| {
            let regex = check.regex(&format!("{key}.pattern"), &cue.pattern, &[]);
            let value = check.code(&format!("{key}.value"), &cue.value, from, allowed);
            regex.zip(value)
        })
    }

    fn audiences(&mut self, key: &str, values: &[Placed]) -> Vec<Audience> {
        let allowed = codes(Audience::ALL, Audience::code);
        values.iter().filter_map(|placed| self.code(key, placed, Audience::from_code, &allowed)).collect()
    }

    fn heading(&mut self, key: &str, rule: &wire::Heading, wire: &Wire) -> Option<Heading> {
        let kinds = codes(ProvisionKind::ALL, ProvisionKind::code);
        let pattern = self.regex(&format!("{key}.pattern"), &rule.pattern, &[]);
        let kind = self.code(&format!("{key}.kind"), &rule.kind, ProvisionKind::from_code, &kinds);
        let leaf_kind = rule
            .leaf_kind
            .as_ref()
            .and_then(|placed| self.code(&format!("{key}.leaf_kind"), placed, ProvisionKind::from_code, &kinds));
        let names: Vec<&str> = wire.heading.iter().map(|h| h.name.as_str()).collect();
        for placed in rule.under.iter().chain(&rule.not_under) {
            self.known_name(&format!("{key}.under"), placed, &names);
        }
        let title_before = rule
            .title_before
            .as_ref()
            .and_then(|placed| self.regex(&format!("{key}.title_before"), placed, &["title"]));
        let id = rule.id.as_ref().map_or("{number}", |placed| placed.get_ref().as_str());
        let pattern = pattern?;
        let has = |group: &str| pattern.capture_names().flatten().any(|name| name == group);
        for group in ["number", "title"] {
            if id.contains(&format!("{{{group}}}")) && !has(group) {
                let ja = format!("id が {{{group}}} を使いますが、正規表現に (?P<{group}>…) がありません。");
                let en = format!("The id uses {{{group}}} but the pattern has no (?P<{group}>…).");
                self.fault(Some(&rule.pattern), &format!("{key}.id"), ja, en);
            }
        }
        Some(Heading {
            name: rule.name.clone(),
            level: rule.level,
            kind: kind?,
            leaf_kind,
            id: id.to_owned(),
            root: self.choice(
                &format!("{key}.parent"),
                rule.parent.as_ref(),
                &[("open", false), ("none", true)],
                false,
            ),
            under: rule.under.iter().map(|p| p.get_ref().clone()).collect(),
            not_under: rule.not_under.iter().map(|p| p.get_ref().clone()).collect(),
            nested_number: rule.nested_number,
            gap: rule.gap,
            title_next: rule.title_next,
            title_before,
            title_max: rule.title_max.unwrap_or(80),
            item_paragraphs: rule.item_paragraphs,
            pattern,
        })
    }

    fn known_name(&mut self, key: &str, placed: &Placed, names: &[&str]) {
        if !names.contains(&placed.get_ref().as_str()) {
            let list = names.join(", ");
            let ja = format!("見出し「{}」は定義されていません。次のどれかです: {list}", placed.get_ref());
            let en = format!("There is no heading named \"{}\"; there are: {list}", placed.get_ref());
            self.fault(Some(placed), key, ja, en);
        }
    }

    fn label(&mut self, key: &str, rule: &wire::Label) -> Option<Label> {
        let pattern = self.regex(&format!("{key}.pattern"), &rule.pattern, &[]);
        if rule.name.trim().is_empty() {
            let ja = "見出し語の name が空です。".to_owned();
            self.fault(Some(&rule.pattern), &format!("{key}.name"), ja, "The label's name is empty.".to_owned());
        }
        Some(Label {
            item_kind: self.item_kind(key, rule.item_kind.as_ref()),
            control: rule.control,
            statement: rule.statement,
            lost_glyph: rule.lost_glyph.clone(),
            audience: rule.audience.as_ref().and_then(|placed| {
                self.code(
                    &format!("{key}.audience"),
                    placed,
                    Audience::from_code,
                    &codes(Audience::ALL, Audience::code),
                )
            }),
            inside_list: rule.inside_list,
            pattern: pattern?,
        })
    }

    fn item_kind(&mut self, key: &str, placed: Option<&Spanned<String>>) -> Option<ItemKind> {
        let allowed = codes(ItemKind::ALL, ItemKind::code);
        placed.and_then(|p| self.code(&format!("{key}.item_kind"), p, ItemKind::from_code, &allowed))
    }

    fn list(&mut self, key: &str, rule: &wire::List, wire: &Wire) -> Option<List> {
        let names: Vec<&str> = wire.heading.iter().map(|h| h.name.as_str()).collect();
        for placed in &rule.under {
            self.known_name(&format!("{key}.under"), placed, &names);
        }
        let pattern = self.regex(&format!("{key}.pattern"), &rule.pattern, &["text"]);
        Some(List {
            rank: rule.rank,
            group: rule.group,
            item_kind: self.item_kind(key, rule.item_kind.as_ref()),
            under: rule.under.iter().map(|p| p.get_ref().clone()).collect(),
            pattern: pattern?,
        })
    }

    fn disposition(&mut self, key: &str, rule: &wire::DispositionRule) -> Option<DispositionRule> {
        let allowed = codes(Disposition::ALL, Disposition::code);
        let value = self.code(&format!("{key}.value"), &rule.value, Disposition::from_code, &allowed);
        Some(DispositionRule {
            id: self.optional(&format!("{key}.id"), rule.id.as_ref()),
            label: self.optional(&format!("{key}.label"), rule.label.as_ref()),
            text: self.optional(&format!("{key}.text"), rule.text.as_ref()),
            value: value?,
        })
    }
}

fn codes<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|value| code(*value)).collect()
}
