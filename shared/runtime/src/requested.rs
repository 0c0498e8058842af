//! A request that does something: who asks, the body, the key under which it is to be carried out once, and the version it is about.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use domain::once::{OnceKey, fingerprint};
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MATCH};
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use storage::{Answer, Once};

use crate::desk::{Command, Done};
use crate::dialects::TicketView;
use crate::identity::Caller;
use crate::{Problem, clock, dialects};

/// The caller's name for a request, by which a repetition is recognised.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request that does something.
#[derive(Debug)]
pub struct Requested {
    /// Who asks.
    pub caller: Caller,
    /// The body as JSON, whatever its content type says; `Null` for none.
    pub body: Value,
    /// The request, if its caller gave it a key.
    pub once: Option<Once>,
    /// The version that it must find, if the caller named one.
    pub at_version: Option<u64>,
}

impl<S: Send + Sync> FromRequest<S> for Requested {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, state).await?;
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let refused =
            |field: &'static str, reason: String| dialects::render(&path, Problem::InvalidInput { field, reason });
        let key = key(&parts.headers).map_err(|reason| refused("Idempotency-Key", reason))?;
        let at_version = version(&parts.headers).map_err(|reason| refused("If-Match", reason))?;
        let request = Request::from_parts(parts, body);
        let bytes = Bytes::from_request(request, state).await.map_err(|error| refused("body", error.to_string()))?;
        let once = key.map(|key| Once {
            agent: caller.agent.clone(),
            key,
            request: fingerprint(&method, &path, &bytes),
            now: clock::now(),
        });
        let body = if bytes.trim_ascii().is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        let body = body.map_err(|error| refused("body", format!("the body is not valid JSON: {error}")))?;
        Ok(Self { caller, body, once, at_version })
    }
}

impl Requested {
    /// As a command to the ticket of a name; nobody learns by it who holds a ticket that they do not see.
    pub fn command<'a>(&'a self, id: &'a str) -> Command<'a> {
        Command { id, at_version: self.at_version, once: self.once.as_ref(), shows_holder: false }
    }
}

/// What became of a request as HTTP carries it: made by `answer` now, or as it was told before.
pub fn done(done: Done, answer: impl Fn(&TicketView) -> Answer) -> Response {
    match done {
        Done::Before(answer) => respond(answer, true),
        Done::Now(view) => respond(answer(&view), false),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<OnceKey>, String> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    OnceKey::new(text).map(Some).map_err(|error| error.to_string())
}

/// The version in `If-Match`: `"7"`. `None` where it is absent or `*`.
fn version(headers: &HeaderMap) -> Result<Option<u64>, String> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = quoted.and_then(|digits| digits.parse().ok());
    version.map(Some).ok_or_else(|| "If-Match must be an ETag as this API gives it, such as \"7\"".to_owned())
}

/// An answer as HTTP carries it. `is_repeated` marks one that was given before.
pub fn respond(answer: Answer, is_repeated: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(tag) = answer.version.and_then(|version| HeaderValue::from_str(&etag(version)).ok()) {
        headers.insert(ETAG, tag);
    }
    if is_repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The entity tag of a version.
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        let check = |text: &str, expected: Result<Option<u64>, ()>| {
            let headers = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(version(&headers).map_err(drop), expected, "{text}");
        };
        check(&etag(7), Ok(Some(7)));
        check("*", Ok(None));
        for bad in ["7", "W/\"7\"", "\"x\"", ""] {
            check(bad, Err(()));
        }
        assert_eq!(version(&HeaderMap::new()), Ok(None));
    }
}
