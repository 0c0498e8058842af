//! What happens to records of a stream whose invocation failed: what was done is kept, the rest is tried again, split, or
//! given up. Pure; the mapping's loop carries it out.

use std::time::Duration;

use super::stream_event::StreamRecord;
use crate::template::StreamMapping;

/// Records that are delivered together, and how often they have failed together.
#[derive(Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) records: Vec<StreamRecord>,
    pub(super) failures: u32,
}

/// What follows a failure.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Deliver these, in this order, after the pause.
    Again {
        segments: Vec<Segment>,
        pause: Duration,
    },
    GiveUp {
        records: Vec<StreamRecord>,
        invocations: u32,
    },
}

impl Segment {
    pub(super) fn new(records: Vec<StreamRecord>) -> Self {
        Self { records, failures: 0 }
    }

    /// Takes off the records before the first one that failed, and gives the last of them.
    pub(super) fn finish_before(&mut self, failed_from: usize) -> Option<StreamRecord> {
        let done = self.records.drain(..failed_from).next_back();
        if done.is_some() {
            // What is left has failed once in this form; the caller counts that failure.
            self.failures = 0;
        }
        done
    }

    /// `cut` says that the function itself has named the first record, so that a split would separate nothing.
    pub(super) fn after_failure(mut self, cut: bool, policy: &StreamMapping) -> Next {
        // A split is not a retry: each half has all attempts that the whole had left.
        if policy.bisect && !cut && self.records.len() > 1 {
            let second = self.records.split_off(self.records.len().div_ceil(2));
            let halves = [self.records, second].map(|records| Self { records, failures: self.failures });
            return Next::Again { segments: halves.into(), pause: Duration::ZERO };
        }
        let failures = self.failures + 1;
        if policy.retries.is_some_and(|retries| failures > retries) {
            return Next::GiveUp { records: self.records, invocations: failures };
        }
        let pause = backoff(failures);
        Next::Again { segments: vec![Self { failures, ..self }], pause }
    }
}

/// From 100 ms, doubled with each failure, to 30 s.
pub(super) fn backoff(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.saturating_sub(1).min(10)).min(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::super::stream_event::tests::record;
    use super::*;
    use crate::template::StartingPosition;

    fn policy(bisect: bool, retries: Option<u32>) -> StreamMapping {
        StreamMapping {
            table: "T".into(),
            batch_size: 100,
            window: Duration::ZERO,
            bisect,
            retries,
            on_failure_queue: None,
            report_failures: true,
            starting_position: StartingPosition::TrimHorizon,
        }
    }

    fn segment(numbers: &[&str]) -> Segment {
        Segment::new(numbers.iter().map(|number| record(number)).collect())
    }

    #[test]
    fn a_failed_batch_is_halved_in_order_until_the_bad_record_is_alone() {
        let Next::Again { segments, pause } = segment(&["1", "2", "3"]).after_failure(false, &policy(true, Some(1)))
        else {
            panic!("the batch is delivered again")
        };
        assert_eq!(segments, [segment(&["1", "2"]), segment(&["3"])]);
        assert!(pause.is_zero());
    }

    #[test]
    fn a_single_record_is_tried_as_often_as_the_template_says_and_then_given_up() {
        let mut current = segment(&["1"]);
        for _ in 0..2 {
            match current.after_failure(false, &policy(true, Some(2))) {
                Next::Again { mut segments, pause } => {
                    assert!(!pause.is_zero());
                    current = segments.remove(0);
                }
                Next::GiveUp { .. } => panic!("given up too early"),
            }
        }
        let given_up = current.after_failure(false, &policy(true, Some(2)));
        let records = vec![record("1")];
        assert_eq!(given_up, Next::GiveUp { records, invocations: 3 });
    }

    #[test]
    fn records_before_the_first_failed_one_are_done_and_clear_the_count() {
        let mut partly = Segment { failures: 4, ..segment(&["1", "2", "3"]) };
        assert_eq!(partly.finish_before(2), Some(record("2")));
        assert_eq!(partly, segment(&["3"]));
        let mut none = Segment { failures: 4, ..segment(&["1"]) };
        assert_eq!(none.finish_before(0), None);
        assert_eq!(none.failures, 4);
    }

    #[test]
    fn a_batch_cut_by_the_function_is_tried_again_whole() {
        let Next::Again { segments, .. } = segment(&["2", "3"]).after_failure(true, &policy(true, Some(5))) else {
            panic!("the batch is delivered again")
        };
        assert_eq!(segments.len(), 1);
        assert_eq!(segments[0].failures, 1);
    }

    #[test]
    fn without_a_retry_limit_a_batch_is_never_given_up() {
        let old = Segment { failures: 10_000, ..segment(&["1"]) };
        assert!(matches!(old.after_failure(false, &policy(false, None)), Next::Again { .. }));
    }

    #[test]
    fn pauses_grow_to_half_a_minute() {
        assert_eq!(backoff(1), Duration::from_millis(100));
        assert_eq!(backoff(2), Duration::from_millis(200));
        assert_eq!(backoff(50), Duration::from_secs(30));
    }
}
