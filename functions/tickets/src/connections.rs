//! `/api/connections/{id}`: how a connection is doing, its templates, and what a supervisor can do about both.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::agent::Role;
use domain::connection::Connection;
use domain::ids::ConnectionId;
use domain::page::{Portion, Room, Weighs};
use domain::template::Template;
use http::{StatusCode, Uri};
use runtime::dialects::{Refused, templates};
use runtime::identity::Caller;
use runtime::pages::{End, Listed, Next, again};
use runtime::{Problem, clock};
use serde_json::{Value, json};
use storage::Storage;

/// The connection and how it is doing.
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let connection = connection(&storage, &caller, &id).await?;
    let line = storage.line(&caller.org, &connection.id).await?;
    let now = clock::now();
    let sending = match &line.stop {
        None => json!({ "state": "ok", "paused_until": line.paused_until.filter(|until| *until > now) }),
        Some(stop) => json!({
            "state": "stopped", "code": stop.code, "details": stop.details, "since": stop.since, "retry_at": stop.retry_at,
        }),
    };
    Ok(Json(json!({
        "id": connection.id,
        "provider": connection.provider.kind(),
        "queue_id": connection.queue,
        "sending": sending,
        "templates_synced_at": line.templates_synced_at,
        "templates_error": line.templates_error,
    })))
}

/// Lets a stopped connection send again at once: somebody has put its token or number right.
pub(crate) async fn resume(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    let connection = supervised(&storage, &caller, &id).await?;
    if !storage.resume_line(&caller.org, &connection.id).await? {
        let reason = format!("connection {id} is not stopped");
        return Err(Problem::Conflict { code: "not_stopped", reason, holder: None }.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// All templates as the provider told them last, those that cannot be sent among them, and when that was.
pub(crate) async fn templates(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let connection = connection(&storage, &caller, &id).await?;
    let line = storage.line(&caller.org, &connection.id).await?;
    let mut known = match connection.provider.template_account() {
        Some(account) => storage.templates(&caller.org, account).await?,
        None => Vec::new(),
    };
    known.sort_by_cached_key(place);
    if let Some(after) = query.get("after").filter(|after| !after.is_empty()) {
        known.retain(|template| place(template) > *after);
    }
    let Portion { items: known, has_more } = Portion::cut(known, Room::of(usize::MAX), Template::weight);
    let last = known.last().filter(|_| has_more);
    let next = last.map(|last| Next { link: again(&uri, "after", &place(last), &[]), end: End::Bytes });
    let body = json!({
        "templates": known.iter().map(templates::template).collect::<Vec<_>>(),
        "synced_at": line.templates_synced_at,
        "sync_error": line.templates_error,
    });
    Ok(Listed { body, next })
}

/// A template's place among those of its connection.
pub(crate) fn place(template: &Template) -> String {
    format!("{}#{}", template.name, template.language)
}

/// Asks for the templates to be read from the provider. They are there a moment later.
pub(crate) async fn sync(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let connection = supervised(&storage, &caller, &id).await?;
    if connection.provider.template_account().is_none() {
        let reason = format!("connection {id} has no business account, and so no templates");
        return Err(Problem::Conflict { code: "no_templates", reason, holder: None }.into());
    }
    let now = clock::now();
    storage.ask_for_templates(&caller.org, &connection.id, now).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "asked_at": now }))))
}

async fn supervised(storage: &Storage, caller: &Caller, id: &str) -> Result<Connection, Problem> {
    let connection = connection(storage, caller, id).await?;
    if caller.agent(storage).await?.role < Role::Supervisor {
        return Err(Problem::Forbidden { reason: "only a supervisor may do this".to_owned() });
    }
    Ok(connection)
}

/// A connection of the caller's organization. Errors: `NotFound`; `Forbidden` for who is no active agent.
pub(crate) async fn connection(storage: &Storage, caller: &Caller, id: &str) -> Result<Connection, Problem> {
    let none = || Problem::NotFound { entity: "Connection" };
    caller.agent(storage).await?;
    let id = ConnectionId::new(id).map_err(|_| none())?;
    storage.connection(&caller.org, &id).await?.ok_or_else(none)
}
