//! The edge: what stands between the network and the handlers. Whose request it is ([`client`]), how often and how slowly
//! somebody may ask ([`gate`]), and the figures of both ([`limits`]); what programs show instead of a session ([`tokens`]), and from where people come
//! ([`networks`]).

mod body;
mod buckets;
mod client;
mod gate;
mod limits;
pub mod networks;
pub mod single;
pub mod tokens;

pub use client::{ClientAddress, comes_from, resolve};
pub use gate::{Gate, gate};
pub use limits::Limits;
