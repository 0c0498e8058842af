//! The loop over SQS batches: each record succeeds or fails on its own, and order within a message group holds.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use lambda_runtime::{LambdaEvent, service_fn};
use storage::Storage;

use crate::{Fatal, Problem, invocation};

/// How often the queue has given this record out.
pub fn received(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Where the work on a group ended early.
#[derive(Debug)]
pub struct Stopped {
    /// The place of the first record that is not done. It comes again, and all behind it.
    pub at: usize,
    /// Why.
    pub problem: Problem,
}

/// Serves batches until the environment ends the process.
///
/// Groups of a batch are worked on at the same time, the records of a group one after the other; after a failure the rest of
/// its group is left for later, so that nothing overtakes it.
pub async fn run<H>(storage: Storage, handle: H) -> Result<(), Fatal>
where
    H: AsyncFn(&SqsMessage) -> Result<(), Problem>,
{
    run_in_order(storage, handle, async |_, _| {}).await
}

/// As `run`. After a failure `behind` is given the record that failed and those behind it in its group, which are out of sight
/// as well: what comes again early must not wait for them.
pub async fn run_in_order<H, B>(storage: Storage, handle: H, behind: B) -> Result<(), Fatal>
where
    H: AsyncFn(&SqsMessage) -> Result<(), Problem>,
    B: AsyncFn(&SqsMessage, &[SqsMessage]),
{
    let (handle, behind) = (&handle, &behind);
    let in_order = async move |records: &[SqsMessage]| {
        for (at, record) in records.iter().enumerate() {
            if let Err(problem) = handle(record).await {
                behind(record, &records[at + 1..]).await;
                return Err(Stopped { at, problem });
            }
        }
        Ok(())
    };
    run_groups(storage, in_order).await
}

/// As `run`, with all records of a group of a batch at once: `handle` works on them in their order.
pub async fn run_groups<H>(storage: Storage, handle: H) -> Result<(), Fatal>
where
    H: AsyncFn(&[SqsMessage]) -> Result<(), Stopped>,
{
    let (storage, handle) = (&storage, &handle);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (records, id, deadline) = (event.payload.records, event.context.request_id, event.context.deadline);
        let count = records.len();
        invocation::until(id, deadline, async move {
            let failures = work(records, handle).await;
            let consumed = storage.units().take();
            tracing::info!(
                records = count,
                failed = failures.len(),
                read_units = consumed.read,
                write_units = consumed.write,
                "batch done"
            );
            let mut answer = SqsBatchResponse::default();
            answer.batch_item_failures = failures;
            Ok::<_, Fatal>(answer)
        })
    }))
    .await
}

async fn work<H>(records: Vec<SqsMessage>, handle: &H) -> Vec<BatchItemFailure>
where
    H: AsyncFn(&[SqsMessage]) -> Result<(), Stopped>,
{
    let mut groups: Vec<(String, Vec<SqsMessage>)> = Vec::new();
    for record in records {
        // Records of a standard queue have no group: each is one of its own.
        let fallback = record.message_id.clone().unwrap_or_default();
        let group = record.attributes.get("MessageGroupId").cloned().unwrap_or(fallback);
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, members)) => members.push(record),
            None => groups.push((group, vec![record])),
        }
    }
    let failures = groups.iter().map(async |(_, members)| match handle(members).await {
        Ok(()) => Vec::new(),
        Err(Stopped { at, problem }) => {
            problem.log();
            members[at..].iter().map(failure).collect()
        }
    });
    join_all(failures).await.into_iter().flatten().collect()
}

fn failure(record: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = record.message_id.clone().unwrap_or_default();
    failure
}
