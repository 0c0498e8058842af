//! Answers that wait until the contact writes: parked after all when the provider found the window closed, and released in
//! their order.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::{Delivery, DeliveryError};
use domain::ids::{ConversationId, OrganizationId, OutboundId, ProviderMessageId};
use domain::message::{Direction, MessageRef};
use domain::window::{Reparked, is_closed_by, reparked};
use jiff::Timestamp;

use crate::conversations::placed;
use crate::item::{number, text};
use crate::replies::{PARK, parked};
use crate::transaction::{IntoTransact, Outcome};
use crate::{Error, Storage, keys};

/// How often a parked answer is looked for again after others changed the conversation meanwhile.
const TRIES: u32 = 16;

impl Storage {
    /// Applies what became of a message, as `deliver`. One that failed because the window was closed is parked again, if its
    /// writer asked for that.
    pub async fn deliver_or_park(
        &self,
        org: &OrganizationId,
        reference: &MessageRef,
        outcome: (Delivery, Option<&DeliveryError>),
        provider_id: Option<&ProviderMessageId>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if let (Delivery::Failed, Some(error)) = outcome
            && is_closed_by(error.code)
            && let Some(message) = self.message(org, reference).await?
        {
            // Made anew at each try: whichever is written first is the one that stays.
            let id = || OutboundId::generate(now, fastrand::u128(..) >> 48);
            if let Some(again) = reparked(&message, [&id(), &id()], now) {
                return self.park_again(org, reference, provider_id, error, &again).await;
            }
        }
        self.deliver(org, reference, outcome.0, provider_id, outcome.1).await
    }

    /// Marks a message as failed because the window was closed, and parks it again under another id, in one transaction. A
    /// template goes out unless an earlier one asked already. `false` when the message has come further than failed, or has
    /// failed before: then nothing is written.
    async fn park_again(
        &self,
        org: &OrganizationId,
        refused: &MessageRef,
        provider_id: Option<&ProviderMessageId>,
        error: &DeliveryError,
        again: &Reparked,
    ) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let conversation = self.conversation(org, &refused.conversation).await?;
            let asks = conversation.is_none_or(|conversation| conversation.parked.is_empty());
            let mut items = vec![self.fail(org, refused, provider_id, error)?, self.put_message(org, &again.answer)?];
            let mut set = format!("SET {PARK}");
            let mut update = self
                .update(keys::conversation(org, &refused.conversation))
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":parked", parked(&again.answer.reference));
            if asks {
                items.push(self.put_message(org, &again.template)?);
                set.push_str(", last_out = :at");
                update = update
                    .condition_expression("attribute_exists(id) AND attribute_not_exists(parked[0])")
                    .expression_attribute_values(":at", number(again.template.reference.sent_at_ms()));
            } else {
                update = update.condition_expression("attribute_exists(parked[0])");
            }
            items.push(update.update_expression(set).into_transact()?);
            match self.transact(items).await? {
                Outcome::Committed => return Ok(true),
                // The message's own condition is the first.
                Outcome::Refused { place: 0, .. } => return Ok(false),
                Outcome::Refused { .. } => {}
            }
        }
        Err(Error::contended())
    }

    /// Puts the parked answers of a conversation into the queue, the one that was written first first, if the window is open at
    /// `now`. How many. What else is parked meanwhile goes with them.
    pub async fn release_parked(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut released = 0;
        let mut lost = 0;
        while lost < TRIES {
            let Some(state) = self.conversation(org, conversation).await? else { return Ok(released) };
            let Some(first) = state.first_parked() else { return Ok(released) };
            if state.window_expires_at().is_none_or(|at| at <= now) {
                return Ok(released);
            }
            let place = state.parked.iter().position(|parked| parked == first).unwrap_or_default();
            let message = self.message(org, first).await?.map(|message| message.direction);
            let is_parked = matches!(message, Some(Direction::Out { delivery: Delivery::Parked, .. }));
            let mut items = vec![
                self.update(keys::conversation(org, conversation))
                    .update_expression(format!("REMOVE parked[{place}]"))
                    .condition_expression(format!("parked[{place}] = :first"))
                    .expression_attribute_values(":first", text(placed(first)))
                    .into_transact()?,
            ];
            if is_parked {
                items.push(
                    self.update(keys::message(org, first))
                        .update_expression("SET delivery = :queued, #rank = :to")
                        .condition_expression("#rank = :from")
                        .expression_attribute_names("#rank", "rank")
                        .expression_attribute_values(":queued", text(Delivery::Queued.as_str()))
                        .expression_attribute_values(":to", number(Delivery::Queued.rank()))
                        .expression_attribute_values(":from", number(Delivery::Parked.rank()))
                        .into_transact()?,
                );
            }
            match self.transact(items).await? {
                Outcome::Committed => {
                    released += usize::from(is_parked);
                    lost = 0;
                }
                Outcome::Refused { .. } => lost += 1,
            }
        }
        Err(Error::contended())
    }

    fn fail(
        &self,
        org: &OrganizationId,
        message: &MessageRef,
        provider_id: Option<&ProviderMessageId>,
        error: &DeliveryError,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, Error> {
        let value = serde_dynamo::to_attribute_value(error);
        let value = value.map_err(|source| Error::Corrupt { item: "MSG/err".to_owned(), source })?;
        let mut set = "SET delivery = :failed, #rank = :rank, #err = :err".to_owned();
        let mut update = self.update(keys::message(org, message)).expression_attribute_values(":err", value);
        if let Some(id) = provider_id {
            set.push_str(", pid = :pid");
            update = update.expression_attribute_values(":pid", text(id.as_str()));
        }
        update
            .update_expression(set)
            .condition_expression("#rank < :rank")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_names("#err", "err")
            .expression_attribute_values(":failed", text(Delivery::Failed.as_str()))
            .expression_attribute_values(":rank", number(Delivery::Failed.rank()))
            .into_transact()
    }
}
