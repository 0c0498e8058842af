//! What may happen to a ticket: each command is pure and total, and says in words why it refuses.

use jiff::Timestamp;

use super::{Ticket, TicketChange, TicketState};
use crate::event::{Actor, Happening, HistoryRow};
use crate::ids::{AgentId, QueueId, TicketId};
use crate::sla::{Metric, Sla};

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The life cycle has no such step.
    #[error("a ticket in state {} cannot become {}", from.as_str(), to.as_str())]
    IllegalTransition {
        /// The state it is in.
        from: TicketState,
        /// The state asked for.
        to: TicketState,
    },
    /// It has an agent already.
    #[error("the ticket was already claimed")]
    AlreadyClaimed {
        /// Who has it.
        by: AgentId,
    },
    /// It is resolved, closed or cancelled.
    #[error("the ticket is {}", state.as_str())]
    NotWaiting {
        /// The state it is in.
        state: TicketState,
    },
    /// It has no agent that it could be taken from.
    #[error("the ticket has no agent")]
    NobodyHasIt,
    /// It is a part of another ticket.
    #[error("the ticket is a part of another one")]
    PartOfAnother {
        /// The other.
        of: TicketId,
    },
    /// It is in this queue already.
    #[error("the ticket is in queue {queue} already")]
    AlreadyThere {
        /// The queue.
        queue: QueueId,
    },
}

impl TicketChange {
    /// Both changes as one: `next` was decided on what this one leaves.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.rows.extend(next.rows);
        self.after = next.after;
        self
    }

    /// The same change, with how the ticket was resolved.
    #[must_use]
    pub fn with_resolution(mut self, words: Option<String>) -> Self {
        if self.after.state == TicketState::Resolved {
            self.after.details.resolution = words;
        }
        self
    }
}

impl Ticket {
    /// An agent takes it. Errors: `AlreadyClaimed`, `NotWaiting`.
    pub fn claimed_by(&self, agent: &AgentId, now: Timestamp) -> Result<TicketChange, Refusal> {
        if let Some(by) = &self.agent
            && self.state.is_active()
        {
            return Err(Refusal::AlreadyClaimed { by: by.clone() });
        }
        if !self.state.is_active() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        Ok(self.change(now, &Actor::Agent(agent.clone()), None, |after| {
            after.state = TicketState::Assigned;
            after.agent = Some(agent.clone());
            after.assigned_at = Some(now);
            vec![Happening::TicketAssigned { agent: agent.clone() }]
        }))
    }

    /// An agent moves it to another state. Work on a ticket without an agent makes the agent who starts it its agent.
    ///
    /// Errors: `IllegalTransition`.
    pub fn moved_to(
        &self,
        to: TicketState,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<TicketChange, Refusal> {
        if let Some(of) = &self.details.merged_into {
            return Err(Refusal::PartOfAnother { of: of.clone() });
        }
        if !self.state.next().contains(&to) {
            return Err(Refusal::IllegalTransition { from: self.state, to });
        }
        Ok(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            if to == TicketState::InProgress && after.agent.is_none() {
                after.agent = Some(by.clone());
                after.assigned_at = Some(now);
            }
            if to == TicketState::Reopened && after.agent.as_ref() != Some(by) {
                // Who had it may be gone or busy: it waits for the team, unless its own agent reopens it.
                after.agent = None;
                after.assigned_at = None;
            }
            after.enter(to, now, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// The contact wrote to a ticket that waited for it, or that was done. `None` when the message changes nothing.
    ///
    /// `sent_at` is the message's own time: a reopened ticket's clocks count from it, and a waiting one's go on from it.
    pub fn customer_wrote(&self, sent_at: Timestamp, now: Timestamp) -> Option<TicketChange> {
        let to = match self.state {
            TicketState::PendingCustomer => TicketState::InProgress,
            // What is a part of another ticket is over.
            TicketState::Resolved | TicketState::Closed if self.details.merged_into.is_none() => TicketState::Reopened,
            _ => return None,
        };
        Some(self.change(now, &Actor::Customer, None, |after| {
            // The contact has been waiting for us since it wrote.
            after.sla.resume(sent_at.min(now));
            if to == TicketState::Reopened {
                // The agent may be gone by now: a reopened ticket waits for the team, and whoever is there takes it.
                after.agent = None;
                after.assigned_at = None;
            }
            after.enter(to, sent_at, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// An agent answered. `None` when that changes nothing: it is not the first answer, or the ticket is resolved and the answer a
    /// last word. Errors: `NotWaiting` when the ticket is closed or cancelled.
    pub fn answered_by(&self, agent: &AgentId, now: Timestamp) -> Result<Option<TicketChange>, Refusal> {
        if self.state.is_final() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        let first = self.first_response_at.is_none();
        let starts = self.state == TicketState::Assigned;
        if !self.state.is_active() || !(first || starts) {
            return Ok(None);
        }
        Ok(Some(self.change(now, &Actor::Agent(agent.clone()), None, |after| {
            let mut happened = Vec::new();
            if first {
                after.first_response_at = Some(now);
                after.sla.stop(Metric::FirstResponse, now);
                happened.push(Happening::FirstAnswerGiven);
            }
            if starts {
                after.enter(TicketState::InProgress, now, now);
                happened.push(Happening::TicketStateChanged);
            }
            happened
        })))
    }

    /// Its contact turned out to be one who has another ticket on the connection, which goes on for both. `None` when it is done
    /// and has given up its slot.
    pub fn merged_into(&self, other: u64, now: Timestamp) -> Option<TicketChange> {
        let to = match self.state {
            TicketState::Closed | TicketState::Cancelled => return None,
            TicketState::Resolved => TicketState::Closed,
            _ => TicketState::Cancelled,
        };
        let reason = format!("merged into #{other}");
        Some(self.change(now, &Actor::System, Some(&reason), |after| {
            after.enter(to, now, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// Records the SLA breaches that fell due, closes what was resolved long enough ago, and does what a contact's silence asks for.
    /// `None` when there is nothing to do.
    pub fn scanned(&self, now: Timestamp) -> Option<TicketChange> {
        let steps = [Self::breached_by_time, Self::closed_by_time, Self::waited_long];
        steps.into_iter().fold(None, |so_far: Option<TicketChange>, step| {
            match (step(so_far.as_ref().map_or(self, |change| &change.after), now), so_far) {
                (Some(next), Some(so_far)) => Some(so_far.then(next)),
                (next, so_far) => next.or(so_far),
            }
        })
    }

    fn breached_by_time(&self, now: Timestamp) -> Option<TicketChange> {
        let mut sla = self.sla;
        let metrics = sla.record_breaches(now);
        (!metrics.is_empty()).then(|| {
            self.change(now, &Actor::System, None, |after| {
                after.sla = sla;
                metrics.into_iter().map(|metric| Happening::SlaBreached { metric }).collect()
            })
        })
    }

    /// Applies `edit`, which says what happened, and writes one history row for each happening.
    pub(super) fn change(
        &self,
        now: Timestamp,
        actor: &Actor,
        reason: Option<&str>,
        edit: impl FnOnce(&mut Self) -> Vec<Happening>,
    ) -> TicketChange {
        let mut after = self.clone();
        let happened = edit(&mut after);
        let stood_ms = after.turn_clocks(self, now);
        let row = |happening: Happening| {
            let spans = happening.spans_states();
            let (from, to) = if spans { (self.state, after.state) } else { (self.state, self.state) };
            let (actor, reason) = (actor.clone(), reason.map(str::to_owned));
            HistoryRow { happening, from, to, actor, reason, stood_ms: stood_ms.filter(|_| spans), at: now }
        };
        let rows: Vec<HistoryRow> = happened.into_iter().map(row).collect();
        after.version += rows.len() as u64;
        after.updated_at = now;
        TicketChange { before: self.clone(), after, rows }
    }

    /// Enters a state; `began_at` is when a new cycle begins if the state begins one.
    pub(super) fn enter(&mut self, to: TicketState, began_at: Timestamp, now: Timestamp) {
        match to {
            TicketState::Resolved => self.resolved_at = Some(now),
            TicketState::Closed | TicketState::Cancelled => self.closed_at = Some(now),
            TicketState::Reopened => {
                self.reopen_count += 1;
                self.first_response_at = None;
                self.resolved_at = None;
                self.closed_at = None;
                self.details.resolution = None;
                self.sla = Sla::starting(began_at.min(now), self.priority);
            }
            _ => {}
        }
        if !to.is_active() {
            self.sla.stop(Metric::FirstResponse, now);
            self.sla.stop(Metric::Resolution, now);
        }
        self.state = to;
        self.set_auto_close();
    }
}
