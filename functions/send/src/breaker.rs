//! The circuit breaker: a connection whose token or number is dead is not called any more, but for one answer now and then that
//! finds out whether it still is. Source: docs/adr/0021-line.md.

use std::time::Duration;

use channels::cloud_api::outbound::SendOutcome;
use domain::connection::Connection;
use domain::line::{self, Stop};
use jiff::{SignedDuration, Timestamp};
use runtime::{Problem, clock};

use crate::Send;

/// Whether an answer may be sent now.
pub(crate) enum Gate {
    /// It may. With `stop`, it is the one that finds out whether a stopped connection works again.
    Open { stop: Option<Stop> },
    /// The connection is dead, as its provider said with this code.
    Stopped { code: i64 },
    /// The provider has enough for now.
    Paused { wait: Duration, code: i64 },
}

/// Stands for the codes that pause a connection: too many messages.
const PAUSED: i64 = 130_429;

impl Send {
    pub(crate) async fn gate(&self, connection: &Connection) -> Result<Gate, Problem> {
        let (org, id, now) = (&connection.org, &connection.id, clock::now());
        let line = self.storage.line(org, id).await?;
        if let Some(stop) = line.stop {
            let tried = stop.being_tried(now);
            // Of several answers that come when it is time, one is let through.
            if now < stop.retry_at || !self.storage.stop_line(org, id, Some(&stop), &tried).await? {
                return Ok(Gate::Stopped { code: stop.code });
            }
            return Ok(Gate::Open { stop: Some(tried) });
        }
        let wait = line.paused_until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
        Ok(match wait.filter(|wait| !wait.is_zero()) {
            Some(wait) => Gate::Paused { wait, code: PAUSED },
            None => Gate::Open { stop: None },
        })
    }

    /// What an outcome says of the connection as a whole. `stop` is what was known of it before.
    pub(crate) async fn learn(
        &self,
        connection: &Connection,
        stop: Option<&Stop>,
        outcome: &SendOutcome,
    ) -> Result<(), Problem> {
        let (org, id, now) = (&connection.org, &connection.id, clock::now());
        match outcome {
            SendOutcome::Refused { error } if is_dead_by(connection, error.code) => {
                let stop_now = Stop::after(stop, error.code, error.details.clone(), now);
                if self.storage.stop_line(org, id, stop, &stop_now).await? {
                    tracing::error!(org.id = %org, connection.id = %id, code = error.code, "connection stopped");
                }
            }
            SendOutcome::RetryLater { after, code } if line::is_throttled_by(*code) => {
                self.storage.pause_line(org, id, until(now, *after)).await?;
            }
            SendOutcome::Accepted { .. } | SendOutcome::Refused { .. } if stop.is_some() => {
                self.storage.resume_line(org, id).await?;
                tracing::info!(org.id = %org, connection.id = %id, "connection sends again");
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_dead_by(connection: &Connection, code: i64) -> bool {
    if connection.provider.is_gateway() { channels::sending::is_dead_by(code) } else { line::is_dead_by(code) }
}

fn until(now: Timestamp, after: Duration) -> Timestamp {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::from_mins(1));
    now.saturating_add(after).unwrap_or(now)
}
