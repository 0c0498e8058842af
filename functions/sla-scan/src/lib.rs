//! `sla-scan`: finds the deadlines that fell due: records each SLA breach once (invariant I8), closes what was resolved long enough ago,
//! and reminds contacts, or gives them up, where an organization set so.
//!
//! Reads the `due` index alone: its cost is in proportion to what is due. Alerts and sends nothing itself: what happened is a row of the
//! ticket's history, a reminder a queued message, and the stream tells of both.

mod reminders;

use std::ops::AddAssign;

use domain::event::Happening;
use domain::ticket::{Ticket, TicketChange, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::timing::by_settings;
use serde::Serialize;
use storage::{ChangeError, Storage};

/// How many tickets are read at a time.
const PAGE: u32 = 100;
/// How many pages of a shard one run works through; what is left falls to the next minute.
const PAGES: u32 = 50;
/// How often a change is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Tickets with a deadline that fell due.
    pub tickets: u64,
    /// Breaches that were recorded.
    pub breaches: u64,
    /// Contacts that were reminded.
    #[serde(skip_serializing_if = "is_zero")]
    pub reminded: u64,
    /// Tickets that were resolved because their contacts were silent.
    #[serde(skip_serializing_if = "is_zero")]
    pub resolved: u64,
    /// Resolved tickets that were closed.
    #[serde(skip_serializing_if = "is_zero")]
    pub closed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    fn of(change: &TicketChange) -> Self {
        let count =
            |is: &dyn Fn(&Happening) -> bool| change.rows.iter().filter(|row| is(&row.happening)).count() as u64;
        let becomes = |state: TicketState| u64::from(change.before.state != state && change.after.state == state);
        Self {
            tickets: 0,
            breaches: count(&|happening| matches!(happening, Happening::SlaBreached { .. })),
            reminded: u64::from(change.reminds()),
            resolved: becomes(TicketState::Resolved),
            closed: becomes(TicketState::Closed),
        }
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.tickets += other.tickets;
        self.breaches += other.breaches;
        self.reminded += other.reminded;
        self.resolved += other.resolved;
        self.closed += other.closed;
    }
}

/// Does what fell due by `at`.
pub async fn scan(storage: &Storage, at: Timestamp) -> Result<Summary, Problem> {
    let mut summary = Summary::default();
    for shard in storage.due_shards() {
        for _ in 0..PAGES {
            let due = storage.tickets_due(shard, at, PAGE).await?;
            let mut has_changed = false;
            for ticket in &due {
                if let Some(done) = Box::pin(look_at(storage, ticket.clone(), at)).await? {
                    has_changed = true;
                    summary += done;
                }
            }
            summary.tickets += due.len() as u64;
            // A page that changed nothing would only be read again: the index lags behind, and the next minute sees the rest.
            if !has_changed || due.len() < PAGE as usize {
                break;
            }
        }
    }
    let consumed = storage.units().take();
    tracing::info!(
        tickets = summary.tickets,
        breaches = summary.breaches,
        reminded = summary.reminded,
        resolved = summary.resolved,
        closed = summary.closed,
        read_units = consumed.read,
        write_units = consumed.write,
        "sla scan done"
    );
    Ok(summary)
}

/// Does what fell due on one ticket; `None` when that is nothing any more.
async fn look_at(storage: &Storage, mut ticket: Ticket, at: Timestamp) -> Result<Option<Summary>, Problem> {
    for _ in 0..TRIES {
        let Some(change) = ticket.scanned(at) else { return Ok(None) };
        let change = by_settings(storage, change).await?;
        match commit(storage, &change, at).await? {
            Ok(after) => {
                let done = Summary::of(&change);
                tell(&after, &done);
                return Ok(Some(done));
            }
            Err(ChangeError::Stale) => match storage.ticket(&ticket.org, &ticket.id).await? {
                Some(now) => ticket = now,
                None => return Ok(None),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

fn tell(ticket: &Ticket, done: &Summary) {
    let (org, id, number) = (&ticket.org, &ticket.id, ticket.number.number);
    if done.breaches > 0 {
        tracing::warn!(org.id = %org, ticket.id = %id, ticket.number = number, metrics = done.breaches, "sla breached");
    }
    if done.reminded > 0 {
        tracing::info!(org.id = %org, ticket.id = %id, ticket.number = number, "contact reminded");
    }
    if done.resolved + done.closed > 0 {
        let state = ticket.state.as_str();
        tracing::info!(org.id = %org, ticket.id = %id, ticket.number = number, ticket.state = state, "ticket done");
    }
}

/// Commits a change and, where it reminds the contact, the message that does.
async fn commit(
    storage: &Storage,
    change: &TicketChange,
    at: Timestamp,
) -> Result<Result<Ticket, ChangeError>, Problem> {
    if change.reminds()
        && let Some(message) = reminders::reminder(storage, &change.after, at).await?
    {
        return Ok(storage.remind(change, &message).await);
    }
    Ok(storage.change_ticket(change).await)
}
