//! `PUT /api/v2/tickets/{id}/assign` (S1) and `POST /api/tickets/{id}/assign` (S4): a ticket is given to an agent (docs/requirements.md
//! C8, C14). S1 gives only what waits, and its tickets are in progress then; S4 gives also what others have.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::AgentId;
use domain::ticket::{Refusal, Ticket, TicketChange, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::body::word;
use runtime::desk::{carry_out, refused, visible};
use runtime::dialects::{Refused, spoken, told};
use runtime::requested::{Requested, done};
use storage::Storage;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 2000;
/// The names under which a body may name the agent.
const AGENT: [&str; 4] = ["agentId", "agent_id", "userId", "assignedAgent"];

/// To whom a ticket is to be given, and why.
pub(crate) struct Wanted {
    pub(crate) to: AgentId,
    pub(crate) reason: Option<String>,
    /// Whether agents of this organization give tickets to others.
    agents_may: bool,
}

/// S1: `{agentId}`. 400 for what S1 calls a bad request, with its words.
pub(crate) async fn assign_s1(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let wanted = wanted(&storage, &request, &id, "agentId").await?;
    let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| {
        let waits = matches!(ticket.state, TicketState::New | TicketState::Open | TicketState::Reopened);
        if !waits {
            let reason = format!("Cannot assign ticket in status: {}", spoken().status(ticket));
            return Err(Problem::InvalidInput { field: "agentId", reason });
        }
        decide(ticket, agent, &wanted, TicketState::InProgress, now)
    };
    let answer = told(200);
    Ok(done(carry_out(&storage, &request.caller, request.command(&id), decide, answer).await?, answer))
}

/// S4: `{agent_id, reason?}`.
pub(crate) async fn assign_s4(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let wanted = wanted(&storage, &request, &id, "agent_id").await?;
    let decide =
        |ticket: &Ticket, agent: &Agent, now: Timestamp| decide(ticket, agent, &wanted, TicketState::Assigned, now);
    let answer = told(200);
    Ok(done(carry_out(&storage, &request.caller, request.command(&id), decide, answer).await?, answer))
}

/// Reads whom the request names, and whether there is such an agent.
///
/// Errors: `InvalidInput` for none or one that is gone; `NotFound` for a ticket that the caller may not see, first of all.
async fn wanted(storage: &Storage, request: &Requested, id: &str, field: &'static str) -> Result<Wanted, Problem> {
    let (_, caller) = visible(storage, &request.caller, id).await?;
    let named = word(&request.body, &AGENT);
    let named = named.ok_or_else(|| Problem::InvalidInput { field, reason: format!("{field} is required") })?;
    let reason = word(&request.body, &["reason"]);
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let reason = format!("reason must have at most {LONGEST_REASON} characters");
        return Err(Problem::InvalidInput { field: "reason", reason });
    }
    to_agent(storage, &caller, request, &named, reason, field).await
}

/// The agent that is named, if it is there and works. Errors: `InvalidInput`.
pub(crate) async fn to_agent(
    storage: &Storage,
    caller: &Agent,
    request: &Requested,
    named: &str,
    reason: Option<String>,
    field: &'static str,
) -> Result<Wanted, Problem> {
    let org = &request.caller.org;
    let nobody = || Problem::InvalidInput { field, reason: "Agent not found or inactive".to_owned() };
    let to = AgentId::new(named).map_err(|_| nobody())?;
    if to != caller.id {
        storage.agent(org, &to).await?.filter(|agent| agent.is_active).ok_or_else(nobody)?;
    }
    let asks = caller.role == Role::Agent && to != caller.id;
    let agents_may = asks && storage.organization(org).await?.is_some_and(|org| org.settings.agents_may_assign_others);
    Ok(Wanted { to, reason, agents_may })
}

/// The assignment, if the caller may make it.
pub(crate) fn decide(
    ticket: &Ticket,
    agent: &Agent,
    wanted: &Wanted,
    to: TicketState,
    now: Timestamp,
) -> Result<TicketChange, Problem> {
    may_assign(ticket, agent, wanted)?;
    let given = ticket.assigned_to(&wanted.to, &agent.id, wanted.reason.as_deref(), to, now);
    given.map_err(|refusal| match refusal {
        Refusal::AlreadyClaimed { .. } => Problem::Conflict {
            code: "already_assigned",
            reason: format!("Ticket #{} is already assigned to {}", ticket.number.number, wanted.to),
            holder: Some(wanted.to.clone()),
        },
        other => refused(&other, ticket),
    })
}

/// Errors: `Forbidden`.
pub(crate) fn may_assign(ticket: &Ticket, agent: &Agent, wanted: &Wanted) -> Result<(), Problem> {
    access::may_assign(agent, ticket, &wanted.to, wanted.agents_may)
        .map_err(|denied| Problem::Forbidden { reason: denied.to_string() })
}
