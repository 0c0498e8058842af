//! I6: what was written beside a ticket is there, and told of; a contact leads to the tickets that were made for it.

use std::collections::BTreeSet;

use super::history::Row;
use super::slot::Holder;
use super::{Finding, Invariant, named};
use crate::event::Happening;
use crate::ids::{ContactId, NoteId, TicketId};
use crate::ticket::Ticket;

/// The notes of a ticket against its history.
pub fn notes(ticket: &Ticket, rows: &[Row], notes: &[NoteId]) -> Option<Finding> {
    let told: BTreeSet<&NoteId> = rows
        .iter()
        .filter_map(|row| match &row.row.happening {
            Happening::NoteAdded { note, .. } => Some(note),
            _ => None,
        })
        .collect();
    let there: BTreeSet<&NoteId> = notes.iter().collect();
    let (told, there) = (told.difference(&there).count(), there.difference(&told).count());
    let words = match (told, there) {
        (0, 0) => return None,
        (0, _) => format!("{}: {there} notes are not told of in its history", named(ticket)),
        _ => format!("{}: {told} notes that its history tells of are gone", named(ticket)),
    };
    Some(Finding::new(Invariant::I6, words))
}

/// What lies where a contact says that a ticket was made for it.
pub fn handmade(contact: &ContactId, ticket: &TicketId, holder: &Holder) -> Option<Finding> {
    let is_its_own = matches!(holder, Holder::Ticket(ticket) if ticket.contact == *contact);
    let words = format!("contact {contact} leads to ticket {ticket}, which is not its own");
    (!is_its_own).then(|| Finding::new(Invariant::I6, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Subject;
    use crate::ids::AgentId;
    use crate::note::Note;
    use crate::ticket::sample::ticket as sample;

    #[test]
    fn notes_and_their_rows_belong_together() {
        let ticket = sample();
        let id = NoteId::new("not_1").unwrap();
        let note = Note {
            id: id.clone(),
            ticket: ticket.id.clone(),
            agent: AgentId::new("ana").unwrap(),
            text: "x".to_owned(),
            visible: false,
            at: ticket.created_at,
            attachment: None,
        };
        let change = ticket.noted(&note);
        let row = Row { version: 2, row: change.rows[0].clone(), subject: Subject::from(&change.after) };
        let found = |rows: &[Row], there: &[NoteId]| notes(&ticket, rows, there).map(|finding| finding.words);
        assert_eq!(found(&[], &[]), None);
        assert_eq!(found(std::slice::from_ref(&row), std::slice::from_ref(&id)), None);
        assert!(found(&[row], &[]).unwrap().ends_with("1 notes that its history tells of are gone"));
        assert!(found(&[], &[id]).unwrap().ends_with("1 notes are not told of in its history"));
    }

    #[test]
    fn a_contact_leads_to_its_own_tickets() {
        let (ticket, other) = (sample(), ContactId::new("ctc_2").unwrap());
        let holder = Holder::Ticket(Box::new(ticket.clone()));
        assert_eq!(handmade(&ticket.contact, &ticket.id, &holder), None);
        assert!(handmade(&other, &ticket.id, &holder).is_some());
        assert!(handmade(&ticket.contact, &ticket.id, &Holder::Nobody).is_some());
    }
}
