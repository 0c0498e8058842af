//! Asynchronous invocations: an event that Lambda has accepted and tries again while its function fails.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>. The events lie in memory: a
//! host that ends forgets those it has not run. What is given up is in the log alone: the template names no destination,
//! and the host refuses one that does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::lambda::{Invocation, InvokeError, Lambda};
use crate::template::Function;

/// Lambda waits a minute before the second attempt and two before the third.
const AFTER_ERROR: Duration = Duration::from_mins(1);
/// After the first time that nobody was free; then twice as long each time.
const AFTER_THROTTLE: Duration = Duration::from_secs(1);
/// The longest that it waits for somebody to become free.
const LONGEST: Duration = Duration::from_mins(5);

/// Runs the event until the function succeeds, has failed once more than its retries, or the event has become too old.
pub(crate) async fn run(lambda: Arc<Lambda>, function: Function, event: Invocation) {
    let deadline = Instant::now() + function.maximum_event_age;
    let (mut failed, mut throttled) = (0, 0);
    loop {
        let error = match lambda.run(&function.name, event.clone()).await {
            Ok(_) | Err(InvokeError::Stopping) => return,
            Err(error) => error,
        };
        let Some(pause) = pause_after(&error, function.asynchronous_retries, &mut failed, &mut throttled) else {
            return tracing::error!(function = function.name, %error, failed, "an event was given up");
        };
        if Instant::now() + pause > deadline {
            return tracing::error!(function = function.name, %error, "an event became too old");
        }
        tracing::warn!(function = function.name, %error, "an event failed; it is tried again in {pause:?}");
        tokio::time::sleep(pause).await;
    }
}

/// How long to wait before the next attempt; `None` after the last. What nobody took does not count as an attempt.
fn pause_after(error: &InvokeError, retries: u32, failed: &mut u32, throttled: &mut u32) -> Option<Duration> {
    if matches!(error, InvokeError::Throttled(_)) {
        let pause = AFTER_THROTTLE.saturating_mul(2_u32.saturating_pow(*throttled));
        *throttled += 1;
        return Some(pause.min(LONGEST));
    }
    *failed += 1;
    (*failed <= retries).then(|| AFTER_ERROR * *failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_event_is_tried_again_after_one_minute_and_after_two() {
        let error = InvokeError::Crashed("exit status: 1".to_owned());
        let (mut failed, mut throttled) = (0, 0);
        let pauses: Vec<_> = (0..3).map(|_| pause_after(&error, 2, &mut failed, &mut throttled)).collect();
        assert_eq!(pauses, [Some(Duration::from_mins(1)), Some(Duration::from_mins(2)), None]);
        assert_eq!(pause_after(&error, 0, &mut 0, &mut 0), None);
    }

    #[test]
    fn a_throttled_event_waits_from_a_second_to_five_minutes_and_costs_no_attempt() {
        let error = InvokeError::Throttled("turno-worker".to_owned());
        let (mut failed, mut throttled) = (0, 0);
        let pauses: Vec<_> = (0..12).map(|_| pause_after(&error, 0, &mut failed, &mut throttled)).collect();
        let seconds: Vec<_> = pauses.iter().map(|pause| pause.unwrap().as_secs()).collect();
        assert_eq!(seconds[..4], [1, 2, 4, 8]);
        assert_eq!(seconds[9..], [300, 300, 300]);
        assert_eq!(failed, 0);
        assert_eq!(pause_after(&error, 0, &mut failed, &mut 1000), Some(LONGEST));
    }
}
