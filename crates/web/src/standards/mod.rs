//! 基準: what is asked of us, and how do the texts relate?

mod address;
mod edition;
mod item;
mod search;
mod words;

pub use address::{edition_path, item_path};
pub use edition::{list, show as edition};
pub use item::show as item;
pub use search::show as search;
