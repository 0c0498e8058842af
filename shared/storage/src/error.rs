//! What can go wrong with the table, told apart by what the caller should do.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::ids::{AgentId, TicketId};
use domain::quota::TooMany;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Throttled, timed out, unreachable or contended for too long: the same call may succeed later.
    #[error("the table is unavailable ({code})")]
    Unavailable {
        /// The service's own code, or what was exhausted.
        code: String,
        /// The cause, where the service gave one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// An item is not what this code writes.
    #[error("the item {item} cannot be read")]
    Corrupt {
        /// Its key, without personal data.
        item: String,
        /// What is wrong with it.
        #[source]
        source: serde_dynamo::Error,
    },
    /// The service refused the call itself: a bug or a missing permission.
    #[error("the table refused the call ({code})")]
    Refused {
        /// The service's own code.
        code: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Somebody changed the ticket since it was read: read it again and decide again.
    #[error("the ticket was changed at the same time")]
    Stale,
    /// The agent holds as many tickets as it may, or is not active.
    #[error("agent {agent} holds as many tickets as it may")]
    AtCapacity {
        /// The agent.
        agent: AgentId,
    },
    /// The conversation has another active ticket.
    #[error("the conversation has another active ticket")]
    OtherTicketActive {
        /// The ticket in the slot, where it is known.
        ticket: Option<TicketId>,
    },
    /// The request was carried out before: its answer is known.
    #[error("the request was carried out before")]
    Repeated,
    /// The contact has, or was lately given, as many tickets as it may have.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The call failed.
    #[error(transparent)]
    Table(#[from] Error),
}

impl Error {
    pub(crate) fn contended() -> Self {
        Self::Unavailable { code: "TransactionConflict".to_owned(), source: None }
    }
}

const LATER: [&str; 8] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "TransactionInProgressException",
    "TransactionConflictException",
    "LimitExceededException",
    "ServiceUnavailable",
];

impl<E, R> From<SdkError<E, R>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        match code {
            // No code: it timed out, was not reachable, or answered something that is not DynamoDB.
            None => Self::Unavailable { code: "unreachable".to_owned(), source: Some(Box::new(error)) },
            Some(code) if LATER.contains(&code.as_str()) => Self::Unavailable { code, source: Some(Box::new(error)) },
            Some(code) => Self::Refused { code, source: Box::new(error) },
        }
    }
}
