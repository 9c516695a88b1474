//! OSCAL against NIST's own files: the requirement tests of profile resolution, the published baselines, round trips.
//!
//! The files are test data beside the repository: `SAKIMORI_OSCAL_DATA` names their folder, else `../shared/data/oscal`
//! beside the repository is taken.

#[path = "oscal/baselines.rs"]
mod baselines;
#[path = "oscal/ciso.rs"]
mod ciso;
#[path = "oscal/convert.rs"]
mod convert;
#[path = "oscal/data.rs"]
mod data;
#[path = "oscal/hostile.rs"]
mod hostile;
#[path = "oscal/spec.rs"]
mod spec;
#[path = "oscal/valid.rs"]
mod valid;
