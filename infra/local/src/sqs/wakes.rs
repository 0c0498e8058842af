//! Rouses the receives that wait on a queue. It carries no messages: a woken receive looks for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// One signal for each queue that somebody waits on.
#[derive(Default)]
pub(super) struct Wakes(Mutex<HashMap<String, watch::Sender<()>>>);

impl Wakes {
    /// From now on, every `wake` of the queue is seen, at the latest by the next `changed`.
    pub(super) fn subscribe(&self, queue: &str) -> watch::Receiver<()> {
        let mut signals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        signals.retain(|_, signal| signal.receiver_count() > 0);
        signals.entry(queue.to_owned()).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Tells everyone who waits on the queue to look again.
    pub(super) fn wake(&self, queue: &str) {
        if let Some(signal) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(queue) {
            signal.send_replace(());
        }
    }

    /// Whether somebody waits on the queue, or is about to.
    #[cfg(test)]
    pub(super) fn is_awaited(&self, queue: &str) -> bool {
        let signals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        signals.get(queue).is_some_and(|signal| signal.receiver_count() > 0)
    }
}
