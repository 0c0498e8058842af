//! Calls that send, delete and hide messages, one or a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::message::MAX_BYTES;
use super::super::{Error, MessageAttribute, Queues, SendEntry, SentMessage};
use super::{queue_name, required};

/// The most entries in a batch.
const MAX_ENTRIES: usize = 10;

/// The message of `SendMessage`, and of each entry of a batch.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outgoing {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

impl Outgoing {
    fn into_entry(mut self) -> Result<SendEntry, Error> {
        let trace_header = self.message_system_attributes.remove("AWSTraceHeader").map(trace_header).transpose()?;
        if let Some(name) = self.message_system_attributes.keys().next() {
            let reason = "Only AWSTraceHeader may be set.";
            return Err(Error::invalid_value(name, "MessageSystemAttributes", reason));
        }
        Ok(SendEntry {
            body: required(self.message_body, "MessageBody")?,
            group_id: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
            delay: self.delay_seconds.map(|secs| seconds(secs, "DelaySeconds")).transpose()?,
            message_attributes: self.message_attributes,
            trace_header,
        })
    }
}

fn trace_header(attribute: MessageAttribute) -> Result<String, Error> {
    let text = attribute.string_value.filter(|text| !text.is_empty() && attribute.data_type == "String");
    text.ok_or_else(|| {
        let reason = "Its type must be String and it must have a value.";
        Error::invalid_value("AWSTraceHeader", "MessageSystemAttributes", reason)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    queue_url: Option<String>,
    #[serde(flatten)]
    message: Outgoing,
}

pub(super) async fn send(queues: &Queues, request: SendMessage) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let mut sent = queues.send(&name, vec![request.message.into_entry()?]).await?;
    let sent = sent.pop().unwrap_or(Err(Error::Stopped))?;
    Ok(describe(&sent))
}

/// A batch of any kind: each entry has an id of its own and what the call needs.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    queue_url: Option<String>,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    content: T,
}

impl<T> Batch<T> {
    /// The queue, the ids and the contents, in order; an error when the batch as a whole is refused.
    fn open(self, queues: &Queues) -> Result<(String, Vec<String>, Vec<T>), Error> {
        let name = queue_name(queues, self.queue_url)?;
        if self.entries.is_empty() {
            return Err(Error::EmptyBatchRequest);
        }
        if self.entries.len() > MAX_ENTRIES {
            return Err(Error::TooManyEntriesInBatchRequest(self.entries.len()));
        }
        let mut seen = BTreeSet::new();
        for Entry { id, .. } in &self.entries {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !(1..=80).contains(&id.len()) || !id.chars().all(allowed) {
                return Err(Error::InvalidBatchEntryId);
            }
            if !seen.insert(id) {
                return Err(Error::BatchEntryIdsNotDistinct(id.clone()));
            }
        }
        let (ids, contents) = self.entries.into_iter().map(|entry| (entry.id, entry.content)).unzip();
        Ok((name, ids, contents))
    }
}

/// A batch's answer: what was done and what was refused, by id.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcomes {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Outcomes {
    fn add(&mut self, id: &str, outcome: Result<Value, Error>) {
        match outcome {
            Ok(mut done) => {
                done["Id"] = id.into();
                self.successful.push(done);
            }
            Err(error) => self.failed.push(json!({
                "Id": id,
                "SenderFault": error.is_senders(),
                "Code": error.code(),
                "Message": error.to_string(),
            })),
        }
    }

    fn into_answer(self) -> Value {
        json!(self)
    }
}

pub(super) async fn send_batch(queues: &Queues, request: Batch<Outgoing>) -> Result<Value, Error> {
    let (name, ids, messages) = request.open(queues)?;
    let mut outcomes = Outcomes::default();
    let (mut accepted, mut entries) = (Vec::new(), Vec::new());
    for (id, message) in ids.iter().zip(messages) {
        match message.into_entry() {
            Ok(entry) => {
                accepted.push(id);
                entries.push(entry);
            }
            Err(error) => outcomes.add(id, Err(error)),
        }
    }
    let bytes = entries.iter().map(SendEntry::bytes).sum();
    if bytes > MAX_BYTES {
        return Err(Error::BatchRequestTooLong(bytes));
    }
    for (id, sent) in accepted.into_iter().zip(queues.send(&name, entries).await?) {
        outcomes.add(id, sent.map(|sent| describe(&sent)));
    }
    Ok(outcomes.into_answer())
}

/// What a delete names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Handle {
    receipt_handle: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    queue_url: Option<String>,
    #[serde(flatten)]
    handle: Handle,
}

pub(super) async fn delete(queues: &Queues, request: DeleteMessage) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let handle = required(request.handle.receipt_handle, "ReceiptHandle")?;
    queues.delete(&name, vec![handle]).await?;
    Ok(json!({}))
}

pub(super) async fn delete_batch(queues: &Queues, request: Batch<Handle>) -> Result<Value, Error> {
    let (name, ids, entries) = request.open(queues)?;
    // A missing handle is refused as an unreadable one is.
    let handles = entries.into_iter().map(|entry| entry.receipt_handle.unwrap_or_default()).collect();
    let mut outcomes = Outcomes::default();
    for (id, deleted) in ids.iter().zip(queues.delete_each(&name, handles).await?) {
        outcomes.add(id, deleted.map(|()| json!({})));
    }
    Ok(outcomes.into_answer())
}

/// What a change of visibility says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Visibility {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Visibility {
    fn into_change(self) -> Result<(String, Duration), Error> {
        let handle = required(self.receipt_handle, "ReceiptHandle")?;
        let timeout = required(self.visibility_timeout, "VisibilityTimeout")?;
        Ok((handle, seconds(timeout, "VisibilityTimeout")?))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeMessageVisibility {
    queue_url: Option<String>,
    #[serde(flatten)]
    visibility: Visibility,
}

pub(super) async fn change_visibility(queues: &Queues, request: ChangeMessageVisibility) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let (handle, timeout) = request.visibility.into_change()?;
    queues.change_visibility(&name, &handle, timeout).await?;
    Ok(json!({}))
}

pub(super) async fn change_visibility_batch(queues: &Queues, request: Batch<Visibility>) -> Result<Value, Error> {
    let (name, ids, entries) = request.open(queues)?;
    let mut outcomes = Outcomes::default();
    let (mut accepted, mut changes) = (Vec::new(), Vec::new());
    for (id, entry) in ids.iter().zip(entries) {
        match entry.into_change() {
            Ok(change) => {
                accepted.push(id);
                changes.push(change);
            }
            Err(error) => outcomes.add(id, Err(error)),
        }
    }
    for (id, changed) in accepted.into_iter().zip(queues.change_visibility_each(&name, changes).await?) {
        outcomes.add(id, changed.map(|()| json!({})));
    }
    Ok(outcomes.into_answer())
}

/// A sent message as its sender is told of it; what it does not have is left out.
fn describe(sent: &SentMessage) -> Value {
    let mut answer = json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body });
    for (name, value) in [
        ("MD5OfMessageAttributes", &sent.md5_of_message_attributes),
        ("MD5OfMessageSystemAttributes", &sent.md5_of_system_attributes),
        ("SequenceNumber", &sent.sequence_number),
    ] {
        if let Some(value) = value {
            answer[name] = value.as_str().into();
        }
    }
    answer
}

/// Seconds as a duration. The upper limit is the queue's business.
pub(super) fn seconds(value: i64, parameter: &str) -> Result<Duration, Error> {
    u64::try_from(value).map(Duration::from_secs).map_err(|_| Error::invalid_value(value, parameter, "Must be >= 0."))
}
