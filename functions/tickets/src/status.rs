//! `PUT /api/v2/tickets/{id}/status`: an agent moves a ticket through its life (S1).

use axum::Json;
use axum::extract::{Path, State};
use domain::agent::Agent;
use domain::page::Room;
use domain::ticket::details::LONGEST_RESOLUTION;
use domain::ticket::{Refusal, Ticket};
use jiff::Timestamp;
use runtime::body::word;
use runtime::desk::{Command, Done, carry_out, may_work, refused};
use runtime::dialects::{Refused, Story, TicketView, s1, spoken};
use runtime::requested::Requested;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{Answer, Storage};

/// Moves the ticket. The body is `{status, reason?, resolutionNotes?}` with the status in S1's words.
pub(crate) async fn change(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Json<Value>, Refused> {
    let (caller, body) = (&request.caller, &request.body);
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let status = word(body, &["status"]).ok_or_else(|| invalid("status", "status is required".to_owned()))?;
    let to = spoken().written(&status).ok_or_else(|| invalid("status", format!("Invalid status: {status}")))?;
    let (reason, resolution) = (word(body, &["reason"]), word(body, &["resolutionNotes", "resolution_notes"]));
    for (field, text) in [("reason", &reason), ("resolutionNotes", &resolution)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_RESOLUTION) {
            return Err(invalid(field, format!("{field} must have at most {LONGEST_RESOLUTION} characters")).into());
        }
    }
    let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| {
        may_work(agent, ticket)?;
        let moved = ticket.moved_to(to, &agent.id, reason.as_deref(), now);
        let moved = moved.map_err(|refusal| match refusal {
            Refusal::IllegalTransition { from, .. } => invalid("status", s1::invalid_transition(from, &status)),
            other => refused(&other, ticket),
        })?;
        Ok(moved.with_resolution(resolution.clone()))
    };
    // Moving a ticket twice to the same state is refused by its life cycle: a repetition needs no key.
    let command = Command { once: None, ..request.command(&id) };
    let nothing = |_: &TicketView| Answer { status: 200, body: String::new(), version: None };
    let Done::Now(view) = carry_out(&storage, caller, command, decide, nothing).await? else {
        return Err(Problem::KeyReused.into());
    };
    let found = storage.history_before(&caller.org, &view.ticket.id, None, Room::of(usize::MAX)).await?;
    let history_before = found.items.last().filter(|_| found.has_more).map(|row| row.version);
    let rows = found.items.into_iter().rev().map(|versioned| versioned.row).collect();
    Ok(Json(spoken().changed(&view, &Story { rows, history_before, ..Story::default() }, clock::now())))
}
