//! Connections and their templates in `/v3`. Every agent may know what it could answer over.

use axum::Json;
use axum::extract::{Path, State};
use domain::connection::Connection;
use http::Uri;
use runtime::clock;
use runtime::dialects::v3::shapes::{ConnectionDetails, ConnectionShape, Page, TemplateShape};
use runtime::dialects::v3::{Problems, Refused, query};
use runtime::identity::Caller;
use storage::Storage;

use super::conversations::Parts;
use super::cursor;
use crate::connections::{connection, place};

/// The connections of the organization.
#[utoipa::path(get, operation_id = "list_connections", path = "/v3/connections", tag = "connections", params(Parts),
    responses((status = 200, description = "A part of the connections: all of them where no limit is given and they fit", body = Page<ConnectionShape>), Problems))]
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<ConnectionShape>>, Refused> {
    let parts: Parts = query(&uri)?;
    caller.agent(&storage).await?;
    let connections = storage.connections(&caller.org).await?;
    let named = |connection: &Connection| connection.id.to_string();
    let (part, next_cursor) = cursor::part(connections, &parts, "connections", named)?;
    Ok(Json(Page { data: part.iter().map(ConnectionShape::from).collect(), next_cursor }))
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
#[utoipa::path(get, operation_id = "list_templates", path = "/v3/connections/{id}/templates", tag = "connections", params(("id" = String, Path), Parts),
    responses((status = 200, description = "A part of the templates: all of them where no limit is given and they fit", body = Page<TemplateShape>), Problems))]
pub(crate) async fn templates(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<TemplateShape>>, Refused> {
    let parts: Parts = query(&uri)?;
    let connection = connection(&storage, &caller, &id).await?;
    let known = match connection.provider.template_account() {
        Some(account) => storage.templates(&caller.org, account).await?,
        None => Vec::new(),
    };
    let (part, next_cursor) = cursor::part(known, &parts, connection.id.as_str(), place)?;
    Ok(Json(Page { data: part.iter().map(TemplateShape::from).collect(), next_cursor }))
}
