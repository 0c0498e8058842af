//! Event source mappings: what Lambda polls on behalf of a function.
//!
//! A mapping acts with its function's role, as on AWS, which creates none whose role does not allow what it will call.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>, "execution role permissions".

mod checkpoint;
pub(crate) mod lag;
mod outcome;
mod payload;
mod queue;
mod queue_event;
mod stream;
mod stream_event;
mod stream_retry;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::actions::{queue_arn, stream_arn};
use crate::aws::permissions::{Call, Denied, Role, Roles};
use crate::aws::table::TableEngine;
use crate::error::HostError;
use crate::faults::Faults;
use crate::lambda::Lambda;
use crate::sqs::Queues;
use crate::template::{Function, Mapping, StreamMapping};
use checkpoint::Checkpoint;

/// What mappings read from and call.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) queues: Queues,
    pub(crate) table: TableEngine,
    pub(crate) faults: Faults,
    /// True from the moment at which nothing new may be taken.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Starts every mapping of the functions. Each ends by itself, its running invocations finished, once `stopping` is true.
///
/// Checkpoints of streams are kept in `checkpoints`; without it each start begins where the template says.
pub(crate) async fn start(
    functions: &[Function],
    roles: &Roles,
    sources: &Sources,
    checkpoints: Option<&Path>,
) -> Result<JoinSet<()>, HostError> {
    let mut running = JoinSet::new();
    for function in functions {
        let role = roles.role(function);
        for mapping in &function.mappings {
            match mapping {
                Mapping::Queue(mapping) => {
                    let arn = queue_arn(&mapping.queue);
                    let needed = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
                    permit(&role, &needed.map(|action| Call::new(format!("sqs:{action}"), &arn)))?;
                    running.spawn(queue::poll(sources.clone(), function.name.clone(), mapping.clone()));
                }
                Mapping::Stream(mapping) => {
                    let arn = stream_arn(&mapping.table);
                    let needed = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
                    permit(&role, &needed.map(|action| Call::new(format!("dynamodb:{action}"), &arn)))?;
                    if let Some(queue) = &mapping.on_failure_queue {
                        // Asked ahead; it counts as needed once a notice is sent.
                        role.would_allow(&stream::set_aside(queue)).map_err(refused)?;
                    }
                    let stream = stream::open(sources.clone(), function, mapping, role.clone(), checkpoints).await?;
                    running.spawn(stream.run());
                }
            }
        }
    }
    Ok(running)
}

/// How far every function has read the streams of its mappings: for each table, the record that the slowest of them has
/// finished. A table of which one function has read nothing yet, or that nobody reads, is not among them.
pub(crate) fn read_so_far(functions: &[Function], checkpoints: &Path) -> Result<BTreeMap<String, String>, HostError> {
    let mut slowest: BTreeMap<String, Option<String>> = BTreeMap::new();
    for function in functions {
        for mapping in &function.mappings {
            let Mapping::Stream(StreamMapping { table, .. }) = mapping else { continue };
            let checkpoint = Checkpoint::open(Some(checkpoints), &function.name, table)?;
            let read = checkpoint.sequence_number().map(str::to_owned);
            // Numbers of one width: their order is that of the text. `None`, which has read nothing, is the least.
            slowest.entry(table.clone()).and_modify(|least| *least = least.take().min(read.clone())).or_insert(read);
        }
    }
    Ok(slowest.into_iter().filter_map(|(table, read)| Some((table, read?))).collect())
}

fn permit(role: &Role, calls: &[Call]) -> Result<(), HostError> {
    role.check(calls).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn refused(denied: Denied) -> HostError {
    HostError::Refused(format!("template: an event source mapping: {denied}"))
}
