//! Organisations and their departments.

use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::{Audience, NetworkClass};
use serde::{Deserialize, Serialize};

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// A body that takes part.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    /// `operator`, `ceptoar`, `ministry`, `national-office`.
    pub kind: String,
    pub profile: OrganisationProfile,
    /// Handling marking printed on its papers, e.g. 社外秘.
    pub marking: String,
    pub is_demo: bool,
    pub version: i64,
    pub created_at: String,
}

/// A department or a system that answers.
#[derive(Debug, Clone)]
pub struct Department {
    pub id: String,
    pub name: String,
    /// `department` or `system`.
    pub kind: String,
    pub position: i64,
    pub version: i64,
}

/// How a profile is kept: codes only.
#[derive(Serialize, Deserialize)]
struct ProfileRow {
    sectors: Vec<String>,
    operator_kinds: Vec<String>,
    network_classes: Vec<String>,
    ports: Vec<String>,
    audiences: Vec<String>,
}

fn profile_text(p: &OrganisationProfile) -> Result<String> {
    let row = ProfileRow {
        sectors: p.sectors.clone(),
        operator_kinds: p.operator_kinds.clone(),
        network_classes: p.network_classes.iter().map(|c| c.code().to_owned()).collect(),
        ports: p.ports.clone(),
        audiences: p.audiences.iter().map(|a| a.code().to_owned()).collect(),
    };
    crate::row::to_json("organisation.profile", &row)
}

fn profile(id: &str, text: &str) -> Result<OrganisationProfile> {
    let row: ProfileRow = crate::row::from_json("organisation", id, text)?;
    let unknown =
        |what: &str| StoreError::Inconsistent { table: "organisation", key: id.to_owned(), what: what.to_owned() };
    Ok(OrganisationProfile {
        sectors: row.sectors,
        operator_kinds: row.operator_kinds,
        network_classes: row
            .network_classes
            .iter()
            .map(|code| NetworkClass::from_code(code).ok_or_else(|| unknown(code)))
            .collect::<Result<_>>()?,
        ports: row.ports,
        audiences: row
            .audiences
            .iter()
            .map(|code| Audience::from_code(code).ok_or_else(|| unknown(code)))
            .collect::<Result<_>>()?,
    })
}

fn organisation(row: &Row) -> Result<Organisation> {
    let id = row.text(0)?;
    Ok(Organisation {
        profile: profile(&id, &row.text(3)?)?,
        id,
        name: row.text(1)?,
        kind: row.text(2)?,
        marking: row.text(4)?,
        is_demo: row.flag(5)?,
        version: row.int(6)?,
        created_at: row.text(7)?,
    })
}

/// Writes a new organisation.
pub async fn insert_organisation(w: &mut Write, o: &Organisation) -> Result<()> {
    w.run(
        "INSERT INTO organisation (id, name, kind, profile, marking, is_demo, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&o.id, &o.name, &o.kind, profile_text(&o.profile)?, &o.marking, o.is_demo, o.version, &o.created_at],
    )
    .await?;
    Ok(())
}

/// Writes name, profile and marking.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_organisation(w: &mut Write, o: &Organisation) -> Result<()> {
    let touched = w
        .run(
            "UPDATE organisation SET name = $1, profile = $2, marking = $3, version = version + 1 WHERE id = $4 AND version = $5",
            params![&o.name, profile_text(&o.profile)?, &o.marking, &o.id, o.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("organisation")) }
}

/// The organisation of an id.
pub async fn organisation_by_id(c: &mut Connection, id: &str) -> Result<Option<Organisation>> {
    let row = c
        .one(
            "SELECT id, name, kind, profile, marking, is_demo, version, created_at FROM organisation WHERE id = $1",
            params![id],
        )
        .await?;
    row.as_ref().map(organisation).transpose()
}

/// Every organisation of the installation: for the operator of the installation, never for a page of one organisation.
pub async fn organisations(c: &mut Connection) -> Result<Vec<Organisation>> {
    let rows = c
        .all(
            "SELECT id, name, kind, profile, marking, is_demo, version, created_at FROM organisation ORDER BY name",
            vec![],
        )
        .await?;
    rows.iter().map(organisation).collect()
}

/// Departments and systems in their order.
pub async fn departments(c: &mut Connection, organisation_id: &str) -> Result<Vec<Department>> {
    let rows = c
        .all(
            "SELECT id, name, kind, position, version FROM department WHERE organisation_id = $1 ORDER BY position, name",
            params![organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Department {
                id: row.text(0)?,
                name: row.text(1)?,
                kind: row.text(2)?,
                position: row.int(3)?,
                version: row.int(4)?,
            })
        })
        .collect()
}

/// Writes a new department.
pub async fn insert_department(w: &mut Write, organisation_id: &str, d: &Department) -> Result<()> {
    w.run(
        "INSERT INTO department (id, organisation_id, name, kind, position, version) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&d.id, organisation_id, &d.name, &d.kind, d.position, d.version],
    )
    .await?;
    Ok(())
}
