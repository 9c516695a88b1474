//! Texts and dates that people type into forms: tidied, or refused with the field's name.

use sakimori_domain::assurance::tidy_text;
use sakimori_domain::revision::is_iso_date;

use crate::{Refusal, Result};

/// A field as its refusal names it: code, Japanese, English.
pub(crate) type Field = (&'static str, &'static str, &'static str);

/// A text of at most `longest` characters; line breaks are kept, other control characters refused.
///
/// # Errors
/// Too long, or with control characters.
pub(crate) fn text(field: Field, typed: &str, longest: usize) -> Result<String> {
    let tidy = tidy_text(typed);
    if tidy.chars().count() <= longest && !tidy.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Ok(tidy);
    }
    let (code, ja, en) = field;
    Err(Refusal::invalid(
        code,
        format!("「{ja}」は{longest}文字以内で入力してください。"),
        format!("{en} may have at most {longest} characters."),
    )
    .into())
}

/// As [`text`], on one line.
///
/// # Errors
/// As [`text`].
pub(crate) fn line(field: Field, typed: &str, longest: usize) -> Result<String> {
    let one: Vec<&str> = typed.split_whitespace().collect();
    text(field, &one.join(" "), longest)
}

/// As [`line`], not empty.
///
/// # Errors
/// As [`text`]; nothing was typed.
pub(crate) fn needed(field: Field, typed: &str, longest: usize) -> Result<String> {
    let found = line(field, typed, longest)?;
    if found.is_empty() {
        let (code, ja, en) = field;
        return Err(Refusal::invalid(code, format!("「{ja}」を入力してください。"), format!("{en} is missing.")).into());
    }
    Ok(found)
}

/// A day, or nothing.
///
/// # Errors
/// Something that is no day.
pub(crate) fn day(field: Field, typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.is_empty() || is_iso_date(typed) {
        return Ok(typed.to_owned());
    }
    let (code, ja, en) = field;
    Err(Refusal::invalid(
        code,
        format!("「{ja}」は 2026-11-20 の形の日付で入力してください。"),
        format!("{en} must be a date such as 2026-11-20."),
    )
    .into())
}
