//! What a message sets off: the route that it names, the function behind it, and what goes back to the client.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>.

use std::borrow::Cow;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Sockets,
    connection::Client,
    event::Events,
    ids::unique,
    integration::{self, Failure},
};
use crate::clock;

impl Sockets {
    /// What the client gets for its message; `None` for nothing, as for every route without a route response.
    pub(super) async fn answer(&self, client: &Client, text: &str) -> Option<Message> {
        let request_id = unique();
        let failed = |message: &str| {
            let id = &client.connection_id;
            Some(Message::text(json!({ "message": message, "connectionId": id, "requestId": request_id }).to_string()))
        };
        let named = named_route(&self.api.selection, text).filter(|key| self.api.routes.contains_key(key.as_ref()));
        let key = named.as_deref().unwrap_or("$default");
        let Some(route) = self.route(key) else { return failed("Forbidden") };
        if !self.admits(key) {
            return failed("Too Many Requests");
        }
        let events = Events { api: &self.api, domain: &self.domain, now: clock::now() };
        let event = events.message(client, key, text, &request_id);
        match integration::invoke(&self.lambda, route, &event).await {
            Ok(answer) => answer.body.filter(|_| route.answers),
            Err(Failure::TimedOut) => failed("Endpoint request timed out"),
            Err(Failure::Function | Failure::Unavailable) => failed("Internal server error"),
        }
    }
}

/// The route key that a message says, where it is JSON and has one. The keys that API Gateway keeps for itself cannot be
/// said.
fn named_route<'a>(selection: &[String], text: &'a str) -> Option<Cow<'a, str>> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    for member in selection {
        value = value.get_mut(member)?.take();
    }
    let key = match value {
        Value::String(key) => key,
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!key.starts_with('$')).then_some(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_that_the_api_names_is_the_route() {
        let one = ["action".to_owned()];
        let two = ["detail".to_owned(), "kind".to_owned()];
        for (selection, text, expected) in [
            (&one[..], r#"{"action":"say","x":1}"#, Some("say")),
            (&one, r#"{"action":7}"#, Some("7")),
            (&one, r#"{"action":true}"#, Some("true")),
            (&one, r#"{"action":null}"#, None),
            (&one, r#"{"action":{"a":1}}"#, None),
            (&one, r#"{"Action":"say"}"#, None),
            (&one, r#""say""#, None),
            (&one, "say", None),
            (&one, "", None),
            (&one, r#"{"action":"$connect"}"#, None),
            (&one, r#"{"action":"$default"}"#, None),
            (&two, r#"{"detail":{"kind":"ask"}}"#, Some("ask")),
            (&two, r#"{"detail":"ask"}"#, None),
        ] {
            assert_eq!(named_route(selection, text).as_deref(), expected, "{text}");
        }
    }
}
