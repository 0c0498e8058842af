//! Sending: checks, FIFO deduplication, one row.

use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::super::message::{md5_hex, md5_of_attributes, md5_of_trace_header};
use super::super::{Error, SendEntry, SentMessage, millis};
use super::{Queue, Store};

/// How long a deduplication id stands for the message that was sent with it.
const DEDUPLICATION_MS: i64 = 5 * 60 * 1000;

impl Store<'_> {
    /// Stores the message, unless one with its deduplication id was sent in the last five minutes.
    pub(in super::super) fn send(&self, queue: &Queue, entry: &SendEntry) -> Result<SentMessage, Error> {
        entry.check(&queue.spec)?;
        let deduplication_id = queue.spec.fifo.then(|| {
            let of_content = || hex::encode(Sha256::digest(entry.body.as_bytes()));
            entry.deduplication_id.clone().unwrap_or_else(of_content)
        });
        let scope = if queue.spec.deduplication_by_group { entry.group_id.as_deref().unwrap_or("") } else { "" };
        let earlier = match &deduplication_id {
            Some(id) => self.find_duplicate(queue, scope, id)?,
            None => None,
        };
        let (message_id, seq) = if let Some(earlier) = earlier {
            earlier
        } else {
            let message_id = new_message_id();
            let seq = self.insert_message(queue, entry, &message_id, deduplication_id.as_deref())?;
            if let Some(id) = &deduplication_id {
                let sql = "INSERT INTO deduplications (queue_id, scope, deduplication_id, message_id, seq, sent_at)
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                let row = params![queue.id, scope, id, message_id, seq, self.now];
                self.connection.prepare_cached(sql)?.execute(row)?;
            }
            (message_id, seq)
        };
        Ok(SentMessage {
            message_id,
            md5_of_body: md5_hex(&entry.body),
            md5_of_message_attributes: md5_of_attributes(&entry.message_attributes),
            md5_of_system_attributes: md5_of_trace_header(entry.trace_header.as_deref()),
            sequence_number: queue.spec.fifo.then(|| format!("{seq:020}")),
        })
    }

    /// The message that this deduplication id stands for, after forgetting the ids that stand for none any more.
    fn find_duplicate(&self, queue: &Queue, scope: &str, id: &str) -> Result<Option<(String, i64)>, Error> {
        let forget = "DELETE FROM deduplications WHERE sent_at <= ?1";
        self.connection.prepare_cached(forget)?.execute([self.now - DEDUPLICATION_MS])?;
        let find = "SELECT message_id, seq FROM deduplications
                    WHERE queue_id = ?1 AND scope = ?2 AND deduplication_id = ?3";
        let mut statement = self.connection.prepare_cached(find)?;
        Ok(statement.query_row(params![queue.id, scope, id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn insert_message(
        &self,
        queue: &Queue,
        entry: &SendEntry,
        message_id: &str,
        deduplication_id: Option<&str>,
    ) -> Result<i64, Error> {
        let queue_delay = i64::from(queue.spec.delay_secs) * 1000;
        let delay = if queue.spec.fifo { queue_delay } else { entry.delay.map_or(queue_delay, millis) };
        let attributes = serde_json::to_string(&entry.message_attributes)
            .map_err(|error| Error::from(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        let sql = "INSERT INTO messages (queue_id, message_id, group_id, deduplication_id, body, attributes,
                                         trace_header, sent_at, visible_at, head)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                           NOT ?10 OR NOT EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND group_id = ?3))";
        self.connection.prepare_cached(sql)?.execute(params![
            queue.id,
            message_id,
            entry.group_id,
            deduplication_id,
            entry.body,
            attributes,
            entry.trace_header,
            self.now,
            self.now + delay,
            queue.spec.fifo,
        ])?;
        self.wake(&queue.spec.name);
        Ok(self.connection.last_insert_rowid())
    }
}

/// A random UUID, as Amazon SQS's ids are.
pub(super) fn new_message_id() -> String {
    let random = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
