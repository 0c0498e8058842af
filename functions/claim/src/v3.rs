//! Who works on a ticket, in the native API.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use domain::agent::{Agent, Role};
use domain::ids::{AgentId, QueueId};
use domain::ticket::{Ticket, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{Command, Decision, carry_out, may_work, refused, visible};
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::{Assign, Reasoned, Transfer};
use runtime::dialects::v3::shapes::Ticket as Shape;
use runtime::dialects::v3::{Problems, Refused, answer, bounded, parse_for};
use runtime::requested::{Requested, done};
use storage::Storage;
use utoipa::OpenApi;

use crate::assignments::{Wanted, decide, may_assign, to_agent};
use crate::claims;

/// What this function adds to the description of `/v3`.
#[derive(Debug, OpenApi)]
#[openapi(paths(claim, assign, unassign, transfer))]
pub struct Api;

pub(crate) fn router() -> Router<Storage> {
    Router::new()
        .route("/v3/tickets/{id}/claim", post(claim))
        .route("/v3/tickets/{id}/assign", post(assign))
        .route("/v3/tickets/{id}/unassign", post(unassign))
        .route("/v3/tickets/{id}/transfer", post(transfer))
}

async fn run<D: Into<Decision>>(
    storage: &Storage,
    id: &str,
    request: &Requested,
    shows_holder: bool,
    decide: impl Fn(&Ticket, &Agent, Timestamp) -> Result<D, Problem>,
) -> Result<Response, Refused> {
    let command = Command { shows_holder, ..request.command(id) };
    let answer = |view: &TicketView| answer(200, view);
    Ok(done(carry_out(storage, &request.caller, command, decide, answer).await?, answer))
}

/// The caller takes a ticket that nobody has. Of several who claim at once one wins; the others get 409.
#[utoipa::path(post, path = "/v3/tickets/{id}/claim", tag = "people", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn claim(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Reasoned { reason } = parse_for(&storage, &request, &id).await?;
    bounded("reason", reason)?;
    run(&storage, &id, &request, true, claims::decide).await
}

/// A ticket is given to an agent, whoever has it. To others only by who supervises.
#[utoipa::path(post, path = "/v3/tickets/{id}/assign", tag = "people", request_body = Assign,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn assign(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Assign { agent_id, reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    let (_, caller) = visible(&storage, &request.caller, &id).await?;
    let wanted = to_agent(&storage, &caller, &request, &agent_id, reason, "agent_id").await?;
    run(&storage, &id, &request, false, |ticket, agent, now| decide(ticket, agent, &wanted, TicketState::Assigned, now))
        .await
}

/// A ticket is taken from its agent and waits for the team again, at the place that its age gives it.
#[utoipa::path(post, path = "/v3/tickets/{id}/unassign", tag = "people", request_body = Option<Reasoned>,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn unassign(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Reasoned { reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    run(&storage, &id, &request, false, |ticket, agent, now| {
        may_work(agent, ticket)?;
        let freed = ticket.unassigned(&agent.id, reason.as_deref(), now);
        freed.map_err(|refusal| refused(&refusal, ticket))
    })
    .await
}

/// A ticket is handed to the team of another queue, or to one of its agents.
#[utoipa::path(post, path = "/v3/tickets/{id}/transfer", tag = "people", request_body = Transfer,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Shape), Problems))]
pub(crate) async fn transfer(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let Transfer { queue_id, agent_id, reason } = parse_for(&storage, &request, &id).await?;
    let reason = bounded("reason", reason)?;
    let (_, caller) = visible(&storage, &request.caller, &id).await?;
    let no_queue = || Refused::field("queue_id", "there is no such queue");
    let queue = QueueId::new(queue_id).map_err(|_| no_queue())?;
    storage.queue(&request.caller.org, &queue).await?.ok_or_else(no_queue)?;
    let to = match &agent_id {
        Some(named) => {
            let wanted = to_agent(&storage, &caller, &request, named, reason.clone(), "agent_id").await?;
            of_team(&storage, &request, &wanted.to, &queue).await?;
            Some(wanted)
        }
        None => None,
    };
    let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| {
        handed(ticket, agent, &queue, to.as_ref(), reason.as_deref(), now)
    };
    run(&storage, &id, &request, false, decide).await
}

fn handed(
    ticket: &Ticket,
    agent: &Agent,
    queue: &QueueId,
    to: Option<&Wanted>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<domain::ticket::TicketChange, Problem> {
    may_work(agent, ticket)?;
    if let Some(wanted) = to {
        may_assign(ticket, agent, wanted)?;
    }
    let handed = ticket.transferred(queue, to.map(|wanted| &wanted.to), &agent.id, reason, now);
    handed.map_err(|refusal| refused(&refusal, ticket))
}

/// Errors: `InvalidInput` for an agent who does not work in the queue.
async fn of_team(storage: &Storage, request: &Requested, agent: &AgentId, queue: &QueueId) -> Result<(), Refused> {
    let works_there = |agent: &Agent| agent.role >= Role::Supervisor || agent.queues.contains(queue);
    match storage.agent(&request.caller.org, agent).await? {
        Some(agent) if works_there(&agent) => Ok(()),
        _ => Err(Refused::field("agent_id", format!("{agent} does not work in queue {queue}"))),
    }
}
