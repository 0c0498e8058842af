//! Everything of a partition under a prefix, such as the notes of a ticket or the queues of an organization.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::de::DeserializeOwned;

use crate::item::{read, text};
use crate::{Error, Storage};

impl Storage {
    /// All of it in the order of its keys, page after page of 1 MB. `is_now` asks for what was written until this moment, at
    /// twice the units.
    pub(crate) async fn all_under<T: DeserializeOwned>(
        &self,
        partition: String,
        prefix: &str,
        is_now: bool,
    ) -> Result<Vec<T>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(partition))
            .expression_attribute_values(":prefix", text(prefix))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .consistent_read(is_now);
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let answer = query.clone().set_exclusive_start_key(start).send().await?;
            self.units.add_read(&answer.consumed_capacity);
            for item in answer.items.unwrap_or_default() {
                found.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
