//! Our side has read what the contact wrote, or is typing: noted on the conversation, from where the stream tells `send`.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::ids::{ConversationId, OrganizationId};
use jiff::Timestamp;

use crate::item::number;
use crate::{Error, Storage, keys};

/// When our side read last, in milliseconds.
pub(crate) const READ_AT: &str = "read_at";
/// When our side began to type last, in milliseconds.
pub(crate) const TYPED_AT: &str = "typed_at";

impl Storage {
    /// Everything that the contact wrote so far counts as read; with `is_typing` the contact is shown that somebody types.
    /// `false` when the contact has not written.
    pub async fn mark_read(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        is_typing: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mark = if is_typing { TYPED_AT } else { READ_AT };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::conversation(org, conversation).into()))
            .update_expression("SET read_seq = in_seq, #mark = :at")
            .condition_expression("attribute_exists(in_seq)")
            .expression_attribute_names("#mark", mark)
            .expression_attribute_values(":at", number(now.as_millisecond()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await)
    }
}
