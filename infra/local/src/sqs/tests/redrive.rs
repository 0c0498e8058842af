//! Dead-letter queues.

use super::*;

fn dead_letter(bench: &Bench, fifo: bool, max_receive_count: u32) -> String {
    let dead = if fifo { "dead.fifo" } else { "dead" }.to_owned();
    bench.ensure(QueueSpec { name: dead.clone(), fifo, ..QueueSpec::default() });
    bench.ensure(QueueSpec { fifo, redrive: Some((dead.clone(), max_receive_count)), ..QueueSpec::default() });
    dead
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_with_all_it_had() {
    let bench = Bench::new();
    let dead = dead_letter(&bench, false, 2);
    let entry = SendEntry { trace_header: Some("Root=1".to_owned()), ..text("poison") };
    let sent = bench.send(STANDARD, entry).await;
    for expected in ["1", "2"] {
        assert_eq!(bench.receive(STANDARD, 1).await[0].attributes["ApproximateReceiveCount"], expected);
        bench.advance(30);
    }
    assert!(bench.receive(STANDARD, 1).await.is_empty());
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
    let received = bench.receive(&dead, 1).await;
    assert_eq!((received[0].message_id.as_str(), received[0].body.as_str()), (sent.message_id.as_str(), "poison"));
    let shown = &received[0].attributes;
    // "The number of times a message has been received across all queues."
    assert_eq!(shown["ApproximateReceiveCount"], "3");
    assert_eq!(shown["SentTimestamp"], "1790000000000");
    assert_eq!(shown["AWSTraceHeader"], "Root=1");
    assert_eq!(shown["DeadLetterQueueSourceArn"], "arn:aws:sqs:us-east-1:000000000000:work");
}

#[tokio::test]
async fn a_fifo_group_goes_on_behind_a_message_that_was_given_up_and_keeps_its_order_there() {
    let bench = Bench::new();
    let dead = dead_letter(&bench, true, 1);
    for body in ["a1", "a2", "a3"] {
        bench.send(FIFO, grouped("a", body)).await;
    }
    assert_eq!(bodies(&bench.receive(FIFO, 2).await), ["a1", "a2"]);
    bench.advance(30);
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a3"]);
    let received = bench.receive(&dead, 1).await;
    assert_eq!(bodies(&received), ["a1"]);
    assert_eq!(received[0].attributes["MessageGroupId"], "a");
    assert_eq!(received[0].attributes["SentTimestamp"], "1790000030000");
    assert!(bench.receive(&dead, 10).await.is_empty(), "the group is locked there too");
    bench.delete(&dead, &received[0]).await.unwrap();
    assert_eq!(bodies(&bench.receive(&dead, 10).await), ["a2"]);
}

#[tokio::test]
async fn only_a_deletion_before_the_limit_keeps_a_message_from_the_dead_letter_queue() {
    let bench = Bench::new();
    let dead = dead_letter(&bench, false, 1);
    bench.send(STANDARD, text("done")).await;
    let received = bench.receive(STANDARD, 1).await;
    bench.delete(STANDARD, &received[0]).await.unwrap();
    bench.advance(30);
    assert!(bench.receive(STANDARD, 1).await.is_empty());
    assert_eq!(bench.counts(&dead).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_dead_letter_queue_exists_and_is_of_the_same_kind() {
    let bench = Bench::new();
    let spec =
        |dead: &str| QueueSpec { name: "q".to_owned(), redrive: Some((dead.to_owned(), 3)), ..QueueSpec::default() };
    assert_eq!(code(bench.queues.ensure(spec("absent"))), "InvalidParameterValue");
    assert_eq!(code(bench.queues.ensure(spec(FIFO))), "InvalidParameterValue");
    bench.queues.ensure(spec(STANDARD)).unwrap();
    // Once it is gone, messages stay in their own queue.
    bench.queues.handle("DeleteQueue", br#"{"QueueUrl":"http://h/000000000000/work"}"#).await;
    bench.send("q", text("kept")).await;
    for _ in 0..5 {
        assert_eq!(bench.receive("q", 1).await.len(), 1);
        bench.advance(30);
    }
}
