//! EventBridge Scheduler on one machine: `rate(…)` schedules at whole multiples of their period, so that a restart moves
//! nothing and what fell due while the host was down is found within one period, and `cron(…)` schedules in their time zone.
//!
//! What a `cron(…)` schedule missed while the host was down is not made up for.

mod delivery;
mod expression;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::HostError;
use crate::lambda::Lambda;
use crate::sqs::Queues;
use crate::template::{Function, Schedule};
use delivery::Delivery;
use expression::Expression;

/// How long a schedule sleeps at most before it reads the clock again, which people and NTP set.
const LOOK_EVERY: Duration = Duration::from_mins(1);

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
                let expression = Expression::parse(&schedule.expression, schedule.time_zone.as_deref())
                    .map_err(|reason| HostError::Refused(format!("template: schedule {}: {reason}", schedule.name)))?;
                let (shared, function, schedule) = (Arc::clone(&shared), function.clone(), Arc::new(schedule.clone()));
                running.spawn(async move { shared.keep(&function, &schedule, &expression).await });
            }
        }
        Ok(running)
    }

    async fn keep(&self, function: &Function, schedule: &Arc<Schedule>, expression: &Expression) {
        let mut stopping = self.stopping.clone();
        let mut events = JoinSet::new();
        let mut next = expression.next(crate::clock::now());
        loop {
            let left = next.map(|due| Duration::try_from(due.duration_since(crate::clock::now())).unwrap_or_default());
            let wait = left.map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY));
            if tokio::time::timeout(wait, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
                break;
            }
            while events.try_join_next().is_some() {}
            let now = crate::clock::now();
            let Some(due) = next.filter(|due| *due <= now) else { continue };
            let delivery = Delivery {
                lambda: Arc::clone(&self.lambda),
                queues: self.queues.clone(),
                schedule: Arc::clone(schedule),
                function: function.name.clone(),
                asynchronous_retries: function.asynchronous_retries,
                due,
            };
            events.spawn(delivery.run(stopping.clone()));
            next = expression.next(now.max(due));
        }
        while events.join_next().await.is_some() {}
    }
}

/// The JSON with which `fire` starts a scheduled function.
pub(crate) fn fired_at(time: Timestamp) -> String {
    json!({ "time": time.to_string() }).to_string()
}
