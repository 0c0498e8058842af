//! How long an answer waits that the provider did not take: as long as the provider asks for, more with each try.

use std::sync::PoisonError;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use runtime::Problem;
use runtime::sqs::received;

use crate::{Send, later};

/// The provider's code for too many messages to one person. Source: docs/providers.md §2, which says to wait 4^n.
const PAIR: i64 = 131_056;
/// The longest wait between two tries: an agent looks at the answer meanwhile.
const LONGEST: Duration = Duration::from_mins(15);
/// What a provider asks for by itself may be longer: an hour for a number that was reported too often.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

impl Send {
    /// Has the record come again in its time. Gives the error that leaves it on the queue.
    pub(crate) async fn wait(&self, record: &SqsMessage, wait: Duration, why: String) -> Problem {
        let seconds = u32::try_from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).unwrap_or(u32::MAX);
        self.put_off(record, seconds).await;
        if let Some(id) = &record.message_id {
            self.waits.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), seconds);
        }
        later(why)
    }

    /// Puts off what lies behind a record that waits, as long as that: the queue gives nothing of a group out while anything of
    /// it is out of sight.
    pub async fn put_off_behind(&self, failed: &SqsMessage, behind: &[SqsMessage]) {
        let id = failed.message_id.as_deref().unwrap_or_default();
        let wait = self.waits.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        for record in behind.iter().filter(|_| wait.is_some()) {
            self.put_off(record, wait.unwrap_or_default()).await;
        }
    }

    async fn put_off(&self, record: &SqsMessage, seconds: u32) {
        let Some(handle) = &record.receipt_handle else { return };
        if let Err(error) = self.queue.give_out_again_in(handle, seconds).await {
            // It comes again when the queue's own time is over.
            tracing::warn!(%error, "the wait was not set");
        }
    }
}

/// The wait before the next try: doubled with each that was in vain, and spread so that those who wait do not come at once.
pub(crate) fn backoff(after: Duration, code: i64, record: &SqsMessage) -> Duration {
    let factor: u32 = if code == PAIR { 4 } else { 2 };
    let tries = received(record).saturating_sub(1).min(10);
    let longest = LONGEST.max(after.min(LONGEST_ASKED));
    let wait = after.saturating_mul(factor.saturating_pow(tries)).min(longest);
    wait.mul_f64(1.0 + fastrand::f64() / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_each_try_and_faster_for_one_person() {
        let check = |code: i64, after: u64, received: u32, expected: u64| {
            let mut record = SqsMessage::default();
            record.attributes.insert("ApproximateReceiveCount".to_owned(), received.to_string());
            let wait = backoff(Duration::from_secs(after), code, &record).as_secs_f64();
            let expected = Duration::from_secs(expected).as_secs_f64();
            assert!((expected..expected * 1.25 + 0.001).contains(&wait), "{code} {received}: {wait}");
        };
        check(PAIR, 6, 1, 6);
        check(PAIR, 6, 2, 24);
        check(PAIR, 6, 3, 96);
        check(130_429, 5, 1, 5);
        check(130_429, 5, 4, 40);
        check(130_429, 5, 30, 900);
        check(131_048, 3600, 3, 3600);
    }
}
