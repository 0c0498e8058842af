//! `/tickets` and `/messages`, as front ends of the Whaticket family call them (seeds S2 and S3, docs/requirements.md E20). `PUT /tickets/{id}`
//! says who works on a ticket, and so is `claim`'s.

mod create;
mod list;
mod messages;
mod query;
mod remove;

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::try_join_all;
use runtime::Problem;
use runtime::clock;
use runtime::desk::{looked_at, view, visible};
use runtime::dialects::{Refused, TicketView, s2, spoken};
use runtime::identity::Caller;
use serde_json::Value;
use storage::Storage;

use crate::state::Stores;

/// Adds the routes, as in `infra/template.yaml`.
pub(crate) fn routes(router: Router<Stores>) -> Router<Stores> {
    router
        .route("/tickets", get(list::list).post(create::create))
        .route("/tickets/{id}", get(one).delete(remove::remove))
        .route("/messages/{id}", get(messages::list).post(messages::answer))
}

/// `GET /tickets/{id}`. An agent's first look opens a new ticket.
async fn one(State(storage): State<Storage>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let ticket = looked_at(&storage, ticket, &agent).await?;
    let view = view(&storage, ticket).await?;
    if spoken().name() != s2::NAME {
        return Ok(Json(spoken().one(&view, clock::now())));
    }
    let shown = shown(&storage, std::slice::from_ref(&view)).await?;
    Ok(Json(s2::ticket(&view, &shown.first().cloned().unwrap_or_default())))
}

/// What this dialect shows beside each of these tickets: a read of the queues, and one of a message for each ticket.
async fn shown(storage: &Storage, views: &[TicketView]) -> Result<Vec<s2::Shown>, Problem> {
    let Some(org) = views.first().map(|view| &view.ticket.org) else { return Ok(Vec::new()) };
    let words = views.iter().map(async |view| match &view.ticket.conversation {
        Some(conversation) => storage.messages(org, conversation, None, 1).await.map(|mut last| last.pop()),
        None => Ok(None),
    });
    let (queues, words) = tokio::try_join!(storage.queues(org), try_join_all(words))?;
    let names: HashMap<_, _> = queues.into_iter().map(|queue| (queue.id, queue.name)).collect();
    let shown = views.iter().zip(words).map(|(view, last)| s2::Shown {
        queue_name: names.get(&view.ticket.queue).cloned(),
        last_message: Some(last.map_or_else(String::new, |last| s2::words(&last))),
    });
    Ok(shown.collect())
}
