//! What an organisation has taken on, as an OSCAL profile over the catalogue of the Edition.

use super::export::{head, resource};
use super::names::{self, own};
use super::prose::{line, value};
use super::token::token;
use crate::oscal::model::{Add, Alter, BackMatter, Import, Merge, Modify, Profile, Property, SelectControls};
use crate::oscal::uuid;

/// One provision that the organisation had to decide about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TailoredItem {
    pub number: String,
    /// Whether it holds for the organisation.
    pub binds: bool,
    /// Code of the force, e.g. `mandatory`.
    pub force: String,
    pub reason: String,
    /// `in` or `out` where a person decided otherwise than the organisation's attributes say; else empty.
    pub decision: String,
    pub justification: String,
}

/// An organisation's applicable provisions of one Edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TailoredSet {
    pub organisation: String,
    pub organisation_id: String,
    pub edition: String,
    pub edition_title: String,
    /// Where the catalogue is: a file beside the profile.
    pub href: String,
    pub items: Vec<TailoredItem>,
}

/// The profile; `now` is RFC 3339. With nothing applicable it selects nothing: a profile must still say so.
pub fn to_profile(set: &TailoredSet, now: &str) -> Profile {
    let title = format!("{}（{}）", set.edition_title, set.organisation);
    let catalogue = resource(&set.edition_title, &set.href, "catalog");
    let with_ids: Vec<String> = set.items.iter().filter(|item| item.binds).map(|item| token(&item.number)).collect();
    let mut metadata = head(&title, &set.edition, "1", now);
    for (name, text) in [(names::EDITION, &set.edition), (names::ORGANISATION, &set.organisation_id)] {
        metadata.props.extend(value(text).map(|text| own(name, &text)));
    }
    // Why something was left out concerns no control of the result: it is said here.
    let left_out = set.items.iter().filter(|item| !item.binds && !item.decision.is_empty());
    metadata.props.extend(left_out.filter_map(|item| {
        let mut prop = own(names::LEFT_OUT, &value(&item.number)?);
        let words = line(&item.justification)?;
        prop.rest.insert("remarks".to_owned(), words.into());
        Some(prop)
    }));
    let include = SelectControls { with_ids, ..SelectControls::default() };
    let mut import = Import { href: format!("#{}", catalogue.uuid), ..Import::default() };
    if include.with_ids.is_empty() {
        // A pattern that no token of ours meets.
        let matching = crate::oscal::model::Matching { pattern: Some("none".to_owned()), ..Default::default() };
        import.include_controls = vec![SelectControls { matching: vec![matching], ..SelectControls::default() }];
    } else {
        import.include_controls = vec![include];
    }
    let alters: Vec<Alter> = set.items.iter().filter(|item| item.binds).filter_map(alter).collect();
    let modify = (!alters.is_empty()).then(|| Modify { alters, ..Modify::default() });
    let mut profile = Profile {
        metadata,
        imports: vec![import],
        merge: Some(Merge { as_is: Some(true), ..Merge::default() }),
        modify,
        back_matter: Some(BackMatter { resources: vec![catalogue], ..BackMatter::default() }),
        ..Profile::default()
    };
    let content = serde_json::to_string(&(&title, &profile.imports, &profile.modify)).unwrap_or_default();
    profile.uuid = uuid::of(&content);
    profile
}

fn alter(item: &TailoredItem) -> Option<Alter> {
    let props: Vec<Property> = [
        (names::FORCE, &item.force),
        (names::REASON, &item.reason),
        (names::DECISION, &item.decision),
        (names::JUSTIFICATION, &item.justification),
    ]
    .into_iter()
    .filter_map(|(name, text)| value(text).map(|text| own(name, &text)))
    .collect();
    if props.is_empty() {
        return None;
    }
    let add = Add { position: Some("ending".to_owned()), props, ..Add::default() };
    Some(Alter { control_id: token(&item.number), adds: vec![add], ..Alter::default() })
}
