//! 照合: two Editions lined up, item by item, and what follows from it.

mod coverage;
mod desk;
mod exchange;
mod list;
mod synonyms;
mod words;

pub use coverage::{pdf as table_pdf, show as coverage, xlsx as table_xlsx};
pub use desk::{judge, review, show as desk, undo};
pub use exchange::{apply as apply_import, csv, form as import, oscal, upload, xlsx as workbook};
pub use list::{create, show as list};
pub use synonyms::{change as change_synonyms, show as synonyms};

use sakimori_app::crosswalk::Direction;

use crate::assurance::query_string;

/// `/crosswalks/{id}/{page}` with what is not empty of a query.
pub(crate) fn page_path(id: &str, page: &str, direction: Direction, query: &[(&str, &str)]) -> String {
    let mut all = vec![("direction", direction.code())];
    all.extend_from_slice(query);
    format!("/crosswalks/{id}/{page}{}", query_string(&all))
}
