//! The props we write, all in our own namespace but `label` and `sort-id`, which are OSCAL's.

use sakimori_domain::standards::NetworkClass;

use crate::oscal::NS;
use crate::oscal::model::Property;

/// Which export wrote the document; the value says how it is read back.
pub(super) const FORMAT: &str = "format";
pub(super) const FORMAT_CATALOGUE: &str = "sakimori-catalogue-1";
pub(super) const FORMAT_MAPPING: &str = "sakimori-mapping-1";
pub(super) const LANGUAGE: &str = "language";
pub(super) const EDITION: &str = "edition";
pub(super) const STANDARD: &str = "standard";
pub(super) const TITLE: &str = "title";
pub(super) const TITLE_EN: &str = "title-en";
pub(super) const SHORT: &str = "short-title";
pub(super) const LABEL: &str = "edition-label";
pub(super) const ISSUER: &str = "issuer";
pub(super) const AUTHORITY: &str = "authority";
pub(super) const VALID_FROM: &str = "valid-from";
pub(super) const VALID_TO: &str = "valid-to";
pub(super) const GRAMMAR: &str = "import-grammar";
/// A group that only separates controls from groups.
pub(super) const WRAPPER: &str = "wrapper";
pub(super) const UNTITLED: &str = "untitled";
pub(super) const STRENGTH: &str = "strength";
pub(super) const DISPOSITION: &str = "disposition";
pub(super) const CONSIDERATION: &str = "consideration";
pub(super) const MANDATE: &str = "mandate";
pub(super) const AUDIENCE: &str = "audience";
pub(super) const REFERENCE: &str = "reference";
pub(super) const PAGE: &str = "source-page";
pub(super) const LINE: &str = "source-line";
pub(super) const FORCE: &str = "force";
pub(super) const REASON: &str = "reason";
pub(super) const DECISION: &str = "tailoring";
pub(super) const JUSTIFICATION: &str = "tailoring-justification";
pub(super) const ORGANISATION: &str = "organisation";
pub(super) const STATUS: &str = "status";
pub(super) const PERSON: &str = "judged-by";
pub(super) const MOMENT: &str = "judged-at";
pub(super) const LEFT_OUT: &str = "left-out";
pub(super) const NUMBER: &str = "number";
pub(super) const CHECKPOINT: &str = "trail-checkpoint";
pub(super) const NO_COUNTERPART: &str = "no-counterpart";

/// The prop that holds the level for one class of network.
pub(super) const fn level_name(class: NetworkClass) -> &'static str {
    match class {
        NetworkClass::Business => "level-business",
        NetworkClass::OtherBusiness => "level-other-business",
        NetworkClass::Private => "level-private",
        NetworkClass::User => "level-user",
    }
}

/// A prop of ours.
pub(super) fn own(name: &str, value: &str) -> Property {
    Property { name: name.to_owned(), ns: Some(NS.to_owned()), value: value.to_owned(), ..Property::default() }
}

/// A prop of OSCAL.
pub(super) fn standard(name: &str, value: &str) -> Property {
    Property { name: name.to_owned(), value: value.to_owned(), ..Property::default() }
}

/// The value of a prop of ours.
pub(super) fn find<'a>(props: &'a [Property], name: &str) -> Option<&'a str> {
    all(props, name).next()
}

/// The values of all props of ours of that name.
pub(super) fn all<'a>(props: &'a [Property], name: &str) -> impl Iterator<Item = &'a str> {
    props.iter().filter(move |prop| prop.name == name && prop.ns.as_deref() == Some(NS)).map(|prop| prop.value.as_str())
}
