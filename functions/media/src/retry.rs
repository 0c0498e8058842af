//! When a file is tried again: soon at first, and for some hours.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use runtime::Problem;
use runtime::sqs::received;

use crate::Media;

/// The first wait; each further one is four times as long. Ten tries take about five hours, in which an outage ends; and Meta stops
/// answering who asks in vain twenty times within an hour. Source: 360dialog, "Upload, retrieve or delete media".
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_hours(1);

impl Media {
    /// Has the record come again in its time. Gives the error that leaves it on the queue.
    pub(crate) async fn wait(&self, record: &SqsMessage, asked: Option<Duration>, cause: String) -> Problem {
        let wait = backoff(asked, received(record)).as_secs();
        if let Some(handle) = &record.receipt_handle
            && let Err(error) = self.queue.give_out_again_in(handle, u32::try_from(wait).unwrap_or(u32::MAX)).await
        {
            // It comes again when the queue's own time is over.
            tracing::warn!(%error, "the wait was not set");
        }
        Problem::Unavailable { source: cause.into() }
    }
}

/// Spread, so that those who wait do not come at once; never shorter than the provider asks for, within an hour.
fn backoff(asked: Option<Duration>, received: u32) -> Duration {
    let grown = FIRST.saturating_mul(4u32.saturating_pow(received.saturating_sub(1).min(10)));
    let wait = grown.max(asked.unwrap_or_default()).min(LONGEST);
    wait.mul_f64(1.0 + fastrand::f64() / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour_and_are_no_shorter_than_asked_for() {
        let check = |asked: Option<u64>, received: u32, expected: u64| {
            let wait = backoff(asked.map(Duration::from_secs), received).as_secs_f64();
            let expected = Duration::from_secs(expected).as_secs_f64();
            assert!((expected..=expected * 1.25).contains(&wait), "{asked:?} {received}: {wait}");
        };
        check(None, 1, 5);
        check(None, 2, 20);
        check(None, 5, 1280);
        check(None, 9, 3600);
        check(Some(60), 1, 60);
        check(Some(60), 4, 320);
        check(Some(1_000_000), 1, 3600);
    }
}
