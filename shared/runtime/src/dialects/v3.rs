//! The native API, `/v3`: `snake_case`, problems as RFC 9457 has them, one shape for a ticket wherever it is shown.
//!
//! Its description (`docs/openapi.json`) is made from the types and attributes here and at the handlers; a test compares.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use storage::{Answer, Storage};

use super::TicketView;
use crate::requested::Requested;
use crate::{Problem, desk};

mod failures;
mod parameters;
mod problem;
pub mod requests;
pub mod shapes;

pub use failures::Failures;
pub use parameters::Parameters;
pub use problem::{GatewayMessage, KeyProblems, ProblemBody, Problems};

/// A problem, told as RFC 9457 has it.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub problem: Problem,
    /// The field that is wrong, where its name is the caller's and not ours.
    pub field: Option<String>,
    /// The version of the ticket that stood in the way.
    pub version: Option<u64>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, field: None, version: None }
    }
}

impl From<desk::Refused> for Refused {
    fn from(refused: desk::Refused) -> Self {
        Self { problem: refused.problem, field: None, version: refused.version }
    }
}

impl From<storage::Error> for Refused {
    fn from(error: storage::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<storage::ChangeError> for Refused {
    fn from(error: storage::ChangeError) -> Self {
        Problem::from(error).into()
    }
}

impl Refused {
    /// A field of the request is wrong.
    pub fn field(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let problem = Problem::InvalidInput { field: "", reason: reason.into() };
        Self { problem, field: Some(name.into()), version: None }
    }

    fn status(&self) -> StatusCode {
        match &self.problem {
            // A body that cannot be read at all, and a header that means nothing, are bad requests; anything read is unprocessable.
            Problem::InvalidInput { field: "body" | "If-Match" | "Idempotency-Key", .. } => StatusCode::BAD_REQUEST,
            Problem::InvalidInput { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            problem => problem.status(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": self.problem.to_string(),
        });
        let version = match &self.problem {
            Problem::VersionMismatch { current } => Some(*current),
            _ => self.version,
        };
        if let Some(version) = version {
            body["current_version"] = version.into();
        }
        if let Some(field) = self.field {
            body["field"] = field.into();
        }
        let mut response = super::refusal(&self.problem, status, body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Reads a body. Fields that it does not know are refused, as is anything of the wrong type. Errors name the field.
pub fn parse<T: DeserializeOwned>(body: Value) -> Result<T, Refused> {
    let body = if body.is_null() { json!({}) } else { body };
    if !body.is_object() {
        return Err(Problem::InvalidInput { field: "body", reason: "the body must be a JSON object".to_owned() }.into());
    }
    serde_path_to_error::deserialize(body).map_err(|error| {
        let (path, reason) = (error.path().to_string(), error.inner().to_string());
        // Serde names an unknown or missing field in its sentence, between backticks.
        let named = ["unknown field", "missing field", "duplicate field"].iter().any(|start| reason.starts_with(start));
        let name = reason.split('`').nth(1).filter(|_| named);
        match (name, path.as_str()) {
            (Some(name), _) => Refused::field(name, reason.clone()),
            (None, ".") => Refused::field("body", reason),
            (None, path) => Refused::field(path, format!("{path}: {reason}")),
        }
    })
}

/// Reads the body of a request about a ticket. A ticket that the caller may not see is told before anything about the body.
pub async fn parse_for<T: DeserializeOwned>(storage: &Storage, request: &Requested, id: &str) -> Result<T, Refused> {
    match parse(request.body.clone()) {
        Ok(body) => Ok(body),
        Err(refused) => {
            desk::visible(storage, &request.caller, id).await?;
            Err(refused)
        }
    }
}

/// Reads a query. Parameters that it does not know are refused. Errors name the parameter.
pub fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refused> {
    axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(query)| query).map_err(|error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        let name = reason.split('`').nth(1).unwrap_or("query").to_owned();
        Refused::field(name, reason)
    })
}

/// The longest reason or resolution, in characters.
const LONGEST_WORDS: usize = 2000;

/// What somebody said of a command, trimmed; nothing for nothing. Errors name the field.
pub fn bounded(field: &'static str, words: Option<String>) -> Result<Option<String>, Refused> {
    let words = words.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
    if words.as_ref().is_some_and(|words| words.chars().count() > LONGEST_WORDS) {
        return Err(Refused::field(field, format!("{field} must have at most {LONGEST_WORDS} characters")));
    }
    Ok(words)
}

/// A ticket as it is answered.
pub fn answer(status: u16, view: &TicketView) -> Answer {
    let body = serde_json::to_string(&shapes::Ticket::from(view)).unwrap_or_default();
    Answer { status, body, version: Some(view.ticket.version) }
}

#[cfg(test)]
mod tests {
    use super::requests::Prioritize;
    use super::*;

    #[test]
    fn a_bad_body_is_refused_with_the_name_of_its_field() {
        let check = |body: Value, field: Option<&str>| {
            let refused = parse::<Prioritize>(body.clone()).unwrap_err();
            assert_eq!(refused.field.as_deref(), field, "{body}");
        };
        check(json!({}), Some("priority"));
        check(json!({"priority": "urgent", "urgency": 1}), Some("urgency"));
        check(json!({"priority": "now"}), Some("priority"));
        check(json!({"priority": 5}), Some("priority"));
        check(json!({"priority": "low", "reason": 5}), Some("reason"));
        check(json!([]), None);
        assert!(parse::<Prioritize>(json!({"priority": "low"})).is_ok());
    }
}
