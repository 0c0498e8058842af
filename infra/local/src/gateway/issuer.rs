//! The local issuer of bearer tokens, in the place of Cognito: one RSA key in a file that only its owner can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding},
    traits::PublicKeyParts,
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The bits of the key; what Cognito uses.
const KEY_BITS: usize = 2048;

/// Why there is no issuer, or no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    #[error("issuer: {path}: {source}")]
    File { path: String, source: io::Error },
    #[error("issuer: {path}: others may read it; `chmod 600` it, or remove it to get a new key")]
    Exposed { path: String },
    #[error("issuer: {path}: is not a PKCS #8 RSA key")]
    NotAKey { path: String },
    #[error("issuer: the key cannot be made or used: {0}")]
    Key(String),
}

/// A key that signs tokens and says so to whoever verifies them.
pub(crate) struct Issuer {
    signing: EncodingKey,
    verifying: DecodingKey,
    key_id: String,
    modulus: String,
    exponent: String,
}

impl Issuer {
    /// The key of the file, which is made when it does not exist. Two hosts that start at once agree on one key.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, IssuerError> {
        let name = || path.display().to_string();
        let file_error = |source| IssuerError::File { path: name(), source };
        if !path.try_exists().map_err(file_error)? {
            create_key_file(path).map_err(|error| match error {
                CreateError::File(source) => file_error(source),
                CreateError::Key(reason) => IssuerError::Key(reason),
            })?;
        }
        if fs::metadata(path).map_err(file_error)?.mode() & 0o077 != 0 {
            return Err(IssuerError::Exposed { path: name() });
        }
        let pem = fs::read_to_string(path).map_err(file_error)?;
        let key = RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|_| IssuerError::NotAKey { path: name() })?;
        Self::new(&key, &pem)
    }

    fn new(key: &RsaPrivateKey, pem: &str) -> Result<Self, IssuerError> {
        let unusable = |error: jsonwebtoken::errors::Error| IssuerError::Key(error.to_string());
        let modulus_bytes = key.n().to_bytes_be();
        let (modulus, exponent) =
            (URL_SAFE_NO_PAD.encode(&modulus_bytes), URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()));
        Ok(Self {
            signing: EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(unusable)?,
            verifying: DecodingKey::from_rsa_components(&modulus, &exponent).map_err(unusable)?,
            key_id: hex::encode(&Sha256::digest(&modulus_bytes)[..8]),
            modulus,
            exponent,
        })
    }

    /// A signed token with exactly these claims.
    pub(crate) fn mint(&self, claims: &impl Serialize) -> Result<String, IssuerError> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|error| IssuerError::Key(error.to_string()))
    }

    /// The public key, as a key set (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": self.modulus, "e": self.exponent,
        }] })
    }

    pub(super) fn verifying_key(&self) -> &DecodingKey {
        &self.verifying
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }
}

/// What `/.well-known/openid-configuration` says of the issuer with this URL.
pub(super) fn openid_configuration(issuer_url: &str) -> Value {
    json!({
        "issuer": issuer_url,
        "jwks_uri": format!("{issuer_url}/.well-known/jwks.json"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
    })
}

enum CreateError {
    File(io::Error),
    Key(String),
}

/// Writes a new key beside the file and links it into place, so that no one ever reads half a key.
fn create_key_file(path: &Path) -> Result<(), CreateError> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS)
        .map_err(|error| CreateError::Key(error.to_string()))?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| CreateError::Key(error.to_string()))?;
    // Its own, also among the threads of a process: who comes second must not take away what the first is about to link.
    let draft = path.with_extension(format!("{:016x}.new", fastrand::u64(..)));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    });
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        // Another host was faster; its key is the one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    // A draft that stays is only litter.
    let _ = fs::remove_file(&draft);
    linked.map_err(CreateError::File)
}
