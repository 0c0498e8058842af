//! The Lambda Runtime API (2018-06-01): each process has one of its own, as each sandbox has on AWS, because runtimes know a
//! host and a port and nothing that would tell processes apart.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    FunctionSpec, InvokeError, RESPONSE_LIMIT_BYTES,
    listener::OwnUsers,
    process::{Process, lock},
};
use crate::clock;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::{Listener as _, ListenerExt as _},
};
use serde::Deserialize;
use serde_json::json;

/// The processes that run.
#[derive(Default)]
pub(super) struct RuntimeApi(Mutex<Vec<Arc<Process>>>);

impl RuntimeApi {
    /// Starts a process of the function with a Runtime API for it alone, and forgets both when it ends.
    pub(super) fn spawn(self: &Arc<Self>, spec: &Arc<FunctionSpec>) -> std::io::Result<Arc<Process>> {
        let listener = OwnUsers::bind()?;
        let process = Process::spawn(spec, &listener.local_addr()?.to_string())?;
        lock(&self.0).push(Arc::clone(&process));
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(axum::middleware::from_fn(no_page))
            .with_state(Arc::clone(&process));
        let listener = listener.tap_io(|connection| {
            // Only a delay is lost when the system refuses.
            let _ = connection.set_nodelay(true);
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let (runtime, ended) = (Arc::clone(self), Arc::clone(&process));
        tokio::spawn(async move {
            ended.ended().await;
            serving.abort();
            lock(&runtime.0).retain(|process| !Arc::ptr_eq(process, &ended));
        });
        Ok(process)
    }

    pub(super) fn processes_of(&self, function: &str) -> Vec<Arc<Process>> {
        let mut processes: Vec<_> =
            lock(&self.0).iter().filter(|process| process.spec.name == function).cloned().collect();
        processes.sort_by_key(|process| process.pid);
        processes
    }

    /// SIGTERM to every process, and SIGKILL to those that are still there after `patience`.
    pub(super) async fn end_all(&self, patience: Duration) {
        let processes = lock(&self.0).clone();
        futures_util::future::join_all(processes.iter().map(async |process| {
            process.terminate();
            if tokio::time::timeout(patience, process.ended()).await.is_err() {
                process.kill().await;
            }
        }))
        .await;
    }
}

/// A page of a browser names where it is from, or another host: no runtime does either.
async fn no_page(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let headers = request.headers();
    let is_page =
        ["origin", "referer", "sec-fetch-site", "sec-fetch-mode"].iter().any(|name| headers.contains_key(*name));
    if is_page || !crate::door::names_this_machine(headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

type Caller = State<Arc<Process>>;

async fn next(State(process): Caller) -> Result<Response, Refusal> {
    let Some(invocation) = process.next().await else {
        return Err(Refusal::Stopped);
    };
    let now = clock::now();
    let timeout_ms = i64::try_from(process.spec.timeout.as_millis()).unwrap_or(i64::MAX);
    let deadline_ms = now.as_millisecond().saturating_add(timeout_ms);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", process.spec.arn()),
        ("lambda-runtime-trace-id", invocation.trace_id),
    ];
    let mut response = (headers, invocation.payload).into_response();
    // The caller's JSON; one that no header can hold was refused at the door.
    let context = invocation.client_context.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(context)) = context {
        response.headers_mut().insert("lambda-runtime-client-context", context);
    }
    Ok(response)
}

async fn response(State(process): Caller, Path(request_id): Path<String>, body: Body) -> Result<Response, Refusal> {
    let result = axum::body::to_bytes(body, RESPONSE_LIMIT_BYTES).await;
    let too_large = result.is_err();
    let accepted = process.complete(
        &request_id,
        result.map_err(|_| InvokeError::Unhandled {
            error_type: "Function.ResponseSizeTooLarge".to_owned(),
            message: format!(
                "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
            ),
            posted: None,
        }),
    );
    match (accepted, too_large) {
        (false, _) => Err(Refusal::InvalidRequestId),
        (true, true) => Err(Refusal::TooLarge),
        (true, false) => Ok(accept()),
    }
}

/// What `lambda_runtime` posts about an error of the handler or of the start.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Diagnostic {
    error_type: String,
    error_message: String,
}

impl Diagnostic {
    fn read(headers: &HeaderMap, body: &Bytes) -> Self {
        let mut diagnostic: Self = serde_json::from_slice(body).unwrap_or_default();
        if diagnostic.error_type.is_empty() {
            let header = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
            header.unwrap_or("Unhandled").clone_into(&mut diagnostic.error_type);
        }
        diagnostic
    }
}

async fn error(
    State(process): Caller,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Diagnostic { error_type, error_message: message } = Diagnostic::read(&headers, &body);
    let is_object = serde_json::from_slice::<serde_json::Map<_, _>>(&body).is_ok();
    let posted = is_object.then_some(body);
    if process.complete(&request_id, Err(InvokeError::Unhandled { error_type, message, posted })) {
        Ok(accept())
    } else {
        Err(Refusal::InvalidRequestId)
    }
}

async fn init_error(State(process): Caller, headers: HeaderMap, body: Bytes) -> Response {
    let Diagnostic { error_type, error_message } = Diagnostic::read(&headers, &body);
    process.note_init_error(format!("{error_type}: {error_message}"));
    // Its start has failed by its own word; the process need not end by itself.
    tokio::spawn(async move { process.kill().await });
    accept()
}

fn accept() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

/// What the Runtime API does not accept.
enum Refusal {
    InvalidRequestId,
    TooLarge,
    Stopped,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let too_large = format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).");
        let (status, error_type, message) = match self {
            Self::InvalidRequestId => (StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", too_large.as_str()),
            Self::Stopped => (StatusCode::GONE, "Stopped", "the host needs this process no longer"),
        };
        (status, Json(json!({ "errorType": error_type, "errorMessage": message }))).into_response()
    }
}
