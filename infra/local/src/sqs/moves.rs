//! Runs message move tasks at their pace. What is moved and counted is the store's; this only asks for the next step.

use std::time::Duration;

use super::interface::MoveTask;
use super::store::Store;
use super::{Error, Queues};

/// The fastest pace that may be asked for, in messages a second.
pub(super) const MAX_RATE: u32 = 500;
/// Messages of one step where no pace is asked for: other calls come in between.
const STEP: u32 = 100;
/// Steps that may fail one after the other, a second apart. A task that still fails goes on at the next start.
const PATIENCE: u32 = 10;

impl Queues {
    /// Starts moving what is in a dead-letter queue, and goes on in the background; the task's id.
    ///
    /// Without a `destination` each message goes back to the queue that gave it up. At most one task runs for a source.
    pub(super) async fn start_move(
        &self,
        source: String,
        destination: Option<String>,
        messages_per_second: Option<u32>,
    ) -> Result<String, Error> {
        let start = move |store: &Store<'_>| store.start_move(&source, destination.as_deref(), messages_per_second);
        let task = self.writer.run(start).await?;
        tokio::spawn(keep_moving(self.clone(), task.clone(), messages_per_second));
        Ok(task)
    }

    /// Goes on with the tasks that the end of the last process cut short.
    pub(crate) async fn resume_moves(&self) -> Result<(), Error> {
        for (task, rate) in self.writer.run(|store: &Store<'_>| store.running_moves()).await? {
            tracing::info!(task, "a message move task goes on");
            tokio::spawn(keep_moving(self.clone(), task, rate));
        }
        Ok(())
    }

    pub(super) async fn cancel_move(&self, source: String, task: String) -> Result<u64, Error> {
        self.writer.run(move |store: &Store<'_>| store.cancel_move(&source, &task)).await
    }

    pub(super) async fn move_tasks(&self, source: String, limit: u32) -> Result<Vec<MoveTask>, Error> {
        self.writer.run(move |store: &Store<'_>| store.move_tasks(&source, limit)).await
    }
}

async fn keep_moving(queues: Queues, task: String, rate: Option<u32>) {
    let (step, pause) = pace(rate);
    let mut failures = 0;
    loop {
        let id = task.clone();
        let pause = match queues.writer.run(move |store: &Store<'_>| store.move_some(&id, step)).await {
            Ok(true) => {
                failures = 0;
                pause
            }
            Ok(false) | Err(Error::Stopped) => return,
            Err(error) => {
                failures += 1;
                tracing::error!(task, error = crate::error::on_one_line(&error), "no messages were moved");
                if failures >= PATIENCE {
                    return;
                }
                Duration::from_secs(1)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Messages of a step, and the time between two steps.
fn pace(rate: Option<u32>) -> (u32, Duration) {
    match rate {
        None => (STEP, Duration::ZERO),
        Some(rate) => {
            let step = (rate / 10).max(1);
            (step, Duration::from_secs(1) * step / rate.max(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pace_is_faster_than_was_asked_for() {
        for rate in 1..=MAX_RATE {
            let (step, pause) = pace(Some(rate));
            let a_second = f64::from(step) / pause.as_secs_f64();
            assert!((f64::from(rate) - a_second).abs() < 0.01, "{rate}: {step} each {pause:?}");
        }
    }
}
