//! I3: an organization's tickets are numbered 1, 2, 3 … without a gap or a duplicate, and within each year as well.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Invariant, listed};
use crate::ids::TicketId;
use crate::number::TicketNumber;

/// What an organization's counter says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counter {
    /// The last number given; 0 before the first.
    pub last: u64,
    /// For each year with tickets: the last number given before it.
    pub before: BTreeMap<i16, u64>,
}

/// The numbers of all tickets of an organization, in any order, against its counter.
pub fn numbers(counter: &Counter, tickets: &mut [(TicketNumber, TicketId)]) -> Vec<Finding> {
    tickets.sort_unstable_by_key(|(number, _)| number.number);
    let mut findings = Vec::new();
    let mut found = |words: String| findings.push(Finding::new(Invariant::I3, words));
    for same in tickets.chunk_by(|(a, _), (b, _)| a.number == b.number).filter(|same| same.len() > 1) {
        let ids: Vec<&str> = same.iter().take(5).map(|(_, id)| id.as_str()).collect();
        found(format!("number {} is on {} tickets: {}", same[0].0.number, same.len(), ids.join(", ")));
    }
    let greatest = tickets.last().map_or(0, |(number, _)| number.number);
    let gaps = gaps(tickets.iter().map(|(number, _)| number.number));
    if !gaps.is_empty() {
        found(format!("no ticket has number {}", gaps.join(", ")));
    }
    if counter.last != greatest {
        found(format!("the counter stands at {}, but the greatest ticket number is {greatest}", counter.last));
    }
    findings.extend(years(counter, tickets));
    findings
}

/// The numbers from 1 that are missing before each that is there, as ranges.
fn gaps(rising: impl Iterator<Item = u64>) -> Vec<String> {
    let mut gaps = Vec::new();
    let mut next = 1;
    for number in rising {
        if number > next && gaps.len() < super::MOST_RANGES {
            gaps.push(if next == number - 1 { next.to_string() } else { format!("{next} to {}", number - 1) });
        }
        next = next.max(number.saturating_add(1));
    }
    gaps
}

/// A ticket's sequence in its year is its number less the last number before that year, and years do not run backwards.
fn years(counter: &Counter, by_number: &[(TicketNumber, TicketId)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |words: String| findings.push(Finding::new(Invariant::I3, words));
    let mut wrong = Vec::new();
    let mut latest = i16::MIN;
    let mut seen = BTreeSet::new();
    for (number, _) in by_number {
        let TicketNumber { number, year, year_seq } = *number;
        let is_first = seen.insert(year);
        let before = counter.before.get(&year).copied();
        if is_first && before.is_none() {
            found(format!("the counter does not know where the numbers of {year} begin"));
        }
        if year < latest || before.is_some_and(|before| before.checked_add(year_seq) != Some(number)) {
            wrong.push(number);
        }
        latest = latest.max(year);
    }
    if !wrong.is_empty() {
        wrong.dedup();
        found(format!("the year or the sequence in it is wrong on ticket {}", listed(wrong)));
    }
    for year in counter.before.keys().filter(|year| !seen.contains(year)) {
        found(format!("the counter says where {year} begins, but no ticket is of {year}"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: u64, year: i16, year_seq: u64) -> (TicketNumber, TicketId) {
        (TicketNumber { number, year, year_seq }, TicketId::new(format!("tkt_{number}_{year_seq}")).unwrap())
    }

    fn two_years() -> Vec<(TicketNumber, TicketId)> {
        vec![ticket(3, 2027, 1), ticket(1, 2026, 1), ticket(2, 2026, 2)]
    }

    fn counter(last: u64) -> Counter {
        Counter { last, before: BTreeMap::from([(2026, 0), (2027, 2)]) }
    }

    #[track_caller]
    fn check(counter: &Counter, mut tickets: Vec<(TicketNumber, TicketId)>, expected: &[&str]) {
        let found: Vec<String> = numbers(counter, &mut tickets).into_iter().map(|finding| finding.words).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_without_gap_and_duplicate_are_sound() {
        check(&Counter::default(), Vec::new(), &[]);
        check(&counter(3), two_years(), &[]);
    }

    #[test]
    fn a_gap_a_duplicate_and_a_counter_that_stands_wrong_are_found() {
        let mut tickets = two_years();
        tickets.remove(2);
        check(&counter(3), tickets, &["no ticket has number 2"]);
        let mut tickets = two_years();
        tickets.push(ticket(2, 2026, 2));
        check(&counter(3), tickets, &["number 2 is on 2 tickets: tkt_2_2, tkt_2_2"]);
        check(&counter(4), two_years(), &["the counter stands at 4, but the greatest ticket number is 3"]);
        let far = vec![ticket(u64::MAX, 2026, u64::MAX)];
        let counter = Counter { last: u64::MAX, before: BTreeMap::from([(2026, 0)]) };
        check(&counter, far, &["no ticket has number 1 to 18446744073709551614"]);
    }

    #[test]
    fn a_year_s_sequence_begins_where_the_counter_says() {
        let mut tickets = two_years();
        tickets[0] = ticket(3, 2027, 3);
        check(&counter(3), tickets, &["the year or the sequence in it is wrong on ticket 3"]);
        let mut tickets = two_years();
        tickets[0] = ticket(3, 2025, 3);
        let counter = Counter { last: 3, before: BTreeMap::from([(2025, 0), (2026, 0), (2027, 2)]) };
        check(
            &counter,
            tickets,
            &[
                "the year or the sequence in it is wrong on ticket 3",
                "the counter says where 2027 begins, but no ticket is of 2027",
            ],
        );
        let unknown = Counter { last: 3, before: BTreeMap::from([(2026, 0)]) };
        check(&unknown, two_years(), &["the counter does not know where the numbers of 2027 begin"]);
    }
}
