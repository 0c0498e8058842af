//! Which IAM actions a request needs, on which resources. A request that is not understood needs an action on `*`, which
//! no role here has.
//!
//! Source: the Service Authorization Reference of DynamoDB, SQS, Secrets Manager and Lambda.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::leading_keys::{Attributes, KeyQuery, PartitionKeys};
use super::permissions::Call;
use crate::template::{ACCOUNT_ID, REGION};

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
    statements: Vec<StatementRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MemberRequest {
    table_name: String,
    key: Option<Attributes>,
    item: Option<Attributes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatementRequest {
    statement: String,
    #[serde(default)]
    parameters: Vec<Box<RawValue>>,
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

/// What an operation of DynamoDB or of its streams needs. What it returns (`ReturnValues`) and on which condition it writes
/// needs nothing more.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>.
pub(crate) fn of_table(operation: &str, body: &[u8], keys: &PartitionKeys) -> Vec<Call> {
    let action = format!("dynamodb:{operation}");
    let Ok(request) = serde_json::from_slice::<TableRequest>(body) else { return unknown(action) };
    match operation {
        "Query" | "Scan" => {
            let Some(table) = request.table_name else { return unknown(action) };
            let arn = table_arn(&table);
            let index = request.index_name.as_deref();
            let call = Call::new(action, index.map_or(arn.clone(), |index| format!("{arn}/index/{index}")));
            // A scan asks for no key; that is why AWS warns of `ForAllValues` beside it.
            if operation == "Scan" {
                return vec![call];
            }
            let query = serde_json::from_slice::<KeyQuery>(body).ok();
            vec![call.on_keys(query.and_then(|query| keys.of_query(&table, index, &query)))]
        }
        "BatchGetItem" | "BatchWriteItem" if !request.request_items.is_empty() => {
            let touched = |table: &str, part: &RawValue| keys.of_batch(table, part);
            let calls = request.request_items.iter();
            calls.map(|(table, part)| Call::new(&action, table_arn(table)).on_keys(touched(table, part))).collect()
        }
        // A transaction has no action of its own: each member needs the action it would need alone.
        // Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        "TransactWriteItems" | "TransactGetItems" if !request.transact_items.is_empty() => request
            .transact_items
            .iter()
            .flatten()
            .map(|(kind, member)| {
                let touched = keys.of_item(&member.table_name, member.key.as_ref().or(member.item.as_ref()));
                Call::new(member_action(kind), table_arn(&member.table_name)).on_keys(touched)
            })
            .collect(),
        "BatchExecuteStatement" if !request.statements.is_empty() => {
            request.statements.iter().map(|member| of_statement(member, keys)).collect()
        }
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => match request.table_name {
            Some(table) => {
                let touched = keys.of_item(&table, request.key.as_ref().or(request.item.as_ref()));
                vec![Call::new(action, table_arn(&table)).on_keys(touched)]
            }
            None => unknown(action),
        },
        "DescribeStream" | "GetShardIterator" => match request.stream_arn {
            Some(arn) => vec![Call::new(action, arn)],
            None => unknown(action),
        },
        _ => match request.table_name {
            Some(table) => vec![Call::new(action, table_arn(&table))],
            None => unknown(action),
        },
    }
}

/// What a statement of `PartiQL` needs.
fn of_statement(StatementRequest { statement, parameters }: &StatementRequest, keys: &PartitionKeys) -> Call {
    let words: Vec<&str> = statement.split_whitespace().take(3).collect();
    let (action, table) = match words[..] {
        ["INSERT", "INTO", table] => ("dynamodb:PartiQLInsert", table),
        ["UPDATE", table, _] => ("dynamodb:PartiQLUpdate", table),
        _ => return Call::new("dynamodb:PartiQL", "*"),
    };
    let table = table.trim_matches('"');
    Call::new(action, table_arn(table)).on_keys(keys.of_statement(table, statement, parameters))
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
    fn statements_need_the_action_of_what_they_do() {
        let statements = ["INSERT INTO \"T\" VALUE {'pk': ?}", "UPDATE \"T\" SET \"a\" = ? WHERE \"pk\" = ?"];
        let body = json!({ "Statements": statements.map(|statement| json!({ "Statement": statement })) });
        let expected = [("dynamodb:PartiQLInsert", TABLE), ("dynamodb:PartiQLUpdate", TABLE)];
        check_table("BatchExecuteStatement", &body, &expected);
        let calls = of_table("BatchExecuteStatement", body.to_string().as_bytes(), &PartitionKeys::default());
        assert!(calls.iter().all(|call| call.leading_keys.is_none()), "nobody said which key the table has");
    }

    #[test]
    fn what_is_not_understood_needs_an_action_on_everything() {
        check_table("ExecuteStatement", &json!({ "Statement": "…" }), &[("dynamodb:ExecuteStatement", "*")]);
        check_table("TransactWriteItems", &json!({ "TransactItems": [] }), &[("dynamodb:TransactWriteItems", "*")]);
        let other = json!({ "Statements": [{ "Statement": "DELETE FROM T WHERE pk = 'a'" }] });
        check_table("BatchExecuteStatement", &other, &[("dynamodb:PartiQL", "*")]);
        assert_eq!(needed(&of_table("PutItem", b"not json", &PartitionKeys::default())), [("dynamodb:PutItem", "*")]);
        assert_eq!(needed(&of_queue("ListQueues", b"{}")), [("sqs:ListQueues", "*")]);
    }

    #[test]
    fn a_call_knows_the_keys_that_it_touches() {
        let key = |name: &str| json!([{ "AttributeName": name, "KeyType": "HASH" }]);
        let keys = PartitionKeys::of(&[crate::template::Table {
            name: "T".to_owned(),
            create_request: json!({
                "KeySchema": key("pk"), "GlobalSecondaryIndexes": [{ "IndexName": "due", "KeySchema": key("d") }],
            }),
            stream_view: None,
            ttl_attribute: None,
        }]);
        let item = |text: &str| json!({ "pk": { "S": text }, "sk": { "S": "META" } });
        let query = |index: Value, name: &str| {
            json!({ "TableName": "T", "IndexName": index, "KeyConditionExpression": format!("{name} = :k"),
                "ExpressionAttributeValues": { ":k": { "S": "a" } } })
        };
        let get_and_put = json!({ "TransactItems": [
            { "Update": { "TableName": "T", "Key": item("a") } }, { "Put": { "TableName": "T", "Item": item("b") } },
        ] });
        for (operation, body, expected) in [
            ("GetItem", json!({ "TableName": "T", "Key": item("a") }), vec![Some(vec!["a"])]),
            ("PutItem", json!({ "TableName": "T", "Item": item("a") }), vec![Some(vec!["a"])]),
            ("PutItem", json!({ "TableName": "Other", "Item": item("a") }), vec![None]),
            ("TransactWriteItems", get_and_put, vec![Some(vec!["a"]), Some(vec!["b"])]),
            (
                "BatchGetItem",
                json!({ "RequestItems": { "T": { "Keys": [item("a"), item("b")] } } }),
                vec![Some(vec!["a", "b"])],
            ),
            ("Query", query(Value::Null, "pk"), vec![Some(vec!["a"])]),
            ("Query", query(json!("due"), "d"), vec![Some(vec!["a"])]),
            ("Query", query(json!("due"), "pk"), vec![None]),
            ("Scan", json!({ "TableName": "T" }), vec![Some(vec![])]),
            ("DescribeTable", json!({ "TableName": "T" }), vec![Some(vec![])]),
        ] {
            let calls = of_table(operation, body.to_string().as_bytes(), &keys);
            let touched: Vec<_> = calls.iter().map(|call| call.leading_keys.clone()).collect();
            assert_eq!(json!(touched), json!(expected), "{operation} {body}");
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
