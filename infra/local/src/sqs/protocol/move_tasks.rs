//! Calls about message move tasks: `StartMessageMoveTask`, `ListMessageMoveTasks`, `CancelMessageMoveTask`.
//!
//! Source: SQS API Reference. The words of the refusals, the task's handle and which members a task has in which state are
//! as AWS answers them in the recordings of `LocalStack`'s `test_sqs_move_task.snapshot.json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::interface::MoveTask;
use super::super::moves::MAX_RATE;
use super::super::{Error, Queues};
use super::required;

/// The most tasks that are listed.
const MAX_LISTED: u32 = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

pub(super) async fn start(queues: &Queues, request: StartMessageMoveTask) -> Result<Value, Error> {
    let arn = required(request.source_arn, "SourceArn")?;
    let source = name(queues, &arn, "SourceArn")?;
    let destination = request.destination_arn.map(|arn| name(queues, &arn, "DestinationArn")).transpose()?;
    let rate = request.max_number_of_messages_per_second;
    let rate = rate.map(|rate| {
        let reason = format!("You must enter a value between 1 and {MAX_RATE}.");
        let refusal = || Error::invalid_value(rate, "MaxNumberOfMessagesPerSecond", &reason);
        u32::try_from(rate).ok().filter(|rate| (1..=MAX_RATE).contains(rate)).ok_or_else(refusal)
    });
    let task_id = queues.start_move(source, destination, rate.transpose()?).await?;
    Ok(json!({ "TaskHandle": Handle { task_id, source_arn: arn }.encode() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

pub(super) async fn list(queues: &Queues, request: ListMessageMoveTasks) -> Result<Value, Error> {
    let arn = required(request.source_arn, "SourceArn")?;
    let source = name(queues, &arn, "SourceArn")?;
    let limit = request.max_results.unwrap_or(1);
    let reason = format!("You must enter a value between 1 and {MAX_LISTED}.");
    let refusal = || Error::invalid_value(limit, "MaxResults", &reason);
    let limit = u32::try_from(limit).ok().filter(|limit| (1..=MAX_LISTED).contains(limit)).ok_or_else(refusal)?;
    let tasks = queues.move_tasks(source, limit).await?;
    let described: Vec<Value> = tasks.into_iter().map(|task| describe(queues, task, &arn)).collect();
    Ok(json!({ "Results": described }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

pub(super) async fn cancel(queues: &Queues, request: CancelMessageMoveTask) -> Result<Value, Error> {
    let invalid = || Error::InvalidParameterValue("Value for parameter TaskHandle is invalid.".to_owned());
    let handle = Handle::decode(&required(request.task_handle, "TaskHandle")?).ok_or_else(invalid)?;
    // A handle that names a queue of elsewhere is well-formed: there is only no such queue.
    let source = queues.names.name_in_arn(&handle.source_arn).ok_or(Error::missing_queue("SourceArn"))?.to_owned();
    let moved = queues.cancel_move(source, handle.task_id).await?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

/// What a task handle holds; opaque to callers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handle {
    task_id: String,
    source_arn: String,
}

impl Handle {
    fn encode(&self) -> String {
        STANDARD.encode(json!(self).to_string())
    }

    fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    }
}

/// The plain name of a queue by its ARN.
fn name(queues: &Queues, arn: &str, parameter: &'static str) -> Result<String, Error> {
    if arn.splitn(6, ':').filter(|part| !part.is_empty()).count() < 6 || !arn.starts_with("arn:") {
        return Err(Error::InvalidParameterValue(format!(
            "You must use this format to specify the {parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        )));
    }
    queues.names.name_in_arn(arn).map(str::to_owned).ok_or(Error::missing_queue(parameter))
}

/// A task as it is listed. Only one that runs has a handle, and what was not asked for is absent.
fn describe(queues: &Queues, task: MoveTask, source_arn: &str) -> Value {
    let mut answer = json!({
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "SourceArn": source_arn,
        "StartedTimestamp": task.started_at_ms,
        "Status": task.status,
    });
    if let Some(destination) = &task.destination {
        answer["DestinationArn"] = queues.names.arn(destination).into();
    }
    if let Some(rate) = task.messages_per_second {
        answer["MaxNumberOfMessagesPerSecond"] = rate.into();
    }
    if let Some(failure) = task.failure {
        answer["FailureReason"] = failure.into();
    }
    if task.status == "RUNNING" {
        answer["TaskHandle"] = Handle { task_id: task.task_id, source_arn: source_arn.to_owned() }.encode().into();
    }
    answer
}
