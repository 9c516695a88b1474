//! What people see: server-rendered pages, the JSON API, health and metrics.
//!
//! [`router`] has every URL on one page. A handler turns a form into one call of `sakimori-app` (or a read of
//! `sakimori-store` with an authorised actor) and a page struct with its template.

mod assets;
mod conflict;
mod edge;
mod error;
mod forms;
mod handover;
mod health;
mod help;
mod page;
mod person;
mod router;
mod security;
mod state;

mod access_review;
mod administration;
mod api;
mod approval;
mod assurance;
mod crosswalk;
mod home;
mod identity;
mod incident_case;
mod notice;
mod registry;
mod report;
mod revision;
mod seats;
mod sector_standard;
mod standards;
mod tenancy;
mod trail;
mod workbook;

pub use edge::Limits;
pub use router::{Access, ROUTES, Route, router};
pub use state::{WebConfig, WebState};
