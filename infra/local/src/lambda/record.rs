//! What became of a function's invocations since the host started; for people, and never for a decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::InvokeError;

/// Counts, and the latest failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Processes that were started, cold starts and restarts alike.
    pub(crate) starts: u64,
    /// Invocations that ended, well or not.
    pub(crate) invocations: u64,
    /// Those that ended with an error, in time or not, and those that no process could be started for.
    pub(crate) failures: u64,
    /// The failures since the last success.
    pub(crate) failures_in_a_row: u64,
    /// Processes that died, or had to be killed, in the middle of an invocation.
    pub(crate) deaths: u64,
    pub(crate) last_failure: Option<Failure>,
}

/// When and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

impl Record {
    /// Counts the end of an invocation. What the host itself refused is no failure of the function.
    pub(super) fn note<T>(&mut self, result: &Result<T, InvokeError>, now: Timestamp) {
        let error = match result {
            Ok(_) => {
                self.invocations += 1;
                self.failures_in_a_row = 0;
                return;
            }
            Err(
                InvokeError::Throttled(_)
                | InvokeError::PayloadTooLarge(_)
                | InvokeError::UnknownFunction(_)
                | InvokeError::Stopping,
            ) => return,
            Err(error) => error,
        };
        self.invocations += 1;
        self.failures += 1;
        self.failures_in_a_row += 1;
        self.deaths += u64::from(matches!(error, InvokeError::TimedOut(_) | InvokeError::Crashed(_)));
        self.last_failure = Some(Failure { at: now, reason: error.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_success_ends_a_row_of_failures_and_the_host_s_refusals_are_not_counted() {
        let mut record = Record::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut note = |result: Result<(), InvokeError>| {
            record.note(&result, now);
            (record.invocations, record.failures, record.failures_in_a_row, record.deaths)
        };
        assert_eq!(note(Ok(())), (1, 0, 0, 0));
        assert_eq!(note(Err(InvokeError::TimedOut(Duration::from_secs(3)))), (2, 1, 1, 1));
        assert_eq!(note(Err(InvokeError::Throttled("f".into()))), (2, 1, 1, 1));
        let unhandled = || InvokeError::Unhandled { error_type: "Error".into(), message: "no".into(), posted: None };
        assert_eq!(note(Err(unhandled())), (3, 2, 2, 1));
        assert_eq!(note(Ok(())), (4, 2, 0, 1));
        assert_eq!(record.last_failure, Some(Failure { at: now, reason: "Error: no".into() }));
    }
}
