//! Conversations: their state item, which every message rewrites.

use domain::conversation::{Conversation, Mode};
use domain::ids::{ConnectionId, ContactId, ConversationId, OrganizationId, TicketId};
use domain::message::MessageRef;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, read};
use crate::{Error, Storage, keys};

/// A conversation as it is stored. Names are short: it is written with every message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConversationItem {
    id: ConversationId,
    con: ConnectionId,
    ctc: ContactId,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    slot: Option<TicketId>,
    #[serde(default, rename = "gen")]
    generation: u32,
    #[serde(default)]
    prev: Option<TicketId>,
    #[serde(default)]
    in_seq: u64,
    #[serde(default)]
    counted: Vec<String>,
    #[serde(default)]
    read_seq: u64,
    #[serde(default, with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    last_in: Option<Timestamp>,
    #[serde(default, with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    last_out: Option<Timestamp>,
    /// Of each parked answer its place in the conversation, as `placed` writes it.
    #[serde(default)]
    parked: Vec<String>,
    /// The names that the contact showed last, as a digest.
    #[serde(default)]
    shown: Option<String>,
}

/// A message's place within its conversation.
pub(crate) fn placed(reference: &MessageRef) -> String {
    format!("{}.{}", reference.sent_at_ms(), reference.id)
}

impl From<ConversationItem> for Conversation {
    fn from(item: ConversationItem) -> Self {
        let place = |place: &String| format!("{}.{place}", item.id).parse().ok();
        Self {
            parked: item.parked.iter().filter_map(place).collect(),
            id: item.id,
            connection: item.con,
            contact: item.ctc,
            mode: item.mode,
            slot: item.slot,
            generation: item.generation,
            previous: item.prev,
            in_seq: item.in_seq,
            counted: item.counted,
            read_seq: item.read_seq,
            last_in_at: item.last_in,
            last_out_at: item.last_out,
            names: item.shown,
        }
    }
}

pub(crate) fn from_item(item: Item) -> Result<Conversation, Error> {
    read::<ConversationItem>(item).map(Conversation::from)
}

impl Storage {
    /// A conversation, as it is written now. Who changes it needs this one.
    pub async fn conversation(&self, org: &OrganizationId, id: &ConversationId) -> Result<Option<Conversation>, Error> {
        self.get(keys::conversation(org, id), true).await?.map(from_item).transpose()
    }

    /// A conversation for those who ask what there is: as it is written now, or as its first ticket shows it while its first message is
    /// counted. An agent sees that ticket already.
    pub async fn conversation_begun(
        &self,
        org: &OrganizationId,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, Error> {
        if let Some(written) = self.conversation(org, id).await? {
            return Ok(Some(written));
        }
        let first = self.ticket(org, &TicketId::of(id, 0)).await?;
        Ok(first.as_ref().and_then(Conversation::begun_by))
    }
}
