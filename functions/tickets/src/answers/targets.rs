//! The message that an answer quotes, or that a reaction is on.

use domain::answer::Target;
use domain::ids::ConversationId;
use domain::message::{Direction, Message};
use runtime::Problem;
use runtime::identity::Caller;
use storage::Storage;

use super::request::{Asked, Wanted};

/// The message, and what the provider calls it. Errors: `InvalidInput` when it is none of this conversation, or the provider does not
/// know it yet.
pub(super) async fn find(
    storage: &Storage,
    caller: &Caller,
    conversation: &ConversationId,
    asked: &Asked,
) -> Result<Option<(Target, Message)>, Problem> {
    let Some(reference) = &asked.about else { return Ok(None) };
    let field = if matches!(asked.wanted, Wanted::Reaction { .. }) { "reaction.message_id" } else { "reply_to" };
    let invalid = |reason: String| Problem::InvalidInput { field, reason };
    let none = || invalid(format!("{field} must be the id of a message of this conversation"));
    if reference.conversation != *conversation {
        return Err(none());
    }
    let message = storage.message(&caller.org, reference).await?.ok_or_else(none)?;
    let id = message.provider_id.clone().ok_or_else(|| invalid(format!("{field}: the message is not sent yet")))?;
    let target = Target { id, is_ours: matches!(message.direction, Direction::Out { .. }) };
    Ok(Some((target, message)))
}
