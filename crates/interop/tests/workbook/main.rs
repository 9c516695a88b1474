//! The Excel round trip through real bytes.

mod foreign;
mod hostile;
mod round_trip;
mod support;
