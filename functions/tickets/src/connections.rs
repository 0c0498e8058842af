//! `GET /api/connections/{id}/templates` and `POST …/sync`: the templates of a connection, for who answers with one.

use axum::Json;
use axum::extract::{Path, State};
use domain::agent::Role;
use domain::connection::Connection;
use domain::ids::ConnectionId;
use http::StatusCode;
use runtime::dialects::{s4, templates};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::{Value, json};
use storage::Storage;

/// All templates as the provider told them last, those that cannot be sent among them, and when that was.
pub(crate) async fn templates(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, s4::Refused> {
    let connection = connection(&storage, &caller, &id).await?;
    let line = storage.line(&caller.org, &connection.id).await?;
    let known = match connection.provider.template_account() {
        Some(account) => storage.templates(&caller.org, account).await?,
        None => Vec::new(),
    };
    Ok(Json(json!({
        "templates": known.iter().map(templates::template).collect::<Vec<_>>(),
        "synced_at": line.templates_synced_at,
        "sync_error": line.templates_error,
    })))
}

/// Asks for the templates to be read from the provider. They are there a moment later.
pub(crate) async fn sync(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), s4::Refused> {
    let agent = caller.agent(&storage).await?;
    let connection = connection(&storage, &caller, &id).await?;
    if agent.role < Role::Supervisor {
        return Err(Problem::Forbidden { reason: "only a supervisor may ask for a sync".to_owned() }.into());
    }
    if connection.provider.template_account().is_none() {
        let reason = format!("connection {id} has no business account, and so no templates");
        return Err(Problem::Conflict { code: "no_templates", reason, holder: None }.into());
    }
    let now = clock::now();
    storage.ask_for_templates(&caller.org, &connection.id, now).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "asked_at": now }))))
}

async fn connection(storage: &Storage, caller: &Caller, id: &str) -> Result<Connection, Problem> {
    let none = || Problem::NotFound { entity: "Connection" };
    caller.agent(storage).await?;
    let id = ConnectionId::new(id).map_err(|_| none())?;
    storage.connection(&caller.org, &id).await?.ok_or_else(none)
}
