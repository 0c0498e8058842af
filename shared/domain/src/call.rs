//! A call: what became of it, and for how long it lasted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What became of it.
    pub outcome: CallOutcome,
    /// Whether there are pictures too, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<CallMedium>,
    /// When it was answered, where it is not over yet.
    #[serde(
        default,
        rename = "from",
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub answered_at: Option<Timestamp>,
    /// For how long people spoke, in seconds.
    #[serde(default, rename = "secs", skip_serializing_if = "Option::is_none")]
    pub duration_secs: Option<u64>,
}

/// What became of a call, in the order in which it may come to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It is over, however it went: what is known of it already learns from that, and of itself it is nothing to tell.
    Ended,
    /// Somebody called. Gateways that tell no more leave it at that.
    Rang,
    /// Nobody answered.
    Missed,
    /// The other side did not want it.
    Declined,
    /// People spoke.
    Answered,
}

/// What is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallMedium {
    /// Sound.
    Voice,
    /// Pictures too.
    Video,
}

impl CallOutcome {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Rang => "rang",
            Self::Missed => "missed",
            Self::Declined => "declined",
            Self::Answered => "answered",
        }
    }
}

impl CallMedium {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Video => "video",
        }
    }
}

impl Call {
    /// The kind of the message that tells of a call.
    pub const KIND: &'static str = "call";

    /// A call of which no more is known.
    pub fn new(outcome: CallOutcome) -> Self {
        Self { outcome, medium: None, answered_at: None, duration_secs: None }
    }

    /// What an agent reads of it.
    pub fn words(&self) -> String {
        let kind = if self.medium == Some(CallMedium::Video) { "video call" } else { "call" };
        match (self.outcome, self.duration_secs) {
            (CallOutcome::Ended, _) => format!("Ended {kind}"),
            (CallOutcome::Rang, _) => format!("Incoming {kind}"),
            (CallOutcome::Missed, _) => format!("Missed {kind}"),
            (CallOutcome::Declined, _) => format!("Declined {kind}"),
            (CallOutcome::Answered, None) => format!("Answered {kind}"),
            (CallOutcome::Answered, Some(secs)) => format!("Answered {kind}, {}", lasting(secs)),
        }
    }

    /// The same, now that more is known of it since `at`; `None` when nothing is. A call that rang and is over was missed; of one that
    /// was answered its end tells how long it was.
    #[must_use]
    pub fn learnt(&self, news: &Self, at: Timestamp) -> Option<Self> {
        let mut after = self.clone();
        if news.outcome == CallOutcome::Ended {
            match (self.outcome, self.answered_at) {
                (CallOutcome::Rang, _) => after.outcome = CallOutcome::Missed,
                (CallOutcome::Answered, Some(from)) => {
                    after.duration_secs = u64::try_from(at.duration_since(from).as_secs()).ok();
                    after.answered_at = None;
                }
                _ => {}
            }
        } else if news.outcome > self.outcome {
            after = Self { medium: news.medium.or(self.medium), ..news.clone() };
        }
        (after != *self).then_some(after)
    }
}

fn lasting(secs: u64) -> String {
    let (hours, minutes, seconds) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn a_call_is_told_in_a_few_words() {
        let check = |call: Call, expected: &str| assert_eq!(call.words(), expected);
        check(Call::new(CallOutcome::Missed), "Missed call");
        check(Call { medium: Some(CallMedium::Video), ..Call::new(CallOutcome::Declined) }, "Declined video call");
        check(Call { duration_secs: Some(120), ..Call::new(CallOutcome::Answered) }, "Answered call, 2:00");
        check(Call { duration_secs: Some(3725), ..Call::new(CallOutcome::Answered) }, "Answered call, 1:02:05");
        check(Call::new(CallOutcome::Answered), "Answered call");
    }

    #[test]
    fn what_came_before_takes_nothing_back() {
        use CallOutcome::{Answered, Declined, Ended, Missed, Rang};
        let check = |before: CallOutcome, news: CallOutcome, expected: Option<CallOutcome>| {
            let after = Call::new(before).learnt(&Call::new(news), at(5));
            assert_eq!(after.map(|call| call.outcome), expected, "{before:?} {news:?}");
        };
        check(Rang, Missed, Some(Missed));
        check(Rang, Rang, None);
        check(Missed, Rang, None);
        check(Declined, Answered, Some(Answered));
        check(Answered, Declined, None);
        check(Rang, Ended, Some(Missed));
        check(Declined, Ended, None);
        check(Answered, Ended, None);
    }

    #[test]
    fn the_end_of_an_answered_call_tells_how_long_it_was_and_once() {
        let answered = Call { answered_at: Some(at(0)), ..Call::new(CallOutcome::Answered) };
        let ended = Call::new(CallOutcome::Ended);
        let over = answered.learnt(&ended, at(65)).unwrap();
        assert_eq!((over.duration_secs, over.words().as_str()), (Some(65), "Answered call, 1:05"));
        assert_eq!(over.learnt(&ended, at(70)), None);
    }
}
