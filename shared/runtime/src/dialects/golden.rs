//! One ticket and what belongs to its picture, as every dialect's golden test renders it.

use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::event::{Actor, Happening, HistoryRow};
use domain::figures::Figures;
use domain::ids::{AgentId, ConnectionId, ContactId, NoteId, OrganizationId, QueueId, TicketId};
use domain::note::Note;
use domain::number::TicketNumber;
use domain::sla::{Metric, Sla};
use domain::ticket::{Category, Details, Priority, Source, Ticket, TicketState};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Dialect, Part, Story, TicketView};
use crate::Problem;

/// So many seconds after the ticket was made.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_762_594_200 + seconds).unwrap()
}

/// Ticket 297 of seed S0: assigned, answered once.
pub(crate) fn ticket() -> Ticket {
    let (connection, contact) = (ConnectionId::new("comercial").unwrap(), ContactId::new("ctc_1").unwrap());
    let conversation = domain::ids::ConversationId::of(&connection, &contact);
    let mut sla = Sla::starting(at(0), Priority::Medium);
    sla.stop(Metric::FirstResponse, at(90));
    Ticket {
        id: TicketId::of(&conversation, 0),
        org: OrganizationId::new("demo").unwrap(),
        number: TicketNumber { number: 297, year: 2025, year_seq: 297 },
        state: TicketState::Assigned,
        priority: Priority::Medium,
        category: Category::Support,
        title: "Meu pedido não chegou".to_owned(),
        description: None,
        source: Source::Customer,
        contact,
        conversation: Some(conversation),
        connection: Some(connection),
        queue: QueueId::new("sales").unwrap(),
        agent: Some(AgentId::new("ana").unwrap()),
        is_group: false,
        generation: Some(0),
        previous: None,
        created_at: at(0),
        updated_at: at(90),
        assigned_at: Some(at(60)),
        first_response_at: Some(at(90)),
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: Details { tags: vec!["vip".to_owned()], ..Details::default() },
        sla,
        version: 3,
    }
}

/// The ticket with contact, conversation and agent.
pub(crate) fn view() -> TicketView {
    let ticket = ticket();
    let contact = Contact {
        name: Some("Maria Souza".to_owned()),
        aliases: vec![Alias::new(AliasKind::Phone, "15550100001")],
        ..Contact::new(ticket.contact.clone(), at(0))
    };
    let mut conversation = Conversation::new(ticket.connection.clone().unwrap(), ticket.contact.clone());
    conversation.slot = Some(ticket.id.clone());
    (conversation.in_seq, conversation.read_seq) = (3, 1);
    (conversation.last_in_at, conversation.last_out_at) = (Some(at(30)), Some(at(90)));
    TicketView {
        ticket,
        contact: Some(contact),
        conversation: Some(conversation),
        agent_name: Some("Ana Lima".to_owned()),
    }
}

/// Its history and a note beside it.
pub(crate) fn story() -> Story {
    let ana = AgentId::new("ana").unwrap();
    let row = HistoryRow {
        happening: Happening::TicketAssigned { agent: ana.clone() },
        from: TicketState::New,
        to: TicketState::Assigned,
        actor: Actor::Agent(ana.clone()),
        reason: Some("overflow".to_owned()),
        stood_ms: None,
        at: at(60),
    };
    let note = Note {
        id: NoteId::new("not_1").unwrap(),
        ticket: ticket().id,
        agent: ana,
        text: "Ligou ontem".to_owned(),
        visible: false,
        at: at(70),
        attachment: None,
    };
    Story { rows: vec![row], notes: vec![note], ..Story::default() }
}

/// The 296 chats of seed S0: 295 new and one closed, all of medium priority.
pub(crate) fn statistics() -> storage::Statistics {
    storage::Statistics {
        total: 296,
        by_state: [(TicketState::New, 295), (TicketState::Closed, 1)].into(),
        by_priority: [(Priority::Medium, 296)].into(),
        figures: Figures { answered: 4, answered_ms: 10_000, resolved: 1, resolved_ms: 60_000, late: 2 },
    }
}

/// Everything that a dialect says, by what it is.
pub(crate) fn everything(dialect: &dyn Dialect) -> Value {
    let (view, now) = (view(), at(120));
    let views = std::slice::from_ref(&view);
    let part = Part { views, page: 1, limit: 10, total: 296, has_more: true };
    let problems = [
        Problem::NotFound { entity: "Ticket" },
        Problem::NotFound { entity: "Customer" },
        Problem::Forbidden { reason: "the ticket belongs to another agent".to_owned() },
        Problem::Unauthenticated,
        Problem::InvalidInput { field: "agentId", reason: "agentId is required".to_owned() },
        Problem::Conflict {
            code: "already_claimed",
            reason: "Ticket #297 was already claimed by ana".to_owned(),
            holder: Some(AgentId::new("ana").unwrap()),
        },
        Problem::Conflict {
            code: "other_ticket_active",
            reason: "the conversation has another active ticket".to_owned(),
            holder: None,
        },
        Problem::RateLimited {
            reason: "Too many tickets created. Please try again later.".to_owned(),
            retry_after_secs: 60,
        },
    ];
    let states = TicketState::ALL.map(|state| {
        let waiting = Ticket { state, agent: None, ..view.ticket.clone() };
        let held = Ticket { state, ..view.ticket.clone() };
        (state.as_str(), json!([dialect.status(&waiting), dialect.status(&held)]))
    });
    json!({
        "states, waiting and held": Value::from_iter(states),
        "written": dialect.statuses().iter().map(|name| (*name, json!(dialect.written(name)))).collect::<Value>(),
        "ticket": dialect.ticket(&view, now),
        "one": dialect.one(&view, now),
        "told": dialect.told(&view, &story(), now),
        "page": dialect.page(&part, now),
        "all": dialect.all(views, now),
        "statistics": dialect.statistics(&statistics()),
        "problems": problems.iter().map(|problem| {
            let (code, body) = dialect.refusal(problem);
            json!([code.as_u16(), body])
        }).collect::<Vec<_>>(),
    })
}
