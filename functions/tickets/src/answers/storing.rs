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
use runtime::desk::{before, is_at_version};
use runtime::dialects::References;
use runtime::identity::Caller;
use runtime::requested::Requested;
use runtime::uploads::Uploads;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{ChangeError, Once, Reply, Storage};

use super::request::{self, Asked, Wanted};
use super::{targets, templates};
use crate::lookup::visible;
use crate::uploaded;

/// How often an answer is decided again after somebody else changed the ticket or the conversation.
const TRIES: u32 = 4;

/// A request to answer the contact.
pub(crate) struct Answering<'a> {
    /// Who answers.
    pub(crate) caller: &'a Caller,
    /// The ticket, by any of its names.
    pub(crate) ticket: &'a str,
    /// What to send: docs/answers.md.
    pub(crate) body: &'a Value,
    /// The request, if its caller gave it a key.
    pub(crate) once: Option<&'a Once>,
    /// The version that the ticket must have, if the caller said.
    pub(crate) at_version: Option<u64>,
}

impl<'a> Answering<'a> {
    /// What a request to a ticket asks for.
    pub(crate) fn to(ticket: &'a str, request: &'a Requested) -> Self {
        let Requested { caller, body, once, at_version } = request;
        Self { caller, ticket, body, once: once.as_ref(), at_version: *at_version }
    }
}

/// Stores the answer that is asked for: queued, or parked. `told` makes what the caller is told of the message and of the
/// ticket's version after it; a repetition is told the same, and `true` beside it.
///
/// Errors: `NotFound`, before anything about the body is told; `InvalidInput`; `Forbidden`; `Conflict`; `WindowClosed`;
/// `VersionMismatch`; `KeyReused`.
pub(crate) async fn store(
    storage: &Storage,
    uploads: &Uploads,
    answering: Answering<'_>,
    told: impl Fn(&Message, &References<'_>, u64) -> storage::Answer,
) -> Result<(storage::Answer, bool), Problem> {
    let caller = answering.caller;
    let mut file = None;
    for _ in 0..TRIES {
        let (ticket, agent) = visible(storage, caller, answering.ticket).await?;
        if let Some(answer) = before(storage, caller, answering.once).await? {
            return Ok((answer, true));
        }
        is_at_version(&ticket, answering.at_version)?;
        let asked = request::read(answering.body)?;
        access::may_answer(&agent, &ticket).map_err(|denied| match denied {
            Denied::NotYours | Denied::OnlySupervisors => Problem::Forbidden { reason: denied.to_string() },
            Denied::NotClaimed => Problem::Conflict { code: "not_claimed", reason: denied.to_string(), holder: None },
        })?;
        let connection = sending(storage, caller, &ticket, &asked).await?;
        let now = clock::now();
        sends_now(storage, &connection, now).await?;
        let change = ticket.answered_by(&agent.id, now).map_err(|refusal| Problem::Conflict {
            code: "not_active",
            reason: refusal.to_string(),
            holder: None,
        })?;
        let conversation_id = ticket.conversation.clone().ok_or_else(no_conversation)?;
        let (about, named) = targets::find(storage, caller, &conversation_id, &asked).await?.unzip();
        let answer = templates::resolve(storage, &connection, asked, about).await?;
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
        // The last that can refuse it, and once: whatever is decided again, it is the same file.
        if file.is_none() {
            file = uploaded::of_answer(uploads, &connection, &answer).await?;
        }
        let answer = match &file {
            Some(file) => uploaded::named(answer, file),
            None => answer,
        };
        let (mut message, template) = messages(&ticket, &conversation_id, &agent.id, &answer, turn, now);
        message.content.media = file.clone();
        let last_in_at = conversation.and_then(|conversation| conversation.last_in_at);
        let version = change.as_ref().map_or(ticket.version, |change| change.after.version);
        let answer = told(&message, &References::among(&[], named.as_slice()), version);
        let reply = Reply { message, ticket, change, turn, last_in_at, template };
        let once = answering.once.map(|once| (once, answer.clone()));
        match storage.store_reply(&caller.org, &reply, once).await {
            Ok(_) => return Ok((answer, false)),
            Err(ChangeError::Stale | ChangeError::Repeated) => {}
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

/// Errors: `Conflict` while the connection is stopped and it is not time to try it. An agent who reads this now need not find
/// out later.
async fn sends_now(storage: &Storage, connection: &Connection, now: Timestamp) -> Result<(), Problem> {
    let line = storage.line(&connection.org, &connection.id).await?;
    let Some(stop) = line.stop.filter(|stop| now < stop.retry_at) else { return Ok(()) };
    let (id, code, details) = (&connection.id, stop.code, stop.details.unwrap_or_default());
    Err(Problem::Conflict {
        code: "connection_stopped",
        reason: format!(
            "connection {id} is stopped since {}: its provider refuses with code {code}. {details}",
            stop.since
        ),
        holder: None,
    })
}

/// The ticket's connection, if it can send. Errors: `Conflict` that says why it cannot.
async fn sending(storage: &Storage, caller: &Caller, ticket: &Ticket, asked: &Asked) -> Result<Connection, Problem> {
    let id = ticket.connection.as_ref().ok_or_else(no_conversation)?;
    let cannot = |reason: String| Problem::Conflict { code: "cannot_send", reason, holder: None };
    let connection = storage.connection(&caller.org, id).await?;
    let connection = connection.ok_or_else(|| cannot(format!("connection {id} was removed")))?;
    let is_meta = matches!(connection.provider, Provider::CloudApi { .. });
    match &asked.wanted {
        Wanted::Template(_) if !is_meta => {
            Err(cannot(format!("connection {id} is a gateway, which knows no templates: send a text")))
        }
        Wanted::Ready(AnswerBody::Interactive(_)) if !is_meta => {
            Err(cannot(format!("connection {id} is a gateway, which shows no buttons or lists: send a text")))
        }
        _ => Ok(connection),
    }
}
