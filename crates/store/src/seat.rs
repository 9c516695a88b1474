//! Seats as they change: role, department, end, invitations, and which of them a session sits in.

use sakimori_domain::identity::Role;

use crate::connection::params;
use crate::identity::Membership;
use crate::{Connection, Result, StoreError, Write};

/// A seat offered to a login.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub organisation_id: String,
    pub organisation_name: String,
    pub login: String,
    pub role: Role,
    pub department_id: String,
    pub invited_by: String,
    pub invited_at: String,
}

/// Writes role, department, state and last day of a seat.
///
/// # Errors
/// [`StoreError::Conflict`] when the seat has moved past `seat.version`.
pub async fn update_seat(w: &mut Write, seat: &Membership, state: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE membership SET role = $1, department_id = $2, state = $3, ends_on = $4, version = version + 1
             WHERE account_id = $5 AND organisation_id = $6 AND version = $7",
            params![
                seat.role.code(),
                &seat.department_id,
                state,
                &seat.ends_on,
                &seat.account_id,
                &seat.organisation_id,
                seat.version
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("membership")) }
}

/// Seats of an organisation as they stand now, held until the transaction ends: two administrators cannot remove each other
/// at the same moment.
pub async fn hold_seats(w: &mut Write, organisation_id: &str) -> Result<()> {
    w.run("UPDATE membership SET state = state WHERE organisation_id = $1", params![organisation_id]).await?;
    Ok(())
}

/// Moves a session to a seat, and to a deputy row (`''`: for oneself).
pub async fn sit(w: &mut Write, token_hash: &str, organisation_id: &str, acting_under: &str) -> Result<()> {
    w.run(
        "UPDATE session SET organisation_id = $1, acting_under = $2 WHERE token_hash = $3",
        params![organisation_id, acting_under, token_hash],
    )
    .await?;
    Ok(())
}

/// Lets a session end no later than a moment.
pub async fn end_by(w: &mut Write, token_hash: &str, end: &str) -> Result<()> {
    w.run("UPDATE session SET expires_at = $1 WHERE token_hash = $2 AND expires_at > $1", params![end, token_hash])
        .await?;
    Ok(())
}

/// When each account of an organisation last had a session or acted: the newest event of its own in the trail.
pub async fn last_acts(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT actor_id, MAX(at) FROM trail WHERE organisation_id = $1 GROUP BY actor_id",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Offers a seat; a second offer to the same login replaces the first.
pub async fn put_invitation(w: &mut Write, i: &Invitation) -> Result<()> {
    w.run(
        "INSERT INTO invitation (organisation_id, login, role, department_id, invited_by, invited_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organisation_id, login) DO UPDATE SET role = excluded.role, department_id = excluded.department_id,
             invited_by = excluded.invited_by, invited_at = excluded.invited_at",
        params![&i.organisation_id, &i.login, i.role.code(), &i.department_id, &i.invited_by, &i.invited_at],
    )
    .await?;
    Ok(())
}

/// Takes an offer away; returns whether there was one.
pub async fn delete_invitation(w: &mut Write, organisation_id: &str, login: &str) -> Result<bool> {
    let touched = w
        .run("DELETE FROM invitation WHERE organisation_id = $1 AND login = $2", params![organisation_id, login])
        .await?;
    Ok(touched == 1)
}

macro_rules! select_invitation {
    ($condition:literal) => {
        concat!(
            "SELECT i.organisation_id, o.name, i.login, i.role, i.department_id, i.invited_by, i.invited_at
             FROM invitation i JOIN organisation o ON o.id = i.organisation_id WHERE ",
            $condition
        )
    };
}

fn invitation(row: &crate::Row) -> Result<Invitation> {
    let login = row.text(2)?;
    let code = row.text(3)?;
    let role = Role::from_code(&code).ok_or_else(|| StoreError::Inconsistent {
        table: "invitation",
        key: login.clone(),
        what: format!("role {code}"),
    })?;
    Ok(Invitation {
        organisation_id: row.text(0)?,
        organisation_name: row.text(1)?,
        login,
        role,
        department_id: row.text(4)?,
        invited_by: row.text(5)?,
        invited_at: row.text(6)?,
    })
}

/// What a login was offered. An account that was registered after the offer is not whom the offer was made to: anybody who
/// administers an organisation may register a free login.
pub async fn invitations_to(c: &mut Connection, login: &str) -> Result<Vec<Invitation>> {
    let condition = select_invitation!(
        "i.login = $1 AND EXISTS (SELECT 1 FROM account a WHERE a.login = i.login AND a.created_at <= i.invited_at)
         ORDER BY o.name"
    );
    let rows = c.all(condition, params![login]).await?;
    rows.iter().map(invitation).collect()
}

/// What an organisation has offered.
pub async fn invitations_of(c: &mut Connection, organisation_id: &str) -> Result<Vec<Invitation>> {
    let rows = c.all(select_invitation!("i.organisation_id = $1 ORDER BY i.login"), params![organisation_id]).await?;
    rows.iter().map(invitation).collect()
}
