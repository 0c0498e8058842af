//! The calls that functions make all the time, straight into the engine: without its HTTP server between, which reads each request
//! three times.
//!
//! What the engine refuses, other than by a condition, is left to the server: there a refusal gets DynamoDB's own words. Nothing was
//! changed then, so that asking again does no harm. A failure of the engine's own is never asked again.

use dynoxide::{Database, DynoxideError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Answer;

/// The engine's answer, or nothing where its server is to be asked. Blocks as the server does.
pub(super) fn call(database: &Database, operation: &str, body: &[u8]) -> Option<Answer> {
    match operation {
        "BatchExecuteStatement" => told(body, |request| database.batch_execute_statement(request)),
        "BatchGetItem" => told(body, |request| database.batch_get_item(request)),
        "DeleteItem" => told(body, |request| database.delete_item(request)),
        "GetItem" => told(body, |request| database.get_item(request)),
        "PutItem" => told(body, |request| database.put_item(request)),
        "Query" => told(body, |request| database.query(request)),
        "TransactWriteItems" => told(body, |request| database.transact_write_items(request)),
        "UpdateItem" => told(body, |request| database.update_item(request)),
        _ => None,
    }
}

fn told<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Option<Answer> {
    let request = serde_json::from_slice(body).ok()?;
    let (status, body) = match run(request) {
        // Carried out: whatever follows, it must not be carried out again.
        Ok(answer) => match serde_json::to_vec(&answer) {
            Ok(body) => (StatusCode::OK, body),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
        },
        Err(
            refusal @ (DynoxideError::ConditionalCheckFailedException(..)
            | DynoxideError::TransactionCanceledException(..)),
        ) => (StatusCode::BAD_REQUEST, refusal.to_json().into_bytes()),
        // Nobody knows what was done.
        Err(failure) if failure.status_code() >= 500 => {
            (StatusCode::INTERNAL_SERVER_ERROR, failure.to_json().into_bytes())
        }
        Err(_) => return None,
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    Some(Answer { status, headers, body: body.into() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::sync::watch;

    use crate::aws::table::TableEngine;
    use crate::aws::table::tests::{called, table};

    #[tokio::test]
    async fn a_function_is_told_what_the_engine_s_server_tells_everybody() {
        let database = TableEngine::open(None, &[table()]).unwrap();
        let (_stop, stopped) = watch::channel(false);
        let engine = TableEngine::serve(database, stopped).await.unwrap();
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
        let mut told = [Vec::new(), Vec::new()];
        for (told, of_function) in told.iter_mut().zip([false, true]) {
            for (operation, body, status) in &calls {
                let answer = called(&engine, operation, body, of_function).await.unwrap();
                assert_eq!(answer.status, *status, "{operation} {body}");
                let json: Value = serde_json::from_slice(&answer.body).unwrap();
                told.push((*operation, body, answer.headers["content-type"].clone(), json));
            }
        }
        let [by_server, straight] = told;
        for (one, other) in by_server.iter().zip(&straight) {
            assert_eq!(one, other);
        }
    }
}
