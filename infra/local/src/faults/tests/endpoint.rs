//! Calls that are refused, lost or late, at a real endpoint in front of the real engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client as Sdk;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, Put, TransactWriteItem};
use http::{Method, Request};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::{Kind, PATH};
use super::*;
use crate::aws::caller::{Caller, Callers};
use crate::aws::leading_keys::PartitionKeys;
use crate::aws::permissions::{Role, Roles};
use crate::aws::table::TableEngine;
use crate::aws::{self, Endpoint};
use crate::client::{Answer, Client, ClientError};
use crate::data_dir::DataDir;
use crate::lambda::Lambda;
use crate::secrets::Secrets;
use crate::sqs::{QueueSpec, Queues};
use crate::status::Collector;
use crate::template::{Effect, Statement, Table};

const TABLE: &str = "turno-Table";

/// An endpoint that serves until the test ends.
struct Bench {
    faults: Faults,
    url: String,
    _dir: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

impl Bench {
    async fn new(specification: &str) -> Self {
        let faults = faults(specification);
        let (stop, stopping) = watch::channel(false);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let queues = Queues::open(None, url.clone(), "000000000000".into()).unwrap();
        queues.ensure(QueueSpec { name: "work".into(), ..QueueSpec::default() }).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let statement = Statement {
            sid: None,
            effect: Effect::Allow,
            actions: vec!["*".into()],
            resources: vec!["*".into()],
            conditions: Value::Null,
        };
        let mut callers = Callers::default();
        callers.add("operator".into(), "operator".into(), Caller::Operator);
        callers.add(
            "ingest".into(),
            "ingest".into(),
            Caller::Function(Role::new("IngestFunction", &[statement]).unwrap()),
        );
        let database = TableEngine::open(None, &[table()]).unwrap();
        let counts = Arc::new(crate::aws::counts::Counts::default());
        let store = crate::objects::open(None, &[]).unwrap();
        let endpoint = Endpoint {
            objects: crate::objects::Objects::new(store, &[], &callers, &counts),
            callers,
            table: TableEngine::serve(database, stopping).unwrap(),
            queues,
            secrets: Secrets::open(dir.path().join("secrets.json"), true).unwrap(),
            lambda: Lambda::start(Vec::new()),
            functions: Vec::new(),
            keys: PartitionKeys::of(&[table()]),
            counts,
            faults: faults.clone(),
            roles: Roles::default(),
            status: Collector::new(&[], &[], &DataDir::existing(dir.path()), false),
            sockets: None,
        };
        tokio::spawn(aws::serve(Arc::new(endpoint), listener, std::future::pending()));
        Self { faults, url, _dir: dir, _stop: stop }
    }

    /// AWS's client, which does not try again.
    fn sdk(&self, caller: &str) -> Sdk {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(caller, caller, None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Sdk::from_conf(config.build())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        caller: &str,
        target: &str,
        body: &Value,
    ) -> Result<Answer, ClientError> {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={caller}/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", credential)
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .body(Bytes::from(body.to_string()))
            .unwrap();
        Client::new().send(request).await
    }

    /// One call as the function; status, error and the older query code.
    async fn refusal(&self, target: &str, body: &Value) -> (u16, String, Option<String>) {
        let answer = self.ask(Method::POST, "/", "ingest", target, body).await.unwrap();
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        let query = answer.headers.get("x-amzn-query-error").map(|code| code.to_str().unwrap().to_owned());
        (answer.status.as_u16(), told["__type"].as_str().unwrap_or_default().to_owned(), query)
    }

    /// The partition keys in the table.
    async fn stored(&self) -> BTreeSet<String> {
        let items = self.sdk("operator").scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default();
        items.iter().map(|item| item["pk"].as_s().unwrap().clone()).collect()
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
        }),
        stream_view: None,
        ttl_attribute: None,
    }
}

fn put(pk: &str) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE).item("pk", AttributeValue::S(pk.to_owned())).build().unwrap();
    TransactWriteItem::builder().put(put).build()
}

#[tokio::test]
async fn a_conflict_is_told_in_dynamodb_s_form_and_leaves_nothing_written() {
    let bench = Bench::new("7:conflict=1").await;
    let mut held = BTreeSet::new();
    for _ in 0..20 {
        let items = ["a", "b", "c"].map(put);
        let transaction = bench.sdk("ingest").transact_write_items().set_transact_items(Some(items.into()));
        let error = transaction.send().await.unwrap_err().into_service_error();
        assert!(error.is_transaction_canceled_exception(), "{error:?}");
        let message = error.message().unwrap().to_owned();
        let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            cancelled,
        ) = error
        else {
            panic!("{error:?}")
        };
        let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
        assert_eq!(codes.iter().filter(|code| **code == "None").count(), 2, "{codes:?}");
        assert!(message.ends_with(&format!("[{}]", codes.join(", "))), "{message}");
        held.insert(codes.iter().position(|code| *code == "TransactionConflict").unwrap());
    }
    assert_eq!(held, BTreeSet::from([0, 1, 2]));
    let single = bench.sdk("ingest").put_item().table_name(TABLE).item("pk", AttributeValue::S("a".into()));
    let error = single.send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("TransactionConflictException"));
    assert_eq!(error.message(), Some("Transaction is ongoing for the item"));
    let insert = || {
        let text = format!("INSERT INTO \"{TABLE}\" VALUE {{'pk': 'a'}}");
        BatchStatementRequest::builder().statement(text).build().unwrap()
    };
    let batch = bench.sdk("ingest").batch_execute_statement().statements(insert()).statements(insert());
    let told = batch.send().await.unwrap().responses.unwrap();
    let codes = told.iter().map(|response| response.error().unwrap().code().unwrap().as_str());
    assert_eq!(codes.collect::<Vec<_>>(), ["TransactionConflict"; 2]);
    assert!(bench.stored().await.is_empty());
    assert_eq!(injected(&bench.faults, Kind::Conflict), 22);
    // A read meets no conflict.
    bench.sdk("ingest").get_item().table_name(TABLE).key("pk", AttributeValue::S("a".into())).send().await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_leaves_the_write_done_and_its_caller_without_a_word() {
    let bench = Bench::new("7:lost=1").await;
    let mut told = BTreeSet::new();
    for n in 0..16 {
        let item = json!({ "TableName": TABLE, "Item": { "pk": { "S": n.to_string() } } });
        told.insert(match bench.ask(Method::POST, "/", "ingest", "DynamoDB_20120810.PutItem", &item).await {
            Ok(answer) => answer.status.as_u16().to_string(),
            Err(error) => error.to_string(),
        });
    }
    assert_eq!(bench.stored().await.len(), 16);
    assert!(told.contains("500") && told.len() > 1 && !told.contains("200"), "{told:?}");
    let url = format!("{}/000000000000/work", bench.url);
    let message = json!({ "QueueUrl": url, "MessageBody": "hello" });
    let sent = bench.ask(Method::POST, "/", "ingest", "AmazonSQS.SendMessage", &message).await;
    assert!(!sent.is_ok_and(|answer| answer.status.is_success()));
    let receive = json!({ "QueueUrl": url });
    let received = bench.ask(Method::POST, "/", "ingest", "AmazonSQS.ReceiveMessage", &receive).await.unwrap();
    assert!(String::from_utf8_lossy(&received.body).contains("hello"));
    // What was not written has no answer to lose.
    let refused = json!({ "TableName": TABLE, "Item": {} });
    assert_eq!(bench.refusal("DynamoDB_20120810.PutItem", &refused).await.0, 400);
    assert_eq!(injected(&bench.faults, Kind::Lost), 17);
}

/// Every refusal that a service gives to some calls.
#[track_caller]
fn known(seen: &BTreeSet<(u16, String, Option<String>)>, expected: &[(u16, &str, Option<&str>)]) {
    let expected: BTreeSet<_> =
        expected.iter().map(|(status, code, query)| (*status, (*code).to_owned(), query.map(str::to_owned))).collect();
    assert_eq!(*seen, expected);
}

async fn refusals(specification: &str, target: &str, body: &Value) -> BTreeSet<(u16, String, Option<String>)> {
    let bench = Bench::new(specification).await;
    let mut seen = BTreeSet::new();
    for _ in 0..24 {
        seen.insert(bench.refusal(target, body).await);
    }
    assert!(bench.stored().await.is_empty());
    seen
}

#[tokio::test]
async fn throttling_is_told_as_each_service_tells_it() {
    let item = json!({ "TableName": TABLE, "Item": { "pk": { "S": "a" } } });
    let transaction = json!({ "TransactItems": [{ "Put": item }] });
    let throttling = (400, "com.amazon.coral.availability#ThrottlingException", None);
    known(
        &refusals("7:throttle=1", "DynamoDB_20120810.PutItem", &item).await,
        &[(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", None), throttling],
    );
    known(
        &refusals("7:throttle=1", "DynamoDB_20120810.TransactWriteItems", &transaction).await,
        &[(400, "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", None), throttling],
    );
    known(
        &refusals("7:throttle=1", "AmazonSQS.SendMessage", &json!({})).await,
        &[
            (400, "com.amazonaws.sqs#RequestThrottled", Some("RequestThrottled;Sender")),
            (400, throttling.1, Some("Throttling;Sender")),
        ],
    );
    known(&refusals("7:throttle=1", "secretsmanager.GetSecretValue", &json!({})).await, &[throttling]);
}

#[tokio::test]
async fn failures_are_told_as_each_service_tells_them() {
    let item = json!({ "TableName": TABLE, "Item": { "pk": { "S": "a" } } });
    known(
        &refusals("7:error=1", "DynamoDB_20120810.PutItem", &item).await,
        &[
            (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", None),
            (503, "com.amazon.coral.service#ServiceUnavailable", None),
        ],
    );
    known(
        &refusals("7:error=1", "AmazonSQS.SendMessage", &json!({})).await,
        &[
            (500, "com.amazon.coral.service#InternalFailure", Some("InternalError;Receiver")),
            (503, "com.amazon.coral.service#ServiceUnavailableException", Some("ServiceUnavailable;Receiver")),
        ],
    );
    known(
        &refusals("7:error=1", "secretsmanager.GetSecretValue", &json!({})).await,
        &[
            (500, "com.amazonaws.secretsmanager#InternalServiceError", None),
            (503, "com.amazon.coral.service#ServiceUnavailableException", None),
        ],
    );
}

#[tokio::test]
async fn a_slow_answer_is_late_and_right() {
    let bench = Bench::new("7:slow=1").await;
    let item = json!({ "TableName": TABLE, "Item": { "pk": { "S": "a" } } });
    let asked_at = Instant::now();
    let answer = bench.ask(Method::POST, "/", "ingest", "DynamoDB_20120810.PutItem", &item).await.unwrap();
    assert!(answer.status.is_success() && asked_at.elapsed() >= Duration::from_millis(300), "{:?}", asked_at.elapsed());
    assert_eq!(bench.stored().await.len(), 1);
}

#[tokio::test]
async fn the_operator_is_never_hurt_and_alone_may_set_faults() {
    let all = Kind::ALL.map(|kind| format!("{}=1", kind.name())).join(",");
    let bench = Bench::new(&format!("7:{all}")).await;
    let item = json!({ "TableName": TABLE, "Item": { "pk": { "S": "a" } } });
    for (target, body) in [("DynamoDB_20120810.PutItem", &item), ("AmazonSQS.ListQueues", &json!({}))] {
        assert!(bench.ask(Method::POST, "/", "operator", target, body).await.unwrap().status.is_success(), "{target}");
    }
    assert_eq!(Kind::ALL.map(|kind| injected(&bench.faults, kind)).iter().sum::<u64>(), 0);

    let wanted = json!({ "faults": "8:kill=0.5" });
    for method in [Method::GET, Method::PUT, Method::POST] {
        let answer = bench.ask(method, PATH, "ingest", "", &wanted).await.unwrap();
        assert!(answer.status.is_client_error(), "{}", answer.status);
    }
    let told = async |method: Method| -> Value {
        serde_json::from_slice(&bench.ask(method, PATH, "operator", "", &wanted).await.unwrap().body).unwrap()
    };
    assert_eq!(told(Method::GET).await["faults"], format!("7:{all}"));
    assert_eq!(told(Method::PUT).await["faults"], "8:kill=0.5");
    assert_eq!(told(Method::GET).await["injected"]["kill"], 0);
}
