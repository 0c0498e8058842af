//! Lambda Invoke: `POST /2015-03-31/functions/{name}/invocations`, synchronous or as an event.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>. `LogType` is refused: the host writes the logs
//! of all functions to its standard output and keeps none by invocation.

use std::sync::Arc;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::actions::function_arn;
use super::caller::Caller;
use crate::asynchronous;
use crate::lambda::{Invocation, InvokeError, Lambda, PAYLOAD_LIMIT_BYTES};
use crate::template::Function;

/// The most that Lambda accepts as the payload of an event.
const EVENT_LIMIT_BYTES: usize = 1024 * 1024;
/// The most that it accepts as a client context, before it is decoded.
const CONTEXT_LIMIT_BYTES: usize = 3583;
/// The one version that there is.
const LATEST: &str = "$LATEST";

/// The function of a path segment and of a query, by every name that a caller may use: name, ARN or a part of it, each
/// with or without `:$LATEST`, and this host's own: logical id, folder.
pub(super) fn resolve<'a>(functions: &'a [Function], wanted: &str, query: Option<&str>) -> Option<&'a Function> {
    let wanted = percent_encoding::percent_decode_str(wanted).decode_utf8().ok()?;
    let mut qualifiers = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if qualifiers.any(|(name, value)| name == "Qualifier" && value != LATEST) {
        return None;
    }
    let unqualified = wanted.strip_suffix(&format!(":{LATEST}")).unwrap_or(&wanted);
    functions.iter().find(|function| {
        let arn = function_arn(&function.name);
        let parts = arn.match_indices(':').map(|(at, _)| &arn[at + 1..]);
        [&*function.logical_id, &*function.binary, &*arn].into_iter().chain(parts).any(|name| name == unqualified)
    })
}

/// Runs the function and answers as Lambda does. An event is answered at once. What the operator waits for is not hurt.
pub(super) async fn invoke(
    lambda: &Arc<Lambda>,
    caller: &Caller,
    function: &Function,
    headers: &HeaderMap,
    payload: Bytes,
) -> Response<Body> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text("x-amz-invocation-type").unwrap_or("RequestResponse");
    let limit = if kind == "Event" { EVENT_LIMIT_BYTES } else { PAYLOAD_LIMIT_BYTES };
    if payload.len() > limit {
        let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    }
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    if text("x-amz-log-type").is_some_and(|kind| kind != "None") {
        return invalid("the local host keeps no log of a single invocation: LogType is None");
    }
    let mut invocation = Invocation::of(payload);
    if let Some(trace) = text("x-amzn-trace-id") {
        trace.clone_into(&mut invocation.trace_id);
    }
    let request_id = invocation.request_id.clone();
    let response = match kind {
        "RequestResponse" => match text("x-amz-client-context").map(client_context).transpose() {
            Ok(context) => {
                let invocation = Invocation { client_context: context, ..invocation };
                let outcome = match caller {
                    Caller::Operator => lambda.run_unhurt(&function.name, invocation).await,
                    Caller::Function(_) => lambda.run(&function.name, invocation).await,
                };
                outcome.map_or_else(
                    |error| failed(function, &error, &request_id),
                    |response| answered(StatusCode::OK, None, response),
                )
            }
            Err(reason) => refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", reason),
        },
        "Event" => {
            tokio::spawn(asynchronous::run(Arc::clone(lambda), function.clone(), invocation));
            answered(StatusCode::ACCEPTED, None, Bytes::new())
        }
        "DryRun" => answered(StatusCode::NO_CONTENT, None, Bytes::new()),
        other => invalid(&format!("{other} is not an invocation type")),
    };
    with_header(response, "x-amzn-requestid", &request_id)
}

/// The caller's JSON on one line of ASCII, as it fits into a header of the Runtime API.
fn client_context(encoded: &str) -> Result<String, &'static str> {
    const REASON: &str = "Client context must be a valid Base64-encoded JSON object.";
    if encoded.len() > CONTEXT_LIMIT_BYTES {
        return Err("Client context must be no more than 3583 bytes when base64-encoded.");
    }
    let json = STANDARD.decode(encoded).map_err(|_| REASON)?;
    let object: serde_json::Map<String, Value> = serde_json::from_slice(&json).map_err(|_| REASON)?;
    let mut ascii = String::new();
    let mut units = [0; 2];
    for c in Value::Object(object).to_string().chars() {
        match c {
            ' '..='~' => ascii.push(c),
            _ => ascii.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    Ok(ascii)
}

fn failed(function: &Function, error: &InvokeError, request_id: &str) -> Response<Body> {
    if let Some(body) = error.function_error(request_id) {
        return answered(StatusCode::OK, Some("Unhandled"), body);
    }
    match error {
        InvokeError::Throttled(_) => {
            let reserved = "ReservedFunctionConcurrentInvocationLimitExceeded";
            let reason =
                if function.reserved_concurrency.is_some() { reserved } else { "ConcurrentInvocationLimitExceeded" };
            let body = json!({ "Type": "User", "Reason": reason, "message": "Rate Exceeded." });
            with_error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", &body)
        }
        InvokeError::UnknownFunction(_) => not_found(&function.name),
        other => with_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            &json!({ "Type": "Service", "message": other.to_string() }),
        ),
    }
}

/// There is no such function.
pub(super) fn not_found(name: &str) -> Response<Body> {
    let message = format!("Function not found: {}", function_arn(name));
    refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message)
}

/// A caller that may not.
pub(super) fn denied(message: &str) -> Response<Body> {
    refused(StatusCode::FORBIDDEN, "AccessDeniedException", message)
}

fn invalid(message: &str) -> Response<Body> {
    refused(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
}

fn refused(status: StatusCode, code: &'static str, message: &str) -> Response<Body> {
    with_error(status, code, &json!({ "Type": "User", "message": message }))
}

fn with_error(status: StatusCode, code: &'static str, body: &Value) -> Response<Body> {
    let mut response = json_response(status, body.to_string().into());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
    response
}

fn answered(status: StatusCode, function_error: Option<&'static str>, body: Bytes) -> Response<Body> {
    let mut response = json_response(status, body);
    let headers = response.headers_mut();
    headers.insert("x-amz-executed-version", HeaderValue::from_static(LATEST));
    if let Some(kind) = function_error {
        headers.insert("x-amz-function-error", HeaderValue::from_static(kind));
    }
    response
}

fn json_response(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with_header(mut response: Response<Body>, name: &'static str, value: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests;
