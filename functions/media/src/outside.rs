//! Addresses that somebody else chose: public ones alone, whatever their names resolve to.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use runtime::addresses::is_public;

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

#[cfg(test)]
mod tests {
    use super::*;

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
