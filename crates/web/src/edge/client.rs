//! Whose request it is: the peer of the connection, or, from a trusted proxy, whom the proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::state::WebState;

/// The address that a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Notes the client's address on every request.
pub async fn resolve(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if let Some(peer) = peer {
        let client = client(peer, request.headers(), &state.config.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(client));
    }
    next.run(request).await
}

/// Whether a request comes from this machine or one of the networks. What a proxy passes on that nobody named as trusted
/// comes from anywhere, even where the proxy stands on this machine.
pub fn comes_from(request: &Request, networks: &[IpNet], trusted: &[IpNet]) -> bool {
    let Some(ClientAddress(client)) = request.extensions().get::<ClientAddress>().copied() else { return false };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let is_trusted = peer.is_some_and(|peer| trusted.iter().any(|net| net.contains(&peer)));
    let is_passed_on =
        ["x-forwarded-for", "forwarded", "via", "x-real-ip"].iter().any(|name| request.headers().contains_key(*name));
    (is_trusted || !is_passed_on) && (client.is_loopback() || networks.iter().any(|net| net.contains(&client)))
}

/// Reads `X-Forwarded-For` from the right: each trusted proxy appended the address that it saw, and what stands left of the
/// first address that is not trusted is what that client claims. `Forwarded` (RFC 7239) is not read: two headers that may
/// disagree are one too many.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = parse(entry.trim()) else { return client };
        client = address;
        if !is_trusted(&client) {
            return client;
        }
    }
    client
}

/// An address, with or without a port, and in the brackets that IPv6 may have.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "2001:db8:1::/48"].iter().map(|net| net.parse().expect("net")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        client(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen("192.0.2.9", &["203.0.113.5"]), "192.0.2.9");
        assert_eq!(seen("10.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(seen("::ffff:10.0.0.1", &["203.0.113.5:4711"]), "203.0.113.5");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8:2::5]"]), "2001:db8:2::5");
        assert_eq!(seen("10.0.0.1", &["[2001:db8:2::5]:4711"]), "2001:db8:2::5");
    }

    #[test]
    fn this_machine_is_known_also_behind_a_proxy() {
        let net = |text: &str| text.parse::<IpNet>().expect("net");
        let seen = |peer: &str, client: &str, header: bool| {
            let mut request = Request::builder().uri("/metrics");
            if header {
                request = request.header("x-forwarded-for", client);
            }
            let mut request = request.body(axum::body::Body::empty()).expect("a request");
            let address: IpAddr = peer.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 4711))));
            request.extensions_mut().insert(ClientAddress(client.parse().expect("an address")));
            comes_from(&request, &[net("192.0.2.0/24")], &[net("10.0.0.0/8")])
        };
        assert!(seen("127.0.0.1", "127.0.0.1", false) && seen("::1", "::1", false));
        assert!(!seen("127.0.0.1", "127.0.0.1", true), "a proxy on this machine that nobody named");
        assert!(seen("192.0.2.7", "192.0.2.7", false) && seen("10.0.0.1", "192.0.2.7", true));
        assert!(!seen("203.0.113.1", "203.0.113.1", false) && !seen("10.0.0.1", "203.0.113.1", true));
    }

    #[test]
    fn what_the_client_claims_left_of_its_own_address_is_not_believed() {
        assert_eq!(seen("10.0.0.1", &["127.0.0.1, 203.0.113.5, 10.0.0.7"]), "203.0.113.5");
        assert_eq!(seen("10.0.0.1", &["127.0.0.1", "203.0.113.5"]), "203.0.113.5");
        assert_eq!(seen("10.0.0.1", &["203.0.113.5, nonsense"]), "10.0.0.1");
        assert_eq!(seen("2001:db8:1::1", &["10.1.1.1, 10.0.0.7"]), "10.1.1.1");
    }
}
