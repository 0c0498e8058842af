//! The tenant and the queues of its teams.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, QueueId};
use crate::locale::Locale;
use crate::number::NumberPattern;
use crate::ticket::{ClosingPolicy, WaitingPolicy};

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
    /// In which language the system speaks to contacts where their connection does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// How long contacts who do not answer are waited for.
    #[serde(flatten)]
    pub waiting: WaitingPolicy,
    /// How new tickets' numbers are written; absent for `#297`.
    #[serde(rename = "numbers", default, skip_serializing_if = "Option::is_none")]
    pub number_pattern: Option<NumberPattern>,
    /// The patterns before it, the latest first: what they wrote is still read.
    #[serde(rename = "numbers_before", default, skip_serializing_if = "Vec::is_empty")]
    pub former_patterns: Vec<NumberPattern>,
}

/// How many patterns of an organization are remembered.
pub const MOST_PATTERNS: usize = 20;

/// Why a pattern is not changed again: what a ticket shows must go on being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("number_pattern was changed {MOST_PATTERNS} times: take one of the former ones, which are all still read")]
pub struct TooManyPatterns;

impl Settings {
    /// All patterns whose numbers are read, the present one first.
    pub fn patterns(&self) -> impl Iterator<Item = &NumberPattern> + Clone {
        self.number_pattern.iter().chain(&self.former_patterns)
    }

    /// The same with another pattern for new tickets. Errors: `TooManyPatterns`.
    pub fn with_pattern(mut self, pattern: Option<NumberPattern>) -> Result<Self, TooManyPatterns> {
        if self.number_pattern == pattern {
            return Ok(self);
        }
        if let Some(before) = self.number_pattern.take() {
            self.former_patterns.insert(0, before);
        }
        self.former_patterns.retain(|former| Some(former) != pattern.as_ref());
        if self.former_patterns.len() >= MOST_PATTERNS {
            return Err(TooManyPatterns);
        }
        self.number_pattern = pattern;
        Ok(self)
    }
}

impl Organization {
    /// The year that a ticket made now is numbered in. An unknown time zone counts as UTC: a number must never wait for a setting.
    pub fn year(&self, now: Timestamp) -> i16 {
        now.to_zoned(self.zone()).year()
    }

    /// The year in which a ticket of this organization is numbered now, and the pattern in which; of one that is not there the year in
    /// UTC, and none.
    pub fn numbering(found: Option<&Self>, now: Timestamp) -> (i16, Option<NumberPattern>) {
        match found {
            Some(found) => (found.year(now), found.settings.number_pattern.clone()),
            None => (now.to_zoned(TimeZone::UTC).year(), None),
        }
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
    fn a_former_pattern_is_remembered_once() {
        let pattern = |text: &str| Some(text.parse::<NumberPattern>().unwrap());
        let settings = Settings::default().with_pattern(pattern("A-{seq}")).unwrap();
        let settings = settings.with_pattern(pattern("B-{seq}")).unwrap().with_pattern(pattern("B-{seq}")).unwrap();
        let texts = |settings: &Settings| settings.patterns().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&settings), ["B-{seq}", "A-{seq}"]);
        let settings = settings.with_pattern(pattern("A-{seq}")).unwrap();
        assert_eq!(texts(&settings), ["A-{seq}", "B-{seq}"]);
        let none = settings.with_pattern(None).unwrap();
        assert_eq!((none.number_pattern.clone(), texts(&none).len()), (None, 2));
        let many =
            (0..MOST_PATTERNS - 2).try_fold(none, |before, n| before.with_pattern(pattern(&format!("C{n}-{{seq}}"))));
        let many = many.unwrap();
        assert_eq!(many.clone().with_pattern(pattern("D-{seq}")), Err(TooManyPatterns));
        assert!(many.with_pattern(pattern("A-{seq}")).is_ok());
    }

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
