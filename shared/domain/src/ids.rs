//! Typed identifiers: a queue's id cannot be passed where an agent's is wanted.
//!
//! An id is an opaque name of 1 to 64 characters from `A–Z a–z 0–9 _ -`, so it can stand in a key, a URL and a log line
//! unescaped. Ids that the system makes are a prefix and a ULID (`ctc_01J…`); ids that an administrator chooses are words
//! (`sales`, `ana`).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters from A-Z, a-z, 0-9, '_' and '-'")]
pub struct InvalidId;

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes an id chosen elsewhere. Errors: `InvalidId` when the text could not stand in a key or URL.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if is_id(&text) { Ok(Self(text)) } else { Err(InvalidId) }
            }

            /// Makes a new id; `random` is 80 bits of entropy, so that tests can repeat it.
            pub fn generate(now: Timestamp, random: u128) -> Self {
                Self(format!("{}{}", $prefix, ulid(now, random)))
            }

            /// The id as it stands in keys, URLs and logs.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(/// The tenant: the first part of every key.
    OrganizationId, "org_");
id!(/// One provider account that sends and receives, such as a phone number.
    ConnectionId, "con_");
id!(/// The person or group outside who writes.
    ContactId, "ctc_");
id!(/// Everything between one contact and one connection, for ever.
    ConversationId, "cnv_");
id!(/// One piece of work with a life cycle and a number.
    TicketId, "tkt_");
id!(/// Where tickets wait for a team.
    QueueId, "que_");
id!(/// The person inside who answers.
    AgentId, "agt_");
id!(/// A message that an agent sends; the providers' own message ids are `ProviderMessageId`.
    OutboundId, "out_");
id!(/// What somebody wrote beside a ticket.
    NoteId, "not_");
id!(/// A file that an agent puts to send it.
    UploadId, "upl_");

impl NoteId {
    /// When it was made, in milliseconds, as its ULID tells; `None` for one that was chosen elsewhere.
    pub fn made_at_ms(&self) -> Option<u64> {
        self.0.strip_prefix("not_")?.parse::<Ulid>().ok().map(|ulid| ulid.timestamp_ms())
    }
}

impl ConversationId {
    /// The conversation of a contact on a connection. Derived, so that it is found without an index and made only once.
    pub fn of(connection: &ConnectionId, contact: &ContactId) -> Self {
        Self(format!("cnv_{}", derived(&[connection.as_str(), contact.as_str()])))
    }
}

impl TicketId {
    /// The ticket that holds `generation` of a conversation's slot.
    ///
    /// Derived, not random: two workers that both decide to open the next ticket of a conversation name the same item, and
    /// the table lets only one of them create it. Source: docs/adr/0002-slot-generation.md.
    pub fn of(conversation: &ConversationId, generation: u32) -> Self {
        Self(format!("tkt_{}", derived(&[conversation.as_str(), &generation.to_string()])))
    }
}

/// The message id that a provider gave, verbatim (`wamid.…`, a Baileys key). Opaque, unique only within a conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderMessageId(String);

impl ProviderMessageId {
    /// The longest id that is kept as it came, in bytes; a longer one is replaced by its digest, so that no sender can make
    /// a key too long for the table.
    pub(crate) const LONGEST: usize = 512;

    /// Takes a provider's id.
    pub fn new(text: &str) -> Self {
        if text.len() <= Self::LONGEST { Self(text.to_owned()) } else { Self(format!("sha256.{}", derived(&[text]))) }
    }

    /// The id as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text in ten characters, 50 bits: to tell a few texts apart.
pub(crate) fn digest(text: &str) -> String {
    derived(&[text]).to_string().split_off(16)
}

/// A text in 26 characters, 128 bits: to stand for one that somebody else chose.
pub(crate) fn stand_in(text: &str) -> String {
    derived(&[text]).to_string()
}

/// A ULID of the given time: 26 characters that sort by time.
fn ulid(now: Timestamp, random: u128) -> Ulid {
    Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or_default(), random)
}

/// 128 bits of SHA-256 over the parts, in the 26 characters of a ULID. Parts are ids and so cannot contain the separator.
fn derived(parts: &[&str]) -> Ulid {
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    let mut half = [0u8; 16];
    half.copy_from_slice(&digest[..16]);
    Ulid(u128::from_be_bytes(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_not_stand_in_a_key() {
        for bad in ["", "a#b", "a/b", "ação", &"x".repeat(65)] {
            assert_eq!(AgentId::new(bad), Err(InvalidId), "{bad}");
        }
        assert!(AgentId::new("ana").is_ok());
    }

    #[test]
    fn the_same_generation_names_the_same_ticket() {
        let conversation = ConversationId::of(&ConnectionId::new("c").unwrap(), &ContactId::new("p").unwrap());
        assert_eq!(TicketId::of(&conversation, 1), TicketId::of(&conversation, 1));
        assert_ne!(TicketId::of(&conversation, 1), TicketId::of(&conversation, 2));
    }

    #[test]
    fn an_overlong_provider_id_keeps_its_identity_in_a_short_key() {
        let long = "w".repeat(2000);
        assert!(ProviderMessageId::new(&long).as_str().len() < 64);
        assert_ne!(ProviderMessageId::new(&long), ProviderMessageId::new(&long[1..]));
    }
}
