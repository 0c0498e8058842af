//! Errors in the Graph API's shape: the code is what clients go by.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// An error of the Graph API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) details: String,
}

impl GraphError {
    pub(super) fn token(details: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code: 190, details: details.to_owned() }
    }

    /// 100, or one of the 131000s and 132000s, for what is wrong with the request.
    pub(super) fn parameter(code: u32, details: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, details }
    }

    /// Any code under any status, in Meta's words.
    pub(super) fn any(status: u16, code: u32) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code, details: title(code).to_owned() }
    }
}

/// Meta's words for a code.
pub(super) fn title(code: u32) -> &'static str {
    match code {
        100 => "Invalid parameter",
        190 => "Invalid OAuth access token",
        130_429 => "Rate limit hit",
        131_000 => "Something went wrong",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_051 => "Message type unknown",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_012 => "Parameter format does not match format in the created template",
        132_015 => "Template is Paused",
        132_016 => "Template is Disabled",
        _ => "An error",
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let body = json!({ "error": {
            "message": format!("(#{}) {}", self.code, title(self.code)),
            "type": "OAuthException",
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.details },
            "fbtrace_id": ulid::Ulid::generate().to_string(),
        } });
        (self.status, Json(body)).into_response()
    }
}
