//! Commands that move a ticket through its life. Each is one row of its history, or more where it is several steps.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ticket::{Refusal, Ticket, TicketChange, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{Decision, carry_out, may_work, refused};
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::{Prioritize, Reasoned, Resolve};
use runtime::dialects::v3::shapes::Ticket as Shape;
use runtime::dialects::v3::{Problems, Refused, answer, bounded, parse_for};
use runtime::requested::{Requested, done};
use storage::Storage;

/// Carries out what `decide` decides, for who may work on the ticket.
pub(super) async fn run<D: Into<Decision>>(
    storage: &Storage,
    id: &str,
    request: &Requested,
    decide: impl Fn(&Ticket, &Agent, Timestamp) -> Result<D, Problem>,
) -> Result<Response, Refused> {
    let answer = |view: &TicketView| answer(200, view);
    Ok(done(carry_out(storage, &request.caller, request.command(id), decide, answer).await?, answer))
}

/// A step of the life cycle.
pub(super) fn step(
    ticket: &Ticket,
    agent: &Agent,
    to: TicketState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<TicketChange, Problem> {
    may_work(agent, ticket)?;
    let moved = match to {
        TicketState::Escalated => ticket.escalated_by(&agent.id, reason, now),
        to => ticket.moved_to(to, &agent.id, reason, now),
    };
    moved.map_err(|refusal: Refusal| refused(&refusal, ticket))
}

async fn moves(storage: Storage, id: String, request: Requested, to: TicketState) -> Result<Response, Refused> {
    let Reasoned { reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, |ticket, agent, now| step(ticket, agent, to, reason.as_deref(), now)).await
}

/// Work begins. A ticket without an agent becomes the caller's.
#[utoipa::path(post, path = "/v3/tickets/{id}/start", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn start(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    moves(storage, id, request, TicketState::InProgress).await
}

/// It waits for the contact.
#[utoipa::path(post, path = "/v3/tickets/{id}/wait", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn wait(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    moves(storage, id, request, TicketState::PendingCustomer).await
}

/// It is resolved. It closes by itself if the contact writes nothing more.
#[utoipa::path(post, path = "/v3/tickets/{id}/resolve", tag = "commands", request_body = Option<Resolve>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn resolve(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Resolve { resolution, reason } = parse_for(&storage, &request, &id).await?;
    let (resolution, reason) = (bounded("resolution", resolution)?, bounded("reason", reason)?);
    run(&storage, &id, &request, |ticket, agent, now| {
        let resolved = step(ticket, agent, TicketState::Resolved, reason.as_deref(), now)?;
        Ok(resolved.with_resolution(resolution.clone()))
    })
    .await
}

/// It is closed, from whatever state it is in: what is missing on the way is recorded with it.
#[utoipa::path(post, path = "/v3/tickets/{id}/close", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn close(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Reasoned { reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, |ticket, agent, now| closed(ticket, agent, reason.as_deref(), now)).await
}

/// The end of a ticket, whatever state it is in.
pub(super) fn closed(
    ticket: &Ticket,
    agent: &Agent,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<TicketChange, Problem> {
    may_work(agent, ticket)?;
    ticket.finished_by(&agent.id, reason, now).map_err(|refusal| refused(&refusal, ticket))
}

/// It was no work. It is never reopened.
#[utoipa::path(post, path = "/v3/tickets/{id}/cancel", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn cancel(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    moves(storage, id, request, TicketState::Cancelled).await
}

/// It is taken up again, with fresh clocks. It waits for the team, unless its own agent reopens it.
#[utoipa::path(post, path = "/v3/tickets/{id}/reopen", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn reopen(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    moves(storage, id, request, TicketState::Reopened).await
}

/// It is passed to those who supervise.
#[utoipa::path(post, path = "/v3/tickets/{id}/escalate", tag = "commands", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn escalate(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    moves(storage, id, request, TicketState::Escalated).await
}

/// It becomes more urgent, or less; deadlines that are still open move with it.
#[utoipa::path(post, path = "/v3/tickets/{id}/prioritize", tag = "commands", request_body = Prioritize,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn prioritize(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Prioritize { priority, reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, |ticket, agent, now| {
        may_work(agent, ticket)?;
        let changed = ticket.prioritized(priority.into(), &agent.id, reason.as_deref(), now);
        changed.map_err(|refusal| refused(&refusal, ticket))
    })
    .await
}
