//! Media in a request.

use domain::answer::{Media, MediaKind, MediaSource};
use domain::ids::UploadId;
use http::Uri;
use runtime::Problem;
use runtime::addresses::outside;
use serde_json::Value;

use super::fields::{allowed, invalid, text_of};

/// The longest caption, in characters.
const LONGEST_CAPTION: usize = 1024;
/// The longest name of a file: more than file systems take.
const LONGEST_FILENAME: usize = 240;
/// The longest link: more than servers take.
const LONGEST_LINK: usize = 2048;

/// `{"upload", "link" or "id", "caption"?, "filename"?}`: what a message of its own has.
pub(super) fn message(kind: MediaKind, value: &Value) -> Result<Media, Problem> {
    let Some(upload) = text_of("upload", &value["upload"])? else { return read(kind, value) };
    if !value["link"].is_null() || !value["id"].is_null() {
        return Err(invalid("upload", "exactly one of upload, link and id is required"));
    }
    with(kind, MediaSource::Upload(checked_upload(upload)?), value)
}

/// `{"link" or "id", "caption"?, "filename"?}`: what goes above other words too, where the file is no message's own.
pub(super) fn read(kind: MediaKind, value: &Value) -> Result<Media, Problem> {
    if !value.is_object() {
        let kind = kind.as_str();
        return Err(invalid("media", format!("{kind} must be an object with link or id")));
    }
    let source = match (text_of("link", &value["link"])?, text_of("id", &value["id"])?) {
        (Some(link), None) => MediaSource::Link(checked_link(link)?),
        (None, Some(id)) => MediaSource::Id(checked_id(id)?),
        _ => return Err(invalid("link", "exactly one of link and id is required")),
    };
    with(kind, source, value)
}

fn with(kind: MediaKind, source: MediaSource, value: &Value) -> Result<Media, Problem> {
    let caption = allowed("caption", &value["caption"], LONGEST_CAPTION)?;
    if caption.is_some() && matches!(kind, MediaKind::Audio | MediaKind::Sticker) {
        return Err(invalid("caption", format!("caption is not for type {}", kind.as_str())));
    }
    let filename = allowed("filename", &value["filename"], LONGEST_FILENAME)?;
    if filename.is_some() && kind != MediaKind::Document {
        return Err(invalid("filename", "filename is for type document alone"));
    }
    if filename.as_deref().is_some_and(|name| name.contains(['/', '\\']) || name.chars().any(char::is_control)) {
        return Err(invalid("filename", "filename must have no slash, backslash or control character"));
    }
    Ok(Media { kind, source, caption, filename, is_voice: false })
}

fn checked_link(link: &str) -> Result<String, Problem> {
    let uri: Option<Uri> = link.parse().ok().filter(|_| link.len() <= LONGEST_LINK);
    let is_right =
        uri.is_some_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty()));
    if !is_right {
        return Err(invalid("link", "link must be an https URL of at most 2048 characters"));
    }
    // Whoever fetches it may stand within our own network.
    if outside(link).is_none() {
        return Err(invalid("link", "link must name a public address, without a port and credentials"));
    }
    Ok(link.to_owned())
}

fn checked_id(id: &str) -> Result<String, Problem> {
    let is_right = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_right { Ok(id.to_owned()) } else { Err(invalid("id", "id must be the id of uploaded media: digits")) }
}

fn checked_upload(id: &str) -> Result<UploadId, Problem> {
    UploadId::new(id).map_err(|_| invalid("upload", "upload must be the id of an upload"))
}
