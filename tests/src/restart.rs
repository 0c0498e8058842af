//! A host that ended, in order or not, goes on where it was.

use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, LONG, SOON, demo, eventually, is_alive, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_stopped_continues_with_everything_kept() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    host.templates_are_read().await;
    for n in 1..=3 {
        host.say(COMERCIAL, &people::phone(n)).await;
        // One after the other: who writes at once gets a number in any order, and below the first is the first's.
        host.settled().await;
    }
    let token = host.token("demo", "ana");
    let ana = host.signed_in(&*token);
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    let before = ana.get("/api/tickets/1").await.expect(200);
    let items = host.items().await;
    let pids = pids(&host).await;
    assert!(host.stop().success());
    assert!(!data.path().join("host.json").exists());
    ended(pids).await;

    let host = Host::on(data.path()).await;
    assert_eq!(host.items().await, items);
    let ana = host.signed_in(token);
    assert_eq!(ana.get("/api/tickets/1").await.expect(200), before);
    host.say(SUPORTE, &people::phone(1)).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    assert_eq!(ana.get("/api/tickets/4").await.expect(200)["phoneId"], "suporte");
    assert_eq!(ana.get("/api/tickets").await.expect(200)["pagination"]["total"], 4);
    assert_eq!(ana.get("/api/tickets/1/messages").await.expect(200).as_array().map(Vec::len), Some(2));
    // The stream goes on as well: what the second host stored reaches the agents.
    eventually("the events of both hosts", SOON, {
        let mut numbers = Vec::new();
        async move || {
            let events = host.take_events("push").await;
            let created = events.iter().filter(|event| event["kind"] == "ticket_created");
            numbers.extend(created.map(|event| event["data"]["ticketNumber"].as_u64().unwrap()));
            numbers.sort_unstable();
            numbers.dedup();
            (numbers == [1, 2, 3, 4]).then_some(())
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_killed_has_lost_nothing_that_it_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let bodies: Vec<Value> = (1..=40)
        .map(|n| {
            let text = cloud_api::text(&people::phone(n % 20), &format!("wamid.{n:03}"), &people::words(n));
            cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])])
        })
        .collect();
    host.post_all(&bodies).await;
    let pids = pids(&host).await;
    host.kill();
    // A function's process does not outlive the host that it works for.
    ended(pids).await;

    let host = Host::on(data.path()).await;
    // What was being worked on comes again when its time in flight is over.
    eventually("all messages are taken", LONG, async || (host.depth("inbound.fifo").await == (0, 0)).then_some(()))
        .await;
    assert_eq!(host.items_at("ORG#demo#CNV#", "MSG#").await.len(), 41);
    let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 100).await.unwrap().tickets;
    let numbers: Vec<u64> = tickets.iter().rev().map(|ticket| ticket.number.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
}

/// The processes of all functions.
async fn pids(host: &Host) -> Vec<u32> {
    let mut pids = Vec::new();
    for function in host.functions().await {
        let processes = function["processes"].as_array().unwrap();
        pids.extend(processes.iter().map(|process| u32::try_from(process["pid"].as_u64().unwrap()).unwrap()));
    }
    assert!(!pids.is_empty());
    pids
}

async fn ended(pids: Vec<u32>) {
    eventually("the functions' processes are gone", SOON, async || {
        pids.iter().all(|pid| !is_alive(*pid)).then_some(())
    })
    .await;
}
