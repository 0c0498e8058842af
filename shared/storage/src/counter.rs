//! The counter of an organization: the last number given, and where each year's numbers begin.
//!
//! A number is taken only in the transaction that writes its ticket, or the block of tickets (invariant I3), so the counter is also the exact count of
//! all tickets. Both sequences grow together: a year's sequence is the number less the number at which the year began, and
//! the form `TICKET-2026-000297` is found without an index.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::OrganizationId;
use domain::number::{TicketNumber, YearForm};
use domain::ticket::Ticket;

use crate::item::{Item, number};
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

/// What is read from the counter item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    /// The last number given; 0 before the first.
    pub(crate) last: u64,
    /// For each year with tickets: the last number given before it.
    before: BTreeMap<i16, u64>,
}

pub(crate) const YEAR_PREFIX: &str = "before_";

impl Counter {
    pub(crate) fn from_item(item: &Item) -> Self {
        let integer = |value: &aws_sdk_dynamodb::types::AttributeValue| value.as_n().ok().and_then(|n| n.parse().ok());
        let before = item
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(YEAR_PREFIX)?.parse().ok()?, integer(value)?)));
        Self { last: item.get("n").and_then(integer).unwrap_or(0), before: before.collect() }
    }

    /// The numbers that `count` tickets made in `year` get. A year never runs backwards: a worker whose clock is behind at New
    /// Year numbers in the new year.
    pub(crate) fn next(&self, year: i16, count: usize) -> impl Iterator<Item = TicketNumber> + use<> {
        let year = self.before.last_key_value().map_or(year, |(latest, _)| year.max(*latest));
        let before = self.before.get(&year).copied().unwrap_or(self.last);
        (self.last + 1..).take(count).map(move |number| TicketNumber { number, year, year_seq: number - before })
    }

    fn number_of(&self, form: YearForm) -> Option<u64> {
        let before = self.before.get(&form.year)?;
        let number = before.checked_add(form.seq).filter(|_| form.seq > 0)?;
        let next_year = self.before.range(form.year + 1..).next().map_or(self.last, |(_, last)| *last);
        (number <= next_year).then_some(number)
    }
}

impl Storage {
    /// How many tickets the organization has. Exact, since numbers have no gap.
    pub async fn ticket_count(&self, org: &OrganizationId) -> Result<u64, Error> {
        Ok(self.counter(org).await?.last)
    }

    /// The number that `TICKET-2026-000297` stands for. `None` when that was never given.
    pub async fn number_of(&self, org: &OrganizationId, form: YearForm) -> Result<Option<u64>, Error> {
        Ok(self.counter(org).await?.number_of(form))
    }

    pub(crate) async fn counter(&self, org: &OrganizationId) -> Result<Counter, Error> {
        Ok(self.get(keys::counter(org), true).await?.map(|item| Counter::from_item(&item)).unwrap_or_default())
    }

    /// Takes the numbers that these tickets bear, a block without a gap, if the counter still stands before the first of them.
    /// Counts their states and priorities.
    pub(crate) fn take_numbers(&self, tickets: &[Ticket]) -> Result<Option<TransactWriteItem>, Error> {
        let (Some(first), Some(last)) = (tickets.first(), tickets.last()) else { return Ok(None) };
        let TicketNumber { number: taken, year, year_seq } = first.number;
        let year_starts = year_seq == 1;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for ticket in tickets {
            *counts.entry(crate::statistics::state_attribute(ticket.state)).or_default() += 1;
            *counts.entry(crate::statistics::priority_attribute(ticket.priority)).or_default() += 1;
        }
        let set = if year_starts { "SET n = :n, #before = :last" } else { "SET n = :n" };
        let adds: Vec<String> = (0..counts.len()).map(|place| format!("#a{place} :a{place}")).collect();
        let mut update = self
            .update(keys::counter(&first.org))
            .update_expression(format!("{set} ADD {}", adds.join(", ")))
            .condition_expression(if taken == 1 { "attribute_not_exists(n)" } else { "n = :last" })
            .expression_attribute_values(":n", number(last.number.number));
        for (place, (attribute, count)) in counts.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#a{place}"), attribute)
                .expression_attribute_values(format!(":a{place}"), number(count));
        }
        if year_starts {
            update = update.expression_attribute_names("#before", format!("{YEAR_PREFIX}{year}"));
        }
        if year_starts || taken > 1 {
            update = update.expression_attribute_values(":last", number(taken - 1));
        }
        update.into_transact().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(last: u64, before: &[(i16, u64)]) -> Counter {
        Counter { last, before: before.iter().copied().collect() }
    }

    #[test]
    fn numbers_go_on_and_years_begin_at_one() {
        let check = |counter: Counter, year: i16, expected: (u64, i16, u64)| {
            let next: Vec<_> = counter.next(year, 2).map(|next| (next.number, next.year, next.year_seq)).collect();
            let (number, in_year, seq) = expected;
            assert_eq!(next, [expected, (number + 1, in_year, seq + 1)]);
        };
        check(counter(0, &[]), 2026, (1, 2026, 1));
        check(counter(1, &[(2026, 0)]), 2026, (2, 2026, 2));
        check(counter(296, &[(2026, 0)]), 2027, (297, 2027, 1));
        check(counter(297, &[(2026, 0), (2027, 296)]), 2026, (298, 2027, 2)); // a clock that is behind
    }

    #[test]
    fn a_year_form_is_found_only_if_it_was_given() {
        let counter = counter(300, &[(2026, 0), (2027, 296)]);
        let check = |year: i16, seq: u64, expected: Option<u64>| {
            assert_eq!(counter.number_of(YearForm { year, seq }), expected, "{year} {seq}");
        };
        check(2026, 1, Some(1));
        check(2026, 296, Some(296));
        check(2026, 297, None);
        check(2027, 1, Some(297));
        check(2027, 4, Some(300));
        check(2027, 5, None);
        check(2027, 0, None);
        check(2025, 1, None);
        check(2027, u64::MAX, None);
    }
}
