//! Calls about queues themselves.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::store::Store;
use super::super::{Error, Queues};
use super::{queue_name, required};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

pub(super) async fn create(queues: &Queues, request: CreateQueue) -> Result<Value, Error> {
    let name = required(request.queue_name, "QueueName")?;
    if !request.tags.is_empty() {
        return Err(Error::UnsupportedOperation("A tag on a queue".to_owned()));
    }
    let url = queues.names.url(&name);
    let attributes = request.attributes;
    queues.writer.run(move |store: &Store<'_>| store.create_queue(&name, &attributes)).await?;
    Ok(json!({ "QueueUrl": url }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

pub(super) async fn url(queues: &Queues, request: GetQueueUrl) -> Result<Value, Error> {
    let name = required(request.queue_name, "QueueName")?;
    if request.owner.is_some_and(|owner| owner != queues.names.account()) {
        return Err(Error::QueueDoesNotExist);
    }
    let url = queues.names.url(&name);
    queues.writer.run(move |store: &Store<'_>| store.queue(&name).map(drop)).await?;
    Ok(json!({ "QueueUrl": url }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueAttributes {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

/// Attributes that exist on AWS and are not set here, or not on every queue: asking for them is no error.
const OFTEN_UNSET: [&str; 10] = [
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

pub(super) async fn attributes(queues: &Queues, request: GetQueueAttributes) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let mut attributes = queues.attributes(&name).await?;
    let wanted = request.attribute_names;
    let known = |name: &String| name == "All" || attributes.contains_key(name) || OFTEN_UNSET.contains(&name.as_str());
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        return Err(Error::InvalidAttributeName(unknown.clone()));
    }
    if !wanted.iter().any(|name| name == "All") {
        attributes.retain(|name, _| wanted.contains(name));
    }
    Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetQueueAttributes {
    queue_url: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
}

pub(super) async fn set_attributes(queues: &Queues, request: SetQueueAttributes) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    let attributes = required(request.attributes, "Attributes")?;
    let set = move |store: &Store<'_>| store.set_attributes(&store.queue(&name)?, &attributes);
    queues.writer.run(set).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<u32>,
    next_token: Option<String>,
}

/// A page of URLs. The token is the last name of the page before; it is given only where a page size was asked for.
pub(super) async fn list(queues: &Queues, request: ListQueues) -> Result<Value, Error> {
    let limit = request.max_results.unwrap_or(1000);
    if !(1..=1000).contains(&limit) {
        return Err(Error::invalid_value(limit, "MaxResults", "Must be between 1 and 1000."));
    }
    let (prefix, after) = (request.queue_name_prefix, request.next_token.unwrap_or_default());
    let list = move |store: &Store<'_>| store.list_queues(&prefix, &after, limit + 1);
    let mut found = queues.writer.run(list).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut answer = json!({});
    if !found.is_empty() {
        answer["QueueUrls"] = found.iter().map(|name| queues.names.url(name)).collect();
    }
    if more && request.max_results.is_some() {
        answer["NextToken"] = found.pop().into();
    }
    Ok(answer)
}

/// A call that has nothing but a queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneQueue {
    queue_url: Option<String>,
}

pub(super) async fn delete(queues: &Queues, request: OneQueue) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    queues.writer.run(move |store: &Store<'_>| store.delete_queue(&store.queue(&name)?)).await?;
    Ok(json!({}))
}

pub(super) async fn purge(queues: &Queues, request: OneQueue) -> Result<Value, Error> {
    let name = queue_name(queues, request.queue_url)?;
    queues.writer.run(move |store: &Store<'_>| store.purge_queue(&store.queue(&name)?)).await?;
    Ok(json!({}))
}
