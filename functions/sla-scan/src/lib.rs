//! `sla-scan`: finds the SLA deadlines that fell due and records each breach once (invariant I8).
//!
//! Reads the `due` index alone: its cost is in proportion to what is due. Alerts nobody: the breach is a row of the ticket's
//! history, and the stream tells of it.

use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::Problem;
use serde::Serialize;
use storage::{ChangeError, Storage};

/// How many tickets are read at a time.
const PAGE: u32 = 100;
/// How many pages of a shard one run works through; what is left falls to the next minute.
const PAGES: u32 = 50;
/// How often a breach is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Tickets with a deadline that fell due.
    pub tickets: u64,
    /// Breaches that were recorded.
    pub breaches: u64,
}

/// Records the breaches that fell due by `at`.
pub async fn scan(storage: &Storage, at: Timestamp) -> Result<Summary, Problem> {
    let mut summary = Summary::default();
    for shard in storage.due_shards() {
        for _ in 0..PAGES {
            let due = storage.tickets_due(shard, at, PAGE).await?;
            let mut recorded = 0;
            for ticket in &due {
                recorded += record(storage, ticket.clone(), at).await?;
            }
            summary.tickets += due.len() as u64;
            summary.breaches += recorded;
            // A page that changed nothing would only be read again: the index lags behind, and the next minute sees the rest.
            if recorded == 0 || due.len() < PAGE as usize {
                break;
            }
        }
    }
    let consumed = storage.units().take();
    tracing::info!(
        tickets = summary.tickets,
        breaches = summary.breaches,
        read_units = consumed.read,
        write_units = consumed.write,
        "sla scan done"
    );
    Ok(summary)
}

/// Records what fell due on one ticket; how many metrics that were.
async fn record(storage: &Storage, mut ticket: Ticket, at: Timestamp) -> Result<u64, Problem> {
    for _ in 0..TRIES {
        let Some(change) = ticket.scanned(at) else { return Ok(0) };
        match storage.change_ticket(&change).await {
            Ok(after) => {
                tracing::warn!(
                    org.id = %after.org,
                    ticket.id = %after.id,
                    ticket.number = after.number.number,
                    metrics = change.rows.len(),
                    "sla breached"
                );
                return Ok(change.rows.len() as u64);
            }
            Err(ChangeError::Stale) => match storage.ticket(&ticket.org, &ticket.id).await? {
                Some(now) => ticket = now,
                None => return Ok(0),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}
