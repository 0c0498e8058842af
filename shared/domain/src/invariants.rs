//! What must hold of everything that is stored: the promises I1 to I6 and I8 of the design as rules over typed facts.
//!
//! The functions keep the promises while they write; these rules prove afterwards that they did. They must never share a line
//! with the code that writes, or both would be wrong together, and they see no message text, name or phone number. I7 is a
//! promise about keys, so `storage` proves it.

use std::fmt;

use crate::ids::{ConnectionId, ContactId, ConversationId, ProviderMessageId};
use crate::message::MessageRef;
use crate::ticket::Ticket;

pub mod clocks;
pub mod delivery;
pub mod history;
pub mod identities;
pub mod load;
pub mod media;
pub mod messages;
pub mod notes;
pub mod numbers;
mod pauses;
pub mod slot;
pub mod statistics;

/// A promise of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// Every acknowledged message is stored exactly once.
    I1,
    /// At most one active ticket for a contact and connection.
    I2,
    /// Ticket numbers have no gap and no duplicate.
    I3,
    /// One winner a claim; ticket, load and board agree.
    I4,
    /// A delivery state never goes backwards.
    I5,
    /// Every change of state is told, once.
    I6,
    /// Nothing crosses from one organization to another.
    I7,
    /// SLA clocks follow from what happened; one alert a metric and cycle.
    I8,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Work that may not be finished yet: what it is about to put right is no finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Work {
    /// A message of this contact waits to be taken.
    Contact(ContactId),
    /// A message of this conversation waits to be taken.
    Conversation(ConversationId),
    /// A report on this message of the provider waits to be taken.
    Report(ConnectionId, ProviderMessageId),
    /// This answer waits to be sent.
    Answer(MessageRef),
    /// The file of this message waits to be fetched.
    Media(MessageRef),
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which promise is broken.
    pub invariant: Invariant,
    /// What is wrong, for a support lead: ids, numbers and times, never what anybody said or is called.
    pub words: String,
    /// Work that explains it while it is under way. Empty when nothing does.
    pub unless: Vec<Work>,
}

impl Finding {
    /// A finding that nothing explains.
    pub fn new(invariant: Invariant, words: impl Into<String>) -> Self {
        Self { invariant, words: words.into(), unless: Vec::new() }
    }

    /// The same, unless this work is under way.
    #[must_use]
    pub fn unless(mut self, work: Work) -> Self {
        self.unless.push(work);
        self
    }
}

/// A ticket as people and programs name it.
pub fn named(ticket: &Ticket) -> String {
    format!("ticket {} ({})", ticket.number.number, ticket.id)
}

/// `1, 2, 5 to 9`, cut after a few.
fn listed(values: impl IntoIterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for value in values {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => ranges.push((value, value)),
        }
    }
    let more = ranges.len() > MOST_RANGES;
    let text =
        |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first} to {last}") };
    let shown: Vec<String> = ranges.iter().take(MOST_RANGES).map(text).collect();
    format!("{}{}", shown.join(", "), if more { " and more" } else { "" })
}

const MOST_RANGES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_ranges_and_not_without_end() {
        assert_eq!(listed([3]), "3");
        assert_eq!(listed([1, 2, 3, 7, 9, 10]), "1 to 3, 7, 9 to 10");
        assert!(listed((0..100).map(|n| n * 2)).ends_with("18 and more"));
    }
}
