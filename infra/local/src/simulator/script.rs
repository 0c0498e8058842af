//! What is to happen with the next messages to somebody, on request; and what was accepted, for who wants to look.
//!
//! `POST /_simulator/script` with `{"to": "77079861373", "outcomes": [ … ]}` adds outcomes for the next sends to a recipient, one
//! each. After the last one, and for everybody else, the end of the number decides as before.
//!
//! | outcome | what happens |
//! |---|---|
//! | `{"outcome": "accept"}` | accepted; `sent`, `delivered`, `read` are told |
//! | `{"outcome": "silent"}` | accepted, and nothing is told |
//! | `{"outcome": "refuse", "status": 400, "code": 190}` | refused with that HTTP status and code; code 0 answers no JSON |
//! | `{"outcome": "fail", "code": 131026}` | accepted; `failed` is told with that code |
//! | `{"outcome": "hang", "taken": true}` | no answer for a minute; it was accepted, or with `false` it was not |
//! | `{"outcome": "cut", "taken": true}` | the connection breaks in the midst of the answer; it was accepted, or was not |
//!
//! With `100000000000001/media` in the place of a recipient they are for the next files that are given to that number.
//!
//! `GET /_simulator/sent` gives every message that was accepted, in order. Both need the token of a connection.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most messages that are remembered.
const REMEMBERED: usize = 10_000;

/// What is to happen with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", deny_unknown_fields)]
pub(super) enum Outcome {
    Accept,
    Silent,
    Refuse { status: u16, code: u32 },
    Fail { code: u32 },
    Hang { taken: bool },
    Cut { taken: bool },
}

/// Outcomes for a recipient.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    to: String,
    outcomes: Vec<Outcome>,
}

/// A message that was accepted.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sent {
    /// Which number, session or instance sent it.
    pub(super) by: String,
    pub(super) to: String,
    pub(super) id: String,
    pub(super) body: Value,
}

/// The outcomes that are still to come, and what was accepted.
#[derive(Debug, Default)]
pub(super) struct Script {
    outcomes: Mutex<HashMap<String, VecDeque<Outcome>>>,
    sent: Mutex<VecDeque<Sent>>,
}

impl Script {
    pub(super) fn add(&self, request: Request) {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.entry(request.to).or_default().extend(request.outcomes);
    }

    /// The next outcome for a recipient; `None` when none was asked for.
    pub(super) fn next(&self, to: &str) -> Option<Outcome> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.get_mut(to)?.pop_front()
    }

    pub(super) fn remember(&self, sent: Sent) {
        let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(sent);
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outcomes_are_taken_one_by_one_by_their_recipient_alone() {
        let script = Script::default();
        let request = json!({ "to": "1", "outcomes": [
            { "outcome": "refuse", "status": 429, "code": 130_429 }, { "outcome": "cut", "taken": true }] });
        script.add(serde_json::from_value(request).unwrap());
        assert_eq!(script.next("2"), None);
        assert_eq!(script.next("1"), Some(Outcome::Refuse { status: 429, code: 130_429 }));
        assert_eq!(script.next("1"), Some(Outcome::Cut { taken: true }));
        assert_eq!(script.next("1"), None);
        let unknown = json!({ "to": "1", "outcomes": [{ "outcome": "explode" }] });
        assert!(serde_json::from_value::<Request>(unknown).is_err());
    }
}
