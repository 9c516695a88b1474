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
    /// `active` or `suspended`: the account's own state, or else that of the seat.
    pub state: String,
    pub organisation_id: String,
    pub organisation_name: String,
    pub role: Role,
    /// Empty when the person belongs to no single department.
    pub department_id: String,
    pub department_name: String,
    /// The last day of the seat, ISO; empty where none is set.
    pub ends_on: String,
    /// Version of the seat.
    pub version: i64,
}

impl Membership {
    /// Whether the seat gives rights on a day.
    pub fn is_active_on(&self, today: jiff::civil::Date) -> bool {
        self.state == "active" && (self.ends_on.is_empty() || self.ends_on >= today.to_string())
    }
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
    /// The deputy row that the person acts under just now; empty for themselves.
    pub acting_under: String,
}

macro_rules! select_account {
    ($condition:literal) => {
        concat!(
            "SELECT id, login, display_name, password_hash, state, failures, locked_until, language, created_at, version
             FROM account WHERE ",
            $condition
        )
    };
}

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
    let row = c.one(select_account!("login = $1"), params![login]).await?;
    row.as_ref().map(account).transpose()
}

/// The account of an id.
pub async fn account_by_id(c: &mut Connection, id: &str) -> Result<Option<Account>> {
    let row = c.one(select_account!("id = $1"), params![id]).await?;
    row.as_ref().map(account).transpose()
}

/// Writes a new account.
pub async fn insert_account(w: &mut Write, a: &Account) -> Result<()> {
    w.run(
        "INSERT INTO account (id, login, display_name, password_hash, state, failures, locked_until, language, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![&a.id, &a.login, &a.display_name, &a.password_hash, &a.state, a.failures, &a.locked_until, &a.language, &a.created_at, a.version],
    )
    .await?;
    Ok(())
}

/// Writes what may change of an account.
///
/// # Errors
/// [`StoreError::Conflict`] when the account has moved past `a.version`.
pub async fn update_account(w: &mut Write, a: &Account) -> Result<()> {
    let touched = w
        .run(
            "UPDATE account SET display_name = $1, password_hash = $2, state = $3, language = $4, version = version + 1
             WHERE id = $5 AND version = $6",
            params![&a.display_name, &a.password_hash, &a.state, &a.language, &a.id, a.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("account")) }
}

/// Counts wrong passwords; outside the optimistic version, since two attempts at once must both count.
pub async fn record_failures(w: &mut Write, account_id: &str, failures: i64, locked_until: &str) -> Result<()> {
    w.run(
        "UPDATE account SET failures = $1, locked_until = $2 WHERE id = $3",
        params![failures, locked_until, account_id],
    )
    .await?;
    Ok(())
}

/// The account as it stands now, held until the transaction ends: attempts to sign in that come at the same moment are
/// counted one after the other.
pub async fn account_held(w: &mut Write, account_id: &str) -> Result<Option<Account>> {
    w.run("UPDATE account SET failures = failures WHERE id = $1", params![account_id]).await?;
    account_by_id(w, account_id).await
}

/// Gives a seat, or changes its role.
pub async fn put_membership(
    w: &mut Write,
    account_id: &str,
    organisation_id: &str,
    role: Role,
    department_id: &str,
) -> Result<()> {
    w.run(
        "INSERT INTO membership (account_id, organisation_id, role, department_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id, organisation_id) DO UPDATE SET role = excluded.role, department_id = excluded.department_id",
        params![account_id, organisation_id, role.code(), department_id],
    )
    .await?;
    Ok(())
}

macro_rules! select_membership {
    ($condition:literal) => {
        concat!(
            "SELECT m.account_id, a.login, a.display_name, CASE WHEN a.state = 'active' THEN m.state ELSE a.state END,
                    m.organisation_id, o.name, m.role, m.department_id, COALESCE(d.name, ''), m.ends_on, m.version
             FROM membership m
             JOIN account a ON a.id = m.account_id
             JOIN organisation o ON o.id = m.organisation_id
             LEFT JOIN department d ON d.id = m.department_id AND d.organisation_id = m.organisation_id
             WHERE ",
            $condition
        )
    };
}

fn membership(row: &Row) -> Result<Membership> {
    let account_id = row.text(0)?;
    let code = row.text(6)?;
    let role = Role::from_code(&code).ok_or_else(|| StoreError::Inconsistent {
        table: "membership",
        key: account_id.clone(),
        what: format!("role {code}"),
    })?;
    Ok(Membership {
        account_id,
        login: row.text(1)?,
        display_name: row.text(2)?,
        state: row.text(3)?,
        organisation_id: row.text(4)?,
        organisation_name: row.text(5)?,
        role,
        department_id: row.text(7)?,
        department_name: row.text(8)?,
        ends_on: row.text(9)?,
        version: row.int(10)?,
    })
}

/// The seat of an account in an organisation.
pub async fn membership_of(c: &mut Connection, account_id: &str, organisation_id: &str) -> Result<Option<Membership>> {
    let row = c
        .one(select_membership!("m.account_id = $1 AND m.organisation_id = $2"), params![account_id, organisation_id])
        .await?;
    row.as_ref().map(membership).transpose()
}

/// Every seat of an account, by organisation name.
pub async fn memberships_of_account(c: &mut Connection, account_id: &str) -> Result<Vec<Membership>> {
    let rows = c.all(select_membership!("m.account_id = $1 ORDER BY o.name"), params![account_id]).await?;
    rows.iter().map(membership).collect()
}

/// Everybody in an organisation, by name.
pub async fn members(c: &mut Connection, organisation_id: &str) -> Result<Vec<Membership>> {
    let rows = c
        .all(select_membership!("m.organisation_id = $1 ORDER BY a.display_name, a.login"), params![organisation_id])
        .await?;
    rows.iter().map(membership).collect()
}

/// Writes a new session.
pub async fn insert_session(w: &mut Write, s: &Session) -> Result<()> {
    w.run(
        "INSERT INTO session (token_hash, account_id, organisation_id, csrf, address, created_at, seen_at, expires_at, acting_under)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &s.token_hash,
            &s.account_id,
            &s.organisation_id,
            &s.csrf,
            &s.address,
            &s.created_at,
            &s.seen_at,
            &s.expires_at,
            &s.acting_under
        ],
    )
    .await?;
    Ok(())
}

/// Notes that the session was used.
pub async fn touch_session(w: &mut Write, token_hash: &str, seen_at: &str) -> Result<()> {
    w.run("UPDATE session SET seen_at = $1 WHERE token_hash = $2", params![seen_at, token_hash]).await?;
    Ok(())
}

/// Ends one session.
pub async fn delete_session(w: &mut Write, token_hash: &str) -> Result<()> {
    w.run("DELETE FROM session WHERE token_hash = $1", params![token_hash]).await?;
    Ok(())
}

/// Ends every session of an account (password changed, account suspended).
pub async fn delete_sessions_of(w: &mut Write, account_id: &str) -> Result<()> {
    w.run("DELETE FROM session WHERE account_id = $1", params![account_id]).await?;
    Ok(())
}

/// Clears sessions that ended before `now`.
pub async fn delete_expired_sessions(w: &mut Write, now: &str) -> Result<()> {
    w.run("DELETE FROM session WHERE expires_at < $1", params![now]).await?;
    Ok(())
}

/// Session, account and seat of a token's hash in one statement: every request asks this.
pub async fn signed_in(c: &mut Connection, token_hash: &str) -> Result<Option<(Session, Account, Membership)>> {
    let row = c
        .one(
            "SELECT a.id, a.login, a.display_name, a.password_hash, a.state, a.failures, a.locked_until, a.language, a.created_at, a.version,
                    s.organisation_id, s.csrf, s.address, s.created_at, s.seen_at, s.expires_at, o.name, m.role, m.department_id,
                    m.state, m.ends_on, m.version, s.acting_under, COALESCE(d.name, '')
             FROM session s
             JOIN account a ON a.id = s.account_id
             JOIN membership m ON m.account_id = s.account_id AND m.organisation_id = s.organisation_id
             JOIN organisation o ON o.id = s.organisation_id
             LEFT JOIN department d ON d.id = m.department_id AND d.organisation_id = m.organisation_id
             WHERE s.token_hash = $1",
            params![token_hash],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let account = account(&row)?;
    let session = Session {
        token_hash: token_hash.to_owned(),
        account_id: account.id.clone(),
        organisation_id: row.text(10)?,
        csrf: row.text(11)?,
        address: row.text(12)?,
        created_at: row.text(13)?,
        seen_at: row.text(14)?,
        expires_at: row.text(15)?,
        acting_under: row.text(22)?,
    };
    let code = row.text(17)?;
    let role = Role::from_code(&code).ok_or_else(|| StoreError::Inconsistent {
        table: "membership",
        key: account.id.clone(),
        what: format!("role {code}"),
    })?;
    let seat = Membership {
        account_id: account.id.clone(),
        login: account.login.clone(),
        display_name: account.display_name.clone(),
        state: if account.state == "active" { row.text(19)? } else { account.state.clone() },
        organisation_id: session.organisation_id.clone(),
        organisation_name: row.text(16)?,
        role,
        department_id: row.text(18)?,
        department_name: row.text(23)?,
        ends_on: row.text(20)?,
        version: row.int(21)?,
    };
    Ok(Some((session, account, seat)))
}
