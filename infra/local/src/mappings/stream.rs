//! A table's stream that a function consumes: read in order, invoke, and move the checkpoint on when it has succeeded.
//!
//! A record is never skipped in silence: it is delivered, or the on-failure queue is told where it lies.

use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, GetRecordsResponse};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use hyper::body::Bytes;
use tokio::time::Instant;

use super::Sources;
use super::checkpoint::Checkpoint;
use super::outcome::{Outcome, of_response};
use super::queue::{pause, until_stop};
use super::stream_event::{Notice, StreamRecord, event, parts};
use super::stream_retry::{Next, Segment, backoff};
use crate::aws::actions::{queue_arn, stream_arn};
use crate::aws::permissions::{Call, Role};
use crate::error::{HostError, on_one_line};
use crate::lambda::InvokeError;
use crate::sqs::SendEntry;
use crate::template::{Function, StartingPosition, StreamMapping};

/// How long the stream may rest unread when no write of this host has woken the reader.
const FALLBACK_POLL: Duration = Duration::from_secs(1);
/// The most records that one read of DynamoDB's streams gives.
const READ_LIMIT: usize = 1000;

/// A stream, how far it is read, and the function that reads it.
pub(super) struct Stream {
    sources: Sources,
    function: String,
    mapping: StreamMapping,
    role: Role,
    checkpoint: Checkpoint,
    arn: String,
    shard_id: String,
    /// Where the next read begins.
    iterator: String,
}

/// The result of one invocation.
enum Attempt {
    Done,
    /// The first record that failed, and whether the function named it.
    FailedFrom(usize, bool),
    /// No process took the batch.
    Throttled,
    Stopping,
}

/// Finds the stream and the place to begin: after the checkpoint, or where the template says.
pub(super) async fn open(
    sources: Sources,
    function: &Function,
    mapping: &StreamMapping,
    role: Role,
    checkpoints: Option<&Path>,
) -> Result<Stream, HostError> {
    let checkpoint = Checkpoint::open(checkpoints, &function.name, &mapping.table)?;
    let after = checkpoint.sequence_number().map(str::to_owned);
    let (table, start) = (mapping.table.clone(), mapping.starting_position);
    let found = blocking(sources.table.database(), move |database| locate(database, &table, start, after)).await;
    let (shard_id, iterator) = found
        .map_err(|reason| HostError::Refused(format!("the stream of {} is not readable: {reason}", mapping.table)))?;
    Ok(Stream {
        arn: stream_arn(&mapping.table),
        sources,
        function: function.name.clone(),
        mapping: mapping.clone(),
        role,
        checkpoint,
        shard_id,
        iterator,
    })
}

/// What telling the on-failure queue needs.
pub(super) fn set_aside(queue: &str) -> Call {
    Call::new("sqs:SendMessage", queue_arn(queue))
}

/// Shard and first iterator of a table's stream.
pub(super) fn locate(
    database: &Database,
    table: &str,
    start: StartingPosition,
    after: Option<String>,
) -> dynoxide::Result<(String, String)> {
    let request = DescribeTableRequest { table_name: table.to_owned() };
    let stream_arn = database.describe_table(request)?.table.latest_stream_arn.unwrap_or_default();
    let request = DescribeStreamRequest { stream_arn: stream_arn.clone(), ..Default::default() };
    let described = database.describe_stream(request)?.stream_description;
    let shard_id = described.shards.into_iter().next().map(|shard| shard.shard_id).unwrap_or_default();
    let kind = match (&after, start) {
        (Some(_), _) => "AFTER_SEQUENCE_NUMBER",
        (None, StartingPosition::TrimHorizon) => "TRIM_HORIZON",
        (None, StartingPosition::Latest) => "LATEST",
    };
    let request = GetShardIteratorRequest {
        stream_arn,
        shard_id: shard_id.clone(),
        shard_iterator_type: kind.to_owned(),
        sequence_number: after,
    };
    let iterator = database.get_shard_iterator(request)?.shard_iterator.unwrap_or_default();
    Ok((shard_id, iterator))
}

impl Stream {
    /// Reads and delivers until the host stops.
    pub(super) async fn run(mut self) {
        let mut stopping = self.sources.stopping.clone();
        loop {
            let read = until_stop(&mut stopping, self.read()).await;
            let delivered = match read {
                None => return,
                Some(Ok((records, iterator))) => {
                    let delivered = self.deliver(records).await;
                    self.iterator = iterator;
                    delivered
                }
                Some(Err(reason)) => {
                    tracing::error!(table = self.mapping.table, reason, "the stream was not read");
                    !pause(&mut stopping, FALLBACK_POLL).await
                }
            };
            if !delivered {
                return;
            }
        }
    }

    /// The next batch and where to read after it: as many records as a batch has, or those that have come by the time at which
    /// the mapping's window closes, which the first of them opens.
    async fn read(&self) -> Result<(Vec<StreamRecord>, String), String> {
        let mut written = self.sources.table.written();
        let mut iterator = self.iterator.clone();
        let mut batch = Vec::new();
        let mut closes = None;
        loop {
            // Marked before the read, so that a write during the read leads to another.
            written.borrow_and_update();
            let limit = (self.mapping.batch_size - batch.len()).min(READ_LIMIT);
            let request = GetRecordsRequest { shard_iterator: iterator.clone(), limit: Some(limit) };
            let GetRecordsResponse { records, next_shard_iterator } =
                blocking(self.sources.table.database(), move |database| database.get_records(request)).await?;
            self.sources.table.reached_disk().await.map_err(|error| error.to_string())?;
            iterator = next_shard_iterator.unwrap_or(iterator);
            let found = records.len();
            for record in records {
                batch.push(StreamRecord::new(record, &self.arn).map_err(|error| error.to_string())?);
            }
            let now = Instant::now();
            if !batch.is_empty() {
                closes.get_or_insert(now + self.mapping.window);
            }
            if batch.len() == self.mapping.batch_size || closes.is_some_and(|closes| closes <= now) {
                return Ok((batch, iterator));
            }
            if found < limit {
                // The wait ends by itself: that is the fallback, and the end of the window.
                let fallback = now + FALLBACK_POLL;
                let until = closes.map_or(fallback, |closes| closes.min(fallback));
                let _ = tokio::time::timeout_at(until, written.changed()).await;
            }
        }
    }

    /// Delivers the records in order, whatever it takes; false when the host stops first.
    async fn deliver(&mut self, records: Vec<StreamRecord>) -> bool {
        // The first is the last of the list.
        let mut segments: Vec<Segment> = parts(records).into_iter().rev().map(Segment::new).collect();
        let mut throttled = 0;
        while let Some(mut segment) = segments.pop() {
            let attempt = match self.attempt(&segment.records).await {
                Attempt::Done if self.sources.faults.repeats(&self.function) => self.attempt(&segment.records).await,
                attempt => attempt,
            };
            let wait = match attempt {
                Attempt::Done => {
                    self.advance(segment.records.last());
                    continue;
                }
                Attempt::Stopping => return false,
                Attempt::Throttled => {
                    throttled += 1;
                    segments.push(segment);
                    backoff(throttled)
                }
                Attempt::FailedFrom(index, named) => {
                    let done = segment.finish_before(index);
                    self.advance(done.as_ref());
                    match segment.after_failure(named && done.is_some(), &self.mapping) {
                        Next::Again { segments: again, pause } => {
                            segments.extend(again.into_iter().rev());
                            pause
                        }
                        Next::GiveUp { records, invocations } => {
                            self.give_up(&records, invocations).await;
                            Duration::ZERO
                        }
                    }
                }
            };
            if !wait.is_zero() && pause(&mut self.sources.stopping, wait).await {
                return false;
            }
        }
        true
    }

    async fn attempt(&self, records: &[StreamRecord]) -> Attempt {
        let payload = Bytes::from(event(records));
        let outcome = match self.sources.lambda.invoke(&self.function, payload).await {
            Ok(response) if self.mapping.report_failures => {
                let items: Vec<_> = records.iter().map(|record| record.sequence_number.as_str()).collect();
                of_response(&response, &items)
            }
            Ok(_) => Outcome::Succeeded,
            Err(InvokeError::Stopping) => return Attempt::Stopping,
            Err(InvokeError::Throttled(_)) => return Attempt::Throttled,
            Err(error) => {
                tracing::error!(function = self.function, %error, records = records.len(), "a stream batch failed");
                return Attempt::FailedFrom(0, false);
            }
        };
        match outcome {
            Outcome::Succeeded => Attempt::Done,
            Outcome::Failed(reason) => {
                tracing::error!(function = self.function, reason, "a stream batch failed");
                Attempt::FailedFrom(0, false)
            }
            // The lowest of the failed is where Lambda begins again, whatever succeeded after it.
            Outcome::Partly(failed) => {
                tracing::warn!(function = self.function, failed = failed.len(), "stream records failed");
                let first = records.iter().position(|record| failed.contains(&record.sequence_number));
                Attempt::FailedFrom(first.unwrap_or(0), true)
            }
        }
    }

    fn advance(&mut self, to: Option<&StreamRecord>) {
        if let Some(record) = to
            && let Err(error) = self.checkpoint.advance(&record.sequence_number)
        {
            tracing::error!(error = on_one_line(&error), "the stream's checkpoint was not written");
        }
    }

    async fn give_up(&mut self, records: &[StreamRecord], invocations: u32) {
        let notice = Notice {
            function: &self.function,
            stream_arn: &self.arn,
            shard_id: &self.shard_id,
            invocations,
            now: crate::clock::now(),
        };
        tracing::error!(function = self.function, records = records.len(), "a stream batch was given up");
        if let (Some(queue), Some(body)) = (&self.mapping.on_failure_queue, notice.about(records))
            && let Err(reason) = self.tell(queue, body.to_string()).await
        {
            tracing::error!(queue, reason, "the on-failure queue was not told");
        }
        self.advance(records.last());
    }

    /// Sends with the function's role, as Lambda does.
    async fn tell(&self, queue: &str, body: String) -> Result<(), String> {
        self.role.check(&[set_aside(queue)]).map_err(|denied| denied.to_string())?;
        let entry = SendEntry { body, ..SendEntry::default() };
        let sent = self.sources.queues.send(queue, vec![entry]).await;
        let refused = sent.map(|results| results.into_iter().find_map(Result::err));
        match refused {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(on_one_line(&error)),
        }
    }
}

/// Runs one call of the engine where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    database: &Database,
    call: impl FnOnce(&Database) -> dynoxide::Result<T> + Send + 'static,
) -> Result<T, String> {
    let database = database.clone();
    match tokio::task::spawn_blocking(move || call(&database)).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
