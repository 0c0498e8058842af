//! Transactions: told apart why one was cancelled, and tried again while others hold the same items.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::item::Item;
use crate::{Error, Storage};

/// How often a transaction is tried while other transactions hold its items.
const TRIES: u32 = 8;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it was written.
    Committed,
    /// Nothing was written: the condition of the item at this place did not hold. With the item as it is, where there is one.
    Refused { place: usize, found: Option<Item> },
}

impl Storage {
    /// Writes all items or none.
    ///
    /// Errors: `Unavailable` when throttled, or when other transactions held the items through all tries.
    pub(crate) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<Outcome, Error> {
        for attempt in 0..TRIES {
            let call = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let error = match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => {
                    self.units.add_write(answer.consumed_capacity());
                    return Ok(Outcome::Committed);
                }
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(error.into());
            };
            let reasons = cancelled.cancellation_reasons();
            let is = |code: &str| reasons.iter().position(|reason| reason.code() == Some(code));
            if let Some(place) = is("ConditionalCheckFailed") {
                let found = reasons[place].item.clone().filter(|item| !item.is_empty());
                return Ok(Outcome::Refused { place, found });
            }
            let contended = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].map(is);
            if contended.iter().all(Option::is_none) {
                return Err(error.into());
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(Error::contended())
    }

    pub(crate) fn put(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    pub(crate) fn update(&self, key: crate::keys::Key) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.into()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    pub(crate) fn check(&self, key: crate::keys::Key) -> aws_sdk_dynamodb::types::builders::ConditionCheckBuilder {
        ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key.into()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Between nothing and 10 ms doubling to 640 ms: full jitter, so that contenders spread.
pub(crate) fn backoff(attempt: u32) -> Duration {
    Duration::from_micros(fastrand::u64(0..=10_000 << attempt.min(6)))
}

/// Wraps a built item of a transaction. A builder that misses a required member is a bug of this crate, told as a refusal.
pub(crate) trait IntoTransact {
    /// The item as the transaction takes it.
    fn into_transact(self) -> Result<TransactWriteItem, Error>;
}

macro_rules! into_transact {
    ($builder:ident, $member:ident) => {
        impl IntoTransact for aws_sdk_dynamodb::types::builders::$builder {
            fn into_transact(self) -> Result<TransactWriteItem, Error> {
                let built = self.build();
                let built = built
                    .map_err(|error| Error::Refused { code: "InvalidItem".to_owned(), source: Box::new(error) })?;
                Ok(TransactWriteItem::builder().$member(built).build())
            }
        }
    };
}

into_transact!(PutBuilder, put);
into_transact!(UpdateBuilder, update);
into_transact!(ConditionCheckBuilder, condition_check);
