//! Notes of a ticket in `/v3`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ids::NoteId;
use domain::note::Note;
use domain::page::Portion;
use domain::ticket::Ticket;
use files::Bucket;
use http::Uri;
use jiff::Timestamp;
use runtime::clock;
use runtime::desk::{self, Decision, carry_out, visible};
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::NewNote;
use runtime::dialects::v3::shapes::{NoteShape, Page};
use runtime::dialects::v3::{Problems, Refused, parse_for, query};
use runtime::identity::Caller;
use runtime::requested::{Requested, done, respond};
use runtime::uploads::Uploads;
use serde_json::json;
use storage::{Answer, Storage};

use super::conversations::Parts;
use super::cursor;
use crate::notes::{note_of, text};
use crate::{links, uploaded};

/// The notes of a ticket, oldest first, with links to their files: the ticket's attachments.
#[utoipa::path(get, operation_id = "list_notes", path = "/v3/tickets/{id}/notes", tag = "tickets", params(("id" = String, Path), Parts),
    responses((status = 200, description = "A part of the notes: all of them where no limit is given and they fit", body = Page<NoteShape>), Problems))]
pub(crate) async fn list(
    State(storage): State<Storage>,
    State(bucket): State<Bucket>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<NoteShape>>, Refused> {
    let parts: Parts = query(&uri)?;
    let room = cursor::room(parts.limit.as_deref())?;
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    let after = cursor::read(parts.cursor.as_deref(), ticket.id.as_str())?.map(NoteId::new).transpose();
    let after = after.map_err(|_| Refused::field("cursor", cursor::NOT_OURS))?;
    let Portion { items: notes, has_more } = storage.notes_after(&caller.org, &ticket.id, after.as_ref(), room).await?;
    let next = notes.last().filter(|_| has_more);
    let next_cursor = next.map(|last| cursor::write(last.id.as_str(), ticket.id.as_str()));
    let mut links = links::of_notes(&bucket, &caller.org, &notes, clock::now())?;
    let shown = |note: &Note| {
        let mut shape = NoteShape::from(note);
        if let Some(attachment) = &mut shape.attachment {
            attachment.link = links.remove(&note.id);
        }
        shape
    };
    Ok(Json(Page { data: notes.iter().map(shown).collect(), next_cursor }))
}

/// Writes a note, with a file if one was put for it. Whoever sees a ticket may write beside it. 409 `upload_missing` for a file that is
/// not there.
#[utoipa::path(post, operation_id = "add_note", path = "/v3/tickets/{id}/notes", tag = "tickets", request_body = NewNote,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 201, description = "The note", body = NoteShape), Problems))]
pub(crate) async fn add(
    State(storage): State<Storage>,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let NewNote { text: given, is_visible, upload } = parse_for(&storage, &request, &id).await?;
    let given = Some(given.trim().to_owned()).filter(|text| !text.is_empty());
    let text = text(given, "text")?;
    let (ticket, agent) = visible(&storage, &request.caller, &id).await?;
    let mut note = note_of(&ticket, agent.id.clone(), &text, is_visible, clock::now());
    if let Some(upload) = upload {
        // What it was made of may be gone by now.
        if let Some(answer) = desk::before(&storage, &request.caller, request.once.as_ref()).await? {
            return Ok(respond(answer, true));
        }
        note.attachment = Some(uploaded::beside_note(&uploads, &request.caller.org, &upload).await?);
    }
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
