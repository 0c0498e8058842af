//! Reading and writing items by their keys, with their cost.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use futures_util::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::Key;
use crate::writes::Statement;
use crate::{Error, Storage};

/// An item as the SDK holds it.
pub(crate) type Item = HashMap<String, AttributeValue>;

impl From<Key> for Item {
    fn from(key: Key) -> Self {
        Item::from([("pk".to_owned(), AttributeValue::S(key.pk)), ("sk".to_owned(), AttributeValue::S(key.sk))])
    }
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
#[expect(clippy::needless_pass_by_value, reason = "callers pass integers")]
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The text that an item has under a name.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Adds the attributes of `value` to an item that has its key.
pub(crate) fn write(key: Key, value: &impl Serialize) -> Result<Item, Error> {
    let name = format!("{}/{}", key.pk, key.sk);
    let mut item: Item = serde_dynamo::to_item(value).map_err(|source| Error::Corrupt { item: name, source })?;
    item.extend(Item::from(key));
    Ok(item)
}

/// Reads a value from an item; attributes that it does not know, the keys among them, are ignored.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    let name = |part: &str| text_of(&item, part).unwrap_or_default();
    // Alias and receipt keys hold identities: only the shape of the partition is told.
    let shape: String = name("pk").split('#').take(3).collect::<Vec<_>>().join("#");
    let label = format!("{shape}…/{}", name("sk").split('#').next().unwrap_or_default());
    serde_dynamo::from_item(item).map_err(|source| Error::Corrupt { item: label, source })
}

impl Storage {
    /// Reads one item in a call of its own.
    pub(crate) async fn get_alone(&self, key: Key, consistent: bool) -> Result<Option<Item>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.into()))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_read(&answer.consumed_capacity);
        Ok(answer.item)
    }

    /// Reads items in any order, 100 a call, until all were answered.
    pub(crate) async fn batch_get(&self, mut wanted: Vec<Key>, consistent: bool) -> Result<Vec<Item>, Error> {
        wanted.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
        wanted.dedup();
        let calls = wanted.chunks(100).map(|call| self.batch_get_call(call, consistent));
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    async fn batch_get_call(&self, wanted: &[Key], consistent: bool) -> Result<Vec<Item>, Error> {
        let mut items = Vec::with_capacity(wanted.len());
        let mut open: Vec<Item> = wanted.iter().cloned().map(Item::from).collect();
        for attempt in 0..8 {
            if open.is_empty() {
                return Ok(items);
            }
            if attempt > 0 {
                tokio::time::sleep(crate::transaction::backoff(attempt)).await;
            }
            let request = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(consistent);
            let request = request
                .build()
                .map_err(|error| Error::Refused { code: "InvalidKeys".to_owned(), source: Box::new(error) })?;
            let call = self.client.batch_get_item().request_items(&self.table, request);
            let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
            self.units.add_read(answer.consumed_capacity());
            items.extend(answer.responses.unwrap_or_default().into_values().flatten());
            open = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
        }
        if open.is_empty() { Ok(items) } else { Err(Error::contended()) }
    }

    /// Writes an item that must not exist. Returns the one that is there instead.
    pub(crate) async fn put_new(&self, item: Item) -> Result<Option<Item>, Error> {
        if self.write_together(|table| Statement::insert(table, &item)).await == Some(true) {
            return Ok(None);
        }
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.units.add_write(&answer.consumed_capacity);
                Ok(None)
            }
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => Ok(Some(failed.item.unwrap_or_default())),
                other => Err(SdkError::<_, ()>::service_error(other, ()).into()),
            },
            Err(other) => Err(other.into()),
        }
    }

    /// Whether an update was made: `false` when its condition did not hold.
    pub(crate) fn unless_refused(
        &self,
        answer: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
    ) -> Result<bool, Error> {
        match answer {
            Ok(answer) => {
                self.units.add_write(&answer.consumed_capacity);
                Ok(true)
            }
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(_) => Ok(false),
                other => Err(SdkError::<_, ()>::service_error(other, ()).into()),
            },
            Err(other) => Err(other.into()),
        }
    }
}
