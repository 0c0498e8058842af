//! Notes of a ticket in `/v3`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::desk::{Decision, carry_out, visible};
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::NewNote;
use runtime::dialects::v3::shapes::{NoteShape, Page};
use runtime::dialects::v3::{Problems, Refused, parse_for};
use runtime::identity::Caller;
use runtime::requested::{Requested, done};
use serde_json::json;
use storage::{Answer, Storage};

use crate::notes::{note_of, text};

/// The notes of a ticket, oldest first.
#[utoipa::path(get, operation_id = "list_notes", path = "/v3/tickets/{id}/notes", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, description = "All notes", body = Page<NoteShape>), Problems))]
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<NoteShape>>, Refused> {
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    let notes = storage.notes(&caller.org, &ticket.id).await?;
    Ok(Json(Page { data: notes.iter().map(NoteShape::from).collect(), next_cursor: None }))
}

/// Writes a note. Whoever sees a ticket may write beside it.
#[utoipa::path(post, operation_id = "add_note", path = "/v3/tickets/{id}/notes", tag = "tickets", request_body = NewNote,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 201, description = "The note", body = NoteShape), Problems))]
pub(crate) async fn add(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let NewNote { text: given, is_visible } = parse_for(&storage, &request, &id).await?;
    let given = Some(given.trim().to_owned()).filter(|text| !text.is_empty());
    let text = text(given, "text")?;
    let now = runtime::clock::now();
    let (ticket, agent) = visible(&storage, &request.caller, &id).await?;
    let note = note_of(&ticket, agent.id.clone(), &text, is_visible, now);
    let decide = |ticket: &Ticket, _: &Agent, _: Timestamp| {
        Ok(Decision { change: Some(ticket.noted(&note)), note: Some(note.clone()) })
    };
    let answer = |view: &TicketView| Answer {
        status: 201,
        body: json!(NoteShape::from(&note)).to_string(),
        version: Some(view.ticket.version),
    };
    Ok(done(carry_out(&storage, &request.caller, request.command(&id), decide, answer).await?, answer))
}
