//! Many first messages at once, and the same message again and again (invariants I1, I2, I3).

use std::collections::BTreeSet;

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
    let contacts: BTreeSet<_> = tickets.iter().map(|ticket| &ticket.contact).collect();
    assert_eq!(contacts.len(), 64);
    let statistics = host.agent("carla").get("/api/tickets/stats").await.expect(200);
    assert_eq!(statistics, json!({ "total": 64, "byStatus": { "new": 64 }, "byPriority": { "medium": 64 } }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_is_closed_while_its_customer_writes_many_messages_loses_and_doubles_none() {
    let host = Host::fresh().await;
    let (storage, ana, mut ids) = (host.storage().await, host.agent("ana"), BTreeSet::new());
    let mut closed_meanwhile = 0;
    for round in 0..12 {
        let from = people::phone(round);
        host.say(COMERCIAL, &from).await;
        host.settled().await;
        let newest = storage.tickets_by_number(&demo(), u64::MAX, 1).await.unwrap().tickets;
        let number = newest[0].number.number;
        ana.post(&format!("/api/tickets/{number}/claim"), json!({})).await.expect(200);
        let texts: Vec<Value> = (0..10)
            .map(|n| {
                let id = people::message_id();
                ids.insert(id.clone());
                cloud_api::text(&from, &id, &people::words(n))
            })
            .collect();
        let path = format!("/api/v2/tickets/{number}/status");
        let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &texts)]);
        let close = async {
            for status in ["resolved", "closed"] {
                let answer = ana.put(&path, json!({ "status": status, "reason": "journey" })).await;
                closed_meanwhile += u64::from(answer.status == 200);
            }
        };
        let (posted, ()) = tokio::join!(host.post_whatsapp(&body), close);
        posted.expect(200);
        host.settled().await;
    }
    assert!(closed_meanwhile > 0);
    let messages = host.items_at("ORG#demo#CNV#", "MSG#").await;
    let stored: BTreeSet<String> = messages.iter().map(|item| item["mid"]["S"].as_str().unwrap().to_owned()).collect();
    assert_eq!(messages.len(), stored.len());
    assert!(ids.is_subset(&stored));
    // Each in its turn; what else must hold of them, `check` says when the host ends.
    for state in host.items_at("ORG#demo#CNV#", "STATE").await {
        assert_eq!(state["in_seq"]["N"], "11");
    }
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
