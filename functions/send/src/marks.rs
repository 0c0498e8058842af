//! Shows a contact that its messages are read, or that somebody types. Nobody waits for it: what fails is not tried again.

use domain::ids::{ConversationId, OrganizationId};
use domain::message::{Direction, Message};
use jiff::{SignedDuration, Timestamp};
use runtime::{Problem, clock};

use crate::Send;

/// How long typing is shown, and so how late it may come.
const TYPING: SignedDuration = SignedDuration::from_secs(25);
/// How late it may be shown that something was read.
const READ: SignedDuration = SignedDuration::from_mins(10);
/// Among how many of the newest messages the contact's last one is looked for.
const LOOKED_AT: u32 = 30;

impl Send {
    pub(crate) async fn mark(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        is_typing: bool,
        at: Timestamp,
    ) -> Result<(), Problem> {
        let allowed = if is_typing { TYPING } else { READ };
        if clock::now().duration_since(at) > allowed {
            return Ok(());
        }
        let newest = self.storage.messages(org, conversation, None, LOOKED_AT).await?;
        let Some(last) = newest.iter().find(|message| message.direction == Direction::In) else { return Ok(()) };
        self.show(org, last, is_typing).await
    }

    async fn show(&self, org: &OrganizationId, last: &Message, is_typing: bool) -> Result<(), Problem> {
        let Some((connection, to)) = self.destination(org, last).await? else { return Ok(()) };
        let Some(id) = &last.provider_id else { return Ok(()) };
        let Some(line) = self.line(&connection).await? else { return Ok(()) };
        let shown = line.mark(&self.graph, &to, id, is_typing).await;
        tracing::info!(org.id = %org, connection.id = %connection.id, is_typing, shown, "contact shown that it is read");
        Ok(())
    }
}
