//! I1 where work was interrupted and something else happened before it was finished. The model of `tests/src/protocol` found these.

use domain::conversation::Conversation;
use domain::delivery::Delivery;
use domain::ids::OutboundId;
use domain::ingest::{Known, TicketStep, plan};
use domain::message::{Content, Direction, Message, MessageRef};
use domain::ticket::Ticket;
use storage::{Reply, Storage};

use crate::table::fresh;
use crate::world::*;

const PHONE: &str = "77079861373";

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
    storage.store_reply(&org(), &Reply { message, ticket: claimed, change }).await.unwrap();
    take(&storage, &comercial, &first).await;
    let conversation = state(&storage, &opened).await;
    assert_eq!((conversation.in_seq, conversation.slot, conversation.last_out_at), (1, Some(opened.id), Some(at(3))));
    assert_eq!(tickets(&storage).await.len(), 1);
}

async fn state(storage: &Storage, ticket: &Ticket) -> Conversation {
    storage.conversation(&org(), ticket.conversation.as_ref().unwrap()).await.unwrap().unwrap()
}
