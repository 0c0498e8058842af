//! `assistant`: what a model may do for the customer that it speaks with, as tool calls.
//!
//! Who calls proves itself by a service key; the customer is named by the request, never by the model. A tool call that is wrong is
//! answered with an output that says so, never with an HTTP error. Sends nothing, and gives a ticket to nobody.

mod calls;
mod mcp;
mod subject;
mod tools;
mod wire;
mod words;

use axum::Router;
use axum::routing::{any, get, post};
use storage::Storage;

pub use calls::Api;

/// The function's routes, as in `infra/template.yaml`.
pub fn router(storage: Storage) -> Router {
    Router::new()
        .route("/v3/assistant/tools", get(calls::definitions))
        .route("/v3/assistant/tool-calls", post(calls::carry_out))
        .route("/mcp/{conversation}", any(mcp::serve))
        .fallback(runtime::dialects::not_found)
        .with_state(storage)
}
