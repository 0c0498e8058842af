//! The file of a backup: an uncompressed tar that any `tar` opens, sealed by the digest of all its bytes.
//!
//! The first entry is the manifest. The last, `SHA256`, holds the digest of everything before it; its bytes follow from the
//! digest, so no byte of the file can be changed, cut off or added unnoticed. `head -c -2048 FILE | sha256sum` checks it.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write as _, copy};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tar::{Archive, Entry, EntryType, Header};
use tempfile::NamedTempFile;

use super::BackupError;

const MANIFEST: &str = "turno-backup.json";
const SEAL: &str = "SHA256";
const FORMAT: u32 = 1;
const BLOCK: u64 = 512;
/// The seal's header and its block, and the two empty blocks with which every archive ends.
const SEAL_BYTES: u64 = 4 * BLOCK;

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The version of the host that wrote it; for people.
    host: String,
    /// Everything acknowledged before then is in it.
    pub(super) taken_at: Timestamp,
}

/// A backup that is being written, under another name.
pub(super) struct Writer {
    file: NamedTempFile,
    digest: Sha256,
    written: u64,
    taken_at: Timestamp,
}

impl Writer {
    /// Begins a file that only its owner can read, in a directory of the same disk.
    pub(super) fn begin(dir: &Path, taken_at: Timestamp) -> std::io::Result<Self> {
        let file = tempfile::Builder::new().prefix("sealed-").tempfile_in(dir)?;
        let mut writer = Self { file, digest: Sha256::new(), written: 0, taken_at };
        let manifest = Manifest { format: FORMAT, host: env!("CARGO_PKG_VERSION").to_owned(), taken_at };
        let text = serde_json::to_vec_pretty(&manifest)?;
        writer.add(MANIFEST, &mut &text[..], text.len() as u64)?;
        Ok(writer)
    }

    /// Adds a file of exactly `size` bytes.
    pub(super) fn add(&mut self, name: &str, content: &mut dyn Read, size: u64) -> std::io::Result<()> {
        self.put(header(name, size, self.taken_at.as_second())?.as_bytes())?;
        let mut left = size;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            content.read_exact(&mut buffer[..part])?;
            self.put(&buffer[..part])?;
            left -= part as u64;
        }
        let padding = usize::try_from(size.next_multiple_of(BLOCK) - size).unwrap_or_default();
        self.put(&[0; 512][..padding])
    }

    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digest.update(bytes);
        self.written += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Seals the file and gives it its name, once all of it is on the disk; its size.
    pub(super) fn finish(mut self, path: &Path, replace: bool) -> Result<u64, BackupError> {
        let failed = |source| BackupError::File { action: "cannot write", path: path.to_path_buf(), source };
        let seal = seal(self.digest.clone()).map_err(failed)?;
        self.put(&seal).map_err(failed)?;
        self.file.as_file().sync_all().map_err(failed)?;
        let named = if replace { self.file.persist(path) } else { self.file.persist_noclobber(path) };
        named.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_path_buf()),
            _ => failed(error.error),
        })?;
        File::open(super::parent(path)).and_then(|dir| dir.sync_all()).map_err(failed)?;
        Ok(self.written)
    }
}

/// A backup that is whole and in the known format.
pub(super) struct Sealed {
    path: PathBuf,
    file: File,
    pub(super) manifest: Manifest,
}

impl Sealed {
    /// Reads the whole file once before it believes any of it.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { action: "cannot read", path: path.to_path_buf(), source };
        let mut file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let not_ours = || BackupError::NotOurs(path.to_path_buf());
        let altered = || BackupError::Altered(path.to_path_buf());
        if !Archive::new(&file)
            .entries()
            .is_ok_and(|mut all| all.next().is_some_and(|one| is_manifest(one.as_ref().ok())))
        {
            return Err(not_ours());
        }
        let sealed = bytes.checked_sub(SEAL_BYTES).ok_or_else(altered)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let digest = digest_of(&mut (&file).take(sealed)).map_err(failed)?;
        let mut found = Vec::new();
        file.read_to_end(&mut found).map_err(failed)?;
        if found != seal(digest).map_err(failed)? {
            return Err(altered());
        }
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut text = Vec::new();
        let mut archive = Archive::new(&file);
        let mut entries = archive.entries().map_err(failed)?;
        entries.next().ok_or_else(not_ours)?.and_then(|mut entry| entry.read_to_end(&mut text)).map_err(failed)?;
        // The format first: the rest of another format's manifest may be anything.
        let format = serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|it| it["format"].as_u64());
        match format.and_then(|format| u32::try_from(format).ok()) {
            Some(FORMAT) => {}
            Some(found) => return Err(BackupError::Format { path: path.to_path_buf(), found, known: FORMAT }),
            None => return Err(not_ours()),
        }
        let manifest = serde_json::from_slice(&text).map_err(|_| not_ours())?;
        Ok(Self { path: path.to_path_buf(), file, manifest })
    }

    /// Writes each file into a directory, for its owner alone. `is_known` says which names may be there.
    pub(super) fn unpack(&mut self, dir: &Path, is_known: impl Fn(&str) -> bool) -> Result<(), BackupError> {
        let failed = |source| BackupError::File { action: "cannot restore into", path: dir.to_path_buf(), source };
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        for entry in Archive::new(&self.file).entries().map_err(failed)? {
            let mut entry = entry.map_err(failed)?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if name == MANIFEST || name == SEAL {
                continue;
            }
            if entry.header().entry_type() != EntryType::Regular || !is_known(&name) {
                let reason = format!("it holds {name}, which no host has written");
                return Err(BackupError::Unsound { path: self.path.clone(), reason });
            }
            write(&mut entry, &dir.join(&name)).map_err(failed)?;
        }
        Ok(())
    }
}

fn is_manifest(entry: Option<&Entry<'_, &File>>) -> bool {
    entry.is_some_and(|entry| &*entry.path_bytes() == MANIFEST.as_bytes())
}

fn write(content: &mut impl Read, path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    copy(content, &mut file)?;
    file.sync_all()
}

fn digest_of(content: &mut impl Read) -> std::io::Result<Sha256> {
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok(digest),
            read => digest.update(&buffer[..read]),
        }
    }
}

fn header(name: &str, size: u64, modified_at: i64) -> std::io::Result<Header> {
    // The older form takes longer paths, and so do all that read the newer.
    let mut header = if name.len() > 100 { Header::new_ustar() } else { Header::new_gnu() };
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(modified_at).unwrap_or_default());
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

/// The last bytes of a backup whose bytes before have this digest.
fn seal(digest: Sha256) -> std::io::Result<Vec<u8>> {
    let text = format!("{}\n", hex::encode(digest.finalize()));
    let mut bytes = header(SEAL, text.len() as u64, 0)?.as_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(usize::try_from(SEAL_BYTES).unwrap_or_default(), 0);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::on_one_line;

    fn backup(dir: &Path) -> PathBuf {
        let mut writer = Writer::begin(dir, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        for (name, content) in [("table.db", "a".repeat(1000)), ("checkpoints/relay", "7".to_owned())] {
            writer.add(name, &mut content.as_bytes(), content.len() as u64).unwrap();
        }
        let path = dir.join("backup.tar");
        writer.finish(&path, false).unwrap();
        path
    }

    /// What opening these bytes says.
    fn refusal(dir: &Path, bytes: &[u8]) -> String {
        let path = dir.join("other.tar");
        std::fs::write(&path, bytes).unwrap();
        on_one_line(&Sealed::open(&path).err().expect("it is refused"))
    }

    #[test]
    fn what_was_written_comes_out_again_and_its_owner_alone_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = backup(dir.path());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let mut sealed = Sealed::open(&path).unwrap();
        assert_eq!(sealed.manifest.taken_at.to_string(), "2026-01-01T00:00:00Z");
        let out = dir.path().join("out");
        sealed.unpack(&out, |_| true).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("table.db")).unwrap(), "a".repeat(1000));
        assert_eq!(std::fs::read_to_string(out.join("checkpoints/relay")).unwrap(), "7");
        assert_eq!(mode(&out.join("table.db")), 0o600);
        let refusal = sealed.unpack(&dir.path().join("again"), |name| name == "table.db").unwrap_err();
        assert!(on_one_line(&refusal).contains("checkpoints/relay"));
    }

    #[test]
    fn a_backup_is_an_ordinary_archive() {
        let dir = tempfile::tempdir().unwrap();
        let listed = std::process::Command::new("tar").arg("-tf").arg(backup(dir.path())).output().unwrap();
        let names = "turno-backup.json\ntable.db\ncheckpoints/relay\nSHA256\n";
        assert_eq!((String::from_utf8(listed.stdout).unwrap().as_str(), &*listed.stderr), (names, &b""[..]));
    }

    #[test]
    fn no_byte_can_be_changed_cut_off_or_added() {
        let dir = tempfile::tempdir().unwrap();
        let whole = std::fs::read(backup(dir.path())).unwrap();
        // Seven and the size of a block have no divisor in common: every part of a block is met.
        for place in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            let line = refusal(dir.path(), &bytes);
            assert!(line.contains("other.tar") && !line.contains('\n'), "{place}: {line}");
            // The first block says whose file it is; behind it every change is told for what it is.
            assert!(place < 512 || line.contains("altered"), "{place}: {line}");
        }
        for length in (0..whole.len()).step_by(7) {
            refusal(dir.path(), &whole[..length]);
        }
        for more in [1, 512, 2048] {
            let mut bytes = whole.clone();
            bytes.resize(whole.len() + more, 0);
            assert!(refusal(dir.path(), &bytes).contains("altered"), "{more} more");
        }
    }

    #[test]
    fn other_files_and_other_formats_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(refusal(dir.path(), b"").contains("no backup of this host"));
        assert!(refusal(dir.path(), &[b'x'; 5000]).contains("no backup of this host"));
        let mut foreign = header("README", 0, 0).unwrap().as_bytes().to_vec();
        foreign.resize(2048, 0);
        assert!(refusal(dir.path(), &foreign).contains("no backup of this host"));
        let manifest = br#"{"format":2,"news":true}"#;
        let mut next = header(MANIFEST, manifest.len() as u64, 0).unwrap().as_bytes().to_vec();
        next.extend(manifest);
        next.resize(1024, 0);
        next.extend(seal(Sha256::new_with_prefix(&next)).unwrap());
        assert!(refusal(dir.path(), &next).contains("format 2"));
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_when_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = backup(dir.path());
        let again = || Writer::begin(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(matches!(again().finish(&path, false), Err(BackupError::Exists(_))));
        assert_eq!(Sealed::open(&path).unwrap().manifest.taken_at.to_string(), "2026-01-01T00:00:00Z");
        again().finish(&path, true).unwrap();
        assert_eq!(Sealed::open(&path).unwrap().manifest.taken_at, Timestamp::UNIX_EPOCH);
    }
}
