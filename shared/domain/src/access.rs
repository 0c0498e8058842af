//! Who may see and do what (docs/requirements.md C14).
//!
//! An agent sees own tickets and the unassigned ones of own queues; a supervisor and an admin see the whole organization. What
//! a caller may not see is answered as if it did not exist.

use crate::agent::{Agent, Role};
use crate::ids::AgentId;
use crate::ticket::Ticket;

/// Why a caller may not do something with a ticket it may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Another agent works on it.
    #[error("the ticket belongs to another agent")]
    NotYours,
    /// Nobody has claimed it yet.
    #[error("claim the ticket first")]
    NotClaimed,
    /// Only who supervises gives tickets to others.
    #[error("only a supervisor or an admin may give tickets to others")]
    OnlySupervisors,
}

/// Supervisors say that two contacts are one person, or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only a supervisor or an admin may merge, unmerge and split contacts")]
pub struct ContactsDenied;

/// Whether the agent may see the ticket.
pub fn may_see(agent: &Agent, ticket: &Ticket) -> bool {
    agent.role >= Role::Supervisor
        || match &ticket.agent {
            Some(holder) => *holder == agent.id,
            None => agent.queues.contains(&ticket.queue),
        }
}

/// Whether the agent may learn who holds the ticket: it works in the ticket's queue, or supervises.
pub fn may_see_holder(agent: &Agent, ticket: &Ticket) -> bool {
    may_see(agent, ticket) || agent.queues.contains(&ticket.queue)
}

/// Whether the agent may answer the contact in the ticket. Two people never answer at once: only its agent may, or a supervisor.
pub fn may_answer(agent: &Agent, ticket: &Ticket) -> Result<(), Denied> {
    match &ticket.agent {
        Some(holder) if *holder == agent.id => Ok(()),
        Some(_) if agent.role >= Role::Supervisor => Ok(()),
        Some(_) => Err(Denied::NotYours),
        None => Err(Denied::NotClaimed),
    }
}

/// Whether the agent may give the ticket to `to`. Everybody takes what nobody has; a supervisor gives whatever to whomever; others give
/// only what is theirs or nobody's, and only where the organization lets them.
pub fn may_assign(agent: &Agent, ticket: &Ticket, to: &AgentId, agents_may: bool) -> Result<(), Denied> {
    if agent.role >= Role::Supervisor {
        return Ok(());
    }
    if ticket.agent.as_ref().is_some_and(|holder| *holder != agent.id) {
        return Err(Denied::NotYours);
    }
    if *to == agent.id || agents_may { Ok(()) } else { Err(Denied::OnlySupervisors) }
}

/// Whether the agent may say that two contacts are one person, or that one is two.
pub fn may_merge_contacts(agent: &Agent) -> Result<(), ContactsDenied> {
    if agent.role >= Role::Supervisor { Ok(()) } else { Err(ContactsDenied) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, QueueId};
    use crate::ticket::sample::ticket;

    fn agent(id: &str, role: Role, queues: &[&str]) -> Agent {
        Agent {
            id: AgentId::new(id).unwrap(),
            name: id.to_owned(),
            role,
            queues: queues.iter().map(|queue| QueueId::new(*queue).unwrap()).collect(),
            capacity: 5,
            load: 0,
            is_active: true,
        }
    }

    #[test]
    fn an_agent_sees_own_tickets_and_unassigned_ones_of_own_queues() {
        let waiting = ticket();
        let mut held = ticket();
        held.agent = Some(AgentId::new("ana").unwrap());
        let check = |agent: &Agent, ticket: &Ticket, see: bool, holder: bool| {
            assert_eq!((may_see(agent, ticket), may_see_holder(agent, ticket)), (see, holder), "{}", agent.id);
        };
        check(&agent("ana", Role::Agent, &["sales"]), &waiting, true, true);
        check(&agent("ana", Role::Agent, &[]), &waiting, false, false);
        check(&agent("ana", Role::Agent, &[]), &held, true, true);
        check(&agent("bruno", Role::Agent, &["sales"]), &held, false, true);
        check(&agent("bruno", Role::Agent, &["support"]), &held, false, false);
        check(&agent("carla", Role::Supervisor, &[]), &held, true, true);
    }

    #[test]
    fn an_agent_takes_tickets_and_a_supervisor_gives_them() {
        let (ana, carla) = (agent("ana", Role::Agent, &["sales"]), agent("carla", Role::Supervisor, &[]));
        let bruno = AgentId::new("bruno").unwrap();
        let mut held = ticket();
        assert_eq!(may_assign(&ana, &held, &ana.id, false), Ok(()));
        assert_eq!(may_assign(&ana, &held, &bruno, false), Err(Denied::OnlySupervisors));
        assert_eq!(may_assign(&ana, &held, &bruno, true), Ok(()));
        held.agent = Some(bruno.clone());
        assert_eq!(may_assign(&ana, &held, &ana.id, true), Err(Denied::NotYours));
        assert_eq!(may_assign(&carla, &held, &ana.id, false), Ok(()));
    }

    #[test]
    fn only_the_holder_or_a_supervisor_answers() {
        let mut held = ticket();
        assert_eq!(may_answer(&agent("ana", Role::Agent, &["sales"]), &held), Err(Denied::NotClaimed));
        held.agent = Some(AgentId::new("ana").unwrap());
        assert_eq!(may_answer(&agent("ana", Role::Agent, &[]), &held), Ok(()));
        assert_eq!(may_answer(&agent("bruno", Role::Agent, &["sales"]), &held), Err(Denied::NotYours));
        assert_eq!(may_answer(&agent("carla", Role::Supervisor, &[]), &held), Ok(()));
    }
}
