//! Receives that are tried again: a FIFO queue gives one attempt id the same messages, so that an answer lost on the way costs
//! its groups no visibility timeout.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>,
//! `ReceiveRequestAttemptId`.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use super::super::receipt::Receipt;
use super::super::{Error, ReceivedMessage, millis};
use super::receive::{COLUMNS, read_message};
use super::{Queue, Store};

/// How long an attempt id stands for what it was given.
const REMEMBERED_MS: i64 = 5 * 60 * 1000;

impl Store<'_> {
    /// What this attempt id was given in the last five minutes, with the same receipt handles, and out of sight for `timeout`
    /// from now; `None` if that was nothing.
    ///
    /// Errors: `InvalidParameterValue` when one of the messages was deleted, hidden or received by another call since.
    pub(super) fn receive_again(
        &self,
        queue: &Queue,
        attempt: &str,
        timeout: Duration,
    ) -> Result<Option<Vec<ReceivedMessage>>, Error> {
        let forget = "DELETE FROM receive_attempts WHERE queue_id = ?1 AND received_at <= ?2";
        self.connection.prepare_cached(forget)?.execute([queue.id, self.now - REMEMBERED_MS])?;
        let find = "SELECT handles, visible_at FROM receive_attempts WHERE queue_id = ?1 AND attempt_id = ?2";
        let found: Option<(String, i64)> = self
            .connection
            .prepare_cached(find)?
            .query_row(params![queue.id, attempt], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((handles, visible_at)) = found else { return Ok(None) };
        let again = handles.lines().map(|handle| self.give_again(queue, handle, visible_at, timeout));
        let Some(messages) = again.collect::<Result<Option<Vec<_>>, _>>()? else {
            let reason = "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable.";
            return Err(Error::invalid_value(attempt, "ReceiveRequestAttemptId", reason));
        };
        let sql = "UPDATE receive_attempts SET visible_at = ?3 WHERE queue_id = ?1 AND attempt_id = ?2";
        self.connection.prepare_cached(sql)?.execute(params![queue.id, attempt, self.now + millis(timeout)])?;
        Ok(Some(messages))
    }

    /// Remembers what an attempt id was given.
    pub(super) fn remember_attempt(
        &self,
        queue: &Queue,
        attempt: &str,
        messages: &[ReceivedMessage],
        timeout: Duration,
    ) -> Result<(), Error> {
        let handles: Vec<&str> = messages.iter().map(|message| message.receipt_handle.as_str()).collect();
        let sql = "INSERT INTO receive_attempts (queue_id, attempt_id, received_at, visible_at, handles)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![queue.id, attempt, self.now, self.now + millis(timeout), handles.join("\n")];
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// One message of an attempt, or `None` when it is no more as that attempt left it. It does not count as a receive.
    fn give_again(
        &self,
        queue: &Queue,
        handle: &str,
        visible_at: i64,
        timeout: Duration,
    ) -> Result<Option<ReceivedMessage>, Error> {
        let receipt = Receipt::decode(handle)?;
        let sql = format!(
            "UPDATE messages SET visible_at = ?4, received_at = ?5
             WHERE seq = ?1 AND receipt = ?2 AND visible_at = ?3 RETURNING {COLUMNS}"
        );
        let row = params![receipt.seq, receipt.nonce, visible_at, self.now + millis(timeout), self.now];
        let message = self.connection.prepare_cached(&sql)?.query_row(row, read_message).optional()?;
        message.map(|message| self.describe(queue, receipt, message)).transpose()
    }
}
