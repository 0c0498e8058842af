//! What is counted over all of an organization, and compared when everything has been read.

use std::collections::{BTreeMap, BTreeSet};

use domain::agent::Agent;
use domain::ids::{AgentId, QueueId, TicketId};
use domain::invariants::numbers::Counter;
use domain::invariants::statistics::Counts;
use domain::invariants::{Finding, Invariant, load, named, numbers, statistics};
use domain::number::TicketNumber;
use domain::ticket::Ticket;

/// Some hundred bytes a ticket at most; nothing of messages, contacts and history.
#[derive(Default)]
pub(super) struct Books {
    /// Whether the organization's own item is there.
    pub(super) exists: bool,
    counter: Counter,
    kept: Counts,
    counted: Counts,
    numbers: Vec<(TicketNumber, TicketId)>,
    agents: BTreeMap<AgentId, Agent>,
    held: BTreeMap<AgentId, u64>,
    queues: BTreeSet<QueueId>,
    /// The queues in which tickets wait, each with one of them.
    waited_in: BTreeMap<QueueId, String>,
}

impl Books {
    pub(super) fn counter(&mut self, counter: Counter, counts: &Counts) {
        self.counter = counter;
        self.kept.add(counts);
    }

    pub(super) fn statistics(&mut self, counts: &Counts) {
        self.kept.add(counts);
    }

    pub(super) fn agent(&mut self, agent: Agent) {
        self.agents.insert(agent.id.clone(), agent);
    }

    pub(super) fn queue(&mut self, id: QueueId) {
        self.queues.insert(id);
    }

    pub(super) fn ticket(&mut self, ticket: &Ticket) {
        self.numbers.push((ticket.number, ticket.id.clone()));
        self.counted.count(ticket);
        match ticket.holder() {
            Some(agent) => *self.held.entry(agent.clone()).or_default() += 1,
            None if ticket.state.is_active() => {
                self.waited_in.entry(ticket.queue.clone()).or_insert_with(|| named(ticket));
            }
            None => {}
        }
    }

    /// What does not agree, and what an operator may want to know besides.
    pub(super) fn close(mut self) -> (Vec<Finding>, Vec<String>) {
        let mut findings = Vec::new();
        if !self.exists {
            findings.push(Finding::new(Invariant::I7, "it has data, but the organization does not exist"));
        }
        findings.extend(numbers::numbers(&self.counter, &mut self.numbers));
        findings.extend(statistics::statistics(&self.kept, &self.counted));
        let ids: BTreeSet<&AgentId> = self.agents.keys().chain(self.held.keys()).collect();
        let holds = |id: &AgentId| self.held.get(id).copied().unwrap_or(0);
        findings.extend(ids.into_iter().filter_map(|id| load::agent(id, self.agents.get(id), holds(id))));
        for (queue, ticket) in self.waited_in.iter().filter(|(queue, _)| !self.queues.contains(queue)) {
            let words = format!("{ticket} waits in queue {queue}, which does not exist");
            findings.push(Finding::new(Invariant::I4, words));
        }
        (findings, self.agents.values().filter_map(load::over_capacity).collect())
    }
}
