//! `GET /v3/tickets/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use runtime::desk::{looked_at, view, visible};
use runtime::dialects::v3::shapes::Ticket;
use runtime::dialects::v3::{Problems, Refused, answer};
use runtime::identity::Caller;
use runtime::requested::respond;
use storage::Storage;

/// A ticket, by its id or any of its numbers. The first look of an agent opens a new one.
#[utoipa::path(get, operation_id = "read_ticket", path = "/v3/tickets/{id}", tag = "tickets", params(("id" = String, Path, description = "`297`, `#297`, `TICKET-2026-000297` or `tkt_…`")),
    responses((status = 200, description = "The ticket", body = Ticket, headers(("ETag" = String, description = "Its version"))), Problems))]
pub(crate) async fn read(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let ticket = looked_at(&storage, ticket, &agent).await?;
    Ok(respond(answer(200, &view(&storage, ticket).await?), false))
}
