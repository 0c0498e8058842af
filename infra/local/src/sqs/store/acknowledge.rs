//! What a receiver does with a message in flight: deletes it, or changes when it is visible again.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use super::super::receipt::Receipt;
use super::super::{Error, millis};
use super::receive::{MAX_VISIBILITY_SECS, check_visibility};
use super::{Queue, Store};

/// The state of the delivery that a receipt handle names.
enum Delivery {
    /// The message was deleted, given up or purged.
    Gone,
    /// The message has been received again since.
    Superseded,
    /// The visibility timeout has ended, and nobody has received the message since.
    Lapsed {
        seq: i64,
    },
    InFlight {
        seq: i64,
        received_at: i64,
    },
}

impl Store<'_> {
    /// Deletes the message, if the handle is of its latest delivery.
    ///
    /// An older handle succeeds and deletes nothing on a standard queue, and is refused on a FIFO queue, as is one whose
    /// visibility timeout has ended: the group may have moved on. Deleting twice is no error.
    pub(in super::super) fn delete_message(&self, queue: &Queue, handle: &str) -> Result<(), Error> {
        let seq = match self.delivery(queue, handle)? {
            Delivery::Superseded | Delivery::Lapsed { .. } if queue.spec.fifo => {
                return Err(Error::invalid_value(handle, "ReceiptHandle", "The receipt handle has expired."));
            }
            Delivery::Gone | Delivery::Superseded => return Ok(()),
            Delivery::Lapsed { seq } | Delivery::InFlight { seq, .. } => seq,
        };
        self.connection.prepare_cached("DELETE FROM messages WHERE seq = ?1")?.execute([seq])?;
        if queue.spec.fifo {
            self.wake(&queue.spec.name);
        }
        Ok(())
    }

    /// Makes the message visible as if it had not been received: it stays at the front of its group, and a redrive policy
    /// that it has exhausted does not take it away, since its receiver was content.
    pub(in super::super) fn deliver_again(&self, queue: &Queue, handle: &str) -> Result<(), Error> {
        if let Delivery::InFlight { seq, .. } = self.delivery(queue, handle)? {
            let sql = "UPDATE messages SET visible_at = ?2, receipt = NULL WHERE seq = ?1";
            self.connection.prepare_cached(sql)?.execute(params![seq, self.now])?;
            self.wake(&queue.spec.name);
        }
        Ok(())
    }

    /// Makes the message visible `timeout` from now, at most 12 hours after it was received.
    pub(in super::super) fn change_visibility(
        &self,
        queue: &Queue,
        handle: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        check_visibility(timeout)?;
        let (seq, received_at) = match self.delivery(queue, handle)? {
            Delivery::InFlight { seq, received_at } => (seq, received_at),
            Delivery::Lapsed { .. } => return Err(Error::MessageNotInflight),
            Delivery::Gone | Delivery::Superseded => {
                let reason = "Message does not exist or is not available for visibility timeout change.";
                return Err(Error::invalid_value(handle, "ReceiptHandle", reason));
            }
        };
        let visible_at = self.now + millis(timeout);
        if visible_at - received_at > millis(Duration::from_secs(MAX_VISIBILITY_SECS)) {
            let reason =
                format!("Total VisibilityTimeout for the message is beyond the limit [{MAX_VISIBILITY_SECS} seconds]");
            return Err(Error::invalid_value(timeout.as_secs(), "VisibilityTimeout", &reason));
        }
        let sql = "UPDATE messages SET visible_at = ?2 WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.execute(params![seq, visible_at])?;
        self.wake(&queue.spec.name);
        Ok(())
    }

    fn delivery(&self, queue: &Queue, handle: &str) -> Result<Delivery, Error> {
        let receipt = Receipt::decode(handle)?;
        if receipt.queue != queue.id {
            return Err(Error::ReceiptHandleIsInvalid(handle.to_owned()));
        }
        let seq = receipt.seq;
        let sql = "SELECT receipt, visible_at, received_at FROM messages WHERE queue_id = ?1 AND seq = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found: Option<(Option<i64>, i64, Option<i64>)> =
            statement.query_row([queue.id, seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        Ok(match found {
            None => Delivery::Gone,
            Some((nonce, ..)) if nonce != Some(receipt.nonce) => Delivery::Superseded,
            Some((_, visible_at, Some(received_at))) if visible_at > self.now => {
                Delivery::InFlight { seq, received_at }
            }
            Some(_) => Delivery::Lapsed { seq },
        })
    }
}
