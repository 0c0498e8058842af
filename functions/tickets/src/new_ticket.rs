//! `POST /api/v2/tickets`: an agent makes a ticket, and is its agent if it has room for one more (S1).

use axum::Json;
use axum::extract::State;
use domain::agent::Agent;
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{ContactId, ConversationId, QueueId, TicketId};
use domain::number::TicketNumber;
use domain::sla::Sla;
use domain::ticket::{Category, Priority, Source, Ticket, TicketState};
use http::StatusCode;
use runtime::body::JsonBody;
use runtime::dialects::s1;
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{ChangeError, Storage};

use crate::lookup::view;

/// A request that was found sound.
struct Wanted {
    contact: ContactId,
    conversation: Option<ConversationId>,
    title: String,
    description: String,
    category: Category,
    priority: Priority,
}

/// Makes the ticket.
pub(crate) async fn create(
    State(storage): State<Storage>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), s1::Refused> {
    let wanted = wanted(&body)?;
    let agent = caller.agent(&storage).await?;
    let no_customer = Problem::NotFound { entity: "Customer" };
    let contact = contact(&storage, &caller, &wanted.contact).await?.ok_or(no_customer)?;
    let conversation = match &wanted.conversation {
        Some(id) => Some(conversation(&storage, &caller, id, &contact.id).await?),
        None => None,
    };
    let queue = queue(&storage, &caller, &agent, conversation.as_ref()).await?;
    let organization = storage.organization(&caller.org).await?;
    let now = clock::now();
    let ticket = Ticket {
        id: TicketId::generate(now, runtime::ids::random()),
        org: caller.org.clone(),
        number: TicketNumber { number: 0, year: 0, year_seq: 0 },
        state: TicketState::Open,
        priority: wanted.priority,
        category: wanted.category,
        title: wanted.title,
        description: Some(wanted.description),
        source: Source::Agent,
        contact: contact.id,
        conversation: conversation.as_ref().map(|conversation| conversation.id.clone()),
        connection: conversation.map(|conversation| conversation.connection),
        queue,
        agent: Some(agent.id),
        is_group: contact.is_group,
        generation: None,
        previous: None,
        created_at: now,
        updated_at: now,
        assigned_at: Some(now),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        sla: Sla::starting(now, wanted.priority),
        version: 1,
    };
    let year = organization.map_or_else(|| now.to_zoned(jiff::tz::TimeZone::UTC).year(), |found| found.year(now));
    let opened = match storage.open_ticket(&ticket, year).await {
        // The work is there all the same: the ticket waits in the queue for somebody who has room.
        Err(ChangeError::AtCapacity { .. }) => {
            let waiting = Ticket { agent: None, assigned_at: None, ..ticket.clone() };
            storage.open_ticket(&waiting, year).await?
        }
        opened => opened?,
    };
    // The id is new, so no ticket can have been there before.
    let ticket = opened.unwrap_or(ticket);
    Ok((StatusCode::CREATED, Json(s1::one(s1::ticket(&view(&storage, ticket).await?, now)))))
}

/// Checks the body. Errors name the field, in S1's words where S1 has words.
fn wanted(body: &Value) -> Result<Wanted, Problem> {
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let (Some(contact), Some(title), Some(description)) = (text("customerId"), text("title"), text("description"))
    else {
        let field = ["customerId", "title", "description"].into_iter().find(|field| text(field).is_none());
        let reason = "Missing required fields: customerId, title, description".to_owned();
        return Err(invalid(field.unwrap_or("customerId"), reason));
    };
    for (field, text, least, most) in [("title", title, 5, 200), ("description", description, 10, 5000)] {
        if !(least..=most).contains(&text.chars().count()) {
            return Err(invalid(field, format!("{field} must have {least} to {most} characters")));
        }
    }
    let category = match text("category") {
        Some(name) => Category::parse(name).ok_or_else(|| {
            let names = Category::ALL.map(Category::as_str).join(", ");
            invalid("category", format!("category must be one of {names}"))
        })?,
        None => Category::default(),
    };
    let priority = match text("priority") {
        Some(name) => Priority::parse(name).ok_or_else(|| {
            let names = Priority::ALL.map(Priority::as_str).join(", ");
            invalid("priority", format!("priority must be one of {names}"))
        })?,
        None => Priority::default(),
    };
    let contact = ContactId::new(contact).map_err(|_| Problem::NotFound { entity: "Customer" })?;
    let conversation = text("conversationId").map(ConversationId::new).transpose();
    let conversation = conversation.map_err(|_| Problem::NotFound { entity: "Conversation" })?;
    Ok(Wanted {
        contact,
        conversation,
        title: title.to_owned(),
        description: description.to_owned(),
        category,
        priority,
    })
}

/// The contact by its id or, as other systems name customers, by its phone number.
async fn contact(storage: &Storage, caller: &Caller, named: &ContactId) -> Result<Option<Contact>, Problem> {
    if let Some(found) = storage.contact(&caller.org, named).await? {
        return Ok(Some(found));
    }
    let phone = Alias::new(AliasKind::Phone, named.as_str());
    match storage.contact_by_alias(&caller.org, &[phone]).await? {
        Some(known) => Ok(storage.contact(&caller.org, &known.id).await?),
        None => Ok(None),
    }
}

async fn conversation(
    storage: &Storage,
    caller: &Caller,
    id: &ConversationId,
    contact: &ContactId,
) -> Result<Conversation, Problem> {
    let found = storage.conversation(&caller.org, id).await?;
    let Some(found) = found else { return Err(Problem::NotFound { entity: "Conversation" }) };
    // The conversation may be of a contact that went into this one.
    let is_theirs = found.contact == *contact
        || storage.person(&caller.org, &found.contact).await?.is_some_and(|person| person.id == *contact);
    if is_theirs { Ok(found) } else { Err(Problem::NotFound { entity: "Conversation" }) }
}

/// The queue that the ticket belongs to: its conversation's, or the agent's first.
async fn queue(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    conversation: Option<&Conversation>,
) -> Result<QueueId, Problem> {
    if let Some(conversation) = conversation
        && let Some(connection) = storage.connection(&caller.org, &conversation.connection).await?
    {
        return Ok(connection.queue);
    }
    agent.queues.first().cloned().ok_or_else(|| Problem::Conflict {
        code: "no_queue",
        reason: format!("agent {} belongs to no queue, so the ticket has nowhere to wait", agent.id),
        holder: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bad_body_is_refused_with_its_field() {
        let check = |body: Value, field: &str, reason: &str| match wanted(&body) {
            Err(Problem::InvalidInput { field: named, reason: told }) => {
                assert_eq!((named, told.as_str()), (field, reason));
            }
            _ => panic!("{body} was accepted"),
        };
        let missing = "Missing required fields: customerId, title, description";
        check(json!({}), "customerId", missing);
        check(json!({"customerId": "ctc_1", "title": "Pedido"}), "description", missing);
        check(json!({"customerId": "ctc_1", "title": 5, "description": "Não chegou ainda"}), "title", missing);
        let with = |field: &str, value: Value| {
            let mut body = json!({"customerId": "ctc_1", "title": "Pedido", "description": "Não chegou ainda"});
            body[field] = value;
            body
        };
        check(with("title", json!("Oi")), "title", "title must have 5 to 200 characters");
        check(with("description", json!("curta")), "description", "description must have 10 to 5000 characters");
        check(with("priority", json!("now")), "priority", "priority must be one of low, medium, high, urgent");
        assert!(wanted(&with("priority", json!("urgent"))).is_ok());
    }
}
