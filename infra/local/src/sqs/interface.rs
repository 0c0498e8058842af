//! What callers inside the host hand in and get back. Plain data: the rules are in `store` and `message`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::message::MAX_BYTES;
use super::{Error, MessageAttribute};

/// A queue as the template describes it, and as it is stored. `Default` is what Amazon SQS defaults to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueSpec {
    /// Ends in `.fifo` exactly when `fifo`.
    pub(crate) name: String,
    /// Whether the queue keeps the order of its message groups.
    pub(crate) fifo: bool,
    /// Whether the body's SHA-256 stands for a deduplication id that is not given.
    pub(crate) content_based_deduplication: bool,
    /// Whether deduplication ids are compared within the message group rather than the queue.
    pub(crate) deduplication_by_group: bool,
    /// FIFO only. Shown and not enforced.
    #[serde(default)]
    pub(crate) throughput_limit: ThroughputLimit,
    /// 0 to 43,200.
    pub(crate) visibility_timeout_secs: u32,
    /// 0 to 900.
    pub(crate) delay_secs: u32,
    /// 60 to 1,209,600.
    pub(crate) retention_secs: u32,
    /// 0 to 20: the long poll of a receive that does not say.
    pub(crate) receive_wait_secs: u32,
    /// 1,024 to 1,048,576.
    pub(crate) maximum_message_bytes: usize,
    /// The dead-letter queue's name, and how often a message is received before it goes there (1 to 1,000).
    pub(crate) redrive: Option<(String, u32)>,
}

/// What Amazon SQS limits the throughput of, in its own spelling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ThroughputLimit {
    #[default]
    PerQueue,
    PerMessageGroupId,
}

impl Default for QueueSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            fifo: false,
            content_based_deduplication: false,
            deduplication_by_group: false,
            throughput_limit: ThroughputLimit::PerQueue,
            visibility_timeout_secs: 30,
            delay_secs: 0,
            retention_secs: 345_600,
            receive_wait_secs: 0,
            maximum_message_bytes: MAX_BYTES,
            redrive: None,
        }
    }
}

/// One message to send.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendEntry {
    /// 1 byte to 1 MiB, together with the attributes.
    pub(crate) body: String,
    /// The message group: required on a FIFO queue, allowed on a standard one.
    pub(crate) group_id: Option<String>,
    /// FIFO only.
    pub(crate) deduplication_id: Option<String>,
    /// Standard only: instead of the queue's delay, up to 15 minutes.
    pub(crate) delay: Option<Duration>,
    /// At most 10.
    pub(crate) message_attributes: BTreeMap<String, MessageAttribute>,
    /// The system attribute `AWSTraceHeader`.
    pub(crate) trace_header: Option<String>,
}

/// What became of one entry.
pub(crate) type SendResult = Result<SentMessage, Error>;

/// A message that is stored, or that an earlier one with its deduplication id already stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentMessage {
    /// The earlier message's id for a duplicate.
    pub(crate) message_id: String,
    /// Lower-case hexadecimal.
    pub(crate) md5_of_body: String,
    /// Absent without attributes.
    pub(crate) md5_of_message_attributes: Option<String>,
    /// Absent without a trace header.
    pub(crate) md5_of_system_attributes: Option<String>,
    /// FIFO only: 20 digits, rising with every message of the queue.
    pub(crate) sequence_number: Option<String>,
}

/// What a queue holds at one moment; the counts are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueCounts {
    pub(crate) name: String,
    /// Where it gives messages up to.
    pub(crate) dead_letter_queue: Option<String>,
    pub(crate) waiting: u64,
    pub(crate) in_flight: u64,
    pub(crate) delayed: u64,
    /// Since the oldest message was sent; none when there is none.
    pub(crate) oldest_age_ms: Option<u64>,
}

/// A task that moves messages out of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MoveTask {
    pub(crate) task_id: String,
    /// A queue's name; without one, messages go back to where they came from.
    pub(crate) destination: Option<String>,
    pub(crate) messages_per_second: Option<u32>,
    /// `RUNNING`, `COMPLETED`, `CANCELLED` or `FAILED`.
    pub(crate) status: String,
    /// Why it is `FAILED`.
    pub(crate) failure: Option<String>,
    /// Messages in the queue when the task was started.
    pub(crate) to_move: u64,
    pub(crate) moved: u64,
    /// Milliseconds since 1970.
    pub(crate) started_at_ms: i64,
}

/// A message in flight, with the fields of a Lambda SQS record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceivedMessage {
    /// Stays the same over redeliveries and the move to a dead-letter queue.
    pub(crate) message_id: String,
    /// Good for this delivery only.
    pub(crate) receipt_handle: String,
    /// As sent.
    pub(crate) body: String,
    /// System attributes: `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId` and so on.
    pub(crate) attributes: BTreeMap<String, String>,
    /// As sent.
    pub(crate) message_attributes: BTreeMap<String, MessageAttribute>,
    /// Lower-case hexadecimal.
    pub(crate) md5_of_body: String,
}
