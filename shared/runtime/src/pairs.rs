//! Doing something to two tickets at once: as the loop of every command (`desk`), over the versions of both.

use domain::agent::Agent;
use domain::ticket::{PairRefusal, Ticket, TicketChange};
use jiff::Timestamp;
use storage::{Answer, ChangeError, Storage};

use crate::desk::{Command, Done, NO_TICKET, Refused, before, find, is_at_version, view, visible};
use crate::dialects::TicketView;
use crate::identity::Caller;
use crate::{Problem, clock};

/// How often a command is decided again after somebody else changed one of the tickets.
const TRIES: u32 = 6;

/// The other ticket of a command.
pub enum Other<'a> {
    /// As the caller names it, in this field.
    Named(&'static str, &'a str),
    /// The one that the first is a part of.
    Whole,
}

/// Carries a command out. `decide` gets the ticket, the other one and who asks; it gives the changes of both, those of the ticket
/// first, and none where everything is so already. `answer` makes what is answered from the ticket.
///
/// Errors: those of `decide`; `NotFound`, also for what the caller may not see; `InvalidInput` where the other is not there;
/// `VersionMismatch`, `KeyReused`, and `Conflict` for who is beaten every time.
pub async fn carry_out_pair(
    storage: &Storage,
    caller: &Caller,
    command: &Command<'_>,
    other: &Other<'_>,
    decide: impl Fn(&Ticket, &Ticket, &Agent, Timestamp) -> Result<Vec<TicketChange>, Problem>,
    answer: impl Fn(&TicketView) -> Answer,
) -> Result<Done, Refused> {
    for _ in 0..TRIES {
        let (ticket, agent) = visible(storage, caller, command.id).await?;
        if let Some(answer) = before(storage, caller, command.once).await? {
            return Ok(Done::Before(answer));
        }
        is_at_version(&ticket, command.at_version)?;
        let found = found(storage, &ticket, &agent, other).await?;
        let version = Some(ticket.version);
        let pair = decide(&ticket, &found, &agent, clock::now()).map_err(|problem| Refused { problem, version })?;
        if pair.is_empty() {
            return Ok(Done::Now(Box::new(view(storage, ticket).await?)));
        }
        let after = pair.iter().map(|change| &change.after).find(|after| after.id == ticket.id).unwrap_or(&ticket);
        let picture = view(storage, after.clone()).await?;
        let once = command.once.map(|once| (once, answer(&picture)));
        match storage.carry_out_pair(&pair, once).await {
            Ok(_) => return Ok(Done::Now(Box::new(picture))),
            Err(ChangeError::Stale | ChangeError::Repeated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

async fn found(storage: &Storage, ticket: &Ticket, agent: &Agent, other: &Other<'_>) -> Result<Ticket, Problem> {
    match other {
        Other::Named(field, name) => {
            let found = find(storage, &ticket.org, name).await?;
            found.filter(|found| domain::access::may_see(agent, found)).ok_or_else(|| Problem::InvalidInput {
                field,
                reason: format!("{field} must be a ticket that you may see, by any of its names"),
            })
        }
        Other::Whole => {
            let into = ticket.details.merged_into.as_ref().ok_or_else(|| refused(&PairRefusal::NotMerged))?;
            storage.ticket(&ticket.org, into).await?.ok_or(NO_TICKET)
        }
    }
}

/// A refusal of the rules, told as a conflict.
pub fn refused(refusal: &PairRefusal) -> Problem {
    let code = match refusal {
        PairRefusal::Itself => "same_ticket",
        PairRefusal::MergedAlready { .. } => "merged",
        PairRefusal::Cancelled | PairRefusal::IntoDone { .. } => "not_active",
        PairRefusal::OtherWay => "merge_other_way",
        PairRefusal::NotMerged => "not_merged",
        PairRefusal::TooMany => "too_many_related",
    };
    Problem::Conflict { code, reason: refusal.to_string(), holder: None }
}
