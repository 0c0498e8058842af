//! `PUT /tickets/{id}`: who works on a ticket and whether it is done, in one request, as front ends of the Whaticket family ask for it
//! (seeds S2 and S3). One command, however many steps of the life cycle it takes.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ids::{AgentId, ConnectionId, QueueId};
use domain::ticket::{Refusal, Ticket, TicketChange, TicketState};
use jiff::Timestamp;
use runtime::Problem;
use runtime::body::word;
use runtime::desk::{carry_out, may_work, refused, visible};
use runtime::dialects::{Refused, s2, spoken, status_names, told};
use runtime::requested::{Requested, done};
use serde_json::Value;
use storage::Storage;

use crate::assignments::{Wanted, may_assign, to_agent};

/// What the body asks for. `{status?, userId?, queueId?}`; `null` is nobody.
#[derive(Default)]
struct Asked {
    state: Option<TicketState>,
    user: User,
    queue: Option<QueueId>,
}

/// Whose the ticket is to be.
#[derive(Default)]
enum User {
    /// Not asked about.
    #[default]
    Unsaid,
    /// Nobody's.
    Nobody,
    /// An agent's.
    Agent(Wanted),
}

/// Accepts, returns, hands on, resolves or reopens the ticket.
pub(crate) async fn update(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let (ticket, agent) = visible(&storage, &request.caller, &id).await?;
    let asked = asked(&storage, &request, &ticket, &agent).await?;
    let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| decide(ticket, agent, &asked, now);
    let answer = told(200);
    Ok(done(carry_out(&storage, &request.caller, request.command(&id), decide, answer).await?, answer))
}

/// Reads the body. Errors: `InvalidInput` that names the field.
async fn asked(storage: &Storage, request: &Requested, ticket: &Ticket, agent: &Agent) -> Result<Asked, Problem> {
    let body = &request.body;
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let state = match word(body, &["status"]) {
        None => None,
        Some(name) => Some(
            spoken()
                .written(&name)
                .ok_or_else(|| invalid("status", format!("status must be one of {}", status_names(spoken()))))?,
        ),
    };
    let user = match word(body, &["userId", "user_id"]) {
        Some(named) => User::Agent(to_agent(storage, agent, request, &named, None, "userId").await?),
        None if body.get("userId").is_some_and(Value::is_null) => User::Nobody,
        None => User::Unsaid,
    };
    let queue = match word(body, &["queueId", "queue_id"]).filter(|named| named != ticket.queue.as_str()) {
        None => None,
        Some(named) => {
            let no_queue = || invalid("queueId", "there is no such queue".to_owned());
            let id = QueueId::new(named).map_err(|_| no_queue())?;
            Some(storage.queue(&request.caller.org, &id).await?.ok_or_else(no_queue)?.id)
        }
    };
    let moved =
        word(body, &["whatsappId"]).filter(|named| ticket.connection.as_ref().map(ConnectionId::as_str) != Some(named));
    if moved.is_some() {
        let reason = "whatsappId: a ticket stays on the connection of its conversation".to_owned();
        return Err(invalid("whatsappId", reason));
    }
    Ok(Asked { state, user, queue })
}

/// The steps from what the ticket is to what it is to be; none when it is so already.
fn decide(ticket: &Ticket, agent: &Agent, asked: &Asked, now: Timestamp) -> Result<Option<TicketChange>, Problem> {
    may_work(agent, ticket)?;
    if asked.state == Some(TicketState::Closed) {
        if s2::is_done(ticket) && ticket.state != TicketState::Resolved {
            return Ok(None);
        }
        return ticket.finished_by(&agent.id, None, now).map(Some).map_err(|refusal| refused(&refusal, ticket));
    }
    let mut steps = Steps { ticket, change: None };
    let wants_open = asked.state == Some(TicketState::Assigned);
    let wants_pending = asked.state == Some(TicketState::Open);
    if s2::is_done(ticket) && (wants_open || wants_pending) {
        steps.take(|ticket| ticket.moved_to(TicketState::Reopened, &agent.id, None, now))?;
    }
    if let Some(queue) = &asked.queue {
        steps.take(|ticket| ticket.transferred(queue, None, &agent.id, None, now))?;
    }
    match &asked.user {
        User::Agent(wanted) if !wants_pending => {
            may_assign(steps.now(), agent, wanted)?;
            steps.give(&wanted.to, agent, now)?;
        }
        _ if wants_open => steps.give(&agent.id, agent, now)?,
        User::Nobody => steps.free(agent, now)?,
        _ if wants_pending => steps.free(agent, now)?,
        _ => {}
    }
    Ok(steps.change)
}

/// A change under construction.
struct Steps<'a> {
    ticket: &'a Ticket,
    change: Option<TicketChange>,
}

impl Steps<'_> {
    /// The ticket as the steps so far leave it.
    fn now(&self) -> &Ticket {
        self.change.as_ref().map_or(self.ticket, |so_far| &so_far.after)
    }

    fn take(&mut self, step: impl FnOnce(&Ticket) -> Result<TicketChange, Refusal>) -> Result<(), Problem> {
        let next = step(self.now()).map_err(|refusal| refused(&refusal, self.now()))?;
        self.change = Some(match self.change.take() {
            Some(so_far) => so_far.then(next),
            None => next,
        });
        Ok(())
    }

    /// Gives the ticket to an agent, unless the agent works on it already.
    fn give(&mut self, to: &AgentId, by: &Agent, now: Timestamp) -> Result<(), Problem> {
        let ticket = self.now();
        if ticket.agent.as_ref() == Some(to) && s2::is_open(ticket) {
            return Ok(());
        }
        self.take(|ticket| ticket.assigned_to(to, &by.id, None, TicketState::Assigned, now))
    }

    /// Lets the ticket wait for the team, unless it does.
    fn free(&mut self, by: &Agent, now: Timestamp) -> Result<(), Problem> {
        if self.now().agent.is_none() {
            return Ok(());
        }
        self.take(|ticket| ticket.unassigned(&by.id, None, now))
    }
}
