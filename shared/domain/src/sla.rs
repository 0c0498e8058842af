//! SLA clocks: when the first answer and the resolution are due, and whether they came in time.
//!
//! A clock runs on the wall clock from the moment the contact wrote until it is stopped, and stands while the ticket waits for the
//! contact (`pausing`). A breach is alerted once, also when the answer came late but before anybody looked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ticket::Priority;

mod pausing;

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From opening to the first answer of an agent.
    FirstResponse,
    /// From opening to the resolution.
    Resolution,
}

impl Metric {
    /// Both, in the order in which they fall due.
    pub const ALL: [Self; 2] = [Self::FirstResponse, Self::Resolution];

    /// The name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::Resolution => "resolution",
        }
    }

    /// How long it may take. Source: docs/requirements.md §1.4 (seed S1).
    pub fn target(self, priority: Priority) -> SignedDuration {
        let (minutes, hours) = (SignedDuration::from_mins, SignedDuration::from_hours);
        match (self, priority) {
            (Self::FirstResponse, Priority::Urgent) => minutes(15),
            (Self::FirstResponse, Priority::High) => hours(1),
            (Self::FirstResponse, Priority::Medium) | (Self::Resolution, Priority::Urgent) => hours(4),
            (Self::FirstResponse, Priority::Low) | (Self::Resolution, Priority::High) => hours(24),
            (Self::Resolution, Priority::Medium) => hours(3 * 24),
            (Self::Resolution, Priority::Low) => hours(7 * 24),
        }
    }
}

/// One running or stopped clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// When it must have been stopped. Moves by the time that it stood, once it runs again.
    #[serde(rename = "due", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub due_at: Timestamp,
    /// When it was stopped.
    #[serde(
        rename = "stop",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub stopped_at: Option<Timestamp>,
    /// When its breach was recorded and alerted.
    #[serde(
        rename = "breach",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub breached_at: Option<Timestamp>,
}

impl Clock {
    fn starting(at: Timestamp, target: SignedDuration) -> Self {
        Self { due_at: at.saturating_add(target).unwrap_or(Timestamp::MAX), stopped_at: None, breached_at: None }
    }

    /// Whether it runs, or stands for a while, and is not known to be late.
    fn is_open(self) -> bool {
        self.stopped_at.is_none() && self.breached_at.is_none()
    }

    /// Whether it was stopped in time; `None` while it runs within its time.
    fn met(self, now: Timestamp) -> Option<bool> {
        match self.stopped_at {
            Some(stopped) => Some(stopped <= self.due_at),
            None if now > self.due_at => Some(false),
            None => None,
        }
    }
}

/// The clocks of one cycle: from opening, or reopening, to resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sla {
    /// When the cycle began.
    #[serde(rename = "from", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub opened_at: Timestamp,
    /// The first answer.
    #[serde(rename = "first")]
    pub first_response: Clock,
    /// The resolution.
    #[serde(rename = "res")]
    pub resolution: Clock,
    /// Since when its clocks stand, because the ticket waits for the contact.
    #[serde(
        rename = "pause",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub paused_at: Option<Timestamp>,
    /// For how long they stood before that, in milliseconds.
    #[serde(rename = "stood", default, skip_serializing_if = "is_zero")]
    pub stood_ms: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Sla {
    /// A cycle that begins at `opened_at`.
    pub fn starting(opened_at: Timestamp, priority: Priority) -> Self {
        let clock = |metric: Metric| Clock::starting(opened_at, metric.target(priority));
        Self {
            opened_at,
            first_response: clock(Metric::FirstResponse),
            resolution: clock(Metric::Resolution),
            paused_at: None,
            stood_ms: 0,
        }
    }

    /// The clock of a metric.
    pub fn clock(&self, metric: Metric) -> Clock {
        match metric {
            Metric::FirstResponse => self.first_response,
            Metric::Resolution => self.resolution,
        }
    }

    fn clock_mut(&mut self, metric: Metric) -> &mut Clock {
        match metric {
            Metric::FirstResponse => &mut self.first_response,
            Metric::Resolution => &mut self.resolution,
        }
    }

    /// Whether a clock was stopped in time; `None` while it runs, or stands, within its time.
    pub fn met(&self, metric: Metric, now: Timestamp) -> Option<bool> {
        self.clock(metric).met(self.read_at(now))
    }

    /// Stops a clock; one that is stopped already keeps its time.
    pub fn stop(&mut self, metric: Metric, now: Timestamp) {
        let stood = self.stands_ms(now);
        let clock = self.clock_mut(metric);
        if clock.is_open() {
            clock.due_at = later(clock.due_at, stood);
        }
        clock.stopped_at.get_or_insert(now);
    }

    /// Gives the clocks that run, and are not known to be late, the targets of another priority.
    pub fn aim_at(&mut self, priority: Priority) {
        let (aimed, stood) = (Self::starting(self.opened_at, priority), self.stood_ms);
        for metric in Metric::ALL {
            let clock = self.clock_mut(metric);
            if clock.is_open() {
                clock.due_at = later(aimed.clock(metric).due_at, stood);
            }
        }
    }

    /// When somebody must look next: the earliest deadline whose breach may have to be alerted.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let may_alert = Metric::ALL.into_iter().filter(|metric| self.may_alert(*metric));
        may_alert.map(|metric| self.clock(metric).due_at).min()
    }

    /// Whether a clock's breach may still have to be alerted: it runs, or was stopped or made to stand too late, and nobody was told.
    fn may_alert(&self, metric: Metric) -> bool {
        let clock = self.clock(metric);
        clock.breached_at.is_none() && clock.stopped_at.or(self.paused_at).is_none_or(|stands| stands > clock.due_at)
    }

    /// Records the breaches that fell due by `now` and were not alerted yet; returns them, at most once a metric and cycle.
    pub fn record_breaches(&mut self, now: Timestamp) -> Vec<Metric> {
        let is_breached = |metric: &Metric| self.may_alert(*metric) && self.clock(*metric).due_at <= now;
        let metrics: Vec<Metric> = Metric::ALL.into_iter().filter(is_breached).collect();
        for metric in &metrics {
            self.clock_mut(*metric).breached_at = Some(now);
        }
        metrics
    }
}

fn later(at: Timestamp, ms: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn an_urgent_ticket_breaches_its_first_response_after_fifteen_minutes_once() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        assert_eq!(sla.next_due_at(), Some(at(15)));
        assert_eq!(sla.record_breaches(at(14)), []);
        assert_eq!(sla.record_breaches(at(16)), [Metric::FirstResponse]);
        assert_eq!(sla.record_breaches(at(17)), []);
        assert_eq!(sla.next_due_at(), Some(at(240)));
    }

    #[test]
    fn a_late_answer_that_nobody_saw_is_still_alerted_once() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        sla.stop(Metric::FirstResponse, at(16));
        assert_eq!(sla.next_due_at(), Some(at(15)));
        assert_eq!(sla.record_breaches(at(17)), [Metric::FirstResponse]);
        assert_eq!(sla.record_breaches(at(18)), []);
    }

    #[test]
    fn an_answer_in_time_stops_the_clock_for_good() {
        let mut sla = Sla::starting(at(0), Priority::Urgent);
        sla.stop(Metric::FirstResponse, at(15));
        sla.stop(Metric::FirstResponse, at(99));
        assert_eq!(sla.met(Metric::FirstResponse, at(100)), Some(true));
        assert_eq!(sla.record_breaches(at(100)), []);
    }

    #[test]
    fn a_resolved_ticket_asks_for_no_attention() {
        let mut sla = Sla::starting(at(0), Priority::Low);
        sla.stop(Metric::FirstResponse, at(1));
        sla.stop(Metric::Resolution, at(2));
        assert_eq!(sla.next_due_at(), None);
    }
}
