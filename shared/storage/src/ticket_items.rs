//! A ticket's items: the ticket itself with its places in the indexes, and the rows of its history.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::event::{HistoryRow, Subject};
use domain::ticket::Ticket;
use serde::{Deserialize, Serialize};

use crate::item::{Item, number, text, write};
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

/// The ticket's item. It stands in an index only while it has a place there: the indexes are sparse.
pub(crate) fn ticket_item(ticket: &Ticket) -> Result<Item, Error> {
    let mut item = write(keys::ticket(&ticket.org, &ticket.id), ticket)?;
    item.insert("n_pk".to_owned(), text(keys::numbers_partition(&ticket.org)));
    item.insert("n_sk".to_owned(), number(ticket.number.number));
    if let Some((partition, place)) = keys::board(ticket) {
        item.insert("b_pk".to_owned(), text(partition));
        item.insert("b_sk".to_owned(), text(place));
    }
    if let Some((partition, deadline)) = keys::due(ticket) {
        item.insert("d_pk".to_owned(), text(partition));
        item.insert("d_sk".to_owned(), text(deadline));
    }
    Ok(item)
}

/// A row of history with the ticket that it is about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RowItem {
    #[serde(flatten)]
    pub(crate) row: HistoryRow,
    #[serde(flatten)]
    pub(crate) subject: Subject,
}

impl Storage {
    /// Writes a ticket that must not exist.
    pub(crate) fn put_new_ticket(&self, ticket: &Ticket) -> Result<TransactWriteItem, Error> {
        self.put(ticket_item(ticket)?).condition_expression("attribute_not_exists(pk)").into_transact()
    }

    /// Writes a ticket over the version that the change was decided on.
    pub(crate) fn put_ticket_over(&self, ticket: &Ticket, version: u64) -> Result<TransactWriteItem, Error> {
        self.put(ticket_item(ticket)?)
            .condition_expression("v = :read")
            .expression_attribute_values(":read", number(version))
            .into_transact()
    }

    /// Adds the history rows of a change; the last row has the version of the ticket after it.
    pub(crate) fn put_rows(&self, after: &Ticket, rows: &[HistoryRow]) -> Result<Vec<TransactWriteItem>, Error> {
        let first = after.version + 1 - rows.len() as u64;
        let put = |(version, row): (u64, &HistoryRow)| {
            let row = RowItem { row: row.clone(), subject: Subject::from(after) };
            let item = write(keys::history(&after.org, &after.id, version), &row)?;
            self.put(item).condition_expression("attribute_not_exists(pk)").into_transact()
        };
        (first..).zip(rows).map(put).collect()
    }
}
