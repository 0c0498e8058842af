//! `turno restore`: a backup becomes a data directory, as a whole or not at all.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::archive::Sealed;
use super::{BackupError, parent, private_dir};
use crate::cli::RestoreOptions;
use crate::data_dir::{CHECKPOINTS, DataDir, FILES, ISSUER_KEY, QUEUES, SECRETS, TABLE, is_passing};
use crate::error::HostError;

/// Restores into a directory that is absent or empty, or in the place of one that is moved aside; what was done.
pub(crate) fn run(options: &RestoreOptions) -> Result<String, HostError> {
    let dir = &options.data.dir;
    let mut sealed = Sealed::open(&options.file)?;
    let taken_at = sealed.manifest.taken_at;
    let failed = |source| BackupError::File { action: "cannot restore into", path: dir.clone(), source };
    std::fs::create_dir_all(parent(dir)).map_err(failed)?;
    let occupied = is_occupied(dir).map_err(failed)?;
    // Held until the end: no host starts on what is being moved.
    let _lock = if occupied {
        if DataDir::running(dir).is_ok() {
            return Err(HostError::DataInUse(dir.clone()));
        }
        if !options.force {
            return Err(BackupError::NotEmpty(dir.clone()).into());
        }
        Some(DataDir::existing(dir).lock()?)
    } else {
        None
    };
    // Only its owner may enter it, as with the directory that it becomes.
    let new = private_dir(".turno-restore-", parent(dir)).map_err(failed)?;
    sealed.unpack(new.path(), is_known)?;
    rejuvenate(&new.path().join(QUEUES), taken_at, crate::clock::now())?;
    File::open(new.path()).and_then(|dir| dir.sync_all()).map_err(failed)?;

    let mut told = format!("{}: everything as of {taken_at:.0}", dir.display());
    if occupied {
        let aside = aside(dir);
        std::fs::rename(dir, &aside).map_err(failed)?;
        told.push_str("\nwhat was there before is in ");
        told.push_str(&aside.display().to_string());
    }
    std::fs::rename(new.path(), dir).map_err(failed)?;
    // It has another name now, and nothing is to be removed.
    let _ = new.keep();
    File::open(parent(dir)).and_then(|dir| dir.sync_all()).map_err(failed)?;
    Ok(told)
}

fn is_known(name: &str) -> bool {
    let checkpoint = name.strip_prefix(CHECKPOINTS).and_then(|rest| rest.strip_prefix('/'));
    let plain = |name: &str| !name.is_empty() && !name.contains('/') && !name.starts_with('.') && !is_passing(name);
    let file = name.strip_prefix(FILES).and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('/'));
    [TABLE, QUEUES, ISSUER_KEY, SECRETS].contains(&name)
        || checkpoint.is_some_and(plain)
        || file.is_some_and(|(bucket, object)| plain(bucket) && plain(object))
}

fn is_occupied(dir: &Path) -> std::io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().transpose()?.is_some()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A name beside the directory that says when it was moved there.
fn aside(dir: &Path) -> PathBuf {
    let now = crate::clock::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    parent(dir).join(format!("{name}.before-{now}"))
}

/// The time that messages spent in the file does not count against how long their queues keep them: an acknowledged message
/// of an old backup would be gone before it was received.
fn rejuvenate(queues: &Path, taken_at: Timestamp, now: Timestamp) -> Result<(), BackupError> {
    let failed = |source| BackupError::Database { path: queues.to_path_buf(), source };
    let age = now.as_millisecond().saturating_sub(taken_at.as_millisecond()).max(0);
    let connection = Connection::open(queues).map_err(failed)?;
    connection.execute("UPDATE messages SET sent_at = sent_at + ?1", [age]).map_err(failed)?;
    connection.close().map_err(|(_, source)| failed(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_host_writes_is_restored() {
        for (name, expected) in [
            ("table.db", true),
            ("checkpoints/turno-relay.turno-Table", true),
            ("files/turno-mediabucket/0a1b", true),
            ("files/turno-mediabucket/../../x", false),
            ("files/turno-mediabucket", false),
            ("files/../x", false),
            ("files/turno-mediabucket/.tmp", false),
            ("checkpoints/../../etc/passwd", false),
            ("checkpoints/", false),
            ("checkpoints/.hidden", false),
            ("../table.db", false),
            ("/etc/passwd", false),
            ("lock", false),
        ] {
            assert_eq!(is_known(name), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn messages_of_an_old_backup_are_not_too_old_to_be_received() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(QUEUES);
        let open = || crate::sqs::Queues::open(Some(&path), "http://h".into(), "000000000000".into()).unwrap();
        let queues = open();
        queues.ensure(crate::sqs::QueueSpec { name: "q".into(), ..Default::default() }).unwrap();
        let entry = crate::sqs::SendEntry { body: "kept".into(), ..Default::default() };
        queues.send("q", vec![entry]).await.unwrap();
        drop(queues);
        let days = |days: i64| jiff::SignedDuration::from_hours(24 * days);
        let now = crate::clock::now();
        // Sent ten days ago, and backed up a minute later; the queue keeps messages for four days.
        let old = Connection::open(&path).unwrap();
        old.execute("UPDATE messages SET sent_at = sent_at - ?1", [10 * 86_400_000_i64]).unwrap();
        drop(old);
        rejuvenate(&path, now - days(10) + jiff::SignedDuration::from_mins(1), now).unwrap();
        let received = open().receive("q", 1, std::time::Duration::ZERO, None).await.unwrap();
        assert_eq!(received.len(), 1);
    }
}
