//! A request's JSON body, refused in the dialect of its path.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use serde_json::Value;

use crate::{Problem, dialects};

/// The body as JSON, whatever its content type says; `Null` for none.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let path = request.uri().path().to_owned();
        let refused = |reason: String| dialects::render(&path, Problem::InvalidInput { field: "body", reason });
        let bytes = Bytes::from_request(request, state).await.map_err(|error| refused(error.to_string()))?;
        read(&bytes).map(Self).map_err(|error| refused(format!("the body is not valid JSON: {error}")))
    }
}

fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    if bytes.trim_ascii().is_empty() { Ok(Value::Null) } else { serde_json::from_slice(bytes) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_absent_body_is_null_and_a_broken_one_an_error() {
        assert_eq!(read(b" \n").unwrap(), Value::Null);
        assert_eq!(read(br#"{"a":1}"#).unwrap(), json!({"a": 1}));
        assert!(read(br#"{"a":1"#).is_err());
    }
}
