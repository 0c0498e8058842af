//! Two tickets at once: one becomes a part of the other, or comes out again; both are about the same thing, or no longer.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::{Agent, Role};
use domain::ticket::{Ticket, TicketChange};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::may_work;
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::{Merge, Reasoned, Relate};
use runtime::dialects::v3::shapes::Ticket as Shape;
use runtime::dialects::v3::{Problems, Refused, answer, bounded, parse_for};
use runtime::pairs::{Other, carry_out_pair, refused};
use runtime::requested::{Requested, done};
use storage::Storage;

async fn run(
    storage: &Storage,
    id: &str,
    request: &Requested,
    other: Other<'_>,
    decide: impl Fn(&Ticket, &Ticket, &Agent, Timestamp) -> Result<Vec<TicketChange>, Problem>,
) -> Result<Response, Refused> {
    let answer = |view: &TicketView| answer(200, view);
    Ok(done(carry_out_pair(storage, &request.caller, &request.command(id), &other, decide, answer).await?, answer))
}

/// It becomes a part of another ticket and is closed. Messages stay in their conversation, and its number goes on naming it. Tickets of
/// different contacts are merged by who supervises.
#[utoipa::path(post, path = "/v3/tickets/{id}/merge", tag = "commands", request_body = Merge,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn merge(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Merge { into, reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, Other::Named("into", &into), |ticket, into, agent, now| {
        may_work(agent, ticket)?;
        may_work(agent, into)?;
        if ticket.contact != into.contact && agent.role < Role::Supervisor {
            let reason = "only a supervisor or an admin may merge tickets of different contacts".to_owned();
            return Err(Problem::Forbidden { reason });
        }
        let merged = ticket.merged_by(into, &agent.id, reason.as_deref(), now);
        merged.map(Vec::from).map_err(|refusal| refused(&refusal))
    })
    .await
}

/// It is a ticket of its own again, in the state in which it was, if its place in the conversation is free.
#[utoipa::path(post, path = "/v3/tickets/{id}/unmerge", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn unmerge(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Reasoned { reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, Other::Whole, |ticket, from, agent, now| {
        may_work(agent, ticket)?;
        let apart = ticket.unmerged_by(from, &agent.id, reason.as_deref(), now);
        apart.map(Vec::from).map_err(|refusal| refused(&refusal))
    })
    .await
}

/// Both tickets are about the same thing: each names the other.
#[utoipa::path(post, path = "/v3/tickets/{id}/relate", tag = "commands", request_body = Relate,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn relate(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Relate { ticket } = parse_for(&storage, &request, &id).await?;
    run(&storage, &id, &request, Other::Named("ticket", &ticket), |ticket, other, agent, now| {
        may_work(agent, ticket)?;
        ticket.related_by(other, &agent.id, now).map_err(|refusal| refused(&refusal))
    })
    .await
}

/// They are no longer about the same thing.
#[utoipa::path(post, path = "/v3/tickets/{id}/unrelate", tag = "commands", request_body = Relate,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn unrelate(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Relate { ticket } = parse_for(&storage, &request, &id).await?;
    run(&storage, &id, &request, Other::Named("ticket", &ticket), |ticket, other, agent, now| {
        may_work(agent, ticket)?;
        Ok(ticket.unrelated_by(other, &agent.id, now))
    })
    .await
}
