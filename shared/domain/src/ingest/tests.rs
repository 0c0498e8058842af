//! The decision table of inbound messages.

use super::*;
use crate::alias::{Alias, AliasKind};
use crate::connection::{GroupPolicy, Provider, ReopenPolicy};
use crate::ids::{AgentId, ConnectionId, OrganizationId, ProviderMessageId, QueueId};
use crate::message::Sender;
use crate::ticket::sample;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn connection(reopen: ReopenPolicy) -> Connection {
    Connection {
        id: ConnectionId::new("comercial").unwrap(),
        org: OrganizationId::new("demo").unwrap(),
        provider: Provider::CloudApi {
            phone_number_id: "100000000000001".to_owned(),
            app: "default".to_owned(),
            waba_id: None,
        },
        own: Vec::new(),
        queue: QueueId::new("sales").unwrap(),
        reopen,
        groups: GroupPolicy::Mention,
        calls: crate::connection::CallPolicy::default(),
        locale: None,
    }
}

fn inbound(text: &str) -> InboundMessage {
    InboundMessage {
        provider_id: ProviderMessageId::new("wamid.1"),
        sent_at: at(0),
        sender: Sender { aliases: vec![Alias::new(AliasKind::Phone, "77079861373")], name: None, is_group: false },
        content: Content::text(text),
        from_contact: true,
        effect: Effect::Opens,
    }
}

fn planned(ticket: Option<Ticket>, reopen: ReopenPolicy, now: Timestamp) -> Plan {
    let connection = connection(reopen);
    let contact = ContactId::new("ctc_1").unwrap();
    let conversation = ticket.as_ref().map(|ticket| Conversation {
        slot: (!ticket.state.is_final()).then(|| ticket.id.clone()),
        generation: u32::from(ticket.state.is_final()),
        ..Conversation::new(connection.id.clone(), contact.clone())
    });
    plan(Known { connection: &connection, contact: &contact, conversation, ticket }, &inbound("Oi"), now)
}

#[test]
fn a_first_message_opens_a_ticket_of_the_first_generation() {
    let plan = planned(None, ReopenPolicy::default(), at(3));
    let TicketStep::Open(new) = &plan.ticket else { panic!("{:?}", plan.ticket) };
    assert_eq!(new.ticket.id, TicketId::of(&plan.conversation.id, 0));
    assert_eq!((new.ticket.state, new.ticket.priority), (TicketState::New, Priority::Medium));
    assert_eq!(new.ticket.title, "Oi");
    assert_eq!(new.ticket.sla.opened_at, at(0));
    assert_eq!((plan.message.seq, plan.message.ticket.as_ref()), (1, Some(&new.ticket.id)));
}

#[test]
fn a_message_joins_the_active_ticket_or_changes_it() {
    let step = |state: TicketState| {
        let ticket =
            Ticket { state, agent: Some(AgentId::new("ana").unwrap()), closed_at: Some(at(0)), ..sample::ticket() };
        planned(Some(ticket), ReopenPolicy::default(), at(10)).ticket
    };
    for state in
        [TicketState::New, TicketState::Open, TicketState::Assigned, TicketState::InProgress, TicketState::Escalated]
    {
        assert!(matches!(step(state), TicketStep::Join(_)), "{state:?}");
    }
    for (state, becomes) in [
        (TicketState::PendingCustomer, TicketState::InProgress),
        (TicketState::Resolved, TicketState::Reopened),
        (TicketState::Closed, TicketState::Reopened),
    ] {
        assert!(matches!(step(state), TicketStep::Change(change) if change.after.state == becomes), "{state:?}");
    }
    assert!(matches!(step(TicketState::Cancelled), TicketStep::Open(new) if new.ticket.previous.is_some()));
}

#[test]
fn the_reopen_policy_decides_between_the_old_ticket_and_a_new_one() {
    let check = |policy: ReopenPolicy, days: i64, reopens: bool| {
        let closed = Ticket { state: TicketState::Closed, closed_at: Some(at(0)), ..sample::ticket() };
        let step = planned(Some(closed.clone()), policy, at(days * 86_400)).ticket;
        match step {
            TicketStep::Change(_) => assert!(reopens, "{policy:?} {days}"),
            TicketStep::Open(new) => {
                assert!(!reopens, "{policy:?} {days}");
                assert_eq!(new.ticket.previous, Some(closed.id));
            }
            other => panic!("{other:?}"),
        }
    };
    check(ReopenPolicy::Window { days: 7 }, 6, true);
    check(ReopenPolicy::Window { days: 7 }, 7, false);
    check(ReopenPolicy::Always, 400, true);
    check(ReopenPolicy::Never, 0, false);
}

#[test]
fn a_silent_message_touches_no_ticket() {
    let connection = connection(ReopenPolicy::default());
    let contact = ContactId::new("ctc_1").unwrap();
    let known = Known { connection: &connection, contact: &contact, conversation: None, ticket: None };
    let silent = InboundMessage { effect: Effect::Silent, ..inbound("👍") };
    let plan = plan(known, &silent, at(0));
    assert!(matches!(plan.ticket, TicketStep::None));
    assert_eq!((plan.message.seq, plan.message.ticket), (0, None));
}

#[test]
fn clocks_count_from_now_where_the_provider_gave_no_time_or_a_future_one() {
    let check = |sent_at: Timestamp, expected: Timestamp| {
        assert_eq!(InboundMessage { sent_at, ..inbound("Oi") }.written_at(at(100)), expected);
    };
    check(at(0), at(0));
    check(at(200), at(100));
    check(Timestamp::UNIX_EPOCH, at(100));
}

#[test]
fn titles_are_one_short_line() {
    let check = |content: &Content, expected: &str| assert_eq!(title(content), expected);
    check(&Content::text("  Meu pedido\n\nnão chegou "), "Meu pedido não chegou");
    check(&Content { kind: "image".to_owned(), text: None, raw: None, media: None, context: None }, "[image]");
    check(&Content::text(" \n"), "[text]");
    assert_eq!(title(&Content::text("ç".repeat(500))).chars().count(), TITLE_LENGTH);
    // Nothing to see is nothing: the kind's name stands there.
    for unseen in ["\u{200b}\u{200d}\u{feff}", "\u{2800}\u{2800}", "\u{202e}\u{2066}", "\u{3164}\n\u{ad}"] {
        check(&Content::text(unseen), "[text]");
    }
    check(&Content::text("Ol\u{202e}á\r\nmundo\u{0}"), "Olá mundo");
    check(&Content::text(format!("{}Oi", "\u{200b}".repeat(100))), "Oi");
}
