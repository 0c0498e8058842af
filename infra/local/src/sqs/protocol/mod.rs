//! The AWS JSON 1.0 protocol of Amazon SQS: JSON in, one call of `Queues`, JSON out. No rule of the queues is here.

mod messages;
mod move_tasks;
mod queues;
mod receive;

use http::{HeaderValue, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Error, Queues};

/// What Amazon SQS has and this host does not: refused by name, so that nobody looks for a spelling mistake.
const UNSUPPORTED: [&str; 6] =
    ["AddPermission", "ListDeadLetterSourceQueues", "ListQueueTags", "RemovePermission", "TagQueue", "UntagQueue"];

/// Answers one call; `operation` is the target with or without `AmazonSQS.`.
pub(super) async fn handle(queues: &Queues, operation: &str, body: &[u8]) -> Response<Vec<u8>> {
    let operation = operation.strip_prefix("AmazonSQS.").unwrap_or(operation);
    match dispatch(queues, operation, body).await {
        Ok(answer) => respond(StatusCode::OK, &answer),
        Err(error) => refuse(&error),
    }
}

async fn dispatch(queues: &Queues, operation: &str, body: &[u8]) -> Result<Value, Error> {
    match operation {
        "CreateQueue" => queues::create(queues, parse(body)?).await,
        "GetQueueUrl" => queues::url(queues, parse(body)?).await,
        "GetQueueAttributes" => queues::attributes(queues, parse(body)?).await,
        "SetQueueAttributes" => queues::set_attributes(queues, parse(body)?).await,
        "ListQueues" => queues::list(queues, parse(body)?).await,
        "DeleteQueue" => queues::delete(queues, parse(body)?).await,
        "PurgeQueue" => queues::purge(queues, parse(body)?).await,
        "SendMessage" => messages::send(queues, parse(body)?).await,
        "SendMessageBatch" => messages::send_batch(queues, parse(body)?).await,
        "DeleteMessage" => messages::delete(queues, parse(body)?).await,
        "DeleteMessageBatch" => messages::delete_batch(queues, parse(body)?).await,
        "ChangeMessageVisibility" => messages::change_visibility(queues, parse(body)?).await,
        "ChangeMessageVisibilityBatch" => messages::change_visibility_batch(queues, parse(body)?).await,
        "StartMessageMoveTask" => move_tasks::start(queues, parse(body)?).await,
        "ListMessageMoveTasks" => move_tasks::list(queues, parse(body)?).await,
        "CancelMessageMoveTask" => move_tasks::cancel(queues, parse(body)?).await,
        "ReceiveMessage" => receive::receive(queues, parse(body)?).await,
        other if UNSUPPORTED.contains(&other) => Err(Error::UnsupportedOperation(other.to_owned())),
        other => Err(Error::InvalidAction(other.to_owned())),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Serialization(error.to_string()))
}

fn required<T>(value: Option<T>, parameter: &'static str) -> Result<T, Error> {
    value.ok_or(Error::MissingParameter(parameter))
}

/// The plain name of the queue that a call is about.
fn queue_name(queues: &Queues, url: Option<String>) -> Result<String, Error> {
    queues.names.name_in_url(&required(url, "QueueUrl")?).map(str::to_owned)
}

fn respond(status: StatusCode, answer: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(answer.to_string().into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(&format!("{:032x}", fastrand::u128(..))) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// An error as SDKs parse it: the shape in the body, the code of the older query protocol in a header.
///
/// Source: Smithy, "AWS JSON 1.0 protocol" and the trait `aws.protocols#awsQueryCompatible`.
fn refuse(error: &Error) -> Response<Vec<u8>> {
    let (status, fault) = match error {
        Error::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "Receiver"),
        Error::ResourceNotFound(_) => (StatusCode::NOT_FOUND, "Sender"),
        other if other.is_senders() => (StatusCode::BAD_REQUEST, "Sender"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Receiver"),
    };
    if !error.is_senders() {
        tracing::error!(error = error as &dyn std::error::Error, "a queue operation failed");
    }
    let mut response = respond(status, &json!({ "__type": error.shape(), "message": error.to_string() }));
    if let Ok(code) = HeaderValue::from_str(&format!("{};{fault}", error.code())) {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}
