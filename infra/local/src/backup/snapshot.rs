//! A copy of a SQLite file as of one moment, while other processes go on writing to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::BackupError;

/// How long another process may hold the file to itself, as it does while it opens it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Copies that are begun anew because the file was held.
const ATTEMPTS: u32 = 30;

/// Copies the file page by page within one read transaction, and checks the copy.
///
/// Both of the host's files are in WAL mode: the reader sees the moment at which it began, and holds up no writer.
/// Source: <https://www.sqlite.org/backup.html> and <https://www.sqlite.org/wal.html#concurrency>.
pub(super) fn copy(from: &Path, to: &Path) -> Result<PathBuf, BackupError> {
    let failed = |source| BackupError::Database { path: from.to_path_buf(), source };
    // Not read-only: readers of a WAL file write to the memory that they share with the writer.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(failed)?;
    source.busy_timeout(PATIENCE).map_err(failed)?;
    let mut target = Connection::open(to).map_err(failed)?;
    for attempt in 1.. {
        // All pages in one step: between two steps the file may change, and the copy would begin again.
        match Backup::new(&source, &mut target).and_then(|backup| backup.step(-1)).map_err(failed)? {
            StepResult::Done => break,
            _ if attempt < ATTEMPTS => std::thread::sleep(Duration::from_millis(100)),
            _ => {
                let reason = "another program keeps it locked".to_owned();
                return Err(BackupError::Unsound { path: from.to_path_buf(), reason });
            }
        }
    }
    // A backup of what is damaged would be found out when it is needed.
    let verdict: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" {
        return Err(BackupError::Unsound { path: from.to_path_buf(), reason: verdict });
    }
    target.close().map_err(|(_, source)| failed(source))?;
    Ok(to.to_path_buf())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn open(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection
    }

    #[test]
    fn a_copy_under_load_is_of_one_moment_and_holds_up_no_writer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("live.db");
        let writer = open(&path);
        // Two tables that every transaction changes together, and room enough that a copy takes a while.
        writer.execute_batch("CREATE TABLE a (n, filler); CREATE TABLE b (n, filler)").unwrap();
        let write = |n: u32| {
            let filler = "x".repeat(2000);
            writer.execute_batch("BEGIN IMMEDIATE").unwrap();
            writer.execute("INSERT INTO a VALUES (?1, ?2)", (n, &filler)).unwrap();
            writer.execute("INSERT INTO b VALUES (?1, ?2)", (n, &filler)).unwrap();
            writer.execute_batch("COMMIT").unwrap();
        };
        (0..2000).for_each(write);
        let done = AtomicBool::new(false);
        let counts = std::thread::scope(|scope| {
            let copies = scope.spawn(|| {
                let copies: Vec<_> =
                    (0..5).map(|n| copy(&path, &dir.path().join(format!("{n}.db"))).unwrap()).collect();
                done.store(true, Ordering::SeqCst);
                copies
            });
            let mut n = 2000;
            while !done.load(Ordering::SeqCst) {
                write(n);
                n += 1;
            }
            assert!(n > 2005, "the writer was held up: {n}");
            copies.join().unwrap()
        });
        let mut last = 0;
        for path in counts {
            let copy = Connection::open(path).unwrap();
            let count = |table: &str| {
                copy.query_row(&format!("SELECT COUNT(*), MAX(n) + 1 FROM {table}"), [], |row| {
                    Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?))
                })
                .unwrap()
            };
            let (a, b) = (count("a"), count("b"));
            assert!(a == b && a.0 == a.1 && a.0 >= last, "{a:?} {b:?} after {last}");
            last = a.0;
        }
    }

    #[test]
    fn a_file_that_is_damaged_is_not_copied_in_silence() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.db");
        let writer = open(&path);
        writer
            .execute_batch("CREATE TABLE a (n); CREATE INDEX i ON a (n); INSERT INTO a VALUES (1), (2), (3)")
            .unwrap();
        writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(writer);
        let mut bytes = std::fs::read(&path).unwrap();
        // The second page is the table's; its header is overwritten.
        bytes[4096..4196].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        let refusal = crate::error::on_one_line(&copy(&path, &dir.path().join("copy.db")).unwrap_err());
        assert!(refusal.contains("bad.db"), "{refusal}");
        std::fs::write(&path, "no database at all, but long enough for the header of one ".repeat(20)).unwrap();
        assert!(copy(&path, &dir.path().join("other.db")).is_err());
    }
}
