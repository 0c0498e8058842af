//! Files: of messages, with links to them, and such as are to be sent.

use std::collections::BTreeMap;

use domain::media::{Media, MediaState};
use domain::note::Attachment;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The file of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaShape {
    /// `pending` while it is being fetched, `stored` when there is a link to it, `failed` when it was given up.
    pub state: String,
    /// Why it was given up, for programs: `gone`, `too_large`, `damaged`, `wrong_type`, `no_source`, `forbidden_address`,
    /// `no_credentials`, `refused` or `unavailable`.
    pub reason: Option<String>,
    /// Why it was given up, in words.
    pub detail: Option<String>,
    /// Its length in bytes, once it is stored.
    pub size: Option<u64>,
    /// Its media type, as its sender or the provider says.
    pub media_type: Option<String>,
    /// What its sender calls it. Nobody has checked it.
    pub name: Option<String>,
}

impl From<&Media> for MediaShape {
    fn from(media: &Media) -> Self {
        let (size, failure) = match &media.state {
            MediaState::Pending => (None, None),
            MediaState::Stored { size, .. } => (Some(*size), None),
            MediaState::Failed { reason } => (None, Some(reason)),
        };
        Self {
            state: media.state.as_str().to_owned(),
            reason: failure.map(|reason| reason.as_str().to_owned()),
            detail: failure.map(ToString::to_string),
            size,
            media_type: media.media_type.as_ref().map(ToString::to_string),
            name: media.name.as_ref().map(|name| name.as_str().to_owned()),
        }
    }
}

/// A link to a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaLink {
    /// Where the file is, without any header. It is given out as a download.
    pub url: String,
    /// Until when the link is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// What the download is called.
    pub name: String,
    /// What the download says that it is: `application/octet-stream` for what a browser could run.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The file beside a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentShape {
    /// Its length in bytes.
    pub size: u64,
    /// Its media type, as its agent says.
    pub media_type: String,
    /// What its agent calls it.
    pub name: Option<String>,
    /// A link to it, in lists: good for five minutes, without any token.
    pub link: Option<MediaLink>,
}

impl From<&Attachment> for AttachmentShape {
    fn from(attachment: &Attachment) -> Self {
        Self {
            size: attachment.size,
            media_type: attachment.media_type.to_string(),
            name: attachment.name.as_ref().map(|name| name.as_str().to_owned()),
            link: None,
        }
    }
}

/// A link to put a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadShape {
    /// What messages call the file.
    pub id: String,
    /// `PUT`.
    pub method: String,
    /// Where to. Whoever has it can put the file, without any token.
    pub url: String,
    /// Headers that the request must have, as they are here.
    pub headers: BTreeMap<String, String>,
    /// Until when the request may begin.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
