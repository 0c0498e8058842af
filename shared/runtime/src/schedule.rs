//! The loop over scheduled invocations: each carries the time it was scheduled for.

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

use crate::{Fatal, Problem, clock, invocation};

/// What the schedule sends.
#[derive(Debug, Deserialize)]
struct Scheduled {
    time: Option<Timestamp>,
}

/// Serves scheduled invocations until the environment ends the process. `handle` gets the scheduled time, so that a minute that
/// was missed can be run again as of then.
pub async fn run<H, T>(handle: H) -> Result<(), Fatal>
where
    H: AsyncFn(Timestamp) -> Result<T, Problem>,
    T: Serialize,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Scheduled>| {
        let at = event.payload.time.unwrap_or_else(clock::now);
        invocation::within(event.context.request_id, async move {
            handle(at).await.map_err(|problem| {
                problem.log();
                Fatal::from(problem)
            })
        })
    }))
    .await
}
