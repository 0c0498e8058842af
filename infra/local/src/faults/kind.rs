//! The kinds of faults: what each does, and which behaviour of AWS it imitates. docs/faults.md has the same table for its users.

/// What can be made to go wrong. A variant's documentation is its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// The function's process is killed (SIGKILL) in mid-invocation: before its work, during it, or when it is done and
    /// the answer not yet taken. The caller is told `Runtime.ExitError`: an HTTP API answers 500, a queue gives the batch
    /// out again when its visibility ends, a stream's batch is tried again.
    /// Source: Lambda Developer Guide, "How Lambda handles failures" (invocation-retries.html) and "Using Lambda with
    /// Amazon SQS" (with-sqs.html).
    Kill,
    /// As `Kill`, reported as a function that ran into its timeout (`Sandbox.Timedout`), without waiting for that long.
    /// Source: Lambda Developer Guide, "Configure Lambda function timeout" (configuration-timeout.html).
    Timeout,
    /// A message that was delivered and acknowledged is delivered once more: as after a lost `DeleteMessage` or a replica
    /// that missed it. On a FIFO queue it comes before the next message of its group, and what was acknowledged behind it
    /// in the same call comes again behind it, as after a consumer that crashed before its delete.
    /// Source: SQS Developer Guide, "At-least-once delivery" (standard-queues-at-least-once-delivery.html) and "FIFO queue
    /// delivery logic" (FIFO-queues-understanding-logic.html).
    Duplicate,
    /// A receive takes messages out of order, where the queue promises none: any of a standard queue, groups of a FIFO queue.
    /// Source: SQS Developer Guide, "Amazon SQS standard queues" (standard-queues.html): best-effort ordering.
    Reorder,
    /// A write is refused because another transaction holds its item: `TransactionCanceledException` with one reason for
    /// each item, or `TransactionConflictException` for a single write. Nothing is applied.
    /// Source: DynamoDB Developer Guide, "Transaction conflict handling" (transaction-apis.html).
    Conflict,
    /// A write (of the table, or a send to a queue) is applied and its answer lost: status 500, or a closed connection.
    /// Source: DynamoDB Developer Guide, "Error handling with DynamoDB" (Programming.Errors.html): after a 5xx a write may
    /// have succeeded.
    Lost,
    /// Too many requests: `ProvisionedThroughputExceededException` or `ThrottlingException` of the table, or a transaction
    /// cancelled with `ThrottlingError`; `RequestThrottled` or `ThrottlingException` of queues; `ThrottlingException` of
    /// secrets; `TooManyRequestsException` of an invocation. Nothing is applied, no function runs.
    /// Source: the error lists of the DynamoDB, SQS, Secrets Manager and Lambda API References.
    Throttle,
    /// The service fails: `InternalServerError` (500) or `ServiceUnavailable` (503) of table, queues and secrets. Nothing is
    /// applied.
    /// Source: the error lists of the DynamoDB, SQS and Secrets Manager API References.
    Error,
    /// An answer of a service comes 300 to 1500 ms late: up to the functions' own time limit of one attempt.
    Slow,
    /// A batch of a stream that a function has finished is handed to it again before the checkpoint moves on: as after a
    /// poller that was replaced in between.
    /// Source: Lambda Developer Guide, "Using Lambda with DynamoDB" (with-ddb.html): each record at least once.
    Repeat,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Kill,
        Self::Timeout,
        Self::Duplicate,
        Self::Reorder,
        Self::Conflict,
        Self::Lost,
        Self::Throttle,
        Self::Error,
        Self::Slow,
        Self::Repeat,
    ];

    /// As a specification spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Timeout => "timeout",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Conflict => "conflict",
            Self::Lost => "lost",
            Self::Throttle => "throttle",
            Self::Error => "error",
            Self::Slow => "slow",
            Self::Repeat => "repeat",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// A bit of its own.
    pub(super) fn bit(self) -> u32 {
        1 << self as u32
    }
}
