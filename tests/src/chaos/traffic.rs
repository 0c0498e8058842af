//! Providers that deliver until they are acknowledged, some things twice and some in the other order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ledger::Sent;
use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL, SUPORTE};
use crate::world::{Answer, baileys, people};

/// How many in a hundred messages come again later, and how many deliveries before the one that was to come before them.
const AGAIN: usize = 10;
const DISORDERED: usize = 5;
/// Who comes first of all. Nobody from here on is treated in a way of their own by the simulator: it would have the answers of a
/// connection wait for longer than anything here takes.
const FIRST_PERSON: usize = 2_000;
/// How many others may come between a message and its repetition.
const LATER: usize = 200;
const BAILEYS: &str = "baileys";
const CONNECTIONS: [&str; 3] = [COMERCIAL, SUPORTE, BAILEYS];

/// What providers have to deliver, and how far they are.
pub(super) struct Traffic {
    pub(super) sent: Vec<Sent>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) next: AtomicUsize,
    acknowledged: AtomicUsize,
}

/// One post of one message.
pub(super) struct Delivery {
    number: &'static str,
    body: Value,
}

impl Traffic {
    /// The same for the same arguments, but for ids and times.
    pub(super) fn plan(messages: usize, contacts: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut sent, mut placed) = (Vec::new(), Vec::new());
        for n in 0..messages {
            let (person, number) =
                (FIRST_PERSON + random.usize(..contacts), CONNECTIONS[random.usize(..CONNECTIONS.len())]);
            let id = people::message_id();
            let body = body(&people::phone(person), number, &id, n);
            if random.usize(..100) < AGAIN {
                placed.push((n + random.usize(1..LATER), Delivery { number, body: wrapped_otherwise(body.clone()) }));
            }
            placed.push((n, Delivery { number, body }));
            sent.push(Sent { id, person, number });
        }
        placed.sort_by_key(|(place, _)| *place);
        for n in 1..placed.len() {
            if random.usize(..100) < DISORDERED {
                placed.swap(n - 1, n);
            }
        }
        let deliveries = placed.into_iter().map(|(_, delivery)| delivery).collect();
        Self { sent, deliveries, next: AtomicUsize::new(0), acknowledged: AtomicUsize::new(0) }
    }

    /// Whether everything was acknowledged.
    pub(super) fn is_delivered(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed) == self.deliveries.len()
    }

    /// Delivers what is next until nothing is left.
    pub(super) async fn provide(&self, reach: watch::Receiver<Option<String>>) {
        let http = Client::new();
        while let Some(delivery) = self.deliveries.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let answer = persist(reach.clone(), |url| delivery.post(&http, url)).await;
            assert_eq!(answer.status, 200, "a delivery was refused: {}", answer.body);
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Delivery {
    fn post(&self, http: &Client, url: &str) -> RequestBuilder {
        let body = self.body.to_string();
        let request = if self.number == BAILEYS {
            http.post(format!("{url}/webhook/baileys")).bearer_auth(baileys::TOKEN)
        } else {
            let signature = cloud_api::signature(APP_SECRET, body.as_bytes());
            http.post(format!("{url}/webhook/whatsapp")).header("x-hub-signature-256", signature)
        };
        request.header("content-type", "application/json").body(body)
    }
}

/// Tries until the host is there and answers with neither its own nor a passing fault.
pub(super) async fn persist(
    mut reach: watch::Receiver<Option<String>>,
    request: impl Fn(&str) -> RequestBuilder,
) -> Answer {
    loop {
        let url = reach.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        match Answer::try_to(request(&url)).await {
            Some(answer) if answer.status < 500 && answer.status != 429 => return answer,
            // A client's pause before it tries again.
            _ => tokio::time::sleep(Duration::from_millis(fastrand::u64(20..200))).await,
        }
    }
}

fn body(from: &str, number: &str, id: &str, n: usize) -> Value {
    if number == BAILEYS {
        let message = baileys::message(from, id, &json!({ "conversation": people::words(n) }));
        return baileys::upsert("notify", &[message]);
    }
    cloud_api::body(&[cloud_api::messages(number, &[cloud_api::text(from, id, &people::words(n))])])
}

/// The same message in another body, which the queue does not know again.
fn wrapped_otherwise(mut body: Value) -> Value {
    if body["event"].is_string() {
        body["data"]["type"] = json!("append");
    } else {
        let name = people::NAME.to_uppercase();
        body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = json!(name);
    }
    body
}
