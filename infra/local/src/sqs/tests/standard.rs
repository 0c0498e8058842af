//! Standard queues: visibility, delay, retention, receipt handles.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_received_message_is_out_of_sight_until_its_timeout_and_then_counts_again() {
    let bench = Bench::new();
    let sent = bench.send(STANDARD, text("hello")).await;
    let first = bench.receive(STANDARD, 10).await;
    assert_eq!(bodies(&first), ["hello"]);
    assert_eq!(first[0].message_id, sent.message_id);
    assert_eq!(first[0].attributes["ApproximateReceiveCount"], "1");
    assert_eq!(bench.counts(STANDARD).await, [0, 1, 0]);
    bench.advance(29);
    assert!(bench.receive(STANDARD, 10).await.is_empty());
    bench.advance(1);
    let second = bench.receive(STANDARD, 10).await;
    assert_eq!(second[0].attributes["ApproximateReceiveCount"], "2");
    assert_eq!(second[0].attributes["SentTimestamp"], "1790000000000");
    assert_eq!(second[0].attributes["ApproximateFirstReceiveTimestamp"], "1790000000000");
    bench.delete(STANDARD, &second[0]).await.unwrap();
    bench.delete(STANDARD, &second[0]).await.unwrap();
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_stale_receipt_handle_deletes_nothing_and_changes_nothing() {
    let bench = Bench::new();
    bench.send(STANDARD, text("hello")).await;
    let first = bench.receive(STANDARD, 1).await;
    bench.advance(30);
    let second = bench.receive(STANDARD, 1).await;
    bench.delete(STANDARD, &first[0]).await.unwrap();
    assert_eq!(bench.counts(STANDARD).await, [0, 1, 0]);
    assert_eq!(code(bench.hide(STANDARD, &first[0], 60).await), "InvalidParameterValue");
    bench.advance(30);
    assert_eq!(code(bench.hide(STANDARD, &second[0], 60).await), "AWS.SimpleQueueService.MessageNotInflight");
    // The latest handle still deletes after its timeout, as nobody has received the message since.
    bench.delete(STANDARD, &second[0]).await.unwrap();
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_handle_is_good_in_its_own_queue_only() {
    let bench = Bench::new();
    bench.send(STANDARD, text("hello")).await;
    let received = bench.receive(STANDARD, 1).await;
    assert_eq!(code(bench.delete(FIFO, &received[0]).await), "ReceiptHandleIsInvalid");
    assert_eq!(code(bench.queues.delete(STANDARD, vec!["x".to_owned()]).await), "ReceiptHandleIsInvalid");
    assert_eq!(code(bench.delete("absent", &received[0]).await), "AWS.SimpleQueueService.NonExistentQueue");
}

#[tokio::test]
async fn visibility_can_be_ended_and_extended_up_to_twelve_hours_from_the_receive() {
    let bench = Bench::new();
    bench.send(STANDARD, text("hello")).await;
    let first = bench.receive(STANDARD, 1).await;
    bench.hide(STANDARD, &first[0], 0).await.unwrap();
    let second = bench.receive(STANDARD, 1).await;
    assert_eq!(second[0].attributes["ApproximateReceiveCount"], "2");
    bench.hide(STANDARD, &second[0], 3600).await.unwrap();
    bench.advance(3599);
    assert!(bench.receive(STANDARD, 1).await.is_empty());
    assert_eq!(code(bench.hide(STANDARD, &second[0], 43_201).await), "InvalidParameterValue");
    assert_eq!(code(bench.hide(STANDARD, &second[0], 43_200).await), "InvalidParameterValue");
    bench.hide(STANDARD, &second[0], 43_200 - 3599).await.unwrap();
}

#[tokio::test]
async fn a_delay_is_the_messages_own_or_else_the_queues() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { delay_secs: 10, ..QueueSpec::default() });
    bench.send(STANDARD, text("the queue's")).await;
    bench.send(STANDARD, SendEntry { delay: Some(Duration::from_secs(20)), ..text("its own") }).await;
    bench.send(STANDARD, SendEntry { delay: Some(Duration::ZERO), ..text("none") }).await;
    assert_eq!(bench.counts(STANDARD).await, [1, 0, 2]);
    assert_eq!(bodies(&bench.receive(STANDARD, 10).await), ["none"]);
    bench.advance(10);
    assert_eq!(bodies(&bench.receive(STANDARD, 10).await), ["the queue's"]);
    bench.advance(10);
    assert_eq!(bodies(&bench.receive(STANDARD, 10).await), ["its own"]);
}

#[tokio::test]
async fn a_message_is_gone_after_its_retention_even_in_flight() {
    let bench = Bench::new();
    bench.ensure(QueueSpec { retention_secs: 60, ..QueueSpec::default() });
    bench.send(STANDARD, text("hello")).await;
    bench.advance(59);
    assert_eq!(bench.receive(STANDARD, 1).await.len(), 1);
    bench.advance(1);
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_refused_entry_does_not_hold_up_the_others_of_its_batch() {
    let bench = Bench::new();
    let entries = vec![text("one"), text(""), text("nul \0"), text("two")];
    let results = bench.queues.send(STANDARD, entries).await.unwrap();
    let codes: Vec<_> = results.iter().map(|result| result.as_ref().err().map(Error::code)).collect();
    assert_eq!(codes, [None, Some("MissingParameter"), Some("InvalidMessageContents"), None]);
    assert_eq!(bodies(&bench.receive(STANDARD, 10).await), ["one", "two"]);
}

#[tokio::test]
async fn with_as_many_in_flight_as_there_may_be_a_short_poll_is_refused_and_any_other_empty() {
    const LIMIT: u32 = crate::sqs::store::MAX_IN_FLIGHT;
    let bench = Bench::new();
    for (queue, group) in [(STANDARD, "NULL"), (FIFO, "'g' || n")] {
        let fill = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})
             INSERT INTO messages (queue_id, message_id, group_id, body, attributes, sent_at, visible_at, received_at,
                                   receipt, head)
             SELECT (SELECT id FROM queues WHERE name = '{queue}'), n, {group}, 'x', '{{}}', {now}, {now} + 10000, {now}, n, 1
             FROM numbers",
            LIMIT - 1,
            now = 1_790_000_000_000_i64,
        );
        bench.queues.writer.run(move |store| Ok(store.connection.execute(&fill, [])?)).await.unwrap();
    }
    for body in ["last", "one-too-many"] {
        bench.send(STANDARD, text(body)).await;
        bench.send(FIFO, grouped(body, body)).await;
    }
    assert_eq!(bodies(&bench.receive(STANDARD, 1).await), ["last"]);
    assert_eq!(bodies(&bench.receive(FIFO, 1).await), ["last"]);
    let poll = |queue, wait| bench.queues.receive(queue, 1, Duration::from_millis(wait), None);
    assert_eq!(code(poll(STANDARD, 0).await), "OverLimit");
    assert!(poll(FIFO, 0).await.unwrap().is_empty());
    let long = tokio::spawn({
        let queues = bench.queues.clone();
        async move { queues.receive(STANDARD, 1, Duration::from_secs(20), None).await }
    });
    while !bench.queues.wakes.is_awaited(STANDARD) {
        tokio::task::yield_now().await;
    }
    // The others' visibility ends before the wait does, and the one too many has been visible for longest.
    bench.advance(10);
    assert_eq!(bodies(&long.await.unwrap().unwrap()), ["one-too-many"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_receivers_never_share_a_message() {
    let bench = Bench::new();
    for batch in 0..30 {
        let entries = (0..10).map(|n| text(format!("{batch}-{n}"))).collect();
        bench.queues.send(STANDARD, entries).await.unwrap();
    }
    let receivers: Vec<_> = (0..16)
        .map(|_| {
            let queues = bench.queues.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let got = queues.receive(STANDARD, 7, Duration::ZERO, None).await.unwrap();
                    if got.is_empty() {
                        return mine;
                    }
                    mine.extend(got.into_iter().map(|message| message.body));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for receiver in receivers {
        all.extend(receiver.await.unwrap());
    }
    assert_eq!(all.len(), 300);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 300);
}
