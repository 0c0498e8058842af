//! A waiting ticket for tests.

use super::*;
use crate::ids::{ConnectionId, ContactId};

/// A new ticket of queue `sales`, made at 2026-09-21T13:33:20Z.
pub(crate) fn ticket() -> Ticket {
    let at = Timestamp::from_second(1_790_000_000).unwrap();
    let connection = ConnectionId::new("comercial").unwrap();
    let contact = ContactId::new("ctc_1").unwrap();
    let conversation = ConversationId::of(&connection, &contact);
    Ticket {
        id: TicketId::of(&conversation, 0),
        org: OrganizationId::new("demo").unwrap(),
        number: TicketNumber { number: 1, year: 2026, year_seq: 1 },
        state: TicketState::New,
        priority: Priority::Medium,
        category: Category::Support,
        title: "Meu pedido não chegou".to_owned(),
        description: None,
        source: Source::Customer,
        contact,
        conversation: Some(conversation),
        connection: Some(connection),
        queue: QueueId::new("sales").unwrap(),
        agent: None,
        is_group: false,
        generation: Some(0),
        previous: None,
        created_at: at,
        updated_at: at,
        assigned_at: None,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: Details::default(),
        sla: Sla::starting(at, Priority::Medium),
        version: 1,
    }
}
