//! I2: at most one active ticket holds a conversation's slot, and the slot points to it.
//!
//! Every generation of a conversation has one holder: the ticket made for it, or the mark of an older ticket that was
//! reopened in it. Source: docs/adr/0002-slot-generation.md.

use super::{Finding, Invariant, Work, named};
use crate::conversation::Conversation;
use crate::ids::{ConversationId, TicketId};
use crate::ticket::{Source, Ticket};

/// What lies where a ticket is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A ticket.
    Ticket(Box<Ticket>),
    /// The mark of another ticket that took the slot again.
    Mark(TicketId),
    /// Nothing.
    Nobody,
}

impl Holder {
    fn ticket(&self) -> Option<&Ticket> {
        match self {
            Self::Ticket(ticket) => Some(ticket),
            Self::Mark(_) | Self::Nobody => None,
        }
    }
}

/// A conversation with what its pointers lead to.
#[derive(Debug, Clone)]
pub struct Pointers {
    /// What the slot names; `Nobody` where it is empty.
    pub slot: Holder,
    /// What `previous` names; `Nobody` where it names nothing.
    pub previous: Holder,
    /// The first generation without a holder, up to the present one where the slot is taken.
    pub unheld: Option<u32>,
    /// Whether the contact exists.
    pub contact_exists: bool,
}

/// What a conversation says of its tickets and its contact.
pub fn conversation(conversation: &Conversation, pointers: &Pointers) -> Vec<Finding> {
    let id = &conversation.id;
    let mut findings = Vec::new();
    let mut found = |words: String| findings.push(Finding::new(Invariant::I2, words));
    if *id != ConversationId::of(&conversation.connection, &conversation.contact) {
        found(format!("conversation {id} is not that of its contact and connection"));
    }
    if let Some(words) = slot(conversation, &pointers.slot) {
        found(format!("conversation {id} {words}"));
    }
    let previous = pointers.previous.ticket();
    match (&conversation.previous, previous) {
        (None, _) if conversation.generation > 0 => {
            found(format!("conversation {id} had tickets before and does not name the last one"));
        }
        (Some(ticket), None) => {
            found(format!("conversation {id} names ticket {ticket} as its last, which does not exist"));
        }
        (Some(_), Some(ticket)) if ticket.conversation.as_ref() != Some(id) => {
            found(format!("conversation {id} names {} as its last, which belongs to another", named(ticket)));
        }
        _ => {}
    }
    if let Some(generation) = pointers.unheld {
        found(format!("conversation {id}: nothing shows who held its slot after it was given back {generation} times"));
    }
    if !pointers.contact_exists {
        let contact = &conversation.contact;
        let words = format!("conversation {id} is with contact {contact}, which does not exist");
        findings.push(Finding::new(Invariant::I2, words).unless(Work::Contact(contact.clone())));
    }
    findings
}

/// What is wrong with the ticket in the slot.
fn slot(conversation: &Conversation, holder: &Holder) -> Option<String> {
    let slot = conversation.slot.as_ref()?;
    let Some(ticket) = holder.ticket() else {
        return Some(format!("has ticket {slot} in its slot, which does not exist"));
    };
    let name = named(ticket);
    if ticket.conversation.as_ref() != Some(&conversation.id) {
        return Some(format!("has {name} in its slot, which belongs to another conversation"));
    }
    if ticket.state.is_final() {
        return Some(format!("has {name} in its slot, which is {}", ticket.state.as_str()));
    }
    let holds = ticket.generation == Some(conversation.generation);
    (!holds).then(|| format!("has {name} in its slot, which took it another time"))
}

/// What a ticket says of its conversation, which is `None` where it does not exist.
pub fn ticket(ticket: &Ticket, conversation: Option<&Conversation>) -> Vec<Finding> {
    let name = named(ticket);
    let finding = |words: &str| Finding::new(Invariant::I2, format!("{name} {words}"));
    let Some(id) = &ticket.conversation else {
        let needs = ticket.source == Source::Customer || ticket.generation.is_some();
        return needs.then(|| finding("was opened by a message and has no conversation")).into_iter().collect();
    };
    let excuse = Work::Conversation(id.clone());
    let Some(generation) = ticket.generation else {
        let missing = conversation.is_none().then(|| finding("belongs to a conversation that does not exist"));
        let untaken = (ticket.source == Source::Customer).then(|| finding("was opened by a message and took no slot"));
        return missing.into_iter().chain(untaken).collect();
    };
    let mut findings = Vec::new();
    if !(0..=generation).rev().take(LOOK_BACK).any(|generation| TicketId::of(id, generation) == ticket.id) {
        findings.push(finding("was never the conversation's to have: its id is of none of the times of its slot"));
    }
    let Some(conversation) = conversation else {
        findings.push(finding("is the ticket of a conversation that does not exist").unless(excuse));
        return findings;
    };
    let other = |of: &str| finding(&format!("is of another {of} than its conversation {id}"));
    findings.extend((ticket.contact != conversation.contact).then(|| other("contact")));
    findings.extend((ticket.connection.as_ref() != Some(&conversation.connection)).then(|| other("connection")));
    let is_in_slot = conversation.slot.as_ref() == Some(&ticket.id);
    if !ticket.state.is_final() && !is_in_slot {
        findings.push(match &conversation.slot {
            Some(slot) => finding(&format!("is active beside ticket {slot}, which has the slot of conversation {id}")),
            None => finding(&format!("is active and not in the slot of conversation {id}")).unless(excuse),
        });
    }
    if ticket.state.is_final() && !is_in_slot && conversation.generation <= generation {
        findings.push(finding(&format!("is done and did not give the slot of conversation {id} back")));
    }
    findings
}

/// How many generations back a ticket's own is looked for: a ticket that was reopened more often than this is not looked at.
const LOOK_BACK: usize = 10_000;

/// A mark at the place of ticket `at`, with what lies at the ticket that it names.
pub fn mark(at: &TicketId, held_by: &TicketId, holder: &Holder) -> Option<Finding> {
    let finding = |words: String| Some(Finding::new(Invariant::I2, words));
    let Some(ticket) = holder.ticket() else {
        return finding(format!("the slot mark {at} names ticket {held_by}, which does not exist"));
    };
    let is_its = |conversation: &ConversationId| {
        let last = ticket.generation.unwrap_or_default();
        (0..=last).rev().take(LOOK_BACK).any(|generation| TicketId::of(conversation, generation) == *at)
    };
    if ticket.conversation.as_ref().is_some_and(is_its) {
        return None;
    }
    finding(format!("the slot mark {at} names {}, which never took that slot again", named(ticket)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ConnectionId, ContactId};
    use crate::ticket::TicketState;
    use crate::ticket::sample::ticket as sample;

    fn talk() -> Conversation {
        let new = Conversation::new(ConnectionId::new("comercial").unwrap(), ContactId::new("ctc_1").unwrap());
        Conversation { slot: Some(sample().id), ..new }
    }

    fn pointers() -> Pointers {
        let slot = Holder::Ticket(Box::new(sample()));
        Pointers { slot, previous: Holder::Nobody, unheld: None, contact_exists: true }
    }

    #[track_caller]
    fn check(findings: &[Finding], expected: &[&str]) {
        assert_eq!(findings.len(), expected.len(), "{findings:#?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.words.contains(expected), "{} does not say {expected}", finding.words);
        }
    }

    #[test]
    fn a_conversation_points_to_the_ticket_that_holds_its_slot() {
        check(&conversation(&talk(), &pointers()), &[]);
        let with = |ticket: Ticket| Pointers { slot: Holder::Ticket(Box::new(ticket)), ..pointers() };
        for state in TicketState::ALL {
            let found = conversation(&talk(), &with(Ticket { state, ..sample() }));
            assert_eq!(found.is_empty(), !state.is_final(), "{state:?}");
        }
        check(&conversation(&talk(), &with(Ticket { generation: Some(1), ..sample() })), &["another time"]);
        check(&conversation(&talk(), &with(Ticket { conversation: None, ..sample() })), &["another conversation"]);
        let mark = Pointers { slot: Holder::Mark(sample().id), ..pointers() };
        check(&conversation(&talk(), &mark), &["in its slot, which does not exist"]);
        let closed = Ticket { state: TicketState::Closed, ..sample() };
        let later = Conversation { slot: None, generation: 1, previous: Some(closed.id.clone()), ..talk() };
        let before = Pointers { slot: Holder::Nobody, previous: Holder::Ticket(Box::new(closed)), ..pointers() };
        check(&conversation(&later, &before), &[]);
        check(&conversation(&Conversation { previous: None, ..later.clone() }, &before), &["does not name the last"]);
        check(
            &conversation(&later, &Pointers { unheld: Some(0), ..before.clone() }),
            &["after it was given back 0 times"],
        );
        let gone = Pointers { previous: Holder::Nobody, ..before };
        check(&conversation(&later, &gone), &["as its last, which does not exist"]);
        check(&conversation(&talk(), &Pointers { contact_exists: false, ..pointers() }), &["which does not exist"]);
        let stolen = Conversation { contact: ContactId::new("ctc_2").unwrap(), ..talk() };
        check(&conversation(&stolen, &pointers()), &["is not that of its contact and connection"]);
    }

    #[test]
    fn an_active_ticket_has_the_slot_and_a_finished_one_gave_it_back() {
        let (talk, open) = (talk(), sample());
        check(&ticket(&open, Some(&talk)), &[]);
        check(&ticket(&open, None), &["conversation that does not exist"]);
        check(&ticket(&open, Some(&Conversation { slot: None, ..talk.clone() })), &["not in the slot"]);
        let other = Conversation { slot: Some(TicketId::new("tkt_2").unwrap()), ..talk.clone() };
        check(&ticket(&open, Some(&other)), &["is active beside ticket tkt_2"]);
        let closed = Ticket { state: TicketState::Closed, ..open.clone() };
        check(&ticket(&closed, Some(&Conversation { slot: None, generation: 1, ..talk.clone() })), &[]);
        check(&ticket(&closed, Some(&Conversation { slot: None, ..talk.clone() })), &["did not give the slot"]);
        check(
            &ticket(&Ticket { contact: ContactId::new("ctc_2").unwrap(), ..open.clone() }, Some(&talk)),
            &["another contact"],
        );
        check(&ticket(&Ticket { connection: None, ..open.clone() }, Some(&talk)), &["another connection"]);
        check(&ticket(&Ticket { generation: None, ..open.clone() }, Some(&talk)), &["took no slot"]);
        check(&ticket(&Ticket { conversation: None, ..open.clone() }, None), &["has no conversation"]);
        let strange = Ticket { id: TicketId::new("tkt_2").unwrap(), state: TicketState::Closed, ..open.clone() };
        check(
            &ticket(&strange, Some(&Conversation { generation: 1, ..talk.clone() })),
            &["was never the conversation's"],
        );
        // An agent's ticket stands beside the slot.
        let made = Ticket { source: Source::Agent, generation: None, ..strange };
        check(&ticket(&made, Some(&talk)), &[]);
        check(&ticket(&made, None), &["conversation that does not exist"]);
        check(&ticket(&Ticket { conversation: None, connection: None, ..made }, None), &[]);
    }

    #[test]
    fn a_mark_names_a_ticket_that_took_the_slot_again() {
        let (talk, open) = (talk(), sample());
        let place = TicketId::of(&talk.id, 3);
        let reopened = |generation| Holder::Ticket(Box::new(Ticket { generation: Some(generation), ..open.clone() }));
        check(&mark(&place, &open.id, &reopened(3)).into_iter().collect::<Vec<_>>(), &[]);
        check(&mark(&place, &open.id, &reopened(5)).into_iter().collect::<Vec<_>>(), &[]);
        check(&mark(&place, &open.id, &reopened(2)).into_iter().collect::<Vec<_>>(), &["never took that slot"]);
        check(&mark(&place, &open.id, &Holder::Nobody).into_iter().collect::<Vec<_>>(), &["does not exist"]);
    }
}
