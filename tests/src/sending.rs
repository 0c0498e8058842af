//! The send path under faults: no answer is lost, the contact gets each at most once, and what is not known is never repeated.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Host, LONG, SOON, Session, eventually, kill, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_outcome_was_lost_is_never_sent_again_and_ends_as_the_provider_reports_it() {
    let host = Host::fresh().await;
    host.set_visibility("outbound.fifo", 12).await;
    let ana = host.claimed(5).await;
    // The call times out or breaks off: twice after the provider took the message, twice before.
    let outcomes = [
        (1, json!({ "outcome": "hang", "taken": true }), "read"),
        (2, json!({ "outcome": "cut", "taken": true }), "read"),
        (3, json!({ "outcome": "hang", "taken": false }), "unknown"),
        (4, json!({ "outcome": "cut", "taken": false }), "unknown"),
        (5, json!({ "outcome": "refuse", "status": 502, "code": 0 }), "unknown"),
    ];
    for (person, outcome, _) in &outcomes {
        host.script(&people::phone(*person), std::slice::from_ref(outcome)).await;
        answer(&ana, *person).await;
    }
    for (person, outcome, expected) in &outcomes {
        ends_as(&ana, *person, expected, &outcome.to_string()).await;
    }
    host.settled().await;
    // Once to those two whose messages were taken, and to nobody else.
    let to: Vec<Value> = host.sent().await.iter_mut().map(|sent| sent["to"].take()).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    assert!(to.contains(&json!(people::phone(1))) && to.contains(&json!(people::phone(2))), "{to:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_surely_did_not_take_is_tried_again_in_order_when_it_asks_for_it() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let refuse = |status: u16, code: u32| json!({ "outcome": "refuse", "status": status, "code": code });
    host.script(&people::phone(1), &[refuse(400, 131_056), refuse(500, 131_000)]).await;
    // Whatever waits for the queue's own time waits in vain.
    host.set_visibility("outbound.fifo", 3600).await;
    for n in 1..4 {
        let body = json!({ "body": format!("{} {n}", people::WORDS) });
        ana.post("/api/tickets/1/messages", body).await.expect(201);
    }
    let began = tokio::time::Instant::now();
    eventually("all three are read", LONG, async || {
        let messages = messages(&ana, 1).await;
        messages[1..].iter().all(|message| message["status"] == "read").then_some(())
    })
    .await;
    // Six seconds for the pair and at least ten for the second try: no earlier.
    assert!(began.elapsed() >= Duration::from_secs(15), "{:?}", began.elapsed());
    let texts: Vec<Value> = host.sent().await.iter_mut().map(|sent| sent["body"]["text"]["body"].take()).collect();
    assert_eq!(texts, [1, 2, 3].map(|n| json!(format!("{} {n}", people::WORDS))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_token_is_dead_stops_is_told_and_goes_on_when_somebody_has_put_it_right() {
    let host = Host::fresh().await;
    let (ana, carla) = (host.claimed(2).await, host.agent("carla"));
    host.script(&people::phone(1), &[json!({ "outcome": "refuse", "status": 401, "code": 190 })]).await;
    answer(&ana, 1).await;
    ends_as(&ana, 1, "failed", "a dead token").await;
    let line = eventually("the connection is stopped", SOON, async || {
        let line = ana.get("/api/connections/comercial").await.expect(200);
        (line["sending"]["state"] == "stopped").then_some(line)
    })
    .await;
    assert_eq!(line["sending"]["code"], 190);
    // Nothing is stored that could not be sent, whoever it is for.
    let body = json!({ "body": people::words(3) });
    let refused = ana.post("/api/tickets/2/messages", body.clone()).await.expect(409);
    assert_eq!(refused["code"], "connection_stopped");
    assert_eq!(host.sent().await.len(), 0);
    ana.post("/api/connections/comercial/resume", json!({})).await.expect(403);
    carla.post("/api/connections/comercial/resume", json!({})).await.expect(204);
    assert_eq!(ana.get("/api/connections/comercial").await.expect(200)["sending"]["state"], "ok");
    ana.post("/api/tickets/2/messages", body).await.expect(201);
    ends_as(&ana, 2, "read", "the token is right").await;
    let mut told = Vec::new();
    eventually("both are told", SOON, async || {
        told.extend(host.take_events("automation").await);
        let is = |kind: &str| {
            told.iter().any(|event: &Value| event["kind"] == kind && event["data"]["connectionId"] == "comercial")
        };
        (is("connection_stopped") && is("connection_resumed")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_whose_sender_is_killed_again_and_again_reach_the_contact_at_most_once_and_none_is_lost() {
    const PEOPLE: usize = 24;
    let host = Host::fresh().await;
    host.set_visibility("outbound.fifo", 8).await;
    let ana = host.claimed(PEOPLE).await;
    // Some calls take long enough to be killed in their midst, before and after the provider has taken the message.
    for person in (1..=PEOPLE).step_by(3) {
        host.script(&people::phone(person), &[json!({ "outcome": "hang", "taken": person % 2 == 0 })]).await;
    }
    for person in 1..=PEOPLE {
        answer(&ana, person).await;
    }
    let mut kills = 0;
    while host.depth("outbound.fifo").await != (0, 0) && kills < 40 {
        let busy: Vec<u32> =
            host.processes("send").await.into_iter().filter(|(_, busy)| *busy).map(|(pid, _)| pid).collect();
        if let Some(pid) = fastrand::choice(busy) {
            kills += usize::from(kill(pid));
        }
        // The moment is left to chance.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..600))).await;
    }
    println!("{kills} kills");
    let mut ends = Vec::new();
    for person in 1..=PEOPLE {
        ends.push(
            eventually("the answer has come to an end", LONG, async || {
                let end = messages(&ana, person).await[1]["status"].as_str().unwrap().to_owned();
                matches!(end.as_str(), "read" | "unknown" | "failed").then_some(end)
            })
            .await,
        );
    }
    host.settled().await;
    let sent = host.sent().await;
    for (person, end) in (1..=PEOPLE).zip(&ends) {
        let times = sent.iter().filter(|sent| sent["to"] == people::phone(person)).count();
        assert!(times <= 1, "person {person} got it {times} times, {end}");
        assert_eq!(times == 1, end == "read", "person {person}: {end}");
        assert_ne!(end, "failed", "person {person}");
    }
}

async fn answer(agent: &Session, ticket: usize) {
    let path = format!("/api/tickets/{ticket}/messages");
    agent.post(&path, json!({ "body": people::words(ticket) })).await.expect(201);
}

async fn messages(agent: &Session, ticket: usize) -> Vec<Value> {
    let path = format!("/api/tickets/{ticket}/messages");
    serde_json::from_value(agent.get(&path).await.expect(200)).unwrap()
}

async fn ends_as(agent: &Session, ticket: usize, expected: &str, why: &str) {
    eventually(why, LONG, async || (messages(agent, ticket).await[1]["status"] == expected).then_some(())).await;
}
