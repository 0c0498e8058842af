//! Two tickets that are one piece of work: one becomes a part of the other and may come out again; and tickets about the same thing.
//!
//! Messages stay in their conversations, and both numbers go on naming their tickets. Source: docs/adr/0030-merging-tickets.md.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AutoClose, Patience, Ticket, TicketChange, TicketState};
use crate::event::{Actor, Happening};
use crate::ids::{AgentId, TicketId};
use crate::sla::{Metric, Sla};

/// The most tickets that a ticket is related to.
pub const MOST_RELATED: usize = 20;

/// What a ticket was before it became a part of another, to be so again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    state: TicketState,
    /// When its clocks had been stopped.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    answered: Option<Timestamp>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    resolved: Option<Timestamp>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    closed: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closes: Option<AutoClose>,
    /// All of its clocks, where they stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stood: Option<Sla>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waits: Option<Patience>,
}

/// Why two tickets are not brought together, or apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairRefusal {
    /// It is one ticket.
    #[error("a ticket cannot be merged with itself or related to itself")]
    Itself,
    /// It is a part of another already.
    #[error("the ticket is a part of another one already")]
    MergedAlready {
        /// The other.
        into: TicketId,
    },
    /// It was no work.
    #[error("a cancelled ticket cannot be merged")]
    Cancelled,
    /// What it is to go into is done, or a part of another itself.
    #[error("the ticket that it is to go into is {}", state.as_str())]
    IntoDone {
        /// Its state.
        state: TicketState,
    },
    /// It is what the contact's messages lead to, and the other is not.
    #[error("the contact's messages lead to this ticket: merge the other one into it")]
    OtherWay,
    /// It is a part of no other.
    #[error("the ticket is a part of no other one")]
    NotMerged,
    /// It, or the other, has as many related tickets as one may have.
    #[error("a ticket has at most {MOST_RELATED} related ones")]
    TooMany,
}

impl Ticket {
    /// It becomes a part of another, and is closed. What happens to it, and to the other.
    ///
    /// Errors: `Itself`, `MergedAlready`, `Cancelled`, `IntoDone` (so there is no circle: what is a part of another is closed),
    /// `OtherWay` where the slot of the conversation that both belong to would be lost.
    pub fn merged_by(
        &self,
        into: &Self,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<[TicketChange; 2], PairRefusal> {
        if self.id == into.id {
            return Err(PairRefusal::Itself);
        }
        if let Some(into) = &self.details.merged_into {
            return Err(PairRefusal::MergedAlready { into: into.clone() });
        }
        if self.state == TicketState::Cancelled {
            return Err(PairRefusal::Cancelled);
        }
        if into.state.is_final() {
            return Err(PairRefusal::IntoDone { state: into.state });
        }
        let holds_slot = self.generation.is_some() && !self.state.is_final();
        if holds_slot && into.generation.is_none() && self.conversation == into.conversation {
            return Err(PairRefusal::OtherWay);
        }
        let actor = Actor::Agent(by.clone());
        let goes = self.change(now, &actor, reason, |after| {
            after.details.merged_into = Some(into.id.clone());
            after.details.apart = Some(Box::new(Apart {
                state: self.state,
                answered: self.sla.first_response.stopped_at,
                resolved: self.sla.resolution.stopped_at,
                closed: self.closed_at,
                closes: self.details.auto_close,
                stood: self.sla.paused_at.map(|_| self.sla),
                waits: self.details.patience,
            }));
            if !self.state.is_final() {
                after.enter(TicketState::Closed, now, now);
            }
            vec![Happening::TicketMerged { into: into.id.clone(), number: into.number.number }]
        });
        let takes = into.change(now, &actor, reason, |_| {
            vec![Happening::TicketAbsorbed { ticket: self.id.clone(), number: self.number.number }]
        });
        Ok([goes, takes])
    }

    /// It is a ticket of its own again, in the state in which it was, with its clocks as if they had never been stopped. What happens to
    /// it, and to the other.
    ///
    /// Errors: `NotMerged`, also where `from` is not what it is a part of.
    pub fn unmerged_by(
        &self,
        from: &Self,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<[TicketChange; 2], PairRefusal> {
        let apart = self.details.apart.clone().filter(|_| self.details.merged_into.as_ref() == Some(&from.id));
        let apart = apart.ok_or(PairRefusal::NotMerged)?;
        let actor = Actor::Agent(by.clone());
        let comes = self.change(now, &actor, reason, |after| {
            after.state = apart.state;
            after.closed_at = apart.closed;
            after.details.auto_close = apart.closes;
            after.details.merged_into = None;
            after.details.apart = None;
            after.details.patience = apart.waits;
            after.sla.restart(Metric::FirstResponse, apart.answered);
            after.sla.restart(Metric::Resolution, apart.resolved);
            if let Some(stood) = apart.stood {
                after.sla = stood.knowing(self.sla);
            }
            vec![Happening::TicketUnmerged { whole: from.id.clone(), number: from.number.number }]
        });
        let gives = from.change(now, &actor, reason, |_| {
            vec![Happening::TicketReleased { ticket: self.id.clone(), number: self.number.number }]
        });
        Ok([comes, gives])
    }

    /// Both are about the same thing, and each names the other. What changes of each; nothing where they are so already.
    ///
    /// Errors: `Itself`, `TooMany`.
    pub fn related_by(&self, other: &Self, by: &AgentId, now: Timestamp) -> Result<Vec<TicketChange>, PairRefusal> {
        if self.id == other.id {
            return Err(PairRefusal::Itself);
        }
        let mut changes = Vec::new();
        for (one, another) in [(self, other), (other, self)] {
            let mut related = one.details.related.clone();
            if !related.contains(&another.id) {
                related.push(another.id.clone());
                if related.len() > MOST_RELATED {
                    return Err(PairRefusal::TooMany);
                }
                changes.push(one.relating(related, by, now));
            }
        }
        Ok(changes)
    }

    /// They are no longer about the same thing. What changes of each; nothing where they are so already.
    pub fn unrelated_by(&self, other: &Self, by: &AgentId, now: Timestamp) -> Vec<TicketChange> {
        let names = |one: &Self, another: &Self| one.details.related.contains(&another.id);
        let without = |one: &Self, another: &Self| {
            let left = one.details.related.iter().filter(|id| **id != another.id).cloned().collect();
            one.relating(left, by, now)
        };
        let pairs = [(self, other), (other, self)].into_iter().filter(|(one, another)| names(one, another));
        pairs.map(|(one, another)| without(one, another)).collect()
    }

    fn relating(&self, related: Vec<TicketId>, by: &AgentId, now: Timestamp) -> TicketChange {
        self.change(now, &Actor::Agent(by.clone()), None, |after| {
            after.details.related = related;
            vec![Happening::TicketEdited { fields: vec!["related".to_owned()] }]
        })
    }
}

impl Sla {
    /// A clock goes on as if it had been stopped only at `stopped_at`, or never.
    fn restart(&mut self, metric: Metric, stopped_at: Option<Timestamp>) {
        match metric {
            Metric::FirstResponse => self.first_response.stopped_at = stopped_at,
            Metric::Resolution => self.resolution.stopped_at = stopped_at,
        }
    }

    /// The clocks as they were, but for what was told of them since.
    fn knowing(mut self, since: Self) -> Self {
        self.first_response.breached_at = since.first_response.breached_at;
        self.resolution.breached_at = since.resolution.breached_at;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::TicketNumber;
    use crate::ticket::sample::ticket;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn ana() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    fn other() -> Ticket {
        let number = TicketNumber { number: 2, year: 2026, year_seq: 2 };
        Ticket { id: TicketId::new("tkt_other").unwrap(), number, generation: None, conversation: None, ..ticket() }
    }

    #[test]
    fn a_ticket_goes_into_another_and_comes_out_as_it_was() {
        for state in TicketState::ALL.into_iter().filter(|state| *state != TicketState::Cancelled) {
            let held = state.is_active().then(ana);
            let closed_at = (state == TicketState::Closed).then(|| at(1));
            let mut one = Ticket { state, agent: held, closed_at, ..ticket() };
            if state == TicketState::PendingCustomer {
                one.sla.pause(at(1));
            }
            let [goes, takes] = one.merged_by(&other(), &ana(), Some("same order"), at(2)).unwrap();
            assert_eq!((goes.after.state, &goes.after.details.merged_into), (TicketState::Closed, &Some(other().id)));
            assert_eq!(goes.after.holder(), None, "{state:?}");
            assert!(goes.after.next_due_at().is_none() || state == TicketState::Closed, "{state:?}");
            assert_eq!((goes.rows[0].from, goes.rows[0].to), (state, TicketState::Closed));
            assert_eq!((takes.after.state, takes.after.version), (other().state, other().version + 1));
            let [comes, gives] = goes.after.unmerged_by(&takes.after, &ana(), None, at(3)).unwrap();
            let as_it_was = Ticket { version: one.version + 2, updated_at: at(3), ..one };
            assert_eq!(comes.after, as_it_was);
            assert_eq!(gives.after.version, other().version + 2);
        }
    }

    #[test]
    fn a_breach_that_was_told_meanwhile_is_not_told_again() {
        let late = at(5 * 3600);
        let [goes, takes] = ticket().merged_by(&other(), &ana(), None, late).unwrap();
        let told = goes.after.scanned(at(5 * 3600 + 60)).unwrap().after;
        let [comes, _] = told.unmerged_by(&takes.after, &ana(), None, at(6 * 3600)).unwrap();
        assert_eq!(comes.after.scanned(at(7 * 3600)), None);
        assert!(comes.after.scanned(at(4 * 24 * 3600)).is_some(), "the other clock runs again");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let (one, two) = (ticket(), other());
        let refuse = |one: &Ticket, into: &Ticket| one.merged_by(into, &ana(), None, at(1)).unwrap_err();
        assert_eq!(refuse(&one, &one), PairRefusal::Itself);
        let [goes, takes] = two.merged_by(&one, &ana(), None, at(1)).unwrap();
        assert_eq!(refuse(&goes.after, &one), PairRefusal::MergedAlready { into: one.id.clone() });
        // No circle.
        assert_eq!(refuse(&takes.after, &goes.after), PairRefusal::IntoDone { state: TicketState::Closed });
        assert_eq!(refuse(&Ticket { state: TicketState::Cancelled, ..two.clone() }, &one), PairRefusal::Cancelled);
        let by_hand = Ticket { conversation: one.conversation.clone(), ..two.clone() };
        assert_eq!(refuse(&one, &by_hand), PairRefusal::OtherWay);
        assert!(by_hand.merged_by(&one, &ana(), None, at(1)).is_ok());
        assert_eq!(one.unmerged_by(&two, &ana(), None, at(1)).unwrap_err(), PairRefusal::NotMerged);
        assert_eq!(goes.after.unmerged_by(&two, &ana(), None, at(1)).unwrap_err(), PairRefusal::NotMerged);
    }

    #[test]
    fn a_part_of_another_ticket_is_not_reopened() {
        let [goes, _] = ticket().merged_by(&other(), &ana(), None, at(1)).unwrap();
        assert_eq!(goes.after.customer_wrote(at(2), at(2)), None);
        assert!(goes.after.moved_to(TicketState::Reopened, &ana(), None, at(2)).is_err());
    }

    #[test]
    fn related_tickets_name_each_other() {
        let changes = ticket().related_by(&other(), &ana(), at(1)).unwrap();
        let [one, two] = [&changes[0].after, &changes[1].after];
        assert_eq!((&one.details.related[..], &two.details.related[..]), (&[other().id][..], &[ticket().id][..]));
        assert_eq!(one.related_by(two, &ana(), at(2)), Ok(Vec::new()));
        let apart = one.unrelated_by(two, &ana(), at(2));
        assert!(apart.iter().all(|change| change.after.details.related.is_empty()) && apart.len() == 2);
        let mut full = ticket();
        full.details.related = (0..MOST_RELATED).map(|n| TicketId::new(format!("tkt_{n}")).unwrap()).collect();
        assert_eq!(full.related_by(&other(), &ana(), at(1)), Err(PairRefusal::TooMany));
        assert_eq!(ticket().related_by(&ticket(), &ana(), at(1)), Err(PairRefusal::Itself));
    }
}
