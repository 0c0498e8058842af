//! Addresses that somebody else chose: public ones alone, however they are spelled and whatever their names resolve to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A name that leads into a network of our own, or nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the name does not lead to a public address")]
pub(crate) struct NotPublic;

/// Resolves names, and drops every address that is not public: what is connected to is what was looked at.
#[derive(Debug)]
pub(crate) struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// An address that may be asked: by HTTPS, on its own port, without credentials, and with a name or a public number.
pub(crate) fn allowed(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_plain =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    let host = url.host_str()?;
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    (is_plain && number.map_or(true, is_public)).then_some(url)
}

/// Whether an error is that of a name that is not public.
pub(crate) fn is_not_public(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether an address is somebody's in the internet. Source: the IANA registries of special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
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
        for url in ["https://bucket.s3.amazonaws.com/a?X-Amz-Signature=x", "https://8.8.8.8/a"] {
            assert!(allowed(url).is_some(), "{url}");
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
            "file:///etc/passwd",
            "//example.org/a",
            "",
        ] {
            assert!(allowed(url).is_none(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_resolved() {
        let refused = PublicNames.resolve("localhost".parse().unwrap()).await;
        assert!(refused.err().is_some_and(|error| error.is::<NotPublic>()));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(runtime::tls::config().unwrap())
            .dns_resolver(PublicNames)
            .build()
            .unwrap();
        let error = client.get("https://localhost/a").send().await.unwrap_err();
        assert!(is_not_public(&error), "{error:?}");
    }
}
