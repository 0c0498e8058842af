//! `POST /v3/tickets/batch`: one thing done to several tickets, each by itself: one that is refused keeps no other from it.

use axum::Json;
use axum::extract::State;
use domain::agent::Agent;
use domain::once::OnceKey;
use domain::ticket::details::tags;
use domain::ticket::{Edit, Ticket, TicketChange, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{self, Command, Done, carry_out, may_work, refused};
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::{Action, Batch};
use runtime::dialects::v3::shapes::{BatchResult, BatchResults};
use runtime::dialects::v3::{Problems, Refused, bounded, parse};
use runtime::requested::Requested;
use storage::{Answer, Once, Storage};

use super::commands::{closed, step};

/// The most tickets of a batch.
const MOST: usize = 50;

/// Does one thing to up to fifty tickets, one after the other. Always 200: each ticket has its own status.
#[utoipa::path(post, path = "/v3/tickets/batch", tag = "commands", request_body = Batch,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "What became of each", body = BatchResults), Problems))]
pub(crate) async fn batch(State(storage): State<Storage>, request: Requested) -> Result<Json<BatchResults>, Refused> {
    let batch = checked(parse(request.body.clone())?)?;
    request.caller.agent(&storage).await?;
    let mut results = Vec::with_capacity(batch.tickets.len());
    for (place, id) in batch.tickets.iter().enumerate() {
        // Each ticket's part is kept under a key of its own: a batch that was cut short goes on where it was cut.
        let once = request.once.as_ref().map(|once| part(once, place)).transpose()?;
        let command = Command { id, at_version: None, once: once.as_ref(), shows_holder: false };
        let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| decide(&batch, ticket, agent, now);
        let answer =
            |view: &TicketView| Answer { status: 200, body: String::new(), version: Some(view.ticket.version) };
        let done = carry_out(&storage, &request.caller, command, decide, answer).await;
        results.push(result(id, done)?);
    }
    Ok(Json(BatchResults { results }))
}

fn part(once: &Once, place: usize) -> Result<Once, Refused> {
    let key = OnceKey::new(&format!("{}/{place}", once.key));
    let key = key.map_err(|_| {
        Refused::from(Problem::InvalidInput {
            field: "Idempotency-Key",
            reason: "Idempotency-Key must have at most 250 characters for a batch".to_owned(),
        })
    })?;
    Ok(Once { key, ..once.clone() })
}

/// Errors name the field; what one action does not need is refused with it.
fn checked(batch: Batch) -> Result<Batch, Refused> {
    if !(1..=MOST).contains(&batch.tickets.len()) {
        return Err(Refused::field("tickets", format!("tickets must have 1 to {MOST} entries")));
    }
    let needed = |field, is_given: bool, action| match (is_given, batch.action == action) {
        (true, false) => Err(Refused::field(field, format!("{field} does not belong to this action"))),
        (false, true) => Err(Refused::field(field, format!("{field} is required for this action"))),
        _ => Ok(()),
    };
    needed("priority", batch.priority.is_some(), Action::Prioritize)?;
    needed("tags", batch.tags.is_some(), Action::Tag)?;
    if batch.resolution.is_some() {
        needed("resolution", true, Action::Resolve)?;
    }
    let added = batch.tags.as_ref().map(|given| tags(given)).transpose();
    let tags = added.map_err(|reason| Refused::field("tags", reason))?;
    let (reason, resolution) = (bounded("reason", batch.reason)?, bounded("resolution", batch.resolution)?);
    Ok(Batch { tags, reason, resolution, ..batch })
}

fn decide(batch: &Batch, ticket: &Ticket, agent: &Agent, now: Timestamp) -> Result<Option<TicketChange>, Problem> {
    let reason = batch.reason.as_deref();
    let to = match batch.action {
        Action::Start => TicketState::InProgress,
        Action::Wait => TicketState::PendingCustomer,
        Action::Resolve => TicketState::Resolved,
        Action::Cancel => TicketState::Cancelled,
        Action::Reopen => TicketState::Reopened,
        Action::Escalate => TicketState::Escalated,
        Action::Close => return closed(ticket, agent, reason, now).map(Some),
        Action::Prioritize => {
            may_work(agent, ticket)?;
            let Some(priority) = batch.priority else { return Ok(None) };
            let changed = ticket.prioritized(priority.into(), &agent.id, reason, now);
            return changed.map_err(|refusal| refused(&refusal, ticket));
        }
        Action::Tag => {
            may_work(agent, ticket)?;
            let all: Vec<&String> = ticket.details.tags.iter().chain(batch.tags.iter().flatten()).collect();
            let tags = tags(&all).map_err(|reason| Problem::InvalidInput { field: "tags", reason })?;
            return Ok(ticket.edited(Edit { tags: Some(tags), ..Edit::default() }, &agent.id, now));
        }
    };
    let moved = step(ticket, agent, to, reason, now)?;
    Ok(Some(moved.with_resolution(batch.resolution.clone())))
}

/// What one ticket's command came to. Errors: what is no ticket's fault ends the batch.
fn result(id: &str, done: Result<Done, desk::Refused>) -> Result<BatchResult, Refused> {
    let ticket = id.to_owned();
    match done {
        Ok(Done::Now(view)) => {
            Ok(BatchResult { ticket, status: 200, code: None, detail: None, version: Some(view.ticket.version) })
        }
        Ok(Done::Before(answer)) => {
            Ok(BatchResult { ticket, status: 200, code: None, detail: None, version: answer.version })
        }
        Err(refused) if matches!(refused.problem, Problem::KeyReused) || refused.problem.status().is_server_error() => {
            Err(refused.into())
        }
        Err(refused) => {
            let status = match refused.problem {
                Problem::InvalidInput { .. } => 422,
                ref problem => problem.status().as_u16(),
            };
            let (code, detail) = (refused.problem.code().to_owned(), refused.problem.to_string());
            Ok(BatchResult { ticket, status, code: Some(code), detail: Some(detail), version: refused.version })
        }
    }
}
