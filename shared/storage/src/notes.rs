//! Notes beside tickets.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::{OrganizationId, TicketId};
use domain::note::Note;

use crate::item::write;
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

impl Storage {
    /// The notes of a ticket, oldest first.
    pub async fn notes(&self, org: &OrganizationId, ticket: &TicketId) -> Result<Vec<Note>, Error> {
        self.all_under(keys::ticket(org, ticket).pk, keys::NOTE_PREFIX, true).await
    }

    pub(crate) fn put_note(&self, org: &OrganizationId, note: &Note) -> Result<TransactWriteItem, Error> {
        self.put(write(keys::note(org, note), note)?).condition_expression("attribute_not_exists(pk)").into_transact()
    }
}
