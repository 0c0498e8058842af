//! TLS: towards AWS, and towards everybody else, which is providers and gateways. Reading the system's roots at every cold start
//! would take ten times the instructions of all else, so both have theirs compiled in.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::Fatal;

/// Amazon Trust Services' roots, of `amazon_roots.pem` (`build.rs`). How to refresh them: docs/operations.md.
static AMAZON: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/amazon_roots.rs"));

/// TLS that trusts Mozilla's roots. Errors: none of the provider's versions is known.
pub fn config() -> Result<ClientConfig, Fatal> {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// TLS that trusts Amazon's roots alone. Errors: roots that are none.
pub(crate) fn to_aws() -> Result<ClientConfig, Fatal> {
    let mut roots = RootCertStore::empty();
    for root in AMAZON {
        roots.add(CertificateDer::from(*root))?;
    }
    trusting(roots)
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, Fatal> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
