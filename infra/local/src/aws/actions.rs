//! Which IAM actions a request needs, on which resources. A request that is not understood needs an action on `*`, which
//! no role here has.
//!
//! Source: the Service Authorization Reference of DynamoDB, SQS and Secrets Manager.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::permissions::Call;
use crate::template::{ACCOUNT_ID, REGION, Table};

/// The name of each table's partition key, by which the key of a request is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionKeys(BTreeMap<String, String>);

impl PartitionKeys {
    pub(crate) fn of(tables: &[Table]) -> Self {
        let hash_key = |table: &Table| {
            let keys = table.create_request["KeySchema"].as_array()?;
            let hash = keys.iter().find(|key| key["KeyType"] == "HASH")?;
            Some((table.name.clone(), hash["AttributeName"].as_str()?.to_owned()))
        };
        Self(tables.iter().filter_map(hash_key).collect())
    }

    /// The partition key among these attributes, where it is a string.
    fn find(&self, table: &str, attributes: Option<&Attributes>) -> Option<String> {
        #[derive(Deserialize)]
        struct Text {
            #[serde(rename = "S")]
            text: String,
        }
        let value = attributes?.get(self.0.get(table)?)?;
        serde_json::from_str::<Text>(value.get()).ok().map(|value| value.text)
    }
}

/// A key or an item, its values unread.
type Attributes = BTreeMap<String, Box<RawValue>>;

/// The parts of DynamoDB's requests that name resources.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TableRequest {
    table_name: Option<String>,
    index_name: Option<String>,
    stream_arn: Option<String>,
    key: Option<Attributes>,
    item: Option<Attributes>,
    request_items: BTreeMap<String, Box<RawValue>>,
    transact_items: Vec<BTreeMap<String, MemberRequest>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MemberRequest {
    table_name: String,
    key: Option<Attributes>,
    item: Option<Attributes>,
}

/// The part of an SQS request that names its queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueRequest {
    queue_url: Option<String>,
    queue_name: Option<String>,
}

/// Whether the operation changes items, and so may add to a stream.
pub(crate) fn writes(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem"
            | "UpdateItem"
            | "DeleteItem"
            | "BatchWriteItem"
            | "TransactWriteItems"
            | "ExecuteStatement"
            | "ExecuteTransaction"
            | "BatchExecuteStatement"
    )
}

/// What an operation of DynamoDB or of its streams needs.
pub(crate) fn of_table(operation: &str, body: &[u8], keys: &PartitionKeys) -> Vec<Call> {
    let action = format!("dynamodb:{operation}");
    let Ok(request) = serde_json::from_slice::<TableRequest>(body) else { return unknown(action) };
    match operation {
        "Query" | "Scan" => match (request.table_name, request.index_name) {
            (Some(table), Some(index)) => vec![Call::new(action, format!("{}/index/{index}", table_arn(&table)))],
            (Some(table), None) => vec![Call::new(action, table_arn(&table))],
            _ => unknown(action),
        },
        "BatchGetItem" | "BatchWriteItem" if !request.request_items.is_empty() => {
            request.request_items.keys().map(|table| Call::new(action.clone(), table_arn(table))).collect()
        }
        // A transaction has no action of its own: each member needs the action it would need alone.
        "TransactWriteItems" | "TransactGetItems" if !request.transact_items.is_empty() => request
            .transact_items
            .iter()
            .flatten()
            .map(|(kind, member)| {
                let key = keys.find(&member.table_name, member.key.as_ref().or(member.item.as_ref()));
                Call::new(member_action(kind), table_arn(&member.table_name)).on_key(key)
            })
            .collect(),
        "DescribeStream" | "GetShardIterator" => match request.stream_arn {
            Some(arn) => vec![Call::new(action, arn)],
            None => unknown(action),
        },
        _ => match request.table_name {
            Some(table) => {
                let key = keys.find(&table, request.key.as_ref().or(request.item.as_ref()));
                vec![Call::new(action, table_arn(&table)).on_key(key)]
            }
            None => unknown(action),
        },
    }
}

/// What an operation of SQS needs. A batch needs the action of its members.
pub(crate) fn of_queue(operation: &str, body: &[u8]) -> Vec<Call> {
    let action = format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation));
    let Ok(request) = serde_json::from_slice::<QueueRequest>(body) else { return unknown(action) };
    let from_url = request.queue_url.as_deref().and_then(|url| url.rsplit('/').next());
    match from_url.or(request.queue_name.as_deref()) {
        Some(name) => vec![Call::new(action, queue_arn(name))],
        None => unknown(action),
    }
}

/// ARN of a table by its name; an ARN stays what it is.
pub(crate) fn table_arn(name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{name}")
}

/// ARN of a table's stream as the template gives it: `GetAtt Table.StreamArn`.
pub(crate) fn stream_arn(table: &str) -> String {
    format!("{}/stream/local", table_arn(table))
}

/// ARN of a queue by its name.
pub(crate) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}")
}

/// ARN of a function by its name.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}")
}

fn member_action(kind: &str) -> String {
    let action = match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "Get" => "GetItem",
        "ConditionCheck" => "ConditionCheckItem",
        other => other,
    };
    format!("dynamodb:{action}")
}

fn unknown(action: String) -> Vec<Call> {
    vec![Call::new(action, "*")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/T";

    fn needed(calls: &[Call]) -> Vec<(&str, &str)> {
        calls.iter().map(|call| (call.action.as_str(), call.resource.as_str())).collect()
    }

    #[track_caller]
    fn check_table(operation: &str, body: &Value, expected: &[(&str, &str)]) {
        assert_eq!(
            needed(&of_table(operation, body.to_string().as_bytes(), &PartitionKeys::default())),
            expected,
            "{operation} {body}"
        );
    }

    #[test]
    fn each_operation_on_the_table_needs_its_own_action() {
        check_table("PutItem", &json!({ "TableName": "T" }), &[("dynamodb:PutItem", TABLE)]);
        check_table("GetItem", &json!({ "TableName": TABLE }), &[("dynamodb:GetItem", TABLE)]);
        check_table("Query", &json!({ "TableName": "T" }), &[("dynamodb:Query", TABLE)]);
        let index = format!("{TABLE}/index/due");
        check_table("Query", &json!({ "TableName": "T", "IndexName": "due" }), &[("dynamodb:Query", &index)]);
        check_table("Scan", &json!({ "TableName": "T", "IndexName": "due" }), &[("dynamodb:Scan", &index)]);
        check_table("BatchGetItem", &json!({ "RequestItems": { "T": {} } }), &[("dynamodb:BatchGetItem", TABLE)]);
        check_table("BatchWriteItem", &json!({ "RequestItems": { "T": [] } }), &[("dynamodb:BatchWriteItem", TABLE)]);
        check_table("GetShardIterator", &json!({ "StreamArn": "arn:s" }), &[("dynamodb:GetShardIterator", "arn:s")]);
    }

    #[test]
    fn a_transaction_needs_the_action_of_each_member() {
        let member = |kind: &str| json!({ kind: { "TableName": "T" } });
        let body = json!({ "TransactItems":
            [member("Put"), member("Update"), member("Delete"), member("ConditionCheck")] });
        let expected = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"].map(|a| format!("dynamodb:{a}"));
        let expected: Vec<_> = expected.iter().map(|action| (action.as_str(), TABLE)).collect();
        check_table("TransactWriteItems", &body, &expected);
        check_table("TransactGetItems", &json!({ "TransactItems": [member("Get")] }), &[("dynamodb:GetItem", TABLE)]);
    }

    #[test]
    fn what_is_not_understood_needs_an_action_on_everything() {
        check_table("ExecuteStatement", &json!({ "Statement": "…" }), &[("dynamodb:ExecuteStatement", "*")]);
        check_table("TransactWriteItems", &json!({ "TransactItems": [] }), &[("dynamodb:TransactWriteItems", "*")]);
        assert_eq!(needed(&of_table("PutItem", b"not json", &PartitionKeys::default())), [("dynamodb:PutItem", "*")]);
        assert_eq!(needed(&of_queue("ListQueues", b"{}")), [("sqs:ListQueues", "*")]);
    }

    #[test]
    fn the_partition_key_of_a_request_is_known_where_the_request_says_it() {
        let keys = PartitionKeys(BTreeMap::from([("T".to_owned(), "pk".to_owned())]));
        let attributes = json!({ "pk": { "S": "ORG#a" }, "sk": { "S": "META" }, "n": { "N": "1" } });
        let member = json!({ "TableName": "T", "Item": attributes });
        for (operation, body, expected) in [
            ("GetItem", json!({ "TableName": "T", "Key": attributes }), Some("ORG#a")),
            ("PutItem", json!({ "TableName": "T", "Item": attributes }), Some("ORG#a")),
            ("TransactWriteItems", json!({ "TransactItems": [{ "Put": member }] }), Some("ORG#a")),
            ("GetItem", json!({ "TableName": "Other", "Key": attributes }), None),
            ("GetItem", json!({ "TableName": "T", "Key": { "pk": { "N": "1" } } }), None),
            ("Query", json!({ "TableName": "T" }), None),
        ] {
            let calls = of_table(operation, body.to_string().as_bytes(), &keys);
            assert_eq!(calls[0].leading_key.as_deref(), expected, "{operation} {body}");
        }
    }

    #[test]
    fn a_batch_on_a_queue_needs_the_action_of_its_members() {
        let url = json!({ "QueueUrl": "http://127.0.0.1:4566/000000000000/q.fifo" }).to_string();
        let queue = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
        for (operation, action) in [
            ("SendMessage", "sqs:SendMessage"),
            ("SendMessageBatch", "sqs:SendMessage"),
            ("DeleteMessageBatch", "sqs:DeleteMessage"),
            ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ] {
            assert_eq!(needed(&of_queue(operation, url.as_bytes())), [(action, queue)]);
        }
        let name = json!({ "QueueName": "q.fifo" }).to_string();
        assert_eq!(needed(&of_queue("GetQueueUrl", name.as_bytes())), [("sqs:GetQueueUrl", queue)]);
    }
}
