//! The Lambda Runtime API (2018-06-01), one listener for all processes; the first path segment names the process.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    FunctionSpec, InvokeError, RESPONSE_LIMIT_BYTES,
    process::{Process, lock},
};
use crate::clock;

/// The listener and the processes that may use it.
pub(super) struct RuntimeApi {
    address: String,
    processes: Mutex<HashMap<String, Arc<Process>>>,
}

impl RuntimeApi {
    pub(super) async fn start() -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let runtime = Arc::new(Self { address, processes: Mutex::default() });
        let router = Router::new()
            .route("/{process}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{process}/2018-06-01/runtime/invocation/{request}/response", post(response))
            .route("/{process}/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/{process}/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&runtime));
        let listener = listener.tap_io(|connection| {
            // Only a delay is lost when the system refuses.
            let _ = connection.set_nodelay(true);
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(runtime)
    }

    /// Starts a process of the function and forgets it when it ends.
    pub(super) fn spawn(self: &Arc<Self>, spec: &Arc<FunctionSpec>) -> std::io::Result<Arc<Process>> {
        let id = format!("{:016x}", fastrand::u64(..));
        // Held until the process is listed: it must find itself here when it asks for work.
        let mut processes = lock(&self.processes);
        let process = Process::spawn(spec, &format!("http://{}/{id}", self.address))?;
        processes.insert(id.clone(), Arc::clone(&process));
        let (runtime, ended) = (Arc::clone(self), Arc::clone(&process));
        tokio::spawn(async move {
            ended.ended().await;
            lock(&runtime.processes).remove(&id);
        });
        Ok(process)
    }

    pub(super) fn processes_of(&self, function: &str) -> Vec<Arc<Process>> {
        let mut processes: Vec<_> =
            lock(&self.processes).values().filter(|process| process.spec.name == function).cloned().collect();
        processes.sort_by_key(|process| process.pid);
        processes
    }

    /// SIGTERM to every process, and SIGKILL to those that are still there after `patience`.
    pub(super) async fn end_all(&self, patience: Duration) {
        let processes: Vec<_> = lock(&self.processes).values().cloned().collect();
        futures_util::future::join_all(processes.iter().map(async |process| {
            process.terminate();
            if tokio::time::timeout(patience, process.ended()).await.is_err() {
                process.kill().await;
            }
        }))
        .await;
    }

    fn process(&self, id: &str) -> Result<Arc<Process>, Refusal> {
        lock(&self.processes).get(id).cloned().ok_or(Refusal::UnknownProcess)
    }
}

type Runtime = State<Arc<RuntimeApi>>;

async fn next(State(runtime): Runtime, Path(id): Path<String>) -> Result<Response, Refusal> {
    let process = runtime.process(&id)?;
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

async fn response(
    State(runtime): Runtime,
    Path((id, request_id)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Refusal> {
    let process = runtime.process(&id)?;
    let result = axum::body::to_bytes(body, RESPONSE_LIMIT_BYTES).await;
    let too_large = result.is_err();
    let accepted = process.complete(
        &request_id,
        result.map_err(|_| InvokeError::Unhandled {
            error_type: "Function.ResponseSizeTooLarge".to_owned(),
            message: format!(
                "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
            ),
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
    State(runtime): Runtime,
    Path((id, request_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Diagnostic { error_type, error_message: message } = Diagnostic::read(&headers, &body);
    if runtime.process(&id)?.complete(&request_id, Err(InvokeError::Unhandled { error_type, message })) {
        Ok(accept())
    } else {
        Err(Refusal::InvalidRequestId)
    }
}

async fn init_error(
    State(runtime): Runtime,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Diagnostic { error_type, error_message } = Diagnostic::read(&headers, &body);
    let process = runtime.process(&id)?;
    process.note_init_error(format!("{error_type}: {error_message}"));
    // Its start has failed by its own word; the process need not end by itself.
    tokio::spawn(async move { process.kill().await });
    Ok(accept())
}

fn accept() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

/// What the Runtime API does not accept.
enum Refusal {
    UnknownProcess,
    InvalidRequestId,
    TooLarge,
    Stopped,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let too_large = format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).");
        let (status, error_type, message) = match self {
            Self::UnknownProcess => (StatusCode::FORBIDDEN, "UnknownProcess", "the host did not start this process"),
            Self::InvalidRequestId => (StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", too_large.as_str()),
            Self::Stopped => (StatusCode::GONE, "Stopped", "the host needs this process no longer"),
        };
        (status, Json(json!({ "errorType": error_type, "errorMessage": message }))).into_response()
    }
}
