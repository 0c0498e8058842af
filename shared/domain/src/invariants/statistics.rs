//! I6: the counts of an organization's tickets are what counting them gives.

use std::collections::BTreeMap;

use super::{Finding, Invariant};
use crate::figures::Figures;
use crate::ticket::{Priority, Ticket, TicketState};

/// Tickets by state and by priority, and their figures; what is kept as changes may be negative in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By state.
    pub by_state: BTreeMap<TicketState, i64>,
    /// By priority.
    pub by_priority: BTreeMap<Priority, i64>,
    /// How long they waited, and how many were late.
    pub figures: Figures,
}

impl Counts {
    /// Counts one ticket more.
    pub fn count(&mut self, ticket: &Ticket) {
        *self.by_state.entry(ticket.state).or_default() += 1;
        *self.by_priority.entry(ticket.priority).or_default() += 1;
        self.figures += Figures::of(ticket);
    }

    /// Adds another part.
    pub fn add(&mut self, other: &Self) {
        for (state, count) in &other.by_state {
            *self.by_state.entry(*state).or_default() += count;
        }
        for (priority, count) in &other.by_priority {
            *self.by_priority.entry(*priority).or_default() += count;
        }
        self.figures += other.figures;
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
    let figures = Figures::NAMES.into_iter().zip(kept.figures.values()).zip(counted.figures.values());
    let figure = |((name, kept), counted): ((&str, i64), i64)| {
        let words = format!("the tickets' {name} is {counted}, but the statistics say {kept}");
        (kept != counted).then(|| Finding::new(Invariant::I6, words))
    };
    of_state.chain(of_priority).filter_map(finding).chain(figures.filter_map(figure)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::sample::ticket;

    #[test]
    fn what_is_kept_in_parts_is_what_counting_gives() {
        let mut counted = Counts::default();
        counted.count(&Ticket { state: TicketState::Closed, ..ticket() });
        counted.count(&ticket());
        let made = Counts {
            by_state: BTreeMap::from([(TicketState::New, 2)]),
            by_priority: BTreeMap::from([(Priority::Medium, 2)]),
            figures: Figures::default(),
        };
        let moved = Counts {
            by_state: BTreeMap::from([(TicketState::New, -1), (TicketState::Closed, 1), (TicketState::Open, 0)]),
            by_priority: BTreeMap::new(),
            figures: Figures::default(),
        };
        let mut kept = made.clone();
        kept.add(&moved);
        assert_eq!(statistics(&kept, &counted), []);
        let words: Vec<String> = statistics(&made, &counted).into_iter().map(|finding| finding.words).collect();
        let expected =
            ["1 tickets are new, but the statistics say 2", "1 tickets are closed, but the statistics say 0"];
        assert_eq!(words, expected);
        kept.figures.late = 1;
        let words: Vec<String> = statistics(&kept, &counted).into_iter().map(|finding| finding.words).collect();
        assert_eq!(words, ["the tickets' late is 0, but the statistics say 1"]);
    }
}
