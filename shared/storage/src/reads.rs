//! Items that are asked for at the same moment are read in one call.
//!
//! The messages of a batch are worked on side by side, each reading the same kinds of items one after the other. A call costs more
//! than what it reads: a signature, a turn on a connection, and at a cold start a connection of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::item::{Item, text_of};
use crate::keys::Key;
use crate::{Error, Storage};

/// Somebody who waits for an item.
#[derive(Debug)]
struct Waiting {
    key: Key,
    answer: oneshot::Sender<Option<Item>>,
}

/// Those who wait. Whoever comes first sees to it that all are read.
#[derive(Debug, Default)]
struct Queue(Mutex<Vec<Waiting>>);

/// Those who need the last write, and those who do not.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    consistent: Queue,
    eventual: Queue,
}

impl Queue {
    /// Lets a read wait; `true` for the first.
    fn join(&self, waiting: Waiting) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(waiting);
        all.len() == 1
    }

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The first's duty. If it is dropped before, those who wait see it, and read by themselves.
struct Turn<'a>(&'a Queue);

impl Turn<'_> {
    async fn take(self) -> Vec<Waiting> {
        // Others of the same batch are about to join.
        tokio::task::yield_now().await;
        let all = self.0.take();
        // Who joins from now on has a first of its own.
        std::mem::forget(self);
        all
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl Storage {
    /// Reads one item, with those that are asked for at the same moment where this value shares its reads.
    pub(crate) async fn get(&self, key: Key, consistent: bool) -> Result<Option<Item>, Error> {
        let Some(reads) = &self.reads else { return self.get_alone(key, consistent).await };
        let queue = if consistent { &reads.consistent } else { &reads.eventual };
        let (sender, answer) = oneshot::channel();
        if queue.join(Waiting { key: key.clone(), answer: sender }) {
            self.read_together(Turn(queue).take().await, consistent).await;
        }
        match answer.await {
            Ok(item) => Ok(item),
            // The call failed, was never made, or would have been for one item alone. An error then is this read's own.
            Err(_) => self.get_alone(key, consistent).await,
        }
    }

    async fn read_together(&self, all: Vec<Waiting>, consistent: bool) {
        if all.len() < 2 {
            return;
        }
        let keys = all.iter().map(|waiting| waiting.key.clone()).collect();
        let items = match self.batch_get(keys, consistent).await {
            Ok(items) => items,
            Err(error) => return tracing::info!(%error, "a read of several items failed; each is read alone"),
        };
        let found: HashMap<_, _> =
            items.iter().map(|item| ((text_of(item, "pk"), text_of(item, "sk")), item)).collect();
        for Waiting { key, answer } in all {
            let item = found.get(&(Some(key.pk.as_str()), Some(key.sk.as_str())));
            // Who no longer waits needs no answer.
            let _gone = answer.send(item.copied().cloned());
        }
    }
}
