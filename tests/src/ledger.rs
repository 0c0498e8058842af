//! What was acknowledged, held against what is there: every message stored, counted and told once, tickets numbered without a
//! gap, one of them for each person on each connection (invariants I1, I2, I3, I6).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::ticket::Ticket;
use serde_json::Value;
use storage::Storage;

use crate::world::{Host, LONG, demo, eventually};

/// A message that was acknowledged: its id, and the person and connection that it is of.
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) person: usize,
    pub(crate) number: &'static str,
}

/// Every message stored once and counted once, with its ticket; numbers without a gap.
pub(crate) async fn all_is_there(host: &Host, sent: &[Sent]) {
    let (storage, items) = (host.storage().await, host.items().await);
    let at = |pk: &str, sk: &str| -> Vec<&Value> {
        let begins = |item: &Value, name: &str, with: &str| item[name]["S"].as_str().unwrap().starts_with(with);
        items.iter().filter(|item| begins(item, "pk", pk) && begins(item, "sk", sk)).collect()
    };
    let mut wanted: BTreeMap<(usize, &str), BTreeSet<&str>> = BTreeMap::new();
    for message in sent {
        wanted.entry((message.person, message.number)).or_default().insert(&message.id);
    }
    let people: BTreeSet<usize> = wanted.keys().map(|(person, _)| *person).collect();
    assert_eq!(at("ORG#demo#CTC#", "PROFILE").len(), people.len());
    let mut tickets = storage.tickets_by_number(&demo(), u64::MAX, 10_000).await.unwrap().tickets;
    tickets.sort_by_key(|ticket| ticket.number);
    let numbers: Vec<u64> = tickets.iter().map(|ticket| ticket.number.number).collect();
    assert_eq!(numbers, (1..=wanted.len() as u64).collect::<Vec<_>>());
    assert_eq!(storage.ticket_count(&demo()).await.unwrap(), wanted.len() as u64);
    let slots: HashSet<_> = tickets.iter().map(|ticket| (&ticket.contact, &ticket.connection)).collect();
    assert_eq!(slots.len(), tickets.len(), "a contact has two tickets on one connection");

    let mut stored: BTreeMap<&str, Vec<(u64, &str, &str)>> = BTreeMap::new();
    for item in at("ORG#demo#CNV#", "MSG#") {
        let of = |name: &str| item[name]["S"].as_str().unwrap_or_default();
        let seq = item["seq"]["N"].as_str().unwrap().parse().unwrap();
        // What agents answered has no place among what contacts wrote.
        if seq == 0 {
            continue;
        }
        stored.entry(of("cnv")).or_default().push((seq, of("mid"), of("tkt")));
    }
    assert_eq!(stored.values().map(Vec::len).sum::<usize>(), sent.len());
    let by_messages: BTreeSet<&BTreeSet<&str>> = wanted.values().collect();
    for ticket in &tickets {
        is_whole(
            &storage,
            ticket,
            stored.get_mut(ticket.conversation.as_ref().unwrap().as_str()).unwrap(),
            &by_messages,
        )
        .await;
    }
}

/// One conversation: its messages are those that were sent, each counted in its turn and on the conversation's ticket.
async fn is_whole(
    storage: &Storage,
    ticket: &Ticket,
    messages: &mut [(u64, &str, &str)],
    wanted: &BTreeSet<&BTreeSet<&str>>,
) {
    messages.sort_unstable();
    let seqs: Vec<u64> = messages.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(seqs, (1..=messages.len() as u64).collect::<Vec<_>>(), "{}", ticket.id);
    assert!(messages.iter().all(|(_, _, of)| *of == ticket.id.as_str()), "{}: {messages:?}", ticket.id);
    let ids: BTreeSet<&str> = messages.iter().map(|(_, id, _)| *id).collect();
    assert!(wanted.contains(&ids), "{}: {ids:?}", ticket.id);
    let state = storage.conversation(&demo(), ticket.conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((state.in_seq, state.slot.as_ref()), (messages.len() as u64, Some(&ticket.id)));
}

/// Every ticket and message was told on the fan-out queue, under one id each (invariant I6).
pub(crate) async fn all_is_told(host: &Host, sent: &[Sent]) {
    let mut told: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    let tickets = host.storage().await.ticket_count(&demo()).await.unwrap();
    eventually("all events are told", LONG, async || {
        for event in host.take_events("push").await {
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            told.entry(text("kind")).or_default().insert(text("id"));
        }
        let count = |kind: &str| told.get(kind).map_or(0, HashSet::len);
        let counts = (count("ticket_created"), count("message_received"));
        assert!(counts.0 as u64 <= tickets && counts.1 <= sent.len(), "{counts:?}");
        (counts.0 as u64 == tickets && counts.1 == sent.len()).then_some(())
    })
    .await;
}
