//! How many tickets may be made by hand for one contact (docs/requirements.md §1.4, seed S1): ten an hour, ten that are not done.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many in an hour.
pub const MOST_AN_HOUR: usize = 10;
/// How many at a time that are not resolved, closed or cancelled.
pub const MOST_OPEN: usize = 10;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// When the last tickets of a contact were made by hand, in milliseconds, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// At most ten.
    pub times: Vec<i64>,
}

/// Why no further ticket is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Ten were made within the hour.
    #[error("Too many tickets created. Please try again later.")]
    AnHour {
        /// Until the next may be made.
        seconds: u64,
    },
    /// Ten are not done.
    #[error("The customer has {MOST_OPEN} open tickets already; resolve one first")]
    Open,
}

impl Made {
    /// What is remembered once one more is made. `open` counts those of the contact that are not done. Errors: `TooMany`.
    pub fn one_more(&self, open: usize, now: Timestamp) -> Result<Self, TooMany> {
        let now_ms = now.as_millisecond();
        let since = now_ms - i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
        let mut times: Vec<i64> = self.times.iter().copied().filter(|time| *time > since).collect();
        if times.len() >= MOST_AN_HOUR {
            let next = times.get(times.len() - MOST_AN_HOUR).map_or(0, |oldest| oldest - since);
            return Err(TooMany::AnHour { seconds: u64::try_from(next / 1000).unwrap_or(0) + 1 });
        }
        if open >= MOST_OPEN {
            return Err(TooMany::Open);
        }
        times.push(now_ms);
        Ok(Self { times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn the_eleventh_ticket_of_an_hour_waits_until_the_first_is_an_hour_old() {
        let mut made = Made::default();
        for minute in 0..10 {
            made = made.one_more(0, at(minute)).unwrap();
        }
        assert_eq!(made.one_more(0, at(30)), Err(TooMany::AnHour { seconds: 30 * 60 + 1 }));
        assert_eq!(made.one_more(0, at(60)).unwrap().times.len(), 10);
    }

    #[test]
    fn a_contact_with_ten_open_tickets_gets_no_further_one() {
        assert_eq!(Made::default().one_more(10, at(0)), Err(TooMany::Open));
        assert!(Made::default().one_more(9, at(0)).is_ok());
    }
}
