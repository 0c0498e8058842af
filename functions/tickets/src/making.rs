//! Making a ticket by hand, in whatever dialect it was asked for: for a contact, within its limits, the caller's own or waiting.

use domain::agent::Agent;
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::event::HistoryRow;
use domain::ids::{ContactId, ConversationId, OrganizationId, QueueId, TicketId};
use domain::number::TicketNumber;
use domain::organization::Organization;
use domain::sla::Sla;
use domain::ticket::{Category, Details, Priority, Source, Ticket, TicketState};
use jiff::Timestamp;
use runtime::desk::{Done, before, view};
use runtime::dialects::TicketView;
use runtime::identity::Caller;
use runtime::{Problem, clock};
use storage::{Answer, ChangeError, Once, Storage};

/// A request that was found sound.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) contact: ContactId,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) category: Category,
    pub(crate) priority: Priority,
    pub(crate) details: Details,
    /// Whether it waits for the team; otherwise it is the caller's own.
    pub(crate) is_waiting: bool,
}

/// A text of a ticket, trimmed. Errors: `InvalidInput` for one that is too short or too long.
pub(crate) fn worded(field: &'static str, text: &str, least: usize, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) {
        let reason = format!("{field} must have {least} to {most} characters");
        return Err(Problem::InvalidInput { field, reason });
    }
    Ok(text.to_owned())
}

/// Makes the ticket, once for each key. An agent without room leaves it waiting: the work is there all the same.
///
/// Errors: `NotFound` for an unknown contact or a conversation that is not the contact's; those of the contact's limits.
pub(crate) async fn make(
    storage: &Storage,
    caller: &Caller,
    wanted: Wanted,
    once: Option<&Once>,
    answer: impl Fn(&TicketView) -> Answer + Sync,
) -> Result<Done, Problem> {
    let agent = caller.agent(storage).await?;
    if let Some(answer) = before(storage, caller, once).await? {
        return Ok(Done::Before(answer));
    }
    let held = ticket(storage, caller, &agent, wanted).await?;
    let waiting = Ticket { agent: None, assigned_at: None, ..held.clone() };
    open(storage, caller, &[(held, Vec::new()), (waiting, Vec::new())], once, answer).await
}

/// Writes the ticket with its number, as the first of `ways` for whose agent there is room, each with what was done to it since it was
/// made. Errors: those of the contact's limits, and of the slot where it takes one.
pub(crate) async fn open(
    storage: &Storage,
    caller: &Caller,
    ways: &[(Ticket, Vec<HistoryRow>)],
    once: Option<&Once>,
    answer: impl Fn(&TicketView) -> Answer + Sync,
) -> Result<Done, Problem> {
    let (organization, now) = (storage.organization(&caller.org).await?, clock::now());
    let (year, pattern) = Organization::numbering(organization.as_ref(), now);
    for (ticket, rows) in ways {
        let mut ticket = ticket.clone();
        ticket.details.pattern.clone_from(&pattern);
        let picture = view(storage, ticket.clone()).await?;
        let make = |made: &Ticket| answer(&TicketView { ticket: made.clone(), ..picture.clone() });
        let keyed = once.map(|once| (once, &make as storage::MakeAnswer<'_>));
        match storage.open_by_hand(&ticket, rows, year, keyed).await {
            // An id of its own is new; that of a slot may be taken.
            Ok(None) if ticket.generation.is_some() => {
                return Err(ChangeError::OtherTicketActive { ticket: Some(ticket.id) }.into());
            }
            Ok(opened) => {
                return Ok(Done::Now(Box::new(TicketView { ticket: opened.unwrap_or(ticket), ..picture })));
            }
            // The same request was faster by a moment.
            Err(ChangeError::Repeated) => {
                let before = before(storage, caller, once).await?;
                return before.map(Done::Before).ok_or_else(|| ChangeError::Repeated.into());
            }
            Err(ChangeError::AtCapacity { .. }) if ticket.agent.is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

/// The ticket, without its number.
async fn ticket(storage: &Storage, caller: &Caller, agent: &Agent, wanted: Wanted) -> Result<Ticket, Problem> {
    let no_customer = Problem::NotFound { entity: "Customer" };
    let contact = contact(storage, caller, &wanted.contact).await?.ok_or(no_customer)?;
    let conversation = match &wanted.conversation {
        Some(id) => Some(conversation(storage, caller, id, &contact.id).await?),
        None => None,
    };
    let queue = queue(storage, caller, agent, conversation.as_ref()).await?;
    let now = clock::now();
    let holder = (!wanted.is_waiting).then(|| agent.id.clone());
    Ok(Ticket {
        category: wanted.category,
        description: Some(wanted.description),
        conversation: conversation.as_ref().map(|conversation| conversation.id.clone()),
        connection: conversation.map(|conversation| conversation.connection),
        assigned_at: holder.as_ref().map(|_| now),
        agent: holder,
        details: wanted.details,
        ..blank(&contact, wanted.title, wanted.priority, queue, &caller.org, now)
    })
}

/// A ticket that waits, in no conversation, with nothing on it but its title.
pub(crate) fn blank(
    contact: &Contact,
    title: String,
    priority: Priority,
    queue: QueueId,
    org: &OrganizationId,
    now: Timestamp,
) -> Ticket {
    Ticket {
        id: TicketId::generate(now, runtime::ids::random()),
        org: org.clone(),
        number: TicketNumber { number: 0, year: 0, year_seq: 0 },
        state: TicketState::Open,
        priority,
        category: Category::default(),
        title,
        description: None,
        source: Source::Agent,
        contact: contact.id.clone(),
        conversation: None,
        connection: None,
        queue,
        assigned_at: None,
        agent: None,
        is_group: contact.is_group,
        generation: None,
        previous: None,
        created_at: now,
        updated_at: now,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: Details::default(),
        sla: Sla::starting(now, priority),
        version: 1,
    }
}

/// The contact by its id or, as other systems name customers, by its phone number.
pub(crate) async fn contact(storage: &Storage, caller: &Caller, named: &ContactId) -> Result<Option<Contact>, Problem> {
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
    let found = storage.conversation_begun(&caller.org, id).await?;
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
