//! How far the file of a message is.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use domain::ids::OrganizationId;
use domain::media::{Handed, Media};
use domain::message::MessageRef;

use crate::item::{number, text};
use crate::{Error, Storage, keys};

impl Storage {
    /// Moves the file of a message from one state to the next, if it is still in the first and in the same round: of several
    /// who work on it one is heard, and one who was late is not. `false` for all others.
    pub async fn move_media(
        &self,
        org: &OrganizationId,
        message: &MessageRef,
        from: &Media,
        to: &Media,
    ) -> Result<bool, Error> {
        let value: AttributeValue = serde_dynamo::to_attribute_value(to)
            .map_err(|source| Error::Corrupt { item: "MSG/media".to_owned(), source })?;
        // The first round is not written down.
        let (round, condition) = match from.round {
            0 => (None, "media.#state = :state AND attribute_not_exists(media.#round)"),
            round => (Some(number(round)), "media.#state = :state AND media.#round = :round"),
        };
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::message(org, message).into()))
            .update_expression("SET media = :media")
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#round", "round")
            .expression_attribute_values(":media", value)
            .expression_attribute_values(":state", text(from.state.as_str()));
        if let Some(round) = round {
            update = update.expression_attribute_values(":round", round);
        }
        let answer = update
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }

    /// Notes what the provider calls the file of a message that was handed to it. `false` where the message has no file.
    pub async fn note_handed(
        &self,
        org: &OrganizationId,
        message: &MessageRef,
        handed: &Handed,
    ) -> Result<bool, Error> {
        let value: AttributeValue = serde_dynamo::to_attribute_value(handed)
            .map_err(|source| Error::Corrupt { item: "MSG/media".to_owned(), source })?;
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::message(org, message).into()))
            .update_expression("SET media.handed = :handed")
            .condition_expression("attribute_exists(media)")
            .expression_attribute_values(":handed", value)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }
}
