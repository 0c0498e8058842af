//! The host's data directory: what lies where, who may use it, and how a command finds the running host.
//!
//! One host at a time: a lock on a file that the system releases when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::HostError;

/// DynamoDB's tables and streams.
pub(crate) const TABLE: &str = "table.db";
/// The queues and their messages.
pub(crate) const QUEUES: &str = "queues.db";
/// A file for each stream that a function reads: how far it has read.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The objects of S3: a directory for each bucket, a file for each object.
pub(crate) const FILES: &str = "files";
/// What Secrets Manager answers, and the operator's credentials.
pub(crate) const SECRETS: &str = "secrets.json";
/// The key that signs tokens.
pub(crate) const ISSUER_KEY: &str = "issuer.pem";
const LOCK: &str = "lock";
const HOST: &str = "host.json";

/// A data directory; opening it creates it.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

/// Where the running host serves. Other commands read it; it is there exactly while a host runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunningHost {
    /// The HTTP API, without a trailing slash.
    pub(crate) api_url: String,
    /// The WebSocket API with its stage; absent when the template has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sockets_url: Option<String>,
    /// The AWS endpoint, without a trailing slash.
    pub(crate) aws_url: String,
    /// The Graph API simulator, with its version and without a trailing slash.
    pub(crate) graph_url: String,
    pub(crate) pid: u32,
}

/// The hold of one host on its directory; ends when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl DataDir {
    /// Creates the directory where it is missing, open to its owner alone: it holds customers' words and the keys.
    pub(crate) fn open(path: &Path) -> Result<Self, HostError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).map_err(|source| data_error("cannot create", path, source))?;
        close(path)?;
        Ok(Self(path.to_path_buf()))
    }

    /// A directory that is used as it is; nothing is created.
    pub(crate) fn existing(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.0.join(TABLE)
    }

    pub(crate) fn queues(&self) -> PathBuf {
        self.0.join(QUEUES)
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.0.join(CHECKPOINTS)
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.0.join(FILES)
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.0.join(SECRETS)
    }

    fn host(&self) -> PathBuf {
        self.0.join(HOST)
    }

    /// Takes the directory for this process, and shows by writing that the disk takes more.
    pub(crate) fn lock(&self) -> Result<Lock, HostError> {
        let path = self.0.join(LOCK);
        let failed = |source| data_error("cannot write", &path, source);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HostError::DataInUse(self.0.clone())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // A full disk is found here, in one line, and not by an engine half-way through its first page.
        (&file)
            .write_all(&[b' '; 8192])
            .and_then(|()| file.sync_all())
            .and_then(|()| file.set_len(0))
            .map_err(failed)?;
        Ok(Lock { _file: file })
    }

    pub(crate) fn announce(&self, host: &RunningHost) -> Result<(), HostError> {
        let text =
            serde_json::to_vec_pretty(host).map_err(|source| HostError::Damaged { path: self.host(), source })?;
        write_private(&self.host(), &text)
    }

    /// Says that no host runs here any more. A file that is already gone is no failure.
    pub(crate) fn withdraw(&self) -> Result<(), HostError> {
        match std::fs::remove_file(self.host()) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(data_error("cannot remove", &self.host(), source))
            }
            _ => Ok(()),
        }
    }

    /// The host that runs on this directory.
    pub(crate) fn running(path: &Path) -> Result<RunningHost, HostError> {
        let file = path.join(HOST);
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(source) if source.kind() == ErrorKind::NotFound => {
                return Err(HostError::NotRunning(path.to_path_buf()));
            }
            Err(source) => return Err(data_error("cannot read", &file, source)),
        };
        // A host that was killed has left its file behind; its lock it could not leave.
        if OpenOptions::new().write(true).open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            return Err(HostError::NotRunning(path.to_path_buf()));
        }
        serde_json::from_slice(&text).map_err(|source| HostError::Damaged { path: file, source })
    }
}

/// From now on what this process and its children create is for their user alone.
pub(crate) fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// What a mode allows to others than the owner.
const OTHERS: u32 = 0o077;

/// Closes a directory that others may enter, with all that a host has written there.
fn close(path: &Path) -> Result<(), HostError> {
    let mode = std::fs::metadata(path).map_err(|source| data_error("cannot read", path, source))?.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    // A directory that is meant for everybody, such as /tmp, is nobody's to close.
    if mode & 0o1000 != 0 {
        let reason = "it is open to everybody; choose another with --data DIR";
        return Err(HostError::Refused(format!("{} cannot hold data: {reason}", path.display())));
    }
    restrict(path, 0o700)?;
    for name in [TABLE, QUEUES, SECRETS, ISSUER_KEY, LOCK, HOST, CHECKPOINTS, FILES] {
        for end in ["", "-wal", "-shm"] {
            close_all(&path.join(format!("{name}{end}")))?;
        }
    }
    // One that holds nothing of a host's yet was made for it a moment ago.
    if path.join(SECRETS).exists() {
        tracing::warn!("the data directory was open to others and is closed now");
    }
    Ok(())
}

fn close_all(path: &Path) -> Result<(), HostError> {
    // A link leads to what is not the host's.
    let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if found.is_file() {
        return restrict(path, 0o600);
    }
    if found.is_dir() {
        restrict(path, 0o700)?;
        for entry in std::fs::read_dir(path).map_err(|source| data_error("cannot read", path, source))? {
            close_all(&entry.map_err(|source| data_error("cannot read", path, source))?.path())?;
        }
    }
    Ok(())
}

fn restrict(path: &Path, mode: u32) -> Result<(), HostError> {
    let failed = |source| data_error("is open to others, and this user cannot close", path, source);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(failed)
}

/// Whether a file of the directory is of the running host alone, or on its way to its name: what no backup needs.
pub(crate) fn is_passing(name: &str) -> bool {
    [LOCK, HOST].contains(&name) || [".new", "-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end))
}

/// Writes a file that only its owner can read, in one step: readers see the old bytes or the new.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    let failed = |source| data_error("cannot write", path, source);
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}

pub(crate) fn data_error(action: &'static str, path: &Path, source: std::io::Error) -> HostError {
    HostError::Data { action, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::on_one_line;

    #[test]
    fn a_second_host_on_the_same_directory_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        let first = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(HostError::DataInUse(_))));
        drop(first);
        assert!(data.lock().is_ok());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named_on_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let line = on_one_line(&DataDir::open(&file.join("data")).unwrap_err());
        assert!(line.contains(&file.display().to_string()) && line.contains("cannot create"), "{line}");
        assert!(!line.contains('\n'));
    }

    #[test]
    fn a_directory_that_others_may_enter_is_closed_with_all_that_is_the_host_s() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        std::fs::create_dir_all(path.join("files/bucket")).unwrap();
        let own = ["table.db", "table.db-wal", "secrets.json", "files/bucket/a"];
        for name in own.into_iter().chain(["other.txt"]) {
            std::fs::write(path.join(name), "x").unwrap();
            std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["", "files", "files/bucket"] {
            open(&path.join(name));
        }
        DataDir::open(&path).unwrap();
        let mode = |name: &str| std::fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["", "files", "files/bucket"].map(mode), [0o700; 3]);
        assert_eq!(own.map(mode), [0o600; 4]);
        assert_eq!(mode("other.txt"), 0o644, "it is not the host's");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(on_one_line(&DataDir::open(&path).unwrap_err()).contains("--data"));
    }

    #[test]
    fn without_a_running_host_a_command_says_how_to_start_one() {
        let dir = tempfile::tempdir().unwrap();
        let line = on_one_line(&DataDir::running(dir.path()).unwrap_err());
        assert!(line.contains("cargo run"), "{line}");
    }

    #[test]
    fn an_announced_host_is_found_until_it_withdraws_and_its_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        let host =
            RunningHost { api_url: "a".into(), sockets_url: None, aws_url: "b".into(), graph_url: "c".into(), pid: 7 };
        let lock = data.lock().unwrap();
        data.announce(&host).unwrap();
        assert_eq!(DataDir::running(dir.path()).unwrap().pid, 7);
        assert_eq!(std::fs::metadata(data.host()).unwrap().permissions().mode() & 0o777, 0o600);
        // Killed: the file stays, the lock does not.
        drop(lock);
        assert!(matches!(DataDir::running(dir.path()), Err(HostError::NotRunning(_))));
        data.withdraw().unwrap();
        data.withdraw().unwrap();
        assert!(matches!(DataDir::running(dir.path()), Err(HostError::NotRunning(_))));
    }
}
