//! Conversations and their messages in `/v3`. Who sees a conversation's ticket, the active one or the last, sees the conversation.

use axum::Json;
use axum::extract::{Path, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::context::Context;
use domain::conversation::Conversation;
use domain::ids::{ConnectionId, ConversationId, TicketId};
use domain::message::{Message, MessageRef};
use domain::organization::Settings;
use domain::page::Portion;
use domain::ticket::Ticket;
use http::Uri;
use runtime::Problem;
use runtime::desk::visible;
use runtime::dialects::References;
use runtime::dialects::v3::shapes::{ConversationShape, MessageShape, Page};
use runtime::dialects::v3::{Problems, Refused, query};
use runtime::identity::Caller;
use serde::Deserialize;
use storage::Storage;
use utoipa::IntoParams;

use super::cursor;
use crate::references::beside;

/// The answer to who asks for a conversation that is not there, or not for them.
pub(super) const NO_CONVERSATION: Problem = Problem::NotFound { entity: "Conversation" };
const NO_MESSAGE: Problem = Problem::NotFound { entity: "Message" };

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parts {
    /// Where the list goes on: the last answer's `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// How many at most, 1 to 100.
    pub(crate) limit: Option<String>,
}

/// A conversation: everything between one contact and one connection.
#[utoipa::path(get, operation_id = "read_conversation", path = "/v3/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, description = "The conversation", body = ConversationShape), Problems))]
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ConversationShape>, Refused> {
    let id = ConversationId::new(id).map_err(|_| NO_CONVERSATION)?;
    Ok(Json(ConversationShape::from(&seen(&storage, &caller, &id).await?)))
}

/// The messages of a conversation, newest first.
#[utoipa::path(get, operation_id = "list_conversation_messages", path = "/v3/conversations/{id}/messages", tag = "conversations", params(("id" = String, Path), Parts),
    responses((status = 200, description = "A part of the messages", body = Page<MessageShape>), Problems))]
pub(crate) async fn messages(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<MessageShape>>, Refused> {
    let parts: Parts = query(&uri)?;
    let id = ConversationId::new(id).map_err(|_| NO_CONVERSATION)?;
    let conversation = seen(&storage, &caller, &id).await?;
    page(&storage, &caller, (&id, Some(&conversation.connection)), &parts).await
}

/// The messages of a ticket's conversation, newest first.
#[utoipa::path(get, operation_id = "list_ticket_messages", path = "/v3/tickets/{id}/messages", tag = "tickets", params(("id" = String, Path), Parts),
    responses((status = 200, description = "A part of the messages", body = Page<MessageShape>), Problems))]
pub(crate) async fn of_ticket(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<MessageShape>>, Refused> {
    let parts: Parts = query(&uri)?;
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    match &ticket.conversation {
        Some(conversation) => page(&storage, &caller, (conversation, ticket.connection.as_ref()), &parts).await,
        None => Ok(Json(Page { data: Vec::new(), next_cursor: None })),
    }
}

/// A message.
#[utoipa::path(get, operation_id = "read_message", path = "/v3/messages/{id}", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, description = "The message", body = MessageShape), Problems))]
pub(crate) async fn message(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MessageShape>, Refused> {
    let message = message_of(&storage, &caller, &id).await?;
    Ok(Json(shown(&storage, &caller, &message).await?))
}

/// A message as it is answered.
pub(super) async fn shown(storage: &Storage, caller: &Caller, message: &Message) -> Result<MessageShape, Problem> {
    let shown = std::slice::from_ref(message);
    let settings = naming(storage, caller, shown).await?;
    let found = match Context::of(message) {
        Some(context) if context.referred().next().is_some() => {
            let id = &message.reference.conversation;
            let conversation = storage.conversation(&caller.org, id).await?;
            let connection = conversation.as_ref().map(|conversation| &conversation.connection);
            beside(storage, &caller.org, connection, std::slice::from_ref(id), shown).await?
        }
        _ => Vec::new(),
    };
    Ok(MessageShape::naming(message, &settings, &References::among(shown, &found)))
}

/// A message that the caller may see. Errors: `NotFound` for any other.
pub(super) async fn message_of(storage: &Storage, caller: &Caller, id: &str) -> Result<Message, Problem> {
    let reference: MessageRef = id.parse().map_err(|_| NO_MESSAGE)?;
    match seen(storage, caller, &reference.conversation).await {
        Err(Problem::NotFound { .. }) => return Err(NO_MESSAGE),
        seen => seen?,
    };
    storage.message(&caller.org, &reference).await?.ok_or(NO_MESSAGE)
}

async fn page(
    storage: &Storage,
    caller: &Caller,
    (conversation, connection): (&ConversationId, Option<&ConnectionId>),
    parts: &Parts,
) -> Result<Json<Page<MessageShape>>, Refused> {
    let limit = cursor::limit(parts.limit.as_deref())?;
    let before = cursor::place::<MessageRef>(parts.cursor.as_deref(), conversation.as_str())?;
    let count = u32::try_from(limit).unwrap_or(u32::MAX);
    let Portion { items: messages, has_more } =
        storage.messages_part(&caller.org, conversation, before.as_ref(), count).await?;
    let next = messages.last().filter(|_| has_more);
    let next_cursor = next.map(|last| cursor::write(&last.reference.to_string(), conversation.as_str()));
    let settings = naming(storage, caller, &messages).await?;
    let thread = std::slice::from_ref(conversation);
    let found = beside(storage, &caller.org, connection, thread, &messages).await?;
    let references = References::among(&messages, &found);
    let data = messages.iter().map(|said| MessageShape::naming(said, &settings, &references)).collect();
    Ok(Json(Page { data, next_cursor }))
}

/// What is needed to find the tickets that messages name: nothing where none holds a digit.
async fn naming(storage: &Storage, caller: &Caller, messages: &[Message]) -> Result<Settings, Problem> {
    let may_name =
        |said: &Message| said.content.text.as_ref().is_some_and(|text| text.bytes().any(|b| b.is_ascii_digit()));
    if !messages.iter().any(may_name) {
        return Ok(Settings::default());
    }
    Ok(storage.organization(&caller.org).await?.map(|found| found.settings).unwrap_or_default())
}

/// A conversation that the caller may see. Errors: `NotFound` for any other.
async fn seen(storage: &Storage, caller: &Caller, id: &ConversationId) -> Result<Conversation, Problem> {
    let conversation = storage.conversation_begun(&caller.org, id).await?.ok_or(NO_CONVERSATION)?;
    let agent = caller.agent(storage).await?;
    if agent.role >= Role::Supervisor {
        return Ok(conversation);
    }
    match ticket_of(storage, caller, &conversation).await? {
        Some(ticket) if access::may_see(&agent, &ticket) => Ok(conversation),
        _ => Err(NO_CONVERSATION),
    }
}

/// The agent who asks, and the ticket of a conversation that the agent may see. Errors: `NotFound`.
pub(super) async fn held(
    storage: &Storage,
    caller: &Caller,
    id: &ConversationId,
) -> Result<(Agent, Option<Ticket>), Problem> {
    let conversation = storage.conversation_begun(&caller.org, id).await?.ok_or(NO_CONVERSATION)?;
    let agent = caller.agent(storage).await?;
    let ticket = ticket_of(storage, caller, &conversation).await?;
    let sees = ticket.as_ref().map_or(agent.role >= Role::Supervisor, |ticket| access::may_see(&agent, ticket));
    if sees { Ok((agent, ticket)) } else { Err(NO_CONVERSATION) }
}

/// The active ticket of a conversation, or the last one.
async fn ticket_of(storage: &Storage, caller: &Caller, conversation: &Conversation) -> Result<Option<Ticket>, Problem> {
    let present = TicketId::of(&conversation.id, conversation.generation);
    for ticket in [conversation.slot.clone(), Some(present), conversation.previous.clone()].into_iter().flatten() {
        if let Some(ticket) = storage.ticket(&caller.org, &ticket).await? {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}
