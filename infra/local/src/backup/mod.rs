//! `turno backup` and `turno restore`: everything that a host needs to go on elsewhere, in one file.
//!
//! The parts are read one after the other while the host works, in an order that can only repeat: how far streams are read,
//! then the queues, then the table, then the files. Whatever was acknowledged or sent before a part was read is in it or in a later one, and
//! no message speaks of what the table does not know yet. What is repeated, each consumer knows already, as after a crash.
//! See docs/adr/0011-backup.md.

mod archive;
mod restore;
mod snapshot;

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::BackupOptions;
use crate::data_dir::{CHECKPOINTS, DataDir, FILES, ISSUER_KEY, QUEUES, SECRETS, TABLE, is_passing};
use crate::error::HostError;
use crate::size::Size;
use archive::Writer;
pub(crate) use restore::run as restore;

/// Why a backup was not taken, or not restored. Nothing is left behind, and nothing is lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error("{path} exists already; name another file, or replace it with --force", path = .0.display())]
    Exists(PathBuf),
    #[error("{path} has no {TABLE} and {QUEUES}, so there is nothing to back up; name a host's data directory with --data DIR", path = .0.display())]
    Nothing(PathBuf),
    #[error("{action} {path}", path = path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} cannot be read", path = path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("{path} is damaged: {reason}", path = path.display())]
    Unsound { path: PathBuf, reason: String },
    #[error("{path} is no backup of this host, or its beginning is lost", path = .0.display())]
    NotOurs(PathBuf),
    #[error("{path} is cut short or altered: it does not have the digest that it ends with", path = .0.display())]
    Altered(PathBuf),
    #[error("{path} is a backup in format {found}, and this host reads format {known}", path = path.display())]
    Format { path: PathBuf, found: u32, known: u32 },
    #[error("{path} is not empty; choose another with --data DIR, or move it aside with --force", path = .0.display())]
    NotEmpty(PathBuf),
}

impl BackupError {
    fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, path: path.to_path_buf(), source }
    }
}

/// Takes the backup; what it holds.
pub(crate) fn run(options: &BackupOptions) -> Result<String, HostError> {
    let (file, dir) = (&options.file, &options.data.dir);
    if !options.force && file.try_exists().map_err(BackupError::file("cannot read", file))? {
        return Err(BackupError::Exists(file.clone()).into());
    }
    let data = DataDir::existing(dir);
    if !data.table().is_file() || !data.queues().is_file() {
        return Err(BackupError::Nothing(dir.clone()).into());
    }
    // Beside the file, so that it is on the disk that has to have the room, and can be renamed into place.
    let beside = parent(file);
    let failed = |source| BackupError::File { action: "cannot write", path: file.clone(), source };
    let copies = private_dir(".turno-backup-", beside).map_err(failed)?;

    let checkpoints = checkpoints(&data.checkpoints())?;
    let taken_at = crate::clock::now();
    let queues = snapshot::copy(&data.queues(), &copies.path().join(QUEUES))?;
    let table = snapshot::copy(&data.table(), &copies.path().join(TABLE))?;

    let mut writer = Writer::begin(copies.path(), taken_at).map_err(failed)?;
    for (name, bytes) in &checkpoints {
        writer.add(&format!("{CHECKPOINTS}/{name}"), &mut &bytes[..], bytes.len() as u64).map_err(failed)?;
    }
    for name in [ISSUER_KEY, SECRETS] {
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(BackupError::file("cannot read", &path))?;
        writer.add(name, &mut &bytes[..], bytes.len() as u64).map_err(failed)?;
    }
    for (name, copy) in [(QUEUES, &queues), (TABLE, &table)] {
        let mut file = std::fs::File::open(copy).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        writer.add(name, &mut file, bytes).map_err(failed)?;
    }
    // Last of all: whatever the table says is kept was on the disk before it said so.
    for path in files(&data.files())? {
        let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        // One that was removed meanwhile is named by nothing.
        let Ok(mut content) = std::fs::File::open(&path) else { continue };
        let bytes = content.metadata().map_err(BackupError::file("cannot read", &path))?.len();
        writer.add(&name, &mut content, bytes).map_err(failed)?;
    }
    let bytes = writer.finish(file, options.force)?;
    let mut told = format!("{}: {} as of {taken_at:.0}", file.display(), Size(bytes));
    for name in unknown(dir)? {
        told.push_str("\nnot in the backup: ");
        told.push_str(&name);
    }
    Ok(told)
}

/// How far each stream was read, file by file.
fn checkpoints(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, BackupError> {
    let failed = |source| BackupError::File { action: "cannot read", path: dir.to_path_buf(), source };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        // No stream was read yet.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        // A file that is being written is not there yet.
        if !is_passing(&name) {
            found.push((name, std::fs::read(&path).map_err(failed)?));
        }
    }
    Ok(found)
}

/// The files of every bucket. A file has its name once it is whole, and does not change after that.
fn files(dir: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut all = Vec::new();
    for bucket in entries(dir)? {
        all.extend(entries(&bucket)?.into_iter().filter(|path| !is_passing(&path.to_string_lossy())));
    }
    all.sort();
    Ok(all)
}

/// What is in a directory, which may not be there.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let failed = |source| BackupError::File { action: "cannot read", path: dir.to_path_buf(), source };
    match std::fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

/// What lies in the data directory and is neither in the backup nor of this run alone.
fn unknown(dir: &Path) -> Result<Vec<String>, BackupError> {
    let failed = |source| BackupError::File { action: "cannot read", path: dir.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if ![TABLE, QUEUES, CHECKPOINTS, FILES, ISSUER_KEY, SECRETS].contains(&name.as_str()) && !is_passing(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A new directory that only its owner can enter, and that goes with all that is in it when dropped.
fn private_dir(prefix: &str, place: &Path) -> std::io::Result<TempDir> {
    let owner_alone = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(prefix).permissions(owner_alone).tempdir_in(place)
}

/// The directory that a file or directory lies in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
