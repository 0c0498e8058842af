//! Single writes that met a transaction on the same item. Nothing was written, and a moment later nothing is in the way, so
//! the SDK tries them again as it does what was throttled; by itself it gives up at the first.
//!
//! Transactions that met another are tried again in `transaction`, which reads their reasons.
//! Source: DynamoDB Developer Guide, "Transaction conflict handling in DynamoDB".

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

/// The configuration of a client for [`Storage`](crate::Storage): with what has to be tried again beyond the SDK's own rules.
pub fn with_conflicts_tried_again(config: Builder) -> Builder {
    config.retry_classifier(Conflicts)
}

#[derive(Debug)]
struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let is_conflict = error.is_some_and(|error| {
            error.downcast_ref().is_some_and(PutItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(UpdateItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(DeleteItemError::is_transaction_conflict_exception)
        });
        if is_conflict { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "conflicts of single writes"
    }
}
