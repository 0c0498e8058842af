//! Who works on a ticket: given, taken away, handed to another team.

use jiff::Timestamp;

use super::{Refusal, Ticket, TicketChange, TicketState};
use crate::event::{Actor, Happening};
use crate::ids::{AgentId, QueueId};

impl Ticket {
    /// It is given to an agent, by itself or by somebody who may, whoever had it before. `to` is `Assigned` or `InProgress`; a ticket that
    /// waits for the contact goes on waiting.
    ///
    /// Errors: `NotWaiting` when it is done; `AlreadyClaimed` when this agent works on it already.
    pub fn assigned_to(
        &self,
        agent: &AgentId,
        by: &AgentId,
        reason: Option<&str>,
        to: TicketState,
        now: Timestamp,
    ) -> Result<TicketChange, Refusal> {
        if !self.state.is_active() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        let waits = matches!(self.state, TicketState::New | TicketState::Open | TicketState::Reopened);
        if self.agent.as_ref() == Some(agent) && !waits {
            return Err(Refusal::AlreadyClaimed { by: agent.clone() });
        }
        Ok(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            if self.state != TicketState::PendingCustomer {
                after.state = to;
            }
            after.agent = Some(agent.clone());
            after.assigned_at = Some(now);
            vec![Happening::TicketAssigned { agent: agent.clone() }]
        }))
    }

    /// It is taken from its agent and waits for the team again, at the place that its age and priority give it.
    ///
    /// Errors: `NotWaiting` when it is done, `NobodyHasIt`.
    pub fn unassigned(&self, by: &AgentId, reason: Option<&str>, now: Timestamp) -> Result<TicketChange, Refusal> {
        if !self.state.is_active() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        let agent = self.agent.clone().ok_or(Refusal::NobodyHasIt)?;
        Ok(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            after.wait_in_queue();
            vec![Happening::TicketUnassigned { agent }]
        }))
    }

    /// It is handed to the team of another queue, where it waits, or to an agent of that team.
    ///
    /// Errors: `NotWaiting` when it is done, `AlreadyThere` for the queue that it is in.
    pub fn transferred(
        &self,
        queue: &QueueId,
        agent: Option<&AgentId>,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<TicketChange, Refusal> {
        if !self.state.is_active() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        if self.queue == *queue {
            return Err(Refusal::AlreadyThere { queue: queue.clone() });
        }
        let moved = self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            after.queue = queue.clone();
            if after.agent.is_some() {
                after.wait_in_queue();
            }
            vec![Happening::TicketTransferred { from_queue: self.queue.clone(), to_queue: queue.clone() }]
        });
        match agent {
            Some(agent) => {
                let given = moved.after.assigned_to(agent, by, reason, TicketState::Assigned, now)?;
                Ok(moved.then(given))
            }
            None => Ok(moved),
        }
    }

    fn wait_in_queue(&mut self) {
        self.state = TicketState::Open;
        self.agent = None;
        self.assigned_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::sample::ticket;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn agent(name: &str) -> AgentId {
        AgentId::new(name).unwrap()
    }

    #[test]
    fn a_ticket_is_given_and_given_on() {
        let (ana, bruno, carla) = (agent("ana"), agent("bruno"), agent("carla"));
        let given = ticket().assigned_to(&ana, &carla, Some("overflow"), TicketState::Assigned, at(1)).unwrap();
        assert_eq!((given.after.state, given.after.holder()), (TicketState::Assigned, Some(&ana)));
        assert_eq!((given.rows.len(), given.rows[0].reason.as_deref()), (1, Some("overflow")));
        let again = given.after.assigned_to(&ana, &carla, None, TicketState::Assigned, at(2));
        assert_eq!(again, Err(Refusal::AlreadyClaimed { by: ana.clone() }));
        let on = given.after.assigned_to(&bruno, &carla, None, TicketState::InProgress, at(2)).unwrap().after;
        assert_eq!((on.state, on.holder()), (TicketState::InProgress, Some(&bruno)));
        let own = Ticket { state: TicketState::Open, agent: Some(ana.clone()), ..ticket() };
        assert!(own.assigned_to(&ana, &ana, None, TicketState::InProgress, at(3)).is_ok());
        let waiting = Ticket { state: TicketState::PendingCustomer, agent: Some(ana), ..ticket() };
        let on = waiting.assigned_to(&bruno, &carla, None, TicketState::Assigned, at(2)).unwrap().after;
        assert_eq!((on.state, on.holder()), (TicketState::PendingCustomer, Some(&bruno)));
    }

    #[test]
    fn a_ticket_that_is_taken_away_waits_with_its_clocks_running() {
        let ana = agent("ana");
        let held = ticket().claimed_by(&ana, at(1)).unwrap().after;
        let freed = held.unassigned(&ana, Some("break"), at(2)).unwrap().after;
        assert_eq!((freed.state, freed.agent.as_ref(), freed.assigned_at), (TicketState::Open, None, None));
        assert_eq!(freed.sla, ticket().sla);
        assert_eq!(freed.unassigned(&ana, None, at(3)), Err(Refusal::NobodyHasIt));
    }

    #[test]
    fn a_transfer_leads_to_another_queue_and_maybe_to_its_agent() {
        let (ana, bruno) = (agent("ana"), agent("bruno"));
        let support = QueueId::new("support").unwrap();
        let held = ticket().claimed_by(&ana, at(1)).unwrap().after;
        let waits = held.transferred(&support, None, &ana, None, at(2)).unwrap();
        assert_eq!(
            (waits.after.state, waits.after.agent, waits.after.queue),
            (TicketState::Open, None, support.clone())
        );
        let given = held.transferred(&support, Some(&bruno), &ana, None, at(2)).unwrap();
        assert_eq!((given.after.holder(), given.rows.len()), (Some(&bruno), 2));
        assert_eq!(given.after.version, held.version + 2);
        let new = ticket().transferred(&support, None, &ana, None, at(2)).unwrap().after;
        assert_eq!(new.state, TicketState::New);
        let there = held.transferred(&held.queue, None, &ana, None, at(2));
        assert_eq!(there, Err(Refusal::AlreadyThere { queue: held.queue.clone() }));
    }
}
