//! Clocks stand while a ticket waits for its contact: that time is the contact's own.
//!
//! Whatever the pauses, an open clock is due at the cycle's beginning, plus the target, plus the time that it stood; so a clock that
//! was late stays late, and one that had an hour left has an hour left.

use jiff::Timestamp;

use super::{Metric, Sla, later};

impl Sla {
    /// Its clocks stand from `now` on. Those that stand already go on standing.
    pub fn pause(&mut self, now: Timestamp) {
        self.paused_at.get_or_insert(now);
    }

    /// They run again since `at`: what was open is due that much later. For how long they stood, in milliseconds; `None` when they ran.
    pub fn resume(&mut self, at: Timestamp) -> Option<i64> {
        self.paused_at?;
        let stood = self.stands_ms(at);
        for metric in Metric::ALL {
            let clock = self.clock_mut(metric);
            if clock.is_open() {
                clock.due_at = later(clock.due_at, stood);
            }
        }
        self.paused_at = None;
        self.stood_ms += stood;
        Some(stood)
    }

    /// For how long its clocks stood in this cycle until `now`, in milliseconds: how long the contact was waited for.
    pub fn stood_ms(&self, now: Timestamp) -> i64 {
        self.stood_ms + self.stands_ms(now)
    }

    /// The moment that its clocks show: they show no later one while they stand.
    pub fn read_at(&self, now: Timestamp) -> Timestamp {
        self.paused_at.map_or(now, |paused| paused.min(now))
    }

    /// For how long they have been standing, in milliseconds. Whole ones, since no more of a time is stored.
    pub(super) fn stands_ms(&self, now: Timestamp) -> i64 {
        self.paused_at.map_or(0, |paused| (now.as_millisecond() - paused.as_millisecond()).max(0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ticket::Priority;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn what_had_an_hour_left_has_an_hour_left() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        sla.stop(Metric::FirstResponse, at(1));
        sla.pause(at(180));
        sla.pause(at(200));
        assert_eq!((sla.next_due_at(), sla.record_breaches(at(9000))), (None, vec![]));
        assert_eq!((sla.met(Metric::Resolution, at(9000)), sla.stood_ms(at(190))), (None, 600_000));
        assert_eq!(sla.resume(at(1180)), Some(1000 * 60_000));
        assert_eq!((sla.resolution.due_at, sla.next_due_at()), (at(1240), Some(at(1240))));
        assert_eq!(sla.first_response.due_at, at(15), "it was stopped before");
        assert_eq!((sla.resume(at(1190)), sla.stood_ms(at(1190))), (None, 1000 * 60_000));
        assert_eq!(sla.record_breaches(at(1240)), [Metric::Resolution]);
    }

    #[test]
    fn what_was_late_when_the_clocks_came_to_stand_is_alerted_all_the_same() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        sla.pause(at(16));
        assert_eq!(sla.next_due_at(), Some(at(15)));
        assert_eq!(sla.record_breaches(at(17)), [Metric::FirstResponse]);
        sla.resume(at(100));
        assert_eq!(sla.first_response.due_at, at(15), "what is known to be late is not moved");
        assert_eq!(sla.next_due_at(), Some(at(240 + 84)));
    }

    #[test]
    fn what_is_stopped_while_it_stands_was_in_time() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        sla.pause(at(10));
        sla.stop(Metric::FirstResponse, at(500));
        assert_eq!((sla.met(Metric::FirstResponse, at(501)), sla.first_response.due_at), (Some(true), at(505)));
        sla.stop(Metric::Resolution, at(600));
        sla.resume(at(600));
        assert_eq!((sla.first_response.due_at, sla.resolution.due_at), (at(505), at(240 + 590)));
        assert_eq!(sla.next_due_at(), None);
    }

    #[test]
    fn another_priority_counts_the_time_that_the_clocks_stood() {
        let mut sla = Sla::starting(at(0), Priority::Medium);
        sla.pause(at(10));
        sla.resume(at(20));
        sla.aim_at(Priority::Urgent);
        assert_eq!((sla.first_response.due_at, sla.resolution.due_at), (at(25), at(250)));
        let stored = serde_json::to_string(&sla).unwrap();
        assert_eq!(serde_json::from_str::<Sla>(&stored).unwrap(), sla);
        let never_stood = serde_json::to_string(&Sla::starting(at(0), Priority::Low)).unwrap();
        assert!(!never_stood.contains("pause") && !never_stood.contains("stood"), "{never_stood}");
    }

    /// What is true of a clock that is looked at in every minute, without the arithmetic of deadlines: late is what has run for more
    /// minutes than its target.
    fn is_late(stands: &[bool], target: usize) -> bool {
        stands.iter().filter(|stands| !**stands).count() > target
    }

    proptest! {
        #[test]
        fn a_breach_is_told_once_and_only_when_the_running_time_is_more_than_the_target(
            turns in proptest::collection::vec(1i64..200, 1..12), scans in any::<bool>(),
        ) {
            let mut sla = Sla::starting(at(0), Priority::Urgent);
            let (mut stands, mut minutes, mut told) = (false, Vec::new(), Vec::new());
            for turn in turns {
                for _ in 0..turn {
                    minutes.push(stands);
                    let now = at(i64::try_from(minutes.len()).unwrap());
                    if scans {
                        told.extend(sla.record_breaches(now));
                    }
                    for (metric, target) in [(Metric::FirstResponse, 15), (Metric::Resolution, 240)] {
                        prop_assert_eq!(sla.met(metric, now) == Some(false), is_late(&minutes, target));
                    }
                }
                let now = at(i64::try_from(minutes.len()).unwrap());
                if stands { sla.resume(now); } else { sla.pause(now); }
                stands = !stands;
            }
            let now = at(i64::try_from(minutes.len()).unwrap());
            told.extend(sla.record_breaches(now));
            let ran = minutes.iter().filter(|stands| !**stands).count();
            let expected: Vec<_> = [(Metric::FirstResponse, 15), (Metric::Resolution, 240)]
                .into_iter().filter(|(_, target)| ran > *target).map(|(metric, _)| metric).collect();
            // At the very minute of a deadline a scan may tell before the clock is late.
            told.retain(|metric| expected.contains(metric));
            prop_assert_eq!(told, expected);
            prop_assert_eq!(sla.record_breaches(now), vec![]);
            let stood = minutes.iter().filter(|stands| **stands).count();
            prop_assert_eq!(sla.stood_ms(now), 60_000 * i64::try_from(stood).unwrap());
        }
    }
}
