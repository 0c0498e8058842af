//! How the HTTP API spells a ticket: one module a dialect, chosen by the route (requirements.md C1, C5, C6).
//!
//! A dialect renders and parses; it decides nothing. Adding one touches no other code.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use serde_json::Value;

use crate::Problem;

pub mod s0;
pub mod s1;
pub mod s4;
pub mod v3;
mod view;

pub use view::TicketView;

/// An error answer: `body` with the problem's status, its stable code and the request's id, which every dialect carries.
fn refusal(problem: &Problem, mut body: Value) -> Response {
    problem.log();
    body["code"] = problem.code().into();
    body["requestId"] = crate::invocation::request_id().into();
    if let Problem::InvalidInput { field, .. } = problem
        && body.get("field").is_none()
    {
        body["field"] = (*field).into();
    }
    if let Problem::Conflict { holder: Some(holder), .. } = problem {
        body["assignedAgent"] = holder.as_str().into();
        body["agent_id"] = holder.as_str().into();
    }
    let mut response = (problem.status(), Json(body)).into_response();
    let retry_after = match problem {
        Problem::Unavailable { .. } => Some(1),
        Problem::RateLimited { retry_after_secs, .. } => Some(*retry_after_secs),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A problem found before a handler ran, in the dialect of the request's path.
pub(crate) fn render(path: &str, problem: Problem) -> Response {
    if path.starts_with("/v3/") {
        v3::Refused::from(problem).into_response()
    } else if path.starts_with("/api/v2/") {
        s1::Refused(problem).into_response()
    } else {
        s4::Refused(problem).into_response()
    }
}

/// Makes the error type of a dialect: handlers use `?` on anything that is a `Problem`, and the dialect tells it.
macro_rules! refused {
    ($render:expr) => {
        /// A problem, told in this dialect.
        #[derive(Debug)]
        pub struct Refused(pub $crate::Problem);

        impl<T: Into<$crate::Problem>> From<T> for Refused {
            fn from(problem: T) -> Self {
                Self(problem.into())
            }
        }

        impl axum::response::IntoResponse for Refused {
            fn into_response(self) -> axum::response::Response {
                let render: fn(&$crate::Problem) -> serde_json::Value = $render;
                super::refusal(&self.0, render(&self.0))
            }
        }
    };
}
use refused;

/// The answer to an unknown route: reached only where the template and a function disagree.
#[expect(clippy::unused_async, reason = "a router's fallback is an async function")]
pub async fn not_found() -> Response {
    (http::StatusCode::NOT_FOUND, Json(serde_json::json!({"message": "Not Found"}))).into_response()
}
