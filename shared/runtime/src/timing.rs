//! What settings say of the times of a change: when a resolved ticket closes, and how long its contact is waited for.

use domain::ids::OrganizationId;
use domain::ticket::{TicketChange, TicketState};
use storage::Storage;

use crate::Problem;

/// The change; where it resolves the ticket, the ticket closes as its queue says, and where the ticket begins to wait for its contact, it
/// waits as its organization says. Reads nothing for any other change.
pub async fn by_settings(storage: &Storage, change: TicketChange) -> Result<TicketChange, Problem> {
    let after = &change.after;
    if after.state == TicketState::Resolved && change.before.state != TicketState::Resolved {
        let policy = storage.queue(&after.org, &after.queue).await?.map(|queue| queue.closing).unwrap_or_default();
        return Ok(change.closing_by(policy));
    }
    if change.begins_to_wait() {
        // Apart from the commands that have nothing to do with it, whose futures stay small.
        return Box::pin(waiting(storage, change)).await;
    }
    Ok(change)
}

async fn waiting(storage: &Storage, change: TicketChange) -> Result<TicketChange, Problem> {
    let org: &OrganizationId = &change.after.org;
    let organization = storage.organization(org).await?;
    let policy = organization.map(|organization| organization.settings.waiting).unwrap_or_default();
    if !policy.is_set() {
        return Ok(change);
    }
    let conversation = match &change.after.conversation {
        Some(id) => storage.conversation(org, id).await?,
        None => None,
    };
    Ok(change.waiting_by(policy, conversation.and_then(|conversation| conversation.last_in_at)))
}
