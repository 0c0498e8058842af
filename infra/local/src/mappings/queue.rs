//! A queue that a function consumes: receive, invoke, delete what succeeded. What failed stays in flight until its
//! visibility ends, and then comes again or goes to the dead-letter queue.
//!
//! The order of a FIFO group holds because the queue gives out nothing more of a group that has a message in flight.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::Sources;
use super::outcome::{Outcome, of_response};
use super::queue_event::{event, parts};
use crate::aws::actions::queue_arn;
use crate::error::on_one_line;
use crate::lambda::{DEFAULT_CONCURRENCY, InvokeError};
use crate::sqs::ReceivedMessage;
use crate::template::QueueMapping;

/// The longest poll that SQS knows.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The most that one receive gives.
const RECEIVE_LIMIT: usize = 10;
/// How long the mapping waits after the queue itself failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Polls until the host stops, then waits for the invocations that run.
pub(super) async fn poll(mut sources: Sources, function: String, mapping: QueueMapping) {
    let slots = Arc::new(Semaphore::new(mapping.maximum_concurrency.unwrap_or(DEFAULT_CONCURRENCY)));
    let mut running = JoinSet::new();
    let mut stopping = sources.stopping.clone();
    loop {
        let Some(Ok(slot)) = until_stop(&mut stopping, Arc::clone(&slots).acquire_owned()).await else { break };
        let gathered = gather(&sources, &mapping).await;
        while running.try_join_next().is_some() {}
        match gathered {
            Ok(messages) if *stopping.borrow() => {
                release(&sources, &mapping, &messages).await;
                break;
            }
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => {
                let (sources, function, mapping) = (sources.clone(), function.clone(), mapping.clone());
                running.spawn(async move {
                    for part in parts(messages) {
                        deliver(&sources, &function, &mapping, part).await;
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::error!(queue = mapping.queue, error = on_one_line(&error), "the queue was not read");
                if pause(&mut sources.stopping, PAUSE_AFTER_FAILURE).await {
                    break;
                }
            }
        }
    }
    while running.join_next().await.is_some() {}
}

/// The next batch: what there is at once, or up to the batch size within the mapping's window. The host's stop cuts it short.
async fn gather(sources: &Sources, mapping: &QueueMapping) -> Result<Vec<ReceivedMessage>, crate::sqs::Error> {
    let limit = |taken: usize| u32::try_from((mapping.batch_size - taken).min(RECEIVE_LIMIT)).unwrap_or(1);
    let mut messages = receive(sources, mapping, limit(0), LONG_POLL).await?;
    let closes = tokio::time::Instant::now() + mapping.window;
    while !messages.is_empty() && messages.len() < mapping.batch_size && !mapping.window.is_zero() {
        let left = closes.saturating_duration_since(tokio::time::Instant::now());
        let more = receive(sources, mapping, limit(messages.len()), left).await?;
        if more.is_empty() {
            break;
        }
        messages.extend(more);
    }
    Ok(messages)
}

async fn receive(
    sources: &Sources,
    mapping: &QueueMapping,
    max: u32,
    wait: Duration,
) -> Result<Vec<ReceivedMessage>, crate::sqs::Error> {
    let shuffle = sources.faults.shuffle(&mapping.queue);
    sources.queues.receive_until(&mapping.queue, max, wait, shuffle, stopped(sources)).await
}

async fn deliver(sources: &Sources, function: &str, mapping: &QueueMapping, messages: Vec<ReceivedMessage>) {
    let payload = Bytes::from(event(&messages, &queue_arn(&mapping.queue)).to_string());
    let failed = match sources.lambda.invoke_unless(function, payload, stopped(sources)).await {
        Ok(response) if mapping.report_failures => {
            let ids: Vec<&str> = messages.iter().map(|message| message.message_id.as_str()).collect();
            match of_response(&response, &ids) {
                Outcome::Succeeded => BTreeSet::new(),
                Outcome::Partly(failed) => {
                    tracing::warn!(function, queue = mapping.queue, failed = failed.len(), "messages failed");
                    failed
                }
                Outcome::Failed(reason) => {
                    return tracing::error!(function, queue = mapping.queue, reason, "a batch failed");
                }
            }
        }
        Ok(_) => BTreeSet::new(),
        Err(InvokeError::Stopping) => return release(sources, mapping, &messages).await,
        Err(error) => return tracing::error!(function, queue = mapping.queue, %error, "a batch failed"),
    };
    let acknowledged = messages.into_iter().filter(|message| !failed.contains(&message.message_id)).collect();
    let (again, done) = sources.faults.again_and_done(&mapping.queue, acknowledged);
    let deleted = if done.is_empty() { Ok(()) } else { sources.queues.delete(&mapping.queue, handles(done)).await };
    // Only now: until then they keep the rest of their groups back.
    let kept =
        if again.is_empty() { Ok(()) } else { sources.queues.deliver_again(&mapping.queue, handles(again)).await };
    if let Err(error) = deleted.and(kept) {
        // The messages come again, and the function is idempotent.
        tracing::error!(queue = mapping.queue, error = on_one_line(&error), "delivered messages were not deleted");
    }
}

fn handles(messages: Vec<ReceivedMessage>) -> Vec<String> {
    messages.into_iter().map(|message| message.receipt_handle).collect()
}

/// Gives back what the stopping host did not deliver, so that the next one finds it at once.
async fn release(sources: &Sources, mapping: &QueueMapping, messages: &[ReceivedMessage]) {
    for message in messages {
        if let Err(error) =
            sources.queues.change_visibility(&mapping.queue, &message.receipt_handle, Duration::ZERO).await
        {
            tracing::warn!(queue = mapping.queue, error = on_one_line(&error), "a message was not given back");
        }
    }
}

/// Resolves when the host stops.
async fn stopped(sources: &Sources) {
    // A host that is gone has stopped as well.
    let _ = sources.stopping.clone().wait_for(|stopping| *stopping).await;
}

/// The future's output, or `None` when the host stops first.
pub(super) async fn until_stop<T>(stopping: &mut watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = stopping.wait_for(|stopping| *stopping) => None,
        output = work => Some(output),
    }
}

/// Waits; true when the host stops meanwhile.
pub(super) async fn pause(stopping: &mut watch::Receiver<bool>, duration: Duration) -> bool {
    until_stop(stopping, tokio::time::sleep(duration)).await.is_none()
}
