//! Where a request comes from, seen through the reverse proxies we trust and no others.
//!
//! **Invariant:** `X-Forwarded-For` is believed only hop by hop from the right, while each hop is one of ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// A range of addresses: `10.0.0.0/8`, `::1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    start: u128,
    mask: u128,
}

/// The text is not an address or a range.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a range such as 10.0.0.0/8")]
pub struct NotANetwork;

impl Network {
    /// Whether the address lies within.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.start
    }
}

impl std::str::FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.trim().parse().map_err(|_| NotANetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(width), |length| length.trim().parse::<u32>().map_err(|_| NotANetwork))?;
        let host_bits = width.checked_sub(length).ok_or(NotANetwork)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Ok(Self { start: bits(address) & mask, mask })
    }
}

/// IPv4 lives in IPv6 as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
        IpAddr::V6(six) => six.to_bits(),
    }
}

/// The address of whoever holds the connection.
fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Whether a proxy we trust holds the connection.
pub(crate) fn is_trusted(trusted: &[Network], extensions: &Extensions) -> bool {
    trusted.iter().any(|network| network.contains(peer(extensions)))
}

/// The client's address: the peer's, or, if the peer is a trusted proxy, the nearest one that is not.
pub(crate) fn client(trusted: &[Network], headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let mut address = peer(extensions);
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    for hop in hops.iter().rev().take(16) {
        if !is_ours(address) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

/// What a rate limit counts as one visitor: an IPv4 address, or an IPv6 /64 (what one household gets).
pub(crate) fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => std::net::Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &str) -> String {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), forwarded.parse().unwrap())]);
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        client(&trusted, &headers, &extensions).to_string()
    }

    #[test]
    fn believes_only_its_own_proxies() {
        assert_eq!(seen("41.1.1.1", "1.2.3.4"), "41.1.1.1");
        assert_eq!(seen("10.1.1.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(seen("10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2"), "1.2.3.4");
        assert_eq!(seen("::1", "garbage"), "::1");
        assert_eq!(seen("10.1.1.1", "6.6.6.6, garbage"), "10.1.1.1");
    }

    #[test]
    fn ranges() {
        assert_eq!("10.0.0.0/33".parse::<Network>(), Err(NotANetwork));
        assert_eq!("x".parse::<Network>(), Err(NotANetwork));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("1.2.3.4".parse().unwrap()));
        assert_eq!(household("2c0f:1:2:3:4::1".parse().unwrap()), "2c0f:1:2:3::");
    }
}
