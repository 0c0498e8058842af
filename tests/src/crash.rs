//! `ingest` killed again and again under load: nothing is lost, doubled or skipped (invariants I1, I2, I3).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ledger::{Sent, all_is_there, all_is_told};
use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, LONG, SOON, eventually, kill, people};

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
