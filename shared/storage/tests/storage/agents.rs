//! I4: one winner a claim, never more than the capacity, and ticket, load and board together.

use domain::delivery::Delivery;
use domain::ids::{OutboundId, QueueId};
use domain::message::{Content, Direction, Message, MessageRef};
use domain::ticket::{Refusal, TicketState};
use domain::window::Turn;
use storage::{ChangeError, Reply};
use tokio::task::JoinSet;

use crate::table::fresh;
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_agents_claim_one_ticket_and_one_wins() {
    let storage = fresh().await;
    let ticket = take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    for n in 0..16 {
        add_agent(&storage, &format!("agent{n}"), 3).await;
    }
    let mut claims = JoinSet::new();
    for n in 0..16 {
        let (storage, ticket) = (storage.clone(), ticket.clone());
        claims.spawn(async move {
            let change = ticket.claimed_by(&agent_id(&format!("agent{n}")), at(5)).unwrap();
            storage.change_ticket(&change).await
        });
    }
    let outcomes = claims.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(ChangeError::Stale))));
    let winner = winners[0].agent.clone().unwrap();
    let now = storage.ticket(&org(), &ticket.id).await.unwrap().unwrap();
    assert_eq!(now.claimed_by(&agent_id("late"), at(6)), Err(Refusal::AlreadyClaimed { by: winner.clone() }));
    for n in 0..16 {
        let agent = storage.agent(&org(), &agent_id(&format!("agent{n}"))).await.unwrap().unwrap();
        assert_eq!(agent.load, u32::from(agent.id == winner));
    }
    let queue = QueueId::new("sales").unwrap();
    assert!(storage.waiting_tickets(&org(), &queue, 10).await.unwrap().is_empty());
    assert_eq!(storage.agent_tickets(&org(), &winner, 10).await.unwrap().len(), 1);
    assert_eq!(storage.history(&org(), &ticket.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_never_holds_more_than_its_capacity() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 3).await;
    let mut tickets = Vec::new();
    for n in 0..8 {
        let message = text("wamid.1", &format!("7707986137{n}"), "Oi");
        tickets.push(take(&storage, &connection("comercial"), &message).await.unwrap());
    }
    let mut claims = JoinSet::new();
    for ticket in tickets {
        let storage = storage.clone();
        claims.spawn(async move { storage.change_ticket(&ticket.claimed_by(&agent_id("ana"), at(5)).unwrap()).await });
    }
    let outcomes = claims.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(ChangeError::AtCapacity { .. }))).count(), 5);
    assert_eq!(storage.agent(&org(), &agent_id("ana")).await.unwrap().unwrap().load, 3);
    let resolved = storage.agent_tickets(&org(), &agent_id("ana"), 10).await.unwrap().remove(0);
    let resolve = resolved.moved_to(TicketState::Resolved, &agent_id("ana"), None, at(6)).unwrap();
    storage.change_ticket(&resolve).await.unwrap();
    assert_eq!(storage.agent(&org(), &agent_id("ana")).await.unwrap().unwrap().load, 2);
    let statistics = storage.statistics(&org()).await.unwrap();
    assert_eq!(statistics.by_state[&TicketState::New], 5);
    assert_eq!(statistics.by_state[&TicketState::Assigned], 2);
    assert_eq!(statistics.by_state[&TicketState::Resolved], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_stored_with_its_effect_or_not_at_all() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 3).await;
    let ana = agent_id("ana");
    let opened = take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    let claimed = storage.change_ticket(&opened.claimed_by(&ana, at(5)).unwrap()).await.unwrap();
    let reply = |seconds: i64, ticket: &domain::ticket::Ticket| {
        let id = OutboundId::generate(at(seconds), 7);
        Reply {
            message: Message {
                reference: MessageRef::outbound(ticket.conversation.clone().unwrap(), at(seconds), &id),
                ticket: Some(ticket.id.clone()),
                direction: Direction::Out { agent: Some(ana.clone()), delivery: Delivery::Queued, error: None },
                content: Content::text("Olá"),
                provider_id: None,
                seq: 0,
            },
            change: ticket.answered_by(&ana, at(seconds)).unwrap(),
            ticket: ticket.clone(),
            turn: Turn::Next,
            last_in_at: Some(at(0)),
            template: None,
        }
    };
    let answered = storage.store_reply(&org(), &reply(10, &claimed), None).await.unwrap();
    assert_eq!((answered.state, answered.first_response_at), (TicketState::InProgress, Some(at(10))));
    let conversation = storage.conversation(&org(), claimed.conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((conversation.unread(), conversation.last_out_at), (0, Some(at(10))));
    // Decided on the ticket as it was before the first answer: somebody was faster.
    assert!(matches!(storage.store_reply(&org(), &reply(11, &claimed), None).await, Err(ChangeError::Stale)));
    storage.store_reply(&org(), &reply(12, &answered), None).await.unwrap();
    assert_eq!(storage.messages(&org(), &conversation.id, None, 10).await.unwrap().len(), 3);
}
