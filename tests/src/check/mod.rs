//! `turno check` proves the invariants of what a host has stored: nothing is found on what the product wrote, at whatever
//! moment, and every kind of planted damage is found and named.

mod damages;
mod engine;
mod life;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, LONG, demo, eventually, people, program};
use damages::{Damage, Stored};
use engine::{Engine, Queues};

/// What a check came to: its exit code, and the lines on standard output and standard error.
#[derive(Debug)]
struct Verdict {
    code: Option<i32>,
    lines: Vec<String>,
    notes: Vec<String>,
}

/// Runs the program on a data directory.
fn check(data: &Path) -> Verdict {
    let output = program().args(["check", "--data"]).arg(data).output().unwrap();
    let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().map(str::to_owned).collect();
    let verdict = Verdict { code: output.status.code(), lines: lines(&output.stdout), notes: lines(&output.stderr) };
    let told = [verdict.lines.as_slice(), verdict.notes.as_slice()].concat().join("\n");
    for forbidden in [people::PHONES, people::WORDS, people::NAME] {
        assert!(!told.contains(forbidden), "it tells what it must not: {told}");
    }
    verdict
}

impl Verdict {
    /// Nothing was found; the one line that says so.
    #[track_caller]
    fn holds(&self) -> &str {
        assert_eq!((self.code, self.lines.len()), (Some(0), 1), "{self:#?}");
        assert!(self.lines[0].starts_with("all holds: "), "{self:#?}");
        &self.lines[0]
    }

    /// Exactly these findings, in any order: the promise, the organization, and words that the line must hold.
    #[track_caller]
    fn finds(&self, of: &str, expected: &[(&str, String)]) {
        assert_eq!((self.code, self.lines.len()), (Some(1), expected.len()), "{of}: {self:#?}");
        for (invariant, words) in expected {
            let is_it = |line: &&String| line.starts_with(&format!("{invariant} ")) && line.contains(words);
            assert_eq!(self.lines.iter().filter(is_it).count(), 1, "{of}: {invariant} … {words}: {self:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_planted_damage_is_found_and_named_and_nothing_on_what_the_product_wrote() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    life::lead(&host).await;
    let while_serving = check(data.path());
    assert!(while_serving.holds().contains("1 organization, 4 contacts, 5 conversations"), "{while_serving:#?}");
    assert!(host.stop().success());
    let healthy = check(data.path());
    assert_eq!(healthy.holds(), while_serving.holds());

    let engine = Engine::open(data.path());
    let stored = Stored::read(&engine);
    let damages = damages::all(&stored);
    for Damage { name, changes, expected } in &damages {
        let before = engine.apply(changes);
        check(data.path()).finds(name, expected);
        engine.apply(&before);
    }
    println!("{} kinds of damage", damages.len());
    check(data.path()).holds();

    let mut lowered = stored.agent("ana").clone();
    lowered["capacity"] = json!({ "N": "1" });
    engine.apply(&[engine::Change::Put(lowered)]);
    let noted = check(data.path());
    assert_eq!(noted.holds(), healthy.holds());
    assert!(noted.notes.iter().any(|note| note.contains("agent ana holds 3 tickets and may hold 1 now")), "{noted:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_waits_on_a_queue_explains_what_is_half_done_and_what_was_given_up_is_a_finding() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    let id = host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    assert!(host.stop().success());
    let engine = Engine::open(data.path());
    let stored = Stored::read(&engine);
    let conversation = stored.conversation(1)["id"]["S"].as_str().unwrap().to_owned();
    // As a process of `ingest` leaves it that ends between its second and third write.
    engine.apply(&[engine::Change::Delete(stored.conversation(1).clone())]);
    let half_done = [
        ("I1", format!("conversation {conversation} has messages and does not exist")),
        ("I2", "ticket 1 (".to_owned()),
    ];
    check(data.path()).finds("nothing waits", &half_done);

    let text = cloud_api::text(&people::phone(1), &id, &people::words(1));
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])]).to_string();
    let unit = channels::cloud_api::split("default", body.as_bytes(), runtime::clock::now()).remove(0);
    let queues = Queues::open(data.path());
    queues.put("inbound.fifo", &unit.to_json().unwrap());
    let waiting = check(data.path());
    assert!(waiting.holds().ends_with("; under way: 1 on the queues, and 2 half done by it"), "{waiting:#?}");

    queues.clear();
    queues.put("inbound-dead.fifo", &unit.to_json().unwrap());
    queues.put("relay-dead", "{}");
    let given_up = [
        ("I1", "1 acknowledged messages of connection comercial lie on inbound-dead.fifo".to_owned()),
        ("I6", "1 batches of changes lie on relay-dead".to_owned()),
    ];
    check(data.path()).finds("given up", &given_up);

    // What waits of somebody else explains nothing.
    queues.clear();
    let other = cloud_api::text(&people::phone(2), &id, &people::words(1));
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[other])]).to_string();
    let unit = channels::cloud_api::split("default", body.as_bytes(), runtime::clock::now()).remove(0);
    queues.put("inbound.fifo", &unit.to_json().unwrap());
    check(data.path()).finds("another waits", &half_done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_under_load_raises_no_false_alarm_and_one_that_was_killed_in_the_midst_of_it_none_either() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    let enough = AtomicBool::new(false);
    let load = async {
        let ana = host.agent("ana");
        let mut turn = 0;
        while !enough.load(Ordering::Relaxed) {
            let bodies: Vec<_> = (turn..turn + 12)
                .map(|n| {
                    let number = if n % 3 == 0 { SUPORTE } else { COMERCIAL };
                    let text = cloud_api::text(&people::phone(n / 2 % 400), &people::message_id(), &people::words(n));
                    cloud_api::body(&[cloud_api::messages(number, &[text])])
                })
                .collect();
            host.post_all(&bodies).await;
            turn += 12;
            let ticket = fastrand::u64(1..=(turn as u64 / 4));
            // Whether the ticket is there to be claimed and answered yet is chance.
            ana.post(&format!("/api/tickets/{ticket}/claim"), json!({})).await;
            ana.post(&format!("/api/tickets/{ticket}/messages"), json!({ "body": people::words(turn) })).await;
        }
    };
    let looks = async {
        let mut busy = 0;
        while busy < 12 {
            let data = data.path().to_owned();
            let verdict = tokio::task::spawn_blocking(move || check(&data)).await.unwrap();
            busy += u32::from(verdict.holds().contains("under way"));
        }
        // A change made past the product is found while it serves, too.
        set_load(&host, "dora", 7).await;
        let path = data.path().to_owned();
        let verdict = tokio::task::spawn_blocking(move || check(&path)).await.unwrap();
        verdict.finds("load", &[("I4", "agent dora holds 0 tickets, but its load says 7".to_owned())]);
        set_load(&host, "dora", 0).await;
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(load, looks);
    // Killed with what it was doing undone.
    for n in 0..20 {
        host.say(COMERCIAL, &people::phone(n)).await;
    }
    host.kill();
    check(data.path()).holds();

    let host = Host::on(data.path()).await;
    eventually("all messages are taken", LONG, async || (host.depth("inbound.fifo").await == (0, 0)).then_some(()))
        .await;
    assert!(host.storage().await.ticket_count(&demo()).await.unwrap() > 0);
    check(data.path()).holds();
}

/// Writes an agent's load past the product.
async fn set_load(host: &Host, agent: &str, load: u32) {
    let request = json!({
        "TableName": host.table_name().await, "Key": { "pk": { "S": "ORG#demo" }, "sk": { "S": format!("AGT#{agent}") } },
        "UpdateExpression": "SET #load = :load", "ExpressionAttributeNames": { "#load": "load" },
        "ExpressionAttributeValues": { ":load": { "N": load.to_string() } },
    });
    host.aws("DynamoDB_20120810.UpdateItem", &request).await;
}

#[test]
fn data_that_cannot_be_read_is_told_apart_from_data_that_is_damaged() {
    let data = tempfile::tempdir().unwrap();
    let verdict = check(data.path());
    assert_eq!((verdict.code, verdict.lines.len()), (Some(2), 0), "{verdict:#?}");
    assert!(verdict.notes[0].contains("no host has kept data in"), "{verdict:#?}");
    for file in ["table.db", "queues.db"] {
        std::fs::write(data.path().join(file), "no database, and longer than the header of one ".repeat(4)).unwrap();
    }
    let verdict = check(data.path());
    assert_eq!((verdict.code, verdict.lines.len(), verdict.notes.len()), (Some(2), 0, 1), "{verdict:#?}");
}
