//! Many first messages at once, and the same message again and again (invariants I1, I2, I3).

use domain::alias::{Alias, AliasKind};
use domain::ids::{ConnectionId, ConversationId};
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_first_messages_of_one_contact_make_one_ticket() {
    let host = Host::fresh().await;
    let from = people::phone(1);
    let bodies: Vec<Value> = (0..64).map(|n| one(&from, &people::message_id(), n)).collect();
    host.post_all(&bodies).await;
    host.settled().await;
    for (pk, sk, expected) in [
        ("ORG#demo#CTC#", "PROFILE", 1),
        ("ORG#demo#CNV#", "STATE", 1),
        ("ORG#demo#TKT#", "TICKET", 1),
        ("ORG#demo#CNV#", "MSG#", 64),
    ] {
        assert_eq!(host.items_at(pk, sk).await.len(), expected, "{pk} {sk}");
    }
    let storage = host.storage().await;
    assert_eq!(storage.ticket_count(&demo()).await.unwrap(), 1);
    let contact = storage.contact_by_alias(&demo(), &[Alias::new(AliasKind::Phone, &*from)]).await.unwrap().unwrap().id;
    let conversation = ConversationId::of(&ConnectionId::new("comercial").unwrap(), &contact);
    let conversation = storage.conversation(&demo(), &conversation).await.unwrap().unwrap();
    assert_eq!(conversation.in_seq, 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_contacts_at_once_get_the_numbers_1_to_64() {
    let host = Host::fresh().await;
    let bodies: Vec<Value> = (0..64).map(|n| one(&people::phone(n), &people::message_id(), n)).collect();
    host.post_all(&bodies).await;
    host.settled().await;
    let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 1000).await.unwrap().tickets;
    let numbers: Vec<u64> = tickets.iter().rev().map(|ticket| ticket.number.number).collect();
    assert_eq!(numbers, (1..=64).collect::<Vec<_>>());
    let contacts: std::collections::BTreeSet<_> = tickets.iter().map(|ticket| &ticket.contact).collect();
    assert_eq!(contacts.len(), 64);
    let statistics = host.agent("carla").get("/api/tickets/stats").await.expect(200);
    assert_eq!(statistics, json!({ "total": 64, "byStatus": { "new": 64 }, "byPriority": { "medium": 64 } }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_message_changes_nothing_however_it_is_wrapped() {
    let host = Host::fresh().await;
    let message = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(1));
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, std::slice::from_ref(&message))]);
    host.post_whatsapp(&body).await.expect(200);
    host.settled().await;
    let once = host.items().await;
    assert!(once.iter().any(|item| item["sk"]["S"] == "TICKET"));

    host.post_all(&vec![body.clone(); 4]).await;
    // The queue drops what is the same to the byte. With another name beside it the message is another unit to the queue.
    let renamed = |n: usize| {
        let mut body = body.clone();
        body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] =
            json!(format!("{} {n}", people::NAME));
        body
    };
    host.post_all(&[renamed(1), renamed(2)]).await;
    host.post_whatsapp(&renamed(3)).await.expect(200);
    host.settled().await;
    assert_eq!(host.output.logged("ingest", "message was stored before").len(), 3);
    assert_eq!(host.items().await, once);
}

fn one(from: &str, id: &str, n: usize) -> Value {
    cloud_api::body(&[cloud_api::messages(COMERCIAL, &[cloud_api::text(from, id, &people::words(n))])])
}
