//! A file that an agent puts into the bucket of uploads, to send it.
//!
//! Nothing of it stands in the table: the bucket is asked what lies there, and forgets what nobody uses. Source:
//! docs/adr/0032-uploads.md.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{FileName, MediaFailure, MediaKind, MediaType};
use crate::ids::{self, OrganizationId, UploadId};

/// What lies in the bucket of uploads, or is to lie there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What its agent calls it.
    pub name: Option<FileName>,
    /// What its agent says that it is.
    pub media_type: MediaType,
    /// Its length in bytes.
    pub size: u64,
}

impl Upload {
    /// The most bytes of an upload: of the largest kind that can be sent.
    pub const LARGEST: u64 = MediaKind::Document.limit();

    /// Whether a message of this kind may have it. Errors: `TooLarge`, `WrongType`.
    pub fn fits(&self, kind: MediaKind) -> Result<(), MediaFailure> {
        kind.admits(&self.media_type, self.size)
    }
}

/// Where an upload lies in the bucket of uploads.
pub fn upload_key(org: &OrganizationId, id: &UploadId) -> String {
    format!("{org}/{id}")
}

/// An upload that a message has, as it was when the message was written: who puts other bytes there later changes no message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeptUpload {
    id: UploadId,
    /// Stands for the entity tag that the store gave to its bytes.
    version: String,
}

/// Why a text does not name an upload that is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an upload that is kept is named by its id and version, with a dot between")]
pub struct InvalidKeptUpload;

impl KeptUpload {
    /// The upload as it is under this entity tag, whatever that looks like.
    pub fn new(id: UploadId, entity_tag: &str) -> Self {
        Self { id, version: ids::stand_in(entity_tag) }
    }

    /// Where it is kept, beside the files of messages.
    pub fn key(&self, org: &OrganizationId) -> String {
        format!("{org}/uploads/{}/{}", self.id, self.version)
    }
}

impl fmt::Display for KeptUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.version)
    }
}

impl FromStr for KeptUpload {
    type Err = InvalidKeptUpload;

    fn from_str(text: &str) -> Result<Self, InvalidKeptUpload> {
        let (id, version) = text.split_once('.').ok_or(InvalidKeptUpload)?;
        let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_alphanumeric());
        let id = UploadId::new(id).ok().filter(|_| is_version).ok_or(InvalidKeptUpload)?;
        Ok(Self { id, version: version.to_owned() })
    }
}

impl TryFrom<String> for KeptUpload {
    type Error = InvalidKeptUpload;

    fn try_from(text: String) -> Result<Self, InvalidKeptUpload> {
        text.parse()
    }
}

impl From<KeptUpload> for String {
    fn from(kept: KeptUpload) -> Self {
        kept.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageRef;

    #[test]
    fn messages_share_the_place_of_an_upload_and_other_bytes_have_another() {
        let (org, id) = (OrganizationId::new("demo").unwrap(), UploadId::new("upl_1").unwrap());
        let media = |entity_tag: &str| super::super::Media {
            upload: Some(Box::new(KeptUpload::new(id.clone(), entity_tag))),
            ..super::super::Media::announced(None, None)
        };
        let message = |text: &str| text.parse::<MessageRef>().unwrap();
        let one = media("\"a/b\"").key(&org, &message("cnv_1.5.out_1"));
        assert_eq!(one, media("\"a/b\"").key(&org, &message("cnv_2.6.out_2")));
        assert_ne!(one, media("\"c\"").key(&org, &message("cnv_1.5.out_1")));
        assert!(one.starts_with("demo/uploads/upl_1/") && one.split('/').count() == 4, "{one}");
        assert_eq!(upload_key(&org, &id), "demo/upl_1");
    }

    #[test]
    fn what_is_kept_reads_back_and_nothing_else_does() {
        let kept = KeptUpload::new(UploadId::new("upl_1").unwrap(), "\"e\"");
        assert_eq!(kept.to_string().parse(), Ok(kept));
        for bad in ["upl_1", "upl_1.", "upl_1.a/b", "a/b.C", ".C"] {
            assert_eq!(bad.parse::<KeptUpload>(), Err(InvalidKeptUpload), "{bad}");
        }
    }
}
