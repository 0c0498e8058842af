//! I6: a ticket's history tells every step of its life, each a step that the life cycle has, and ends where the ticket is.

use jiff::Timestamp;

use super::{Finding, Invariant, listed, named};
use crate::event::{Actor, Happening, HistoryRow, Subject};
use crate::ids::TicketId;
use crate::ticket::{Source, Ticket, TicketState};

/// A stored row of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The ticket's version after it. Making the ticket is version 1 and has no row.
    pub version: u64,
    /// What happened.
    pub row: HistoryRow,
    /// The ticket as the row names it.
    pub subject: Subject,
}

/// Rows at a place where there is no ticket.
pub fn without_ticket(id: &TicketId, rows: &[Row], notes: usize) -> Option<Finding> {
    let words = format!("ticket {id} has a history and does not exist");
    (!rows.is_empty() || notes > 0).then(|| Finding::new(Invariant::I6, words))
}

/// A ticket and the rows of its history by rising version. Tells the first thing that is wrong: the rest follows from it.
pub fn history(ticket: &Ticket, rows: &[Row]) -> Option<Finding> {
    let wrong = versions(ticket, rows).or_else(|| steps(ticket, rows)).or_else(|| end(ticket, rows))?;
    Some(Finding::new(Invariant::I6, format!("{}: {wrong}", named(ticket))))
}

fn versions(ticket: &Ticket, rows: &[Row]) -> Option<String> {
    if (2..=ticket.version).eq(rows.iter().map(|row| row.version)) {
        return None;
    }
    let there = listed(rows.iter().map(|row| row.version));
    let there = if there.is_empty() { "none".to_owned() } else { there };
    let version = ticket.version;
    Some(match version {
        0 | 1 => format!("its history has the rows {there}, but it never changed"),
        2 => format!("its history must have row 2 alone and has {there}"),
        _ => format!("its history must have the rows 2 to {version} and has {there}"),
    })
}

/// Every row begins where the one before ended, and is a step of the life cycle.
fn steps(ticket: &Ticket, rows: &[Row]) -> Option<String> {
    let mut state = match ticket.source {
        Source::Customer | Source::Ai => TicketState::New,
        Source::Agent => TicketState::Open,
    };
    for Row { version, row, subject } in rows {
        if (&subject.id, subject.number, &subject.contact) != (&ticket.id, ticket.number, &ticket.contact) {
            return Some(format!("row {version} of its history is about another ticket"));
        }
        if row.from != state {
            let (from, state) = (row.from.as_str(), state.as_str());
            return Some(format!("row {version} of its history begins at {from}, but the ticket was {state}"));
        }
        if !is_step(row) {
            let (from, to) = (row.from.as_str(), row.to.as_str());
            return Some(format!("row {version} of its history goes from {from} to {to}, which cannot happen so"));
        }
        state = row.to;
    }
    let is = ticket.state;
    (is != state).then(|| format!("it is {}, but its history ends at {}", is.as_str(), state.as_str()))
}

/// Whether the life cycle has this step, and for this actor.
fn is_step(row: &HistoryRow) -> bool {
    use TicketState::{Assigned, Cancelled, Closed, Escalated, InProgress, Open, PendingCustomer, Reopened, Resolved};
    let (from, to) = (row.from, row.to);
    match (&row.happening, &row.actor) {
        (Happening::TicketAssigned { .. }, Actor::Agent(_)) => {
            from.is_active()
                && (matches!(to, Assigned | InProgress) || (from, to) == (PendingCustomer, PendingCustomer))
        }
        (Happening::TicketUnassigned { .. }, Actor::Agent(_)) => from.is_active() && to == Open,
        (Happening::TicketTransferred { from_queue, to_queue }, Actor::Agent(_)) => {
            from.is_active() && (to == from || to == Open) && from_queue != to_queue
        }
        // An agent's first words begin the work on a ticket that was only assigned; any work may be escalated.
        (Happening::TicketStateChanged, Actor::Agent(_)) => {
            from.next().contains(&to) || (from.is_active() && from != Escalated && to == Escalated)
        }
        (Happening::TicketMerged { .. }, Actor::Agent(_)) => from != Cancelled && to == Closed,
        (Happening::TicketUnmerged { .. }, Actor::Agent(_)) => from == Closed && to != Cancelled,
        (Happening::PriorityChanged { old, new }, Actor::Agent(_)) => from == to && !from.is_final() && old != new,
        (Happening::ContactReminded | Happening::ReminderLapsed, Actor::System) => {
            (from, to) == (PendingCustomer, PendingCustomer)
        }
        (Happening::ClosingPostponed, Actor::Customer) => (from, to) == (Resolved, Resolved),
        (Happening::TicketStateChanged, Actor::Customer) => {
            matches!((from, to), (PendingCustomer, InProgress) | (Resolved | Closed, Reopened))
        }
        // A ticket whose contact turned out to be another's goes into that one's.
        (Happening::TicketStateChanged, Actor::System) => {
            (from.is_active() && to == Cancelled)
                || matches!((from, to), (Resolved, Closed) | (PendingCustomer, Resolved))
        }
        // A model's report gives a ticket that a message made its words and its priority.
        (Happening::TicketEdited { fields }, Actor::System) => {
            from == to && fields.iter().any(|field| field == "source")
        }
        (Happening::PriorityChanged { old, new }, Actor::System) => from == to && from.is_active() && old != new,
        (Happening::FirstAnswerGiven, Actor::Agent(_)) => from == to && from.is_active(),
        (Happening::SlaBreached { .. }, Actor::System)
        | (
            Happening::TicketEdited { .. }
            | Happening::NoteAdded { .. }
            | Happening::TicketAbsorbed { .. }
            | Happening::TicketReleased { .. },
            Actor::Agent(_),
        ) => from == to,
        _ => false,
    }
}

/// Whether it is a part of another ticket after this; `None` where this says nothing of it.
fn part(happening: &Happening) -> Option<bool> {
    match happening {
        Happening::TicketMerged { .. } => Some(true),
        Happening::TicketUnmerged { .. } => Some(false),
        _ => None,
    }
}

/// What the ticket says of its own past is what the rows say.
fn end(ticket: &Ticket, rows: &[Row]) -> Option<String> {
    let lived = lived(rows);
    let changes = || lived.iter().map(|row| &row.row).filter(|row| row.from != row.to);
    let reopens = changes().filter(|row| row.to == TicketState::Reopened).count();
    if usize::try_from(ticket.reopen_count) != Ok(reopens) {
        return Some(format!("it was reopened {reopens} times, but says {}", ticket.reopen_count));
    }
    let cycle = cycle(&lived);
    let last =
        |is: &dyn Fn(&HistoryRow) -> bool| cycle.iter().map(|row| &row.row).rfind(|row| is(row)).map(|row| row.at);
    let entered = |state: TicketState| last(&|row| row.from != row.to && row.to == state);
    let done = entered(TicketState::Closed).or(entered(TicketState::Cancelled));
    let answered = last(&|row| row.happening == Happening::FirstAnswerGiven);
    let differs = |what: &str, says: Option<Timestamp>, was: Option<Timestamp>| {
        let time = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.as_millisecond().to_string());
        (says != was)
            .then(|| format!("its history says that it was {what} {}, and the ticket {}", time(was), time(says)))
    };
    let updated = rows.last().map_or(ticket.created_at, |row| row.row.at);
    let is_part = ticket.details.merged_into.is_some();
    if is_part != rows.iter().rev().find_map(|row| part(&row.row.happening)).unwrap_or(false) {
        return Some("its history and the ticket differ on whether it is a part of another".to_owned());
    }
    if is_part && (ticket.state != TicketState::Closed || ticket.details.apart.is_none()) {
        return Some("it is a part of another, but not closed, or without what it was".to_owned());
    }
    differs("answered first", ticket.first_response_at, answered)
        .or_else(|| differs("resolved", ticket.resolved_at, entered(TicketState::Resolved)))
        .or_else(|| differs("closed", ticket.closed_at, done))
        .or_else(|| differs("changed last", Some(ticket.updated_at), Some(updated)))
        .or_else(|| {
            let agent = rows.last().map(|row| &row.subject.agent).filter(|agent| **agent != ticket.agent);
            agent.map(|_| "its last row names another agent than the ticket".to_owned())
        })
}

/// The rows without those by which it became a part of another ticket and came out again: it is then as if it had never been.
pub(super) fn lived(rows: &[Row]) -> Vec<Row> {
    let mut lived: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        if let Happening::TicketUnmerged { .. } = row.row.happening {
            if let Some(merged) =
                lived.iter().rposition(|row| matches!(row.row.happening, Happening::TicketMerged { .. }))
            {
                lived.remove(merged);
            }
        } else {
            lived.push(row.clone());
        }
    }
    lived
}

/// The rows since the ticket was reopened last, or all.
pub(super) fn cycle(rows: &[Row]) -> &[Row] {
    let reopened = rows.iter().rposition(|row| row.row.to == TicketState::Reopened && row.row.from != row.row.to);
    &rows[reopened.map_or(0, |place| place + 1)..]
}

#[cfg(test)]
pub(super) mod tests;
