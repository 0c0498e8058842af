//! Notes beside tickets.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::{NoteId, OrganizationId, TicketId};
use domain::note::Note;
use domain::page::{Portion, Room, Weighs};

use crate::item::write;
use crate::prefixes::{Along, Range};
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

impl Storage {
    /// Notes of a ticket after one of them, or from the first on, oldest first.
    pub async fn notes_after(
        &self,
        org: &OrganizationId,
        ticket: &TicketId,
        after: Option<&NoteId>,
        room: Room,
    ) -> Result<Portion<Note>, Error> {
        self.notes_along(org, ticket, Along::Rising(after.map(keys::note_bound)), room).await
    }

    /// Notes of a ticket before one of them, or to the last, newest first.
    pub async fn notes_before(
        &self,
        org: &OrganizationId,
        ticket: &TicketId,
        before: Option<&NoteId>,
        room: Room,
    ) -> Result<Portion<Note>, Error> {
        self.notes_along(org, ticket, Along::Falling(before.map(keys::note_bound)), room).await
    }

    async fn notes_along(
        &self,
        org: &OrganizationId,
        ticket: &TicketId,
        along: Along,
        room: Room,
    ) -> Result<Portion<Note>, Error> {
        let range = Range { partition: keys::ticket(org, ticket).pk, prefix: keys::NOTE_PREFIX, along };
        self.part_of(range, room, Note::weight).await
    }

    pub(crate) fn put_note(&self, org: &OrganizationId, note: &Note) -> Result<TransactWriteItem, Error> {
        self.put(write(keys::note(org, note), note)?).condition_expression("attribute_not_exists(pk)").into_transact()
    }
}
