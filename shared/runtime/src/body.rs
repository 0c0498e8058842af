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

/// A member's text under the first of its names that has one. Numbers count as their digits: other systems number agents.
pub fn word(body: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match body.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    if bytes.trim_ascii().is_empty() { Ok(Value::Null) } else { serde_json::from_slice(bytes) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_is_found_under_any_of_its_names_and_may_be_a_number() {
        let check = |body: Value, expected: Option<&str>| {
            assert_eq!(word(&body, &["agentId", "agent_id"]).as_deref(), expected, "{body}");
        };
        check(json!({"agent_id": 5}), Some("5"));
        check(json!({"agentId": " ana "}), Some("ana"));
        check(json!({"agentId": "", "agent_id": "ana"}), Some("ana"));
        check(json!({"agentId": null}), None);
        check(json!([]), None);
    }

    #[test]
    fn an_absent_body_is_null_and_a_broken_one_an_error() {
        assert_eq!(read(b" \n").unwrap(), Value::Null);
        assert_eq!(read(br#"{"a":1}"#).unwrap(), json!({"a": 1}));
        assert!(read(br#"{"a":1"#).is_err());
    }
}
