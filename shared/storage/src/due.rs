//! Deadlines that fell due: the cost is in proportion to them, never to the number of tickets.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::ticket::Ticket;
use jiff::Timestamp;

use crate::item::{read, text, text_of};
use crate::{Error, Storage, keys};

impl Storage {
    /// How many shards the deadlines have; each is scanned on its own.
    pub fn due_shards(&self) -> impl Iterator<Item = u8> {
        0..keys::DUE_SHARDS
    }

    /// Tickets of a shard with a deadline at or before `now`, the earliest first, as they are now; at most `limit`.
    pub async fn tickets_due(&self, shard: u8, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, Error> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::DUE)
            .key_condition_expression("d_pk = :pk AND d_sk < :bound")
            .expression_attribute_values(":pk", text(keys::due_partition(shard)))
            // `~` sorts after the `#` that follows the time, so a deadline at exactly `now` is due.
            .expression_attribute_values(":bound", text(format!("{}~", keys::due_bound(now))))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        let mut tickets = Vec::new();
        for item in answer.items.unwrap_or_default() {
            let part = |name: &str| text_of(&item, name).map(str::to_owned);
            let (Some(pk), Some(sk)) = (part("pk"), part("sk")) else { continue };
            if let Some(ticket) = self.get(keys::Key { pk, sk }, true).await? {
                tickets.push(read(ticket)?);
            }
        }
        Ok(tickets)
    }
}
