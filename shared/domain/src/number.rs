//! Ticket numbers, and the ways in which people write them.
//!
//! An organization's tickets are numbered 1, 2, 3 … without a gap, for ever; beside it each ticket has a sequence within its
//! year, for the form `TICKET-2026-000297` (docs/requirements.md C4). An organization may have a pattern of its own beside these two.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::TicketId;

mod mentions;
mod pattern;

pub use mentions::{MOST_MENTIONS, mentions};
pub use pattern::{InvalidPattern, LONGEST_PATTERN, NumberPattern};

/// A ticket's two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TicketNumber {
    /// 1, 2, 3 … within the organization.
    pub number: u64,
    /// The year of creation in the organization's time zone.
    pub year: i16,
    /// 1, 2, 3 … within the organization and year.
    pub year_seq: u64,
}

impl TicketNumber {
    /// The year form: `TICKET-2026-000297`, seven digits and more from a million on.
    pub fn year_form(&self) -> YearForm {
        YearForm { year: self.year, seq: self.year_seq }
    }
}

/// `TICKET-{year}-{six digits}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearForm {
    /// The year.
    pub year: i16,
    /// The sequence within it.
    pub seq: u64,
}

impl fmt::Display for YearForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TICKET-{}-{:06}", self.year, self.seq)
    }
}

/// A reference to a ticket as it is found in a URL or a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketRef {
    /// The organization's number: `297`, `#297`.
    Number(u64),
    /// The year form: `TICKET-2026-000297`.
    YearForm(YearForm),
    /// The ticket's id: `tkt_01J…`.
    Id(TicketId),
}

impl fmt::Display for TicketRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "#{number}"),
            Self::YearForm(form) => form.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl TicketRef {
    /// Reads any form of a ticket's id; `None` when the text is none of them, which callers answer as "not found".
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(rest) = strip_prefix_ignoring_case(text, "TICKET-") {
            let (year, seq) = rest.split_once('-')?;
            return Some(Self::YearForm(YearForm { year: digits(year)?, seq: digits(seq)? }));
        }
        if let Some(number) = digits(text.strip_prefix('#').unwrap_or(text)) {
            return Some(Self::Number(number));
        }
        if text.starts_with("tkt_") {
            return TicketId::new(text).ok().map(Self::Id);
        }
        is_ulid(text).then(|| TicketId::new(format!("tkt_{}", text.to_ascii_uppercase())).ok().map(Self::Id))?
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Only ASCII digits: `str::parse` alone would take `+5`.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_ulid(text: &str) -> bool {
    text.len() == 26 && ulid::Ulid::from_string(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_form_of_a_ticket_id_is_read() {
        let check = |text: &str, expected: Option<TicketRef>| assert_eq!(TicketRef::parse(text), expected, "{text}");
        check("297", Some(TicketRef::Number(297)));
        check("#297", Some(TicketRef::Number(297)));
        check("000297", Some(TicketRef::Number(297)));
        check("TICKET-2025-000297", Some(TicketRef::YearForm(YearForm { year: 2025, seq: 297 })));
        check("ticket-2025-1000000", Some(TicketRef::YearForm(YearForm { year: 2025, seq: 1_000_000 })));
        let id = TicketId::new("tkt_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        check("tkt_01ARZ3NDEKTSV4RRFFQ69G5FAV", Some(TicketRef::Id(id.clone())));
        check("01ARZ3NDEKTSV4RRFFQ69G5FAV", Some(TicketRef::Id(id)));
        for bad in
            ["", "#", "-1", "+5", "1.5", "TICKET-2025", "TICKET--1", "TICKET-2025-", "99999999999999999999999", "ação"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn the_year_form_round_trips_past_a_million() {
        for seq in [1, 297, 999_999, 1_000_000] {
            let form = YearForm { year: 2026, seq };
            assert_eq!(TicketRef::parse(&form.to_string()), Some(TicketRef::YearForm(form)));
        }
        assert_eq!(YearForm { year: 2026, seq: 1 }.to_string(), "TICKET-2026-000001");
    }
}
