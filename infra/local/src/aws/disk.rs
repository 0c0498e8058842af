//! One `fdatasync` for many commits of the table. The engine commits without waiting for the disk; whoever is told of a commit, by an
//! answer or by the stream, waits until the disk has it. Source: docs/adr/0033-durable-together.md.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use tokio::sync::oneshot;

/// Why nothing more is told of the table: what it committed may be lost.
#[derive(Debug, thiserror::Error)]
#[error("the table's log did not reach the disk; nothing is answered until the host is started again")]
pub(crate) struct NotDurable;

/// What a caller waits with until the disk has what was committed before.
type Waiting = oneshot::Sender<Result<(), NotDurable>>;

/// How far the disk is behind the engine. Clones share it.
#[derive(Clone)]
pub(super) struct Disk {
    counts: Arc<Counts>,
    /// `None` where nothing outlives the host.
    syncs: Option<mpsc::Sender<Waiting>>,
}

/// Writes that the engine was given, that it has ended, and that the disk had when no other was under way.
#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
    synced: AtomicU64,
}

/// A write that the engine was given. Dropped without `end`, it counts as under way for ever: nobody knows when it commits.
pub(super) struct Write(Arc<Counts>);

impl Write {
    pub(super) fn end(self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

impl Disk {
    /// The engine keeps everything in memory.
    pub(super) fn none() -> Self {
        Self { counts: Arc::default(), syncs: None }
    }

    /// The engine writes its log beside `database`, which must be open.
    pub(super) fn under(database: &Path) -> std::io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        // SQLite keeps this very file, and begins it anew, as long as anybody has the database open.
        let log = File::open(log)?;
        Self::synced_by(move || log.sync_data())
    }

    pub(super) fn synced_by(sync: impl FnMut() -> std::io::Result<()> + Send + 'static) -> std::io::Result<Self> {
        let (syncs, waiting) = mpsc::channel();
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        std::thread::Builder::new().name("table-sync".to_owned()).spawn(move || serve(&waiting, &counted, sync))?;
        Ok(Self { counts, syncs: Some(syncs) })
    }

    /// Before the engine is given a write.
    pub(super) fn write(&self) -> Write {
        self.counts.begun.fetch_add(1, Ordering::SeqCst);
        Write(Arc::clone(&self.counts))
    }

    /// Returns when the disk has all that the engine has told until now.
    pub(super) async fn reached(&self) -> Result<(), NotDurable> {
        let Some(syncs) = &self.syncs else { return Ok(()) };
        // Whatever the engine has told was begun before.
        if self.counts.begun.load(Ordering::SeqCst) == self.counts.synced.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (waiting, synced) = oneshot::channel();
        syncs.send(waiting).map_err(|_| NotDurable)?;
        synced.await.map_err(|_| NotDurable)?
    }
}

/// Syncs for those who wait, all at once for those who have come meanwhile, until nobody can come any more.
fn serve(waiting: &mpsc::Receiver<Waiting>, counts: &Counts, mut sync: impl FnMut() -> std::io::Result<()>) {
    while let Ok(first) = waiting.recv() {
        let together: Vec<Waiting> = std::iter::once(first).chain(waiting.try_iter()).collect();
        // Ended is read first: if as many have begun afterwards, none was under way.
        let ended = counts.ended.load(Ordering::SeqCst);
        let is_all = counts.begun.load(Ordering::SeqCst) == ended;
        if let Err(error) = sync() {
            tracing::error!(%error, "the table's log did not reach the disk");
            // What the system could not write it may have forgotten: another try would succeed for nothing. Whoever waits, and
            // whoever comes, finds nobody here.
            return;
        }
        if is_all {
            counts.synced.store(ended, Ordering::SeqCst);
        }
        for caller in together {
            // Who has gone needs no answer.
            let _ = caller.send(Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    /// A disk whose syncs end when the test says how.
    fn disk() -> (Disk, mpsc::Receiver<()>, mpsc::Sender<std::io::Result<()>>) {
        let (begins, begun) = mpsc::channel();
        let (ends, ended) = mpsc::channel();
        let sync = move || {
            begins.send(()).unwrap();
            ended.recv().unwrap()
        };
        (Disk::synced_by(sync).unwrap(), begun, ends)
    }

    #[tokio::test]
    async fn who_comes_during_a_sync_waits_for_the_next_with_all_the_others() {
        let (disk, begun, ends) = disk();
        let wait = || {
            let disk = disk.clone();
            tokio::spawn(async move {
                disk.write().end();
                disk.reached().await
            })
        };
        let first = wait();
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        let later: Vec<_> = (0..5).map(|_| wait()).collect();
        tokio::task::yield_now().await;
        ends.send(Ok(())).unwrap();
        first.await.unwrap().unwrap();
        begun.recv().unwrap();
        assert!(later.iter().all(|waiting| !waiting.is_finished()));
        ends.send(Ok(())).unwrap();
        for waiting in later {
            waiting.await.unwrap().unwrap();
        }
        assert!(begun.try_recv().is_err(), "one sync for all five");
    }

    #[tokio::test]
    async fn a_read_waits_for_what_it_may_have_seen_and_for_nothing_else() {
        let (disk, begun, ends) = disk();
        disk.reached().await.unwrap();
        let write = disk.write();
        let waits = async || {
            let reading = disk.clone();
            let reading = tokio::spawn(async move { reading.reached().await });
            tokio::task::yield_now().await;
            begun.recv().unwrap();
            ends.send(Ok(())).unwrap();
            reading.await.unwrap().unwrap();
        };
        // The engine may have committed it already.
        waits().await;
        // That sync may have come too early for it.
        write.end();
        waits().await;
        disk.reached().await.unwrap();
        assert!(begun.try_recv().is_err(), "nothing was written since");
    }

    #[tokio::test]
    async fn nothing_is_told_once_a_sync_has_failed() {
        let (disk, _begun, ends) = disk();
        ends.send(Err(Error::from(ErrorKind::StorageFull))).unwrap();
        for _ in 0..2 {
            disk.write().end();
            assert!(disk.reached().await.is_err());
        }
        Disk::none().reached().await.unwrap();
    }
}
