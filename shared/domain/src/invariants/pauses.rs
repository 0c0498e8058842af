//! I8: a ticket's clocks stand while it waits for its contact, and for as long as its history says.

use jiff::Timestamp;

use super::history::Row;
use crate::event::Actor;
use crate::ticket::{Ticket, TicketState};

/// The clocks stand exactly while the ticket waits for its contact, and stood for as long as its history says.
pub(super) fn pauses(ticket: &Ticket, cycle: &[Row]) -> Option<String> {
    for (place, row) in cycle.iter().enumerate() {
        let said = row.row.stood_ms;
        let paused = waits_since(&cycle[..place]).filter(|_| row.row.from != row.row.to);
        let waited = paused.map(|since| row.row.at.as_millisecond() - since.as_millisecond());
        let is_so = match (said, waited) {
            (None, None) => true,
            // Who wrote a while before we knew was not waited for since then.
            (Some(said), Some(most)) if row.row.actor == Actor::Customer => (0..=most.max(0)).contains(&said),
            (Some(said), Some(all)) => said == all.max(0),
            _ => false,
        };
        if !is_so {
            let (version, words) =
                (row.version, |ms: Option<i64>| ms.map_or("never".to_owned(), |ms| format!("{ms} ms")));
            return Some(format!(
                "row {version} of its history says that the clocks stood {}, but the ticket waited {}",
                words(said),
                words(waited)
            ));
        }
    }
    let (says, was) = (ticket.sla.stood_ms, stood(cycle));
    if says != was {
        return Some(format!("its clocks stood {was} ms, but it says {says} ms"));
    }
    if ticket.sla.paused_at != waits_since(cycle) {
        let time = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.as_millisecond().to_string());
        let (says, was) = (time(ticket.sla.paused_at), time(waits_since(cycle)));
        return Some(format!("it waits for its contact since {was}, but its clocks stand since {says}"));
    }
    let waits = ticket.state == TicketState::PendingCustomer;
    (ticket.details.patience.is_some() && !waits)
        .then(|| "it does not wait for its contact, but would be resolved for its silence".to_owned())
}

/// Since when the ticket waits for its contact after these rows, if it does. What happened to a part of another ticket, which it no
/// longer is, says nothing of it.
pub(super) fn waits_since(rows: &[Row]) -> Option<Timestamp> {
    let entered = rows.iter().rfind(|row| row.row.from != row.row.to)?;
    (entered.row.to == TicketState::PendingCustomer).then_some(entered.row.at)
}

/// For how long the clocks stood in these rows, in milliseconds.
pub(super) fn stood(rows: &[Row]) -> i64 {
    rows.iter().filter_map(|row| row.row.stood_ms).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;
    use crate::invariants::history::tests::Life;
    use crate::ticket::sample::ticket as sample;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    /// It waits since 2, and by the contact's message of 5, which came at 7, no longer.
    fn waited() -> Life {
        let ana = AgentId::new("ana").unwrap();
        let life = Life::new(sample());
        let change = life.ticket.claimed_by(&ana, at(1)).unwrap();
        let life = life.then(change);
        let change = life.ticket.moved_to(TicketState::PendingCustomer, &ana, None, at(2)).unwrap();
        let life = life.then(change);
        let change = life.ticket.customer_wrote(at(5), at(7)).unwrap();
        life.then(change)
    }

    #[track_caller]
    fn check(edit: impl Fn(&mut Life), expected: Option<&str>) {
        let mut life = waited();
        edit(&mut life);
        let found = pauses(&life.ticket, &life.rows);
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        assert!(found.as_deref().unwrap_or_default().ends_with(expected.unwrap_or_default()), "{found:?}");
    }

    #[test]
    fn clocks_stood_while_the_ticket_waited_and_no_longer() {
        check(|_| {}, None);
        check(|life| life.rows[2].row.stood_ms = Some(5000), Some("its clocks stood 5000 ms, but it says 3000 ms"));
        check(
            |life| life.rows[2].row.stood_ms = Some(5001),
            Some("row 4 of its history says that the clocks stood 5001 ms, but the ticket waited 5000 ms"),
        );
        check(|life| life.rows[2].row.actor = Actor::System, Some("stood 3000 ms, but the ticket waited 5000 ms"));
        check(|life| life.rows[2].row.stood_ms = None, Some("stood never, but the ticket waited 5000 ms"));
        check(|life| life.rows[0].row.stood_ms = Some(1), Some("stood 1 ms, but the ticket waited never"));
        check(|life| life.ticket.sla.stood_ms = 0, Some("its clocks stood 3000 ms, but it says 0 ms"));
        check(
            |life| life.ticket.sla.paused_at = Some(at(2)),
            Some("it waits for its contact since never, but its clocks stand since 1790000002000"),
        );
        let patience = crate::ticket::Patience { reminder: None, resolve_at: Some(at(9)) };
        check(|life| life.ticket.details.patience = Some(patience), Some("but would be resolved for its silence"));
    }
}
