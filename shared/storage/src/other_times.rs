//! One message that its provider told with two times: it would have two keys, and is found by its id and its words.

use domain::ids::OrganizationId;
use domain::ingest::OtherTime;
use domain::message::Message;

use crate::item::text;
use crate::messages::from_item;
use crate::{Error, Storage, keys};

/// As many of the newest hold all that a conversation remembers, and what lies between them.
const NEWEST: i32 = 100;
const AN_HOUR_MS: i64 = 60 * 60 * 1000;

impl Storage {
    /// Whether a conversation has a message already under another time: the same id, kind and words. Looks at no more than a page of the
    /// table. An id that comes again with other words is another message: no word is lost for it.
    pub async fn is_said_at_another_time(
        &self,
        org: &OrganizationId,
        message: &Message,
        place: OtherTime,
    ) -> Result<bool, Error> {
        let ms = message.reference.sent_at_ms();
        let (first, last) = match place {
            OtherTime::AmongTheNewest => (keys::MESSAGE_PREFIX.to_owned(), format!("{}~", keys::MESSAGE_PREFIX)),
            OtherTime::WithinAnHour => (
                keys::before_messages_of(ms.saturating_sub(AN_HOUR_MS).max(0)),
                keys::after_messages_of(ms.saturating_add(AN_HOUR_MS)),
            ),
        };
        let answer = self
            .last_between(org, &message.reference.conversation, &first, &last, NEWEST)
            .filter_expression("mid = :id AND #kind = :kind")
            .expression_attribute_names("#kind", "kind")
            .expression_attribute_values(":id", text(message.reference.id.as_str()))
            .expression_attribute_values(":kind", text(message.content.kind.as_str()))
            .consistent_read(true)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        for item in answer.items.unwrap_or_default() {
            let known = from_item(item)?;
            if known.reference != message.reference && known.content.text == message.content.text {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
