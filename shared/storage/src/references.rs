//! Which of our messages a provider means that names another by its own id.
//!
//! No index leads from a provider's id to what a contact wrote: it would cost a write for each message, and hardly any is ever named.
//! So whoever shows messages looks where the named ones nearly always are: among those shown, among those that our side sent, whose
//! receipts have the id, and in the hundred before. Source: docs/adr/0036-what-a-message-is-about.md.

use std::collections::HashMap;

use domain::context::{Context, Referred, Side};
use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::message::{Message, MessageRef};
use futures_util::future::try_join_all;

use crate::item::read;
use crate::messages::from_item;
use crate::receipts::Receipt;
use crate::{Error, Storage, keys};

/// How many messages before those that are shown are looked through, once a conversation. The service ends at 1 MB by itself.
const LOOKED_BACK: i32 = 100;
/// How many conversations of one person are looked through.
const CONVERSATIONS: usize = 4;
/// What is read of a message that another refers to: all that is shown of it, and not the provider's JSON.
const SHOWN: [&str; 12] =
    ["cnv", "sent", "mid", "tkt", "kind", "text", "media", "agt", "delivery", "rank", "pid", "seq"];

/// Where messages are shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// By which connection they came and went.
    pub connection: Option<&'a ConnectionId>,
    /// The conversations that may be seen: nothing of any other is ever found.
    pub conversations: &'a [ConversationId],
}

impl Storage {
    /// The messages to which those that are shown refer and that are not among them, as far as they are found; without what they are
    /// made of beside their words. Nothing is read where nothing refers to any.
    pub async fn referred(
        &self,
        org: &OrganizationId,
        place: Shown<'_>,
        shown: &[Message],
    ) -> Result<Vec<Message>, Error> {
        let contexts: Vec<Box<Context>> = shown.iter().filter_map(Context::of).collect();
        let mut open: Vec<&Referred> = contexts.iter().flat_map(|context| context.referred()).collect();
        open.retain(|referred| referred.id.is_some() && !shown.iter().any(|message| referred.means(message)));
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = match place.connection {
            Some(connection) => self.sent_as(org, connection, place.conversations, &open).await?,
            None => Vec::new(),
        };
        open.retain(|referred| !found.iter().any(|message| referred.means(message)));
        let oldest = shown.iter().map(|message| message.reference.sent_at_ms()).min();
        if let (false, Some(oldest)) = (open.is_empty(), oldest) {
            let of_each = place.conversations.iter().take(CONVERSATIONS);
            let before = try_join_all(of_each.map(|conversation| self.said_before(org, conversation, oldest))).await?;
            let is_meant = |message: &Message| open.iter().any(|referred| referred.means(message));
            found.extend(before.into_iter().flatten().filter(is_meant));
        }
        Ok(found)
    }

    /// What our side sent, by its receipts.
    async fn sent_as(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        conversations: &[ConversationId],
        named: &[&Referred],
    ) -> Result<Vec<Message>, Error> {
        // What the contact wrote has none.
        let ours = named.iter().filter(|referred| referred.side != Some(Side::In));
        let receipts = ours.flat_map(|referred| referred.names()).map(|id| keys::receipt(org, connection, &id));
        let mut messages = Vec::new();
        for item in self.batch_get(receipts.collect(), false).await? {
            let reference = read::<Receipt>(item)?.msg.and_then(|reference| reference.parse::<MessageRef>().ok());
            messages.extend(
                reference
                    .filter(|reference| conversations.contains(&reference.conversation))
                    .map(|reference| keys::message(org, &reference)),
            );
        }
        self.batch_get(messages, false).await?.into_iter().map(from_item).collect()
    }

    /// The last messages of a conversation up to the end of a second.
    async fn said_before(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        ms: i64,
    ) -> Result<Vec<Message>, Error> {
        let names: HashMap<String, String> =
            SHOWN.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
        let projection: Vec<String> = SHOWN.iter().map(|name| format!("#{name}")).collect();
        let answer = self
            .last_between(org, conversation, keys::MESSAGE_PREFIX, &keys::after_messages_of(ms), LOOKED_BACK)
            .projection_expression(projection.join(", "))
            .set_expression_attribute_names(Some(names))
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        answer.items.unwrap_or_default().into_iter().map(from_item).collect()
    }
}
