//! `GET` and `POST /messages/{ticket}`: the conversation of a ticket, twenty messages a part, and answers in it.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::access;
use domain::ids::ConversationId;
use domain::message::Message;
use runtime::desk::{view, visible};
use runtime::dialects::{References, Refused, s2};
use runtime::identity::Caller;
use runtime::requested::{Requested, respond};
use runtime::uploads::Uploads;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::Storage;

use crate::answers::{Answering, store};
use crate::lookup::counted;
use crate::messages::{newest, thread};
use crate::references;

/// The last part that is given: what is further back is read by cursor, over `/v3`.
const LAST_PAGE: u64 = 25;

/// The newest messages, oldest first. What the contact wrote is read once the agent who answers it sees it, as in this family.
pub(super) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let page = counted(&query, "pageNumber", 1, u64::MAX)?;
    if page > LAST_PAGE {
        let reason = format!("pageNumber must be at most {LAST_PAGE}: /v3/tickets/{{id}}/messages goes further back");
        return Err(Problem::InvalidInput { field: "pageNumber", reason }.into());
    }
    let reads = page == 1 && access::may_answer(&agent, &ticket).is_ok();
    let conversations = thread(&storage, &ticket).await?;
    let mut picture = view(&storage, ticket).await?;
    let Walked { mut said, last_message, known, has_more } = walk(&storage, &caller, &conversations, page).await?;
    said.reverse();
    if let Some(conversation) = picture.conversation.as_mut().filter(|of| reads && of.unread() > 0) {
        storage.mark_read(&caller.org, &conversation.id, false, clock::now()).await?;
        conversation.read_seq = conversation.in_seq;
    }
    let queue_name = storage.queue(&caller.org, &picture.ticket.queue).await?.map(|queue| queue.name);
    let connection = picture.ticket.connection.as_ref();
    let found = references::beside(&storage, &caller.org, connection, &conversations, &said).await?;
    let beside = s2::Shown { queue_name, last_message: Some(last_message) };
    let said = (&said[..], &References::among(&said, &found));
    Ok(Json(s2::messages(&picture, &beside, said, known, has_more)))
}

/// A part of a conversation, the newest first.
struct Walked {
    said: Vec<Message>,
    last_message: String,
    /// How many messages there are, as far as they were looked at.
    known: u64,
    has_more: bool,
}

/// Goes back part by part: where one ends the next begins, so that one that was cut by its bytes leaves nothing out.
async fn walk(
    storage: &Storage,
    caller: &Caller,
    conversations: &[ConversationId],
    page: u64,
) -> Result<Walked, Problem> {
    let most = u32::try_from(s2::MESSAGES).unwrap_or(u32::MAX);
    let mut part = newest(storage, &caller.org, conversations, None, most).await?;
    let last_message = part.items.first().map_or_else(String::new, s2::words);
    let mut known = part.items.len() as u64;
    for _ in 1..page {
        let Some(last) = part.items.last().filter(|_| part.has_more) else {
            return Ok(Walked { said: Vec::new(), last_message, known, has_more: false });
        };
        let before = last.reference.clone();
        part = newest(storage, &caller.org, conversations, Some(&before), most).await?;
        known += part.items.len() as u64;
    }
    Ok(Walked { said: part.items, last_message, known: known + u64::from(part.has_more), has_more: part.has_more })
}

/// Answers the contact. The body is `{body, quotedMsg?}`, or what `docs/answers.md` has.
pub(super) async fn answer(
    State(storage): State<Storage>,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
    mut request: Requested,
) -> Result<Response, Refused> {
    let (ticket, _) = visible(&storage, &request.caller, &id).await?;
    let picture = view(&storage, ticket).await?;
    if let Some(quoted) = request.body.pointer("/quotedMsg/id").cloned()
        && request.body["reply_to"].is_null()
    {
        request.body["reply_to"] = quoted;
    }
    let told = |said: &Message, references: &References<'_>, _| {
        let body = s2::message(said, &picture, references).to_string();
        storage::Answer { status: 200, body, version: None }
    };
    let (answer, is_repeated) = store(&storage, &uploads, Answering::to(&id, &request), told).await?;
    Ok(respond(answer, is_repeated))
}
