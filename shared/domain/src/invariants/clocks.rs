//! I8: a ticket's deadlines and stopped clocks follow from what happened to it, and each breach was recorded once.

use jiff::{SignedDuration, Timestamp};

use super::history::{Row, cycle, lived};
use super::pauses::{pauses, stood, waits_since};
use super::{Finding, Invariant, named};
use crate::event::Happening;
use crate::sla::{Metric, Sla};
use crate::ticket::Ticket;

/// A ticket's clocks against its history. Tells the first thing that is wrong.
pub fn clocks(ticket: &Ticket, rows: &[Row]) -> Option<Finding> {
    let lived = lived(rows);
    let rows = &lived[..];
    let wrong = cycle_begins(ticket, rows)
        .or_else(|| pauses(ticket, cycle(rows)))
        .or_else(|| Metric::ALL.into_iter().find_map(|metric| clock(ticket, rows, metric)))
        .or_else(|| Metric::ALL.into_iter().find_map(|metric| alerts(ticket, rows, metric)))?;
    Some(Finding::new(Invariant::I8, format!("{}: {wrong}", named(ticket))))
}

/// A cycle begins with what the contact wrote, never after the ticket was made or reopened by it.
fn cycle_begins(ticket: &Ticket, rows: &[Row]) -> Option<String> {
    let since = rows.len() - cycle(rows).len();
    let latest = since.checked_sub(1).and_then(|place| rows.get(place)).map_or(ticket.created_at, |row| row.row.at);
    let begins = ticket.sla.opened_at;
    (begins > latest).then(|| {
        let (begins, latest) = (begins.as_millisecond(), latest.as_millisecond());
        format!("its clocks began at {begins}, after it was opened at {latest}")
    })
}

/// A clock's deadline, whether it runs, and whether its breach is one.
fn clock(ticket: &Ticket, rows: &[Row], metric: Metric) -> Option<String> {
    let (clock, name) = (ticket.sla.clock(metric), words(metric));
    let due = due(ticket, cycle(rows), metric);
    if clock.due_at != due {
        let (is, due) = (clock.due_at.as_millisecond(), due.as_millisecond());
        return Some(format!("its {name} is due at {is}, but by its priority at {due}"));
    }
    let is_active = ticket.state.is_active();
    let stops = match metric {
        // Answered, or done without an answer.
        Metric::FirstResponse => ticket.first_response_at.is_some() || !is_active,
        Metric::Resolution => !is_active,
    };
    match (clock.stopped_at, stops) {
        (None, true) => return Some(format!("the clock of its {name} still runs")),
        (Some(_), false) => return Some(format!("the clock of its {name} stands, but it must run")),
        _ => {}
    }
    let answered = ticket.first_response_at.filter(|_| metric == Metric::FirstResponse);
    if answered.is_some() && clock.stopped_at != answered {
        return Some(format!("the clock of its {name} did not stop at the first answer"));
    }
    let in_time =
        |breached: Timestamp| breached < clock.due_at || clock.stopped_at.is_some_and(|at| at <= clock.due_at);
    let unfounded = clock.breached_at.is_some_and(in_time);
    unfounded.then(|| format!("its {name} was recorded as late, but it was in time"))
}

/// The deadline by the priority that the ticket had when the clock stopped or its breach was told, or has now; and by how long the clock
/// had stood until then.
fn due(ticket: &Ticket, cycle: &[Row], metric: Metric) -> Timestamp {
    let decides = |row: &Row| match &row.row.happening {
        Happening::SlaBreached { metric: late } => *late == metric,
        Happening::FirstAnswerGiven => metric == Metric::FirstResponse,
        _ => row.row.from.is_active() && !row.row.to.is_active(),
    };
    let at = cycle.iter().position(decides).unwrap_or(cycle.len());
    let later = cycle[at..].iter().find_map(|row| match row.row.happening {
        Happening::PriorityChanged { old, .. } => Some(old),
        _ => None,
    });
    let until = cycle.get(at).map_or(0, |decides| match decides.row.happening {
        Happening::SlaBreached { .. } => 0,
        Happening::FirstAnswerGiven => waits_since(&cycle[..at])
            .map_or(0, |since| (decides.row.at.as_millisecond() - since.as_millisecond()).max(0)),
        _ => decides.row.stood_ms.unwrap_or(0),
    });
    let aimed = Sla::starting(ticket.sla.opened_at, later.unwrap_or(ticket.priority)).clock(metric).due_at;
    let stood = SignedDuration::from_millis(stood(&cycle[..at]) + until);
    aimed.saturating_add(stood).unwrap_or(Timestamp::MAX)
}

/// One row for each breach, and one breach a cycle.
fn alerts(ticket: &Ticket, rows: &[Row], metric: Metric) -> Option<String> {
    let name = words(metric);
    let is_alert = |row: &&Row| row.row.happening == Happening::SlaBreached { metric };
    let mut rest = rows;
    while !rest.is_empty() {
        let last = cycle(rest);
        if last.iter().filter(is_alert).count() > 1 {
            return Some(format!("its late {name} was alerted twice in one cycle"));
        }
        // The row that began the cycle belongs to the one before.
        rest = &rest[..(rest.len() - last.len()).saturating_sub(1)];
    }
    let (told, recorded) = (cycle(rows).iter().find(is_alert), ticket.sla.clock(metric).breached_at);
    match (told, recorded) {
        (None, Some(_)) => Some(format!("its {name} was recorded as late without an alert")),
        (Some(_), None) => Some(format!("its late {name} was alerted and is not recorded: it would be alerted again")),
        (Some(row), Some(at)) if row.row.at != at => {
            Some(format!("its late {name} was recorded at another time than alerted"))
        }
        _ => None,
    }
}

fn words(metric: Metric) -> &'static str {
    match metric {
        Metric::FirstResponse => "first answer",
        Metric::Resolution => "resolution",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Actor, HistoryRow, Subject};
    use crate::ticket::TicketState;
    use crate::ticket::sample::ticket as sample;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    fn alert(version: u64, minutes: i64) -> Row {
        let happening = Happening::SlaBreached { metric: Metric::FirstResponse };
        let (from, to, actor, at) = (TicketState::New, TicketState::New, Actor::System, at(minutes));
        Row {
            version,
            row: HistoryRow { happening, from, to, actor, reason: None, stood_ms: None, at },
            subject: Subject::from(&sample()),
        }
    }

    fn with(edit: impl Fn(&mut Ticket)) -> Ticket {
        let mut ticket = sample();
        edit(&mut ticket);
        ticket
    }

    #[track_caller]
    fn check(ticket: &Ticket, rows: &[Row], expected: Option<&str>) {
        let found = clocks(ticket, rows).map(|finding| finding.words);
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        assert!(found.as_deref().unwrap_or_default().ends_with(expected.unwrap_or_default()), "{found:?}");
    }

    #[test]
    fn deadlines_and_stopped_clocks_follow_from_what_happened() {
        check(&sample(), &[], None);
        let moved = with(|ticket| ticket.sla.resolution.due_at = at(1));
        check(&moved, &[], Some("its resolution is due at 1790000060000, but by its priority at 1790259200000"));
        check(
            &with(|ticket| ticket.sla = Sla::starting(at(1), ticket.priority)),
            &[],
            Some("after it was opened at 1790000000000"),
        );
        check(
            &with(|ticket| ticket.state = TicketState::Cancelled),
            &[],
            Some("the clock of its first answer still runs"),
        );
        let stopped = with(|ticket| ticket.sla.stop(Metric::Resolution, at(1)));
        check(&stopped, &[], Some("the clock of its resolution stands, but it must run"));
        let answered = with(|ticket| {
            ticket.first_response_at = Some(at(1));
            ticket.sla.stop(Metric::FirstResponse, at(2));
        });
        check(&answered, &[], Some("the clock of its first answer did not stop at the first answer"));
    }

    #[test]
    fn a_breach_is_recorded_when_it_is_one_and_alerted_once() {
        let late = |minutes| with(move |ticket| ticket.sla.first_response.breached_at = Some(at(minutes)));
        check(&late(241), &[alert(2, 241)], None);
        check(&late(239), &[alert(2, 239)], Some("its first answer was recorded as late, but it was in time"));
        check(&late(241), &[], Some("its first answer was recorded as late without an alert"));
        check(&late(241), &[alert(2, 242)], Some("its late first answer was recorded at another time than alerted"));
        check(&sample(), &[alert(2, 241)], Some("it would be alerted again"));
        check(&late(241), &[alert(2, 241), alert(3, 242)], Some("was alerted twice in one cycle"));
        // Each cycle has an alert of its own.
        let mut reopened = alert(3, 300);
        reopened.row.from = TicketState::Closed;
        reopened.row.to = TicketState::Reopened;
        reopened.row.happening = Happening::TicketStateChanged;
        check(&late(541), &[alert(2, 241), reopened, alert(4, 541)], None);
    }
}
