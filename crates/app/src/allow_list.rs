//! 接続元の制限: networks from which an organisation's members come, and from which it is administered.
//!
//! Asked at sign-in and at every request. Who comes from elsewhere is told nothing: a right password from a wrong place gets
//! the words of a wrong password, a session is as if it were not there.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::Connection;
use sakimori_store::allowed_network as store;
use serde_json::json;

use crate::notice::{self, Audience};
use crate::{Actor, App, Operation, Refusal, Result};

/// Networks of one list at most.
const NETWORKS_MAX: usize = 100;

/// What a list stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Everything: sign-in, pages, the API.
    Members,
    /// The pages of administration.
    Administration,
}

impl Area {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Area::Members => "members",
            Area::Administration => "administration",
        }
    }

    /// The area of a stable name.
    pub fn from_code(code: &str) -> Option<Self> {
        [Area::Members, Area::Administration].into_iter().find(|area| area.code() == code)
    }
}

/// Where an address may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    pub members: bool,
    pub administration: bool,
}

/// Where an address may go in an organisation.
///
/// # Errors
/// A database error.
pub async fn admits(c: &mut Connection, organisation_id: &str, address: &str) -> Result<Admitted> {
    let lists = store::of(c, organisation_id).await?;
    let of = |area: Area| -> Vec<&str> {
        lists.iter().filter(|(name, _)| name == area.code()).map(|(_, network)| network.as_str()).collect()
    };
    let members = is_inside(&of(Area::Members), address);
    Ok(Admitted { members, administration: members && is_inside(&of(Area::Administration), address) })
}

/// An empty list lets everybody in; a request without an address stands outside of every other.
fn is_inside(networks: &[&str], address: &str) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let address = address.to_canonical();
    networks.iter().filter_map(|network| network.parse::<IpNet>().ok()).any(|network| network.contains(&address))
}

/// The networks of both lists: members, administration.
///
/// # Errors
/// A role that may not; a database error.
pub async fn lists(app: &App, actor: &Actor) -> Result<(Vec<String>, Vec<String>)> {
    actor.require(Permission::ManageAccounts)?;
    let all = store::of(&mut app.read().await?, &actor.organisation_id).await?;
    let (members, administration): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(area, _)| area == Area::Members.code());
    let networks = |list: Vec<(String, String)>| list.into_iter().map(|(_, network)| network).collect();
    Ok((networks(members), networks(administration)))
}

/// A network as people write it: `192.0.2.0/24`, `2001:db8::/32`, a single address. An IPv4 network in the clothes of IPv6
/// (`::ffff:192.0.2.0/120`) is the IPv4 network, as addresses are compared.
pub fn network(text: &str) -> Option<IpNet> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(single)?.trunc();
    let IpNet::V6(wide) = network else { return Some(network) };
    let mapped = wide.addr().to_ipv4_mapped().zip(wide.prefix_len().checked_sub(96));
    let narrow = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    Some(narrow.map_or(network, IpNet::V4))
}

/// Networks as typed, one on each line: `192.0.2.0/24`, `2001:db8::/32`, or a single address.
fn parse(typed: &str) -> Result<Vec<String>> {
    let mut networks = Vec::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let network = network(line).ok_or_else(|| {
            Refusal::invalid(
                "network-form",
                format!("「{line}」はネットワークではありません。"),
                format!("{line} is not a network."),
            )
            .next("192.0.2.0/24 のように、1行に1つ入力してください。", "Enter one on each line, e.g. 192.0.2.0/24.")
        })?;
        networks.push(network.to_string());
    }
    networks.sort();
    networks.dedup();
    if networks.len() > NETWORKS_MAX {
        return Err(Refusal::invalid("networks-many", "100行までです。", "There may be 100 lines.").into());
    }
    Ok(networks)
}

/// Changes a list. Nobody shuts themselves out: the present address must be inside.
///
/// # Errors
/// Not a network, the present address outside, or a role that may not.
pub async fn change(app: &App, actor: &Actor, area: Area, typed: &str) -> Result<()> {
    let networks = parse(typed)?;
    let refs: Vec<&str> = networks.iter().map(String::as_str).collect();
    if !is_inside(&refs, &actor.address) {
        return Err(Refusal::invalid(
            "network-own",
            format!("いまの接続元（{}）が一覧に入っていないため、保存していません。", actor.address),
            format!("Your present address ({}) is not inside; nothing was saved.", actor.address),
        )
        .next("いまの接続元を含むネットワークを加えてください。", "Add a network that holds your address.")
        .into());
    }
    let op = app.operate(actor, Permission::ManageAccounts).await?;
    replace(op, area, &networks).await
}

/// Clears both lists from the command line of the machine, for who has shut themselves out.
///
/// # Errors
/// A database error.
pub async fn clear_on_machine(app: &App, organisation_id: &str) -> Result<()> {
    let system = Actor::system(organisation_id);
    for area in [Area::Members, Area::Administration] {
        replace(app.operate_as(&system).await?, area, &[]).await?;
    }
    Ok(())
}

async fn replace(mut op: Operation<'_>, area: Area, networks: &[String]) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let all = store::of(&mut op.write, &organisation_id).await?;
    let before: Vec<&String> = all.iter().filter(|(name, _)| name == area.code()).map(|(_, network)| network).collect();
    store::replace(&mut op.write, &organisation_id, area.code(), networks).await?;
    let subject = ("organisation", organisation_id.as_str());
    let words = |list: &[&String]| list.iter().map(|network| network.as_str()).collect::<Vec<_>>().join(", ");
    let after: Vec<&String> = networks.iter().collect();
    let (before, after) = (
        json!({ "area": area.code(), "networks": words(&before) }),
        json!({ "area": area.code(), "networks": words(&after) }),
    );
    op.trail("organisation.networks", subject, Some(&before), Some(&after)).await?;
    let text = (
        "接続元の制限が変更されました。操作記録で内容を確かめてください。",
        "The networks from which people may come were changed. Look at the trail.",
    );
    let to = Audience::Role(Role::SecurityOfficer);
    notice::tell(&mut op, &organisation_id, to, "organisation.networks", subject, text).await?;
    op.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_open_and_any_other_is_closed_to_what_has_no_address() {
        assert!(is_inside(&[], "") && is_inside(&[], "192.0.2.1"));
        let list = ["192.0.2.0/24", "2001:db8::/32"];
        assert!(
            is_inside(&list, "192.0.2.7") && is_inside(&list, "::ffff:192.0.2.7") && is_inside(&list, "2001:db8::1")
        );
        assert!(!is_inside(&list, "192.0.3.7") && !is_inside(&list, "") && !is_inside(&list, "local"));
        assert!(!is_inside(&["nonsense"], "192.0.2.7"));
    }

    #[test]
    fn networks_are_kept_in_one_form() {
        assert_eq!(parse(" 192.0.2.7/24\n\n192.0.2.0/24\n::1 ").expect("networks"), ["192.0.2.0/24", "::1/128"]);
        let mapped = parse("::ffff:192.0.2.7/120\n::ffff:192.0.2.9").expect("networks");
        assert_eq!(mapped, ["192.0.2.0/24", "192.0.2.9/32"], "else no address would ever be inside");
        assert!(parse("example.org").is_err() && parse("192.0.2.0/33").is_err());
    }
}
