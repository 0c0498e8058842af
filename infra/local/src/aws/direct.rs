//! Calls of the table, straight into the engine: it has an HTTP server, which asks nobody for anything and is not used.
//!
//! What the engine refuses is told in its words; what is no request of the operation is told as DynamoDB tells it.

use dynoxide::{Database, DynoxideError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Answer;

/// The engine's answer. Blocks while the engine works.
pub(super) fn call(database: &Database, operation: &str, body: &[u8]) -> Answer {
    match operation {
        "BatchExecuteStatement" => told(body, |request| database.batch_execute_statement(request)),
        "BatchGetItem" => told(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => told(body, |request| database.batch_write_item(request)),
        "CreateTable" => told(body, |request| database.create_table(request)),
        "DeleteItem" => told(body, |request| database.delete_item(request)),
        "DeleteTable" => told(body, |request| database.delete_table(request)),
        "DescribeStream" => told(body, |request| database.describe_stream(request)),
        "DescribeTable" => told(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => told(body, |request| database.describe_time_to_live(request)),
        "ExecuteStatement" => told(body, |request| database.execute_statement(request)),
        "ExecuteTransaction" => told(body, |request| database.execute_transaction(request)),
        "GetItem" => told(body, |request| database.get_item(request)),
        "GetRecords" => told(body, |request| database.get_records(request)),
        "GetShardIterator" => told(body, |request| database.get_shard_iterator(request)),
        "ListStreams" => told(body, |request| database.list_streams(request)),
        "ListTables" => told(body, |request| database.list_tables(request)),
        "ListTagsOfResource" => told(body, |request| database.list_tags_of_resource(request)),
        "PutItem" => told(body, |request| database.put_item(request)),
        "Query" => told(body, |request| database.query(request)),
        "Scan" => told(body, |request| database.scan(request)),
        "TagResource" => told(body, |request| database.tag_resource(request)),
        "TransactGetItems" => told(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => told(body, |request| database.transact_write_items(request)),
        "UntagResource" => told(body, |request| database.untag_resource(request)),
        "UpdateItem" => told(body, |request| database.update_item(request)),
        "UpdateTable" => told(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => told(body, |request| database.update_time_to_live(request)),
        _ => answer(StatusCode::BAD_REQUEST, refusal("UnknownOperationException")),
    }
}

fn told<Q: DeserializeOwned, A: Serialize>(body: &[u8], run: impl FnOnce(Q) -> Result<A, DynoxideError>) -> Answer {
    let request = match serde_json::from_slice(body) {
        Ok(request) => request,
        // A value of the right type that cannot be one, such as a number without digits. Of another type it is not even read.
        Err(error) if error.is_data() && !error.to_string().starts_with("invalid type") => {
            let told = DynoxideError::ValidationException(error.to_string());
            return answer(StatusCode::BAD_REQUEST, told.to_json().into_bytes());
        }
        Err(_) => return answer(StatusCode::BAD_REQUEST, refusal("SerializationException")),
    };
    match run(request).map(|told| serde_json::to_vec(&told)) {
        Ok(Ok(body)) => answer(StatusCode::OK, body),
        // Carried out, and nobody can tell what came of it.
        Ok(Err(_)) => answer(StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
        Err(error) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            answer(status, error.to_json().into_bytes())
        }
    }
}

fn refusal(name: &str) -> Vec<u8> {
    format!("{{\"__type\":\"com.amazon.coral.service#{name}\"}}").into_bytes()
}

fn answer(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    Answer { status, headers, body: body.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::sync::watch;

    use super::Answer;
    use crate::aws::table::TableEngine;
    use crate::aws::table::tests::{called, table};

    const OF_FUNCTION: bool = true;

    #[tokio::test]
    async fn every_call_is_answered_as_the_engine_s_own_server_answers() {
        let database = TableEngine::open(None, &[table()]).unwrap();
        let (_stop, stopped) = watch::channel(false);
        let engine = TableEngine::serve(database, stopped).unwrap();
        let item = json!({ "pk": { "S": "a" }, "n": { "N": "1" }, "b": { "B": "AQI=" }, "set": { "NS": ["2", "10"] } });
        let put = |more: Value| {
            let mut put = json!({ "TableName": "turno-Table", "Item": item, "ReturnConsumedCapacity": "TOTAL" });
            put.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            put
        };
        let new = json!({ "ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD" });
        let key =
            json!({ "TableName": "turno-Table", "Key": { "pk": { "S": "a" } }, "ReturnConsumedCapacity": "TOTAL" });
        let plus = json!({ "TableName": "turno-Table", "Key": { "pk": { "S": "a" } }, "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": { ":n": { "N": "2" } }, "ReturnValues": "ALL_NEW" });
        let calls = [
            ("PutItem", put(json!({})), 200),
            ("PutItem", put(new.clone()), 400),
            ("PutItem", put(json!({ "Item": { "other": { "S": "a" } } })), 400),
            ("PutItem", put(json!({ "Item": { "pk": { "N": "x" } } })), 400),
            ("PutItem", put(json!({ "Item": 5 })), 400),
            ("GetItem", key.clone(), 200),
            ("GetItem", json!({ "TableName": "none", "Key": { "pk": { "S": "a" } } }), 400),
            ("UpdateItem", plus.clone(), 200),
            (
                "Query",
                json!({ "TableName": "turno-Table", "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": { ":p": { "S": "a" } } }),
                200,
            ),
            ("BatchGetItem", json!({ "RequestItems": { "turno-Table": { "Keys": [{ "pk": { "S": "a" } }] } } }), 200),
            ("TransactWriteItems", json!({ "TransactItems": [{ "Put": put(new) }] }), 400),
            ("TransactWriteItems", json!({ "TransactItems": [{ "Update": plus }] }), 200),
            (
                "BatchExecuteStatement",
                json!({ "Statements": [
                    { "Statement": "INSERT INTO \"turno-Table\" VALUE {'pk': ?}", "Parameters": [{ "S": "b" }] },
                    { "Statement": "UPDATE \"turno-Table\" SET \"n\" = ? WHERE \"pk\" = ? AND \"n\" = ?",
                      "Parameters": [{ "N": "3" }, { "S": "a" }, { "N": "9" }] },
                ], "ReturnConsumedCapacity": "TOTAL" }),
                200,
            ),
            ("BatchExecuteStatement", json!({ "Statements": [] }), 400),
            ("DescribeTable", json!({ "TableName": "turno-Table" }), 200),
            ("DeleteItem", key.clone(), 200),
            ("DeleteItem", json!({ "TableName": "turno-Table", "Key": { "pk": { "S": "b" } } }), 200),
            ("GetItem", key, 200),
        ];
        let servers = TableEngine::open(None, &[table()]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, servers));
        for (operation, body, status) in &calls {
            let request = http::Request::post(&url)
                .header(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=h, Signature=0",
                )
                .header("content-type", "application/x-amz-json-1.0")
                .header("x-amz-date", "20260101T000000Z")
                .header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
            let server =
                crate::client::Client::new().send(request.body(body.to_string().into()).unwrap()).await.unwrap();
            let answer = called(&engine, operation, body, OF_FUNCTION).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.status), (*status, server.status), "{operation} {body}");
            let json = |answer: &Answer| {
                let mut told = serde_json::from_slice::<Value>(&answer.body).unwrap();
                // Each of the two tables was made for itself.
                if let Some(table) = told["Table"].as_object_mut() {
                    table.retain(|name, _| {
                        !["TableId", "CreationDateTime", "LatestStreamArn", "LatestStreamLabel"]
                            .contains(&name.as_str())
                    });
                }
                told
            };
            let (straight, by_server) = (json(&answer), json(&server));
            if *status == 200 || straight["__type"].as_str().unwrap().ends_with("CheckFailedException") {
                assert_eq!(straight, by_server, "{operation} {body}");
            } else {
                assert_eq!(straight["__type"], by_server["__type"], "{operation} {body}");
            }
        }
    }
}
