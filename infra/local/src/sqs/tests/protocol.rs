//! The JSON protocol: shapes and errors as AWS's clients parse them.

use serde_json::{Value, json};

use super::*;

/// One call: status, the code of `x-amzn-query-error` (empty on success), and the body.
async fn call(bench: &Bench, operation: &str, mut body: Value) -> (u16, String, Value) {
    if let Some(queue) = body.get("Queue").and_then(Value::as_str).map(str::to_owned) {
        body["QueueUrl"] = format!("http://127.0.0.1:4566/{ACCOUNT}/{queue}").into();
    }
    let response = bench.queues.handle(operation, body.to_string().as_bytes()).await;
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    let error = response.headers().get("x-amzn-query-error").map_or("", |value| value.to_str().unwrap()).to_owned();
    (response.status().as_u16(), error, serde_json::from_slice(response.body()).unwrap())
}

async fn refused(bench: &Bench, operation: &str, body: Value, code: &str, shape: &str) {
    let (status, error, answer) = call(bench, operation, body).await;
    assert_eq!(
        (status, error.as_str(), answer["__type"].as_str()),
        (400, format!("{code};Sender").as_str(), Some(shape))
    );
    assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
}

#[tokio::test]
async fn errors_carry_their_shape_and_their_older_code() {
    let bench = Bench::new();
    let coral = |name: &str| format!("com.amazon.coral.service#{name}");
    let absent = json!({ "Queue": "absent" });
    let (code, shape) = ("AWS.SimpleQueueService.NonExistentQueue", "com.amazonaws.sqs#QueueDoesNotExist");
    for operation in ["ReceiveMessage", "GetQueueAttributes", "DeleteQueue", "PurgeQueue"] {
        refused(&bench, operation, absent.clone(), code, shape).await;
    }
    refused(&bench, "GetQueueUrl", json!({ "QueueName": "absent" }), code, shape).await;
    refused(
        &bench,
        "SendMessage",
        json!({ "Queue": STANDARD }),
        "MissingParameter",
        &coral("MissingRequiredParameterException"),
    )
    .await;
    let eleven = json!({ "Queue": STANDARD, "MaxNumberOfMessages": 11 });
    refused(&bench, "ReceiveMessage", eleven, "InvalidParameterValue", &coral("InvalidParameterValueException")).await;
    let unsupported = "AWS.SimpleQueueService.UnsupportedOperation";
    refused(&bench, "TagQueue", json!({}), unsupported, "com.amazonaws.sqs#UnsupportedOperation").await;
    refused(&bench, "SendMesage", json!({}), "InvalidAction", &coral("UnknownOperationException")).await;
    refused(&bench, "SendMessage", json!([]), "MalformedInput", &coral("SerializationException")).await;
}

#[tokio::test]
async fn a_batch_is_refused_as_a_whole_for_its_form_and_entry_by_entry_for_its_messages() {
    let bench = Bench::new();
    let entry = |id: &str, body: &str| json!({ "Id": id, "MessageBody": body });
    let batch = |entries: Vec<Value>| json!({ "Queue": STANDARD, "Entries": entries });
    let whole = [
        ("EmptyBatchRequest", batch(vec![])),
        ("TooManyEntriesInBatchRequest", batch((0..11).map(|n| entry(&n.to_string(), "x")).collect())),
        ("BatchEntryIdsNotDistinct", batch(vec![entry("a", "x"), entry("a", "y")])),
        ("InvalidBatchEntryId", batch(vec![entry("a b", "x")])),
        ("BatchRequestTooLong", batch(vec![entry("a", &"x".repeat(600_000)), entry("b", &"y".repeat(600_000))])),
    ];
    for (code, request) in whole {
        let (full, shape) = (format!("AWS.SimpleQueueService.{code}"), format!("com.amazonaws.sqs#{code}"));
        refused(&bench, "SendMessageBatch", request, &full, &shape).await;
    }
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
    let mixed = batch(vec![entry("good", "x"), entry("bad", "nul \u{0}"), json!({ "Id": "worse" })]);
    let (status, _, answer) = call(&bench, "SendMessageBatch", mixed).await;
    assert_eq!(status, 200);
    assert_eq!(answer["Successful"][0]["Id"], "good");
    let failed: BTreeMap<_, _> = answer["Failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["Id"].as_str().unwrap(), f["Code"].as_str().unwrap()))
        .collect();
    assert_eq!(failed, BTreeMap::from([("bad", "InvalidMessageContents"), ("worse", "MissingParameter")]));
    assert_eq!(answer["Failed"][0]["SenderFault"], true);
}

#[tokio::test]
async fn creating_a_queue_again_succeeds_unless_an_attribute_differs() {
    let bench = Bench::new();
    let create = |attributes: Value| json!({ "QueueName": "new.fifo", "Attributes": attributes });
    let request = create(json!({ "FifoQueue": "true", "VisibilityTimeout": "45" }));
    for _ in 0..2 {
        let (status, _, answer) = call(&bench, "CreateQueue", request.clone()).await;
        assert_eq!((status, &answer["QueueUrl"]), (200, &json!("http://127.0.0.1:4566/000000000000/new.fifo")));
    }
    let other = create(json!({ "FifoQueue": "true", "VisibilityTimeout": "46" }));
    refused(&bench, "CreateQueue", other, "QueueAlreadyExists", "com.amazonaws.sqs#QueueNameExists").await;
    let standard = json!({ "QueueName": "plain.fifo" });
    refused(
        &bench,
        "CreateQueue",
        standard,
        "InvalidParameterValue",
        "com.amazon.coral.service#InvalidParameterValueException",
    )
    .await;
    let unknown = create(json!({ "FifoQueue": "true", "Colour": "red" }));
    refused(&bench, "CreateQueue", unknown, "InvalidAttributeName", "com.amazonaws.sqs#InvalidAttributeName").await;
}

#[tokio::test]
async fn attributes_are_given_as_asked_for() {
    let bench = Bench::new();
    let ask = |names: Value| json!({ "Queue": FIFO, "AttributeNames": names });
    let (_, _, answer) = call(&bench, "GetQueueAttributes", ask(json!(["QueueArn", "RedrivePolicy"]))).await;
    assert_eq!(answer, json!({ "Attributes": { "QueueArn": "arn:aws:sqs:us-east-1:000000000000:work.fifo" } }));
    let (_, _, answer) = call(&bench, "GetQueueAttributes", ask(json!(["All"]))).await;
    assert_eq!(answer["Attributes"]["FifoQueue"], "true");
    assert_eq!(answer["Attributes"]["MaximumMessageSize"], "1048576");
    assert_eq!(call(&bench, "GetQueueAttributes", json!({ "Queue": FIFO })).await.2, json!({}));
    refused(
        &bench,
        "GetQueueAttributes",
        ask(json!(["Colour"])),
        "InvalidAttributeName",
        "com.amazonaws.sqs#InvalidAttributeName",
    )
    .await;
}

#[tokio::test]
async fn queues_are_listed_by_prefix_and_page() {
    let bench = Bench::open(None);
    assert_eq!(call(&bench, "ListQueues", json!({})).await.2, json!({}));
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        bench.ensure(QueueSpec { name: name.to_owned(), ..QueueSpec::default() });
    }
    let url = |name: &str| format!("http://127.0.0.1:4566/{ACCOUNT}/{name}");
    let (_, _, page) = call(&bench, "ListQueues", json!({ "QueueNamePrefix": "a-", "MaxResults": 2 })).await;
    assert_eq!(page["QueueUrls"], json!([url("a-1"), url("a-2")]));
    let next = json!({ "QueueNamePrefix": "a-", "MaxResults": 2, "NextToken": page["NextToken"] });
    assert_eq!(call(&bench, "ListQueues", next).await.2, json!({ "QueueUrls": [url("a-3")] }));
}

#[tokio::test]
async fn a_purge_empties_the_queue_and_may_be_repeated_after_a_minute() {
    let bench = Bench::new();
    bench.send(FIFO, grouped("a", "a1")).await;
    bench.receive(FIFO, 1).await;
    bench.send(FIFO, grouped("a", "a2")).await;
    let request = json!({ "Queue": FIFO });
    assert_eq!(call(&bench, "PurgeQueue", request.clone()).await.0, 200);
    assert_eq!(bench.counts(FIFO).await, [0, 0, 0]);
    bench.advance(59);
    let code = "AWS.SimpleQueueService.PurgeQueueInProgress";
    refused(&bench, "PurgeQueue", request.clone(), code, "com.amazonaws.sqs#PurgeQueueInProgress").await;
    bench.advance(1);
    assert_eq!(call(&bench, "PurgeQueue", request).await.0, 200);
    bench.send(FIFO, grouped("a", "a3")).await;
    assert_eq!(bodies(&bench.receive(FIFO, 10).await), ["a3"]);
}
