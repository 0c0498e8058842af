//! Answers in AWS's JSON protocols.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;
use serde_json::{Value, json};

const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// A result.
pub(super) fn ok(body: &Value) -> Response<Body> {
    with_body(StatusCode::OK, AMZ_JSON, body.to_string().into())
}

/// An error by its code. The header is where REST protocols look, `__type` where the JSON protocols do.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message });
    let mut response = with_body(status, AMZ_JSON, body.to_string().into());
    if let Ok(code) = HeaderValue::from_str(code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// An answer of one of the engines.
pub(super) fn with_body(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
