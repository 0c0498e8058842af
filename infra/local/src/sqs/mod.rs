//! Amazon SQS on one machine: standard and FIFO queues, durable in one SQLite file.
//!
//! `store` holds the rules as SQL over a given `now`; `writer` runs them on one thread and commits many callers' work
//! at once; `wakes` rouses long polls; `protocol` speaks AWS JSON 1.0. Nothing here may answer before its commit, poll
//! for messages, or read the clock other than through the one it was given.
//!
//! Known differences from Amazon SQS: a purge is immediate, a deleted queue's name is free at once, nothing is throttled
//! (`FifoThroughputLimit` is kept and shown), standard queues deliver near the order of sending and know no fairness between
//! groups, a sender is the account, move tasks are not limited in number, and what is not here (tags, policies, encryption) is
//! refused by name.
//! Source: the SQS Developer Guide and API Reference, 2012-11-05.

mod error;
mod interface;
mod message;
mod moves;
mod names;
mod protocol;
mod receipt;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod wakes;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use error::Error;
pub(crate) use interface::{
    QueueCounts, QueueSpec, ReceivedMessage, SendEntry, SendResult, SentMessage, ThroughputLimit,
};
pub(crate) use message::MessageAttribute;
use names::Names;
pub(crate) use store::LAYOUT;
use store::Store;
use wakes::Wakes;
use writer::Writer;

/// The clock that decides visibility, delays, retention and deduplication.
pub(crate) type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Asked by a receive that has a choice: with `Some` it draws from that in which order it looks at the messages, or at the
/// groups of a FIFO queue.
pub(crate) type Shuffle = Arc<dyn Fn() -> Option<fastrand::Rng> + Send + Sync>;

/// What a receive may ask for; what it does not is the queue's own.
#[derive(Default)]
struct Asked<'a> {
    /// How long to wait for the first message.
    wait: Option<Duration>,
    /// How long the messages are out of sight.
    visibility: Option<Duration>,
    /// `ReceiveRequestAttemptId`.
    attempt: Option<&'a str>,
    shuffle: Option<Shuffle>,
}

/// A handle on all queues of one file; cheap to clone, closed when the last one drops.
#[derive(Clone)]
pub(crate) struct Queues {
    writer: Arc<Writer>,
    names: Arc<Names>,
    wakes: Arc<Wakes>,
    clock: Clock,
}

impl Queues {
    /// Opens the queues of a file, or of memory where there is no path. A queue's URL is `{base_url}/{account}/{name}`.
    pub(crate) fn open(path: Option<&Path>, base_url: String, account: String) -> Result<Self, Error> {
        Self::open_with_clock(path, base_url, account, Arc::new(crate::clock::now))
    }

    /// As `open`, with another clock than the machine's. Long polls sleep on the machine's and read this one when woken.
    fn open_with_clock(path: Option<&Path>, base_url: String, account: String, clock: Clock) -> Result<Self, Error> {
        let names = Arc::new(Names::new(base_url, account));
        let wakes = Arc::new(Wakes::default());
        let connection = store::open(path)?;
        let writer = Writer::start(connection, Arc::clone(&names), Arc::clone(&wakes), Arc::clone(&clock))?;
        Ok(Self { writer: Arc::new(writer), names, wakes, clock })
    }

    /// Creates a queue of the template, or gives an existing one the template's settings; its messages stay.
    ///
    /// A dead-letter queue must be ensured before the queue that names it. Blocks until committed.
    pub(crate) fn ensure(&self, spec: QueueSpec) -> Result<(), Error> {
        self.writer.run_blocking(move |store: &Store<'_>| {
            spec.check()?;
            store.ensure_queue(&spec)
        })
    }

    /// Sends each entry, in order, in one commit; an entry that is refused does not hold up the others.
    pub(crate) async fn send(&self, queue: &str, entries: Vec<SendEntry>) -> Result<Vec<SendResult>, Error> {
        let name = queue.to_owned();
        self.writer
            .run(move |store: &Store<'_>| {
                let queue = store.queue(&name)?;
                each(&entries, |entry| store.send(&queue, entry))
            })
            .await
    }

    /// Receives 1 to `max` messages, waiting up to `wait` for the first and at most until `stop` resolves; none when the wait
    /// ends. `shuffle` may change the order of all but the messages of a FIFO group.
    ///
    /// Nothing is in flight then that the caller was not given, unlike when this future is dropped.
    pub(crate) async fn receive_until(
        &self,
        queue: &str,
        max: u32,
        wait: Duration,
        shuffle: Option<Shuffle>,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<ReceivedMessage>, Error> {
        self.receive_or_wait(queue, max, Asked { wait: Some(wait), shuffle, ..Asked::default() }, stop).await
    }

    /// Receives 1 to `max` messages, waiting up to `wait` for the first; `visibility` is the queue's own where it is not given.
    #[cfg(test)]
    pub(crate) async fn receive(
        &self,
        queue: &str,
        max: u32,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<ReceivedMessage>, Error> {
        let asked = Asked { wait: Some(wait), visibility, ..Asked::default() };
        self.receive_or_wait(queue, max, asked, std::future::pending()).await
    }

    async fn receive_or_wait(
        &self,
        queue: &str,
        max: u32,
        asked: Asked<'_>,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<ReceivedMessage>, Error> {
        let Asked { wait, visibility, attempt, shuffle } = asked;
        let mut stop = std::pin::pin!(stop);
        // Subscribed before the first look, so that nothing sent between a look and the wait is missed.
        let mut wake = self.wakes.subscribe(queue);
        let started = self.now_ms();
        loop {
            let name = queue.to_owned();
            let (attempt, shuffle) = (attempt.map(str::to_owned), shuffle.clone());
            let look = move |store: &Store<'_>| {
                store.receive(&store.queue(&name)?, max, visibility, attempt.as_deref(), shuffle.as_ref())
            };
            let received = self.writer.run_without_sync(look).await?;
            let wait = wait.unwrap_or(received.queue_wait);
            if received.over_limit && wait.is_zero() {
                return Err(Error::OverLimit);
            }
            let deadline = started.saturating_add(millis(wait));
            let now = self.now_ms();
            if !received.messages.is_empty() || now >= deadline {
                return Ok(received.messages);
            }
            let until = received.next_visible_at.map_or(deadline, |at| at.min(deadline));
            let sleep = Duration::from_millis(u64::try_from(until - now).unwrap_or(0));
            tokio::select! {
                changed = wake.changed() => changed.map_err(|_| Error::Stopped)?,
                () = tokio::time::sleep(sleep) => {}
                () = &mut stop => return Ok(Vec::new()),
            }
        }
    }

    /// Deletes received messages; all are tried, the first refusal is the error.
    pub(crate) async fn delete(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), Error> {
        self.delete_each(queue, receipt_handles).await?.into_iter().collect()
    }

    async fn delete_each(&self, queue: &str, handles: Vec<String>) -> Result<Vec<Result<(), Error>>, Error> {
        let name = queue.to_owned();
        self.writer
            .run(move |store: &Store<'_>| {
                let queue = store.queue(&name)?;
                each(&handles, |handle| store.delete_message(&queue, handle))
            })
            .await
    }

    /// Delivers messages in flight once more, as if nobody had received them yet; all at the same time.
    ///
    /// One whose visibility has ended is left alone: it comes again by itself.
    pub(crate) async fn deliver_again(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), Error> {
        let name = queue.to_owned();
        self.writer
            .run(move |store: &Store<'_>| {
                let queue = store.queue(&name)?;
                each(&receipt_handles, |handle| store.deliver_again(&queue, handle))
            })
            .await?
            .into_iter()
            .collect()
    }

    /// Makes a message in flight visible `timeout` from now: at once when it is zero.
    pub(crate) async fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        let changes = vec![(receipt_handle.to_owned(), timeout)];
        self.change_visibility_each(queue, changes).await?.into_iter().collect()
    }

    async fn change_visibility_each(
        &self,
        queue: &str,
        changes: Vec<(String, Duration)>,
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let name = queue.to_owned();
        self.writer
            .run(move |store: &Store<'_>| {
                let queue = store.queue(&name)?;
                each(&changes, |(handle, timeout)| store.change_visibility(&queue, handle, *timeout))
            })
            .await
    }

    /// All attributes of a queue, as `GetQueueAttributes` names them; the counts are exact.
    pub(crate) async fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Error> {
        let name = queue.to_owned();
        self.writer.run(move |store: &Store<'_>| store.attributes(&store.queue(&name)?)).await
    }

    /// Every queue by name, with what it holds.
    pub(crate) async fn overview(&self) -> Result<Vec<QueueCounts>, Error> {
        self.writer.run(|store: &Store<'_>| store.overview()).await
    }

    /// Answers one call of the JSON protocol; `operation` is the part of `X-Amz-Target` after `AmazonSQS.`.
    pub(crate) async fn handle(&self, operation: &str, body: &[u8]) -> http::Response<Vec<u8>> {
        protocol::handle(self, operation, body).await
    }

    fn now_ms(&self) -> i64 {
        (self.clock)().as_millisecond()
    }
}

/// Does each item's work in turn. A refusal is that item's own; damage to the store ends, and undoes, the whole call.
fn each<I, T>(items: &[I], mut work: impl FnMut(&I) -> Result<T, Error>) -> Result<Vec<Result<T, Error>>, Error> {
    items
        .iter()
        .map(|item| match work(item) {
            Err(error) if !error.is_senders() => Err(error),
            outcome => Ok(outcome),
        })
        .collect()
}

/// A duration in the milliseconds that the store counts in.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
