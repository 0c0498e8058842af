//! Lambda Invoke: `POST /2015-03-31/functions/{name}/invocations`, synchronous or as an event.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Bytes;

use super::answer;
use super::caller::Caller;
use crate::asynchronous;
use crate::lambda::{InvokeError, Lambda};
use crate::template::Function;

/// The functions by every name that a caller may use: name, ARN, logical id, folder.
pub(super) fn resolve<'a>(functions: &'a [Function], wanted: &str) -> Option<&'a Function> {
    let wanted = wanted.rsplit(':').next().unwrap_or(wanted);
    functions
        .iter()
        .find(|function| [&function.name, &function.logical_id, &function.binary].contains(&&wanted.to_owned()))
}

/// Runs the function and answers as Lambda does. An event is answered at once. What the operator waits for is not hurt.
pub(super) async fn invoke(
    lambda: &Arc<Lambda>,
    caller: &Caller,
    function: &Function,
    headers: &HeaderMap,
    payload: Bytes,
) -> Response<Body> {
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or("RequestResponse") {
        "RequestResponse" => {
            let ran = match caller {
                Caller::Operator => lambda.invoke_unhurt(&function.name, payload).await,
                Caller::Function(_) => lambda.invoke(&function.name, payload).await,
            };
            ran.map_or_else(|error| failed(&error), |response| answered(StatusCode::OK, None, response))
        }
        "Event" => {
            let (name, retries) = (function.name.clone(), function.asynchronous_retries);
            tokio::spawn(asynchronous::run(Arc::clone(lambda), name, payload, retries));
            answered(StatusCode::ACCEPTED, None, Bytes::new())
        }
        "DryRun" => answered(StatusCode::NO_CONTENT, None, Bytes::new()),
        other => answer::error(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            &format!("{other} is not an invocation type"),
        ),
    }
}

fn failed(error: &InvokeError) -> Response<Body> {
    if let Some(body) = error.function_error() {
        return answered(StatusCode::OK, Some("Unhandled"), body);
    }
    let (status, code) = match error {
        InvokeError::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        InvokeError::PayloadTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
        InvokeError::UnknownFunction(_) => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        InvokeError::Unhandled { .. }
        | InvokeError::TimedOut(_)
        | InvokeError::Crashed(_)
        | InvokeError::InitFailed { .. }
        | InvokeError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "ServiceException"),
    };
    answer::error(status, code, &error.to_string())
}

fn answered(status: StatusCode, function_error: Option<&'static str>, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", http::HeaderValue::from_static("$LATEST"));
    if let Some(kind) = function_error {
        headers.insert("x-amz-function-error", http::HeaderValue::from_static(kind));
    }
    response
}
