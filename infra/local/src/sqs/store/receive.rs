//! Receiving: which messages may go out now, and what happens to those that have been out too often.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Row, params};

use super::super::message::{check_id, md5_hex};
use super::super::receipt::Receipt;
use super::super::{Error, ReceivedMessage, Shuffle, millis};
use super::{Queue, Store};

/// The longest visibility timeout, in seconds: 12 hours.
pub(super) const MAX_VISIBILITY_SECS: u64 = 43_200;

/// How many messages of a queue may be in flight: an error for a short poll of a standard queue, an empty answer for any other.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html> and
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html>.
pub(in super::super) const MAX_IN_FLIGHT: u32 = 120_000;

/// How far a receive that may take messages out of order looks.
const SHUFFLED: usize = 50;

/// True of a message whose FIFO group has a message in flight. `?1` is the queue, `?2` now; `m` is the message.
macro_rules! group_is_locked {
    () => {
        "EXISTS (SELECT 1 FROM messages AS l WHERE l.queue_id = ?1 AND l.group_id = m.group_id
                 AND l.receipt IS NOT NULL AND l.visible_at > ?2)"
    };
}

pub(super) const COLUMNS: &str =
    "seq, message_id, group_id, deduplication_id, body, attributes, trace_header, dead_letter_source,
                       sent_at, visible_at, receive_count, first_received_at";

/// What a receive found.
pub(in super::super) struct Received {
    pub(in super::super) messages: Vec<ReceivedMessage>,
    /// When there are no messages: the next time that one may become visible by itself.
    pub(in super::super) next_visible_at: Option<i64>,
    /// The queue's own long poll.
    pub(in super::super) queue_wait: Duration,
    /// A standard queue has as many messages in flight as it may have.
    pub(in super::super) over_limit: bool,
}

/// A message as it is stored.
pub(super) struct Stored {
    seq: i64,
    message_id: String,
    group_id: Option<String>,
    deduplication_id: Option<String>,
    body: String,
    attributes: String,
    trace_header: Option<String>,
    dead_letter_source: Option<String>,
    sent_at: i64,
    visible_at: i64,
    receive_count: i64,
    first_received_at: Option<i64>,
}

impl Store<'_> {
    /// Takes up to `max` messages (1 to 10) out of sight for `visibility`, or for as long as the queue says.
    ///
    /// A FIFO queue gives a group's messages in order, and none while one of the group is in flight. It gives an `attempt` that
    /// was made before the same messages again; on a standard queue that id means nothing. `shuffle` may change the order of
    /// all but the messages of a group.
    pub(in super::super) fn receive(
        &self,
        queue: &Queue,
        max: u32,
        visibility: Option<Duration>,
        attempt: Option<&str>,
        shuffle: Option<&Shuffle>,
    ) -> Result<Received, Error> {
        if !(1..=10).contains(&max) {
            let reason = "Must be between 1 and 10, if provided.";
            return Err(Error::invalid_value(max, "MaxNumberOfMessages", reason));
        }
        let timeout = visibility.unwrap_or(Duration::from_secs(queue.spec.visibility_timeout_secs.into()));
        check_visibility(timeout)?;
        check_id("ReceiveRequestAttemptId", attempt)?;
        let attempt = attempt.filter(|_| queue.spec.fifo);
        let queue_wait = Duration::from_secs(queue.spec.receive_wait_secs.into());
        self.expire(queue)?;
        if let Some(messages) =
            attempt.map(|attempt| self.receive_again(queue, attempt, timeout)).transpose()?.flatten()
        {
            return Ok(Received { messages, next_visible_at: None, queue_wait, over_limit: false });
        }
        self.give_up_exhausted(queue)?;
        if self.is_full_of_flights(queue)? {
            let next_visible_at = self.next_visible_at(queue)?;
            return Ok(Received { messages: vec![], next_visible_at, queue_wait, over_limit: !queue.spec.fifo });
        }
        let limit = max as usize;
        let mut messages = Vec::new();
        let mut heads = self.heads(queue, if shuffle.is_some() { SHUFFLED } else { limit })?;
        if heads.len() > 1
            && let Some(mut order) = shuffle.and_then(|shuffle| shuffle())
        {
            // The first of all is not the first then, so that it is another order in any case.
            order.shuffle(&mut heads[1..]);
            let first = order.usize(1..heads.len());
            heads.swap(0, first);
        }
        for head in heads {
            match &head.group_id {
                _ if messages.len() == limit => break,
                Some(group) if queue.spec.fifo => {
                    for next in self.front_of_group(queue, group, limit - messages.len())? {
                        messages.push(self.deliver(queue, next, timeout)?);
                    }
                }
                _ => messages.push(self.deliver(queue, head, timeout)?),
            }
        }
        let next_visible_at = if messages.is_empty() { self.next_visible_at(queue)? } else { None };
        if let Some(attempt) = attempt.filter(|_| !messages.is_empty()) {
            self.remember_attempt(queue, attempt, &messages, timeout)?;
        }
        Ok(Received { messages, next_visible_at, queue_wait, over_limit: false })
    }

    fn is_full_of_flights(&self, queue: &Queue) -> Result<bool, Error> {
        // Counts no further than it must: the one that makes the queue full.
        let sql = "SELECT 1 FROM messages INDEXED BY messages_received
                   WHERE queue_id = ?1 AND receipt IS NOT NULL AND visible_at > ?2 LIMIT 1 OFFSET ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.exists(params![queue.id, self.now, MAX_IN_FLIGHT - 1])?)
    }

    /// Where a receive may start: visible heads, those visible longest first, of groups that are not locked.
    fn heads(&self, queue: &Queue, limit: usize) -> Result<Vec<Stored>, Error> {
        let mut statement = self.connection.prepare_cached(&heads_of_queue())?;
        let rows = statement.query_map(params![queue.id, self.now, queue.spec.fifo], read_message)?;
        Ok(rows.take(limit).collect::<Result<_, _>>()?)
    }

    /// The first messages of an unlocked group, up to one that is not visible (delayed) yet.
    fn front_of_group(&self, queue: &Queue, group: &str, limit: usize) -> Result<Vec<Stored>, Error> {
        let mut statement = self.connection.prepare_cached(&front_of_group())?;
        let rows = statement.query_map(params![queue.id, group], read_message)?;
        let visible = |row: &rusqlite::Result<Stored>| row.as_ref().map_or(true, |row| row.visible_at <= self.now);
        Ok(rows.take(limit).take_while(visible).collect::<Result<_, _>>()?)
    }

    fn deliver(&self, queue: &Queue, mut message: Stored, timeout: Duration) -> Result<ReceivedMessage, Error> {
        let nonce = fastrand::i64(0..);
        let sql = "UPDATE messages SET receive_count = receive_count + 1, receives_here = receives_here + 1,
                          first_received_at = COALESCE(first_received_at, ?2), received_at = ?2,
                          receipt = ?3, visible_at = ?4 WHERE seq = ?1";
        let row = params![message.seq, self.now, nonce, self.now + millis(timeout)];
        self.connection.prepare_cached(sql)?.execute(row)?;
        message.receive_count += 1;
        message.first_received_at = message.first_received_at.or(Some(self.now));
        self.describe(queue, Receipt { queue: queue.id, seq: message.seq, nonce }, message)
    }

    /// A message as its receiver is told of it.
    pub(super) fn describe(&self, queue: &Queue, receipt: Receipt, message: Stored) -> Result<ReceivedMessage, Error> {
        let message_attributes = serde_json::from_str(&message.attributes).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(error))
        })?;
        Ok(ReceivedMessage {
            receipt_handle: receipt.encode(),
            attributes: self.system_attributes(queue, &message),
            message_attributes,
            md5_of_body: md5_hex(&message.body),
            message_id: message.message_id,
            body: message.body,
        })
    }

    fn system_attributes(&self, queue: &Queue, message: &Stored) -> BTreeMap<String, String> {
        let all = [
            ("SenderId", Some(self.names.account().to_owned())),
            ("SentTimestamp", Some(message.sent_at.to_string())),
            ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
            ("ApproximateFirstReceiveTimestamp", message.first_received_at.map(|at| at.to_string())),
            ("MessageGroupId", message.group_id.clone()),
            ("MessageDeduplicationId", message.deduplication_id.clone()),
            ("SequenceNumber", queue.spec.fifo.then(|| format!("{:020}", message.seq))),
            ("AWSTraceHeader", message.trace_header.clone()),
            ("DeadLetterQueueSourceArn", message.dead_letter_source.as_deref().map(|name| self.names.arn(name))),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Moves to the dead-letter queue what would be received once more than the redrive policy allows.
    ///
    /// A standard queue keeps the time of sending over the move. A FIFO queue starts it again, and puts the message's id in the
    /// place of its deduplication id, so that two messages with one id are both kept.
    /// Source: SQS Developer Guide, "Setting-up dead-letter queue retention" and "Configure a dead-letter queue redrive".
    fn give_up_exhausted(&self, queue: &Queue) -> Result<(), Error> {
        let Some((dead_letter_queue, max_receive_count)) = &queue.spec.redrive else { return Ok(()) };
        let Some(target) = self.find_queue(dead_letter_queue)? else { return Ok(()) };
        let sql = format!(
            "SELECT seq FROM messages AS m INDEXED BY messages_received
             WHERE queue_id = ?1 AND receipt IS NOT NULL AND visible_at <= ?2 AND receives_here >= ?4
             AND (NOT ?3 OR NOT {}) ORDER BY seq",
            group_is_locked!()
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let row = params![queue.id, self.now, queue.spec.fifo, max_receive_count];
        let exhausted: Vec<i64> = statement.query_map(row, |row| row.get(0))?.collect::<Result<_, _>>()?;
        let sql = "INSERT INTO messages (queue_id, message_id, group_id, deduplication_id, body, attributes,
                          trace_header, dead_letter_source, sent_at, visible_at, receive_count, first_received_at, head)
                   SELECT ?2, message_id, group_id, IIF(?3, message_id, deduplication_id), body, attributes, trace_header, ?5,
                          IIF(?3, ?4, sent_at), ?4, receive_count, first_received_at,
                          NOT ?3 OR NOT EXISTS (SELECT 1 FROM messages AS o
                                                WHERE o.queue_id = ?2 AND o.group_id = messages.group_id)
                   FROM messages WHERE seq = ?1";
        for seq in &exhausted {
            let row = params![seq, target.id, queue.spec.fifo, self.now, queue.spec.name];
            self.connection.prepare_cached(sql)?.execute(row)?;
            self.connection.prepare_cached("DELETE FROM messages WHERE seq = ?1")?.execute([seq])?;
        }
        if !exhausted.is_empty() {
            self.wake(&target.spec.name);
        }
        Ok(())
    }

    fn next_visible_at(&self, queue: &Queue) -> Result<Option<i64>, Error> {
        let sql = "SELECT MIN(at) FROM (
                     SELECT MIN(visible_at) AS at FROM messages WHERE queue_id = ?1 AND head = 1 AND visible_at > ?2
                     UNION ALL
                     SELECT MIN(visible_at) FROM messages WHERE queue_id = ?1 AND head = 0 AND visible_at > ?2)";
        Ok(self.connection.prepare_cached(sql)?.query_row([queue.id, self.now], |row| row.get(0))?)
    }
}

// Read for as long as rows are wanted: SQLite plans a statement anew each time that a `LIMIT ?` is bound.

fn heads_of_queue() -> String {
    format!(
        "SELECT {COLUMNS} FROM messages AS m WHERE queue_id = ?1 AND head = 1 AND visible_at <= ?2
         AND (NOT ?3 OR NOT {}) ORDER BY visible_at, seq",
        group_is_locked!()
    )
}

fn front_of_group() -> String {
    format!("SELECT {COLUMNS} FROM messages WHERE queue_id = ?1 AND group_id = ?2 ORDER BY seq")
}

/// Refuses a visibility timeout of more than 12 hours.
pub(super) fn check_visibility(timeout: Duration) -> Result<(), Error> {
    if timeout <= Duration::from_secs(MAX_VISIBILITY_SECS) {
        return Ok(());
    }
    let reason = format!("Must be between 0 and {MAX_VISIBILITY_SECS}.");
    Err(Error::invalid_value(timeout.as_secs(), "VisibilityTimeout", &reason))
}

pub(super) fn read_message(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        seq: row.get(0)?,
        message_id: row.get(1)?,
        group_id: row.get(2)?,
        deduplication_id: row.get(3)?,
        body: row.get(4)?,
        attributes: row.get(5)?,
        trace_header: row.get(6)?,
        dead_letter_source: row.get(7)?,
        sent_at: row.get(8)?,
        visible_at: row.get(9)?,
        receive_count: row.get(10)?,
        first_received_at: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use rusqlite::StatementStatus;

    use super::super::super::names::Names;
    use super::super::super::{QueueSpec, SendEntry};
    use super::super::open;
    use super::*;

    #[test]
    fn who_receives_plans_its_statements_once_and_sorts_nothing() {
        let (connection, names) = (open(None).unwrap(), Names::new(String::new(), String::new()));
        let woken = RefCell::default();
        let store = |now| Store { connection: &connection, names: &names, woken: &woken, now };
        for fifo in [false, true] {
            let name = if fifo { "work.fifo" } else { "work" };
            store(0).ensure_queue(&QueueSpec { name: name.to_owned(), fifo, ..QueueSpec::default() }).unwrap();
            let queue = store(0).queue(name).unwrap();
            for now in 1..4 {
                let group = fifo.then(|| now.to_string());
                let entry = SendEntry {
                    body: now.to_string(),
                    group_id: group.clone(),
                    deduplication_id: group,
                    ..SendEntry::default()
                };
                store(now).send(&queue, &entry).unwrap();
                assert_eq!(store(now).receive(&queue, 1, None, None, None).unwrap().messages.len(), 1);
            }
        }
        for (sql, runs) in [(heads_of_queue(), 6), (front_of_group(), 3)] {
            let statement = connection.prepare_cached(&sql).unwrap();
            let status = [StatementStatus::Run, StatementStatus::RePrepare].map(|kind| statement.get_status(kind));
            assert_eq!(status, [runs, 0], "{sql}");
            assert_eq!(statement.get_status(StatementStatus::Sort), 0, "{sql}");
        }
    }
}
