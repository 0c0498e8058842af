//! I1 where work was interrupted and something else happened before it was finished. The model of `tests/src/protocol` found these.

use domain::connection::ReopenPolicy;
use domain::conversation::Conversation;
use domain::delivery::Delivery;
use domain::ids::{ConversationId, OutboundId};
use domain::ingest::{Known, Plan, TicketStep, plan};
use domain::message::{Content, Direction, InboundMessage, Message, MessageRef};
use domain::ticket::{Ticket, TicketState};
use domain::window::Turn;
use storage::{Progress, Reply, Step, Storage};

use crate::table::fresh;
use crate::world::*;

const PHONE: &str = "77079861373";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_stored_and_not_counted_is_counted_after_another_took_its_place() {
    let storage = fresh().await;
    let comercial = connection("comercial");
    let ticket = take(&storage, &comercial, &text("wamid.1", PHONE, "Oi")).await.unwrap();
    let interrupted = text("wamid.2", PHONE, "Alô");
    let planned = planned(&storage, &comercial, &ticket, &interrupted).await;
    storage.store_message(&org(), &planned.message).await.unwrap();
    for n in 3..=5 {
        take(&storage, &comercial, &text(&format!("wamid.{n}"), PHONE, "Tudo bem?")).await;
    }
    for _ in 0..2 {
        take(&storage, &comercial, &interrupted).await;
        assert_eq!(state(&storage, &ticket).await.in_seq, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_worker_does_not_count_a_message_that_another_counted_before_the_next() {
    let storage = fresh().await;
    let comercial = connection("comercial");
    let ticket = take(&storage, &comercial, &text("wamid.1", PHONE, "Oi")).await.unwrap();
    let twice = text("wamid.2", PHONE, "Alô");
    let planned = planned(&storage, &comercial, &ticket, &twice).await;
    // Another worker has the message too, and the next one after it.
    take(&storage, &comercial, &twice).await;
    take(&storage, &comercial, &text("wamid.3", PHONE, "Tudo bem?")).await;
    let mut slow = Progress::default();
    let outcome = storage.carry_out(&org(), (YEAR, at(1)), &twice, &planned, &mut slow).await.unwrap();
    assert_eq!(outcome, Step::Stale);
    let outcome = step(&storage, &comercial, &ticket.contact, &twice, &mut slow).await;
    assert_eq!((outcome, state(&storage, &ticket).await.in_seq), (Step::Done { opened: None }, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_conversation_is_written_leaves_it_to_be_finished() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 3).await;
    let comercial = connection("comercial");
    let first = text("wamid.1", PHONE, "Oi");
    let contact = contact(&storage, &first).await;
    let known = Known { connection: &comercial, contact: &contact, conversation: None, ticket: None };
    let planned = plan(known, &first, at(1));
    // The worker dies after the ticket: an agent sees it, takes it and answers before the message comes again.
    storage.store_message(&org(), &planned.message).await.unwrap();
    let TicketStep::Open(new) = &planned.ticket else { panic!("{planned:?}") };
    let opened = storage.open_ticket(&new.ticket, YEAR).await.unwrap().unwrap();
    let ana = agent_id("ana");
    let claimed = storage.change_ticket(&opened.claimed_by(&ana, at(2)).unwrap()).await.unwrap();
    let id = OutboundId::generate(at(3), 7);
    let message = Message {
        reference: MessageRef::outbound(planned.conversation.id.clone(), at(3), &id),
        ticket: Some(claimed.id.clone()),
        direction: Direction::Out { agent: Some(ana.clone()), delivery: Delivery::Queued, error: None },
        content: Content::text("Olá"),
        provider_id: None,
        seq: 0,
    };
    let change = claimed.answered_by(&ana, at(3)).unwrap();
    let reply = Reply { message, ticket: claimed, change, turn: Turn::Next, last_in_at: None, template: None };
    storage.store_reply(&org(), &reply, None).await.unwrap();
    take(&storage, &comercial, &first).await;
    let conversation = state(&storage, &opened).await;
    assert_eq!((conversation.in_seq, conversation.slot, conversation.last_out_at), (1, Some(opened.id), Some(at(3))));
    assert_eq!(tickets(&storage).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_a_reopening_overtook_leaves_no_message_with_a_ticket_that_was_never_made() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 3).await;
    let comercial = domain::connection::Connection { reopen: ReopenPolicy::Never, ..connection("comercial") };
    let ticket = take(&storage, &comercial, &text("wamid.1", PHONE, "Oi")).await.unwrap();
    let ana = agent_id("ana");
    let mut closed = storage.change_ticket(&ticket.claimed_by(&ana, at(2)).unwrap()).await.unwrap();
    for state in [TicketState::Resolved, TicketState::Closed] {
        closed = storage.change_ticket(&closed.moved_to(state, &ana, None, at(3)).unwrap()).await.unwrap();
    }
    // Two workers have one message. The slow one planned before an agent reopened the ticket, and dies when it is told.
    let twice = text("wamid.2", PHONE, "De novo");
    let overtaken = planned(&storage, &comercial, &ticket, &twice).await;
    storage.change_ticket(&closed.moved_to(TicketState::Reopened, &ana, None, at(4)).unwrap()).await.unwrap();
    let (conversation, known) = storage.known(&org(), &ticket.contact, &overtaken.conversation.id).await.unwrap();
    let current =
        plan(Known { connection: &comercial, contact: &ticket.contact, conversation, ticket: known }, &twice, at(5));
    storage.store_message(&org(), &current.message).await.unwrap();
    let outcome = storage.carry_out(&org(), (YEAR, at(5)), &twice, &overtaken, &mut Progress::default()).await.unwrap();
    assert_eq!(outcome, Step::Stale);
    let stored = storage.message(&org(), &overtaken.message.reference).await.unwrap().unwrap();
    assert_eq!(stored.ticket, Some(ticket.id));
}

async fn planned(
    storage: &Storage,
    connection: &domain::connection::Connection,
    ticket: &Ticket,
    message: &InboundMessage,
) -> Plan {
    let id = ConversationId::of(&connection.id, &ticket.contact);
    let (conversation, known) = storage.known(&org(), &ticket.contact, &id).await.unwrap();
    plan(Known { connection, contact: &ticket.contact, conversation, ticket: known }, message, at(1))
}

async fn state(storage: &Storage, ticket: &Ticket) -> Conversation {
    storage.conversation(&org(), ticket.conversation.as_ref().unwrap()).await.unwrap().unwrap()
}
