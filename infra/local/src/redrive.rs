//! `turno redrive`: moves what is in a dead-letter queue back to where it came from, by SQS's own message move task.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::actions::queue_arn;
use crate::cli::RedriveOptions;
use crate::error::HostError;
use crate::operator::Operator;
use crate::status::{self, QueueReport};
use crate::template::STACK;

/// Between two looks at the task.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Moves everything and tells how much that was. The host goes on by itself when the command is ended before.
pub(crate) async fn run(options: &RedriveOptions) -> Result<String, HostError> {
    let operator = Operator::of(&options.data.dir)?;
    let queues = status::fetch(&operator).await?.queues;
    let dead = find(&queues, &options.queue).map_err(HostError::Refused)?;
    let arn = queue_arn(&dead.name);
    let mut request = json!({ "SourceArn": arn });
    if let Some(rate) = options.rate {
        request["MaxNumberOfMessagesPerSecond"] = rate.into();
    }
    operator.call("AmazonSQS.StartMessageMoveTask", &request).await?;
    let task = loop {
        let mut tasks = operator.call("AmazonSQS.ListMessageMoveTasks", &json!({ "SourceArn": arn })).await?;
        let task = tasks["Results"][0].take();
        if task["Status"] != "RUNNING" {
            break task;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let moved = task["ApproximateNumberOfMessagesMoved"].as_u64().unwrap_or_default();
    let told = format!("{} moved from {} to {}", messages(moved), dead.name, dead.dead_letters_of.join(", "));
    if task["Status"] != "COMPLETED" {
        return Err(HostError::Refused(format!("{told}, then the task ended: {}", reason(&task, &dead.name))));
    }
    let left = status::fetch(&operator).await?.queues;
    let left = left.iter().find(|queue| queue.name == dead.name).map_or(0, |queue| queue.in_flight);
    Ok(match left {
        0 => told,
        left => format!("{told}; {} being looked at stayed, so redrive again when that is over", messages(left)),
    })
}

fn messages(number: u64) -> String {
    if number == 1 { "1 message".to_owned() } else { format!("{number} messages") }
}

/// Why a task did not move everything, and what helps.
fn reason(task: &Value, queue: &str) -> String {
    match task["FailureReason"].as_str() {
        Some("CouldNotDetermineMessageSource") => format!(
            "a message was sent to {queue} directly, so it came from nowhere; move it with `aws sqs start-message-move-task` and --destination-arn"
        ),
        Some(reason) => reason.to_owned(),
        None => task["Status"].as_str().unwrap_or("without a reason").to_owned(),
    }
}

/// The dead-letter queue that is meant by its own name or by that of the queue that gives messages up to it, with or
/// without the stack's part of the name and the `.fifo` at its end.
fn find<'a>(queues: &'a [QueueReport], wanted: &str) -> Result<&'a QueueReport, String> {
    let is_meant = |name: &String| short(name) == short(wanted);
    let redrivable = |queue: &&QueueReport| !queue.dead_letters_of.is_empty();
    let known = queues.iter().filter(redrivable);
    if let Some(queue) = known.clone().find(|queue| is_meant(&queue.name) || queue.dead_letters_of.iter().any(is_meant))
    {
        return Ok(queue);
    }
    if let Some(queue) = queues.iter().find(|queue| is_meant(&queue.name) && !queue.failures_of.is_empty()) {
        let of = queue.failures_of.iter().map(|name| short(name)).collect::<Vec<_>>().join(", ");
        return Err(format!(
            "{wanted} tells of failures of {of} and holds no messages of a queue; see docs/operations.md"
        ));
    }
    let names: Vec<&str> = known.map(|queue| short(&queue.name)).collect();
    Err(format!("{wanted} is no dead-letter queue; there are {}", names.join(", ")))
}

fn short(name: &str) -> &str {
    let name = name.strip_suffix(".fifo").unwrap_or(name);
    name.strip_prefix(STACK).and_then(|rest| rest.strip_prefix('-')).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues() -> Vec<QueueReport> {
        let queue = |name: &str, dead_letters_of: &[&str], failures_of: &[&str]| QueueReport {
            name: name.to_owned(),
            dead_letters_of: dead_letters_of.iter().map(|&name| name.to_owned()).collect(),
            failures_of: failures_of.iter().map(|&name| name.to_owned()).collect(),
            ..QueueReport::default()
        };
        vec![
            queue("turno-inbound.fifo", &[], &[]),
            queue("turno-inbound-dead.fifo", &["turno-inbound.fifo"], &[]),
            queue("turno-push-dead", &["turno-push"], &[]),
            queue("turno-relay-dead", &[], &["turno-relay"]),
        ]
    }

    #[test]
    fn a_dead_letter_queue_is_found_by_all_its_names() {
        let all = queues();
        for name in ["inbound", "inbound.fifo", "inbound-dead", "turno-inbound-dead.fifo", "turno-inbound.fifo"] {
            assert_eq!(find(&all, name).unwrap().name, "turno-inbound-dead.fifo", "{name}");
        }
        assert_eq!(find(&all, "push").unwrap().name, "turno-push-dead");
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_ones() {
        let all = queues();
        assert_eq!(
            find(&all, "imbound").unwrap_err(),
            "imbound is no dead-letter queue; there are inbound-dead, push-dead"
        );
        assert!(find(&all, "relay-dead").unwrap_err().contains("failures of relay"));
    }
}
