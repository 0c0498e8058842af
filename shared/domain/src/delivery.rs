//! How far an outbound message has come. A lattice, not a sequence: steps may be missing, late or repeated, and a late lower
//! step never overwrites a higher one (invariant I5).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::ProviderMessageId;

/// The delivery state of an outbound message, ordered: a state is overwritten only by a greater one.
///
/// `Failed` lies above `Sending` and below `Delivered`: a failure report never hides proof that the contact has the message.
/// `Unknown` lies just above `Sending`: any word from the provider replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Stored, waiting until the contact writes: the window is closed.
    Parked,
    /// Stored, waiting for its turn on the outbound queue.
    Queued,
    /// Handed to the provider; no answer yet.
    Sending,
    /// The provider's answer was lost and no status came: it may or may not have arrived, and is not sent again.
    Unknown,
    /// The provider took it.
    Accepted,
    /// The provider sent it to the contact.
    Sent,
    /// The provider refused it or could not deliver it.
    Failed,
    /// It is on the contact's device.
    Delivered,
    /// The contact opened the conversation after it came.
    Read,
    /// The contact played it (voice).
    Played,
}

impl Delivery {
    /// The rank that the table compares: greater overwrites smaller, equal is a repetition.
    pub fn rank(self) -> i8 {
        match self {
            Self::Parked => -10,
            Self::Queued => 0,
            Self::Sending => 10,
            Self::Unknown => 20,
            Self::Accepted => 30,
            Self::Sent => 40,
            Self::Failed => 50,
            Self::Delivered => 60,
            Self::Read => 70,
            Self::Played => 80,
        }
    }

    /// The name in the API and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
        }
    }
}

/// Why a provider refused or lost a message: its code decides, its text is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// The provider's error code, such as 131047.
    pub code: i64,
    /// The provider's words, without any of the message's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// One status report of a provider about a message that this system sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The provider's id of the message.
    pub provider_id: ProviderMessageId,
    /// What we gave along when sending (`MessageRef` as text), where the provider gives it back.
    pub callback: Option<String>,
    /// The state reported.
    pub delivery: Delivery,
    /// When it was reached, by the provider's clock.
    pub at: Timestamp,
    /// Why it failed, with `Failed`.
    pub error: Option<DeliveryError>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_as_the_states_do() {
        use Delivery::{Accepted, Delivered, Failed, Parked, Played, Queued, Read, Sending, Sent, Unknown};
        let all = [Parked, Queued, Sending, Unknown, Accepted, Sent, Failed, Delivered, Read, Played];
        for pair in all.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].rank() < pair[1].rank());
        }
    }
}
