//! What a ticket adds to the figures of its organization: how long it waited, and whether it was late.
//!
//! Kept as the difference that each change makes, so that the sums are those of all tickets as they are now, and no report
//! has to read them.

use std::ops::{AddAssign, Sub};

use jiff::Timestamp;

use crate::ticket::Ticket;

/// Sums over tickets; of a difference, parts may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many were answered in their present cycle.
    pub answered: i64,
    /// How long those waited for it, in milliseconds.
    pub answered_ms: i64,
    /// How many were resolved in their present cycle.
    pub resolved: i64,
    /// How long those took, in milliseconds.
    pub resolved_ms: i64,
    /// How many missed a deadline of their present cycle.
    pub late: i64,
}

impl Figures {
    /// The names of its sums, in the order of `values`.
    pub const NAMES: [&str; 5] = ["answered", "answered_ms", "resolved", "resolved_ms", "late"];

    /// Those of one ticket.
    pub fn of(ticket: &Ticket) -> Self {
        let since = |at: Timestamp| (at.as_millisecond() - ticket.sla.opened_at.as_millisecond()).max(0);
        let is_late = ticket.sla.first_response.breached_at.or(ticket.sla.resolution.breached_at).is_some();
        Self {
            answered: ticket.first_response_at.is_some().into(),
            answered_ms: ticket.first_response_at.map_or(0, since),
            resolved: ticket.resolved_at.is_some().into(),
            resolved_ms: ticket.resolved_at.map_or(0, since),
            late: is_late.into(),
        }
    }

    /// Its sums in the order of `NAMES`.
    pub fn values(self) -> [i64; 5] {
        [self.answered, self.answered_ms, self.resolved, self.resolved_ms, self.late]
    }

    /// The other way round.
    pub fn from_values([answered, answered_ms, resolved, resolved_ms, late]: [i64; 5]) -> Self {
        Self { answered, answered_ms, resolved, resolved_ms, late }
    }

    /// How long an answered ticket waited for its first answer on average, in milliseconds; 0 where none was answered.
    pub fn mean_answer_ms(self) -> i64 {
        mean(self.answered_ms, self.answered)
    }

    /// How long a resolved ticket took on average, in milliseconds; 0 where none was resolved.
    pub fn mean_resolution_ms(self) -> i64 {
        mean(self.resolved_ms, self.resolved)
    }
}

fn mean(sum: i64, count: i64) -> i64 {
    sum.checked_div(count).unwrap_or(0)
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        let (mine, others) = (self.values(), other.values());
        *self = Self::from_values(std::array::from_fn(|place| mine[place] + others[place]));
    }
}

impl Sub for Figures {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let (mine, others) = (self.values(), other.values());
        Self::from_values(std::array::from_fn(|place| mine[place] - others[place]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;
    use crate::ticket::TicketState;
    use crate::ticket::sample::ticket;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn the_differences_of_all_changes_add_up_to_what_the_ticket_is() {
        let ana = AgentId::new("ana").unwrap();
        let new = ticket();
        assert_eq!(Figures::of(&new), Figures::default());
        let held = new.claimed_by(&ana, at(10)).unwrap();
        let answered = held.after.answered_by(&ana, at(90)).unwrap().unwrap();
        let late = answered.after.scanned(at(4 * 24 * 3600)).unwrap();
        let resolved = late.after.moved_to(TicketState::Resolved, &ana, None, at(5 * 24 * 3600)).unwrap();
        let mut sum = Figures::default();
        for change in [&held, &answered, &late, &resolved] {
            sum += Figures::of(&change.after) - Figures::of(&change.before);
        }
        let expected =
            Figures { answered: 1, answered_ms: 90_000, resolved: 1, resolved_ms: 5 * 24 * 3_600_000, late: 1 };
        assert_eq!((sum, sum.mean_answer_ms()), (expected, 90_000));
        // A new cycle has missed nothing yet.
        let reopened = resolved.after.customer_wrote(at(6 * 24 * 3600), at(6 * 24 * 3600)).unwrap();
        sum += Figures::of(&reopened.after) - Figures::of(&reopened.before);
        assert_eq!((sum, sum.mean_resolution_ms()), (Figures::default(), 0));
    }
}
