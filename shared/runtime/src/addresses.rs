//! Addresses that somebody else chose: public ones alone, however they are spelled. The one home of that rule: for links that agents
//! send, which a provider or a gateway fetches, and for those that are fetched here.
//!
//! A name may still lead home: who connects looks at what it resolves to, with `is_public`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names that are given out within a network, or lead to the machine itself. Sources: RFC 6761, 6762, 8375 and 9476; ICANN on `.internal`;
/// the names under which clouds give out their metadata.
const OURS: [&str; 14] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "localdomain",
    "home.arpa",
    "onion",
    "test",
    "invalid",
    "alt",
];

/// Services that lead to any address that stands in a name of theirs.
const MIRRORS: [&str; 8] =
    ["nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me", "localho.st", "traefik.me"];

/// An address that may be asked: by HTTPS, on its own port, without credentials, and with a public name or number.
pub fn outside(url: &str) -> Option<Url> {
    // Parsers drop these, and read what is left.
    if url.chars().any(|c| c.is_control() || c == '\\') || url.trim() != url {
        return None;
    }
    let url = Url::parse(url).ok()?;
    let is_plain =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    let is_outside = match url.host()? {
        Host::Ipv4(address) => is_public(address.into()),
        Host::Ipv6(address) => is_public(address.into()),
        Host::Domain(name) => is_public_name(name),
    };
    (is_plain && is_outside).then_some(url)
}

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_below = |known: &&str| name.strip_suffix(*known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.contains('.') && !name.split('.').any(str::is_empty) && !OURS.iter().chain(&MIRRORS).any(is_below)
}

/// Whether an address is somebody's in the internet. Source: the IANA registries of special-purpose addresses.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || matches!(
            (a, b, c),
            (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18 | 19, _)
        );
    !is_special
}

/// Of the newer addresses only those that are given out, and of those that hold an older one only what that is.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(older) = address.to_ipv4_mapped() {
        return is_public_v4(older);
    }
    let older = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => older(high, low),
        // Teredo, and addresses for protocols, tests and books.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked() {
        for public in ["8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_address_is_asked_by_https_without_credentials() {
        for url in [
            "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=x",
            "https://8.8.8.8/a",
            "https://example.org./a",
            "https://caf\u{e9}.example.org:443/a",
        ] {
            assert!(outside(url).is_some(), "{url}");
        }
        for url in [
            "http://bucket.s3.amazonaws.com/a",
            "https://bucket.s3.amazonaws.com:9000/a",
            "https://user@example.org/a",
            "https://127.0.0.1/a",
            // Other spellings of the same.
            "https://2130706433/a",
            "https://0x7f.1/a",
            "https://[::1]/a",
            "https://[::ffff:169.254.169.254]/latest",
            "https://017700000001/a",
            "https://0x7f000001/a",
            "https://127.1/a",
            "https://127.0.0.1./a",
            "https://[::ffff:7f00:1]/a",
            "https://[64:ff9b::10.0.0.1]/a",
            "https://100.64.0.1/a",
            "https://[fd00:ec2::254]/a",
            "https://\u{ff11}27.0.0.1/a",
            "https://localhost/a",
            "https://LOCALHOST./a",
            "https://waha/a",
            "https://a.localhost/a",
            "https://metadata.google.internal/a",
            "https://printer.local/a",
            "https://gateway.home.arpa/a",
            "https://10.0.0.1.nip.io/a",
            "https://host.docker.internal/a",
            "https://example.org@127.0.0.1/a",
            "https://example.org\\@127.0.0.1/a",
            "https:\\example.org/a",
            "https://exa\nmple.org/a",
            " https://example.org/a",
            "https://example..org/a",
            "ftp://example.org/a",
            "gopher://example.org/a",
            "data:text/plain,a",
            "file:///etc/passwd",
            "//example.org/a",
            "",
        ] {
            assert!(outside(url).is_none(), "{url}");
        }
    }
}
