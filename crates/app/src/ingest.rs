//! Reading a document of the user's own (取り込み): bytes → lines (in a child process) → grammar → catalogue → joined to the
//! Edition by number → stored in one transaction, or not at all.

mod desk;
mod join;
mod keep;
mod recognise;
mod structured;
mod upload;

pub use desk::{Desk, Said, correct, desk, withdraw};
pub use join::{Options, Plan, Target, plan};
pub use keep::{Outcome, keep};
pub use recognise::{Document, FIT_MIN, Grammar, Recognised, grammar_of, open, own_grammar, recognise};
pub use structured::library;
pub(crate) use upload::forget as forget_uploads;
pub use upload::{Choice, Upload, discard, put_aside, take_up};
