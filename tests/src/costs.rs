//! What a message costs in write units, indexes included, as `ingest` counts them (design.md, "Budget").

use serde_json::Value;

use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Host, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_stays_within_its_write_units() {
    let host = Host::fresh().await;
    // The first ticket of an organization opens its year in the counter, which no other does.
    cost(&host, COMERCIAL, 1).await;
    let new_contact = cost(&host, COMERCIAL, 2).await;
    let further = cost(&host, COMERCIAL, 2).await;
    let known_contact = cost(&host, SUPORTE, 2).await;
    println!("write units: new contact {new_contact}, known contact {known_contact}, further message {further}");
    assert!(further > 0.0 && further <= 2.0, "{further}");
    assert!(known_contact > further && known_contact <= 9.0, "{known_contact}");
    assert!(new_contact > known_contact && new_contact <= 12.0, "{new_contact}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_s_mix_of_messages_stays_within_its_mean() {
    let host = Host::fresh().await;
    let contacts = 6;
    for n in 0..contacts {
        host.say(COMERCIAL, &people::phone(n)).await;
    }
    host.settled().await;
    let before = written(&host);
    // 40 messages of which 15 % open a ticket: half of those come from people who never wrote before.
    for n in 0..3 {
        host.say(COMERCIAL, &people::phone(100 + n)).await;
        host.say(SUPORTE, &people::phone(n)).await;
    }
    for n in 0..34 {
        host.say(COMERCIAL, &people::phone(n % contacts)).await;
    }
    host.settled().await;
    let messages = (written(&host).0 - before.0, written(&host).1 - before.1);
    assert!((messages.0 - 40.0).abs() < f64::EPSILON, "{messages:?}");
    let mean = messages.1 / messages.0;
    println!("write units: mean of the mix {mean}");
    assert!(mean <= 3.2 + f64::EPSILON, "{mean}");
}

/// The write units of one message.
async fn cost(host: &Host, number: &str, person: usize) -> f64 {
    let before = written(host);
    host.say(number, &people::phone(person)).await;
    host.settled().await;
    let after = written(host);
    assert!((after.0 - before.0 - 1.0).abs() < f64::EPSILON, "{before:?} {after:?}");
    after.1 - before.1
}

/// How many messages were taken, and the write units that they cost.
fn written(host: &Host) -> (f64, f64) {
    let batches = host.output.logged("ingest", "batch done");
    let sum = |name: &str| batches.iter().filter_map(|batch: &Value| batch[name].as_f64()).sum();
    (sum("records"), sum("write_units"))
}
