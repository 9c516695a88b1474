//! Accounts, memberships and sessions.

use sakimori_domain::identity::Role;

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// A person's (or a program's) account, across organisations.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub login: String,
    pub display_name: String,
    pub password_hash: String,
    /// `active` or `suspended`.
    pub state: String,
    pub failures: i64,
    /// UTC, RFC 3339; empty when not locked.
    pub locked_until: String,
    /// `ja` or `en`.
    pub language: String,
    pub created_at: String,
    pub version: i64,
}

/// A seat in an organisation.
#[derive(Debug, Clone)]
pub struct Membership {
    pub account_id: String,
    pub login: String,
    pub display_name: String,
    pub state: String,
    pub organisation_id: String,
    pub organisation_name: String,
    pub role: Role,
    /// Empty when the person belongs to no single department.
    pub department_id: String,
    pub department_name: String,
}

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct Session {
    pub token_hash: String,
    pub account_id: String,
    pub organisation_id: String,
    pub csrf: String,
    pub address: String,
    pub created_at: String,
    pub seen_at: String,
    pub expires_at: String,
}

const ACCOUNT: &str = "SELECT id, login, display_name, password_hash, state, failures, locked_until, language, created_at, version
     FROM account WHERE ";

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        id: row.text(0)?,
        login: row.text(1)?,
        display_name: row.text(2)?,
        password_hash: row.text(3)?,
        state: row.text(4)?,
        failures: row.int(5)?,
        locked_until: row.text(6)?,
        language: row.text(7)?,
        created_at: row.text(8)?,
        version: row.int(9)?,
    })
}

/// The account of a login name.
pub async fn account_by_login(c: &mut Connection, login: &str) -> Result<Option<Account>> {
    const SQL: &str = const_format_login();
    let row = c.one(SQL, params![login]).await?;
    row.as_ref().map(account).transpose()
}

/// The account of an id.
pub async fn account_by_id(c: &mut Connection, id: &str) -> Result<Option<Account>> {
    const SQL: &str = const_format_id();
    let row = c.one(SQL, params![id]).await?;
    row.as_ref().map(account).transpose()
}
