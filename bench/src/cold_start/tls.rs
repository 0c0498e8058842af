//! AWS's endpoint as a function meets it: TLS with a chain like Amazon's, root, intermediate and leaf, each RSA of 2,048 bits.
//!
//! What comes through is passed on to the local host.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// An endpoint that speaks TLS. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct TlsEndpoint {
    pub(super) url: String,
    /// The root certificate that its chain ends in, as PEM.
    pub(super) root: String,
    greeted: watch::Receiver<u64>,
    server: JoinHandle<()>,
}

impl TlsEndpoint {
    /// Serves in front of `upstream`, which is `host:port`.
    pub(super) async fn start(upstream: String) -> anyhow::Result<Self> {
        // Keys of RSA take a while to find.
        let (root, config) = tokio::task::spawn_blocking(chain).await??;
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

/// A root, and the configuration of a server whose certificate it vouches for through an intermediate.
fn chain() -> anyhow::Result<(String, ServerConfig)> {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let (root_key, intermediate_key, key) = (key()?, key()?, key()?);
    let root_params = authority("Test Root");
    let root = root_params.self_signed(&root_key)?;
    let root_issuer = Issuer::new(root_params, root_key);
    let intermediate_params = authority("Test Intermediate");
    let intermediate = intermediate_params.signed_by(&intermediate_key, &root_issuer)?;
    let issuer = Issuer::new(intermediate_params, intermediate_key);
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![leaf.der().clone(), intermediate.der().clone()];
    Ok((root.pem(), config.with_no_client_auth().with_single_cert(chain, secret)?))
}

fn key() -> anyhow::Result<KeyPair> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?;
    let der = PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.as_bytes().to_vec());
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256)?)
}
