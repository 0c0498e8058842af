//! A file that the provider has of us.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a provider's name of a file is used: Meta keeps what is uploaded to it for 30 days. Source: docs/providers.md §1.10.
const GOOD: SignedDuration = SignedDuration::from_hours(29 * 24);

/// What the provider calls a file that was handed to it: a later try need not hand it over again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// The provider's name of it.
    id: String,
    /// The account that it was handed over for: no other may send it.
    by: String,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    at: Timestamp,
}

impl Handed {
    /// A file that was handed over now.
    pub fn new(id: String, by: &str, now: Timestamp) -> Self {
        Self { id, by: by.to_owned(), at: now }
    }

    /// The provider's name of it, while it is good and for the account that it was made for.
    pub fn good(&self, by: &str, now: Timestamp) -> Option<&str> {
        (self.by == by && now.duration_since(self.at) < GOOD).then_some(self.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_s_name_is_good_for_its_account_and_some_weeks() {
        let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let handed = Handed::new("17".to_owned(), "1", at);
        let check = |by: &str, days: i64, expected: Option<&str>| {
            assert_eq!(handed.good(by, at + SignedDuration::from_hours(24 * days)), expected, "{by} {days}");
        };
        check("1", 0, Some("17"));
        check("1", 28, Some("17"));
        check("1", 29, None);
        check("2", 0, None);
        let json = serde_json::to_value(&handed).unwrap();
        assert_eq!(serde_json::from_value::<Handed>(json).unwrap(), handed);
    }
}
