//! The queues' promises, each shown on real queues: a clock that only moves when told, real tasks, real files.

mod durability;
mod faults;
mod fifo;
mod move_tasks;
mod protocol;
mod redrive;
mod speed;
mod standard;
mod suite;
mod waiting;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::{Error, QueueSpec, Queues, ReceivedMessage, SendEntry};

const ACCOUNT: &str = "000000000000";
const STANDARD: &str = "work";
const FIFO: &str = "work.fifo";

/// Queues whose time stands still until it is moved.
struct Bench {
    queues: Queues,
    now: Arc<AtomicI64>,
}

impl Bench {
    /// One standard and one FIFO queue, in memory.
    fn new() -> Self {
        let bench = Self::open(None);
        bench.ensure(QueueSpec::default());
        bench.ensure(QueueSpec { fifo: true, ..QueueSpec::default() });
        bench
    }

    fn open(path: Option<&Path>) -> Self {
        let now = Arc::new(AtomicI64::new(1_790_000_000_000));
        let reading = Arc::clone(&now);
        let clock = Arc::new(move || Timestamp::from_millisecond(reading.load(Ordering::SeqCst)).unwrap());
        let url = "http://127.0.0.1:4566".to_owned();
        Self { queues: Queues::open_with_clock(path, url, ACCOUNT.to_owned(), clock).unwrap(), now }
    }

    /// Ensures a queue; one without a name is `work` or `work.fifo`.
    fn ensure(&self, mut spec: QueueSpec) {
        if spec.name.is_empty() {
            spec.name = if spec.fifo { FIFO } else { STANDARD }.to_owned();
        }
        self.queues.ensure(spec).unwrap();
    }

    /// Moves time and lets whoever waits read the clock.
    fn advance(&self, secs: u64) {
        self.now.fetch_add(i64::try_from(secs).unwrap() * 1000, Ordering::SeqCst);
        self.queues.wakes.wake(STANDARD);
        self.queues.wakes.wake(FIFO);
    }

    async fn send(&self, queue: &str, entry: SendEntry) -> super::SentMessage {
        self.queues.send(queue, vec![entry]).await.unwrap().remove(0).unwrap()
    }

    /// Receives without waiting.
    async fn receive(&self, queue: &str, max: u32) -> Vec<ReceivedMessage> {
        self.queues.receive(queue, max, Duration::ZERO, None).await.unwrap()
    }

    /// Receives one message of the FIFO queue with an attempt's id.
    async fn attempt(&self, id: &str) -> Result<Vec<ReceivedMessage>, Error> {
        let asked = super::Asked { wait: Some(Duration::ZERO), attempt: Some(id), ..super::Asked::default() };
        self.queues.receive_or_wait(FIFO, 1, asked, std::future::pending()).await
    }

    async fn delete(&self, queue: &str, message: &ReceivedMessage) -> Result<(), Error> {
        self.queues.delete(queue, vec![message.receipt_handle.clone()]).await
    }

    async fn hide(&self, queue: &str, message: &ReceivedMessage, secs: u64) -> Result<(), Error> {
        self.queues.change_visibility(queue, &message.receipt_handle, Duration::from_secs(secs)).await
    }

    /// Holds up the writer, so that what is called from now on is done in one transaction, until it is released.
    async fn hold_up(&self) -> std::sync::mpsc::Sender<()> {
        let (release, released) = std::sync::mpsc::channel();
        let (reached, holding) = tokio::sync::oneshot::channel();
        let queues = self.queues.clone();
        tokio::spawn(async move {
            let hold = move |_: &super::store::Store<'_>| {
                reached.send(()).unwrap();
                released.recv().unwrap();
                Ok(())
            };
            queues.writer.run(hold).await
        });
        holding.await.unwrap();
        release
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, queue: &str) -> [u32; 3] {
        let attributes = self.queues.attributes(queue).await.unwrap();
        ["", "NotVisible", "Delayed"]
            .map(|suffix| attributes[&format!("ApproximateNumberOfMessages{suffix}")].parse().unwrap())
    }
}

fn text(body: impl Into<String>) -> SendEntry {
    SendEntry { body: body.into(), ..SendEntry::default() }
}

/// A message of a group; its body is its deduplication id.
fn grouped(group: &str, body: impl Into<String>) -> SendEntry {
    let body = body.into();
    let deduplication_id = Some(body.clone());
    SendEntry { group_id: Some(group.to_owned()), deduplication_id, body, ..SendEntry::default() }
}

fn bodies(messages: &[ReceivedMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
