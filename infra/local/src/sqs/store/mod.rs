//! The queues' rules as SQL over a given `now`. One operation inside the writer's transaction; it never waits or commits.

mod acknowledge;
mod attempts;
mod move_tasks;
mod overview;
mod queues;
mod receive;
mod send;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::names::Names;
use super::{Error, QueueSpec};
#[cfg(test)]
pub(super) use receive::MAX_IN_FLIGHT;

/// The layout of `schema.sql` and what follows it.
pub(crate) const LAYOUT: i64 = 3;

/// The store as one operation sees it.
pub(super) struct Store<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a Names,
    /// Queues in which something may have become receivable: their long polls are woken after the commit.
    pub(super) woken: &'a RefCell<BTreeSet<String>>,
    /// Milliseconds since 1970, as all times in the store.
    pub(super) now: i64,
}

/// A queue that exists.
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) spec: QueueSpec,
    created_at: i64,
    modified_at: i64,
}

impl Store<'_> {
    fn wake(&self, queue: &str) {
        self.woken.borrow_mut().insert(queue.to_owned());
    }
}

/// Opens the file, or memory, and makes the tables where they are missing. Each commit reaches the disk.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, Error> {
    let connection = path.map_or_else(Connection::open_in_memory, Connection::open)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What undoes a savepoint is kept in memory: with many calls in a transaction it would be written to a file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // One script for each step from a layout to the next: a file of any earlier host is brought up to date.
    let steps = [include_str!("schema.sql"), include_str!("attempts.sql"), include_str!("move_tasks.sql")];
    let missing = usize::try_from(found).ok().and_then(|found| steps.get(found..));
    for step in missing.ok_or(Error::Layout { found, known: LAYOUT })? {
        connection.execute_batch(step)?;
    }
    Ok(connection)
}
