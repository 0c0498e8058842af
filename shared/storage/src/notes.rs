//! Notes beside tickets.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::ids::{OrganizationId, TicketId};
use domain::note::Note;

use crate::item::{read, text, write};
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

impl Storage {
    /// The notes of a ticket, oldest first. At most one page of 1 MB, some hundreds.
    pub async fn notes(&self, org: &OrganizationId, ticket: &TicketId) -> Result<Vec<Note>, Error> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(keys::ticket(org, ticket).pk))
            .expression_attribute_values(":prefix", text(keys::NOTE_PREFIX))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        answer.items.unwrap_or_default().into_iter().map(read).collect()
    }

    pub(crate) fn put_note(&self, org: &OrganizationId, note: &Note) -> Result<TransactWriteItem, Error> {
        self.put(write(keys::note(org, note), note)?).condition_expression("attribute_not_exists(pk)").into_transact()
    }
}
