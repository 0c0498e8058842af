//! The queues' file, read without the queues: what waits and what is in flight. Must never write.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::snapshot::Unreadable;
use crate::sqs::LAYOUT;

/// The file, as one transaction sees it once it is pinned.
pub(super) struct QueueFile(Connection);

impl QueueFile {
    pub(super) fn open(path: &Path) -> Result<Self, Unreadable> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        // A host that has not started since an update has an older one, in which what is read here is the same.
        if !(1..=LAYOUT).contains(&found) {
            let (found, known) = (found.to_string(), LAYOUT.to_string());
            return Err(Unreadable::Layout { file: "queues.db", found, known });
        }
        Ok(Self(connection))
    }

    /// Changes with every commit of anybody else.
    ///
    /// Source: <https://www.sqlite.org/pragma.html#pragma_data_version>.
    pub(super) fn commits(&self) -> Result<i64, Unreadable> {
        Ok(self.0.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// From here on everything is read as it is now, whatever is sent or deleted.
    pub(super) fn pin(&self) -> Result<(), Unreadable> {
        self.0.execute_batch("BEGIN; SELECT COUNT(*) FROM queues;")?;
        Ok(())
    }

    pub(super) fn release(&self) -> Result<(), Unreadable> {
        self.0.execute_batch("COMMIT")?;
        Ok(())
    }

    /// The bodies of the messages of a queue, waiting and in flight. A queue that is not there has none.
    pub(super) fn bodies(
        &self,
        queue: &str,
        each: &mut dyn FnMut(&str) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let sql = "SELECT body FROM messages JOIN queues ON queues.id = queue_id WHERE name = ?1 ORDER BY seq";
        let mut statement = self.0.prepare(sql)?;
        let mut rows = statement.query([queue])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_str()?)?;
        }
        Ok(())
    }
}
