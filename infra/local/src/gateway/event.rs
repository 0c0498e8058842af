//! An HTTP request as the event that API Gateway hands to a function: payload format 2.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::http::{HeaderMap, header, request::Parts};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::routes::Matched;
use crate::template::ACCOUNT_ID;

/// Headers between the client and API Gateway, which its function does not see.
const OF_THE_CONNECTION: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/// What an event is made of.
pub(super) struct Event<'a> {
    pub(super) parts: &'a Parts,
    /// The path, decoded.
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
    pub(super) matched: &'a Matched<'a>,
    /// Of the token, where the route has an authorizer.
    pub(super) claims: Option<Map<String, Value>>,
    pub(super) peer: SocketAddr,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

impl Event<'_> {
    pub(super) fn to_json(&self) -> Value {
        let query = self.parts.uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.matched.route.key,
            "rawPath": self.path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(),
            "isBase64Encoded": false,
        });
        // Each of these is absent, not empty, where the request has none.
        let cookies = cookies(&self.parts.headers);
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        let parameters = query_parameters(query);
        if !parameters.is_empty() {
            event["queryStringParameters"] = json!(parameters);
        }
        if !self.matched.parameters.is_empty() {
            event["pathParameters"] =
                self.matched.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        }
        if !self.body.is_empty() {
            let text = std::str::from_utf8(self.body).ok().filter(|_| is_text(&self.parts.headers));
            event["isBase64Encoded"] = text.is_none().into();
            event["body"] = text.map_or_else(|| STANDARD.encode(self.body), ToOwned::to_owned).into();
        }
        event
    }

    /// Lower-case names; the values of a repeated header joined by commas; cookies are elsewhere.
    fn headers(&self) -> BTreeMap<String, String> {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &self.parts.headers {
            if name == header::COOKIE || OF_THE_CONNECTION.contains(&name.as_str()) {
                continue;
            }
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|joined| {
                    joined.push(',');
                    joined.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        // Also where there is none: the service always tells how long the body is.
        headers.insert(header::CONTENT_LENGTH.as_str().to_owned(), self.body.len().to_string());
        let address = self.peer.ip().to_string();
        headers
            .entry("x-forwarded-for".to_owned())
            .and_modify(|hops| {
                hops.push_str(", ");
                hops.push_str(&address);
            })
            .or_insert(address);
        headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
        let port = self.domain().rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
        headers.insert("x-forwarded-port".to_owned(), port);
        headers
            .entry("x-amzn-trace-id".to_owned())
            .or_insert_with(|| format!("Root=1-{:08x}-{:024x}", self.now.as_second(), fastrand::u128(..) >> 32));
        headers
    }

    fn context(&self) -> Value {
        let domain = self.domain();
        let name = domain.rsplit_once(':').map_or(domain, |(name, _)| name);
        let text_header = |name| self.parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let time = self.now.to_zoned(TimeZone::UTC);
        let mut context = json!({
            "accountId": ACCOUNT_ID,
            "apiId": "local",
            "domainName": name,
            "domainPrefix": name.split('.').next().unwrap_or(name),
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": "HTTP/1.1",
                "sourceIp": self.peer.ip().to_string(),
                "userAgent": text_header(header::USER_AGENT),
            },
            "requestId": self.request_id,
            "routeKey": self.matched.route.key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.now.as_millisecond(),
        });
        if let Some(claims) = &self.claims {
            context["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        }
        context
    }

    fn domain(&self) -> &str {
        self.parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost")
    }
}

/// API Gateway matches and forwards the path decoded, unlike the query; so a slash that was encoded parts segments.
/// Source: "API Gateway decodes URL-encoded request parameters before passing them to your backend integration",
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>.
pub(super) fn decoded_path(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.flat_map(|value| value.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()).collect()
}

/// Decoded; the values of a repeated name joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    parameters
}

/// Whether the body travels as text. A form does not: API Gateway encodes it like any other type that it does not know.
fn is_text(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}
