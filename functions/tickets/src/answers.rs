//! `POST /api/tickets/{id}/messages`: an agent answers the contact.
//!
//! The answer is stored as its own outbox item in the transaction that stops the ticket's first-response clock; nothing is sent
//! from here.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::{self, Denied};
use domain::connection::Provider;
use domain::delivery::Delivery;
use domain::ids::OutboundId;
use domain::message::{Content, Direction, Message, MessageRef};
use domain::ticket::Ticket;
use http::StatusCode;
use runtime::body::JsonBody;
use runtime::dialects::s4;
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{ChangeError, Reply, Storage};

use crate::lookup::visible;

/// The longest text that WhatsApp takes, in characters. Source: whatsapp.md §2.
const LONGEST: usize = 4096;
/// How often an answer is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// Stores the answer. The body is `{"body": "…"}`; `text`, `message` and `content` are read as well.
pub(crate) async fn answer(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), s4::Refused> {
    // A ticket that is not there is told before anything about the body.
    for _ in 0..TRIES {
        let (ticket, agent) = visible(&storage, &caller, &id).await?;
        let text = text(&body)?;
        access::may_answer(&agent, &ticket).map_err(|denied| match denied {
            Denied::NotYours | Denied::OnlySupervisors => Problem::Forbidden { reason: denied.to_string() },
            Denied::NotClaimed => Problem::Conflict { code: "not_claimed", reason: denied.to_string(), holder: None },
        })?;
        can_send(&storage, &caller, &ticket).await?;
        let now = clock::now();
        let change = ticket.answered_by(&agent.id, now).map_err(|refusal| Problem::Conflict {
            code: "not_active",
            reason: refusal.to_string(),
            holder: None,
        })?;
        let conversation = ticket.conversation.clone().ok_or_else(no_conversation)?;
        let outbound = OutboundId::generate(now, runtime::ids::random());
        let message = Message {
            reference: MessageRef::outbound(conversation, now, &outbound),
            ticket: Some(ticket.id.clone()),
            direction: Direction::Out { agent: Some(agent.id), delivery: Delivery::Queued, error: None },
            content: Content::text(text),
            provider_id: None,
            seq: 0,
        };
        let shown = s4::message(&message);
        match storage.store_reply(&caller.org, &Reply { message, ticket, change }).await {
            Ok(_) => return Ok((StatusCode::CREATED, Json(shown))),
            Err(ChangeError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

/// The text of the answer. Errors: `InvalidInput` for none, or one longer than `WhatsApp` takes.
fn text(body: &Value) -> Result<&str, Problem> {
    let invalid = |reason: String| Problem::InvalidInput { field: "body", reason };
    let given = ["body", "text", "message", "content"].into_iter().find_map(|field| match body.get(field)? {
        Value::String(text) => Some(text.trim()),
        nested => nested.get("body")?.as_str().map(str::trim),
    });
    let text = given
        .filter(|text| !text.is_empty())
        .ok_or_else(|| invalid("body is required: the text to send".to_owned()))?;
    if text.chars().count() > LONGEST {
        return Err(invalid(format!("body must have at most {LONGEST} characters")));
    }
    Ok(text)
}

fn no_conversation() -> Problem {
    Problem::Conflict {
        code: "no_conversation",
        reason: "the ticket belongs to no conversation, so there is nowhere to answer".to_owned(),
        holder: None,
    }
}

/// Whether the ticket's connection can send. Errors: `Conflict` that says why it cannot.
async fn can_send(storage: &Storage, caller: &Caller, ticket: &Ticket) -> Result<(), Problem> {
    let id = ticket.connection.as_ref().ok_or_else(no_conversation)?;
    match storage.connection(&caller.org, id).await?.map(|connection| connection.provider) {
        Some(Provider::CloudApi { .. }) => Ok(()),
        Some(Provider::Baileys { .. } | Provider::Evolution { .. } | Provider::Waha { .. } | Provider::Gowa { .. }) => {
            Err(Problem::Conflict {
                code: "cannot_send",
                reason: format!("connection {id} receives only: answers over a Baileys gateway are not supported yet"),
                holder: None,
            })
        }
        None => {
            Err(Problem::Conflict { code: "cannot_send", reason: format!("connection {id} was removed"), holder: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_found_under_any_of_its_names() {
        for body in [
            json!({"body": " Olá "}),
            json!({"text": "Olá"}),
            json!({"message": "Olá"}),
            json!({"type": "text", "text": {"body": "Olá"}}),
        ] {
            assert_eq!(text(&body).unwrap(), "Olá", "{body}");
        }
        for body in
            [json!({}), json!(null), json!({"body": " "}), json!({"body": 5}), json!({"body": "x".repeat(4097)})]
        {
            assert!(matches!(text(&body), Err(Problem::InvalidInput { field: "body", .. })));
        }
    }
}
