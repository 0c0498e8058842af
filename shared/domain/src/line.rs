//! How a connection is doing, as opposed to how it is set up: a circuit breaker, and what is known of its templates.
//!
//! A connection stops when its provider says that its token or number is dead: every further call would only be refused. After a
//! while one answer is let through, and what becomes of it decides. Source: docs/adr/0021-line.md.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::ConnectionId;

/// The running state of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The connection.
    #[serde(rename = "con")]
    pub connection: ConnectionId,
    /// When somebody asked last for the provider's templates.
    #[serde(
        rename = "asked",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub templates_asked_at: Option<Timestamp>,
    /// When they were read last.
    #[serde(
        rename = "synced",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub templates_synced_at: Option<Timestamp>,
    /// The provider's code, where reading them failed since; 0 where it gave none.
    #[serde(rename = "sync_err", default, skip_serializing_if = "Option::is_none")]
    pub templates_error: Option<i64>,
    /// Why nothing is sent; absent while all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Until when nothing is sent because the provider has enough for now.
    #[serde(
        rename = "paused",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub paused_until: Option<Timestamp>,
}

/// Why a connection sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The provider's code.
    pub code: i64,
    /// The provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// When one answer is let through to try.
    #[serde(rename = "retry", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub retry_at: Timestamp,
    /// How often that was in vain.
    #[serde(default)]
    pub tries: u32,
}

/// How long after it stopped a connection is tried first; each try in vain doubles it.
const FIRST_TRY: SignedDuration = SignedDuration::from_mins(1);
/// The longest between two tries.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

impl Stop {
    /// A connection that stops now, or that a try found stopped still.
    pub fn after(before: Option<&Self>, code: i64, details: Option<String>, now: Timestamp) -> Self {
        let tries = before.map_or(0, |before| before.tries + 1);
        let since = before.map_or(now, |before| before.since);
        Self { code, details, since, retry_at: next_try(tries, now), tries }
    }

    /// The same while somebody tries: until that is over, nobody else does.
    #[must_use]
    pub fn being_tried(&self, now: Timestamp) -> Self {
        Self { retry_at: next_try(self.tries, now), ..self.clone() }
    }
}

fn next_try(tries: u32, now: Timestamp) -> Timestamp {
    let wait = FIRST_TRY.checked_mul(1 << tries.min(10)).map_or(LONGEST, |wait| wait.min(LONGEST));
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether a provider's code says that the connection as a whole is dead: its token or permissions, its account, its number.
/// 130497 is not among them: it bars the contact's country, and others can still be answered. Source: docs/providers.md §2.
pub fn is_dead_by(code: i64) -> bool {
    matches!(code, 3 | 10 | 190 | 200..=299 | 368 | 131_031 | 131_042 | 131_045 | 133_005..=133_015)
}

/// Whether a provider's code says that the connection as a whole has sent too much for now.
pub fn is_throttled_by(code: i64) -> bool {
    matches!(code, 4 | 80_007 | 130_429 | 131_057 | 131_064 | 133_016)
}

impl Line {
    /// Of a connection of which nothing is known yet.
    pub fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            templates_asked_at: None,
            templates_synced_at: None,
            templates_error: None,
            stop: None,
            paused_until: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minutes).unwrap()
    }

    #[test]
    fn a_stopped_connection_is_tried_ever_more_seldom_and_remembers_since_when() {
        let first = Stop::after(None, 190, None, at(0));
        assert_eq!((first.since, first.retry_at, first.tries), (at(0), at(1), 0));
        let second = Stop::after(Some(&first), 190, None, at(5));
        assert_eq!((second.since, second.retry_at, second.tries), (at(0), at(7), 1));
        assert_eq!(second.being_tried(at(8)).retry_at, at(10));
        let late = Stop { tries: 40, ..second };
        assert_eq!(Stop::after(Some(&late), 190, None, at(9)).retry_at, at(24));
    }

    #[test]
    fn codes_of_the_token_and_the_number_stop_a_connection_and_those_of_a_message_do_not() {
        for code in [3, 10, 190, 200, 299, 368, 131_031, 131_042, 131_045, 133_010] {
            assert!(is_dead_by(code), "{code}");
        }
        for code in [0, 100, 131_026, 131_047, 130_429, 130_497, 132_001, 131_056, 131_048] {
            assert!(!is_dead_by(code), "{code}");
        }
        assert!(is_throttled_by(130_429) && !is_throttled_by(131_056));
    }
}
