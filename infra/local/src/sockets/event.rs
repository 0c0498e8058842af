//! What functions are told: the events of `$connect`, of messages, of `$disconnect` and of the authorizer.
//!
//! Shapes as AWS's own examples have them, in the crate `aws_lambda_events` and in Powertools for AWS Lambda. Source:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, header, request::Parts};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    connection::{Client, Ending},
    ids::unique,
};
use crate::template::{ACCOUNT_ID, REGION, SocketApi};

/// What every event of the API has in common.
#[derive(Clone, Copy)]
pub(super) struct Events<'a> {
    pub(super) api: &'a SocketApi,
    /// Where `@connections` answers.
    pub(super) domain: &'a str,
    pub(super) now: Timestamp,
}

/// The handshake of a client, as functions get it.
pub(super) struct Handshake<'a> {
    pub(super) parts: &'a Parts,
    pub(super) peer: SocketAddr,
}

impl Events<'_> {
    /// The ARN of `$connect`, which an authorizer's policy names.
    pub(super) fn method_arn(&self) -> String {
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{}/{}/$connect", self.api.id, self.api.stage)
    }

    /// What the authorizer gets. It sees the headers of the upgrade, which `$connect` does not.
    pub(super) fn authorize(&self, client: &Client, handshake: &Handshake<'_>, request_id: &str) -> Value {
        let headers = headers(handshake, self.now, |_| true);
        let (query, all_query) = query(handshake.parts);
        json!({
            "type": "REQUEST",
            "methodArn": self.method_arn(),
            "headers": last_of_each(&headers),
            "multiValueHeaders": headers,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": all_query,
            "stageVariables": {},
            "requestContext": self.context(client, "$connect", "CONNECT", request_id),
        })
    }

    pub(super) fn connect(&self, client: &Client, handshake: &Handshake<'_>, request_id: &str) -> Value {
        let headers = headers(handshake, self.now, |name| name != header::CONNECTION && name != header::UPGRADE);
        let mut event = json!({
            "headers": last_of_each(&headers),
            "multiValueHeaders": headers,
            "requestContext": self.context(client, "$connect", "CONNECT", request_id),
            "isBase64Encoded": false,
        });
        let (query, all_query) = query(handshake.parts);
        if !query.is_empty() {
            event["queryStringParameters"] = json!(query);
            event["multiValueQueryStringParameters"] = json!(all_query);
        }
        event
    }

    pub(super) fn message(&self, client: &Client, route_key: &str, body: &str, request_id: &str) -> Value {
        let mut context = self.context(client, route_key, "MESSAGE", request_id);
        context["messageId"] = unique().into();
        json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
    }

    pub(super) fn disconnect(&self, client: &Client, ending: &Ending) -> Value {
        let mut context = self.context(client, "$disconnect", "DISCONNECT", &unique());
        context["disconnectStatusCode"] = ending.code.into();
        context["disconnectReason"] = ending.reason.as_str().into();
        json!({
            "headers": { "Host": client.host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
            "multiValueHeaders":
                { "Host": [client.host], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
            "requestContext": context,
            "isBase64Encoded": false,
        })
    }

    fn context(&self, client: &Client, route_key: &str, event_type: &str, request_id: &str) -> Value {
        let mut identity = json!({ "sourceIp": client.source_ip });
        if let Some(user_agent) = &client.user_agent {
            identity["userAgent"] = user_agent.as_str().into();
        }
        let time = self.now.to_zoned(TimeZone::UTC);
        let mut context = json!({
            "routeKey": route_key,
            "eventType": event_type,
            "extendedRequestId": request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "messageDirection": "IN",
            "stage": self.api.stage,
            "connectedAt": client.connected_at.as_millisecond(),
            "requestTimeEpoch": self.now.as_millisecond(),
            "identity": identity,
            "requestId": request_id,
            "domainName": self.domain,
            "connectionId": client.connection_id,
            "apiId": self.api.id,
        });
        if let Some(authorizer) = &client.authorizer {
            context["authorizer"] = json!(authorizer);
        }
        context
    }
}

/// Every value of every header, and what API Gateway adds to them.
fn headers(
    handshake: &Handshake<'_>,
    now: Timestamp,
    wanted: impl Fn(&HeaderName) -> bool,
) -> BTreeMap<String, Vec<String>> {
    let given: &HeaderMap = &handshake.parts.headers;
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in given.iter().filter(|(name, _)| wanted(name)) {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(as_on_the_wire(name.as_str())).or_default().push(value);
    }
    let hops = headers.remove("X-Forwarded-For").unwrap_or_default();
    let address = handshake.peer.ip().to_string();
    let hops = hops.into_iter().chain([address]).collect::<Vec<_>>().join(", ");
    headers.insert("X-Forwarded-For".to_owned(), vec![hops]);
    headers.insert("X-Forwarded-Proto".to_owned(), vec!["http".to_owned()]);
    let host = given.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.insert("X-Forwarded-Port".to_owned(), vec![port.to_owned()]);
    headers
        .entry("X-Amzn-Trace-Id".to_owned())
        .or_insert_with(|| vec![format!("Root=1-{:08x}-{:024x}", now.as_second(), fastrand::u128(..) >> 32)]);
    headers
}

/// A header's name as browsers write it. A WebSocket API hands names on as they came, unlike an HTTP API; the host's HTTP
/// server forgets their case.
fn as_on_the_wire(name: &str) -> String {
    let part = |part: &str| match part {
        "websocket" => "WebSocket".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
        }
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

fn last_of_each(headers: &BTreeMap<String, Vec<String>>) -> BTreeMap<&str, &str> {
    headers.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect()
}

/// The last value of each parameter, and all of them.
fn query(parts: &Parts) -> (BTreeMap<String, String>, BTreeMap<String, Vec<String>>) {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        all.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let last = all.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.clone()))).collect();
    (last, all)
}
