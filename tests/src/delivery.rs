//! How far an answer has come, told by the provider in any order (invariant I5).

use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, SOON, Session, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_state_never_goes_backwards() {
    let host = Host::fresh().await;
    // The simulator calls the answer to this number undeliverable, so that every later state is ours to tell.
    let to = people::phone(0);
    let ana = answered(&host, &to).await;
    let id = eventually("the answer has failed", SOON, async || {
        let answer = answer(&ana).await;
        (answer["status"] == "failed").then(|| answer["provider_message_id"].clone())
    })
    .await;
    assert_eq!(answer(&ana).await["error"]["code"], 131_026);
    for (told, expected) in [
        ("sent", "failed"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("failed", "delivered"),
        ("read", "read"),
        ("delivered", "read"),
        ("failed", "read"),
        ("sent", "read"),
    ] {
        let body = cloud_api::body(&[cloud_api::status(COMERCIAL, &id, told, &to)]);
        host.post_whatsapp(&body).await.expect(200);
        host.settled().await;
        assert_eq!(answer(&ana).await["status"], expected, "after {told}");
    }
    // A report on a message that nobody here sent is kept for it, and makes no ticket.
    let stranger = cloud_api::status(COMERCIAL, &json!(people::message_id()), "read", &people::phone(2));
    host.post_whatsapp(&cloud_api::body(&[stranger])).await.expect(200);
    host.settled().await;
    assert_eq!(ana.get("/api/tickets").await.expect(200)["pagination"]["total"], 1);
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_an_answer_is_told_once_and_the_window_s_refusal_is_shown() {
    let host = Host::fresh().await;
    let ana = answered(&host, &people::phone(47)).await;
    eventually("the answer has failed", SOON, async || (answer(&ana).await["status"] == "failed").then_some(())).await;
    assert_eq!(answer(&ana).await["error"]["code"], 131_047);
    let told = ["queued", "sending", "accepted", "failed"];
    let mut states = Vec::new();
    eventually("the events of the answer", SOON, async || {
        let events = host.take_events("push").await;
        let of_answer = |event: &&Value| event["data"]["agentId"] == "ana" && event["data"]["messageId"].is_string();
        states.extend(
            events.iter().filter(of_answer).map(|event| (event["id"].clone(), event["data"]["status"].clone())),
        );
        states.iter().any(|(_, state)| state == "failed").then_some(())
    })
    .await;
    // Events come at least once, with an id by which a repetition is dropped.
    states.sort_by_key(|(id, _)| id.to_string());
    states.dedup();
    assert_eq!(states.len(), told.len(), "{states:?}");
    for state in told {
        assert_eq!(states.iter().filter(|(_, told)| told == state).count(), 1, "{state} in {states:?}");
    }
}

/// Ana, who has claimed the ticket of this person and answered.
async fn answered(host: &Host, to: &str) -> Session {
    host.say(COMERCIAL, to).await;
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    ana
}

/// Her answer as the API shows it.
async fn answer(agent: &Session) -> Value {
    agent.get("/api/tickets/1/messages").await.expect(200)[1].take()
}
