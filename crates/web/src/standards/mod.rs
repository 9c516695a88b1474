//! 基準: what is asked of us, and how do the texts relate?

mod address;
mod compare;
mod desk;
mod edition;
mod item;
mod load;
mod problems;
mod search;
mod words;

pub use address::{edition_path, item_path};
pub use compare::{pdf as compare_pdf, show as compare, xlsx as compare_xlsx};
pub use desk::{correct as desk_correct, show as desk, withdraw as desk_withdraw};
pub use edition::{list, show as edition};
pub use item::show as item;
pub use load::{cancel, confirm, form as load, preview, upload};
pub use search::show as search;
pub(crate) use words::English;
