//! I1 and I2: every message once, one active ticket a conversation, also when workers race or crash.

use domain::connection::ReopenPolicy;
use domain::ids::ConversationId;
use domain::ticket::TicketState;
use storage::{Progress, Step};
use tokio::task::JoinSet;

use crate::table::fresh;
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_makes_contact_conversation_and_ticket() {
    let storage = fresh().await;
    let message = text("wamid.1", "77079861373", "Meu pedido não chegou");
    let ticket = take(&storage, &connection("comercial"), &message).await.unwrap();
    assert_eq!((ticket.number.number, ticket.state), (1, TicketState::New));
    let conversation = storage.conversation(&org(), ticket.conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((conversation.unread(), conversation.in_seq, conversation.slot), (1, 1, Some(ticket.id.clone())));
    assert_eq!(conversation.last_in_at, Some(message.sent_at));
    let stored = storage.messages(&org(), &conversation.id, None, 10).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].ticket.as_ref(), stored[0].content.text.as_deref()),
        (Some(&ticket.id), Some("Meu pedido não chegou"))
    );
    assert_eq!(storage.contact(&org(), &ticket.contact).await.unwrap().unwrap().name.as_deref(), Some("Maria"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_message_changes_nothing() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let first = take(&storage, &connection, &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    take(&storage, &connection, &text("wamid.2", "77079861373", "Tudo bem?")).await;
    for _ in 0..3 {
        for id in ["wamid.1", "wamid.2"] {
            assert!(take(&storage, &connection, &text(id, "77079861373", "Oi")).await.is_none());
        }
    }
    let conversation = storage.conversation(&org(), first.conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(conversation.in_seq, 2);
    assert_eq!(storage.messages(&org(), &conversation.id, None, 10).await.unwrap().len(), 2);
    assert_eq!(tickets(&storage).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_first_messages_of_one_contact_at_once_make_one_ticket() {
    let storage = fresh().await;
    let mut workers = JoinSet::new();
    for n in 0..64 {
        let storage = storage.clone();
        workers.spawn(async move {
            take(&storage, &connection("comercial"), &text(&format!("wamid.{n}"), "77079861373", "Oi")).await
        });
    }
    let made = workers.join_all().await.into_iter().flatten().count();
    assert_eq!(made, 1);
    let tickets = tickets(&storage).await;
    assert_eq!(tickets.len(), 1);
    let conversation = tickets[0].conversation.clone().unwrap();
    let messages = storage.messages(&org(), &conversation, None, 100).await.unwrap();
    assert_eq!(messages.len(), 64);
    assert!(messages.iter().all(|message| message.ticket.as_ref() == Some(&tickets[0].id)));
    let conversation = storage.conversation(&org(), &conversation).await.unwrap().unwrap();
    assert_eq!((conversation.in_seq, conversation.slot.as_ref()), (64, Some(&tickets[0].id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_taken_by_eight_workers_at_once_counts_once() {
    let storage = fresh().await;
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let storage = storage.clone();
        workers.spawn(
            async move { take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await },
        );
    }
    assert_eq!(workers.join_all().await.into_iter().flatten().count(), 1);
    let tickets = tickets(&storage).await;
    assert_eq!(tickets.len(), 1);
    let conversation = storage.conversation(&org(), tickets[0].conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(conversation.in_seq, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_of_one_contact_have_a_ticket_each() {
    let storage = fresh().await;
    let (comercial, suporte) = (connection("comercial"), connection("suporte"));
    let first = take(&storage, &comercial, &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    let second = take(&storage, &suporte, &text("wamid.2", "77079861373", "Oi")).await.unwrap();
    assert_eq!(first.contact, second.contact);
    assert!(take(&storage, &comercial, &text("wamid.3", "77079861373", "?")).await.is_none());
    assert!(take(&storage, &suporte, &text("wamid.4", "77079861373", "?")).await.is_none());
    assert_eq!(tickets(&storage).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_found_by_any_identity_that_it_was_seen_with() {
    use domain::alias::{Alias, AliasKind};
    let storage = fresh().await;
    let connection = connection("comercial");
    let phone = Alias::new(AliasKind::Phone, "77079861373");
    let bsuid = Alias::new(AliasKind::Bsuid, "KZ.13491208655302741918");
    let seen = |id: &str, aliases: &[&Alias]| {
        let mut message = text(id, "77079861373", "Oi");
        message.sender.aliases = aliases.iter().copied().cloned().collect();
        message
    };
    take(&storage, &connection, &seen("wamid.1", &[&bsuid])).await.unwrap();
    take(&storage, &connection, &seen("wamid.2", &[&phone, &bsuid])).await;
    storage.units().take();
    take(&storage, &connection, &seen("wamid.3", &[&phone, &bsuid])).await;
    assert!(storage.units().take().write <= 2.0, "identities that are known cost nothing");
    take(&storage, &connection, &seen("wamid.4", &[&phone])).await;
    let tickets = tickets(&storage).await;
    assert_eq!(tickets.len(), 1);
    let contact = storage.contact(&org(), &tickets[0].contact).await.unwrap().unwrap();
    assert_eq!(contact.aliases, [bsuid, phone.clone()]);
    assert_eq!(contact.address(), Some(&phone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_a_crash_kept_from_being_written_is_written_later_and_never_overwritten() {
    let storage = fresh().await;
    let message = text("wamid.1", "77079861373", "Oi");
    let id = contact(&storage, &message).await;
    let made = storage.contact(&org(), &id).await.unwrap().unwrap();
    let again = domain::contact::Contact { name: Some("Outra".to_owned()), ..made.clone() };
    storage.complete_contact(&org(), &again).await.unwrap();
    assert_eq!(storage.contact(&org(), &id).await.unwrap(), Some(made));
    let other = domain::contact::Contact { id: domain::ids::ContactId::new("ctc_crashed").unwrap(), ..again };
    storage.complete_contact(&org(), &other).await.unwrap();
    assert_eq!(storage.contact(&org(), &other.id).await.unwrap(), Some(other));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_interrupted_after_any_write_is_finished_by_the_next_delivery() {
    // The writes of a first message are: message, ticket with its number, conversation. A worker that dies after the first or
    // second leaves what the earlier steps wrote.
    let storage = fresh().await;
    let connection = connection("comercial");
    for (n, with_ticket) in [(1u64, false), (2, true)] {
        let message = text(&format!("wamid.{n}"), &format!("7707986137{n}"), "Oi");
        let contact = contact(&storage, &message).await;
        let id = ConversationId::of(&connection.id, &contact);
        let (conversation, ticket) = storage.known(&org(), &contact, &id).await.unwrap();
        let known = domain::ingest::Known { connection: &connection, contact: &contact, conversation, ticket };
        let plan = domain::ingest::plan(known, &message, at(1));
        assert_eq!(storage.store_message(&org(), &plan.message).await.unwrap(), None);
        if with_ticket {
            let domain::ingest::TicketStep::Open(new) = &plan.ticket else { panic!("{:?}", plan.ticket) };
            storage.open_ticket(&new.ticket, YEAR).await.unwrap().unwrap();
        }
        take(&storage, &connection, &message).await;
        let conversation = storage.conversation(&org(), &id).await.unwrap().unwrap();
        assert_eq!((conversation.in_seq, conversation.slot.is_some()), (1, true), "with ticket: {with_ticket}");
        assert_eq!(storage.messages(&org(), &id, None, 10).await.unwrap().len(), 1);
        assert_eq!(tickets(&storage).await.len() as u64, n);
        assert!(take(&storage, &connection, &message).await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_overtaken_is_not_carried_out() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let first = text("wamid.1", "77079861373", "Oi");
    let ticket = take(&storage, &connection, &first).await.unwrap();
    let id = ticket.conversation.clone().unwrap();
    let (conversation, known_ticket) = storage.known(&org(), &ticket.contact, &id).await.unwrap();
    let second = text("wamid.2", "77079861373", "Oi?");
    let known =
        domain::ingest::Known { connection: &connection, contact: &ticket.contact, conversation, ticket: known_ticket };
    let old_plan = domain::ingest::plan(known, &second, at(1));
    take(&storage, &connection, &text("wamid.3", "77079861373", "Alô")).await;
    let mut progress = Progress::default();
    let step = storage.carry_out(&org(), (YEAR, at(1)), &second, &old_plan, &mut progress).await.unwrap();
    assert_eq!(step, Step::Stale);
    assert_eq!(
        crate::world::step(&storage, &connection, &ticket.contact, &second, &mut progress).await,
        Step::Done { opened: None }
    );
    assert_eq!(storage.conversation(&org(), &id).await.unwrap().unwrap().in_seq, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_ticket_is_reopened_or_followed_by_another_as_the_policy_says() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 5).await;
    for (policy, phone, reopens) in
        [(ReopenPolicy::Always, "77079861371", true), (ReopenPolicy::Never, "77079861372", false)]
    {
        let connection = domain::connection::Connection { reopen: policy, ..connection("comercial") };
        let opened = take(&storage, &connection, &text("wamid.1", phone, "Oi")).await.unwrap();
        close(&storage, &opened).await;
        let id = opened.conversation.clone().unwrap();
        let conversation = storage.conversation(&org(), &id).await.unwrap().unwrap();
        assert_eq!(
            (conversation.slot, conversation.generation, conversation.previous.as_ref()),
            (None, 1, Some(&opened.id))
        );
        let next = take(&storage, &connection, &text("wamid.2", phone, "De novo")).await;
        let conversation = storage.conversation(&org(), &id).await.unwrap().unwrap();
        if reopens {
            assert!(next.is_none());
            let ticket = storage.ticket(&org(), &opened.id).await.unwrap().unwrap();
            assert_eq!((ticket.state, ticket.generation), (TicketState::Reopened, Some(1)));
            assert_eq!(conversation.slot, Some(opened.id.clone()));
            close(&storage, &ticket).await;
            assert_eq!(storage.conversation(&org(), &id).await.unwrap().unwrap().generation, 2);
        } else {
            let next = next.unwrap();
            assert_eq!((next.previous, conversation.slot), (Some(opened.id), Some(next.id)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopening_and_a_new_message_at_once_leave_one_active_ticket() {
    for round in 0..8 {
        let storage = fresh().await;
        add_agent(&storage, "ana", 50).await;
        let connection = domain::connection::Connection { reopen: ReopenPolicy::Never, ..connection("comercial") };
        let opened = take(&storage, &connection, &text("wamid.1", "77079861373", "Oi")).await.unwrap();
        close(&storage, &opened).await;
        let closed = storage.ticket(&org(), &opened.id).await.unwrap().unwrap();
        let reopen = closed.moved_to(TicketState::Reopened, &agent_id("ana"), None, at(9)).unwrap();
        let message = text("wamid.2", "77079861373", "De novo");
        let (_, reopened) = tokio::join!(take(&storage, &connection, &message), storage.change_ticket(&reopen));
        let active: Vec<_> = tickets(&storage).await.into_iter().filter(|ticket| !ticket.state.is_final()).collect();
        assert_eq!(active.len(), 1, "round {round}: {reopened:?}");
        let conversation = storage.conversation(&org(), opened.conversation.as_ref().unwrap()).await.unwrap().unwrap();
        assert_eq!(conversation.slot.as_ref(), Some(&active[0].id), "round {round}");
    }
}

async fn close(storage: &storage::Storage, ticket: &domain::ticket::Ticket) {
    let ana = agent_id("ana");
    let claimed = storage.change_ticket(&ticket.claimed_by(&ana, at(2)).unwrap()).await.unwrap();
    let resolved = claimed.moved_to(TicketState::Resolved, &ana, None, at(3)).unwrap();
    let resolved = storage.change_ticket(&resolved).await.unwrap();
    storage.change_ticket(&resolved.moved_to(TicketState::Closed, &ana, None, at(4)).unwrap()).await.unwrap();
    assert_eq!(storage.agent(&org(), &ana).await.unwrap().unwrap().load, 0);
}
