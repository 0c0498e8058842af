//! FIFO queues: order and lock of a group, deduplication.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_group_is_in_order_and_locked_while_one_of_it_is_in_flight() {
    let bench = Bench::new();
    for body in ["a1", "a2", "a3"] {
        bench.send(FIFO, grouped("a", body)).await;
    }
    bench.send(FIFO, grouped("b", "b1")).await;
    let first = bench.receive(FIFO, 2).await;
    assert_eq!(bodies(&first), ["a1", "a2"]);
    let other = bench.receive(FIFO, 10).await;
    assert_eq!(bodies(&other), ["b1"]);
    bench.delete(FIFO, &first[0]).await.unwrap();
    assert!(bench.receive(FIFO, 10).await.is_empty(), "a2 is still in flight");
    bench.delete(FIFO, &first[1]).await.unwrap();
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a3"]);
}

#[tokio::test]
async fn messages_that_come_back_are_given_again_in_order_before_later_ones() {
    let bench = Bench::new();
    for body in ["a1", "a2", "a3"] {
        bench.send(FIFO, grouped("a", body)).await;
    }
    let first = bench.receive(FIFO, 2).await;
    // The first is given back early, and is visible: the group stays locked by the second.
    bench.hide(FIFO, &first[0], 0).await.unwrap();
    assert_eq!(bench.counts(FIFO).await, [2, 1, 0]);
    assert!(bench.receive(FIFO, 10).await.is_empty());
    bench.hide(FIFO, &first[1], 5).await.unwrap();
    bench.advance(5);
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn an_expired_handle_is_refused() {
    let bench = Bench::new();
    bench.send(FIFO, grouped("a", "a1")).await;
    let first = bench.receive(FIFO, 1).await;
    bench.advance(30);
    let error = bench.delete(FIFO, &first[0]).await.unwrap_err();
    assert_eq!(error.code(), "InvalidParameterValue");
    assert!(error.to_string().ends_with("Reason: The receipt handle has expired."), "{error}");
    let second = bench.receive(FIFO, 1).await;
    assert_eq!(code(bench.delete(FIFO, &first[0]).await), "InvalidParameterValue");
    bench.delete(FIFO, &second[0]).await.unwrap();
    bench.delete(FIFO, &second[0]).await.unwrap();
}

#[tokio::test]
async fn a_delayed_head_is_not_overtaken_in_its_group() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { fifo: true, delay_secs: 10, ..QueueSpec::default() });
    bench.send(FIFO, grouped("a", "a1")).await;
    bench.ensure(QueueSpec { fifo: true, ..QueueSpec::default() });
    bench.send(FIFO, grouped("a", "a2")).await;
    bench.send(FIFO, grouped("b", "b1")).await;
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["b1"]);
    bench.advance(10);
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a1", "a2"]);
}

#[tokio::test]
async fn a_deduplication_id_stands_for_its_message_for_five_minutes_even_after_its_deletion() {
    let bench = Bench::new();
    let first = bench.send(FIFO, grouped("a", "same")).await;
    bench.advance(299);
    let again = bench.send(FIFO, grouped("b", "same")).await;
    assert_eq!((&again.message_id, &again.sequence_number), (&first.message_id, &first.sequence_number));
    let received = bench.receive(FIFO, 10).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].attributes["MessageDeduplicationId"], "same");
    assert_eq!(Some(&received[0].attributes["SequenceNumber"]), first.sequence_number.as_ref());
    bench.delete(FIFO, &received[0]).await.unwrap();
    bench.send(FIFO, grouped("a", "same")).await;
    assert!(bench.receive(FIFO, 10).await.is_empty());
    bench.advance(1);
    let later = bench.send(FIFO, grouped("a", "same")).await;
    assert_ne!(later.message_id, first.message_id);
    assert!(later.sequence_number > first.sequence_number);
    assert_eq!(bench.receive(FIFO, 10).await.len(), 1);
}

#[tokio::test]
async fn a_body_can_stand_for_its_deduplication_id() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { fifo: true, content_based_deduplication: true, ..QueueSpec::default() });
    let entry = |body: &str| SendEntry { deduplication_id: None, ..grouped("a", body) };
    let sent = bench.queues.send(FIFO, vec![entry("x"), entry("x"), entry("y")]).await.unwrap();
    assert_eq!(sent[0].as_ref().unwrap().message_id, sent[1].as_ref().unwrap().message_id);
    let received = bench.receive(FIFO, 10).await;
    assert_eq!(bodies(&received), ["x", "y"]);
    let sha256_of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(received[0].attributes["MessageDeduplicationId"], sha256_of_x);
}

#[tokio::test]
async fn deduplication_can_be_within_the_group() {
    let bench = Bench::new();
    let set = attributes([("DeduplicationScope", "messageGroup")]);
    bench.queues.writer.run(move |store| store.set_attributes(&store.queue(FIFO)?, &set)).await.unwrap();
    for group in ["a", "b", "a"] {
        bench.send(FIFO, grouped(group, "same")).await;
    }
    assert_eq!(bench.counts(FIFO).await, [2, 0, 0]);
}

#[tokio::test]
async fn a_group_goes_on_when_its_head_expires_in_flight() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { fifo: true, retention_secs: 60, ..QueueSpec::default() });
    bench.send(FIFO, grouped("a", "a1")).await;
    bench.advance(50);
    bench.send(FIFO, grouped("a", "a2")).await;
    assert_eq!(bodies(&bench.receive(FIFO, 1).await), ["a1"]);
    bench.advance(10);
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a2"]);
}

#[tokio::test]
async fn an_attempt_id_stands_for_its_messages_for_five_minutes_and_hides_them_anew() {
    let bench = Bench::new();
    bench.send(FIFO, grouped("a", "a1")).await;
    let first = bench.attempt("one").await.unwrap();
    for _ in 0..3 {
        bench.advance(20);
        assert_eq!(bench.attempt("one").await.unwrap(), first, "the same handle, and no further receive");
    }
    assert!(bench.attempt("two").await.unwrap().is_empty(), "hidden from the last call on");
    bench.hide(FIFO, &first[0], 10).await.unwrap();
    let refused = bench.attempt("one").await.unwrap_err();
    assert!(refused.to_string().ends_with("the receive call is not retryable."), "{refused}");
    bench.advance(10);
    assert_eq!(bench.attempt("two").await.unwrap()[0].attributes["ApproximateReceiveCount"], "2");
    assert_eq!(code(bench.attempt("one").await), "InvalidParameterValue");
    bench.advance(230);
    assert_eq!(bench.attempt("one").await.unwrap()[0].attributes["ApproximateReceiveCount"], "3");
    assert_eq!(code(bench.attempt("no spaces").await), "InvalidParameterValue");
}

#[tokio::test]
async fn an_attempt_that_got_nothing_is_tried_again_from_the_start() {
    let bench = Bench::new();
    assert!(bench.attempt("one").await.unwrap().is_empty());
    bench.send(FIFO, grouped("a", "a1")).await;
    assert_eq!(bodies(&bench.attempt("one").await.unwrap()), ["a1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_receivers_never_hold_one_group_twice_and_keep_its_order() {
    const GROUPS: usize = 5;
    const EACH: usize = 40;
    let bench = Bench::new();
    for n in 0..EACH {
        let entries = (0..GROUPS).map(|group| grouped(&format!("g{group}"), format!("{group}:{n:03}"))).collect();
        bench.queues.send(FIFO, entries).await.unwrap();
    }
    // What each group has shown so far, and the receiver that holds it now.
    let shown = Arc::new(Mutex::new(BTreeMap::<String, (Option<usize>, Vec<String>)>::new()));
    let receivers: Vec<_> = (0..16)
        .map(|me| {
            let (queues, shown) = (bench.queues.clone(), Arc::clone(&shown));
            tokio::spawn(async move {
                loop {
                    let done = shown.lock().unwrap().values().map(|(_, bodies)| bodies.len()).sum::<usize>();
                    if done == GROUPS * EACH {
                        return;
                    }
                    let got = queues.receive(FIFO, 3, Duration::ZERO, None).await.unwrap();
                    for message in &got {
                        let mut shown = shown.lock().unwrap();
                        let (holder, bodies) = shown.entry(message.attributes["MessageGroupId"].clone()).or_default();
                        assert!(holder.is_none_or(|holder| holder == me), "two receivers hold a group");
                        *holder = Some(me);
                        bodies.push(message.body.clone());
                    }
                    tokio::task::yield_now().await;
                    for message in &got {
                        shown.lock().unwrap().get_mut(&message.attributes["MessageGroupId"]).unwrap().0 = None;
                    }
                    let handles = got.into_iter().map(|message| message.receipt_handle).collect();
                    queues.delete(FIFO, handles).await.unwrap();
                }
            })
        })
        .collect();
    for receiver in receivers {
        receiver.await.unwrap();
    }
    for (group, (_, bodies)) in shown.lock().unwrap().iter() {
        let expected: Vec<_> = (0..EACH).map(|n| format!("{}:{n:03}", &group[1..])).collect();
        assert_eq!(*bodies, expected, "{group}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_concurrent_senders_each_keep_their_order() {
    let bench = Bench::new();
    let senders: Vec<_> = (0..64)
        .map(|sender| {
            let queues = bench.queues.clone();
            tokio::spawn(async move {
                for n in 0..8 {
                    let entry = grouped(&format!("s{sender}"), format!("{sender}:{n}"));
                    queues.send(FIFO, vec![entry]).await.unwrap().remove(0).unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(bench.counts(FIFO).await, [512, 0, 0]);
    for _ in 0..64 {
        let received = bench.receive(FIFO, 8).await;
        let sender = received[0].body.split(':').next().unwrap();
        let expected: Vec<_> = (0..8).map(|n| format!("{sender}:{n}")).collect();
        assert_eq!(bodies(&received), expected);
    }
}
