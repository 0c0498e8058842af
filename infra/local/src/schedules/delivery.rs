//! One event of a schedule on its way to its function: retries, and the dead-letter queue.
//!
//! Source: EventBridge Scheduler User Guide, "Configuring a schedule's dead-letter queue", and `RetryPolicy` of its API
//! Reference.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::aws::actions::function_arn;
use crate::error::on_one_line;
use crate::lambda::{InvokeError, Lambda};
use crate::sqs::{MessageAttribute, Queues, SendEntry};
use crate::template::{ACCOUNT_ID, REGION, Schedule};

/// One time at which a schedule fell due.
pub(super) struct Delivery {
    pub(super) lambda: Arc<Lambda>,
    pub(super) queues: Queues,
    pub(super) schedule: Arc<Schedule>,
    pub(super) function: String,
    pub(super) asynchronous_retries: u32,
    pub(super) due: Timestamp,
}

impl Delivery {
    /// Hands the event over until Lambda takes it, as often and as long as the schedule's retry policy says. What the
    /// function itself fails at is tried again as Lambda does for every asynchronous event.
    pub(super) async fn run(self, mut stopping: watch::Receiver<bool>) {
        let mut handed_over = 0;
        let mut failed = 0;
        loop {
            let payload = Bytes::from(payload(&self.schedule, self.due, handed_over + 1));
            handed_over += 1;
            let wait = match self.lambda.invoke(&self.function, payload).await {
                Ok(_) | Err(InvokeError::Stopping) => return,
                Err(error @ (InvokeError::Throttled(_) | InvokeError::UnknownFunction(_))) => {
                    let age = Duration::try_from(crate::clock::now().duration_since(self.due)).unwrap_or_default();
                    let exhausted = if age > self.schedule.maximum_event_age {
                        Some("MaximumEventAgeInSeconds")
                    } else if handed_over > self.schedule.retries {
                        Some("MaximumRetryAttempts")
                    } else {
                        None
                    };
                    if let Some(condition) = exhausted {
                        return self.give_up(&error, condition, handed_over - 1).await;
                    }
                    // At least half of the pause, so that schedules that failed together do not come back together.
                    Duration::from_secs(1 << handed_over.min(6)).mul_f64(0.5 + fastrand::f64() / 2.0)
                }
                Err(error) => {
                    failed += 1;
                    if failed > self.asynchronous_retries {
                        tracing::error!(schedule = self.schedule.name, %error, "a scheduled run failed");
                        return;
                    }
                    Duration::from_mins(1) * failed
                }
            };
            if tokio::time::timeout(wait, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
                return;
            }
        }
    }

    /// Tells the dead-letter queue what was to be sent, and why it was not.
    async fn give_up(&self, error: &InvokeError, condition: &str, retries: u32) {
        tracing::error!(schedule = self.schedule.name, %error, "a scheduled event was given up");
        let Some(queue) = &self.schedule.dead_letter_queue else { return };
        let code = match error {
            InvokeError::UnknownFunction(_) => "ResourceNotFoundException",
            _ => "TooManyRequestsException",
        };
        let attributes: BTreeMap<String, MessageAttribute> = [
            ("ERROR_CODE", code.to_owned()),
            ("ERROR_MESSAGE", error.to_string()),
            ("EXECUTION_ID", ulid::Ulid::generate().to_string()),
            ("EXHAUSTED_RETRY_CONDITION", condition.to_owned()),
            ("IS_PAYLOAD_TRUNCATED", "false".to_owned()),
            ("RETRY_ATTEMPTS", retries.to_string()),
            ("SCHEDULED_TIME", self.due.to_string()),
            ("SCHEDULE_ARN", schedule_arn(&self.schedule)),
            ("TARGET_ARN", function_arn(&self.function)),
        ]
        .into_iter()
        .map(|(name, value)| {
            let text =
                MessageAttribute { data_type: "String".to_owned(), string_value: Some(value), binary_value: None };
            (name.to_owned(), text)
        })
        .collect();
        let body = payload(&self.schedule, self.due, 1);
        let entry = SendEntry { body, message_attributes: attributes, ..SendEntry::default() };
        let sent = self.queues.send(queue, vec![entry]).await;
        if let Err(error) = sent.and_then(|results| results.into_iter().collect::<Result<Vec<_>, _>>()) {
            tracing::error!(queue, error = on_one_line(&error), "the dead-letter queue was not told");
        }
    }
}

fn schedule_arn(schedule: &Schedule) -> String {
    format!("arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:schedule/default/{}", schedule.name)
}

/// What the function is sent: the schedule's input with the scheduler's words replaced, or the scheduler's own event.
fn payload(schedule: &Schedule, due: Timestamp, attempt: u32) -> String {
    let arn = schedule_arn(schedule);
    let (time, id) = (due.to_string(), ulid::Ulid::generate().to_string());
    match &schedule.input {
        Some(input) => input
            .replace("<aws.scheduler.scheduled-time>", &time)
            .replace("<aws.scheduler.schedule-arn>", &arn)
            .replace("<aws.scheduler.execution-id>", &id)
            .replace("<aws.scheduler.attempt-number>", &attempt.to_string()),
        None => json!({
            "version": "0", "id": id, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": ACCOUNT_ID,
            "time": time, "region": REGION, "resources": [arn], "detail": "{}",
        })
        .to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqs::QueueSpec;

    fn schedule(input: Option<&str>) -> Schedule {
        Schedule {
            name: "turno-sla-scan".into(),
            expression: "rate(1 minute)".into(),
            time_zone: None,
            input: input.map(str::to_owned),
            retries: 2,
            maximum_event_age: Duration::from_mins(1),
            dead_letter_queue: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_scheduler_s_words_are_replaced_in_the_input() {
        let input = r#"{"time":"<aws.scheduler.scheduled-time>","attempt":<aws.scheduler.attempt-number>}"#;
        let sent = payload(&schedule(Some(input)), at("2026-01-01T00:01:00Z"), 2);
        assert_eq!(sent, r#"{"time":"2026-01-01T00:01:00Z","attempt":2}"#);
    }

    #[test]
    fn without_an_input_the_scheduler_s_own_event_is_sent() {
        let sent: serde_json::Value =
            serde_json::from_str(&payload(&schedule(None), at("2026-01-01T00:01:00Z"), 1)).unwrap();
        assert_eq!(sent["time"], "2026-01-01T00:01:00Z");
        assert_eq!(sent["source"], "aws.scheduler");
    }

    /// The attributes of the dead letter that an event of this age leaves behind.
    async fn dead_letter(retries: u32, age_secs: i64) -> BTreeMap<String, String> {
        let queues = Queues::open(None, "http://h".into(), ACCOUNT_ID.into()).unwrap();
        queues.ensure(QueueSpec { name: "dead".into(), ..QueueSpec::default() }).unwrap();
        let delivery = Delivery {
            lambda: Lambda::start(Vec::new()),
            queues: queues.clone(),
            schedule: Arc::new(Schedule {
                retries,
                dead_letter_queue: Some("dead".into()),
                ..schedule(Some(r#"{"a":1}"#))
            }),
            function: "turno-gone".into(),
            asynchronous_retries: 0,
            due: crate::clock::now() - jiff::SignedDuration::from_secs(age_secs),
        };
        let (_running, stopping) = watch::channel(false);
        delivery.run(stopping).await;
        let received = queues.receive("dead", 10, Duration::ZERO, None).await.unwrap();
        assert_eq!((received.len(), received[0].body.as_str()), (1, r#"{"a":1}"#));
        let text = |attribute: &MessageAttribute| attribute.string_value.clone().unwrap_or_default();
        received[0].message_attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    #[tokio::test]
    async fn an_event_that_is_given_up_is_in_the_dead_letter_queue_with_its_reason() {
        let told = dead_letter(0, 0).await;
        assert_eq!((&*told["EXHAUSTED_RETRY_CONDITION"], &*told["RETRY_ATTEMPTS"]), ("MaximumRetryAttempts", "0"));
        assert_eq!(told["ERROR_CODE"], "ResourceNotFoundException");
        assert!(told["TARGET_ARN"].ends_with(":function:turno-gone"));
        assert!(told["SCHEDULE_ARN"].ends_with(":schedule/default/turno-sla-scan"));
        let told = dead_letter(185, 61).await;
        assert_eq!(told["EXHAUSTED_RETRY_CONDITION"], "MaximumEventAgeInSeconds");
    }
}
