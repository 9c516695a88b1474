//! Who may do what (役割と権限). Deny by default: a permission that no rule grants is refused.

pub mod duties;
mod roles;
mod scope;

pub use roles::{Permission, Role};
pub use scope::TokenScope;

/// Shortest password accepted, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password accepted, in bytes: Argon2 would take more, an attacker's request should not.
pub const PASSWORD_MAX: usize = 256;
/// Wrong passwords in a row before an account rests.
pub const FAILURES_BEFORE_LOCK: i64 = 5;
/// How long it rests, in minutes.
pub const LOCK_MINUTES: i64 = 15;
/// A session ends after this long without a request, in minutes.
pub const SESSION_IDLE_MINUTES: i64 = 60;
/// … and in any case after this long, in hours.
pub const SESSION_HOURS: i64 = 12;
