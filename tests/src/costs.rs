//! What each path costs in units of the table and in calls of AWS, as the functions log and the endpoint counts them, against
//! `bench/budget.toml`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::budget::{Budget, Cost};
use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Host, SOON, eventually, functions, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_stays_within_its_budget() {
    let (host, budget) = (Host::fresh().await, Budget::read());
    // The first ticket of an organization opens its year in the counter, which no other does.
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    // The other connection is known from here on.
    host.say(SUPORTE, &people::phone(3)).await;
    let ana = host.agent("ana");
    ana.get("/api/tickets/1").await;
    host.settled().await;
    let new_contact = cost(&host, async || drop(host.say(COMERCIAL, &people::phone(2)).await)).await;
    let known_contact = cost(&host, async || drop(host.say(SUPORTE, &people::phone(2)).await)).await;
    let further = cost(&host, async || drop(host.say(COMERCIAL, &people::phone(2)).await)).await;
    budget.check("new ticket, new contact", new_contact);
    budget.check("new ticket, known contact", known_contact);
    budget.check("further message", further);
    // What docs/data-model.md promises, whatever the budget says.
    assert!(further.write <= 2.0 && known_contact.write <= 9.0 && new_contact.write <= 12.0, "the budget is too high");

    let get = async |path: &'static str| cost(&host, async || drop(ana.get(path).await.expect(200))).await;
    budget.check("list", get("/api/tickets?limit=10").await);
    budget.check("one ticket", get("/api/tickets/1").await);
    budget.check("first look at a ticket, S1", get("/api/v2/tickets/1").await);
    budget.check("one ticket with its history, S1", get("/api/v2/tickets/1").await);
    budget.check("messages of a ticket", get("/api/tickets/1/messages").await);
    budget.check("statistics", get("/api/tickets/stats").await);
    budget.check("waiting tickets", get("/api/tickets/queue").await);

    let post = async |path: &'static str, body: Value| {
        cost(&host, async || {
            let answer = ana.post(path, body.clone()).await;
            assert!(answer.status < 300, "{answer:?}");
        })
        .await
    };
    budget.check("claim", post("/api/tickets/1/claim", json!({})).await);
    let link = post("/v3/uploads", json!({ "name": "a.pdf", "media_type": "application/pdf", "size": 5 })).await;
    budget.check("link to put a file", link);
    // What is measured is not the first answer, which stops a clock, nor what is reported of it.
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    all_read(&host).await;
    let upload = ana.upload("nota.pdf", "application/pdf", b"bytes").await;
    let answer = async || {
        let body = json!({ "type": "document", "document": { "upload": upload } });
        ana.post("/v3/tickets/1/messages", body).await.expect(201);
        all_read(&host).await;
    };
    budget.check("further answer with a file", cost(&host, answer).await);
    for (path, state) in [("state change", "pending_customer"), ("resolve", "resolved"), ("close", "closed")] {
        let change = async || drop(ana.put("/api/v2/tickets/1/status", json!({ "status": state })).await.expect(200));
        budget.check(path, cost(&host, change).await);
    }
    budget
        .check("message that reopens", cost(&host, async || drop(host.say(COMERCIAL, &people::phone(1)).await)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_s_mix_of_messages_stays_within_its_mean() {
    let (host, budget) = (Host::fresh().await, Budget::read());
    let contacts = 6;
    for n in 0..contacts {
        host.say(COMERCIAL, &people::phone(n)).await;
    }
    host.settled().await;
    // 40 messages of which 15 % open a ticket: half of those come from people who never wrote before.
    let mix = cost(&host, async || {
        for n in 0..3 {
            host.say(COMERCIAL, &people::phone(100 + n)).await;
            host.say(SUPORTE, &people::phone(n)).await;
        }
        for n in 0..34 {
            host.say(COMERCIAL, &people::phone(n % contacts)).await;
        }
    })
    .await;
    let mean = Cost { write: mix.write / 40.0, read: mix.read / 40.0, calls: mix.calls / 40.0 };
    budget.check("mean at 15 % new tickets", mean);
    assert!(mean.write <= 3.2, "the budget is too high");
}

/// Waits until everything that was sent is reported as read.
async fn all_read(host: &Host) {
    eventually("all is read", SOON, async || {
        let items = host.items_at("ORG#demo#CNV#", "MSG#").await;
        items.iter().all(|item| item["delivery"].is_null() || item["delivery"]["S"] == "read").then_some(())
    })
    .await;
}

/// What the functions consume while `work` is done and everything that follows from it.
async fn cost(host: &Host, work: impl AsyncFnOnce()) -> Cost {
    let (units, calls) = (consumed(host), calls(host).await);
    work().await;
    host.settled().await;
    // The last lines come through a pipe: until nothing more came between two looks.
    let mut seen = consumed(host);
    let units_after = eventually("the functions log no more", SOON, async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = consumed(host);
        (std::mem::replace(&mut seen, now) == now).then_some(now)
    })
    .await;
    let calls_after = self::calls(host).await;
    Cost { write: units_after.0 - units.0, read: units_after.1 - units.1, calls: calls_after - calls }
}

/// The units of every request and batch until now: written, read.
fn consumed(host: &Host) -> (f64, f64) {
    let lines: Vec<Value> = ["request answered", "batch done"]
        .into_iter()
        .flat_map(|message| functions().into_iter().flat_map(move |function| host.output.logged(&function, message)))
        .collect();
    let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_f64()).sum();
    (sum("write_units"), sum("read_units"))
}

/// The calls of the functions until now, `relay` left out.
async fn calls(host: &Host) -> f64 {
    let counted = host.requests().await;
    let of = |(name, count): (&String, &Value)| {
        // The scan is the schedule's, every minute.
        let others = ["operator ", "RelayFunction ", "SlaScanFunction "];
        if others.iter().any(|other| name.starts_with(other)) { None } else { count.as_f64() }
    };
    counted.iter().filter_map(of).sum()
}
