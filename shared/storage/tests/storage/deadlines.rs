//! I8: deadlines are found when they fall due, and alert once.

use domain::delivery::Delivery;
use domain::event::Happening;
use domain::ids::OutboundId;
use domain::message::{Content, Direction, Message, MessageRef};
use domain::sla::Metric;
use domain::ticket::{Priority, Ticket, TicketState, WaitingPolicy};
use storage::Storage;

use crate::table::fresh;
use crate::world::*;

async fn due(storage: &Storage, seconds: i64) -> Vec<Ticket> {
    let mut due = Vec::new();
    for shard in storage.due_shards() {
        due.extend(storage.tickets_due(shard, at(seconds), 100).await.unwrap());
    }
    due
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_found_from_its_moment_on_until_it_is_recorded() {
    let storage = fresh().await;
    let opened = take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    let target = Metric::FirstResponse.target(Priority::Medium).as_secs();
    assert!(due(&storage, target - 1).await.is_empty());
    let found = due(&storage, target).await;
    assert_eq!(found, [opened]);
    let change = found[0].scanned(at(target)).unwrap();
    storage.change_ticket(&change).await.unwrap();
    assert!(due(&storage, target + 60).await.is_empty());
    let rows = storage.history(&org(), &found[0].id).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].happening, Happening::SlaBreached { metric: Metric::FirstResponse });
    // Two scans of the same minute: the second decided on what is no more.
    assert!(storage.change_ticket(&change).await.is_err());
}

/// A message of our side in the ticket's conversation.
fn said(ticket: &Ticket, seconds: i64) -> Message {
    let id = OutboundId::generate(at(seconds), 7);
    Message {
        reference: MessageRef::outbound(ticket.conversation.clone().unwrap(), at(seconds), &id),
        ticket: Some(ticket.id.clone()),
        direction: Direction::Out { agent: None, delivery: Delivery::Queued, error: None },
        content: Content::text("Oi?"),
        provider_id: None,
        seq: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_ticket_has_no_deadline_but_its_reminder_which_is_stored_once() {
    let storage = fresh().await;
    let opened = take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    add_agent(&storage, "ana", 5).await;
    let claimed = storage.change_ticket(&opened.claimed_by(&agent_id("ana"), at(5)).unwrap()).await.unwrap();
    let waits = claimed.moved_to(TicketState::PendingCustomer, &agent_id("ana"), None, at(9)).unwrap();
    let hours = |hours: i64| hours * 3600;
    let policy = WaitingPolicy { remind_after_hours: Some(23), resolve_after_hours: None };
    storage.change_ticket(&waits.waiting_by(policy, Some(at(0)))).await.unwrap();
    assert!(due(&storage, hours(23) - 1).await.is_empty());
    let found = due(&storage, hours(23)).await;
    let change = found[0].scanned(at(hours(23))).unwrap();
    let (first, second) = (said(&found[0], hours(23)), said(&found[0], hours(23) + 1));
    let (one, two) = tokio::join!(storage.remind(&change, &first), storage.remind(&change, &second));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let stored = if one.is_ok() { first } else { second };
    let conversation = stored.reference.conversation.clone();
    let messages = storage.messages(&org(), &conversation, None, 10).await.unwrap();
    assert_eq!(messages.iter().filter(|message| message.seq == 0).collect::<Vec<_>>(), [&stored]);
    let conversation = storage.conversation(&org(), &conversation).await.unwrap().unwrap();
    assert_eq!((conversation.last_out_at, conversation.read_seq), (Some(stored.reference.sent_at), 0));
    assert!(due(&storage, hours(24 * 365)).await.is_empty());
}
