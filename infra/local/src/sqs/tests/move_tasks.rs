//! Message move tasks: out of a dead-letter queue and back to work, each message once.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::*;

const DEAD: &str = "dead";
const DEAD_FIFO: &str = "dead.fifo";
const FILE: &str = "queues.db";

/// Queues whose messages are given up after one receive.
fn bench(path: Option<&Path>) -> Bench {
    let bench = Bench::open(path);
    for (fifo, dead) in [(false, DEAD), (true, DEAD_FIFO)] {
        bench.ensure(QueueSpec { name: dead.to_owned(), fifo, ..QueueSpec::default() });
        bench.ensure(QueueSpec { fifo, redrive: Some((dead.to_owned(), 1)), ..QueueSpec::default() });
    }
    bench
}

/// Lets everything that waits in the queue be given up.
async fn give_up(bench: &Bench, queue: &str) {
    while !bench.receive(queue, 10).await.is_empty() {}
    bench.advance(30);
    // Messages of a FIFO group that waited behind the others are received now.
    while !bench.receive(queue, 10).await.is_empty() {}
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")
}

async fn call(bench: &Bench, operation: &str, body: Value) -> (u16, Value) {
    let response = bench.queues.handle(operation, body.to_string().as_bytes()).await;
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

async fn start(bench: &Bench, body: Value) -> String {
    let (status, answer) = call(bench, "StartMessageMoveTask", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["TaskHandle"].as_str().unwrap().to_owned()
}

async fn latest(bench: &Bench, queue: &str) -> Value {
    let (status, mut answer) = call(bench, "ListMessageMoveTasks", json!({ "SourceArn": arn(queue) })).await;
    assert_eq!(status, 200, "{answer}");
    answer["Results"][0].take()
}

/// The queue's latest task, once it has ended.
async fn ended(bench: &Bench, queue: &str) -> Value {
    for _ in 0..2000 {
        let task = latest(bench, queue).await;
        if task["Status"] != "RUNNING" {
            return task;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the task of {queue} does not end")
}

#[tokio::test]
async fn messages_go_back_to_their_queue_as_new_ones() {
    let bench = bench(None);
    let sent = bench.send(STANDARD, text("poison")).await;
    give_up(&bench, STANDARD).await;
    start(&bench, json!({ "SourceArn": arn(DEAD) })).await;
    let task = ended(&bench, DEAD).await;
    let expected = json!({
        "ApproximateNumberOfMessagesMoved": 1, "ApproximateNumberOfMessagesToMove": 1, "SourceArn": arn(DEAD),
        "StartedTimestamp": 1_790_000_030_000_i64, "Status": "COMPLETED",
    });
    assert_eq!(task, expected);
    assert_eq!(bench.counts(DEAD).await, [0, 0, 0]);
    let received = bench.receive(STANDARD, 10).await;
    assert_eq!(bodies(&received), ["poison"]);
    assert_ne!(received[0].message_id, sent.message_id);
    let shown = &received[0].attributes;
    assert_eq!((&*shown["ApproximateReceiveCount"], &*shown["SentTimestamp"]), ("1", "1790000030000"));
    assert!(!shown.contains_key("DeadLetterQueueSourceArn"));
}

#[tokio::test]
async fn a_fifo_group_comes_back_in_order_and_nothing_of_it_counts_as_a_duplicate() {
    let bench = bench(None);
    for body in ["a1", "a2", "a3"] {
        bench.send(FIFO, grouped("a", body)).await;
    }
    give_up(&bench, FIFO).await;
    assert_eq!(bench.counts(DEAD_FIFO).await, [3, 0, 0]);
    // What is sent now stands before what comes back, as AWS says: "according to the order in which it receives them".
    bench.send(FIFO, grouped("a", "a4")).await;
    start(&bench, json!({ "SourceArn": arn(DEAD_FIFO) })).await;
    assert_eq!(ended(&bench, DEAD_FIFO).await["ApproximateNumberOfMessagesMoved"], 3);
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a4", "a1", "a2", "a3"]);
}

#[tokio::test]
async fn what_is_given_up_again_meanwhile_does_not_go_round() {
    let bench = bench(None);
    for body in ["1", "2"] {
        bench.send(STANDARD, text(body)).await;
    }
    give_up(&bench, STANDARD).await;
    start(&bench, json!({ "SourceArn": arn(DEAD), "MaxNumberOfMessagesPerSecond": 2 })).await;
    while bench.counts(STANDARD).await[0] == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let running = latest(&bench, DEAD).await;
    assert_eq!((&running["Status"], &running["MaxNumberOfMessagesPerSecond"]), (&json!("RUNNING"), &json!(2)));
    give_up(&bench, STANDARD).await;
    assert_eq!(ended(&bench, DEAD).await["ApproximateNumberOfMessagesMoved"], 2);
    assert_eq!((bench.counts(DEAD).await[0], bench.counts(STANDARD).await[0]), (1, 1));
}

#[tokio::test]
async fn what_somebody_looks_at_stays_and_another_task_takes_it_later() {
    let bench = bench(None);
    for body in ["seen", "other"] {
        bench.send(STANDARD, text(body)).await;
    }
    give_up(&bench, STANDARD).await;
    bench.receive(DEAD, 1).await;
    start(&bench, json!({ "SourceArn": arn(DEAD) })).await;
    let task = ended(&bench, DEAD).await;
    assert_eq!((&task["ApproximateNumberOfMessagesMoved"], &task["Status"]), (&json!(1), &json!("COMPLETED")));
    bench.advance(30);
    start(&bench, json!({ "SourceArn": arn(DEAD), "DestinationArn": arn(STANDARD) })).await;
    assert_eq!(ended(&bench, DEAD).await["DestinationArn"], arn(STANDARD));
    assert_eq!((bench.counts(DEAD).await, bench.counts(STANDARD).await[0]), ([0, 0, 0], 2));
}

#[tokio::test]
async fn a_task_that_is_cancelled_leaves_the_rest_where_it_is() {
    let bench = bench(None);
    for body in ["1", "2", "3"] {
        bench.send(STANDARD, text(body)).await;
    }
    give_up(&bench, STANDARD).await;
    let handle = start(&bench, json!({ "SourceArn": arn(DEAD), "MaxNumberOfMessagesPerSecond": 1 })).await;
    assert_eq!(latest(&bench, DEAD).await["TaskHandle"], handle);
    let (status, answer) = call(&bench, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    assert_eq!(status, 200, "{answer}");
    let moved = answer["ApproximateNumberOfMessagesMoved"].as_u64().unwrap();
    let task = latest(&bench, DEAD).await;
    assert_eq!((&task["Status"], &task["TaskHandle"]), (&json!("CANCELLED"), &Value::Null));
    assert_eq!(u64::from(bench.counts(DEAD).await[0]) + moved, 3);
    let (status, _) = call(&bench, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    assert_eq!(status, 400, "it has ended");
}

#[tokio::test]
async fn a_message_of_unknown_origin_or_a_queue_that_is_gone_fails_the_task() {
    let bench = bench(None);
    bench.send(DEAD, text("sent by hand")).await;
    start(&bench, json!({ "SourceArn": arn(DEAD) })).await;
    let task = ended(&bench, DEAD).await;
    assert_eq!((&task["Status"], &task["FailureReason"]), (&json!("FAILED"), &json!("CouldNotDetermineMessageSource")));
    bench.ensure(QueueSpec { name: "other".to_owned(), ..QueueSpec::default() });
    bench.send(DEAD, text("another")).await;
    let slow = json!({ "SourceArn": arn(DEAD), "DestinationArn": arn("other"), "MaxNumberOfMessagesPerSecond": 1 });
    start(&bench, slow).await;
    call(&bench, "DeleteQueue", json!({ "QueueUrl": format!("http://h/{ACCOUNT}/other") })).await;
    let task = ended(&bench, DEAD).await;
    assert_eq!(task["FailureReason"], "AWS.SimpleQueueService.NonExistentQueue");
    assert!(bench.counts(DEAD).await[0] >= 1);
}

#[tokio::test]
async fn refusals_are_in_the_words_of_aws() {
    let bench = bench(None);
    for body in ["1", "2", "3"] {
        bench.send(STANDARD, text(body)).await;
    }
    give_up(&bench, STANDARD).await;
    let handle = |queue: &str| {
        use base64::Engine as _;
        let text = json!({ "taskId": "10f57157-fc38-4da9-a113-4de7e12d05aa", "sourceArn": arn(queue) }).to_string();
        json!({ "TaskHandle": base64::engine::general_purpose::STANDARD.encode(text) })
    };
    start(&bench, json!({ "SourceArn": arn(DEAD), "MaxNumberOfMessagesPerSecond": 1 })).await;
    let with = |queue: &str, name: &str, value: Value| {
        let mut body = json!({ "SourceArn": arn(queue) });
        body[name] = value;
        body
    };
    let start = "StartMessageMoveTask";
    for (operation, body, status, told) in [
        (start, json!({}), 400, "must contain the parameter SourceArn"),
        (start, json!({ "SourceArn": "dead" }), 400, "You must use this format to specify the SourceArn"),
        (start, json!({ "SourceArn": arn("absent") }), 404, "specified for the SourceArn parameter doesn't exist"),
        (start, json!({ "SourceArn": arn(STANDARD) }), 400, "Source queue must be configured as a Dead Letter Queue."),
        (start, json!({ "SourceArn": arn(DEAD) }), 400, "There is already a task running."),
        (start, with(DEAD_FIFO, "DestinationArn", json!(arn("absent.fifo"))), 404, "DestinationArn parameter doesn't"),
        (start, with(DEAD_FIFO, "DestinationArn", json!(arn(STANDARD))), 400, "DestinationArn"),
        (start, with(DEAD_FIFO, "MaxNumberOfMessagesPerSecond", json!(501)), 400, "between 1 and 500"),
        (start, with(DEAD_FIFO, "MaxNumberOfMessagesPerSecond", json!(0)), 400, "between 1 and 500"),
        ("ListMessageMoveTasks", with(DEAD, "MaxResults", json!(11)), 400, "between 1 and 10"),
        ("ListMessageMoveTasks", json!({ "SourceArn": arn("absent") }), 404, "SourceArn parameter doesn't exist"),
        (
            "CancelMessageMoveTask",
            json!({ "TaskHandle": "foobared" }),
            400,
            "Value for parameter TaskHandle is invalid.",
        ),
        ("CancelMessageMoveTask", handle("absent"), 404, "SourceArn parameter doesn't exist"),
        ("CancelMessageMoveTask", handle(STANDARD), 404, "Task does not exist."),
    ] {
        let (answered, answer) = call(&bench, operation, body.clone()).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(answered == status && message.contains(told), "{operation} {body}: {answered} {answer}");
    }
}

#[tokio::test]
async fn a_file_of_layout_1_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../store/schema.sql")).unwrap();
    drop(old);
    let bench = bench(Some(&path));
    bench.send(STANDARD, text("poison")).await;
    give_up(&bench, STANDARD).await;
    start(&bench, json!({ "SourceArn": arn(DEAD) })).await;
    assert_eq!(ended(&bench, DEAD).await["Status"], "COMPLETED");
}

/// Not a test: the process that the next one kills.
#[tokio::test]
#[ignore = "runs only as the process that another test kills"]
async fn moves_until_it_is_killed() {
    if !Path::new(FILE).exists() {
        return;
    }
    let bench = bench(Some(Path::new(FILE)));
    bench.advance(60);
    start(&bench, json!({ "SourceArn": arn(DEAD), "MaxNumberOfMessagesPerSecond": 500 })).await;
    writeln!(std::io::stdout(), "\nstarted").unwrap();
    ended(&bench, DEAD).await;
}

#[tokio::test]
async fn a_task_cut_short_by_a_sigkill_goes_on_and_each_message_is_there_once() {
    const MESSAGES: usize = 600;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let before = bench(Some(&path));
    for n in 0..MESSAGES / 10 {
        let entries = (0..10).map(|i| text(format!("{n}-{i}"))).collect();
        before.queues.send(STANDARD, entries).await.unwrap();
    }
    give_up(&before, STANDARD).await;
    drop(before);
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "moves_until_it_is_killed"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "started"));
    let looking = rusqlite::Connection::open(&path).unwrap();
    let moved = || looking.query_row("SELECT moved FROM move_tasks", [], |row| row.get::<_, usize>(0)).unwrap();
    while moved() < 100 {
        std::thread::sleep(Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(moved() < MESSAGES, "it was killed in the middle");

    let after = bench(Some(&path));
    after.advance(60);
    assert_eq!(latest(&after, DEAD).await["Status"], "RUNNING");
    after.queues.resume_moves().await.unwrap();
    assert_eq!(ended(&after, DEAD).await["ApproximateNumberOfMessagesMoved"], MESSAGES);
    let mut there = BTreeSet::new();
    loop {
        let received = after.receive(STANDARD, 10).await;
        if received.is_empty() {
            break;
        }
        for message in received {
            assert!(there.insert(message.body.clone()), "{} is there twice", message.body);
        }
    }
    assert_eq!((there.len(), after.counts(DEAD).await), (MESSAGES, [0, 0, 0]));
}
