//! A queue to send to: batches within the service's limits, in order, and all or an error.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::try_join_all;

/// The most entries in a call. Source: the SQS quotas.
const BATCH: usize = 10;
/// The most bytes in a call, all entries together; 1 MiB, less room for attributes.
const BATCH_BYTES: usize = 1_000_000;
/// How many calls run at the same time, each for message groups of its own.
const LANES: usize = 8;
/// The longest that a message may be kept out of sight. Source: the SQS quotas.
const LONGEST_WAIT: u32 = 43_200;
/// How often entries that the service could not take are tried in all.
const TRIES: u32 = 4;

/// One message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its body.
    pub body: String,
    /// On a FIFO queue: the group within which order is kept, and the id by which a repetition within five minutes is dropped.
    pub fifo: Option<(String, String)>,
}

/// Why messages are not known to be on the queue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue could not be reached, or could not take them now: the same call may succeed later.
    #[error("the queue is unavailable ({code})")]
    Unavailable {
        /// The service's own code, or `unreachable`.
        code: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The service will never take this message: it is too large, or has characters that are not allowed.
    #[error("the queue refused the message ({code})")]
    Refused {
        /// The service's own code.
        code: String,
    },
}

/// A queue to send to.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`, through a client that was configured elsewhere.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Puts all entries on the queue, those of a message group in order. After an error some of them may be on it.
    ///
    /// Errors: `Unavailable` when the service did not take all of them in a few tries; `Refused` when it never will.
    pub async fn send(&self, entries: &[Entry]) -> Result<(), Error> {
        if entries.len() <= BATCH {
            return self.send_lane(entries).await;
        }
        let lanes = lanes(entries);
        try_join_all(lanes.iter().map(|lane| self.send_lane(lane))).await.map(drop)
    }

    /// Has a message that was received come again after so many seconds, and not earlier. Within a group those behind it wait.
    pub async fn give_out_again_in(&self, receipt_handle: &str, seconds: u32) -> Result<(), Error> {
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt_handle);
        let seconds = i32::try_from(seconds.min(LONGEST_WAIT)).unwrap_or_default();
        call.visibility_timeout(seconds).send().await.map(drop).map_err(unavailable)
    }

    async fn send_lane(&self, entries: &[Entry]) -> Result<(), Error> {
        for batch in batches(entries) {
            self.send_batch(batch).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, batch: &[Entry]) -> Result<(), Error> {
        let mut open: Vec<usize> = (0..batch.len()).collect();
        let mut code = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=20 << attempt))).await;
            }
            let entries = open.iter().map(|place| request(*place, &batch[*place])).collect::<Result<Vec<_>, _>>()?;
            let answer = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
            let answer = answer.map_err(unavailable)?;
            let failed = answer.failed();
            if let Some(refused) = failed.iter().find(|entry| entry.sender_fault()) {
                return Err(Error::Refused { code: refused.code().to_owned() });
            }
            let Some(first) = failed.first() else { return Ok(()) };
            first.code().clone_into(&mut code);
            // Everything of a failed entry's group that came after it is sent again too: the queue drops what it has by its
            // deduplication id, and the order within the group holds.
            let first_failed = failed.iter().filter_map(|entry| entry.id().parse().ok()).min().unwrap_or(0);
            open.retain(|place| *place >= first_failed);
        }
        Err(Error::Unavailable { code, source: None })
    }
}

fn request(place: usize, entry: &Entry) -> Result<SendMessageBatchRequestEntry, Error> {
    let (group, deduplication) = entry.fifo.clone().unzip();
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(&entry.body)
        .set_message_group_id(group)
        .set_message_deduplication_id(deduplication)
        .build()
        .map_err(|error| Error::Refused { code: error.to_string() })
}

/// Spreads entries over lanes: a message group stays in one lane, in order; entries without a group fill lanes in turn.
fn lanes(entries: &[Entry]) -> Vec<Vec<Entry>> {
    let mut lanes = vec![Vec::new(); LANES.min(entries.len().div_ceil(BATCH))];
    let mut places: HashMap<&str, usize> = HashMap::new();
    let count = lanes.len();
    for (place, entry) in entries.iter().enumerate() {
        let lane = match &entry.fifo {
            Some((group, _)) => {
                let next = places.len() % count;
                *places.entry(group).or_insert(next)
            }
            None => place / BATCH % count,
        };
        lanes[lane].push(entry.clone());
    }
    lanes
}

/// Cuts entries into calls, in order, within the service's limits of count and size.
fn batches(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, entry) in entries.iter().enumerate() {
        let full = place - start == BATCH || bytes + entry.body.len() > BATCH_BYTES;
        if full && place > start {
            batches.push(&entries[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += entry.body.len();
    }
    if start < entries.len() {
        batches.push(&entries[start..]);
    }
    batches
}

fn unavailable<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("unreachable").to_owned();
    Error::Unavailable { code, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(sizes: &[usize]) -> Vec<Entry> {
        sizes.iter().map(|size| Entry { body: "x".repeat(*size), fifo: None }).collect()
    }

    #[test]
    fn batches_stay_within_count_and_size_and_keep_the_order() {
        let check = |sizes: &[usize], expected: &[usize]| {
            let entries = entries(sizes);
            let batches = batches(&entries);
            assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), expected, "{sizes:?}");
            assert_eq!(batches.concat(), entries);
        };
        check(&[], &[]);
        check(&[1; 10], &[10]);
        check(&[1; 25], &[10, 10, 5]);
        check(&[600_000, 600_000, 1], &[1, 2]);
        check(&[1_000_000, 1_000_000], &[1, 1]);
        check(&[2_000_000, 1], &[1, 1]);
    }

    #[test]
    fn a_message_group_stays_in_one_lane_and_in_order() {
        let entry = |n: usize| Entry { body: n.to_string(), fifo: Some((format!("g{}", n % 7), n.to_string())) };
        let entries: Vec<Entry> = (0..100).map(entry).collect();
        let lanes = lanes(&entries);
        assert_eq!(lanes.iter().map(Vec::len).sum::<usize>(), 100);
        for group in 0..7 {
            let member = |entry: &&Entry| entry.fifo.as_ref().is_some_and(|(name, _)| *name == format!("g{group}"));
            let holding: Vec<&Vec<Entry>> =
                lanes.iter().filter(|lane| lane.iter().any(|entry| member(&entry))).collect();
            assert_eq!(holding.len(), 1);
            let numbers: Vec<usize> =
                holding[0].iter().filter(member).map(|entry| entry.body.parse().unwrap()).collect();
            assert!(numbers.is_sorted());
        }
    }
}
