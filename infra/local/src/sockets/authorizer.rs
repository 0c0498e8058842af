//! The Lambda authorizer of `$connect`: who may connect, and as whom.
//!
//! Results are not kept: API Gateway keeps them for HTTP and REST APIs alone.
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html>.

use std::time::Duration;

use axum::{body::Bytes, http::request::Parts};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    aws::permissions::{Call, Role},
    lambda::{InvokeError, Lambda},
    template::{Effect, IdentitySource, RequestAuthorizer, Statement},
};

/// API Gateway's limit of an authorizer's result.
const RESULT_LIMIT_BYTES: usize = 8 * 1024;
/// How long a client waits for it at most, as for an integration.
const TIME_LIMIT: Duration = Duration::from_secs(29);

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It does not say who it is, or the function threw "Unauthorized".
    Unauthorized,
    /// The policy does not allow it, or denies it.
    Denied,
    /// The function failed, or said what cannot be understood.
    Failed,
}

/// Whether the request says who it is in each of the places.
pub(super) fn identified(authorizer: &RequestAuthorizer, request: &Parts) -> bool {
    let query = request.uri.query().unwrap_or_default();
    authorizer.identity.iter().all(|source| match source {
        IdentitySource::Header(name) => request.headers.get(name).is_some_and(|value| !value.is_empty()),
        IdentitySource::Query(name) => {
            form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == *name && !value.is_empty())
        }
    })
}

/// Asks the function about `method_arn`. What it says of the client is what later events have as `authorizer`.
pub(super) async fn authorize(
    lambda: &Lambda,
    authorizer: &RequestAuthorizer,
    event: &Value,
    method_arn: &str,
) -> Result<Map<String, Value>, Refusal> {
    let function = authorizer.function.as_str();
    let invocation = lambda.invoke(function, Bytes::from(event.to_string()));
    let result = match tokio::time::timeout(TIME_LIMIT, invocation).await {
        Ok(Ok(result)) => result,
        // What a function throws to say 401.
        Ok(Err(InvokeError::Unhandled { message, .. })) if message == "Unauthorized" => {
            return Err(Refusal::Unauthorized);
        }
        Ok(Err(error)) => {
            tracing::error!(function, %error, "the authorizer failed");
            return Err(Refusal::Failed);
        }
        Err(_) => {
            tracing::error!(function, "the authorizer gave no answer within {TIME_LIMIT:?}");
            return Err(Refusal::Failed);
        }
    };
    let judged = if result.len() > RESULT_LIMIT_BYTES {
        Err(format!("it has {} bytes; API Gateway takes {RESULT_LIMIT_BYTES}", result.len()))
    } else {
        judge(&result, method_arn)
    };
    match judged {
        Ok(Some(context)) => Ok(context),
        Ok(None) => Err(Refusal::Denied),
        Err(reason) => {
            tracing::error!(function, reason, "the authorizer's result is not one");
            Err(Refusal::Failed)
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: OneOrMany<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyStatement {
    sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

/// The context of a client that may connect, `None` for one that may not. Errors: what is wrong with the result.
fn judge(result: &[u8], method_arn: &str) -> Result<Option<Map<String, Value>>, String> {
    let verdict: Verdict = serde_json::from_slice(result).map_err(|error| error.to_string())?;
    let statements = verdict.policy_document.statement.into_vec().into_iter().map(|statement| Statement {
        sid: statement.sid,
        effect: statement.effect,
        actions: statement.action.into_vec(),
        resources: statement.resource.into_vec(),
        conditions: statement.condition,
    });
    let role = Role::new("the authorizer's policy", &statements.collect::<Vec<_>>())?;
    if role.check(&[Call::new("execute-api:Invoke", method_arn)]).is_err() {
        return Ok(None);
    }
    let mut context = Map::new();
    for (name, value) in verdict.context.unwrap_or_default() {
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(format!("context.{name} is neither text nor number nor boolean"));
            }
        };
        context.insert(name, text.into());
    }
    context.insert("principalId".to_owned(), verdict.principal_id.into());
    Ok(Some(context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CONNECT: &str = "arn:aws:execute-api:us-east-1:000000000000:Sockets/live/$connect";

    fn verdict(effect: &str, action: &Value, resource: &Value) -> Value {
        let statement = json!({ "Effect": effect, "Action": action, "Resource": resource });
        json!({ "principalId": "ana", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
    }

    fn judged(verdict: &Value) -> Result<Option<Map<String, Value>>, String> {
        judge(verdict.to_string().as_bytes(), CONNECT)
    }

    #[test]
    fn the_policy_decides() {
        for (effect, action, resource, expected) in [
            ("Allow", json!("execute-api:Invoke"), json!(CONNECT), true),
            ("Allow", json!(["execute-api:Invoke"]), json!(["arn:other", CONNECT]), true),
            ("Allow", json!("execute-api:*"), json!("*"), true),
            ("Allow", json!("execute-api:ManageConnections"), json!("*"), false),
            // The shape for REST APIs, with a method: a mistake that AWS answers with 403.
            (
                "Allow",
                json!("execute-api:Invoke"),
                json!("arn:aws:execute-api:us-east-1:000000000000:Sockets/live/*/*"),
                false,
            ),
            ("Deny", json!("execute-api:Invoke"), json!(CONNECT), false),
        ] {
            let verdict = verdict(effect, &action, &resource);
            assert_eq!(judged(&verdict).unwrap().is_some(), expected, "{verdict}");
        }
        let mut both = verdict("Allow", &json!("*"), &json!("*"));
        let deny = json!({ "Effect": "Deny", "Action": "execute-api:Invoke", "Resource": CONNECT });
        both["policyDocument"]["Statement"].as_array_mut().unwrap().push(deny);
        assert_eq!(judged(&both).unwrap(), None);
    }

    #[test]
    fn the_context_is_text_and_has_the_principal() {
        let mut verdict = verdict("Allow", &json!("*"), &json!("*"));
        verdict["context"] = json!({ "org": "demo", "level": 3, "night": true });
        let context = json!({ "org": "demo", "level": "3", "night": "true", "principalId": "ana" });
        assert_eq!(json!(judged(&verdict).unwrap().unwrap()), context);
    }

    #[test]
    fn what_is_no_verdict_is_an_error_and_lets_nobody_in() {
        let good = verdict("Allow", &json!("*"), &json!("*"));
        for (pointer, value) in [
            ("/principalId", json!(null)),
            ("/policyDocument", json!({})),
            ("/policyDocument/Statement/0/Effect", json!("allow")),
            ("/policyDocument/Statement/0/Condition", json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
            ("/context", json!({ "roles": ["a"] })),
        ] {
            let mut bad = good.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            bad.pointer_mut(parent).unwrap()[name] = value;
            assert!(judged(&bad).is_err(), "{bad}");
        }
        assert!(judge(b"null", CONNECT).is_err());
        assert!(judge(br#"{"isAuthorized":true}"#, CONNECT).is_err(), "the simple response is for HTTP APIs");
    }

    #[test]
    fn a_request_says_who_it_is_in_every_place_that_the_authorizer_names() {
        let authorizer = RequestAuthorizer {
            id: "Guard".to_owned(),
            function: "guard".to_owned(),
            identity: vec![
                IdentitySource::Query("token".to_owned()),
                IdentitySource::Header("Authorization".to_owned()),
            ],
        };
        for (path, header, expected) in [
            ("/live?token=a", Some("b"), true),
            ("/live?x=1&token=a%20b", Some("b"), true),
            ("/live?token=", Some("b"), false),
            ("/live?Token=a", Some("b"), false),
            ("/live", Some("b"), false),
            ("/live?token=a", None, false),
            ("/live?token=a", Some(""), false),
        ] {
            let mut request = axum::http::Request::get(path);
            if let Some(value) = header {
                request = request.header("authorization", value);
            }
            let (request, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(identified(&authorizer, &request), expected, "{path} {header:?}");
        }
    }
}
