//! The way of an answer into the table, whatever the dialect that asks for it.

use domain::access::{self, Denied};
use domain::answer::{Answer, AnswerBody};
use domain::connection::{Connection, Provider};
use domain::conversation::Conversation;
use domain::delivery::Delivery;
use domain::ids::{AgentId, OutboundId};
use domain::message::{Direction, Message, MessageRef};
use domain::template::TemplateCall;
use domain::ticket::Ticket;
use domain::window::{self, Refusal, Turn};
use jiff::{SignedDuration, Timestamp};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{ChangeError, Reply, Storage};

use super::{request, templates};
use crate::lookup::visible;

/// How often an answer is decided again after somebody else changed the ticket or the conversation.
const TRIES: u32 = 4;

/// Stores the answer that `body` asks for, and gives it back as it is stored: queued, or parked. Errors: `NotFound`, before
/// anything about the body is told; `InvalidInput`; `Forbidden`; `Conflict`; `WindowClosed`.
pub(crate) async fn store(storage: &Storage, caller: &Caller, id: &str, body: &Value) -> Result<Message, Problem> {
    for _ in 0..TRIES {
        let (ticket, agent) = visible(storage, caller, id).await?;
        let asked = request::read(body)?;
        access::may_answer(&agent, &ticket).map_err(|denied| match denied {
            Denied::NotYours => Problem::Forbidden { reason: denied.to_string() },
            Denied::NotClaimed => Problem::Conflict { code: "not_claimed", reason: denied.to_string(), holder: None },
        })?;
        let connection = sending(storage, caller, &ticket).await?;
        let now = clock::now();
        let change = ticket.answered_by(&agent.id, now).map_err(|refusal| Problem::Conflict {
            code: "not_active",
            reason: refusal.to_string(),
            holder: None,
        })?;
        let conversation_id = ticket.conversation.clone().ok_or_else(no_conversation)?;
        let answer = templates::resolve(storage, &connection, asked).await?;
        let conversation = storage.conversation(&caller.org, &conversation_id).await?;
        let turn = match decide(conversation.as_ref(), &connection, &ticket, &answer, now) {
            Ok(turn) => turn,
            Err(Refusal::Closed { at }) => {
                let templates = templates::usable(storage, &connection).await?;
                return Err(Problem::WindowClosed { at, templates });
            }
            Err(refusal @ Refusal::Full) => {
                return Err(Problem::Conflict { code: "too_many_parked", reason: refusal.to_string(), holder: None });
            }
        };
        let (message, template) = messages(&ticket, &conversation_id, &agent.id, &answer, turn, now);
        let last_in_at = conversation.and_then(|conversation| conversation.last_in_at);
        let reply = Reply { message: message.clone(), ticket, change, turn, last_in_at, template };
        match storage.store_reply(&caller.org, &reply).await {
            Ok(_) => return Ok(message),
            Err(ChangeError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

fn decide(
    conversation: Option<&Conversation>,
    connection: &Connection,
    ticket: &Ticket,
    answer: &Answer,
    now: Timestamp,
) -> Result<Turn, Refusal> {
    window::turn(conversation, ticket, window::has_window(connection, ticket), answer, now)
}

/// The answer as a message and, where it is parked and nothing has asked the contact to write, the template that does.
fn messages(
    ticket: &Ticket,
    conversation: &domain::ids::ConversationId,
    agent: &AgentId,
    answer: &Answer,
    turn: Turn,
    now: Timestamp,
) -> (Message, Option<Message>) {
    let message = |answer: &Answer, at: Timestamp, delivery: Delivery| Message {
        reference: MessageRef::outbound(conversation.clone(), at, &OutboundId::generate(at, runtime::ids::random())),
        ticket: Some(ticket.id.clone()),
        direction: Direction::Out { agent: Some(agent.clone()), delivery, error: None },
        content: answer.content(),
        provider_id: None,
        seq: 0,
    };
    let asking = |call: &TemplateCall| message(&AnswerBody::Template(call.clone()).into(), now, Delivery::Queued);
    match turn {
        Turn::Anyway | Turn::Next => (message(answer, now, Delivery::Queued), None),
        Turn::Behind | Turn::Parked { asks: false } => (message(answer, now, Delivery::Parked), None),
        Turn::Parked { asks: true } => {
            // The contact reads the template first, and so does who looks at the conversation.
            let after = now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now);
            (message(answer, after, Delivery::Parked), answer.on_window_closed.as_ref().map(asking))
        }
    }
}

fn no_conversation() -> Problem {
    Problem::Conflict {
        code: "no_conversation",
        reason: "the ticket belongs to no conversation, so there is nowhere to answer".to_owned(),
        holder: None,
    }
}

/// The ticket's connection, if it can send. Errors: `Conflict` that says why it cannot.
async fn sending(storage: &Storage, caller: &Caller, ticket: &Ticket) -> Result<Connection, Problem> {
    let id = ticket.connection.as_ref().ok_or_else(no_conversation)?;
    let cannot = |reason: String| Problem::Conflict { code: "cannot_send", reason, holder: None };
    let connection = storage.connection(&caller.org, id).await?;
    let connection = connection.ok_or_else(|| cannot(format!("connection {id} was removed")))?;
    match connection.provider {
        Provider::CloudApi { .. } => Ok(connection),
        Provider::Baileys { .. } => {
            Err(cannot(format!("connection {id} receives only: answers over a Baileys gateway are not supported yet")))
        }
    }
}
