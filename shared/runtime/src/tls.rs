//! TLS towards everybody who is not AWS: providers and gateways.

use std::sync::Arc;

use crate::Fatal;

/// TLS with Mozilla's roots compiled in: reading the system's at every cold start takes ten times the instructions of all else.
pub fn config() -> Result<rustls::ClientConfig, Fatal> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
