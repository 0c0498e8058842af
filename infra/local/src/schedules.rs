//! EventBridge Scheduler on one machine: `rate(…)` schedules at whole multiples of their period, so that a restart moves
//! nothing and what fell due while the host was down is found within one period.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::{HostError, on_one_line};
use crate::lambda::{InvokeError, Lambda};
use crate::sqs::{Queues, SendEntry};
use crate::template::{ACCOUNT_ID, Function, REGION, Schedule};

/// The schedules of a host, running.
pub(crate) struct Schedules {
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) queues: Queues,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Schedules {
    /// Starts every schedule of the functions. Each ends by itself once the host stops.
    pub(crate) fn start(self, functions: &[Function]) -> Result<JoinSet<()>, HostError> {
        let shared = Arc::new(self);
        let mut running = JoinSet::new();
        for function in functions {
            for schedule in &function.schedules {
                let period = period(&schedule.expression)
                    .map_err(|reason| HostError::Refused(format!("template: schedule {}: {reason}", schedule.name)))?;
                let (shared, function, schedule) = (Arc::clone(&shared), function.clone(), Arc::new(schedule.clone()));
                running.spawn(async move { shared.keep(&function, &schedule, period).await });
            }
        }
        Ok(running)
    }

    async fn keep(&self, function: &Function, schedule: &Arc<Schedule>, period: SignedDuration) {
        let mut stopping = self.stopping.clone();
        let mut events = JoinSet::new();
        let mut due = next(crate::clock::now(), period);
        loop {
            let wait = Duration::try_from(due.duration_since(crate::clock::now())).unwrap_or_default();
            if tokio::time::timeout(wait, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
                break;
            }
            while events.try_join_next().is_some() {}
            let delivery = Delivery {
                lambda: Arc::clone(&self.lambda),
                queues: self.queues.clone(),
                schedule: Arc::clone(schedule),
                function: function.name.clone(),
                asynchronous_retries: function.asynchronous_retries,
                due,
            };
            events.spawn(delivery.run(stopping.clone()));
            due = next(crate::clock::now().max(due), period);
        }
        while events.join_next().await.is_some() {}
    }
}

/// One time at which a schedule fell due.
struct Delivery {
    lambda: Arc<Lambda>,
    queues: Queues,
    schedule: Arc<Schedule>,
    function: String,
    asynchronous_retries: u32,
    due: Timestamp,
}

impl Delivery {
    /// Hands the event over until Lambda takes it, as often and as long as the schedule's retry policy says. What the
    /// function itself fails at is tried again as Lambda does for every asynchronous event.
    async fn run(self, mut stopping: watch::Receiver<bool>) {
        let mut handed_over = 0;
        let mut failed = 0;
        loop {
            let payload = Bytes::from(payload(&self.schedule, self.due, handed_over + 1));
            handed_over += 1;
            let wait = match self.lambda.invoke(&self.function, payload).await {
                Ok(_) | Err(InvokeError::Stopping) => return,
                Err(error @ (InvokeError::Throttled(_) | InvokeError::UnknownFunction(_))) => {
                    let age = Duration::try_from(crate::clock::now().duration_since(self.due)).unwrap_or_default();
                    if handed_over > self.schedule.retries || age > self.schedule.maximum_event_age {
                        return self.give_up(&error).await;
                    }
                    Duration::from_secs(1 << handed_over.min(6))
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

    async fn give_up(&self, error: &InvokeError) {
        tracing::error!(schedule = self.schedule.name, %error, "a scheduled event was given up");
        let Some(queue) = &self.schedule.dead_letter_queue else { return };
        let body = payload(&self.schedule, self.due, 1);
        let sent = self.queues.send(queue, vec![SendEntry { body, ..SendEntry::default() }]).await;
        if let Err(error) = sent.and_then(|results| results.into_iter().collect::<Result<Vec<_>, _>>()) {
            tracing::error!(queue, error = on_one_line(&error), "the dead-letter queue was not told");
        }
    }
}

/// What the function is sent: the schedule's input with the scheduler's words replaced, or the scheduler's own event.
fn payload(schedule: &Schedule, due: Timestamp, attempt: u32) -> String {
    let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:schedule/default/{}", schedule.name);
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

/// The period of `rate(value unit)`. One is singular and everything else is plural, as EventBridge insists.
fn period(expression: &str) -> Result<SignedDuration, String> {
    let refusal = || {
        format!(
            "{expression} is not understood; this host knows rate(1 minute), rate(5 minutes), rate(2 hours), rate(1 day)"
        )
    };
    let inside = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(refusal)?;
    let (value, unit) = inside.trim().split_once(' ').ok_or_else(refusal)?;
    let value: i64 = value.parse().ok().filter(|&value| value > 0).ok_or_else(refusal)?;
    let minutes = match (unit.trim(), value) {
        ("minute", 1) | ("minutes", 2..) => 1,
        ("hour", 1) | ("hours", 2..) => 60,
        ("day", 1) | ("days", 2..) => 24 * 60,
        _ => return Err(refusal()),
    };
    value.checked_mul(minutes * 60).map(SignedDuration::from_secs).ok_or_else(refusal)
}

/// The first multiple of the period after `now`, counted from 1970.
fn next(now: Timestamp, period: SignedDuration) -> Timestamp {
    let period = period.as_secs().max(1);
    let second = (now.as_second().div_euclid(period) + 1).saturating_mul(period);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// The JSON with which `fire` starts a scheduled function.
pub(crate) fn fired_at(time: Timestamp) -> String {
    json!({ "time": time.to_string() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(input: Option<&str>) -> Schedule {
        Schedule {
            name: "turno-sla-scan".into(),
            expression: "rate(1 minute)".into(),
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
    fn rates_are_read_as_eventbridge_writes_them() {
        for (expression, seconds) in [
            ("rate(1 minute)", Some(60)),
            ("rate(5 minutes)", Some(300)),
            ("rate(1 hour)", Some(3600)),
            ("rate(2 days)", Some(172_800)),
            ("rate(1 minutes)", None),
            ("rate(5 minute)", None),
            ("rate(0 minutes)", None),
            ("rate(-1 minutes)", None),
            ("rate(1 second)", None),
            ("rate(1)", None),
            ("cron(0 3 * * ? *)", None),
        ] {
            assert_eq!(period(expression).ok().map(|period| period.as_secs()), seconds, "{expression}");
        }
        assert!(period("cron(0 3 * * ? *)").unwrap_err().contains("cron(0 3 * * ? *)"));
    }

    #[test]
    fn a_schedule_falls_due_at_whole_multiples_of_its_period() {
        let minute = SignedDuration::from_mins(1);
        assert_eq!(next(at("2026-01-01T00:00:00Z"), minute), at("2026-01-01T00:01:00Z"));
        assert_eq!(next(at("2026-01-01T00:00:59.999Z"), minute), at("2026-01-01T00:01:00Z"));
        assert_eq!(next(at("2026-01-01T00:01:00Z"), minute), at("2026-01-01T00:02:00Z"));
        assert_eq!(next(at("2026-01-01T00:01:00Z"), SignedDuration::from_hours(24)), at("2026-01-02T00:00:00Z"));
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
}
