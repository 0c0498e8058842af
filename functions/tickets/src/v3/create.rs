//! `POST /v3/tickets`.

use axum::extract::State;
use axum::response::Response;
use domain::ids::{ContactId, ConversationId};
use domain::ticket::Details;
use domain::ticket::details::{LONGEST_SUBCATEGORY, tags};
use runtime::Problem;
use runtime::dialects::TicketView;
use runtime::dialects::v3::requests::NewTicket;
use runtime::dialects::v3::shapes::Ticket;
use runtime::dialects::v3::{Problems, Refused, answer, parse};
use runtime::requested::{Requested, done};
use storage::Storage;

use crate::making::{Wanted, make, worded};

/// Makes a ticket for a contact: the caller's own, or one that waits.
#[utoipa::path(post, operation_id = "create_ticket", path = "/v3/tickets", tag = "tickets", request_body = NewTicket,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "The ticket", body = Ticket), Problems))]
pub(crate) async fn create(State(storage): State<Storage>, request: Requested) -> Result<Response, Refused> {
    let wanted = wanted(parse(request.body.clone())?)?;
    let answer = |view: &TicketView| answer(201, view);
    Ok(done(make(&storage, &request.caller, wanted, request.once.as_ref(), answer).await?, answer))
}

fn wanted(body: NewTicket) -> Result<Wanted, Refused> {
    let conversation = body.conversation_id.map(ConversationId::new).transpose();
    let subcategory = body.subcategory.map(|text| worded("subcategory", &text, 1, LONGEST_SUBCATEGORY)).transpose()?;
    let tags = tags(&body.tags.unwrap_or_default()).map_err(|reason| Refused::field("tags", reason))?;
    Ok(Wanted {
        contact: ContactId::new(body.contact_id).map_err(|_| Problem::NotFound { entity: "Customer" })?,
        conversation: conversation.map_err(|_| Problem::NotFound { entity: "Conversation" })?,
        title: worded("title", &body.title, 5, 200)?,
        description: worded("description", &body.description, 10, 5000)?,
        category: body.category.map(Into::into).unwrap_or_default(),
        priority: body.priority.map(Into::into).unwrap_or_default(),
        details: Details { tags, subcategory, ..Details::default() },
        is_waiting: body.is_waiting,
    })
}
