//! `GET /v3/tickets/{id}/history`.

use axum::Json;
use axum::extract::{Path, State};
use domain::page::Room;
use domain::ticket::{Source, Ticket, TicketState};
use http::Uri;
use runtime::desk::visible;
use runtime::dialects::v3::shapes::{HistoryEntry, Page};
use runtime::dialects::v3::{Problems, Refused, query};
use runtime::identity::Caller;
use serde_json::json;
use storage::Storage;

use super::conversations::Parts;
use super::cursor;

/// What happened to a ticket, oldest first, from its making on.
#[utoipa::path(get, operation_id = "list_history", path = "/v3/tickets/{id}/history", tag = "tickets", params(("id" = String, Path), Parts),
    responses((status = 200, description = "A part of the history", body = Page<HistoryEntry>), Problems))]
pub(crate) async fn history(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<HistoryEntry>>, Refused> {
    let parts: Parts = query(&uri)?;
    let limit = cursor::limit(parts.limit.as_deref())?;
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    let after: u64 = cursor::place(parts.cursor.as_deref(), ticket.id.as_str())?.unwrap_or(0);
    // Every version has its row, and making the ticket is the first.
    let count = if after == 0 { limit - 1 } else { limit };
    let rows = storage.history_after(&caller.org, &ticket.id, after, Room::of(count)).await?;
    let mut data = Vec::with_capacity(limit);
    if after == 0 {
        data.push(made(&ticket, rows.items.first().map_or(ticket.state, |first| first.row.from)));
    }
    data.extend(rows.items.iter().map(|versioned| HistoryEntry::of(versioned.version, &versioned.row)));
    let next = data.last().filter(|_| rows.has_more);
    let next_cursor = next.map(|entry| cursor::write(&entry.version.to_string(), ticket.id.as_str()));
    Ok(Json(Page { data, next_cursor }))
}

fn made(ticket: &Ticket, state: TicketState) -> HistoryEntry {
    let actor = match ticket.source {
        Source::Customer => "customer",
        Source::Agent => "agent",
        Source::Ai => "service",
    };
    HistoryEntry {
        version: 1,
        kind: "ticket_created".to_owned(),
        details: json!({}),
        from: None,
        to: state,
        actor_type: actor.to_owned(),
        actor_id: None,
        reason: None,
        clocks_stood_ms: None,
        at: ticket.created_at,
    }
}
