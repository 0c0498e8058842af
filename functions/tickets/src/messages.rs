//! `GET /api/tickets/{id}/messages`: the conversation of a ticket, oldest first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::ids::{ConversationId, OrganizationId};
use domain::message::{Message, MessageRef};
use domain::ticket::Ticket;
use runtime::Problem;
use runtime::dialects::{References, Refused, s4};
use runtime::identity::Caller;
use serde_json::Value;
use storage::Storage;

use crate::lookup::{LONGEST_LIST, counted, visible};
use crate::references::beside;

/// The newest messages of the ticket's conversation; `before` is the id of the first message of the page that came before.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let limit = counted(&query, "limit", 50, LONGEST_LIST)?;
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    let conversations = thread(&storage, &ticket).await?;
    let before = match query.get("before") {
        Some(text) => {
            Some(text.parse::<MessageRef>().ok().filter(|before| conversations.contains(&before.conversation)).ok_or(
                Problem::InvalidInput {
                    field: "before",
                    reason: "before must be the id of a message of this ticket".to_owned(),
                },
            )?)
        }
        None => None,
    };
    let limit = u32::try_from(limit).unwrap_or(50);
    let messages = newest(&storage, &caller.org, &conversations, before.as_ref(), limit).await?;
    let found = beside(&storage, &caller.org, ticket.connection.as_ref(), &conversations, &messages).await?;
    let references = References::among(&messages, &found);
    Ok(Json(messages.iter().rev().map(|message| s4::message(message, &references)).collect()))
}

/// The newest messages of a thread, the newest first.
pub(crate) async fn newest(
    storage: &Storage,
    org: &OrganizationId,
    conversations: &[ConversationId],
    before: Option<&MessageRef>,
    limit: u32,
) -> Result<Vec<Message>, Problem> {
    let mut messages = Vec::new();
    for conversation in conversations {
        messages.extend(storage.messages(org, conversation, before, limit).await?);
    }
    messages.sort_by(|a, b| b.order().cmp(&a.order()));
    messages.truncate(limit as usize);
    Ok(messages)
}

/// The conversations that hold what was said with the ticket's contact on its connection: one, or several where the contact turned
/// out to be one with others.
pub(crate) async fn thread(storage: &Storage, ticket: &Ticket) -> Result<Vec<ConversationId>, Problem> {
    let Some(own) = ticket.conversation.clone() else { return Ok(Vec::new()) };
    let mut thread = vec![own];
    if let (Some(connection), Some(person)) = (&ticket.connection, storage.person(&ticket.org, &ticket.contact).await?)
    {
        let all = person.ids().map(|id| ConversationId::of(connection, id));
        thread.extend(all.filter(|id| Some(id) != ticket.conversation.as_ref()));
    }
    Ok(thread)
}
