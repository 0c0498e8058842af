//! A file that a customer sends: put where Meta would have it, and named in the webhook as Meta names it.

use std::path::Path;
use std::time::Duration;

use http::{Request, header};
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::client::Client;
use crate::data_dir::data_error;
use crate::error::HostError;
use crate::secrets::SecretsFile;

/// Endings of names, with the kind of message and the media type that they stand for. Everything else is a document.
const KNOWN: [(&str, &str, &str); 10] = [
    ("jpg", "image", "image/jpeg"),
    ("jpeg", "image", "image/jpeg"),
    ("png", "image", "image/png"),
    ("webp", "sticker", "image/webp"),
    ("mp4", "video", "video/mp4"),
    ("ogg", "audio", "audio/ogg; codecs=opus"),
    ("mp3", "audio", "audio/mpeg"),
    ("pdf", "document", "application/pdf"),
    ("txt", "document", "text/plain"),
    ("html", "document", "text/html"),
];

/// A file that the simulator has.
pub(super) struct Attached {
    pub(super) kind: &'static str,
    name: String,
    described: Value,
}

impl Attached {
    /// What a message of its kind says of it.
    pub(super) fn content(&self, caption: &str) -> Value {
        let mut content = self.described.clone();
        if self.kind == "document" {
            content["filename"] = json!(self.name);
        }
        if !caption.is_empty() && ["image", "video", "document"].contains(&self.kind) {
            content["caption"] = json!(caption);
        }
        content
    }
}

/// Puts the file into the simulator.
pub(super) async fn put(graph_url: &str, secrets: &SecretsFile, file: &Path) -> Result<Attached, HostError> {
    let refused = |reason: String| HostError::Refused(reason);
    let bytes = std::fs::read(file).map_err(|source| data_error("cannot read", file, source))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let known = KNOWN.into_iter().find(|(known, ..)| *known == ending);
    let (_, kind, media_type) = known.unwrap_or(("", "document", "application/octet-stream"));
    let token = secrets.access_token().ok_or_else(|| refused("secrets.json has no access token".to_owned()))?;
    let (root, _version) = graph_url.rsplit_once('/').unwrap_or((graph_url, ""));
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("type", media_type).finish();
    let request = Request::post(format!("{root}/_simulator/media?{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Bytes::from(bytes))
        .map_err(|error| refused(format!("the file cannot be sent: {error}")))?;
    let answer = tokio::time::timeout(Duration::from_secs(30), Client::new().send(request))
        .await
        .map_err(|_| refused("the simulator did not answer within 30 seconds".to_owned()))?
        .map_err(|source| HostError::NoAnswer { url: graph_url.to_owned(), source })?;
    let described = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status.is_success());
    let described = described.ok_or_else(|| refused(format!("the simulator answered {}", answer.status)))?;
    Ok(Attached { kind, name, described })
}
