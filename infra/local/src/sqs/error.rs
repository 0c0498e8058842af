//! What the queues refuse, in the words and codes of Amazon SQS. Each error knows its code; none knows HTTP.

use std::sync::Arc;

/// Why an operation, or one entry of a batch, was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute(s).")]
    QueueNameExists,
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("The address {0} is not valid for this endpoint.")]
    InvalidAddress(String),
    #[error(
        "Invalid binary character '#x{0:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents(u32),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    #[error("The maximum number of in flight messages is reached.")]
    OverLimit,
    #[error("{0} is not supported by the queues of this host.")]
    UnsupportedOperation(String),
    #[error("The action {0} is not valid for this endpoint.")]
    InvalidAction(String),
    #[error("The request is not readable: {0}")]
    Serialization(String),
    #[error("the queues' file could not be read or written")]
    Storage(#[source] Arc<rusqlite::Error>),
    #[error("the queues' file has layout {found}, this host knows {known}")]
    Layout { found: i64, known: i64 },
    #[error("the queues have stopped")]
    Stopped,
}

impl Error {
    /// The code that SDKs match on (the query protocol's, which the JSON protocol carries in `x-amzn-query-error`).
    pub(crate) fn code(&self) -> &'static str {
        self.code_and_shape().0
    }

    /// The name of the error's shape: the JSON protocol's `__type`.
    pub(super) fn shape(&self) -> &'static str {
        self.code_and_shape().1
    }

    #[rustfmt::skip]
    fn code_and_shape(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("AWS.SimpleQueueService.NonExistentQueue", "com.amazonaws.sqs#QueueDoesNotExist"),
            Self::QueueNameExists => ("QueueAlreadyExists", "com.amazonaws.sqs#QueueNameExists"),
            Self::PurgeQueueInProgress(_) => ("AWS.SimpleQueueService.PurgeQueueInProgress", "com.amazonaws.sqs#PurgeQueueInProgress"),
            Self::EmptyBatchRequest => ("AWS.SimpleQueueService.EmptyBatchRequest", "com.amazonaws.sqs#EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest(_) => ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "com.amazonaws.sqs#TooManyEntriesInBatchRequest"),
            Self::BatchEntryIdsNotDistinct(_) => ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "com.amazonaws.sqs#BatchEntryIdsNotDistinct"),
            Self::InvalidBatchEntryId => ("AWS.SimpleQueueService.InvalidBatchEntryId", "com.amazonaws.sqs#InvalidBatchEntryId"),
            Self::BatchRequestTooLong(_) => ("AWS.SimpleQueueService.BatchRequestTooLong", "com.amazonaws.sqs#BatchRequestTooLong"),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "com.amazonaws.sqs#InvalidAttributeName"),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "com.amazonaws.sqs#InvalidAttributeValue"),
            Self::InvalidAddress(_) => ("InvalidAddress", "com.amazonaws.sqs#InvalidAddress"),
            Self::InvalidMessageContents(_) => ("InvalidMessageContents", "com.amazonaws.sqs#InvalidMessageContents"),
            Self::InvalidParameterValue(_) => ("InvalidParameterValue", "com.amazon.coral.service#InvalidParameterValueException"),
            Self::MissingParameter(_) => ("MissingParameter", "com.amazon.coral.service#MissingRequiredParameterException"),
            Self::ResourceNotFound(_) => ("ResourceNotFoundException", "com.amazonaws.sqs#ResourceNotFoundException"),
            Self::ReceiptHandleIsInvalid(_) => ("ReceiptHandleIsInvalid", "com.amazonaws.sqs#ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => ("AWS.SimpleQueueService.MessageNotInflight", "com.amazonaws.sqs#MessageNotInflight"),
            Self::OverLimit => ("OverLimit", "com.amazonaws.sqs#OverLimit"),
            Self::UnsupportedOperation(_) => ("AWS.SimpleQueueService.UnsupportedOperation", "com.amazonaws.sqs#UnsupportedOperation"),
            Self::InvalidAction(_) => ("InvalidAction", "com.amazon.coral.service#UnknownOperationException"),
            Self::Serialization(_) => ("MalformedInput", "com.amazon.coral.service#SerializationException"),
            Self::Storage(_) | Self::Layout { .. } => ("InternalError", "com.amazon.coral.service#InternalFailure"),
            Self::Stopped => ("ServiceUnavailable", "com.amazon.coral.service#ServiceUnavailableException"),
        }
    }

    /// Whether the caller must change the request, rather than try again.
    pub(crate) fn is_senders(&self) -> bool {
        !matches!(self, Self::Storage(_) | Self::Layout { .. } | Self::Stopped)
    }

    /// AWS's sentence for the ARN of a queue that is not there.
    pub(super) fn missing_queue(parameter: &str) -> Self {
        Self::ResourceNotFound(format!("The resource that you specified for the {parameter} parameter doesn't exist."))
    }

    /// AWS's sentence for a parameter out of its range or of the wrong form.
    pub(super) fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::InvalidParameterValue(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(Arc::new(error))
    }
}
