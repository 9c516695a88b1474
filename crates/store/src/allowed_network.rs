//! Networks from which an organisation's members come, and from which it is administered.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// Every network of an organisation, with its area.
pub async fn of(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT area, network FROM allowed_network WHERE organisation_id = $1 ORDER BY area, network",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Puts other networks in place of an area's.
pub async fn replace(w: &mut Write, organisation_id: &str, area: &str, networks: &[String]) -> Result<()> {
    w.run("DELETE FROM allowed_network WHERE organisation_id = $1 AND area = $2", params![organisation_id, area])
        .await?;
    for network in networks {
        w.run(
            "INSERT INTO allowed_network (organisation_id, area, network) VALUES ($1, $2, $3)",
            params![organisation_id, area, network],
        )
        .await?;
    }
    Ok(())
}
