//! One contact on two connections (invariant I2).

use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Host, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_has_one_active_ticket_on_each_connection_and_further_messages_join_their_own() {
    let host = Host::fresh().await;
    let from = people::phone(1);
    tokio::join!(host.say(COMERCIAL, &from), host.say(SUPORTE, &from));
    host.settled().await;
    tokio::join!(host.say(COMERCIAL, &from), host.say(SUPORTE, &from));
    host.say(SUPORTE, &from).await;
    host.settled().await;

    let storage = host.storage().await;
    let mut tickets = storage.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
    tickets.sort_by_key(|ticket| ticket.connection.clone());
    let places: Vec<_> = tickets
        .iter()
        .map(|ticket| (ticket.connection.as_ref().unwrap().as_str(), ticket.queue.as_str(), ticket.state.as_str()))
        .collect();
    assert_eq!(places, [("comercial", "sales", "new"), ("suporte", "support", "new")]);
    assert_eq!(tickets[0].contact, tickets[1].contact);
    for (ticket, expected) in tickets.iter().zip([2, 3]) {
        let conversation = ticket.conversation.as_ref().unwrap();
        let state = storage.conversation(&demo(), conversation).await.unwrap().unwrap();
        assert_eq!((state.in_seq, state.slot.as_ref()), (expected, Some(&ticket.id)));
        let messages = storage.messages(&demo(), conversation, None, 10).await.unwrap();
        let joined = messages.iter().filter(|message| message.ticket.as_ref() == Some(&ticket.id)).count();
        assert_eq!((messages.len() as u64, joined as u64), (expected, expected));
    }
}
