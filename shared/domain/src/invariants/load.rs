//! I4: an agent's load is the number of tickets that it holds, and a ticket that somebody works on has somebody.

use super::{Finding, Invariant, named};
use crate::agent::Agent;
use crate::ids::AgentId;
use crate::ticket::{Phase, Ticket, TicketState};

/// An agent, absent where it does not exist, and how many tickets it holds.
pub fn agent(id: &AgentId, agent: Option<&Agent>, holds: u64) -> Option<Finding> {
    let Some(agent) = agent else {
        let words = format!("agent {id} holds {holds} tickets and does not exist");
        return (holds > 0).then(|| Finding::new(Invariant::I4, words));
    };
    let load = u64::from(agent.load);
    let words = || format!("agent {id} holds {holds} tickets, but its load says {load}");
    (load != holds).then(|| Finding::new(Invariant::I4, words()))
}

/// An agent with more than it may hold. No finding: an administrator may have lowered the capacity since.
pub fn over_capacity(agent: &Agent) -> Option<String> {
    let Agent { id, load, capacity, .. } = agent;
    (load > capacity).then(|| format!("agent {id} holds {load} tickets and may hold {capacity} now"))
}

/// What a ticket's state says of its agent.
pub fn ticket(ticket: &Ticket) -> Vec<Finding> {
    let is_worked_on = matches!(ticket.state.phase(), Phase::Active | Phase::Waiting);
    let wrong = [
        (is_worked_on && ticket.agent.is_none()).then(|| format!("is {} and has no agent", ticket.state.as_str())),
        (ticket.state == TicketState::New && ticket.agent.is_some()).then(|| "is new and has an agent".to_owned()),
        (ticket.agent.is_some() != ticket.assigned_at.is_some())
            .then(|| "has an agent without a time of assignment, or a time without an agent".to_owned()),
    ];
    let first = wrong.into_iter().flatten().next();
    first.map(|words| Finding::new(Invariant::I4, format!("{} {words}", named(ticket)))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Role;
    use crate::ticket::sample::ticket as sample;

    fn ana(load: u32) -> Agent {
        let id = AgentId::new("ana").unwrap();
        Agent { id, name: String::new(), role: Role::Agent, queues: Vec::new(), capacity: 5, load, is_active: true }
    }

    #[test]
    fn an_agent_s_load_is_what_it_holds() {
        let check = |known: Option<Agent>, holds: u64, expected: Option<&str>| {
            let found = agent(&ana(0).id, known.as_ref(), holds);
            assert_eq!(found.map(|finding| finding.words).as_deref(), expected);
        };
        check(Some(ana(2)), 2, None);
        check(Some(ana(2)), 1, Some("agent ana holds 1 tickets, but its load says 2"));
        check(None, 0, None);
        check(None, 1, Some("agent ana holds 1 tickets and does not exist"));
    }

    #[test]
    fn a_lowered_capacity_is_noted() {
        assert_eq!(over_capacity(&ana(5)), None);
        assert_eq!(over_capacity(&ana(6)).unwrap(), "agent ana holds 6 tickets and may hold 5 now");
    }

    #[test]
    fn a_ticket_in_work_has_an_agent_since_some_time() {
        let with = |state, agent: bool, assigned: bool| Ticket {
            state,
            agent: agent.then(|| ana(0).id),
            assigned_at: assigned.then_some(sample().created_at),
            ..sample()
        };
        assert!(ticket(&sample()).is_empty());
        for state in TicketState::ALL {
            let is_queue = matches!(state, TicketState::New | TicketState::Open | TicketState::Reopened);
            assert_eq!(ticket(&with(state, false, false)).is_empty(), is_queue || !state.is_active(), "{state:?}");
            assert_eq!(ticket(&with(state, true, true)).is_empty(), state != TicketState::New, "{state:?}");
            assert_eq!(ticket(&with(state, true, false)).len(), 1, "{state:?}");
            assert_eq!(ticket(&with(state, false, true)).len(), 1, "{state:?}");
        }
    }
}
