//! What goes wrong on AWS now and then, on request: under each kind of fault alone and under all together, nothing that was
//! acknowledged is lost, doubled or skipped (invariants I1, I2, I3, I6).

use std::ops::Range;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::ledger::{Sent, all_is_there, all_is_told};
use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Answer, Host, LONG, Session, eventually, people};

const KINDS: [&str; 10] =
    ["kill", "timeout", "duplicate", "reorder", "conflict", "lost", "throttle", "error", "slow", "repeat"];
/// Who writes under each kind.
const PEOPLE: usize = 40;
/// How long a process may take to start, in seconds.
const START: u64 = 2;
/// Longer than a message is out of sight.
const SECOND_ROUND: Duration = Duration::from_secs(9);
/// How often a provider posts what was not acknowledged. Meta goes on for days.
const POSTS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_functions_lose_double_and_skip_nothing() {
    under(&["kill"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_that_ran_into_their_timeout_lose_double_and_skip_nothing() {
    under(&["timeout"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_come_twice_or_out_of_order_lose_double_and_skip_nothing() {
    under(&["duplicate", "reorder", "repeat"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_and_failing_services_lose_double_and_skip_nothing() {
    under(&["conflict", "error"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_calls_lose_double_and_skip_nothing() {
    under(&["throttle"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_and_late_answers_lose_double_and_skip_nothing() {
    under(&["lost", "slow"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_kinds_of_faults_together_lose_double_and_skip_nothing_and_every_answer_comes_to_an_end() {
    let host = Host::fresh().await;
    give_out_again_soon(&host).await;
    let rates: Vec<String> = KINDS.iter().map(|kind| format!("{kind}=0.05")).collect();
    let all = rates.join(",");
    set(&host, &json!(format!("11:{all}"))).await;
    let sent = write(&host, 1000, 8).await;
    let _in_peace = tokio::time::timeout(SECOND_ROUND, host.settled()).await;
    let while_writing = injected(&host).await;
    set(&host, &Value::Null).await;
    host.settled().await;
    all_is_there(&host, &sent).await;

    set(&host, &json!(format!("12:{all}"))).await;
    let ana = host.agent("ana");
    join_all((1..=20).map(|ticket| answer(&ana, ticket))).await;
    let _in_peace = tokio::time::timeout(SECOND_ROUND, host.settled()).await;
    let while_answering = injected(&host).await;
    println!("writing: {while_writing}\nanswering: {while_answering}");
    for kind in KINDS {
        let count = [&while_writing, &while_answering].map(|injected| injected[kind].as_u64().unwrap());
        assert!(count.iter().sum::<u64>() > 0, "{kind}: {while_writing} {while_answering}");
    }
    set(&host, &Value::Null).await;
    for ticket in 1..=20 {
        eventually("every answer has come to an end", LONG, async || {
            let messages = ana.get(&format!("/api/tickets/{ticket}/messages")).await.expect(200);
            let answers: Vec<&Value> =
                messages.as_array().unwrap().iter().filter(|message| message["from_me"] == true).collect();
            // An answer whose acknowledgement was lost may be there or not; none is there twice.
            assert!(answers.len() <= 1, "{answers:?}");
            let ended = |answer: &Value| ["read", "unknown"].contains(&answer["status"].as_str().unwrap());
            answers.iter().all(|answer| ended(answer)).then_some(())
        })
        .await;
    }
    nothing_is_given_up(&host).await;
}

/// Two hundred messages of forty people under each of these kinds, one kind after the other, on one host.
async fn under(kinds: &[&str]) {
    let host = Host::fresh().await;
    give_out_again_soon(&host).await;
    let mut sent = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        let started_at = std::time::Instant::now();
        set(&host, &json!(format!("{place}:{kind}=0.2"))).await;
        sent.extend(write(&host, place * PEOPLE, 5).await);
        let written = started_at.elapsed();
        // What failed comes again under faults as well, if it does so soon; what is left then is worked off in peace.
        let _in_peace = tokio::time::timeout(SECOND_ROUND, host.settled()).await;
        let injected = injected(&host).await;
        for other in KINDS {
            assert_eq!(injected[other].as_u64().unwrap() > 0, other == *kind, "{kind}: {injected}");
        }
        let round = started_at.elapsed();
        set(&host, &Value::Null).await;
        host.settled().await;
        println!("{kind}: {} written {written:?} round {round:?} all {:?}", injected[kind], started_at.elapsed());
        all_is_there(&host, &sent).await;
    }
    all_is_told(&host, &sent).await;
    nothing_is_given_up(&host).await;
}

/// Has the queues give out again soon what was not acknowledged: no sooner than the function that may be at it is certainly
/// gone, as AWS demands of a queue with a consumer.
async fn give_out_again_soon(host: &Host) {
    for (queue, timeout) in [("inbound.fifo", 5), ("outbound.fifo", 10)] {
        host.set_visibility(queue, timeout + START).await;
    }
}

/// Forty people, from this one on, write so many messages each, four people in a body, until each body is acknowledged.
async fn write(host: &Host, first: usize, each: usize) -> Vec<Sent> {
    let four = async |people: Range<usize>| {
        let mut sent = Vec::new();
        for n in 0..each {
            let number = if (people.start + n).is_multiple_of(4) { SUPORTE } else { COMERCIAL };
            let ids: Vec<String> = people.clone().map(|_| people::message_id()).collect();
            let text = |(person, id): (usize, &String)| cloud_api::text(&people::phone(person), id, &people::words(n));
            let texts: Vec<Value> = people.clone().zip(&ids).map(text).collect();
            post(host, &cloud_api::body(&[cloud_api::messages(number, &texts)])).await;
            sent.extend(people.clone().zip(ids).map(|(person, id)| Sent { id, person, number }));
        }
        sent
    };
    let fours = (first..first + PEOPLE).step_by(4).map(|start| start..start + 4);
    join_all(fours.map(four)).await.into_iter().flatten().collect()
}

/// Posts until it is acknowledged, as a provider does, which repeats what failed and gives up what it is told is its own fault.
async fn post(host: &Host, body: &Value) {
    for _ in 0..POSTS {
        let Answer { status, body: told } = host.post_whatsapp(body).await;
        if status == 200 {
            return;
        }
        assert!([500, 503].contains(&status), "{status} {told}");
        pause().await;
    }
    panic!("not acknowledged in {POSTS} posts");
}

/// Claims a ticket, however often it takes, and answers it once.
async fn answer(agent: &Session, ticket: usize) {
    for _ in 0..POSTS {
        let claimed = agent.post(&format!("/api/tickets/{ticket}/claim"), json!({})).await;
        let is_ours = claimed.status == 200 || (claimed.status == 409 && claimed.body["agent_id"] == "ana");
        if is_ours {
            break;
        }
        assert!([500, 503].contains(&claimed.status), "{} {}", claimed.status, claimed.body);
        pause().await;
    }
    let body = json!({ "body": people::words(ticket) });
    let answered = agent.post(&format!("/api/tickets/{ticket}/messages"), body).await;
    assert!([201, 500, 503].contains(&answered.status), "{} {}", answered.status, answered.body);
}

/// A client's pause before it tries again.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(20..200))).await;
}

async fn set(host: &Host, faults: &Value) {
    let told = host.operate("PUT", "/_turno/faults", &json!({ "faults": faults })).await;
    assert_eq!(told["injected"]["kill"], 0);
}

async fn injected(host: &Host) -> Value {
    host.operate("GET", "/_turno/faults", &Value::Null).await["injected"].take()
}

/// No dead-letter queue holds anything.
async fn nothing_is_given_up(host: &Host) {
    for queue in ["inbound-dead.fifo", "outbound-dead.fifo", "relay-dead"] {
        assert_eq!(host.depth(queue).await, (0, 0), "{queue}");
    }
}
