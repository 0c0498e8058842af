//! `PATCH /v3/tickets/{id}`: what is written on a ticket. States and people change by commands alone.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::ticket::Edit;
use domain::ticket::details::{LONGEST_SUBCATEGORY, tags};
use runtime::desk::may_work;
use runtime::dialects::v3::requests::EditTicket;
use runtime::dialects::v3::shapes::Ticket;
use runtime::dialects::v3::{Problems, Refused, parse_for};
use runtime::requested::Requested;
use storage::Storage;

use super::commands::run;
use crate::making::worded;

/// Changes title, description, category, subcategory or tags.
#[utoipa::path(patch, operation_id = "edit_ticket", path = "/v3/tickets/{id}", tag = "tickets", request_body = EditTicket,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The ticket", body = Ticket), Problems))]
pub(crate) async fn edit(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let edit = wanted(parse_for(&storage, &request, &id).await?)?;
    run(&storage, &id, &request, |ticket, agent, now| {
        may_work(agent, ticket)?;
        Ok(ticket.edited(edit.clone(), &agent.id, now))
    })
    .await
}

fn wanted(body: EditTicket) -> Result<Edit, Refused> {
    let description = match body.description {
        Some(Some(text)) => Some(Some(worded("description", &text, 10, 5000)?)),
        other => other,
    };
    let subcategory = match body.subcategory {
        Some(Some(text)) => Some(Some(worded("subcategory", &text, 1, LONGEST_SUBCATEGORY)?)),
        other => other,
    };
    let tags = body.tags.map(|given| tags(&given).map_err(|reason| Refused::field("tags", reason))).transpose()?;
    Ok(Edit {
        title: body.title.map(|title| worded("title", &title, 5, 200)).transpose()?,
        description,
        category: body.category.map(Into::into),
        subcategory,
        tags,
        related: None,
    })
}
