//! Where the file of a message is, by what its provider says of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connection::Provider;
use domain::message::Content;
use serde_json::Value;

use crate::{cloud_api, lenient};

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// With Meta, who is asked by its id.
    Cloud {
        /// Its id: digits.
        id: String,
        /// The SHA-256 that the message announces.
        sha256: Option<Digest>,
    },
}

/// Where the file of a stored message is; `None` where it does not say.
pub fn source(provider: &Provider, content: &Content) -> Option<Source> {
    let raw = lenient::read(content.raw.as_deref()?.as_bytes()).ok()?;
    match provider {
        Provider::CloudApi { .. } => cloud_api::media::source(&content.kind, &raw),
        Provider::Baileys { .. } | Provider::Evolution { .. } | Provider::Waha { .. } | Provider::Gowa { .. } => None,
    }
}

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads one as providers write it: in hex or in Base64. `None` where it is neither.
    pub fn read(value: &Value) -> Option<Self> {
        let text = lenient::text(value)?.trim();
        let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok())?;
        bytes.try_into().ok().map(Self)
    }

    /// In lower-case hex.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}
