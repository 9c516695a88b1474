//! Stories across the areas, on both databases. One binary, since every test binary costs a link on a cold machine.

mod access;
mod assurance;
mod assurance_web;
mod carry;
mod clock;
mod crosswalk;
mod desk;
mod identity;
mod incident_case;
mod jobs;
mod notice;
mod oscal;
mod report;
mod revision;
mod roles;
mod second_factor;
mod sector_standard;
mod sign_in;
mod simulation;
mod standards;
mod store;
mod trail;
mod trail_proof;
mod trail_properties;
mod trail_sinks;
mod workbook;
