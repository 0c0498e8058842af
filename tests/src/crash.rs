//! `ingest` killed again and again under load: nothing is lost, doubled or skipped (invariants I1, I2, I3).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ticket::Ticket;
use serde_json::Value;

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, LONG, SOON, demo, eventually, kill, people};

const KILLS: usize = 100;
/// So many messages may wait for processes of `ingest` that work: enough that none is idle, few enough to see the end.
const BACKLOG: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_killed_a_hundred_times_under_load_loses_doubles_and_skips_nothing() {
    let host = Host::fresh().await;
    let killed_enough = AtomicBool::new(false);
    let (sent, ()) = tokio::join!(keep_sending(&host, &killed_enough), kill_often(&host, &killed_enough));
    println!("{} messages, {KILLS} kills", sent.len());
    // What a killed process held comes again when its time in flight is over.
    eventually("all messages are taken", LONG, async || (host.depth("inbound.fifo").await == (0, 0)).then_some(()))
        .await;
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
    all_is_there(&host, &sent).await;
    all_is_told(&host, &sent).await;
}

/// A message that was acknowledged: its id, and the person and connection that it is of.
struct Sent {
    id: String,
    person: usize,
    number: &'static str,
}

/// Who writes the `n`th message on a connection. Fifty people write in turn, and in each turn twelve of them are new, so
/// that everybody writes about four times. There must be new ones: a killed process leaves its people's messages locked for
/// the time that a message is in flight, and in the end everybody's.
fn person(n: usize) -> usize {
    n / 50 * 12 + n % 50
}

/// Sends as long as there are kills to come, by both connections and with several messages in a body.
async fn keep_sending(host: &Host, killed_enough: &AtomicBool) -> Vec<Sent> {
    let (mut sent, mut turn) = (Vec::new(), 0);
    while !killed_enough.load(Ordering::Relaxed) {
        let works = host.processes("ingest").await.iter().any(|(_, busy)| *busy);
        if works && host.depth("inbound.fifo").await.0 > BACKLOG {
            // Nothing to wait for but that `ingest` goes on: the next look tells.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        let mut changes = Vec::new();
        for number in [COMERCIAL, SUPORTE] {
            let mut texts = Vec::new();
            for person in (turn..turn + 3).map(person) {
                let id = people::message_id();
                texts.push(cloud_api::text(&people::phone(person), &id, &people::words(sent.len())));
                sent.push(Sent { id, person, number });
            }
            changes.push(cloud_api::messages(number, &texts));
        }
        host.post_whatsapp(&cloud_api::body(&changes)).await.expect(200);
        turn += 3;
    }
    sent
}

/// Kills processes in the midst of their work, at moments that nobody chose.
async fn kill_often(host: &Host, killed_enough: &AtomicBool) {
    for _ in 0..KILLS {
        // The pace spreads the kills over what comes again after earlier ones; the moment is left to chance.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..750))).await;
        eventually("a busy process of ingest to kill", SOON, async || {
            let busy: Vec<u32> =
                host.processes("ingest").await.into_iter().filter(|(_, busy)| *busy).map(|(pid, _)| pid).collect();
            let pid = fastrand::choice(busy)?;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..5))).await;
            kill(pid).then_some(())
        })
        .await;
    }
    killed_enough.store(true, Ordering::Relaxed);
}

/// Every message stored once and counted once, with its ticket; numbers without a gap.
async fn all_is_there(host: &Host, sent: &[Sent]) {
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
        stored.entry(of("cnv")).or_default().push((seq, of("mid"), of("tkt")));
    }
    assert_eq!(stored.values().map(Vec::len).sum::<usize>(), sent.len());
    let by_messages: BTreeSet<&BTreeSet<&str>> = wanted.values().collect();
    for ticket in &tickets {
        is_whole(host, ticket, stored.get_mut(ticket.conversation.as_ref().unwrap().as_str()).unwrap(), &by_messages)
            .await;
    }
}

/// One conversation: its messages are those that were sent, each counted in its turn and on the conversation's ticket.
async fn is_whole(
    host: &Host,
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
    let storage = host.storage().await;
    let state = storage.conversation(&demo(), ticket.conversation.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((state.in_seq, state.slot.as_ref()), (messages.len() as u64, Some(&ticket.id)));
}

/// Every ticket and message was told on the fan-out queue, under one id each (invariant I6).
async fn all_is_told(host: &Host, sent: &[Sent]) {
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
