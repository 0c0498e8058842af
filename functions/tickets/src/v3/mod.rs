//! The native API: reads, and everything that is done to tickets except saying who works on them.

mod answers;
mod batch;
mod commands;
mod connections;
mod contact_people;
mod contacts;
mod conversations;
mod create;
mod cursor;
mod edit;
mod history;
mod list;
mod marks;
mod matching;
mod media;
mod notes;
mod one;
mod openapi;
mod pairs;
mod settings;
mod uploads;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Stores;

pub use openapi::Api;

/// Adds the routes, as in `infra/template.yaml`.
pub(crate) fn routes(router: Router<Stores>) -> Router<Stores> {
    router
        .route("/v3/openapi.json", get(openapi::serve))
        .route("/v3/settings", get(settings::read).patch(settings::edit))
        .route("/v3/statistics", get(list::statistics))
        .route("/v3/tickets", get(list::list).post(create::create))
        .route("/v3/tickets/batch", post(batch::batch))
        .route("/v3/tickets/{id}", get(one::read).patch(edit::edit))
        .route("/v3/tickets/{id}/history", get(history::history))
        .route("/v3/tickets/{id}/messages", get(conversations::of_ticket).post(answers::answer))
        .route("/v3/tickets/{id}/notes", get(notes::list).post(notes::add))
        .route("/v3/tickets/{id}/start", post(commands::start))
        .route("/v3/tickets/{id}/wait", post(commands::wait))
        .route("/v3/tickets/{id}/resolve", post(commands::resolve))
        .route("/v3/tickets/{id}/close", post(commands::close))
        .route("/v3/tickets/{id}/cancel", post(commands::cancel))
        .route("/v3/tickets/{id}/reopen", post(commands::reopen))
        .route("/v3/tickets/{id}/escalate", post(commands::escalate))
        .route("/v3/tickets/{id}/prioritize", post(commands::prioritize))
        .route("/v3/tickets/{id}/merge", post(pairs::merge))
        .route("/v3/tickets/{id}/unmerge", post(pairs::unmerge))
        .route("/v3/tickets/{id}/relate", post(pairs::relate))
        .route("/v3/tickets/{id}/unrelate", post(pairs::unrelate))
        .route("/v3/conversations/{id}", get(conversations::one))
        .route("/v3/conversations/{id}/messages", get(conversations::messages))
        .route("/v3/conversations/{id}/read", post(marks::read))
        .route("/v3/conversations/{id}/typing", post(marks::typing))
        .route("/v3/messages/{id}", get(conversations::message))
        .route("/v3/messages/{id}/media", get(media::link))
        .route("/v3/messages/{id}/media/retry", post(media::retry))
        .route("/v3/uploads", post(uploads::create))
        .route("/v3/connections", get(connections::list))
        .route("/v3/connections/{id}", get(connections::one))
        .route("/v3/connections/{id}/templates", get(connections::templates))
        .route("/v3/contacts", get(contacts::find))
        .route("/v3/contacts/{id}", get(contacts::one).patch(contact_people::edit))
        .route("/v3/contacts/{id}/merge", post(contact_people::merge))
        .route("/v3/contacts/{id}/unmerge", post(contact_people::unmerge))
        .route("/v3/contacts/{id}/split", post(contact_people::split))
}
