//! `PUT` and `POST /api/v2/tickets/{id}/notes`: an agent writes a note beside a ticket (S1, docs/requirements.md C27).

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ids::{AgentId, NoteId};
use domain::note::{LONGEST_NOTE, Note};
use domain::page::{KEPT_BYTES, PAGE_BYTES, Room, Weighs};
use domain::ticket::Ticket;
use files::Bucket;
use jiff::Timestamp;
use runtime::Problem;
use runtime::body::word;
use runtime::desk::{Decision, carry_out};
use runtime::dialects::{Refused, Story, TicketView, spoken};
use runtime::requested::{Requested, done};
use storage::{Answer, Storage};

use crate::links;

/// Appends a note. The body is `{content, isVisible?}`; the answer is the ticket with all its notes.
pub(crate) async fn add(
    State(storage): State<Storage>,
    State(bucket): State<Bucket>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let (ticket, _) = runtime::desk::visible(&storage, &request.caller, &id).await?;
    let text = text(word(&request.body, &["content", "body", "note"]), "content")?;
    let visible = ["isVisible", "is_visible", "visible"].iter().find_map(|name| request.body.get(*name)?.as_bool());
    let decide = |ticket: &Ticket, agent: &Agent, now: Timestamp| {
        Ok(decide(ticket, agent, &text, visible.unwrap_or(false), now))
    };
    let now = runtime::clock::now();
    // The answer may be kept, and holds the new note for certain.
    let new = note_of(&ticket, request.caller.agent.clone(), &text, false, now);
    let most = if request.once.is_some() { KEPT_BYTES } else { PAGE_BYTES };
    let room = Room::of(usize::MAX).within(most.saturating_sub(new.weight() + ticket.weight()));
    let known = storage.notes_before(&request.caller.org, &ticket.id, None, room).await?;
    let notes_before = known.items.last().filter(|_| known.has_more).map(|note| note.id.clone());
    let before: Vec<Note> = known.items.into_iter().rev().collect();
    let links = links::urls(&bucket, &request.caller.org, &before, now)?;
    let answer = |view: &TicketView| {
        let agent = request.caller.agent.clone();
        let mut notes = before.clone();
        notes.push(note_of(&view.ticket, agent, &text, visible.unwrap_or(false), view.ticket.updated_at));
        let story = Story { notes, links: links.clone(), notes_before: notes_before.clone(), ..Story::default() };
        Answer { status: 200, body: spoken().changed(view, &story, now).to_string(), version: None }
    };
    Ok(done(carry_out(&storage, &request.caller, request.command(&id), decide, answer).await?, answer))
}

/// The note and the change that tells of it. Whoever sees a ticket may write beside it.
pub(crate) fn decide(ticket: &Ticket, agent: &Agent, text: &str, visible: bool, now: Timestamp) -> Decision {
    let note = note_of(ticket, agent.id.clone(), text, visible, now);
    Decision { change: Some(ticket.noted(&note)), note: Some(note) }
}

/// A note of an agent beside a ticket.
pub(crate) fn note_of(ticket: &Ticket, agent: AgentId, text: &str, visible: bool, now: Timestamp) -> Note {
    Note {
        id: NoteId::generate(now, runtime::ids::random()),
        ticket: ticket.id.clone(),
        agent,
        text: text.to_owned(),
        visible,
        at: now,
        attachment: None,
    }
}

/// The text of a note. Errors: `InvalidInput` for none or one that is too long.
pub(crate) fn text(given: Option<String>, field: &'static str) -> Result<String, Problem> {
    let text = given.ok_or_else(|| Problem::InvalidInput { field, reason: format!("{field} is required") })?;
    if text.chars().count() > LONGEST_NOTE {
        let reason = format!("{field} must have at most {LONGEST_NOTE} characters");
        return Err(Problem::InvalidInput { field, reason });
    }
    Ok(text)
}
