//! `relay`: reads the table's stream and fans its changes out to the queues. It is the only sender of events (invariant I6).
//!
//! Sends at least once: a batch that failed half-way is sent again with the same event ids. Decides nothing and writes nothing.

mod fan_out;

use aws_lambda_events::dynamodb::EventRecord;
use messaging::SqsQueue;
use runtime::Problem;
use storage::stream;

use fan_out::FanOut;

/// The function.
pub struct Relay {
    push: SqsQueue,
    automation: SqsQueue,
    outbound: SqsQueue,
    media: SqsQueue,
}

impl Relay {
    /// Sends to these queues.
    pub fn new(push: SqsQueue, automation: SqsQueue, outbound: SqsQueue, media: SqsQueue) -> Self {
        Self { push, automation, outbound, media }
    }

    /// Takes a batch of records. Errors say how many from its beginning are done: all or none, since each queue gets its part of
    /// the whole batch in few calls; or, for a record that cannot be read, those before it.
    pub async fn take(&self, records: &[EventRecord]) -> Result<(), (usize, Problem)> {
        let mut out = FanOut::default();
        for (place, record) in records.iter().enumerate() {
            let read = stream::read(record.change.old_image.clone(), record.change.new_image.clone());
            let added = match read {
                Ok(Some(change)) => out.add(&change, record.change.approximate_creation_date_time.timestamp_millis()),
                Ok(None) => Ok(()),
                Err(error) => Err(Problem::Internal { source: Box::new(error) }),
            };
            if let Err(problem) = added {
                self.send(&out).await.map_err(|problem| (0, problem))?;
                return Err((place, problem));
            }
        }
        self.send(&out).await.map_err(|problem| (0, problem))
    }

    async fn send(&self, out: &FanOut) -> Result<(), Problem> {
        // Answers to the contact first: somebody waits for them.
        self.outbound.send(&out.outbound).await?;
        self.media.send(&out.media).await?;
        self.push.send(&out.push).await?;
        self.automation.send(&out.automation).await?;
        if !out.push.is_empty() {
            tracing::debug!(
                events = out.push.len(),
                outbound = out.outbound.len(),
                media = out.media.len(),
                "events relayed"
            );
        }
        Ok(())
    }
}
