//! NIST's JSON schemas of the documents we read, shipped in `content/oscal/schemas`, and checking against them with the
//! `jsonschema` crate. What it finds is said in our words, with the place.

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use super::{Fault, Kind, Pointer};

/// The version of the shipped schemas.
pub const SCHEMA_VERSION: &str = "1.2.1";
/// Longest value that a message repeats, in characters.
const SHOWN: usize = 60;

/// The text of the schema of a kind of document.
pub const fn text(kind: Kind) -> &'static str {
    match kind {
        Kind::Catalog => include_str!("../../../../content/oscal/schemas/catalog.json"),
        Kind::Profile => include_str!("../../../../content/oscal/schemas/profile.json"),
        Kind::MappingCollection => include_str!("../../../../content/oscal/schemas/mapping.json"),
    }
}

/// A shipped schema that cannot be used: a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

/// The compiled schema of a kind of document; compiled once.
///
/// # Errors
/// A shipped schema that cannot be used.
pub fn of(kind: Kind) -> Result<&'static Validator, &'static SchemaError> {
    static SCHEMAS: [OnceLock<Result<Validator, SchemaError>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let at = match kind {
        Kind::Catalog => 0,
        Kind::Profile => 1,
        Kind::MappingCollection => 2,
    };
    SCHEMAS[at].get_or_init(|| compile(text(kind))).as_ref()
}

fn compile(schema: &str) -> Result<Validator, SchemaError> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| SchemaError(error.to_string()))?;
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| SchemaError(error.to_string()))
}

/// Every fault of the document, in the order in which they are found; at most `limit`.
pub fn check(schema: &Validator, document: &Value, limit: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    for error in schema.iter_errors(document) {
        tell(&error, &mut faults);
        if faults.len() >= limit {
            break;
        }
    }
    faults.truncate(limit);
    faults
}

fn tell(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let at = pointer(error);
    let mut fault = |at: &Pointer, code, ja: String, en: String| faults.push(Fault::new(at, code, ja, en));
    let value = shown(&error.instance().to_string());
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            fault(&at, "required", format!("「{name}」がありません。"), format!("\"{name}\" is missing."));
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let mut member = at.clone();
                member.push_name(name);
                let (ja, en) = ("OSCAL にない項目です。", "OSCAL has no such member here.");
                fault(&member, "unknown-member", ja.to_owned(), en.to_owned());
            }
        }
        ValidationErrorKind::MinItems { .. } => {
            let (ja, en) = (
                "空の配列は書けません。項目ごと省いてください。",
                "An empty list is not allowed: leave the member out.",
            );
            fault(&at, "empty", ja.to_owned(), en.to_owned());
        }
        ValidationErrorKind::Type { kind } => {
            let (ja, en) = type_words(kind);
            fault(&at, "type", format!("{ja}ではありません。"), format!("This is not {en}."));
        }
        ValidationErrorKind::Enum { options } => {
            let known = options
                .as_array()
                .map_or_else(String::new, |all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
            let ja = format!("値 {value} は使えません。使える値: {known}");
            fault(&at, "enum", ja, format!("The value {value} is not one of {known}."));
        }
        ValidationErrorKind::Pattern { pattern } => {
            let (ja, en) = reason(pattern);
            let ja = format!("値 {value} は形式に合いません（{ja}）。");
            fault(&at, "pattern", ja, format!("The value {value} does not have the form {en}."));
        }
        ValidationErrorKind::Format { .. } => {
            let ja = format!("{value} は URI として書けません（空白や日本語は %XX に直します）。");
            fault(
                &at,
                "uri-reference",
                ja,
                format!("{value} is no URI reference (write blanks and other letters as %XX)."),
            );
        }
        // The alternative that is meant fits at its top, whatever is wrong further in.
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let depth = error.instance_path().iter().len();
            let nearest = context.iter().min_by_key(|errors| {
                let at_top = errors.iter().filter(|inner| inner.instance_path().iter().len() <= depth + 1);
                (at_top.count(), errors.len())
            });
            for inner in nearest.into_iter().flatten() {
                tell(inner, faults);
            }
        }
        _ => fault(&at, "schema", format!("公式の JSON スキーマに合いません: {error}"), error.to_string()),
    }
}

fn pointer(error: &ValidationError<'_>) -> Pointer {
    use jsonschema::paths::LocationSegment;
    let mut at = Pointer::default();
    for segment in error.instance_path() {
        match segment {
            LocationSegment::Property(name) => at.push_name(&name),
            LocationSegment::Index(index) => at.push_index(index),
        }
    }
    at
}

fn type_words(kind: &TypeKind) -> (&'static str, &'static str) {
    use jsonschema::JsonType;
    match kind {
        TypeKind::Single(JsonType::Object) => ("オブジェクト { … }", "an object"),
        TypeKind::Single(JsonType::Array) => ("配列 [ … ]", "a list"),
        TypeKind::Single(JsonType::String) => ("文字列", "a string"),
        TypeKind::Single(JsonType::Boolean) => ("true か false", "true or false"),
        TypeKind::Single(JsonType::Integer) => ("整数", "a whole number"),
        _ => ("求められた型", "of the type asked for"),
    }
}

fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

/// What the patterns of OSCAL's data types ask for, in words.
fn reason(pattern: &str) -> (&str, &str) {
    match pattern {
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
    }
}
