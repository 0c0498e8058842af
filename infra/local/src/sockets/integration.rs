//! A function behind a route: `AWS_PROXY`, as for REST APIs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-integrations.html>.

use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    lambda::{InvokeError, Lambda},
    template::SocketRoute,
};

/// What a function returned.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Map<String, Value>,
    /// For the client, where the route answers; `None` for an empty one.
    pub(super) body: Option<Message>,
}

impl Answer {
    /// A header by its name, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. The log has the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The function ran and failed, or returned what is not an answer.
    Function,
    /// The integration's time is over.
    TimedOut,
    /// No function has run.
    Unavailable,
}

pub(super) async fn invoke(lambda: &Lambda, route: &SocketRoute, event: &Value) -> Result<Answer, Failure> {
    let function = route.function.as_str();
    let invocation = lambda.invoke(function, Bytes::from(event.to_string()));
    match tokio::time::timeout(route.timeout, invocation).await {
        Ok(Ok(payload)) => answer(&payload).map_err(|reason| {
            tracing::error!(function, reason, "the function's response is not {{\"statusCode\": …}}");
            Failure::Function
        }),
        Ok(Err(error)) => {
            tracing::error!(function, %error, "the function failed");
            Err(match error {
                InvokeError::Throttled(_)
                | InvokeError::Stopping
                | InvokeError::UnknownFunction(_)
                | InvokeError::PayloadTooLarge(_) => Failure::Unavailable,
                InvokeError::Unhandled { .. }
                | InvokeError::TimedOut(_)
                | InvokeError::Crashed(_)
                | InvokeError::InitFailed { .. } => Failure::Function,
            })
        }
        Err(_) => Err(Failure::TimedOut),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Returned {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Errors: what is wrong with the function's return value.
fn answer(payload: &[u8]) -> Result<Answer, String> {
    let returned: Returned = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let body = returned.body.filter(|body| !body.is_empty());
    let body = match body {
        Some(text) if returned.is_base64_encoded.unwrap_or_default() => {
            Some(Message::binary(STANDARD.decode(text).map_err(|error| error.to_string())?))
        }
        body => body.map(Message::text),
    };
    Ok(Answer { status: returned.status_code, headers: returned.headers.unwrap_or_default(), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_a_status_is_an_answer() {
        for (payload, status) in [
            (r#"{"statusCode":200}"#, Some(200)),
            (r#"{"statusCode":403,"body":null,"headers":null}"#, Some(403)),
            ("null", None),
            (r#""ok""#, None),
            (r#"{"body":"hello"}"#, None),
            (r#"{"statusCode":"many"}"#, None),
            (r#"{"statusCode":200,"body":"~","isBase64Encoded":true}"#, None),
        ] {
            assert_eq!(answer(payload.as_bytes()).ok().map(|answer| answer.status), status, "{payload}");
        }
    }

    #[test]
    fn the_body_is_text_unless_it_is_encoded_and_headers_have_any_case() {
        let text = answer(br#"{"statusCode":200,"body":"hello","headers":{"sec-websocket-PROTOCOL":"a"}}"#).unwrap();
        assert_eq!(text.body, Some(Message::text("hello")));
        assert_eq!(text.header("Sec-WebSocket-Protocol"), Some("a"));
        let bytes = answer(br#"{"statusCode":200,"body":"aGVsbG8=","isBase64Encoded":true}"#).unwrap();
        assert_eq!(bytes.body, Some(Message::binary(b"hello".to_vec())));
        assert_eq!(answer(br#"{"statusCode":200,"body":""}"#).unwrap().body, None);
    }
}
