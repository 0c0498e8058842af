//! Reading tickets: one by any of its names, lists by number, and the board.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::event::HistoryRow;
use domain::ids::{AgentId, OrganizationId, QueueId, TicketId};
use domain::number::TicketRef;
use domain::page::{Portion, Room, Weighs};
use domain::ticket::{Category, Priority, Ticket, TicketState};
use serde::Deserialize;

use crate::item::{Item, number, read, text};
use crate::prefixes::{Along, Range};
use crate::{Error, Storage, keys};

/// Which tickets a list wants; everything that is absent is not asked about.
#[derive(Debug, Clone, Default)]
pub struct TicketFilter {
    /// Any of these states; empty for all.
    pub states: Vec<TicketState>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Of this category.
    pub category: Option<Category>,
    /// Held by this agent.
    pub agent: Option<AgentId>,
}

impl TicketFilter {
    /// Whether it lets a ticket through.
    pub fn matches(&self, ticket: &Ticket) -> bool {
        (self.states.is_empty() || self.states.contains(&ticket.state))
            && self.priority.is_none_or(|priority| priority == ticket.priority)
            && self.category.is_none_or(|category| category == ticket.category)
            && self.agent.as_ref().is_none_or(|agent| ticket.agent.as_ref() == Some(agent))
    }
}

/// A part of a list, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// The tickets.
    pub tickets: Vec<Ticket>,
    /// The number below which the list goes on; absent at its end.
    pub next_below: Option<u64>,
}

impl Storage {
    /// A ticket by its id, as it is now.
    pub async fn ticket(&self, org: &OrganizationId, id: &TicketId) -> Result<Option<Ticket>, Error> {
        let item = self.get(keys::ticket(org, id), true).await?.filter(is_ticket);
        item.map(read).transpose()
    }

    /// Those of several tickets that there are, as they were a moment ago.
    pub(crate) async fn several_tickets(
        &self,
        org: &OrganizationId,
        ids: impl Iterator<Item = TicketId>,
    ) -> Result<Vec<Ticket>, Error> {
        let items = self.batch_get(ids.map(|id| keys::ticket(org, &id)).collect(), false).await?;
        items.into_iter().filter(is_ticket).map(read).collect()
    }

    /// A ticket by any of its names, as it is now. `None` when the organization has no such ticket.
    pub async fn find_ticket(&self, org: &OrganizationId, reference: &TicketRef) -> Result<Option<Ticket>, Error> {
        let wanted = match reference {
            TicketRef::Id(id) => return self.ticket(org, id).await,
            TicketRef::Number(wanted) => *wanted,
            TicketRef::YearForm(form) => match self.number_of(org, *form).await? {
                Some(wanted) => wanted,
                None => return Ok(None),
            },
        };
        let page = self.tickets_by_number(org, wanted.saturating_add(1), 1).await?;
        match page.tickets.into_iter().next().filter(|ticket| ticket.number.number == wanted) {
            // The index may lag: the ticket itself decides.
            Some(ticket) => self.ticket(org, &ticket.id).await,
            None => Ok(None),
        }
    }

    /// Tickets with numbers below `below`, newest first, at most `limit`. Its cost depends on `limit` alone.
    pub async fn tickets_by_number(&self, org: &OrganizationId, below: u64, limit: u32) -> Result<Page, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::BY_NUMBER)
            .key_condition_expression("n_pk = :pk AND n_sk < :below")
            .expression_attribute_values(":pk", text(keys::numbers_partition(org)))
            .expression_attribute_values(":below", number(below.min(i64::MAX.unsigned_abs())))
            .scan_index_forward(false);
        let (tickets, more) = self.tickets_of(query, limit).await?;
        let next_below = tickets.last().map(|ticket| ticket.number.number).filter(|last| more && *last > 1);
        Ok(Page { tickets, next_below })
    }

    /// The tickets that wait in a queue, in the order in which they are to be taken; at most `limit`.
    pub async fn waiting_tickets(
        &self,
        org: &OrganizationId,
        queue: &QueueId,
        limit: u32,
    ) -> Result<Vec<Ticket>, Error> {
        Ok(self.waiting_page(org, queue, None, limit).await?.0)
    }

    /// The tickets that lie with an agent and are not closed, the most urgent first; at most `limit`.
    pub async fn agent_tickets(&self, org: &OrganizationId, agent: &AgentId, limit: u32) -> Result<Vec<Ticket>, Error> {
        Ok(self.agent_page(org, agent, None, limit).await?.0)
    }

    /// The first `limit` tickets of a query, over as many pages of 1 MB as they take, and whether more follow.
    pub(crate) async fn tickets_of(&self, query: QueryFluentBuilder, limit: u32) -> Result<(Vec<Ticket>, bool), Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut tickets = Vec::new();
        let mut start = None;
        loop {
            let left = i32::try_from(limit - tickets.len()).unwrap_or(i32::MAX);
            let page = query.clone().limit(left.max(1)).set_exclusive_start_key(start);
            let answer = page.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
            self.units.add_read(&answer.consumed_capacity);
            for item in answer.items.unwrap_or_default() {
                tickets.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() || tickets.len() >= limit {
                return Ok((tickets, start.is_some()));
            }
        }
    }

    /// The history of a ticket after its creation, oldest first.
    pub async fn history(&self, org: &OrganizationId, id: &TicketId) -> Result<Vec<HistoryRow>, Error> {
        self.all_under(keys::ticket(org, id).pk, keys::HISTORY_PREFIX, true).await
    }

    /// What led to the versions of a ticket after `version`, oldest first.
    pub async fn history_after(
        &self,
        org: &OrganizationId,
        id: &TicketId,
        version: u64,
        room: Room,
    ) -> Result<Portion<VersionedRow>, Error> {
        self.history_along(org, id, Along::Rising(Some(keys::history(org, id, version).sk)), room).await
    }

    /// What led to the versions of a ticket before `version`, or to all, newest first.
    pub async fn history_before(
        &self,
        org: &OrganizationId,
        id: &TicketId,
        version: Option<u64>,
        room: Room,
    ) -> Result<Portion<VersionedRow>, Error> {
        let bound = version.map(|version| keys::history(org, id, version).sk);
        self.history_along(org, id, Along::Falling(bound), room).await
    }

    async fn history_along(
        &self,
        org: &OrganizationId,
        id: &TicketId,
        along: Along,
        room: Room,
    ) -> Result<Portion<VersionedRow>, Error> {
        let range = Range { partition: keys::ticket(org, id).pk, prefix: keys::HISTORY_PREFIX, along };
        let found = self.part_of(range, room, |item: &RowWithKey| item.row.weight()).await?;
        let versioned = |item: RowWithKey| VersionedRow {
            version: item.sk.strip_prefix(keys::HISTORY_PREFIX).and_then(|v| v.parse().ok()).unwrap_or_default(),
            row: item.row,
        };
        Ok(Portion { items: found.items.into_iter().map(versioned).collect(), has_more: found.has_more })
    }
}

/// A row of history with the version of the ticket that it led to.
#[derive(Debug, Clone)]
pub struct VersionedRow {
    /// The version.
    pub version: u64,
    /// The row.
    pub row: HistoryRow,
}

#[derive(Debug, Deserialize)]
struct RowWithKey {
    sk: String,
    #[serde(flatten)]
    row: HistoryRow,
}

/// The mark of a slot that was taken again lies at a ticket's key, but is no ticket.
fn is_ticket(item: &Item) -> bool {
    !item.contains_key("held_by")
}
