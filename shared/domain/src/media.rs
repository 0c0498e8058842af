//! The file of a message: announced with it, fetched by a job of its own, kept.
//!
//! A file that a contact sends goes from `Pending` to `Stored`, where it stays, or to `Failed`, from where an agent can have it tried
//! again; one that an agent sends is `Stored` before its message is. What a sender says of a file, its name and type above all, is
//! hostile input.

mod handed;
mod name;
mod types;
mod upload;

use serde::{Deserialize, Serialize};

use crate::ids::{self, ConnectionId, OrganizationId};
use crate::message::MessageRef;

pub use handed::Handed;
pub use name::FileName;
pub use types::{MediaKind, MediaType};
pub use upload::{KeptUpload, Upload, upload_key};

/// The file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The connection that it came by; absent until the message is stored.
    #[serde(default, rename = "con", skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// What its sender calls it; for people to read, and for nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FileName>,
    /// What its sender says that it is, and from `Stored` on what it was taken for.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// The upload that it was, where an agent sends it.
    #[serde(default, rename = "upl", skip_serializing_if = "Option::is_none")]
    pub upload: Option<Box<KeptUpload>>,
    /// What the provider calls it, once it has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Box<Handed>>,
    /// Rises each time that somebody has it tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// How far it is.
    #[serde(flatten)]
    pub state: MediaState,
}

/// How far the file of a message is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum MediaState {
    /// It is being fetched, or will be.
    Pending,
    /// It is kept under [`key`].
    Stored {
        /// Its length in bytes.
        size: u64,
        /// The SHA-256 of its bytes in lower-case hex.
        sha256: String,
    },
    /// It was not fetched, and will not be unless somebody asks for it.
    Failed {
        /// Why.
        reason: MediaFailure,
    },
}

/// Why a file was not fetched. `Display` is for a support lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MediaFailure {
    /// The provider does not have it.
    #[error("WhatsApp does not have the file any more; it keeps what people send for some days only")]
    Gone,
    /// It is larger than its kind may be.
    #[error("the file is larger than WhatsApp allows for this kind of message")]
    TooLarge,
    /// What came is not what was announced.
    #[error("the file was changed or damaged on its way: its checksum is not the one that was announced")]
    Damaged,
    /// It is of a type that its kind cannot have.
    #[error("the file is of another type than the message says, so it was not kept")]
    WrongType,
    /// The message does not say where the file is.
    #[error("the message does not say where the file is")]
    NoSource,
    /// The message says that it is where nothing is fetched from.
    #[error("the message names an address that is not WhatsApp's or the connection's own, so nothing was fetched")]
    ForbiddenAddress,
    /// The connection has no credentials to fetch with.
    #[error("the connection has no credentials to fetch files with; an administrator can add them")]
    NoCredentials,
    /// The provider refuses the connection's credentials.
    #[error("WhatsApp refuses the connection's credentials; an administrator can renew them")]
    Refused,
    /// It was tried as often as it is.
    #[error("the file could not be fetched, however often it was tried over some hours")]
    Unavailable,
}

impl MediaFailure {
    /// A stable code for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::TooLarge => "too_large",
            Self::Damaged => "damaged",
            Self::WrongType => "wrong_type",
            Self::NoSource => "no_source",
            Self::ForbiddenAddress => "forbidden_address",
            Self::NoCredentials => "no_credentials",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl MediaState {
    /// The name in the API and in events.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored { .. } => "stored",
            Self::Failed { .. } => "failed",
        }
    }
}

impl Media {
    /// A file that a message announces, under the name and type that its sender gives.
    pub fn announced(name: Option<&str>, media_type: Option<&str>) -> Self {
        Self {
            connection: None,
            name: name.and_then(FileName::new),
            media_type: media_type.and_then(MediaType::new),
            upload: None,
            handed: None,
            round: 0,
            state: MediaState::Pending,
        }
    }

    /// Where it is kept: made from our own ids and digests, whatever its sender calls it. An upload's place is its own, whichever
    /// messages have it.
    pub fn key(&self, org: &OrganizationId, message: &MessageRef) -> String {
        match &self.upload {
            Some(upload) => upload.key(org),
            None => format!("{org}/{}/{}/{}", message.conversation, message.sent_at_ms(), ids::stand_in(&message.id)),
        }
    }

    /// The same, by the connection that its message came by.
    #[must_use]
    pub fn by(self, connection: &ConnectionId) -> Self {
        Self { connection: Some(connection.clone()), ..self }
    }

    /// Whether it went on its way, or came to an end, since `before`; what else is known of it is nobody's news.
    pub fn moved_since(&self, before: &Self) -> bool {
        (&self.state, self.round) != (&before.state, before.round)
    }

    /// Whether it is to be fetched.
    pub fn is_pending(&self) -> bool {
        self.state == MediaState::Pending
    }

    /// The same, now that it is kept; `None` when nothing waits for it.
    pub fn stored(&self, size: u64, sha256: String, media_type: Option<MediaType>) -> Option<Self> {
        let media_type = media_type.or_else(|| self.media_type.clone());
        self.is_pending().then(|| Self { media_type, state: MediaState::Stored { size, sha256 }, ..self.clone() })
    }

    /// The same, now that it is given up; `None` when nothing waits for it.
    pub fn failed(&self, reason: MediaFailure) -> Option<Self> {
        self.is_pending().then(|| Self { state: MediaState::Failed { reason }, ..self.clone() })
    }

    /// The same, to be tried again; `None` unless it has failed.
    pub fn again(&self) -> Option<Self> {
        matches!(self.state, MediaState::Failed { .. }).then(|| Self {
            round: self.round.saturating_add(1),
            state: MediaState::Pending,
            ..self.clone()
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(round: &u32) -> bool {
    *round == 0
}

#[cfg(test)]
mod tests;
