//! The checkpoint of the trail in a document: a prop of ours whose value is the line and whose remarks are the signed note.

use sakimori_domain::trail_mark::TrailMark;

use super::names::{self, own};
use super::prose::value;
use crate::oscal::model::Metadata;

/// Puts the checkpoint into a document that is exported; nothing where the trail could not be signed.
pub fn put_mark(metadata: &mut Metadata, mark: &TrailMark) {
    let Some(line) = value(&mark.line) else { return };
    let mut prop = own(names::CHECKPOINT, &line);
    // As it is, not as markup: a program takes it out and verifies it.
    prop.rest.insert("remarks".to_owned(), mark.note.trim_end().into());
    metadata.props.push(prop);
}
