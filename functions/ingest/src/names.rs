//! A contact's names are as last seen. The conversation remembers which it showed last, so that nothing more is read or written for a message
//! that shows the same.

use domain::connection::Connection;
use domain::contact::Contact;
use domain::ingest::Plan;
use domain::message::{Effect, InboundMessage};
use jiff::Timestamp;
use runtime::Problem;

use crate::Ingest;
use crate::bursts::Origin;

impl Ingest {
    /// Lets the profile follow the names that a message shows. Before the message is counted, since that is what makes the conversation
    /// remember them.
    pub(crate) async fn follow_names(
        &self,
        origin: &Origin,
        inbound: &InboundMessage,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if !inbound.from_contact || !plan.names_are_new(inbound, now) {
            return Ok(());
        }
        let (org, id) = (&origin.connection.org, &origin.person.id);
        let known = self.storage.contact(org, id).await?;
        if known.is_some_and(|known| !shows(&known, inbound)) {
            self.storage.rename_contact(org, id, &inbound.sender).await?;
            tracing::info!(org.id = %org, contact.id = %id, "contact renamed");
        }
        Ok(())
    }

    /// The same for the first message of a conversation, with the profile that is read for it anyway. What opens nothing, such as our own
    /// words or history, names nobody who has a name.
    pub(crate) async fn name_at_first(
        &self,
        connection: &Connection,
        known: &Contact,
        inbound: &InboundMessage,
    ) -> Result<(), Problem> {
        let is_theirs = inbound.from_contact && inbound.effect == Effect::Opens;
        if (is_theirs && !shows(known, inbound)) || (known.name.is_none() && inbound.sender.name.is_some()) {
            self.storage.rename_contact(&connection.org, &known.id, &inbound.sender).await?;
        }
        Ok(())
    }
}

/// Whether a contact has the names that a message shows.
fn shows(contact: &Contact, inbound: &InboundMessage) -> bool {
    let is_as = |known: Option<&str>, shown: Option<&str>| shown.is_none() || known == shown;
    is_as(contact.name.as_deref(), inbound.sender.name.as_deref())
        && is_as(contact.username.as_deref(), inbound.sender.username())
}
