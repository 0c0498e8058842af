//! What is said to a contact with a change of its ticket and without an agent: the message, which is its own outbox item, and the ticket
//! that says that it was said, in one transaction.

use domain::message::Message;
use domain::ticket::{Ticket, TicketChange};

use crate::item::number;
use crate::ticket_changes::Changes;
use crate::transaction::IntoTransact;
use crate::{ChangeError, Storage, keys};

impl Storage {
    /// Commits a change of a ticket and the message that goes out with it, once: over the version that was read. Nothing counts as read
    /// by it. Errors: `Stale`; nothing is stored then.
    pub async fn remind(&self, change: &TicketChange, message: &Message) -> Result<Ticket, ChangeError> {
        let mut change = change.clone();
        let mut changes = Changes::default();
        self.stage_change(&mut change, &mut changes).await?;
        let org = &change.after.org;
        changes.push_certain(self.put_message(org, message)?);
        let spoken = self
            .update(keys::conversation(org, &message.reference.conversation))
            .update_expression("SET last_out = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", number(message.reference.sent_at_ms()))
            .into_transact()?;
        changes.push_certain(spoken);
        self.commit(changes).await?;
        Ok(change.after)
    }
}
