//! How many tickets an organization has in each state and of each priority, how long they waited, and how many were late.
//!
//! Exact, because the counts change in the transactions that change the tickets: new tickets are counted in the counter item,
//! which their transaction writes anyway, and changes in one of a few items chosen by the ticket. Source:
//! docs/adr/0005-statistics.md.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::figures::Figures;
use domain::ids::OrganizationId;
use domain::ticket::{Priority, Ticket, TicketState};

use crate::item::{Item, number, text};
use crate::transaction::IntoTransact;
use crate::{Error, Storage, keys};

/// The counts of an organization at one moment. States and priorities without a ticket are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// All tickets.
    pub total: u64,
    /// By state.
    pub by_state: BTreeMap<TicketState, u64>,
    /// By priority.
    pub by_priority: BTreeMap<Priority, u64>,
    /// How long they waited, and how many were late.
    pub figures: Figures,
}

pub(crate) fn state_attribute(state: TicketState) -> String {
    format!("state_{}", state.as_str())
}

pub(crate) fn priority_attribute(priority: Priority) -> String {
    format!("priority_{}", priority.as_str())
}

impl Storage {
    /// The counts as they are now.
    pub async fn statistics(&self, org: &OrganizationId) -> Result<Statistics, Error> {
        let counter = self.get(keys::counter(org), true).await?.unwrap_or_default();
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::statistics_partition(org)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        let mut items = answer.items.unwrap_or_default();
        let total = counter.get("n").and_then(integer).unwrap_or(0);
        items.push(counter);
        let net =
            |attribute: &str| -> i64 { items.iter().filter_map(|item: &Item| integer(item.get(attribute)?)).sum() };
        let sum = |attribute: &str| u64::try_from(net(attribute)).unwrap_or(0);
        let by_state = TicketState::ALL.into_iter().map(|state| (state, sum(&state_attribute(state))));
        let by_priority = Priority::ALL.into_iter().map(|priority| (priority, sum(&priority_attribute(priority))));
        Ok(Statistics {
            total: u64::try_from(total).unwrap_or(0),
            by_state: by_state.filter(|(_, count)| *count > 0).collect(),
            by_priority: by_priority.filter(|(_, count)| *count > 0).collect(),
            figures: Figures::from_values(Figures::NAMES.map(&net)),
        })
    }

    /// Counts a ticket as it is now and no longer as it was. `None` when nothing that is counted changed.
    pub(crate) fn count_change(&self, before: &Ticket, after: &Ticket) -> Result<Option<TransactWriteItem>, Error> {
        let mut adds = Vec::new();
        if before.state != after.state {
            adds.push((state_attribute(before.state), -1));
            adds.push((state_attribute(after.state), 1));
        }
        if before.priority != after.priority {
            adds.push((priority_attribute(before.priority), -1));
            adds.push((priority_attribute(after.priority), 1));
        }
        let figures = (Figures::of(after) - Figures::of(before)).values();
        for (name, by) in Figures::NAMES.into_iter().zip(figures).filter(|(_, by)| *by != 0) {
            adds.push((name.to_owned(), by));
        }
        if adds.is_empty() {
            return Ok(None);
        }
        let mut update = self.update(keys::statistics(&after.org, &after.id));
        let mut parts = Vec::new();
        for (place, (attribute, by)) in adds.into_iter().enumerate() {
            parts.push(format!("#a{place} :a{place}"));
            update = update
                .expression_attribute_names(format!("#a{place}"), attribute)
                .expression_attribute_values(format!(":a{place}"), number(by));
        }
        update.update_expression(format!("ADD {}", parts.join(", "))).into_transact().map(Some)
    }
}

fn integer(value: &aws_sdk_dynamodb::types::AttributeValue) -> Option<i64> {
    value.as_n().ok()?.parse().ok()
}
