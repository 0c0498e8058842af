//! The line of a call, found by the call's id, and what is learnt of the call afterwards.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::call::Call;
use domain::ids::{ConversationId, OrganizationId};
use domain::message::MessageRef;
use jiff::{SignedDuration, Timestamp};

use crate::item::text;
use crate::messages::from_item;
use crate::{Error, Storage, keys};

/// How many messages are looked through, the newest first: those of as long as a call rings, and far more.
const LOOKED_BACK: i32 = 50;
/// How long before what is told of a call its line may be.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

impl Storage {
    /// The line of a call that is told of at `at`, among the last messages of its conversation.
    pub async fn line_of_call(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        id: &str,
        at: Timestamp,
    ) -> Result<Option<(MessageRef, Call)>, Error> {
        let bound = |at: Timestamp| keys::after_messages_of(at.as_millisecond().max(0));
        let (first, last) = (at.saturating_sub(LONGEST).unwrap_or(at), at.saturating_add(LONGEST).unwrap_or(at));
        let names = [
            ("#cnv", "cnv"),
            ("#sent", "sent"),
            ("#mid", "mid"),
            ("#kind", "kind"),
            ("#ctx", "ctx"),
            ("#delivery", "delivery"),
        ];
        let answer = self
            .last_between(org, conversation, &bound(first), &bound(last), LOOKED_BACK)
            .projection_expression(names.map(|(name, _)| name).join(", "))
            .set_expression_attribute_names(Some(
                names.map(|(name, of)| (name.to_owned(), of.to_owned())).into_iter().collect(),
            ))
            .consistent_read(true)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        for item in answer.items.unwrap_or_default() {
            let message = from_item(item)?;
            if message.reference.id == id
                && let Some(call) = message.content.context.and_then(|context| context.call)
            {
                return Ok(Some((message.reference, call)));
            }
        }
        Ok(None)
    }

    /// Writes what is known of a call into its line.
    pub async fn note_call(&self, org: &OrganizationId, line: &MessageRef, call: &Call) -> Result<bool, Error> {
        let value = serde_dynamo::to_attribute_value(call);
        let value = value.map_err(|source| Error::Corrupt { item: "MSG/ctx".to_owned(), source })?;
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::message(org, line).into()))
            .update_expression("SET #text = :text, #ctx.#call = :call")
            .condition_expression("attribute_exists(#ctx)")
            .expression_attribute_names("#text", "text")
            .expression_attribute_names("#ctx", "ctx")
            .expression_attribute_names("#call", "call")
            .expression_attribute_values(":text", text(call.words()))
            .expression_attribute_values(":call", value)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }
}
