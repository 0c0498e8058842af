//! Everything of a partition under a prefix, such as the notes of a ticket or the queues of an organization.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::page::{Portion, Room};
use serde::de::DeserializeOwned;

use crate::item::{read, text, text_of};
use crate::{Error, Storage};

/// In which direction a range is read, and from which key on; that key's own item is left out.
pub(crate) enum Along {
    Rising(Option<String>),
    Falling(Option<String>),
}

/// What of a partition is read.
pub(crate) struct Range {
    pub(crate) partition: String,
    pub(crate) prefix: &'static str,
    pub(crate) along: Along,
}

/// Above every key that begins with the prefix: keys are ASCII after it.
const END: char = '~';

impl Storage {
    /// As much of a range as there is room for, as it is now.
    pub(crate) async fn part_of<T: DeserializeOwned>(
        &self,
        range: Range,
        mut room: Room,
        weight: impl Fn(&T) -> usize,
    ) -> Result<Portion<T>, Error> {
        let Range { partition, prefix, along } = range;
        let is_rising = matches!(along, Along::Rising(_));
        let (first, last, open) = match along {
            Along::Rising(after) => {
                let after = after.unwrap_or_else(|| prefix.to_owned());
                (after.clone(), format!("{prefix}{END}"), after)
            }
            Along::Falling(before) => {
                let before = before.unwrap_or_else(|| format!("{prefix}{END}"));
                (prefix.to_owned(), before.clone(), before)
            }
        };
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(partition))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(is_rising)
            // One that is left out, and one that tells that there is more.
            .limit(i32::try_from(room.things().saturating_add(2)).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .consistent_read(true);
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let answer = query.clone().set_exclusive_start_key(start).send().await?;
            self.units.add_read(&answer.consumed_capacity);
            for item in answer.items.unwrap_or_default() {
                if text_of(&item, "sk") == Some(open.as_str()) {
                    continue;
                }
                let found = read(item)?;
                if !room.takes(weight(&found)) {
                    return Ok(Portion { items, has_more: true });
                }
                items.push(found);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(Portion { items, has_more: false });
            }
        }
    }

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
