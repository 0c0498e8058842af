//! Messages: each is its own mark against repetition, since its key is made of what the provider says of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use domain::delivery::{Delivery, DeliveryError};
use domain::ids::{AgentId, ConversationId, OrganizationId, ProviderMessageId, TicketId};
use domain::message::{Content, Direction, Message, MessageRef};
use domain::page::{Portion, Room, Weighs};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, number, read, text, write};
use crate::{Error, Storage, keys};

/// A message as it is stored: `delivery` is present on outbound ones alone, as `rank` to compare by and in words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MessageItem {
    /// The conversation: the key has it too, but a stream's reader should not have to take keys apart.
    cnv: ConversationId,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    sent: Timestamp,
    mid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tkt: Option<TicketId>,
    #[serde(flatten)]
    content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agt: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rank: Option<i8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    err: Option<DeliveryError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<ProviderMessageId>,
    #[serde(default)]
    seq: u64,
}

impl From<&Message> for MessageItem {
    fn from(message: &Message) -> Self {
        let (agent, delivery, error) = match &message.direction {
            Direction::In => (None, None, None),
            Direction::Out { agent, delivery, error } => (agent.clone(), Some(*delivery), error.clone()),
        };
        let inbound_id = message.provider_id.as_ref().filter(|id| id.as_str() != message.reference.id);
        Self {
            cnv: message.reference.conversation.clone(),
            sent: message.reference.sent_at,
            mid: message.reference.id.clone(),
            tkt: message.ticket.clone(),
            content: message.content.clone(),
            agt: agent,
            delivery,
            rank: delivery.map(Delivery::rank),
            err: error,
            pid: inbound_id.cloned(),
            seq: message.seq,
        }
    }
}

impl From<MessageItem> for Message {
    fn from(item: MessageItem) -> Self {
        let direction = match item.delivery {
            None => Direction::In,
            Some(delivery) => Direction::Out { agent: item.agt, delivery, error: item.err },
        };
        // An inbound message is named by its provider's id; it is stored once.
        let inbound_id = matches!(direction, Direction::In).then(|| ProviderMessageId::new(&item.mid));
        Self {
            reference: MessageRef { conversation: item.cnv, sent_at: item.sent, id: item.mid },
            ticket: item.tkt,
            direction,
            content: item.content,
            provider_id: item.pid.or(inbound_id),
            seq: item.seq,
        }
    }
}

#[cfg(feature = "survey")]
impl MessageItem {
    /// The message without its content, as the invariants look at it, and its conversation.
    pub(crate) fn said(self) -> (ConversationId, domain::invariants::messages::Said) {
        use domain::invariants::messages::{Said, Side};
        let side = match self.delivery {
            None => Side::Contact,
            Some(delivery) => {
                Side::Own { is_answer: !self.mid.starts_with(domain::message::ECHO), delivery, rank: self.rank }
            }
        };
        let inbound_id = matches!(side, Side::Contact).then(|| ProviderMessageId::new(&self.mid));
        let provider_id = self.pid.or(inbound_id);
        let media = self.content.media;
        (self.cnv, Said { sent_at: self.sent, id: self.mid, ticket: self.tkt, provider_id, seq: self.seq, side, media })
    }
}

/// What a message that was stored before says of the work that it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its place among the contact's messages; 0 for one that has none.
    pub seq: u64,
    /// The ticket that it was to join.
    pub ticket: Option<TicketId>,
}

pub(crate) fn message_item(org: &OrganizationId, message: &Message) -> Result<Item, Error> {
    write(keys::message(org, &message.reference), &MessageItem::from(message))
}

pub(crate) fn from_item(item: Item) -> Result<Message, Error> {
    read::<MessageItem>(item).map(Message::from)
}

impl Storage {
    /// Stores a message unless it is stored. Returns the one that was there.
    pub async fn store_message(&self, org: &OrganizationId, message: &Message) -> Result<Option<StoredMessage>, Error> {
        match self.put_new(message_item(org, message)?).await? {
            None => Ok(None),
            Some(item) if item.is_empty() => Ok(self.message(org, &message.reference).await?.map(stored)),
            Some(item) => Ok(Some(stored(from_item(item)?))),
        }
    }

    /// Corrects the place and ticket of a message whose conversation moved on while it was being stored.
    pub(crate) async fn place_message(
        &self,
        org: &OrganizationId,
        reference: &MessageRef,
        place: &StoredMessage,
    ) -> Result<(), Error> {
        let update =
            self.client.update_item().table_name(&self.table).set_key(Some(keys::message(org, reference).into()));
        let update = match &place.ticket {
            Some(ticket) => update
                .update_expression("SET seq = :seq, tkt = :ticket")
                .expression_attribute_values(":ticket", text(ticket.as_str())),
            None => update.update_expression("SET seq = :seq REMOVE tkt"),
        };
        let answer = update
            .expression_attribute_values(":seq", number(place.seq))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_write(&answer.consumed_capacity);
        Ok(())
    }

    /// A message, as it is now.
    pub async fn message(&self, org: &OrganizationId, reference: &MessageRef) -> Result<Option<Message>, Error> {
        self.get(keys::message(org, reference), true).await?.map(from_item).transpose()
    }

    /// The newest messages of a conversation before `before`, newest first by `Message::order`: at most `limit`, and no more than
    /// a page holds.
    pub async fn messages(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        before: Option<&MessageRef>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        Ok(self.messages_part(org, conversation, before, limit).await?.items)
    }

    /// The same, with whether there are earlier ones.
    ///
    /// Keys have no order within a second. So the seconds with which the part begins and ends are read whole.
    pub async fn messages_part(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        before: Option<&MessageRef>,
        limit: u32,
    ) -> Result<Portion<Message>, Error> {
        let bound = before.map(MessageRef::sent_at_ms).map(keys::after_messages_of);
        let bound = bound.unwrap_or_else(|| format!("{}~", keys::MESSAGE_PREFIX));
        let most = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
        let query = self.last_between(org, conversation, keys::MESSAGE_PREFIX, &bound, most).consistent_read(true);
        let room = Room::of(limit as usize);
        let (mut read, mut found, mut start) = (Vec::new(), None, None);
        loop {
            let answer = query.clone().set_exclusive_start_key(start).send().await?;
            self.units.add_read(&answer.consumed_capacity);
            for item in answer.items.unwrap_or_default() {
                let message = from_item(item)?;
                if Some(&message.reference) == before {
                    found = Some(message);
                } else {
                    read.push(message);
                }
            }
            start = answer.last_evaluated_key;
            let is_wanted = |message: &Message| before.is_none_or(|before| is_before(message, before, found.as_ref()));
            if start.is_none() || is_enough(&read, room, is_wanted) {
                read.retain(is_wanted);
                // More of the last second may follow.
                let edge = read.last().map(|oldest| oldest.reference.sent_at_ms()).filter(|_| start.is_some());
                read.retain(|message| edge.is_none_or(|edge| message.reference.sent_at_ms() > edge));
                read.sort_by(|a, b| b.order().cmp(&a.order()));
                let part = Portion::cut(read, room, Message::weight);
                return Ok(Portion { has_more: part.has_more || start.is_some(), ..part });
            }
        }
    }

    /// A query of a conversation's messages between two sort keys, the newest first.
    pub(crate) fn last_between(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        first: &str,
        last: &str,
        limit: i32,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(keys::conversation(org, conversation).pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(false)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Moves an outbound message to a delivery state, unless it has come as far already (invariant I5). `false` when it had, or
    /// when there is no such outbound message.
    pub async fn deliver(
        &self,
        org: &OrganizationId,
        reference: &MessageRef,
        delivery: Delivery,
        provider_id: Option<&ProviderMessageId>,
        error: Option<&DeliveryError>,
    ) -> Result<bool, Error> {
        let mut set = "SET delivery = :delivery, #rank = :rank".to_owned();
        let mut names = HashMap::from([("#rank".to_owned(), "rank".to_owned())]);
        let mut update =
            self.client.update_item().table_name(&self.table).set_key(Some(keys::message(org, reference).into()));
        if let Some(id) = provider_id {
            set.push_str(", pid = :pid");
            update = update.expression_attribute_values(":pid", text(id.as_str()));
        }
        if let Some(error) = error {
            set.push_str(", #err = :err");
            names.insert("#err".to_owned(), "err".to_owned());
            let value = serde_dynamo::to_attribute_value(error);
            let value = value.map_err(|source| Error::Corrupt { item: "MSG/err".to_owned(), source })?;
            update = update.expression_attribute_values(":err", value);
        }
        let answer = update
            .update_expression(set)
            .condition_expression("#rank < :rank")
            .set_expression_attribute_names(Some(names))
            .expression_attribute_values(":delivery", text(delivery.as_str()))
            .expression_attribute_values(":rank", number(delivery.rank()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }

    /// Takes a queued message for one attempt at sending it. `false` when another attempt took it before.
    ///
    /// `attempt` names the attempt, so that a repetition of this very call, whose first answer was lost on its way, succeeds.
    pub async fn begin_sending(
        &self,
        org: &OrganizationId,
        reference: &MessageRef,
        attempt: &str,
    ) -> Result<bool, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::message(org, reference).into()))
            .update_expression("SET delivery = :sending, #rank = :to, attempt = :attempt")
            .condition_expression("#rank = :from OR (#rank = :to AND attempt = :attempt)")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":sending", text(Delivery::Sending.as_str()))
            .expression_attribute_values(":from", number(Delivery::Queued.rank()))
            .expression_attribute_values(":to", number(Delivery::Sending.rank()))
            .expression_attribute_values(":attempt", text(attempt))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await)
    }

    /// Puts a message that the provider surely did not take back to `queued`. Nothing but a try that is over does this. `false` for one
    /// that was not marked, and so is queued as it was.
    pub async fn requeue(&self, org: &OrganizationId, reference: &MessageRef) -> Result<bool, Error> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::message(org, reference).into()))
            .update_expression("SET delivery = :queued, #rank = :to")
            .condition_expression("#rank = :from")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":queued", text(Delivery::Queued.as_str()))
            .expression_attribute_values(":to", number(Delivery::Queued.rank()))
            .expression_attribute_values(":from", number(Delivery::Sending.rank()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }
}

fn stored(message: Message) -> StoredMessage {
    StoredMessage { seq: message.seq, ticket: message.ticket }
}

/// Whether the whole seconds of what was read hold as much as there is room for. Within their seconds messages are in no order yet.
fn is_enough(read: &[Message], mut room: Room, is_wanted: impl Fn(&Message) -> bool) -> bool {
    let mut wanted = read.iter().filter(|message| is_wanted(message));
    let mut last = None;
    let is_full = loop {
        match wanted.next() {
            Some(message) if room.takes(message.weight()) => last = Some(message.reference.sent_at_ms()),
            Some(_) => break true,
            None => break room.is_full(),
        }
    };
    is_full && last.zip(read.last()).is_some_and(|(last, oldest)| last > oldest.reference.sent_at_ms())
}

/// Whether a message comes before another. One that was not found, because it is in another conversation or nowhere, has its place by its
/// time and id.
fn is_before(message: &Message, other: &MessageRef, found: Option<&Message>) -> bool {
    let name = &message.reference;
    match found {
        Some(other) => message.order() < other.order(),
        None => (name.sent_at_ms(), &name.id) < (other.sent_at_ms(), &other.id),
    }
}
