//! The counter of an organization: the last number given, and where each year's numbers begin.
//!
//! A number is taken only in the transaction that writes its ticket (invariant I3), so the counter is also the exact count of
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

const YEAR_PREFIX: &str = "before_";

impl Counter {
    pub(crate) fn from_item(item: &Item) -> Self {
        let integer = |value: &aws_sdk_dynamodb::types::AttributeValue| value.as_n().ok().and_then(|n| n.parse().ok());
        let before = item
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(YEAR_PREFIX)?.parse().ok()?, integer(value)?)));
        Self { last: item.get("n").and_then(integer).unwrap_or(0), before: before.collect() }
    }

    /// The number that a ticket made in `year` gets. A year never runs backwards: a worker whose clock is behind at New Year
    /// numbers in the new year.
    pub(crate) fn next(&self, year: i16) -> TicketNumber {
        let year = self.before.last_key_value().map_or(year, |(latest, _)| year.max(*latest));
        let before = self.before.get(&year).copied().unwrap_or(self.last);
        TicketNumber { number: self.last + 1, year, year_seq: self.last + 1 - before }
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

    /// Takes the number that `ticket` bears, if the counter still stands at the one before. Counts its state and priority.
    pub(crate) fn take_number(&self, ticket: &Ticket) -> Result<TransactWriteItem, Error> {
        let TicketNumber { number: taken, year, year_seq } = ticket.number;
        let condition = if taken == 1 { "attribute_not_exists(n)" } else { "n = :last" };
        let year_starts = year_seq == 1;
        let set = if year_starts { "SET n = :n, #before = :last" } else { "SET n = :n" };
        let mut update = self
            .update(keys::counter(&ticket.org))
            .update_expression(format!("{set} ADD #state :one, #priority :one"))
            .condition_expression(condition)
            .expression_attribute_names("#state", crate::statistics::state_attribute(ticket.state))
            .expression_attribute_names("#priority", crate::statistics::priority_attribute(ticket.priority))
            .expression_attribute_values(":n", number(taken))
            .expression_attribute_values(":one", number(1));
        if year_starts {
            update = update.expression_attribute_names("#before", format!("{YEAR_PREFIX}{year}"));
        }
        if year_starts || taken > 1 {
            update = update.expression_attribute_values(":last", number(taken - 1));
        }
        update.into_transact()
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
            let next = counter.next(year);
            assert_eq!((next.number, next.year, next.year_seq), expected);
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
