//! The host's AWS endpoint as its operator sees it: the whole table, the queues, the functions' processes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use serde_json::{Map, Value, json};
use storage::Storage;
use tokio::time::Instant;

use super::{Answer, Host, LONG};

/// What changes a table.
const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

impl Host {
    /// What names the operator, by the key that the data directory holds.
    pub(crate) fn operator(&self) -> String {
        let (key, _) = self.operator_key();
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    fn operator_key(&self) -> (String, String) {
        let text = std::fs::read(self.data().join("secrets.json")).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        let part = |name: &str| file["operator"][name].as_str().unwrap().to_owned();
        (part("access_key_id"), part("secret_access_key"))
    }

    /// One call of a JSON service, such as `AmazonSQS.ReceiveMessage`; it must succeed.
    pub(crate) async fn aws(&self, target: &str, body: &Value) -> Value {
        if WRITES.iter().any(|write| target.ends_with(&format!(".{write}"))) {
            self.tampered.store(true, Ordering::Relaxed);
        }
        let request =
            self.http.post(&self.aws_url).header("authorization", self.operator()).header("x-amz-target", target);
        let request =
            request.header("x-amz-date", "20260101T000000Z").header("content-type", "application/x-amz-json-1.0");
        let request = request.body(body.to_string());
        Answer::to(request).await.expect(200)
    }

    /// The name of the table.
    pub(crate) async fn table_name(&self) -> String {
        let tables = self.aws("DynamoDB_20120810.ListTables", &json!({})).await;
        tables["TableNames"][0].as_str().unwrap().to_owned()
    }

    /// The table, through the crate that alone knows its layout.
    pub(crate) async fn storage(&self) -> Storage {
        let (key, secret) = self.operator_key();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(key, secret, None, None, "operator"))
            .endpoint_url(&self.aws_url)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Storage::new(Client::from_conf(config.build()), self.table_name().await)
    }

    /// Every item of the table, sorted by key, as DynamoDB writes items.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let (table, mut items, mut start) = (self.table_name().await, Vec::new(), Value::Null);
        loop {
            let mut request = json!({ "TableName": table, "ConsistentRead": true });
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let mut page = self.aws("DynamoDB_20120810.Scan", &request).await;
            items.append(page["Items"].as_array_mut().unwrap());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                break;
            }
        }
        items.sort_by_key(|item| (key(item, "pk").to_owned(), key(item, "sk").to_owned()));
        items
    }

    /// The items whose keys begin so.
    pub(crate) async fn items_at(&self, pk: &str, sk: &str) -> Vec<Value> {
        let mut items = self.items().await;
        items.retain(|item| key(item, "pk").starts_with(pk) && key(item, "sk").starts_with(sk));
        items
    }

    /// How many messages a queue holds: those that wait, and those that are being worked on.
    pub(crate) async fn depth(&self, queue: &str) -> (u64, u64) {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let request = json!({ "QueueUrl": self.queue_url(queue), "AttributeNames": names });
        let answer = self.aws("AmazonSQS.GetQueueAttributes", &request).await;
        let count = |name: &str| answer["Attributes"][name].as_str().unwrap().parse().unwrap();
        (count(names[0]), count(names[1]))
    }

    /// Takes every message that waits in a queue without a consumer, and gives their bodies.
    pub(crate) async fn take_events(&self, queue: &str) -> Vec<Value> {
        let (url, mut events) = (self.queue_url(queue), Vec::new());
        loop {
            let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
            let answer = self.aws("AmazonSQS.ReceiveMessage", &request).await;
            let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return events;
            }
            let entry = |(n, message): (usize, &Value)| json!({ "Id": n.to_string(), "ReceiptHandle": message["ReceiptHandle"] });
            let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
            self.aws("AmazonSQS.DeleteMessageBatch", &json!({ "QueueUrl": url, "Entries": entries })).await;
            events.extend(messages.iter().map(|message| parsed(&message["Body"])));
        }
    }

    /// As `GetQueueUrl` gives it; not asked for, since tests look at queues again and again.
    fn queue_url(&self, queue: &str) -> String {
        format!("{}/000000000000/turno-{queue}", self.aws_url)
    }

    /// The processes of a function: id, and whether it works.
    pub(crate) async fn processes(&self, function: &str) -> Vec<(u32, bool)> {
        let name = format!("turno-{function}");
        let functions = self.functions().await;
        let function = functions.iter().find(|status| status["name"] == name).unwrap();
        let pid = |process: &Value| u32::try_from(process["pid"].as_u64().unwrap()).unwrap();
        let processes = function["processes"].as_array().unwrap();
        processes.iter().map(|process| (pid(process), process["busy"].as_bool().unwrap())).collect()
    }

    /// The processes of every function.
    pub(crate) async fn functions(&self) -> Vec<Value> {
        serde_json::from_value(self.operate("GET", "/_turno/functions", &Value::Null).await["functions"].take())
            .unwrap()
    }

    /// One call of what the host offers its operator beside AWS's services; it must succeed.
    pub(crate) async fn operate(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.aws_url);
        let request = self.http.request(method.parse().unwrap(), url).header("authorization", self.operator());
        Answer::to(request.body(body.to_string())).await.expect(200)
    }

    /// Has a queue give out again after so many seconds what was received and not deleted.
    pub(crate) async fn set_visibility(&self, queue: &str, seconds: u64) {
        let attributes = json!({ "VisibilityTimeout": seconds.to_string() });
        let request = json!({ "QueueUrl": self.queue_url(queue), "Attributes": attributes });
        self.aws("AmazonSQS.SetQueueAttributes", &request).await;
    }

    /// How often each part of each permission of the template was needed.
    pub(crate) async fn permissions(&self) -> Vec<Value> {
        serde_json::from_value(self.told("permissions").await).unwrap()
    }

    /// How many calls of each operation each caller has made: `IngestFunction dynamodb:PutItem`.
    pub(crate) async fn requests(&self) -> Map<String, Value> {
        serde_json::from_value(self.told("requests").await).unwrap()
    }

    /// What the host tells its operator of a subject, at the path of that name.
    async fn told(&self, subject: &str) -> Value {
        let request =
            self.http.get(format!("{}/_turno/{subject}", self.aws_url)).header("authorization", self.operator());
        Answer::to(request).await.expect(200)[subject].take()
    }

    /// Waits until every message that was accepted has been worked on: both queues with consumers are empty. However long that
    /// takes on a busy machine: it fails, with what is left, when they have not become emptier for a while.
    pub(crate) async fn settled(&self) {
        let (mut least, mut deadline) = (u64::MAX, Instant::now() + LONG);
        loop {
            let (inbound, outbound) = (self.depth("inbound.fifo").await, self.depth("outbound.fifo").await);
            let left = inbound.0 + inbound.1 + outbound.0 + outbound.1;
            if left == 0 {
                return;
            }
            if left < least {
                (least, deadline) = (left, Instant::now() + LONG);
            }
            assert!(
                Instant::now() < deadline,
                "no emptier for {LONG:?}; waiting and being worked on: {inbound:?} inbound, {outbound:?} outbound"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A text of an item.
pub(crate) fn key<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

fn parsed(body: &Value) -> Value {
    serde_json::from_str(body.as_str().unwrap()).unwrap()
}
