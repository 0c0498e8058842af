//! Where the file of a message is, by what its provider says of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connection::Provider;
use domain::message::Content;
use serde_json::Value;

use crate::{cloud_api, inlined, lenient};

pub(crate) mod gateways;

pub use gateways::{base64_call, told_path};
pub use inlined::key;

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
    /// Among the parcels, under [`key`]: it came with the message.
    Parcel {
        /// Its SHA-256.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// With a gateway, at the first of these places that gives it.
    Gateway(Vec<Place>),
}

/// Where a gateway gives a file out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this path of its own, query included: the answer is the file.
    Own(String),
    /// From a call of the Evolution API, see [`base64_call`]: the answer holds it as Base64.
    Base64 {
        /// The message as the call names it.
        message: Value,
    },
    /// At a path of its own that it tells when it is asked at this one, see [`told_path`].
    Told(String),
    /// At the address of a store, which must be public: it is asked without credentials.
    Outside(String),
}

/// Where the file of a stored message is; `None` where it does not say.
pub fn source(provider: &Provider, content: &Content) -> Option<Source> {
    let raw = lenient::read(content.raw.as_deref()?.as_bytes()).ok()?;
    match provider {
        Provider::CloudApi { .. } => cloud_api::media::source(&content.kind, &raw),
        Provider::Baileys { .. } | Provider::Evolution { .. } | Provider::Waha { .. } | Provider::Gowa { .. } => {
            if let Some((sha256, size)) = inlined::noted(&raw) {
                return Some(Source::Parcel { sha256, size });
            }
            let places = gateways::places(provider, &raw);
            (!places.is_empty()).then_some(Source::Gateway(places))
        }
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
