//! Long polls: woken by what happens, never by looking again and again.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::*;

/// How long a test waits for something that must happen, before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts a receive that waits 20 seconds by the bench's clock, and returns once it is waiting.
async fn waiting(bench: &Bench, queue: &'static str) -> JoinHandle<Vec<ReceivedMessage>> {
    let queues = bench.queues.clone();
    let wait = Duration::from_secs(20);
    let poll = tokio::spawn(async move { queues.receive(queue, 10, wait, None).await.unwrap() });
    // It subscribes before its first look, and a look of ours that comes after its own is done after it.
    while !bench.queues.wakes.is_awaited(queue) {
        tokio::task::yield_now().await;
    }
    bench.queues.attributes(queue).await.unwrap();
    assert!(!poll.is_finished());
    poll
}

async fn got(poll: JoinHandle<Vec<ReceivedMessage>>) -> Vec<String> {
    let messages = tokio::time::timeout(PATIENCE, poll).await.expect("the long poll ends").unwrap();
    messages.into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn a_send_wakes_a_long_poll() {
    let bench = Bench::new();
    let poll = waiting(&bench, STANDARD).await;
    bench.send(FIFO, grouped("a", "elsewhere")).await;
    bench.send(STANDARD, text("here")).await;
    assert_eq!(got(poll).await, ["here"]);
}

#[tokio::test]
async fn the_deletion_that_unlocks_a_group_wakes_a_long_poll() {
    let bench = Bench::new();
    bench.send(FIFO, grouped("a", "a1")).await;
    let first = bench.receive(FIFO, 1).await;
    bench.send(FIFO, grouped("a", "a2")).await;
    let poll = waiting(&bench, FIFO).await;
    bench.delete(FIFO, &first[0]).await.unwrap();
    assert_eq!(got(poll).await, ["a2"]);
}

#[tokio::test]
async fn a_message_given_back_wakes_a_long_poll() {
    let bench = Bench::new();
    bench.send(STANDARD, text("again")).await;
    let first = bench.receive(STANDARD, 1).await;
    let poll = waiting(&bench, STANDARD).await;
    bench.hide(STANDARD, &first[0], 0).await.unwrap();
    assert_eq!(got(poll).await, ["again"]);
}

#[tokio::test]
async fn a_move_to_the_dead_letter_queue_wakes_a_long_poll_there() {
    let bench = Bench::new();
    bench.ensure(QueueSpec {
        name: "source".to_owned(),
        redrive: Some((STANDARD.to_owned(), 1)),
        ..QueueSpec::default()
    });
    bench.send("source", text("poison")).await;
    assert_eq!(bench.receive("source", 1).await.len(), 1);
    bench.advance(30);
    let poll = waiting(&bench, STANDARD).await;
    assert!(bench.receive("source", 1).await.is_empty());
    assert_eq!(got(poll).await, ["poison"]);
}

#[tokio::test]
async fn a_long_poll_ends_empty_when_its_time_is_over() {
    let bench = Bench::new();
    let poll = waiting(&bench, STANDARD).await;
    bench.advance(20);
    assert!(got(poll).await.is_empty());
}

#[tokio::test]
async fn a_visibility_timeout_that_ends_is_noticed_without_any_event() {
    // The machine's own clock: nothing is sent or changed after the receive begins to wait.
    let queues = Queues::open(None, "http://127.0.0.1:1".to_owned(), ACCOUNT.to_owned()).unwrap();
    queues.ensure(QueueSpec { name: STANDARD.to_owned(), ..QueueSpec::default() }).unwrap();
    queues.send(STANDARD, vec![text("again")]).await.unwrap();
    let hidden = Duration::from_millis(40);
    let first = queues.receive(STANDARD, 1, Duration::ZERO, Some(hidden)).await.unwrap();
    let second = tokio::time::timeout(PATIENCE, queues.receive(STANDARD, 1, PATIENCE, None)).await.unwrap().unwrap();
    assert_eq!(second[0].message_id, first[0].message_id);
}

#[tokio::test]
async fn the_end_of_the_last_timeout_in_a_group_is_noticed_though_its_head_is_visible() {
    let queues = Queues::open(None, "http://127.0.0.1:1".to_owned(), ACCOUNT.to_owned()).unwrap();
    queues.ensure(QueueSpec { name: FIFO.to_owned(), fifo: true, ..QueueSpec::default() }).unwrap();
    queues.send(FIFO, vec![grouped("a", "a1"), grouped("a", "a2")]).await.unwrap();
    // Long enough for the receipt to be good until its message is given back.
    let hidden = Some(Duration::from_secs(1));
    let first = queues.receive(FIFO, 2, Duration::ZERO, hidden).await.unwrap();
    queues.change_visibility(FIFO, &first[0].receipt_handle, Duration::ZERO).await.unwrap();
    let second = tokio::time::timeout(PATIENCE, queues.receive(FIFO, 2, PATIENCE, None)).await.unwrap().unwrap();
    assert_eq!(bodies(&second), ["a1", "a2"]);
}

#[tokio::test]
async fn a_queue_that_is_deleted_ends_its_long_polls() {
    let bench = Bench::new();
    let queues = bench.queues.clone();
    let poll = tokio::spawn(async move { queues.receive(STANDARD, 1, Duration::from_secs(20), None).await });
    while !bench.queues.wakes.is_awaited(STANDARD) {
        tokio::task::yield_now().await;
    }
    bench.queues.handle("DeleteQueue", br#"{"QueueUrl":"http://h/000000000000/work"}"#).await;
    let outcome = tokio::time::timeout(PATIENCE, poll).await.expect("the long poll ends").unwrap();
    assert_eq!(code(outcome), "AWS.SimpleQueueService.NonExistentQueue");
}

#[tokio::test]
async fn a_receive_whose_caller_has_gone_takes_nothing() {
    let bench = Bench::new();
    bench.send(STANDARD, text("here")).await;
    let release = bench.hold_up().await;
    // Its look waits behind the writer when the caller goes.
    let queues = bench.queues.clone();
    let receive = tokio::spawn(async move { queues.receive(STANDARD, 1, Duration::ZERO, None).await });
    tokio::task::yield_now().await;
    receive.abort();
    assert!(receive.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    assert_eq!(bench.counts(STANDARD).await, [1, 0, 0]);
}
