//! The description of `/v3`, as it is committed: served as it lies there. A test makes it anew and compares.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use runtime::dialects::v3::GatewayMessage;
use runtime::identity::Caller;
use utoipa::OpenApi;

use super::{
    answers, batch, commands, connections, contact_people, contacts, conversations, create, edit, history, list, marks,
    media, notes, one, pairs, settings, uploads,
};

/// What this function adds to the description.
#[derive(OpenApi)]
#[openapi(paths(
    serve,
    list::statistics,
    settings::read,
    settings::edit,
    list::list,
    create::create,
    batch::batch,
    one::read,
    edit::edit,
    history::history,
    conversations::of_ticket,
    answers::answer,
    notes::list,
    notes::add,
    pairs::merge,
    pairs::unmerge,
    pairs::relate,
    pairs::unrelate,
    commands::start,
    commands::wait,
    commands::resolve,
    commands::close,
    commands::cancel,
    commands::reopen,
    commands::escalate,
    commands::prioritize,
    conversations::one,
    conversations::messages,
    marks::read,
    marks::typing,
    conversations::message,
    media::link,
    media::retry,
    uploads::create,
    connections::list,
    connections::one,
    connections::templates,
    contacts::find,
    contacts::one,
    contact_people::edit,
    contact_people::merge,
    contact_people::unmerge,
    contact_people::split,
))]
#[derive(Debug)]
pub struct Api;

/// This description.
#[utoipa::path(get, operation_id = "read_description", path = "/v3/openapi.json", tag = "about",
    responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = 401, description = "No token, or none that is good.", body = GatewayMessage)))]
pub(crate) async fn serve(_: Caller) -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("../../../../docs/openapi.json")).into_response()
}
