//! AWS's endpoint as a function meets it: TLS with a chain like Amazon's, root, intermediate and leaf, each RSA of 2,048 bits.
//!
//! What comes through is passed on to the local host.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The object identifier of an extension that no client knows.
const PADDING: &[u64] = &[2, 25, 1];

/// An endpoint that speaks TLS. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct TlsEndpoint {
    pub(super) url: String,
    /// The root certificate that its chain ends in.
    pub(super) root: Certificate,
    greeted: watch::Receiver<u64>,
    server: JoinHandle<()>,
}

impl TlsEndpoint {
    /// Serves in front of `upstream`, which is `host:port`, with a root certificate of exactly so many bytes.
    pub(super) async fn start(upstream: String, root_bytes: usize) -> anyhow::Result<Self> {
        // Keys of RSA take a while to find.
        let (root, config) = tokio::task::spawn_blocking(move || chain(root_bytes)).await??;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("https://{}", listener.local_addr()?);
        let (greetings, greeted) = watch::channel(0_u64);
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (acceptor, upstream, greetings) = (acceptor.clone(), upstream.clone(), greetings.clone());
                tokio::spawn(async move {
                    // A client that goes away is what a killed function is.
                    let _ = pass_on(connection, &acceptor, &upstream, &greetings).await;
                });
            }
        });
        Ok(Self { url, root, greeted, server })
    }

    /// Waits until a client has sent its `ClientHello` since `before` were sent.
    pub(super) async fn greeted(&mut self, before: u64) -> anyhow::Result<()> {
        let greeted = self.greeted.wait_for(|greeted| *greeted > before);
        tokio::time::timeout(Duration::from_mins(2), greeted).await.context("nobody opens a connection over TLS")??;
        Ok(())
    }

    /// How many clients have sent a `ClientHello`.
    pub(super) fn greetings(&self) -> u64 {
        *self.greeted.borrow()
    }
}

impl Drop for TlsEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass_on(
    connection: TcpStream,
    acceptor: &TlsAcceptor,
    upstream: &str,
    greetings: &watch::Sender<u64>,
) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    connection.readable().await?;
    greetings.send_modify(|count| *count += 1);
    let mut inner = TcpStream::connect(upstream).await?;
    inner.set_nodelay(true)?;
    let mut outer = acceptor.accept(connection).await?;
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}

/// A root of so many bytes, and the configuration of a server whose certificate it vouches for through an intermediate.
fn chain(root_bytes: usize) -> anyhow::Result<(Certificate, ServerConfig)> {
    let (root_key, intermediate_key, key) = (key()?, key()?, key()?);
    let (root_params, root) = root(&root_key, root_bytes)?;
    let root_issuer = Issuer::new(root_params, root_key);
    let intermediate_params = authority("Test Intermediate");
    let intermediate = intermediate_params.signed_by(&intermediate_key, &root_issuer)?;
    let issuer = Issuer::new(intermediate_params, intermediate_key);
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![leaf.der().clone(), intermediate.der().clone()];
    Ok((root, config.with_no_client_auth().with_single_cert(chain, secret)?))
}

/// A root certificate, made so long by an extension that says nothing.
fn root(key: &KeyPair, bytes: usize) -> anyhow::Result<(CertificateParams, Certificate)> {
    for padding in 0..bytes {
        let mut params = authority("Test Root");
        params.custom_extensions = vec![CustomExtension::from_oid_content(PADDING, vec![0; padding])];
        let root = params.self_signed(key)?;
        if root.der().len() == bytes {
            return Ok((params, root));
        }
    }
    bail!("no root certificate is {bytes} bytes long");
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn key() -> anyhow::Result<KeyPair> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?;
    let der = PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.as_bytes().to_vec());
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_as_long_as_that_in_whose_place_it_comes() {
        let key = key().unwrap();
        assert_eq!(root(&key, 837).unwrap().1.der().len(), 837);
        assert!(root(&key, 300).is_err(), "shorter than its key and signature");
    }
}
