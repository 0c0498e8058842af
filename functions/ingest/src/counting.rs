//! The end of a message's work: its count in the conversation, alone or with others of its person.

use runtime::Problem;
use storage::{ChangeError, Step};

use crate::Ingest;
use crate::bursts::{Burst, Uncounted};
use crate::messages::{Planned, TRIES, log_stored};

impl Ingest {
    /// Counts the messages of a burst. After an error those that are not counted come again.
    pub async fn count(&self, burst: &mut Burst) -> Result<(), Problem> {
        let counted = self.count_all(burst).await;
        if counted.is_err() {
            burst.fail();
        }
        counted
    }

    async fn count_all(&self, burst: &mut Burst) -> Result<(), Problem> {
        if let (Some(count), Some(first)) = (&burst.count, burst.uncounted.front()) {
            if self.storage.count(&first.origin.connection.org, count).await? {
                burst.count = None;
                for message in burst.uncounted.drain(..) {
                    log_stored(&message.origin.connection, &message.plan, message.progress.opened());
                }
                return Ok(());
            }
            burst.forget();
        }
        // Somebody else wrote in the conversation: each message looks for itself what has become of it.
        while let Some(first) = burst.uncounted.front_mut() {
            self.count_alone(first).await?;
            burst.uncounted.pop_front();
        }
        Ok(())
    }

    async fn count_alone(&self, message: &mut Uncounted) -> Result<(), Problem> {
        let Uncounted { origin, inbound, progress, .. } = message;
        for _ in 0..TRIES {
            let Planned { plan, times, .. } = self.planned(origin, inbound, None).await?;
            match self.storage.carry_out(&origin.connection.org, times, inbound, &plan, progress).await? {
                Step::Done { opened } => {
                    log_stored(&origin.connection, &plan, opened.as_deref());
                    return Ok(());
                }
                Step::Duplicate | Step::Stale => {}
            }
        }
        Err(ChangeError::Stale.into())
    }
}
