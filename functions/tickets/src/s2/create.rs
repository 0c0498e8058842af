//! `POST /tickets`: the conversation of a contact on a connection gets a ticket, which takes its slot (docs/requirements.md, after the
//! table of statuses; C10, C12).

use axum::extract::State;
use axum::response::Response;
use domain::access;
use domain::agent::{Agent, Role};
use domain::connection::Connection;
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{AgentId, ConnectionId, ContactId, ConversationId, QueueId, TicketId};
use domain::ticket::{Priority, Ticket, TicketState};
use runtime::body::word;
use runtime::desk::{before, refused};
use runtime::dialects::{Refused, spoken, told};
use runtime::requested::{Requested, done, respond};
use runtime::{Problem, clock};
use storage::{ChangeError, Storage};

use crate::making::{blank, contact, open};

/// How often the slot is looked at again after somebody else changed it.
const TRIES: u32 = 4;

/// Makes the ticket. The body is `{contactId, status?, userId?, queueId?, whatsappId?}`.
///
/// Errors: `ERR_OTHER_OPEN_TICKET` while the contact has an active ticket on this connection; one that is resolved is closed.
pub(super) async fn create(State(storage): State<Storage>, request: Requested) -> Result<Response, Refused> {
    let agent = request.caller.agent(&storage).await?;
    let answer = told(200);
    if let Some(answer) = before(&storage, &request.caller, request.once.as_ref()).await? {
        return Ok(respond(answer, true));
    }
    let wanted = wanted(&storage, &request, &agent).await?;
    for _ in 0..TRIES {
        let Some(waiting) = place(&storage, &request, &agent, &wanted).await? else { continue };
        let mut ways = vec![(waiting.clone(), Vec::new())];
        if let Some(holder) = &wanted.holder {
            let given = waiting.assigned_to(holder, &agent.id, None, TicketState::Assigned, waiting.created_at);
            let given = given.map_err(|refusal| refused(&refusal, &waiting))?;
            ways.insert(0, (given.after, given.rows));
        }
        return Ok(done(open(&storage, &request.caller, &ways, request.once.as_ref(), answer).await?, answer));
    }
    Err(ChangeError::Stale.into())
}

/// A request that was found sound.
struct Wanted {
    contact: Contact,
    connection: Connection,
    queue: QueueId,
    holder: Option<AgentId>,
}

/// Errors name the field; a field is looked at only once those before it were found sound.
async fn wanted(storage: &Storage, request: &Requested, agent: &Agent) -> Result<Wanted, Problem> {
    let (caller, body) = (&request.caller, &request.body);
    let invalid = |field, reason: &str| Problem::InvalidInput { field, reason: reason.to_owned() };
    let named = word(body, &["contactId", "contact_id", "customerId"]);
    let named = named.ok_or_else(|| invalid("contactId", "contactId is required"))?;
    let no_contact = Problem::NotFound { entity: "Customer" };
    let contact = match ContactId::new(named) {
        Ok(id) => contact(storage, caller, &id).await?.ok_or(no_contact)?,
        Err(_) => return Err(no_contact),
    };
    let holder = holder(storage, request, agent).await?;
    let connection = match word(body, &["whatsappId", "connectionId", "phoneId"]) {
        Some(id) => match ConnectionId::new(id) {
            Ok(id) => storage.connection(&caller.org, &id).await?,
            Err(_) => None,
        }
        .ok_or(Problem::NotFound { entity: "Connection" })?,
        None => usual(storage, request, &contact).await?,
    };
    let queue = match word(body, &["queueId", "queue_id"]) {
        Some(id) => {
            let no_queue = || invalid("queueId", "there is no such queue");
            let id = QueueId::new(id).map_err(|_| no_queue())?;
            storage.queue(&caller.org, &id).await?.ok_or_else(no_queue)?.id
        }
        None => connection.queue.clone(),
    };
    Ok(Wanted { contact, connection, queue, holder })
}

/// Whose it is: nobody's where it is to be pending, else that of `userId`, who is the caller unless said otherwise.
async fn holder(storage: &Storage, request: &Requested, agent: &Agent) -> Result<Option<AgentId>, Problem> {
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let user = word(&request.body, &["userId", "user_id", "agentId"]);
    let status = word(&request.body, &["status"]).unwrap_or_else(|| "pending".to_owned());
    match spoken().written(&status) {
        Some(TicketState::Open) => return Ok(None),
        Some(TicketState::Assigned) => {}
        _ => return Err(invalid("status", "status must be open or pending: a ticket is not made closed".to_owned())),
    }
    let Some(user) = user else { return Ok(Some(agent.id.clone())) };
    let nobody = || invalid("userId", "Agent not found or inactive".to_owned());
    let user = AgentId::new(user).map_err(|_| nobody())?;
    if user != agent.id {
        storage.agent(&request.caller.org, &user).await?.filter(|user| user.is_active).ok_or_else(nobody)?;
        let organization = storage.organization(&request.caller.org).await?;
        let agents_may = organization.is_some_and(|of| of.settings.agents_may_assign_others);
        if agent.role == Role::Agent && !agents_may {
            return Err(Problem::Forbidden { reason: access::Denied::OnlySupervisors.to_string() });
        }
    }
    Ok(Some(user))
}

/// The connection on which the contact wrote last, or the only one that there is.
async fn usual(storage: &Storage, request: &Requested, contact: &Contact) -> Result<Connection, Problem> {
    let org = &request.caller.org;
    let conversations = storage.contact_conversations(org, &contact.id).await?;
    let last = conversations.into_iter().max_by_key(|of| of.last_in_at.max(of.last_out_at));
    let connections = storage.connections(org).await?;
    let is_only = connections.len() == 1;
    let is_usual = |connection: &Connection| match &last {
        Some(last) => connection.id == last.connection,
        None => is_only,
    };
    let found = connections.into_iter().find(is_usual);
    found.ok_or_else(|| Problem::InvalidInput {
        field: "whatsappId",
        reason: "whatsappId is required: the contact has written on no connection yet".to_owned(),
    })
}

/// The ticket for the slot of the conversation that goes on. `None` when the slot was freed for it, or lost, and is to be looked at
/// again. Errors: `OtherTicketActive`.
async fn place(
    storage: &Storage,
    request: &Requested,
    agent: &Agent,
    wanted: &Wanted,
) -> Result<Option<Ticket>, Problem> {
    let (org, connection) = (&request.caller.org, &wanted.connection.id);
    // One person may have been several contacts, each with a conversation on the connection.
    let person = storage.person(org, &wanted.contact.id).await?;
    let ids: Vec<ContactId> = match &person {
        Some(person) => person.ids().cloned().collect(),
        None => vec![wanted.contact.id.clone()],
    };
    let mut goes_on: Option<Conversation> = None;
    for id in ids {
        let (found, ticket) = storage.known(org, &id, &ConversationId::of(connection, &id)).await?;
        match ticket {
            Some(ticket) if ticket.state.is_active() => {
                return Err(ChangeError::OtherTicketActive { ticket: Some(ticket.id) }.into());
            }
            // Who asks saw it as closed.
            Some(ticket) if ticket.state == TicketState::Resolved => {
                close(storage, agent, &ticket).await?;
                return Ok(None);
            }
            _ => {}
        }
        let found = found.unwrap_or_else(|| Conversation::new(connection.clone(), id.clone()));
        if goes_on.as_ref().is_none_or(|before| before.last_in_at < found.last_in_at) {
            goes_on = Some(found);
        }
    }
    let Some(conversation) = goes_on else { return Ok(None) };
    let now = clock::now();
    let title = wanted.contact.shown_name().filter(|name| !name.is_empty()).unwrap_or("WhatsApp");
    let title: String = title.chars().take(200).collect();
    let blank = blank(&wanted.contact, title, Priority::default(), wanted.queue.clone(), org, now);
    Ok(Some(Ticket {
        id: TicketId::of(&conversation.id, conversation.generation),
        generation: Some(conversation.generation),
        connection: Some(connection.clone()),
        contact: conversation.contact,
        conversation: Some(conversation.id),
        ..blank
    }))
}

/// A resolved ticket gives its slot to the one that is made. Somebody else may have been faster: the slot is looked at again.
async fn close(storage: &Storage, agent: &Agent, ticket: &Ticket) -> Result<(), Problem> {
    let closed = ticket.moved_to(TicketState::Closed, &agent.id, Some("followed by another ticket"), clock::now());
    match storage.change_ticket(&closed.map_err(|refusal| refused(&refusal, ticket))?).await {
        Ok(_) | Err(ChangeError::Stale) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
