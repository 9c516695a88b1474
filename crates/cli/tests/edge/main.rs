//! The edge of a started server, attacked for real: raw sockets against the release binary.

mod limits;
mod server;
mod telemetry;
mod tls;
