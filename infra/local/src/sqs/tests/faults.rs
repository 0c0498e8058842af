//! What faults on request do to queues: messages once more, and out of order, where a queue permits it.

use std::collections::BTreeMap;

use super::*;

/// An order other than that of sending, at every receive; the nth is always the same.
fn shuffle() -> super::super::Shuffle {
    let seed = AtomicI64::new(7);
    Arc::new(move || Some(fastrand::Rng::with_seed(seed.fetch_add(1, Ordering::Relaxed).unsigned_abs())))
}

impl Bench {
    async fn receive_shuffled(&self, queue: &str, max: u32) -> Vec<ReceivedMessage> {
        let never = std::future::pending();
        self.queues.receive_until(queue, max, Duration::ZERO, Some(shuffle()), never).await.unwrap()
    }

    async fn deliver_again(&self, queue: &str, messages: &[ReceivedMessage]) {
        let handles = messages.iter().map(|message| message.receipt_handle.clone()).collect();
        self.queues.deliver_again(queue, handles).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_of_a_standard_queue_is_delivered_once_more_with_a_handle_of_its_own() {
    let bench = Bench::new();
    bench.send(STANDARD, text("hello")).await;
    let first = bench.receive(STANDARD, 1).await;
    bench.deliver_again(STANDARD, &first).await;
    let second = bench.receive(STANDARD, 1).await;
    assert_eq!((&second[0].message_id, &second[0].body), (&first[0].message_id, &first[0].body));
    assert_eq!(second[0].attributes["ApproximateReceiveCount"], "2");
    // The first receiver's delete comes too late to take the second delivery away.
    bench.delete(STANDARD, &first[0]).await.unwrap();
    assert_eq!(bench.counts(STANDARD).await, [0, 1, 0]);
    bench.delete(STANDARD, &second[0]).await.unwrap();
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
    // What is gone stays gone.
    bench.deliver_again(STANDARD, &second).await;
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
}

#[tokio::test]
async fn messages_of_a_fifo_group_come_again_in_order_and_before_the_next_of_their_group() {
    let bench = Bench::new();
    for body in ["a1", "a2", "a3", "a4"] {
        bench.send(FIFO, grouped("a", body)).await;
    }
    let first = bench.receive(FIFO, 3).await;
    bench.delete(FIFO, &first[0]).await.unwrap();
    // Until the last is dealt with, the group is locked.
    assert!(bench.receive(FIFO, 10).await.is_empty());
    bench.deliver_again(FIFO, &first[1..]).await;
    let again = bench.receive(FIFO, 10).await;
    assert_eq!(bodies(&again), ["a2", "a3", "a4"]);
    let counts: Vec<_> = again.iter().map(|message| message.attributes["ApproximateReceiveCount"].as_str()).collect();
    assert_eq!(counts, ["2", "2", "1"]);
}

#[tokio::test]
async fn a_message_that_comes_again_is_not_taken_for_one_that_failed() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { name: "dead".to_owned(), ..QueueSpec::default() });
    bench.ensure(QueueSpec { redrive: Some(("dead".to_owned(), 1)), ..QueueSpec::default() });
    bench.send(STANDARD, text("hello")).await;
    let first = bench.receive(STANDARD, 1).await;
    bench.deliver_again(STANDARD, &first).await;
    assert_eq!(bodies(&bench.receive(STANDARD, 1).await), ["hello"]);
    assert_eq!(bench.counts("dead").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_standard_queue_gives_messages_out_of_order() {
    let bench = Bench::new();
    let sent: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    for body in &sent {
        bench.send(STANDARD, text(body)).await;
    }
    let first = bench.receive_shuffled(STANDARD, 1).await;
    assert_ne!(bodies(&first), ["0"]);
    let mut received: Vec<String> = first.iter().map(|message| message.body.clone()).collect();
    for _ in 0..3 {
        received.extend(bench.receive_shuffled(STANDARD, 10).await.iter().map(|message| message.body.clone()));
    }
    assert!(!received.is_sorted_by_key(|body| body.parse::<u32>().unwrap()));
    received.sort_by_key(|body| body.parse::<u32>().unwrap());
    assert_eq!(received, sent);
}

#[tokio::test]
async fn a_fifo_queue_gives_groups_out_of_order_and_each_group_in_order() {
    let bench = Bench::new();
    for n in 0..40 {
        bench.send(FIFO, grouped(&format!("g{}", n % 5), format!("{n:02}"))).await;
    }
    let mut of_group: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut groups = Vec::new();
    loop {
        let received = bench.receive_shuffled(FIFO, 4).await;
        if received.is_empty() {
            break;
        }
        for message in &received {
            let group = &message.attributes["MessageGroupId"];
            groups.push(group.clone());
            of_group.entry(group.clone()).or_default().push(message.body.clone());
            bench.delete(FIFO, message).await.unwrap();
        }
    }
    assert_eq!(of_group.values().map(Vec::len).collect::<Vec<_>>(), [8; 5]);
    assert!(of_group.values().all(|bodies| bodies.is_sorted()), "{of_group:?}");
    groups.dedup();
    assert_ne!(groups[..5], ["g0", "g1", "g2", "g3", "g4"]);
}

#[tokio::test]
async fn a_queue_with_nothing_to_choose_from_asks_for_no_order() {
    let bench = Bench::new();
    bench.send(STANDARD, text("only")).await;
    let never: super::super::Shuffle = Arc::new(|| panic!("there is one order"));
    let stop = std::future::pending();
    let received = bench.queues.receive_until(STANDARD, 10, Duration::ZERO, Some(never), stop).await.unwrap();
    assert_eq!(bodies(&received), ["only"]);
}
