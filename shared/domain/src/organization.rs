//! The tenant and the queues of its teams.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, QueueId};
use crate::ticket::ClosingPolicy;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// The organization's id.
    pub id: OrganizationId,
    /// Its name, as shown to people.
    pub name: String,
    /// The IANA time zone in which its year turns (`America/Sao_Paulo`).
    pub time_zone: String,
    /// What its administrators may set.
    #[serde(flatten)]
    pub settings: Settings,
}

/// What an organization's administrators may set. Absent settings have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether agents may give their tickets, and waiting ones, to others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agents_may_assign_others: bool,
}

impl Organization {
    /// The year that a ticket made now is numbered in. An unknown time zone counts as UTC: a number must never wait for a setting.
    pub fn year(&self, now: Timestamp) -> i16 {
        now.to_zoned(self.zone()).year()
    }

    /// Its time zone; UTC where nobody knows it.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// Where tickets wait for a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The queue's id.
    pub id: QueueId,
    /// Its name, as shown to people.
    pub name: String,
    /// How its resolved tickets close by themselves.
    #[serde(default)]
    pub closing: ClosingPolicy,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_turns_in_the_organizations_time_zone() {
        let at: Timestamp = "2027-01-01T01:00:00Z".parse().unwrap();
        let check = |zone: &str, year: i16| {
            let id = OrganizationId::new("demo").unwrap();
            assert_eq!(
                Organization { id, name: String::new(), time_zone: zone.to_owned(), settings: Settings::default() }
                    .year(at),
                year,
                "{zone}"
            );
        };
        check("America/Sao_Paulo", 2026);
        check("Asia/Almaty", 2027);
        check("Nowhere/Else", 2027);
    }
}
