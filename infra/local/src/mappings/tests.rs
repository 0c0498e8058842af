//! Mappings on the real queues, the real table engine and the real Runtime API. The function is this test binary, started
//! again with the name of [`function_process`].

use std::path::Path;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::lambda::FunctionSpec;
use crate::sqs::{QueueSpec, SendEntry};
use crate::template::{Effect, QueueMapping, StartingPosition, Statement, StreamMapping, Table};

mod groups;
mod streams;

const TABLE: &str = "turno-Table";

/// Reports SQS messages whose body is `bad`, takes a second for `slow`, and fails as a whole when a stream batch holds the key
/// `bad`. Notes what it was given in the file that its environment names.
#[test]
#[ignore = "not a test: the function process that tests start"]
fn function_process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // An error is the host that has gone.
    let _ = runtime.block_on(lambda_runtime::run(service_fn(handle)));
}

#[expect(clippy::disallowed_methods, reason = "a function is told by its environment")]
async fn handle(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let records = event.payload["Records"].as_array().cloned().unwrap_or_default();
    let name =
        |record: &Value| record["body"].as_str().or(record["dynamodb"]["Keys"]["pk"]["S"].as_str()).map(str::to_owned);
    let names: Vec<String> = records.iter().filter_map(name).collect();
    let mut notes = std::fs::OpenOptions::new().append(true).create(true).open(std::env::var("NOTES")?)?;
    std::io::Write::write_all(&mut notes, format!("{}\n", names.join(" ")).as_bytes())?;
    if records.iter().any(|record| record["dynamodb"]["Keys"]["pk"]["S"] == "bad") {
        return Err("a bad record".into());
    }
    if records.iter().any(|record| record["body"] == "slow") {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let failed = records.iter().filter(|record| record["body"] == "bad");
    let failed: Vec<_> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
    Ok(json!({ "batchItemFailures": failed }))
}

/// The host around one function.
struct Host {
    sources: Sources,
    function: Function,
    stop: watch::Sender<bool>,
    notes: tempfile::NamedTempFile,
}

impl Host {
    fn with(mapping: Mapping, allowed: &[&str]) -> Self {
        Self::running(&["mappings::tests::function_process"], 2, mapping, allowed)
    }

    /// With another of the tests' functions; what follows its name is for itself.
    fn running(program: &[&str], concurrency: usize, mapping: Mapping, allowed: &[&str]) -> Self {
        let function = Function {
            logical_id: "WorkerFunction".into(),
            name: "turno-worker".into(),
            binary: "worker".into(),
            timeout: Duration::from_secs(20),
            memory_mb: 256,
            reserved_concurrency: None,
            asynchronous_retries: 0,
            maximum_event_age: Duration::from_mins(1),
            environment: [].into(),
            statements: vec![Statement {
                sid: None,
                effect: Effect::Allow,
                actions: allowed.iter().map(|&action| action.to_owned()).collect(),
                resources: vec!["*".into()],
                conditions: Value::Null,
            }],
            routes: Vec::new(),
            mappings: vec![mapping],
            schedules: Vec::new(),
        };
        let notes = tempfile::NamedTempFile::new().unwrap();
        let spec = FunctionSpec {
            name: function.name.clone(),
            program: std::env::current_exe().unwrap(),
            arguments: program.iter().chain(&["--exact", "--ignored", "--nocapture", "-q"]).map(Into::into).collect(),
            timeout: function.timeout,
            concurrency,
            is_reserved: false,
            environment: [
                ("AWS_LAMBDA_FUNCTION_NAME", "turno-worker"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("NOTES", notes.path().to_str().unwrap()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        };
        let (stop, stopping) = watch::channel(false);
        let queues = Queues::open(None, "http://127.0.0.1:1".into(), "000000000000".into()).unwrap();
        for name in ["work", "dead"] {
            let spec = QueueSpec { name: name.into(), visibility_timeout_secs: 3600, ..QueueSpec::default() };
            queues.ensure(spec).unwrap();
        }
        let database = TableEngine::open(None, &[table()]).unwrap();
        let table = TableEngine::serve(database, stopping.clone()).unwrap();
        let faults = Faults::default();
        let lambda = Lambda::start_with_faults(vec![spec], faults.clone());
        Self { sources: Sources { lambda, queues, table, faults, stopping }, function, stop, notes }
    }

    async fn start(&self, checkpoints: Option<&Path>) -> Result<JoinSet<()>, HostError> {
        let functions = std::slice::from_ref(&self.function);
        start(functions, &Roles::of(functions).unwrap(), &self.sources, checkpoints).await
    }

    fn put(&self, pk: &str) {
        let request = json!({ "TableName": TABLE, "Item": { "pk": { "S": pk } } });
        self.sources.table.database().put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    async fn send(&self, bodies: &[&str]) {
        let entries = bodies.iter().map(|&body| SendEntry { body: body.into(), ..SendEntry::default() }).collect();
        self.sources.queues.send("work", entries).await.unwrap();
    }

    /// What the function was given, batch by batch.
    fn given(&self) -> Vec<String> {
        std::fs::read_to_string(self.notes.path()).unwrap().lines().map(str::to_owned).collect()
    }

    /// Messages of `work` that wait and that are in flight.
    async fn counts(&self) -> (String, String) {
        let attributes = self.sources.queues.attributes("work").await.unwrap();
        let count = |name: &str| attributes[name].clone();
        (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"))
    }

    /// Ends the mappings; what they have begun is finished then.
    async fn stop_mappings(&self, mut running: JoinSet<()>) {
        self.stop.send_replace(true);
        while running.join_next().await.is_some() {}
    }

    async fn stop(self, running: JoinSet<()>) {
        self.stop_mappings(running).await;
        self.sources.lambda.shutdown(Duration::from_secs(5)).await;
    }
}

fn table() -> Table {
    Table {
        name: TABLE.into(),
        create_request: json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        }),
        stream_view: Some("NEW_AND_OLD_IMAGES".into()),
        ttl_attribute: None,
    }
}

fn queue_mapping() -> Mapping {
    Mapping::Queue(QueueMapping {
        queue: "work".into(),
        batch_size: 10,
        window: Duration::ZERO,
        maximum_concurrency: Some(2),
        report_failures: true,
    })
}

fn stream_mapping() -> Mapping {
    Mapping::Stream(StreamMapping {
        table: TABLE.into(),
        batch_size: 100,
        window: Duration::ZERO,
        bisect: true,
        retries: Some(1),
        on_failure_queue: Some("dead".into()),
        report_failures: true,
        starting_position: StartingPosition::TrimHorizon,
    })
}

/// Asks again until the answer is the expected one; the test's own time limit ends it.
async fn eventually<T: PartialEq>(expected: &T, mut ask: impl AsyncFnMut() -> T) {
    let asked = async {
        while &ask().await != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("the condition never came");
}

#[tokio::test]
async fn messages_that_succeed_are_deleted_and_the_failed_one_stays_in_flight() {
    let host = Host::with(queue_mapping(), &["sqs:*"]);
    host.send(&["good", "bad", "good"]).await;
    let running = host.start(None).await.unwrap();
    eventually(&("0".to_owned(), "1".to_owned()), async || host.counts().await).await;
    // The mapping goes on behind it.
    host.send(&["good"]).await;
    eventually(&("0".to_owned(), "1".to_owned()), async || host.counts().await).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_stop_finishes_what_runs_and_gives_back_what_was_not_begun() {
    let Mapping::Queue(mapping) = queue_mapping() else { unreachable!() };
    let one_by_one = Mapping::Queue(QueueMapping { batch_size: 1, maximum_concurrency: None, ..mapping });
    let host = Host::with(one_by_one, &["sqs:*"]);
    host.send(&["slow", "slow", "slow", "slow"]).await;
    let running = host.start(None).await.unwrap();
    // The function has two processes; the mapping has received for more.
    eventually(&(2, 2), async || {
        let status = host.sources.lambda.status().remove(0);
        (status.processes.iter().filter(|process| process.busy).count(), status.queued)
    })
    .await;
    host.stop_mappings(running).await;
    assert_eq!(host.counts().await, ("2".to_owned(), "0".to_owned()));
    host.sources.lambda.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_stop_gives_back_a_batch_that_is_not_full_yet() {
    let Mapping::Queue(mapping) = queue_mapping() else { unreachable!() };
    let patient = Mapping::Queue(QueueMapping { window: Duration::from_mins(5), ..mapping });
    let host = Host::with(patient, &["sqs:*"]);
    host.send(&["good", "good"]).await;
    let running = host.start(None).await.unwrap();
    eventually(&("0".to_owned(), "2".to_owned()), async || host.counts().await).await;
    host.stop_mappings(running).await;
    assert_eq!(host.counts().await, ("2".to_owned(), "0".to_owned()));
    host.sources.lambda.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_bad_record_is_cut_out_of_its_batch_and_named_to_the_on_failure_queue() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::with(stream_mapping(), &["sqs:SendMessage", "dynamodb:*"]);
    for pk in ["a", "b", "bad", "c"] {
        host.put(pk);
    }
    let running = host.start(Some(dir.path())).await.unwrap();
    let told = host.sources.queues.receive("dead", 10, Duration::from_secs(20), None).await.unwrap();
    let [notice] = &told[..] else { panic!("{} notices", told.len()) };
    let notice: Value = serde_json::from_str(&notice.body).unwrap();
    assert_eq!(notice["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(notice["requestContext"]["approximateInvokeCount"], 2);
    let batch = &notice["DDBStreamBatchInfo"];
    assert_eq!((&batch["batchSize"], &batch["startSequenceNumber"]), (&json!(1), &batch["endSequenceNumber"]));
    // The record after it is delivered, and the checkpoint is past it: a second host would find nothing to do.
    let bad = batch["endSequenceNumber"].as_str().unwrap().to_owned();
    let checkpoint = dir.path().join(format!("turno-worker.{TABLE}"));
    eventually(&true, async || std::fs::read_to_string(&checkpoint).is_ok_and(|number| number > bad)).await;
    assert!(host.sources.queues.receive("dead", 1, Duration::ZERO, None).await.unwrap().is_empty());
    host.stop(running).await;
}

#[tokio::test]
async fn messages_that_come_within_the_window_are_delivered_together() {
    let Mapping::Queue(mapping) = queue_mapping() else { panic!("a queue's mapping") };
    // Nobody waits for the window's end: the third message fills the batch.
    let mapping = QueueMapping { batch_size: 3, window: Duration::from_mins(5), ..mapping };
    let host = Host::with(Mapping::Queue(mapping), &["sqs:*"]);
    host.send(&["one"]).await;
    let running = host.start(None).await.unwrap();
    eventually(&("0".to_owned(), "1".to_owned()), async || host.counts().await).await;
    host.send(&["two", "three", "four"]).await;
    eventually(&vec!["one two three".to_owned()], async || host.given()).await;
    host.stop(running).await;
}

#[tokio::test]
async fn with_every_acknowledgement_lost_each_message_is_delivered_twice_and_then_gone() {
    let host = Host::with(queue_mapping(), &["sqs:*"]);
    host.sources.faults.set(Some("7:duplicate=1".parse().unwrap()));
    host.send(&["one", "two", "three"]).await;
    let running = host.start(None).await.unwrap();
    eventually(&["one", "one", "three", "three", "two", "two"].map(str::to_owned).to_vec(), async || {
        let mut given: Vec<String> =
            host.given().iter().flat_map(|batch| batch.split(' ')).map(str::to_owned).collect();
        given.sort();
        given
    })
    .await;
    eventually(&("0".to_owned(), "0".to_owned()), async || host.counts().await).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_finished_stream_batch_is_given_again_before_the_next_one() {
    let host = Host::with(stream_mapping(), &["sqs:SendMessage", "dynamodb:*"]);
    host.sources.faults.set(Some("7:repeat=1".parse().unwrap()));
    host.put("a");
    let running = host.start(None).await.unwrap();
    eventually(&vec!["a".to_owned(); 2], async || host.given()).await;
    host.put("b");
    eventually(&["a", "a", "b", "b"].map(str::to_owned).to_vec(), async || host.given()).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_mapping_does_not_start_without_the_permissions_that_it_needs() {
    for (mapping, allowed, missing) in [
        (queue_mapping(), &["sqs:ReceiveMessage", "sqs:GetQueueAttributes"][..], "sqs:DeleteMessage"),
        (queue_mapping(), &["sqs:ReceiveMessage", "sqs:DeleteMessage"], "sqs:GetQueueAttributes"),
        (queue_mapping(), &["sqs:SendMessage"], "sqs:ReceiveMessage"),
        (stream_mapping(), &["dynamodb:Get*", "dynamodb:Describe*", "sqs:*"], "dynamodb:ListStreams"),
        (stream_mapping(), &["dynamodb:*"], "sqs:SendMessage"),
    ] {
        let host = Host::with(mapping, allowed);
        let refusal = host.start(None).await.unwrap_err().to_string();
        assert!(refusal.contains(missing) && refusal.contains("WorkerFunction"), "{refusal}");
        host.sources.lambda.shutdown(Duration::ZERO).await;
    }
}
