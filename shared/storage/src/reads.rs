//! Items that are asked for at the same moment are read in one call.
//!
//! The messages of a batch are worked on side by side, each reading the same kinds of items one after the other. A call costs more
//! than what it reads: a signature, a turn on a connection, and at a cold start a connection of its own.

use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::item::{Item, text_of};
use crate::keys::Key;
use crate::meeting::Meeting;
use crate::{Error, Storage};

/// Somebody who waits for an item.
#[derive(Debug)]
struct Waiting {
    key: Key,
    answer: oneshot::Sender<Option<Item>>,
}

/// Those who need the last write, and those who do not.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    consistent: Meeting<Waiting>,
    eventual: Meeting<Waiting>,
}

impl Storage {
    /// Reads one item, with those that are asked for at the same moment where this value shares its reads.
    pub(crate) async fn get(&self, key: Key, consistent: bool) -> Result<Option<Item>, Error> {
        let Some(shared) = &self.shared else { return self.get_alone(key, consistent).await };
        let meeting = if consistent { &shared.reads.consistent } else { &shared.reads.eventual };
        let (sender, answer) = oneshot::channel();
        if let Some(all) = meeting.join(Waiting { key: key.clone(), answer: sender }).await {
            self.read_together(all, consistent).await;
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
