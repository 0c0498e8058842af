//! `ReceiveMessage`: which attributes the receiver asked for, and the shape of what it gets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::message::md5_of_attributes;
use super::super::{Asked, Error, MessageAttribute, Queues, ReceivedMessage};
use super::messages::seconds;
use super::queue_name;

/// The longest long poll.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// System attributes that may be asked for.
const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    queue_url: Option<String>,
    /// The older spelling of the next one.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

pub(super) async fn receive(queues: &Queues, request: ReceiveMessage) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let mut system = request.attribute_names;
    system.extend(request.message_system_attribute_names);
    if let Some(unknown) = system.iter().find(|name| !SYSTEM_ATTRIBUTES.contains(&name.as_str())) {
        return Err(Error::InvalidAttributeName(unknown.clone()));
    }
    let max = request.max_number_of_messages.unwrap_or(1);
    // Out of range is refused by the queue, with what was asked for.
    let max = u32::try_from(max)
        .map_err(|_| Error::invalid_value(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."))?;
    let wait = request.wait_time_seconds.map(|secs| seconds(secs, "WaitTimeSeconds")).transpose()?;
    if let Some(wait) = wait.filter(|wait| *wait > MAX_WAIT) {
        let reason = "Must be >= 0 and <= 20, if provided.";
        return Err(Error::invalid_value(wait.as_secs(), "WaitTimeSeconds", reason));
    }
    let attempt = request.receive_request_attempt_id;
    let visibility = request.visibility_timeout.map(|secs| seconds(secs, "VisibilityTimeout")).transpose()?;
    let asked = Asked { wait, visibility, attempt: attempt.as_deref(), shuffle: None };
    let messages = queues.receive_or_wait(&name, max, asked, std::future::pending()).await?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let describe = |message| describe(message, &system, &request.message_attribute_names);
    Ok(json!({ "Messages": messages.into_iter().map(describe).collect::<Vec<_>>() }))
}

/// A message with the attributes asked for, and no field for those there are none of.
fn describe(message: ReceivedMessage, system: &[String], wanted: &[String]) -> Value {
    let mut answer = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.md5_of_body,
        "Body": message.body,
    });
    let all = system.iter().any(|name| name == "All");
    let mut attributes = message.attributes;
    attributes.retain(|name, _| all || system.contains(name));
    if !attributes.is_empty() {
        answer["Attributes"] = json!(attributes);
    }
    let mut attributes: BTreeMap<String, MessageAttribute> = message.message_attributes;
    attributes.retain(|name, _| wanted.iter().any(|pattern| matches(pattern, name)));
    if let Some(md5) = md5_of_attributes(&attributes) {
        answer["MessageAttributes"] = json!(attributes);
        answer["MD5OfMessageAttributes"] = md5.into();
    }
    answer
}

/// `All`, `.*`, a name, or the beginning of names before `.*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern == "All" || pattern == name || pattern.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_asked_for_by_name_prefix_or_all() {
        for (pattern, expected) in
            [("All", true), (".*", true), ("trace.id", true), ("trace.*", true), ("tra", false), ("other.*", false)]
        {
            assert_eq!(matches(pattern, "trace.id"), expected, "{pattern}");
        }
    }
}
