//! The messages to which those of a page refer.

use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::message::Message;
use runtime::Problem;
use storage::{Shown, Storage};

/// Those that are not on the page, as far as they are found. Nothing is read where nothing refers to any.
pub(crate) async fn beside(
    storage: &Storage,
    org: &OrganizationId,
    connection: Option<&ConnectionId>,
    conversations: &[ConversationId],
    shown: &[Message],
) -> Result<Vec<Message>, Problem> {
    Ok(storage.referred(org, Shown { connection, conversations }, shown).await?)
}
