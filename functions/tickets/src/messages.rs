//! `GET /api/tickets/{id}/messages`: the conversation of a ticket, oldest first.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use domain::ids::{ConversationId, OrganizationId};
use domain::message::{Message, MessageRef};
use domain::page::{Portion, Room, Weighs};
use domain::ticket::Ticket;
use http::Uri;
use runtime::Problem;
use runtime::dialects::{References, Refused, s4};
use runtime::identity::Caller;
use runtime::pages::{End, Listed, Next, again};
use storage::Storage;

use crate::lookup::{LONGEST_LIST, counted, visible};
use crate::references::beside;

/// The newest messages of the ticket's conversation; `before` is the id of the first message of the page that came before.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
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
    let part = newest(&storage, &caller.org, &conversations, before.as_ref(), limit).await?;
    let end = if part.items.len() < limit as usize { End::Bytes } else { End::Count };
    let next = part.items.last().filter(|_| part.has_more).map(|first| {
        let link = again(&uri, "before", &first.reference.to_string(), &[]);
        Next { link, end }
    });
    let found = beside(&storage, &caller.org, ticket.connection.as_ref(), &conversations, &part.items).await?;
    let references = References::among(&part.items, &found);
    Ok(Listed { body: part.items.iter().rev().map(|message| s4::message(message, &references)).collect(), next })
}

/// The newest messages of a thread, the newest first.
pub(crate) async fn newest(
    storage: &Storage,
    org: &OrganizationId,
    conversations: &[ConversationId],
    before: Option<&MessageRef>,
    limit: u32,
) -> Result<Portion<Message>, Problem> {
    let (mut messages, mut edge, mut has_more) = (Vec::new(), None, false);
    let place = |message: &Message| (message.order().0, message.order().1, message.reference.id.clone());
    for conversation in conversations {
        let part = storage.messages_part(org, conversation, before, limit).await?;
        if let Some(last) = part.items.last().filter(|_| part.has_more) {
            // What is older may come after something that was not read.
            edge = edge.max(Some(place(last)));
        }
        has_more |= part.has_more;
        messages.extend(part.items);
    }
    messages.retain(|message| edge.as_ref().is_none_or(|edge| place(message) >= *edge));
    messages.sort_by(|a, b| b.order().cmp(&a.order()));
    let part = Portion::cut(messages, Room::of(limit as usize), Message::weight);
    Ok(Portion { has_more: has_more || part.has_more, ..part })
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
