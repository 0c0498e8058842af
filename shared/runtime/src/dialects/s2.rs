//! Seeds S2 and S3: `/tickets` and `/messages` as the Whaticket family spells them: camelCase, three states, errors `{error: "ERR_…"}`.
//!
//! Source: <https://github.com/canove/whaticket-community>, `backend/src/controllers/{Ticket,Message}Controller.ts`,
//! `services/{Ticket,Message}Services`, `errors/AppError.ts`, `frontend/src/translate/languages/en.js` (`backendErrors`),
//! `frontend/src/errors/toastError.js`, which shows `message` before `error`: so no answer has a `message` beside its code.

use domain::context::{Referred, Side};
use domain::delivery::Delivery;
use domain::message::{Direction, Message};
use domain::ticket::{Ticket, TicketState};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::Statistics;

use super::s0::by_status;
use super::{Dialect, Part, References, TicketView};
use crate::Problem;

/// Its name in `X-Api-Dialect`.
pub const NAME: &str = "s2";
/// How many tickets a part of a list has.
pub const PAGE: u64 = 40;
/// How many messages a part of a conversation has.
pub const MESSAGES: u64 = 20;

/// The dialect.
#[derive(Debug)]
pub struct S2;

impl Dialect for S2 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has(&self, path: &str) -> bool {
        ["/tickets", "/messages"]
            .iter()
            .any(|mount| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    fn status(&self, ticket: &Ticket) -> &'static str {
        status(ticket.state, ticket.agent.is_some())
    }

    fn statuses(&self) -> &'static [&'static str] {
        &["open", "pending", "closed"]
    }

    fn written(&self, name: &str) -> Option<TicketState> {
        match name {
            "open" => Some(TicketState::Assigned),
            "pending" => Some(TicketState::Open),
            "closed" => Some(TicketState::Closed),
            _ => None,
        }
    }

    fn ticket(&self, view: &TicketView, _: Timestamp) -> Value {
        ticket(view, &Shown::default())
    }

    fn page(&self, part: &Part<'_>, now: Timestamp) -> Value {
        let tickets: Vec<Value> = part.views.iter().map(|view| self.ticket(view, now)).collect();
        page(&tickets, part.total, part.has_more)
    }

    fn statistics(&self, counts: &Statistics) -> Value {
        json!({
            "total": counts.total,
            "byStatus": by_status(counts, |state| status(state, false)),
            "byPriority": counts.by_priority,
        })
    }

    fn refusal(&self, problem: &Problem) -> (StatusCode, Value) {
        let (status, error) = told(problem);
        (status, json!({"error": error, "detail": problem.to_string()}))
    }
}

fn status(state: TicketState, is_assigned: bool) -> &'static str {
    match state {
        TicketState::Reopened if is_assigned => "open",
        TicketState::New | TicketState::Open | TicketState::Reopened => "pending",
        TicketState::Assigned | TicketState::InProgress | TicketState::PendingCustomer | TicketState::Escalated => {
            "open"
        }
        TicketState::Resolved | TicketState::Closed | TicketState::Cancelled => "closed",
    }
}

/// Whether this dialect shows a ticket as closed.
pub fn is_done(ticket: &Ticket) -> bool {
    S2.status(ticket) == "closed"
}

/// Whether this dialect shows a ticket as being served.
pub fn is_open(ticket: &Ticket) -> bool {
    S2.status(ticket) == "open"
}

/// What this dialect shows beside a ticket and no other does.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The name of its queue.
    pub queue_name: Option<String>,
    /// The words that were said last, on either side. The field is left out where they were not read.
    pub last_message: Option<String>,
}

/// How many tickets have a status. A reopened one counts as waiting, since nearly all do.
pub fn count(counts: &Statistics, name: &str) -> u64 {
    by_status(counts, |state| status(state, false)).get(name).copied().unwrap_or(0)
}

/// A part of a list. `count` is what is known of all parts together.
pub fn page(tickets: &[Value], count: u64, has_more: bool) -> Value {
    json!({"tickets": tickets, "count": count, "hasMore": has_more})
}

/// A ticket.
pub fn ticket(view: &TicketView, shown: &Shown) -> Value {
    let ticket = &view.ticket;
    let queue = json!({"id": ticket.queue, "name": shown.queue_name.as_deref().unwrap_or(ticket.queue.as_str()), "color": null});
    let user =
        ticket.agent.as_ref().map(|id| json!({"id": id, "name": view.agent_name.as_deref().unwrap_or(id.as_str())}));
    let whatsapp = ticket.connection.as_ref().map(|id| json!({"id": id, "name": id}));
    let mut body = json!({
        "id": ticket.number.number,
        "number": ticket.number.number,
        "uuid": ticket.id,
        "ticketId": ticket.number.year_form().to_string(),
        "displayNumber": view.display_number(),
        "status": status(ticket.state, ticket.agent.is_some()),
        "canonicalStatus": ticket.state,
        "priority": ticket.priority,
        "unreadMessages": view.unread(),
        "isGroup": ticket.is_group,
        "userId": ticket.agent,
        "contactId": ticket.contact,
        "whatsappId": ticket.connection,
        "queueId": ticket.queue,
        "companyId": ticket.org,
        "createdAt": ticket.created_at,
        "updatedAt": ticket.updated_at,
        "windowExpiresAt": view.window_expires_at(),
        "contact": contact(view),
        "queue": queue,
        "user": user,
        "whatsapp": whatsapp,
        "tags": ticket.details.tags,
    });
    if let Some(words) = &shown.last_message {
        body["lastMessage"] = words.as_str().into();
    }
    body
}

/// Its pages sort contacts by name, so there always is one.
fn contact(view: &TicketView) -> Value {
    let number = view.phone().unwrap_or_default();
    json!({
        "id": view.ticket.contact,
        "name": view.contact_name().filter(|name| !name.is_empty()).unwrap_or(number),
        "number": number,
        "email": "",
        "profilePicUrl": null,
        "isGroup": view.ticket.is_group,
        "extraInfo": [],
    })
}

/// A part of a ticket's conversation, oldest first.
pub fn messages(
    view: &TicketView,
    shown: &Shown,
    (messages, references): (&[Message], &References<'_>),
    count: u64,
    has_more: bool,
) -> Value {
    json!({
        "count": count,
        "messages": messages.iter().map(|said| message(said, view, references)).collect::<Vec<_>>(),
        "ticket": ticket(view, shown),
        "hasMore": has_more,
    })
}

/// A message of a ticket's conversation, with the one that it quotes.
pub fn message(message: &Message, view: &TicketView, references: &References<'_>) -> Value {
    let words = message.content.text.as_deref().unwrap_or_default();
    let mut body = bubble(&Bubble::of(message, words, view), view);
    match references.answered(message) {
        Some((_, Some(found))) => {
            // Twenty of them stand on a page.
            let words = domain::page::glimpse(found.content.text.as_deref().unwrap_or_default());
            body["quotedMsgId"] = found.reference.to_string().into();
            body["quotedMsg"] = bubble(&Bubble::of(found, words, view), view);
        }
        Some((referred, None)) => body["quotedMsg"] = repeated(&referred, view),
        None => {}
    }
    body
}

/// What is shown of a message.
struct Bubble<'a> {
    id: Option<String>,
    words: &'a str,
    ack: i8,
    read: bool,
    from_me: bool,
    kind: &'a str,
    at: Option<Timestamp>,
}

impl<'a> Bubble<'a> {
    fn of(message: &'a Message, words: &'a str, view: &TicketView) -> Self {
        let (from_me, ack, read) = match &message.direction {
            Direction::In => (false, 0, message.seq <= view.conversation.as_ref().map_or(0, |of| of.read_seq)),
            Direction::Out { delivery, .. } => (true, ack(*delivery), *delivery >= Delivery::Read),
        };
        let (id, at) = (Some(message.reference.to_string()), Some(message.reference.sent_at));
        Self { id, words, ack, read, from_me, kind: &message.content.kind, at }
    }
}

/// A message without the one that it quotes: the family's pages look no deeper.
fn bubble(shown: &Bubble<'_>, view: &TicketView) -> Value {
    json!({
        "id": shown.id,
        "body": shown.words,
        "ack": shown.ack,
        "read": shown.read,
        "fromMe": shown.from_me,
        "mediaUrl": null,
        "mediaType": media_type(shown.kind),
        "isDeleted": false,
        "quotedMsgId": null,
        "quotedMsg": null,
        "ticketId": view.ticket.number.number,
        "contactId": (!shown.from_me).then_some(&view.ticket.contact),
        "contact": (!shown.from_me).then(|| contact(view)),
        "createdAt": shown.at,
        "updatedAt": shown.at,
    })
}

/// A message that is not found here, as far as the provider repeats it; null where it does not.
fn repeated(referred: &Referred, view: &TicketView) -> Value {
    let Some(words) = &referred.text else { return Value::Null };
    let shown = Bubble {
        id: referred.id.as_ref().map(ToString::to_string),
        words,
        ack: 0,
        read: true,
        from_me: referred.side == Some(Side::Out),
        kind: referred.kind.as_deref().unwrap_or("text"),
        at: None,
    };
    bubble(&shown, view)
}

fn media_type(kind: &str) -> &str {
    if kind == "text" { "chat" } else { kind }
}

/// What a message says in one line: its words, or the beginning of many, or its kind where it has none.
pub fn words(message: &Message) -> String {
    let words = message.content.text.as_deref().map(|text| domain::page::glimpse(text).to_owned());
    words.unwrap_or_else(|| format!("[{}]", message.content.kind))
}

/// How far a message came: -1 failed, 0 waits, 1 sent, 2 delivered, 3 read, 4 played.
/// Source: <https://docs.wwebjs.dev/global.html#MessageAck>, which the family stores as `ack`.
fn ack(delivery: Delivery) -> i8 {
    match delivery {
        Delivery::Failed => -1,
        Delivery::Parked | Delivery::Queued | Delivery::Sending | Delivery::Unknown => 0,
        Delivery::Accepted | Delivery::Sent => 1,
        Delivery::Delivered => 2,
        Delivery::Read => 3,
        Delivery::Played => 4,
    }
}

/// The family's code for a problem, and the status that it gives it: 400 unless it says otherwise (`AppError`).
fn told(problem: &Problem) -> (StatusCode, String) {
    let status = problem.status();
    let (status, error) = match problem {
        Problem::Unauthenticated => (status, "ERR_SESSION_EXPIRED"),
        Problem::Forbidden { .. } => (status, "ERR_NO_PERMISSION"),
        Problem::NotFound { entity } => (
            status,
            match *entity {
                "Customer" => "ERR_NO_CONTACT_FOUND",
                "Agent" => "ERR_NO_USER_FOUND",
                "Connection" => "ERR_NO_WAPP_FOUND",
                _ => "ERR_NO_TICKET_FOUND",
            },
        ),
        Problem::InvalidInput { field: "searchParam", .. } => (status, "ERR_SEARCH_NOT_SUPPORTED"),
        Problem::InvalidInput { field: "userId", .. } => (status, "ERR_NO_USER_FOUND"),
        Problem::InvalidInput { field: "queueId", .. } => (status, "ERR_NO_QUEUE_FOUND"),
        Problem::InvalidInput { field: "whatsappId", .. } => (status, "ERR_NO_DEF_WAPP_FOUND"),
        Problem::InvalidInput { .. } => (status, "ERR_INVALID_INPUT"),
        Problem::Conflict { code, .. } => match *code {
            "other_ticket_active" => (StatusCode::BAD_REQUEST, "ERR_OTHER_OPEN_TICKET"),
            "at_capacity" => (status, "ERR_USER_TICKET_LIMIT"),
            "cannot_send" | "connection_stopped" | "no_conversation" => (status, "ERR_SENDING_WAPP_MSG"),
            other => return (status, format!("ERR_{}", other.to_ascii_uppercase())),
        },
        Problem::WindowClosed { .. } => (status, "ERR_WINDOW_CLOSED"),
        Problem::VersionMismatch { .. } => (status, "ERR_VERSION_MISMATCH"),
        Problem::KeyReused => (status, "ERR_IDEMPOTENCY_KEY_REUSED"),
        Problem::RateLimited { .. } => (status, "ERR_TOO_MANY_TICKETS"),
        Problem::Unavailable { .. } => (status, "ERR_UNAVAILABLE"),
        Problem::Internal { .. } => (status, "ERR_INTERNAL_SERVER_ERROR"),
    };
    (status, error.to_owned())
}
