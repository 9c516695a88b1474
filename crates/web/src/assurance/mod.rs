//! 対策: what binds, assessments and their sheets, requests to departments, evidence.

pub mod applicability;
pub mod assessments;
pub mod carry;
pub mod chapters;
pub mod detail;
pub mod edition_change;
pub mod presence;
pub mod requests;
pub mod sheet;
pub mod view;

use sakimori_app::AppError;

use crate::error::WebError;
use crate::person::Person;

/// An operation's refusal as a page in the person's language.
pub(crate) fn told(person: &Person) -> impl Fn(AppError) -> WebError {
    move |error| WebError::from(error).in_language(&person.actor.language)
}

/// `?a=1&b=2` of the parts that are not empty.
pub(crate) fn query_string(parts: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { query } else { format!("?{query}") }
}
