//! Queues themselves: create, find, change, count, purge, delete.

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, params};

use super::super::{Error, QueueSpec, names};
use super::{Queue, Store};

/// A queue may be purged this often.
const PURGE_PAUSE_MS: i64 = 60_000;

impl Store<'_> {
    pub(in super::super) fn queue(&self, name: &str) -> Result<Queue, Error> {
        self.find_queue(name)?.ok_or(Error::QueueDoesNotExist)
    }

    pub(super) fn find_queue(&self, name: &str) -> Result<Option<Queue>, Error> {
        let sql = "SELECT id, spec, created_at, modified_at FROM queues WHERE name = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([name], read_queue).optional()?)
    }

    /// Creates the queue with these attributes. An existing one must have the values given; others may differ.
    pub(in super::super) fn create_queue(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let mut attributes = attributes.clone();
        let fifo = match attributes.remove("FifoQueue").as_deref() {
            Some("true") => true,
            Some(_) => return Err(Error::InvalidAttributeName("FifoQueue".to_owned())),
            None => false,
        };
        names::check(name, fifo)?;
        match self.find_queue(name)? {
            Some(queue) if queue.spec.with(&attributes, self.names)? == queue.spec => Ok(()),
            Some(_) => Err(Error::QueueNameExists),
            None => {
                let plain = QueueSpec { name: name.to_owned(), fifo, ..QueueSpec::default() };
                self.insert_queue(&plain.with(&attributes, self.names)?)
            }
        }
    }

    /// Creates the queue or changes it to this; a FIFO queue cannot become standard, nor the reverse.
    pub(in super::super) fn ensure_queue(&self, spec: &QueueSpec) -> Result<(), Error> {
        match self.find_queue(&spec.name)? {
            Some(queue) if queue.spec == *spec => Ok(()),
            Some(queue) if queue.spec.fifo == spec.fifo => self.update_queue(&queue, spec),
            Some(_) => Err(Error::QueueNameExists),
            None => self.insert_queue(spec),
        }
    }

    fn insert_queue(&self, spec: &QueueSpec) -> Result<(), Error> {
        names::check(&spec.name, spec.fifo)?;
        self.check_redrive(spec)?;
        self.connection.execute(
            "INSERT INTO queues (name, spec, created_at, modified_at) VALUES (?1, ?2, ?3, ?3)",
            params![spec.name, to_json(spec)?, self.now],
        )?;
        Ok(())
    }

    pub(in super::super) fn set_attributes(
        &self,
        queue: &Queue,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        self.update_queue(queue, &queue.spec.with(attributes, self.names)?)
    }

    fn update_queue(&self, queue: &Queue, spec: &QueueSpec) -> Result<(), Error> {
        self.check_redrive(spec)?;
        self.connection.execute(
            "UPDATE queues SET spec = ?2, modified_at = ?3 WHERE id = ?1",
            params![queue.id, to_json(spec)?, self.now],
        )?;
        Ok(())
    }

    /// A dead-letter queue exists and is of the same kind.
    fn check_redrive(&self, spec: &QueueSpec) -> Result<(), Error> {
        let Some((name, _)) = &spec.redrive else { return Ok(()) };
        let value = spec.attributes(self.names).remove("RedrivePolicy").unwrap_or_default();
        let reason = match self.find_queue(name)? {
            Some(target) if target.spec.fifo == spec.fifo => return Ok(()),
            Some(_) => "Dead-letter queue must be same type of queue as the source.",
            None => "Dead letter target does not exist.",
        };
        Err(Error::invalid_value(value, "RedrivePolicy", reason))
    }

    pub(in super::super) fn attributes(&self, queue: &Queue) -> Result<BTreeMap<String, String>, Error> {
        self.expire(queue)?;
        let sql = "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2),
                          COUNT(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                          COUNT(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)
                   FROM messages WHERE queue_id = ?1";
        let (visible, in_flight, delayed): (i64, i64, i64) = self
            .connection
            .prepare_cached(sql)?
            .query_row([queue.id, self.now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut attributes = queue.spec.attributes(self.names);
        attributes.extend(
            [
                ("QueueArn", self.names.arn(&queue.spec.name)),
                ("CreatedTimestamp", (queue.created_at / 1000).to_string()),
                ("LastModifiedTimestamp", (queue.modified_at / 1000).to_string()),
                ("ApproximateNumberOfMessages", visible.to_string()),
                ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
                ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Ok(attributes)
    }

    /// Up to `limit` names in order that begin with `prefix` and come after `after`.
    pub(in super::super) fn list_queues(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<String>, Error> {
        let sql = "SELECT name FROM queues WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let names = statement.query_map(params![prefix, after, limit], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Deletes all messages, those in flight too.
    pub(in super::super) fn purge_queue(&self, queue: &Queue) -> Result<(), Error> {
        let changed = self.connection.execute(
            "UPDATE queues SET purged_at = ?2 WHERE id = ?1 AND (purged_at IS NULL OR purged_at <= ?2 - ?3)",
            params![queue.id, self.now, PURGE_PAUSE_MS],
        )?;
        if changed == 0 {
            return Err(Error::PurgeQueueInProgress(queue.spec.name.clone()));
        }
        self.connection.execute("DELETE FROM messages WHERE queue_id = ?1", [queue.id])?;
        Ok(())
    }

    pub(in super::super) fn delete_queue(&self, queue: &Queue) -> Result<(), Error> {
        self.connection.execute("DELETE FROM messages WHERE queue_id = ?1", [queue.id])?;
        self.connection.execute("DELETE FROM deduplications WHERE queue_id = ?1", [queue.id])?;
        self.connection.execute("DELETE FROM receive_attempts WHERE queue_id = ?1", [queue.id])?;
        self.connection.execute("DELETE FROM move_tasks WHERE source_id = ?1", [queue.id])?;
        self.connection.execute("DELETE FROM queues WHERE id = ?1", [queue.id])?;
        self.wake(&queue.spec.name);
        Ok(())
    }

    /// Deletes what is older than the queue keeps messages, in flight or not.
    pub(super) fn expire(&self, queue: &Queue) -> Result<(), Error> {
        let oldest = self.now - i64::from(queue.spec.retention_secs) * 1000;
        let sql = "DELETE FROM messages WHERE queue_id = ?1 AND sent_at <= ?2";
        if self.connection.prepare_cached(sql)?.execute([queue.id, oldest])? > 0 {
            // A group may have been locked by a message that is gone.
            self.wake(&queue.spec.name);
        }
        Ok(())
    }
}

fn read_queue(row: &Row<'_>) -> rusqlite::Result<Queue> {
    let spec = serde_json::from_str(&row.get::<_, String>(1)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error)))?;
    Ok(Queue { id: row.get(0)?, spec, created_at: row.get(2)?, modified_at: row.get(3)? })
}

fn to_json(spec: &QueueSpec) -> Result<String, Error> {
    serde_json::to_string(spec).map_err(|error| Error::from(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}
