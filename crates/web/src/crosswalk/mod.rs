//! 照合: two Editions lined up, item by item, and what follows from it.

mod desk;
mod list;
mod words;

pub use desk::{judge, review, show as desk, undo};
pub use list::{create, show as list};

use sakimori_app::crosswalk::Direction;

use crate::assurance::query_string;

/// `/crosswalks/{id}/{page}` with what is not empty of a query.
pub(crate) fn page_path(id: &str, page: &str, direction: Direction, query: &[(&str, &str)]) -> String {
    let mut all = vec![("direction", direction.code())];
    all.extend_from_slice(query);
    format!("/crosswalks/{id}/{page}{}", query_string(&all))
}
