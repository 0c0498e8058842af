//! Connections and their templates in `/v3`. Every agent may know what it could answer over.

use axum::Json;
use axum::extract::{Path, State};
use runtime::clock;
use runtime::dialects::v3::shapes::{ConnectionDetails, ConnectionShape, Page, TemplateShape};
use runtime::dialects::v3::{Problems, Refused};
use runtime::identity::Caller;
use storage::Storage;

use crate::connections::connection;

/// The connections of the organization.
#[utoipa::path(get, operation_id = "list_connections", path = "/v3/connections", tag = "connections",
    responses((status = 200, description = "All connections", body = Page<ConnectionShape>), Problems))]
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
) -> Result<Json<Page<ConnectionShape>>, Refused> {
    caller.agent(&storage).await?;
    let connections = storage.connections(&caller.org).await?;
    Ok(Json(Page { data: connections.iter().map(ConnectionShape::from).collect(), next_cursor: None }))
}

/// A connection, and how it is doing.
#[utoipa::path(get, operation_id = "read_connection", path = "/v3/connections/{id}", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, description = "The connection", body = ConnectionDetails), Problems))]
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ConnectionDetails>, Refused> {
    let connection = connection(&storage, &caller, &id).await?;
    let line = storage.line(&caller.org, &connection.id).await?;
    Ok(Json(ConnectionDetails::of(&connection, line, clock::now())))
}

/// All templates of a connection as its provider told them last, those that cannot be sent among them.
#[utoipa::path(get, operation_id = "list_templates", path = "/v3/connections/{id}/templates", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, description = "The templates", body = Page<TemplateShape>), Problems))]
pub(crate) async fn templates(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<TemplateShape>>, Refused> {
    let connection = connection(&storage, &caller, &id).await?;
    let known = match connection.provider.template_account() {
        Some(account) => storage.templates(&caller.org, account).await?,
        None => Vec::new(),
    };
    Ok(Json(Page { data: known.iter().map(TemplateShape::from).collect(), next_cursor: None }))
}
