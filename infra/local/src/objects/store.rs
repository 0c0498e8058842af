//! Files on disk: `files/<bucket>/<digest of the key>`, one for each object, behind a head of fixed length that says its key.
//!
//! A file has its name once all of it is on the disk and not before, so a reader, a backup and a host after a power failure see an
//! object whole or not at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The longest key that S3 takes, in bytes.
const LONGEST_KEY: usize = 1024;
/// The head: JSON, filled up with spaces, and a line's end. `tail -c +2049 FILE` is the object.
const HEAD: usize = 2048;
/// What a file on its way ends in.
const ON_ITS_WAY: &str = ".new";

/// Why an object is not there, or was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("there is no such bucket")]
    NoBucket,
    #[error("there is no such object")]
    Missing,
    #[error("the key or the content type is too long")]
    TooLong,
    #[error("the file of an object is not what was written")]
    Damaged,
    #[error("the body broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the disk")]
    Disk(#[from] std::io::Error),
}

/// What is known of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// In lower-case hex.
    pub(crate) sha256: String,
    /// In lower-case hex: S3's entity tag.
    pub(crate) md5: String,
    pub(crate) media_type: Option<String>,
    /// What whoever put it says of it besides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) at: Timestamp,
}

/// What is said of an object when it is put.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) media_type: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// The objects of some buckets; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// Held while a file gets its name or loses it for its age: what was put again is not what was old.
    naming: Arc<Mutex<()>>,
    _temporary: Option<Arc<TempDir>>,
}

impl Store {
    /// Makes what is missing and removes what a host before left half written.
    pub(super) fn open(dir: Option<&Path>, buckets: &[&str]) -> Result<Self, StoreError> {
        let temporary = if dir.is_none() { Some(Arc::new(tempfile::tempdir()?)) } else { None };
        let dir = dir.or(temporary.as_ref().map(|temporary| temporary.path())).unwrap_or(Path::new(".")).to_path_buf();
        for bucket in buckets {
            let bucket = dir.join(bucket);
            std::fs::create_dir_all(&bucket)?;
            for entry in std::fs::read_dir(&bucket)? {
                let path = entry?.path();
                if path.to_string_lossy().ends_with(ON_ITS_WAY) {
                    std::fs::remove_file(path)?;
                }
            }
            sync(&bucket)?;
        }
        if dir.is_dir() {
            sync(&dir)?;
        }
        Ok(Self { dir, naming: Arc::default(), _temporary: temporary })
    }

    /// Keeps an object, in the place of one of the same key. Every byte and the name are on the disk when this returns.
    pub(super) async fn put<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        bucket: &str,
        key: &str,
        said: Said,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Kept, StoreError> {
        let (dir, path) = self.path(bucket, key)?;
        let new = tempfile::Builder::new().suffix(ON_ITS_WAY).tempfile_in(&dir)?;
        let mut file = tokio::fs::File::from_std(new.reopen()?);
        let (mut size, mut sha256, mut md5) = (0, Sha256::new(), md5::Context::new());
        tokio::io::AsyncWriteExt::write_all(&mut file, &[b' '; HEAD]).await?;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| StoreError::Body(error.into()))?;
            size += piece.len() as u64;
            sha256.update(&piece);
            md5.consume(&piece);
            tokio::io::AsyncWriteExt::write_all(&mut file, &piece).await?;
        }
        tokio::io::AsyncWriteExt::flush(&mut file).await?;
        let kept = Kept {
            key: key.to_owned(),
            size,
            sha256: hex::encode(sha256.finalize()),
            md5: hex::encode(md5.compute().0),
            media_type: said.media_type,
            metadata: said.metadata,
            at: crate::clock::now(),
        };
        let head = head(&kept)?;
        let mut file = file.into_std().await;
        let naming = Arc::clone(&self.naming);
        let finish = move || {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&head)?;
            file.sync_all()?;
            let _naming = naming.lock().unwrap_or_else(PoisonError::into_inner);
            new.persist(path).map_err(|error| error.error)?;
            sync(&dir)
        };
        tokio::task::spawn_blocking(finish).await.map_err(std::io::Error::other)??;
        Ok(kept)
    }

    /// An object, and its file where its content begins.
    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<(Kept, File), StoreError> {
        let (_, path) = self.path(bucket, key)?;
        let mut file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::Missing),
            file => file?,
        };
        let kept = read(&mut file)?;
        if kept.key == key { Ok((kept, file)) } else { Err(StoreError::Damaged) }
    }

    /// Removes an object. One that is not there is removed already.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        let (dir, path) = self.path(bucket, key)?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed.and_then(|()| sync(&dir))?),
        }
    }

    /// Removes the objects that were put, or restored, before then; how many that were.
    pub(super) fn remove_older(&self, bucket: &str, before: Timestamp) -> Result<u64, StoreError> {
        let (dir, mut removed) = (self.bucket(bucket)?, 0);
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
            // Not by the time in the head: what comes out of an old backup is as old as its messages are made then.
            let Ok(put_at) = std::fs::metadata(&path).and_then(|file| file.modified()) else { continue };
            if Timestamp::try_from(put_at).is_ok_and(|put_at| put_at < before) {
                std::fs::remove_file(&path)?;
                removed += 1;
            }
        }
        sync(&dir)?;
        Ok(removed)
    }

    /// The keys that begin so, in their order.
    pub(super) fn keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        for entry in std::fs::read_dir(self.bucket(bucket)?)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(ON_ITS_WAY) {
                continue;
            }
            // One may go while the list is made.
            let Ok(mut file) = File::open(path) else { continue };
            let key = read(&mut file)?.key;
            if key.starts_with(prefix) {
                keys.push(key);
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    pub(super) fn buckets(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn path(&self, bucket: &str, key: &str) -> Result<(PathBuf, PathBuf), StoreError> {
        let dir = self.bucket(bucket)?;
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(StoreError::TooLong);
        }
        Ok((dir.clone(), dir.join(name(key))))
    }

    /// The directory of a bucket.
    pub(super) fn bucket(&self, bucket: &str) -> Result<PathBuf, StoreError> {
        let dir = self.dir.join(bucket);
        if is_plain(bucket) && dir.is_dir() { Ok(dir) } else { Err(StoreError::NoBucket) }
    }
}

/// Every file of a bucket's directory with what is known of its object, for `check`; `None` where it is not what was written.
pub(crate) fn kept(dir: &Path) -> std::io::Result<Vec<(String, Option<Kept>)>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let found = entry.file_name().to_string_lossy().into_owned();
        if !found.ends_with(ON_ITS_WAY) {
            let read = File::open(entry.path()).map_err(StoreError::Disk).and_then(|mut file| read(&mut file));
            let kept = read.ok().filter(|kept| name(&kept.key) == found);
            all.push((found, kept));
        }
    }
    Ok(all)
}

/// The content of the object of a key in a bucket's directory, for `check`; `None` where it is not there.
pub(crate) fn content(dir: &Path, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut file = match File::open(dir.join(name(key))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    read(&mut file)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Reads the head of a file, which must be of the file's length.
fn read(file: &mut File) -> Result<Kept, StoreError> {
    let mut head = [0; HEAD];
    file.read_exact(&mut head).map_err(|_| StoreError::Damaged)?;
    let kept: Kept = serde_json::from_slice(&head).map_err(|_| StoreError::Damaged)?;
    if file.metadata()?.len() == kept.size + HEAD as u64 { Ok(kept) } else { Err(StoreError::Damaged) }
}

fn head(kept: &Kept) -> Result<Vec<u8>, StoreError> {
    let mut head = serde_json::to_vec(kept).map_err(std::io::Error::from)?;
    if head.len() >= HEAD {
        return Err(StoreError::TooLong);
    }
    head.resize(HEAD - 1, b' ');
    head.push(b'\n');
    Ok(head)
}

/// What the file of a key is called: no name is a path, and none too long for a disk or an archive.
fn name(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}

fn is_plain(bucket: &str) -> bool {
    !bucket.is_empty() && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn sync(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
