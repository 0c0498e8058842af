//! Whole batches: everything in a body counts, and one bad element costs no other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_of_a_batch_is_stored_and_a_broken_one_costs_no_other() {
    let host = Host::fresh().await;
    let mut ids = Vec::new();
    let mut text = |person: usize| {
        ids.push(people::message_id());
        cloud_api::text(&people::phone(person), ids.last().unwrap(), &people::words(person))
    };
    let first = [text(1), text(2), text(1)];
    let second = [text(3), json!(17), text(4)];
    let mut nobody = text(5);
    nobody.as_object_mut().unwrap().remove("from");
    let third = [text(1), nobody, text(6)];
    let body = cloud_api::entries(&[
        json!({ "id": "100000000000009", "changes": [
            cloud_api::messages(COMERCIAL, &first), cloud_api::messages(SUPORTE, &second), json!("no change"),
        ] }),
        json!("no entry"),
        json!({ "id": "100000000000009", "changes": [cloud_api::messages(SUPORTE, &third)] }),
    ]);
    host.post_whatsapp(&body).await.expect(200);
    host.settled().await;

    let nobodys = ids.remove(5);
    let stored: BTreeSet<String> = stored(&host).await.into_iter().collect();
    assert_eq!(stored, ids.into_iter().collect());
    assert!(!stored.contains(&nobodys));
    assert_eq!(host.items_at("INSPECT#", "").await.len(), 4);
    let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
    let numbers: Vec<u64> = tickets.iter().rev().map(|ticket| ticket.number.number).collect();
    // Persons 1 and 2 on the first connection; 3, 4, 1 and 6 on the second.
    assert_eq!(numbers, (1..=6).collect::<Vec<_>>());
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_a_hundred_messages_keeps_each_person_s_order() {
    let host = Host::fresh().await;
    let texts: Vec<Value> =
        (0..100).map(|n| cloud_api::text(&people::phone(n % 5), &format!("wamid.{n:03}"), &people::words(n))).collect();
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &texts)])).await.expect(200);
    host.settled().await;
    let mut messages = host.items_at("ORG#demo#CNV#", "MSG#").await;
    assert_eq!(messages.len(), 100);
    messages.sort_by_key(|item| (item["cnv"]["S"].to_string(), seq(item)));
    for person in messages.chunks(20) {
        let seqs: Vec<u64> = person.iter().map(seq).collect();
        assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
        let ids: Vec<&str> = person.iter().map(|item| item["mid"]["S"].as_str().unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_is_read_once_for_all_its_messages_of_a_batch() {
    let host = Host::fresh().await;
    let said = |count: usize| {
        let text = |n| cloud_api::text(&people::phone(1), &people::message_id(), &people::words(n));
        cloud_api::body(&[cloud_api::messages(COMERCIAL, &(0..count).map(text).collect::<Vec<_>>())])
    };
    for _ in 0..2 {
        host.post_whatsapp(&said(1)).await.expect(200);
        host.settled().await;
    }
    let before = reads(&host).await;
    host.post_whatsapp(&said(10)).await.expect(200);
    host.settled().await;
    let messages = host.items_at("ORG#demo#CNV#", "MSG#").await;
    let seqs: BTreeSet<u64> = messages.iter().map(seq).collect();
    assert_eq!((messages.len(), seqs), (12, (1..=12).collect()));
    let state = host.items_at("ORG#demo#CNV#", "STATE").await;
    assert_eq!(state[0]["in_seq"]["N"], "12");
    // Who wrote, the conversation, and its ticket for each; a process that starts reads a few things more.
    let reads = reads(&host).await - before;
    assert!((12..20).contains(&reads), "{reads} reads for ten messages");
}

/// How many reads `ingest` has made.
async fn reads(host: &Host) -> u64 {
    let requests = host.requests().await;
    let of = |operation: &str| requests.get(&format!("IngestFunction dynamodb:{operation}")).and_then(Value::as_u64);
    ["GetItem", "BatchGetItem"].into_iter().filter_map(of).sum()
}

fn seq(item: &Value) -> u64 {
    item["seq"]["N"].as_str().unwrap().parse().unwrap()
}

/// The providers' ids of all messages.
async fn stored(host: &Host) -> Vec<String> {
    let messages = host.items_at("ORG#demo#CNV#", "MSG#").await;
    messages.iter().map(|item| item["mid"]["S"].as_str().unwrap().to_owned()).collect()
}
