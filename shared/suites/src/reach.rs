//! Which addresses tests may connect to.
//!
//! Suite files come from a repository; the machine that runs them stands inside a network. So a
//! test reaches public addresses only, plus what the operator lists. The check is made by the
//! resolver that the connection itself uses: the address that was vetted is the address connected
//! to, for the first request and for every redirect, and a second look-up cannot change it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The operator's setting: networks allowed in addition to public addresses.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    listed: Arc<[IpNet]>,
}

/// The address is neither public nor listed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{host} is at {address}, which tests may not reach; the operator can allow it with --test-may-reach {address}/{bits}"
)]
pub struct Refused {
    /// As the URL names it.
    pub host: String,
    /// One of its addresses.
    pub address: IpAddr,
    bits: u8,
}

/// The name has no address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the name {host} cannot be resolved")]
pub(crate) struct Unresolved {
    host: String,
}

impl Reach {
    /// Public addresses and those in `listed`.
    pub fn new(listed: impl IntoIterator<Item = IpNet>) -> Self {
        Self {
            listed: listed.into_iter().collect(),
        }
    }

    /// Whether a test may connect to `address`.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.listed.iter().any(|net| net.contains(&address)) || is_public(address)
    }

    /// Vets a URL whose host is an address; names are vetted when they are resolved.
    pub(crate) fn vet_literal(&self, url: &Url) -> Result<(), Refused> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.permits(address) {
            Ok(())
        } else {
            Err(refused(&address.to_string(), address))
        }
    }

    /// The permitted ones of `addresses`, of which there must be one.
    fn vet(
        &self,
        host: &str,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let (permitted, rest): (Vec<_>, Vec<_>) = addresses
            .into_iter()
            .partition(|address| self.permits(address.ip()));
        match (permitted.is_empty(), rest.first()) {
            (false, _) => Ok(permitted),
            (true, Some(address)) => Err(refused(host, address.ip()).into()),
            (true, None) => Err(Unresolved {
                host: host.to_owned(),
            }
            .into()),
        }
    }
}

fn refused(host: &str, address: IpAddr) -> Refused {
    let address = address.to_canonical();
    Refused {
        host: host.to_owned(),
        address,
        bits: if address.is_ipv4() { 32 } else { 128 },
    }
}

/// Resolves as the system does, and lets only permitted addresses through.
#[derive(Debug)]
pub(crate) struct VettingResolver(pub Reach);

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0))
                .await
                .map_err(|_| Unresolved {
                    host: host.to_owned(),
                })?;
            let addresses: Addrs = Box::new(reach.vet(host, found)?.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the address belongs to the internet at large, by IANA's special-purpose registries.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (168, _)),
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        224.. => true,
        _ => false,
    };
    !special
}

/// Global unicast only, without the ranges that carry another address inside (Teredo, 6to4; NAT64
/// lies outside) and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match a {
        0x2001 => b < 0x0200 || b == 0x0db8,
        0x2002 => true,
        0x3fff => b < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_public_addresses_are_permitted_by_default() {
        let reach = Reach::default();
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(reach.permits(address(public)), "{public}");
        }
        for special in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "169.254.100.1",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "3fff::1",
        ] {
            assert!(!reach.permits(address(special)), "{special}");
        }
    }

    #[test]
    fn a_listed_network_is_permitted_also_when_mapped_into_ipv6() {
        let reach = Reach::new(["127.0.0.0/8".parse().unwrap()]);
        assert!(reach.permits(address("127.0.0.1")));
        assert!(reach.permits(address("::ffff:127.0.0.1")));
        assert!(!reach.permits(address("::1")));
        assert!(!reach.permits(address("10.0.0.1")));
    }

    #[test]
    fn of_a_names_addresses_only_the_permitted_are_connected_to() {
        let reach = Reach::default();
        let mixed = ["1.1.1.1:0".parse().unwrap(), "127.0.0.1:0".parse().unwrap()];
        assert_eq!(
            reach.vet("example.com", mixed).unwrap(),
            vec!["1.1.1.1:0".parse().unwrap()]
        );
        let error = reach
            .vet("internal.example.com", ["10.1.2.3:0".parse().unwrap()])
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("internal.example.com is at 10.1.2.3"),
            "{error}"
        );
    }

    #[test]
    fn an_address_written_oddly_is_still_that_address() {
        for url in [
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://[::ffff:7f00:1]/",
            "http://0177.0.0.1/",
        ] {
            assert!(
                Reach::default()
                    .vet_literal(&Url::parse(url).unwrap())
                    .is_err(),
                "{url}"
            );
        }
    }
}
