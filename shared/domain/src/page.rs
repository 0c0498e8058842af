//! How much of a list is given at once: so many things, and so many bytes, since no answer may exceed what Lambda lets through (6 MB).
//!
//! The one home of that rule. Weights are bounds of what any dialect writes; they depend on what does not change, so that the same list is
//! cut at the same place twice.

use crate::connection::Connection;
use crate::event::HistoryRow;
use crate::message::Message;
use crate::note::Note;
use crate::template::Template;
use crate::ticket::Ticket;

/// How much all things of a part weigh at most, but for a single one, which always fits. Below what an answer may have (5 MB) by
/// what stands beside them.
pub const PAGE_BYTES: usize = 3_500_000;

/// What an answer that is kept for repetitions may have: an item of the table holds 400 KB.
pub const KEPT_BYTES: usize = 250_000;

/// Something that a list may hold.
pub trait Weighs {
    /// At least as many bytes as any dialect writes of it.
    fn weight(&self) -> usize;
}

/// How much a part of a list still takes.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    things: usize,
    bytes: usize,
    is_empty: bool,
}

impl Room {
    /// For so many things of together at most `PAGE_BYTES`.
    pub fn of(things: usize) -> Self {
        Self { things, bytes: PAGE_BYTES, is_empty: true }
    }

    /// For fewer bytes.
    #[must_use]
    pub fn within(self, bytes: usize) -> Self {
        Self { bytes: bytes.min(self.bytes), ..self }
    }

    /// How many more things it takes at most.
    pub fn things(&self) -> usize {
        self.things
    }

    /// Whether nothing more fits, however small.
    pub fn is_full(&self) -> bool {
        self.things == 0
    }

    /// Whether another thing fits; then it has its place. The first always does, so that whoever reads on comes to the end.
    pub fn takes(&mut self, weight: usize) -> bool {
        let fits = self.things > 0 && (self.is_empty || weight <= self.bytes);
        if fits {
            (self.things, self.bytes) = (self.things - 1, self.bytes.saturating_sub(weight));
            self.is_empty = false;
        }
        fits
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion<T> {
    /// What is in it.
    pub items: Vec<T>,
    /// Whether the list goes on.
    pub has_more: bool,
}

impl<T> Portion<T> {
    /// The first of a list that there is room for.
    pub fn cut(mut items: Vec<T>, mut room: Room, weight: impl Fn(&T) -> usize) -> Self {
        let count = items.iter().take_while(|item| room.takes(weight(item))).count();
        let has_more = count < items.len();
        items.truncate(count);
        Self { items, has_more }
    }
}

/// How many bytes a text has when it is written as JSON.
pub fn written(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum::<usize>() + 2
}

/// As `written`, of what may be absent.
pub fn written_if(text: Option<&str>) -> usize {
    text.map_or(0, written)
}

/// The beginning of a text that is shown beside other things.
pub fn glimpse(text: &str) -> &str {
    const LONGEST: usize = 1_000;
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

impl Weighs for Message {
    fn weight(&self) -> usize {
        // Ids, names and what is told of the sender with each message; `raw` is JSON already.
        const BESIDE: usize = 6_000;
        written_if(self.content.text.as_deref()) + self.content.raw.as_ref().map_or(0, String::len) + BESIDE
    }
}

impl Weighs for Note {
    fn weight(&self) -> usize {
        // With a signed link to its file.
        const BESIDE: usize = 6_000;
        written(&self.text) + if self.attachment.is_some() { BESIDE } else { BESIDE / 10 }
    }
}

impl Weighs for HistoryRow {
    fn weight(&self) -> usize {
        const BESIDE: usize = 1_500;
        written_if(self.reason.as_deref()) + BESIDE
    }
}

impl Weighs for Ticket {
    fn weight(&self) -> usize {
        // Everything that is bounded otherwise: ids, times, related tickets, the names of its contact and agent.
        const BESIDE: usize = 5_000;
        let details = &self.details;
        let words = [self.description.as_ref(), details.resolution.as_ref(), details.subcategory.as_ref()];
        let tags = details.tags.iter().map(|tag| written(tag) + 1).sum::<usize>();
        // Some dialects give the title again where there is no description.
        2 * written(&self.title) + words.into_iter().flatten().map(|text| written(text)).sum::<usize>() + tags + BESIDE
    }
}

impl Weighs for Template {
    fn weight(&self) -> usize {
        as_stored(self)
    }
}

impl Weighs for Connection {
    fn weight(&self) -> usize {
        as_stored(self)
    }
}

/// Of what is told nearly as it is stored, with longer names of its fields.
fn as_stored(thing: &impl serde::Serialize) -> usize {
    const BESIDE: usize = 1_500;
    serde_json::to_string(thing).map_or(0, |text| text.len()) + BESIDE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_as_long_as_it_is_written(text in "\\PC{0,20}[\u{0}-\u{7f}]{0,20}") {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap().len());
        }

        #[test]
        fn parts_one_after_the_other_are_the_list(weights in prop::collection::vec(0..2 * PAGE_BYTES, 0..20), things in 1..8usize) {
            let (mut left, mut parts) = (weights.clone(), Vec::new());
            while !left.is_empty() {
                let part = Portion::cut(left.clone(), Room::of(things), |weight| *weight);
                prop_assert!(!part.items.is_empty() && part.items.len() <= things);
                prop_assert!(part.items.len() == 1 || part.items.iter().sum::<usize>() <= PAGE_BYTES);
                prop_assert_eq!(part.has_more, part.items.len() < left.len());
                left.drain(..part.items.len());
                parts.extend(part.items);
            }
            prop_assert_eq!(parts, weights);
        }
    }

    #[test]
    fn a_glimpse_is_short_and_whole_characters() {
        assert_eq!(glimpse("ação"), "ação");
        assert_eq!(glimpse(&"é".repeat(5_000)), "é".repeat(1_000));
    }
}
