//! Errors as the services word them, for calls that they would have answered otherwise.
//!
//! Source: the API References of DynamoDB, SQS, S3, Secrets Manager and API Gateway, "Errors" and "Common Errors"; for the JSON
//! of a cancelled transaction, which has no message where there is no reason, what DynamoDB answers (boto3 issue 2657).

use axum::body::Body;
use fastrand::Rng;
use futures_util::stream;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::Service;

const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810";
const API_GATEWAY: &str = "com.amazonaws.apigatewaymanagementapi";
const CORAL: &str = "com.amazon.coral.service";
const AVAILABILITY: &str = "com.amazon.coral.availability";

/// Why a transaction was cancelled, or a statement not carried out: code and message of the reason.
const CONFLICT: (&str, &str) = ("TransactionConflict", "Transaction is ongoing for the item");
const THROTTLED: (&str, &str) = (
    "ThrottlingError",
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index \
     so please try again shortly. If exceptions persist, check if you have a hot key: \
     https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html.",
);

/// Whether another transaction can be in the operation's way.
pub(super) fn conflicts(operation: &str) -> bool {
    matches!(operation, "TransactWriteItems" | "BatchExecuteStatement" | "PutItem" | "UpdateItem" | "DeleteItem")
}

/// The refusal of such an operation.
pub(super) fn conflict(operation: &str, body: &[u8], details: &mut Rng) -> Response<Body> {
    match operation {
        "TransactWriteItems" => cancelled(body, CONFLICT, details),
        "BatchExecuteStatement" => none_carried_out(body, CONFLICT),
        _ => error(400, DYNAMODB, "TransactionConflictException", CONFLICT.1),
    }
}

/// Too many requests.
pub(super) fn throttled(service: Service, operation: &str, body: &[u8], details: &mut Rng) -> Response<Body> {
    let rate_exceeded = "Rate of requests exceeds the allowed throughput.";
    match (service, details.bool()) {
        (Service::Table, true) if operation == "TransactWriteItems" => cancelled(body, THROTTLED, details),
        (Service::Table, true) if operation == "BatchExecuteStatement" => none_carried_out(body, THROTTLED),
        (Service::Table, true) => {
            let message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing \
                           your provisioning level with the UpdateTable API.";
            error(400, DYNAMODB, "ProvisionedThroughputExceededException", message)
        }
        (Service::Table, false) => error(400, AVAILABILITY, "ThrottlingException", rate_exceeded),
        (Service::Queues, true) => {
            let refusal = error(
                400,
                "com.amazonaws.sqs",
                "RequestThrottled",
                "The request was denied due to request throttling.",
            );
            with_query_code(refusal, "RequestThrottled;Sender")
        }
        (Service::Queues, false) => {
            with_query_code(error(400, AVAILABILITY, "ThrottlingException", "Rate exceeded"), "Throttling;Sender")
        }
        (Service::Secrets, _) => error(400, AVAILABILITY, "ThrottlingException", "Rate exceeded"),
        (Service::Objects, _) => xml(503, "SlowDown", "Please reduce your request rate."),
        (Service::Connections, _) => error(429, API_GATEWAY, "LimitExceededException", "Too Many Requests"),
    }
}

/// A service that fails.
pub(super) fn failed(service: Service, details: &mut Rng) -> Response<Body> {
    match (service, details.bool()) {
        (service, true) => internal(service),
        (Service::Table, false) => {
            error(503, CORAL, "ServiceUnavailable", "Service is temporarily unavailable. Please try again later.")
        }
        (Service::Queues, false) => {
            let refusal = error(503, CORAL, "ServiceUnavailableException", "Service is temporarily unavailable.");
            with_query_code(refusal, "ServiceUnavailable;Receiver")
        }
        (Service::Objects, false) => xml(503, "ServiceUnavailable", "Service is unable to handle request."),
        (Service::Secrets | Service::Connections, false) => {
            error(503, CORAL, "ServiceUnavailableException", "Service is temporarily unavailable.")
        }
    }
}

/// No word of a write that was done: an error that says nothing of it, or a connection that closes.
pub(super) fn lost(service: Service, details: &mut Rng) -> Response<Body> {
    if details.bool() {
        return internal(service);
    }
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "a fault on request");
    Response::new(Body::from_stream(stream::once(std::future::ready(Err::<Bytes, _>(broken)))))
}

fn internal(service: Service) -> Response<Body> {
    match service {
        Service::Table => error(500, DYNAMODB, "InternalServerError", "Internal server error"),
        Service::Queues => {
            let refusal = error(500, CORAL, "InternalFailure", "We encountered an internal error. Please try again.");
            with_query_code(refusal, "InternalError;Receiver")
        }
        Service::Secrets => {
            error(500, "com.amazonaws.secretsmanager", "InternalServiceError", "An internal error occurred.")
        }
        Service::Objects => xml(500, "InternalError", "We encountered an internal error. Please try again."),
        Service::Connections => error(500, API_GATEWAY, "InternalServerErrorException", "Internal server error"),
    }
}

/// A cancelled transaction: the reason for one of its items, and none for the others, in their order.
fn cancelled(body: &[u8], (code, message): (&str, &str), details: &mut Rng) -> Response<Body> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Transaction {
        transact_items: Vec<IgnoredAny>,
    }
    let count = serde_json::from_slice(body).map_or(1, |Transaction { transact_items }| transact_items.len().max(1));
    let held = details.usize(..count);
    let reason =
        |place| if place == held { json!({ "Code": code, "Message": message }) } else { json!({ "Code": "None" }) };
    let codes: Vec<_> = (0..count).map(|place| if place == held { code } else { "None" }).collect();
    let answer = json!({
        "__type": format!("{DYNAMODB}#TransactionCanceledException"),
        "Message":
            format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", ")),
        "CancellationReasons": (0..count).map(reason).collect::<Vec<_>>(),
    });
    amz_json(StatusCode::BAD_REQUEST, &answer)
}

/// A batch of statements of which none was carried out. The call itself succeeds.
fn none_carried_out(body: &[u8], (code, message): (&str, &str)) -> Response<Body> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Batch {
        statements: Vec<IgnoredAny>,
    }
    let Batch { statements } = serde_json::from_slice(body).unwrap_or_default();
    let reason = json!({ "Error": { "Code": code, "Message": message } });
    amz_json(StatusCode::OK, &json!({ "Responses": vec![reason; statements.len()] }))
}

fn error(status: u16, namespace: &str, code: &str, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    amz_json(status, &json!({ "__type": format!("{namespace}#{code}"), "message": message }))
}

/// An error of S3.
fn xml(status: u16, code: &str, message: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The code of the older query protocol, which SDKs of SQS match on.
fn with_query_code(mut response: Response<Body>, code: &'static str) -> Response<Body> {
    response.headers_mut().insert("x-amzn-query-error", HeaderValue::from_static(code));
    response
}

fn amz_json(status: StatusCode, body: &Value) -> Response<Body> {
    with_type(status, "application/x-amz-json-1.0", body)
}

/// An answer of this host's own.
pub(super) fn json(status: StatusCode, body: &Value) -> Response<Body> {
    with_type(status, "application/json", body)
}

fn with_type(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
