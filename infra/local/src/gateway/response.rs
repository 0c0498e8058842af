//! What a function returns as an HTTP response: payload format 2.0, with its inferred form.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>, and
//! where the service does other than that page says, AWS's own emulator, which is tested against the service:
//! <https://github.com/aws/aws-lambda-dotnet/tree/master/Tools/LambdaTestTool-v2>.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A response that a function wrote out. Format 2.0 has no `multiValueHeaders`; API Gateway ignores them, and so do we.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The response for the client. Errors: what is wrong with the function's; the client gets 500.
pub(super) fn from_function(payload: &[u8]) -> Result<Response, String> {
    // Whatever is no object with a status code is the body of a success, also where it is no JSON at all.
    let Some(value) = serde_json::from_slice(payload).ok().filter(|value: &Value| value.get("statusCode").is_some())
    else {
        let mut response = Response::new(Body::from(payload.to_vec()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(response);
    };
    let structured: Structured = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let text = structured.body.unwrap_or_default();
    let body = if structured.is_base64_encoded.unwrap_or_default() {
        STANDARD.decode(&text).map_err(|error| error.to_string())?
    } else {
        text.into_bytes()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(structured.status_code).map_err(|error| error.to_string())?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    for (name, value) in structured.headers.unwrap_or_default() {
        set(headers, &name, &value)?;
    }
    for cookie in structured.cookies.unwrap_or_default() {
        headers.append(header::SET_COOKIE, cookie.parse().map_err(|_| format!("cookie {cookie:?}"))?);
    }
    Ok(response)
}

fn set(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), String> {
    let name: HeaderName = name.parse().map_err(|_| format!("header {name:?}"))?;
    // These describe the connection to the client, which is the gateway's.
    if [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(&name) {
        return Ok(());
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(format!("header {name} is not text")),
    };
    headers.insert(&name, text.parse().map_err(|_| format!("header {name} has the value {text:?}"))?);
    Ok(())
}
