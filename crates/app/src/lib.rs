//! What happens when somebody does something: one function per thing a person can do.
//!
//! Every function takes the [`App`] and the [`Actor`] who does it. Reading goes through an authorised
//! [`Actor::require`]; writing goes through an [`Operation`], which carries clock, randomness, the transaction and the
//! trail, and refuses to commit a write that left no trail.

mod codes;
mod context;
mod refusal;
mod texts;

pub mod access_review;
pub mod account_care;
pub mod allow_list;
pub mod answers;
pub mod api_token;
pub mod applicability;
pub mod approval;
pub mod assessment;
pub mod backup;
pub mod carry;
pub mod certificate;
pub mod clock;
pub mod content;
pub mod crosswalk;
pub mod demo;
pub mod deputy;
pub mod durable;
pub mod edition_change;
pub mod evidence;
pub mod handover;
pub mod identity;
pub mod incident_case;
pub mod ingest;
pub mod issued_password;
pub mod jobs;
pub mod key_check;
pub mod keys;
pub mod notice;
pub mod oidc;
pub mod oscal;
pub mod passkeys;
pub mod passwords;
pub mod presence;
pub mod registry;
pub mod report;
pub mod requests;
pub mod revision;
pub mod sandbox;
pub mod seats;
pub mod second_factor;
pub mod sector_standard;
pub mod seen;
pub mod setup;
pub mod sign_in;
pub mod sign_in_policy;
pub mod standards;
pub mod tenancy;
pub mod trail;
pub mod upkeep;
pub mod workbook;

pub use context::{Actor, App, AppConfig, Clock, Operation};
pub use refusal::{AppError, Refusal, RefusalKind, again};

/// Result of an operation.
pub type Result<T, E = AppError> = std::result::Result<T, E>;
