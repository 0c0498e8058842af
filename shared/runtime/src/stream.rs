//! The loop over batches of the table's stream: in order, up to the first record that fails.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbBatchItemFailure;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use lambda_runtime::{LambdaEvent, service_fn};

use crate::{Fatal, Problem, invocation};

/// Serves batches until the environment ends the process. `handle` gets the whole batch and says how many records from its
/// beginning are done; the rest comes again.
pub async fn run<H>(handle: H) -> Result<(), Fatal>
where
    H: AsyncFn(&[EventRecord]) -> Result<(), (usize, Problem)>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| {
        let (records, id) = (event.payload.records, event.context.request_id);
        invocation::within(id, async move {
            let mut answer = DynamoDbEventResponse::default();
            if let Err((done, problem)) = handle(&records).await {
                problem.log();
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = records.get(done).and_then(|record| record.change.sequence_number.clone());
                answer.batch_item_failures = vec![failure];
            }
            tracing::info!(
                records = records.len(),
                failed = !answer.batch_item_failures.is_empty(),
                "stream batch done"
            );
            Ok::<_, Fatal>(answer)
        })
    }))
    .await
}
