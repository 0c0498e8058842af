//! Message move tasks: which may start, and what one step of a task moves.
//!
//! A step and its count are one transaction, so a process that dies between two steps has neither lost nor doubled a message.
//! Source: SQS API Reference, `StartMessageMoveTask`; Developer Guide, "Configure a dead-letter queue redrive" and
//! "Troubleshoot dead-letter queue and DLQ redrive issues".

use rusqlite::{OptionalExtension as _, Row, params};

use super::super::Error;
use super::super::interface::MoveTask;
use super::send::new_message_id;
use super::{Queue, Store};

/// So many tasks of a queue are remembered: what `ListMessageMoveTasks` gives at most.
const REMEMBERED: u32 = 10;

const COLUMNS: &str = "task_id, destination, messages_per_second, status, failure, to_move, moved, started_at";

/// What a message that was given up needs to be sent again.
struct Stranded {
    seq: i64,
    source: Option<String>,
}

impl Store<'_> {
    /// Starts a task over what is in the dead-letter queue now; the new task's id.
    pub(in super::super) fn start_move(
        &self,
        source: &str,
        destination: Option<&str>,
        messages_per_second: Option<u32>,
    ) -> Result<String, Error> {
        let source = self.find_queue(source)?.ok_or(Error::missing_queue("SourceArn"))?;
        if !self.is_dead_letter_queue(&source)? {
            let reason = "Source queue must be configured as a Dead Letter Queue.";
            return Err(Error::InvalidParameterValue(reason.to_owned()));
        }
        if let Some(name) = destination {
            let target = self.find_queue(name)?.ok_or(Error::missing_queue("DestinationArn"))?;
            if target.spec.fifo != source.spec.fifo || target.id == source.id {
                let reason = "It must be another queue of the same type as the source.";
                return Err(Error::invalid_value(self.names.arn(name), "DestinationArn", reason));
            }
        }
        let running = "SELECT EXISTS (SELECT 1 FROM move_tasks WHERE source_id = ?1 AND status = 'RUNNING')";
        if self.connection.query_row(running, [source.id], |row| row.get(0))? {
            let reason = "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
            return Err(Error::InvalidParameterValue(reason.to_owned()));
        }
        self.expire(&source)?;
        let task_id = new_message_id();
        let sql = "INSERT INTO move_tasks (task_id, source_id, destination, messages_per_second, status, to_move, last_seq, started_at)
                   SELECT ?1, ?2, ?3, ?4, 'RUNNING', COUNT(*), COALESCE(MAX(seq), 0), ?5 FROM messages WHERE queue_id = ?2";
        let row = params![task_id, source.id, destination, messages_per_second, self.now];
        self.connection.execute(sql, row)?;
        let forget = "DELETE FROM move_tasks WHERE source_id = ?1 AND id NOT IN
                      (SELECT id FROM move_tasks WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2)";
        self.connection.execute(forget, params![source.id, REMEMBERED])?;
        Ok(task_id)
    }

    /// Moves up to `limit` messages, the oldest first. False when the task has ended.
    ///
    /// What is in flight stays, as do messages of FIFO groups that have one in flight.
    pub(in super::super) fn move_some(&self, task_id: &str, limit: u32) -> Result<bool, Error> {
        let sql = "SELECT destination, last_seq, name FROM move_tasks JOIN queues ON queues.id = source_id
                   WHERE task_id = ?1 AND status = 'RUNNING'";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(Option<String>, i64, String)> =
            self.connection.prepare_cached(sql)?.query_row([task_id], read).optional()?;
        let Some((destination, last_seq, source)) = found else { return Ok(false) };
        let source = self.queue(&source)?;
        self.expire(&source)?;
        let stranded = self.movable(&source, last_seq, limit)?;
        for message in &stranded {
            let target = destination.as_ref().or(message.source.as_ref());
            let (target, failure) = match target {
                None => (None, "CouldNotDetermineMessageSource"),
                Some(name) => (self.find_queue(name)?, "AWS.SimpleQueueService.NonExistentQueue"),
            };
            let Some(target) = target else {
                return self.end_move(task_id, "FAILED", Some(failure)).map(|()| false);
            };
            self.move_message(message.seq, &target)?;
            self.connection
                .prepare_cached("UPDATE move_tasks SET moved = moved + 1 WHERE task_id = ?1")?
                .execute([task_id])?;
        }
        let more = stranded.len() == limit as usize;
        if !more {
            self.end_move(task_id, "COMPLETED", None)?;
        }
        Ok(more)
    }

    /// Ends a task that runs; how many messages it has moved.
    pub(in super::super) fn cancel_move(&self, source: &str, task_id: &str) -> Result<u64, Error> {
        let source = self.find_queue(source)?.ok_or(Error::missing_queue("SourceArn"))?;
        let sql = "SELECT status, moved FROM move_tasks WHERE task_id = ?1 AND source_id = ?2";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(String, u64)> =
            self.connection.query_row(sql, params![task_id, source.id], read).optional()?;
        match found {
            None => Err(Error::ResourceNotFound("Task does not exist.".to_owned())),
            Some((status, moved)) if status == "RUNNING" => {
                self.end_move(task_id, "CANCELLED", None)?;
                Ok(moved)
            }
            Some((status, _)) => {
                Err(Error::InvalidParameterValue(format!("Only active tasks can be cancelled; this one is {status}.")))
            }
        }
    }

    /// The queue's latest tasks, the newest first.
    pub(in super::super) fn move_tasks(&self, source: &str, limit: u32) -> Result<Vec<MoveTask>, Error> {
        let source = self.find_queue(source)?.ok_or(Error::missing_queue("SourceArn"))?;
        let sql = format!("SELECT {COLUMNS} FROM move_tasks WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![source.id, limit], read_task)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Tasks that were running when the last process ended: id and rate.
    pub(in super::super) fn running_moves(&self) -> Result<Vec<(String, Option<u32>)>, Error> {
        let sql = "SELECT task_id, messages_per_second FROM move_tasks WHERE status = 'RUNNING'";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn is_dead_letter_queue(&self, queue: &Queue) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM queues WHERE json_extract(spec, '$.redrive[0]') = ?1)";
        Ok(self.connection.query_row(sql, [&queue.spec.name], |row| row.get(0))?)
    }

    fn end_move(&self, task_id: &str, status: &str, failure: Option<&str>) -> Result<(), Error> {
        let sql = "UPDATE move_tasks SET status = ?2, failure = ?3 WHERE task_id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![task_id, status, failure])?;
        Ok(())
    }

    fn movable(&self, source: &Queue, last_seq: i64, limit: u32) -> Result<Vec<Stranded>, Error> {
        let sql = "SELECT seq, dead_letter_source FROM messages AS m
                   WHERE queue_id = ?1 AND visible_at <= ?2 AND seq <= ?4 AND (NOT ?3 OR NOT EXISTS (
                     SELECT 1 FROM messages AS l WHERE l.queue_id = ?1 AND l.group_id = m.group_id
                     AND l.receipt IS NOT NULL AND l.visible_at > ?2))
                   ORDER BY seq LIMIT ?5";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = params![source.id, self.now, source.spec.fifo, last_seq, limit];
        let rows = statement.query_map(row, |row| Ok(Stranded { seq: row.get(0)?, source: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// "All redriven messages are considered new messages with a new messageID and enqueueTime": nothing has received them
    /// yet, and their retention begins again. No deduplication keeps one back, since its id is the one that the move to the
    /// dead-letter queue gave it.
    fn move_message(&self, seq: i64, target: &Queue) -> Result<(), Error> {
        let sql =
            "INSERT INTO messages (queue_id, message_id, group_id, deduplication_id, body, attributes, trace_header,
                          sent_at, visible_at, head)
                   SELECT ?2, ?3, group_id, deduplication_id, body, attributes, trace_header, ?4, ?5,
                          NOT ?6 OR NOT EXISTS (SELECT 1 FROM messages AS o
                                                WHERE o.queue_id = ?2 AND o.group_id = messages.group_id)
                   FROM messages WHERE seq = ?1";
        let visible_at = self.now + i64::from(target.spec.delay_secs) * 1000;
        let row = params![seq, target.id, new_message_id(), self.now, visible_at, target.spec.fifo];
        self.connection.prepare_cached(sql)?.execute(row)?;
        self.connection.prepare_cached("DELETE FROM messages WHERE seq = ?1")?.execute([seq])?;
        self.wake(&target.spec.name);
        Ok(())
    }
}

fn read_task(row: &Row<'_>) -> rusqlite::Result<MoveTask> {
    Ok(MoveTask {
        task_id: row.get(0)?,
        destination: row.get(1)?,
        messages_per_second: row.get(2)?,
        status: row.get(3)?,
        failure: row.get(4)?,
        to_move: row.get(5)?,
        moved: row.get(6)?,
        started_at_ms: row.get(7)?,
    })
}
