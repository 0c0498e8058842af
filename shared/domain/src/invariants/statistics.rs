//! I6: the counts of an organization's tickets are what counting them gives.

use std::collections::BTreeMap;

use super::{Finding, Invariant};
use crate::ticket::{Priority, TicketState};

/// Tickets by state and by priority; what is kept as changes may be negative in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By state.
    pub by_state: BTreeMap<TicketState, i64>,
    /// By priority.
    pub by_priority: BTreeMap<Priority, i64>,
}

impl Counts {
    /// Counts one ticket more.
    pub fn count(&mut self, state: TicketState, priority: Priority) {
        *self.by_state.entry(state).or_default() += 1;
        *self.by_priority.entry(priority).or_default() += 1;
    }

    /// Adds another part.
    pub fn add(&mut self, other: &Self) {
        for (state, count) in &other.by_state {
            *self.by_state.entry(*state).or_default() += count;
        }
        for (priority, count) in &other.by_priority {
            *self.by_priority.entry(*priority).or_default() += count;
        }
    }
}

/// What is kept against what was counted.
pub fn statistics(kept: &Counts, counted: &Counts) -> Vec<Finding> {
    let of_state = TicketState::ALL
        .into_iter()
        .map(|state| (state.as_str(), kept.by_state.get(&state).copied(), counted.by_state.get(&state).copied()));
    let of_priority = Priority::ALL.into_iter().map(|priority| {
        (priority.as_str(), kept.by_priority.get(&priority).copied(), counted.by_priority.get(&priority).copied())
    });
    let finding = |(name, kept, counted): (&str, Option<i64>, Option<i64>)| {
        let (kept, counted) = (kept.unwrap_or(0), counted.unwrap_or(0));
        let words = format!("{counted} tickets are {name}, but the statistics say {kept}");
        (kept != counted).then(|| Finding::new(Invariant::I6, words))
    };
    of_state.chain(of_priority).filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_in_parts_is_what_counting_gives() {
        let mut counted = Counts::default();
        counted.count(TicketState::Closed, Priority::Medium);
        counted.count(TicketState::New, Priority::Medium);
        let made = Counts {
            by_state: BTreeMap::from([(TicketState::New, 2)]),
            by_priority: BTreeMap::from([(Priority::Medium, 2)]),
        };
        let moved = Counts {
            by_state: BTreeMap::from([(TicketState::New, -1), (TicketState::Closed, 1), (TicketState::Open, 0)]),
            by_priority: BTreeMap::new(),
        };
        let mut kept = made.clone();
        kept.add(&moved);
        assert_eq!(statistics(&kept, &counted), []);
        let words: Vec<String> = statistics(&made, &counted).into_iter().map(|finding| finding.words).collect();
        let expected =
            ["1 tickets are new, but the statistics say 2", "1 tickets are closed, but the statistics say 0"];
        assert_eq!(words, expected);
    }
}
