//! `POST /api/tickets/{id}/messages`: an agent answers the contact.
//!
//! The answer is stored as its own outbox item in the transaction that stops the ticket's first-response clock; nothing is sent
//! from here.

mod request;
mod storing;
mod targets;
mod templates;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::message::Message;
use runtime::dialects::{References, Refused, s4};
use runtime::requested::{Requested, respond};
use runtime::uploads::Uploads;
use storage::{Answer, Storage};

pub(crate) use storing::{Answering, store};

/// Stores the answer. What the body may be: docs/answers.md.
pub(crate) async fn answer(
    State(storage): State<Storage>,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let told = |message: &Message, references: &References<'_>, _| {
        let body = s4::message(message, references).to_string();
        Answer { status: 201, body, version: None }
    };
    let (answer, is_repeated) = store(&storage, &uploads, Answering::to(&id, &request), told).await?;
    Ok(respond(answer, is_repeated))
}
